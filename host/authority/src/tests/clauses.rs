//! `policies/clauses.toml`: from a clause of law to the control that answers it, and to the test that proves it.

use std::collections::BTreeSet;
use std::path::Path;

use serde::Deserialize;

use super::sample::authority;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clauses {
    clause: Vec<Clause>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Clause {
    law: String,
    article: String,
    asks: Both,
    control: Both,
    policies: Vec<String>,
    tests: Vec<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Both {
    zh: String,
    en: String,
}

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

fn clauses() -> Vec<Clause> {
    let text = std::fs::read_to_string(root().join("policies/clauses.toml")).expect("the file");
    toml::from_str::<Clauses>(&text).expect("clauses").clause
}

#[test]
fn every_policy_named_exists() {
    let authority = authority();
    let known: BTreeSet<&str> = authority.clauses().collect();
    for clause in clauses() {
        for policy in &clause.policies {
            assert!(
                known.contains(policy.as_str()),
                "{} names `{policy}`",
                clause.article
            );
        }
    }
}

#[test]
fn every_forbidding_policy_answers_a_clause() {
    let named: BTreeSet<String> = clauses().into_iter().flat_map(|c| c.policies).collect();
    for (file, text) in crate::POLICIES {
        let set: cedar_policy::PolicySet = text.parse().expect(file);
        for policy in set
            .policies()
            .filter(|p| p.effect() == cedar_policy::Effect::Forbid)
        {
            let id = policy.annotation("id").expect("an id");
            assert!(named.contains(id), "no clause of law stands behind `{id}`");
        }
    }
}

/// A test is written `path::function`, the path from the root of the project.
#[test]
fn every_test_named_exists() {
    for clause in clauses() {
        assert!(!clause.tests.is_empty(), "{} has no test", clause.article);
        for test in &clause.tests {
            let (path, function) = test.rsplit_once("::").expect("a path and a function");
            let source = std::fs::read_to_string(root().join(path)).expect(path);
            assert!(
                source.contains(&format!("fn {function}(")),
                "{test} does not exist"
            );
        }
    }
}

#[test]
fn every_clause_says_what_it_asks_and_what_answers() {
    for clause in clauses() {
        let texts = [
            &clause.law,
            &clause.article,
            &clause.asks.zh,
            &clause.asks.en,
        ];
        let controls = [&clause.control.zh, &clause.control.en];
        assert!(
            texts.iter().chain(&controls).all(|t| !t.trim().is_empty()),
            "{}",
            clause.article
        );
    }
}

#[test]
fn each_clause_stands_once() {
    let keys: Vec<(String, String)> = clauses().into_iter().map(|c| (c.law, c.article)).collect();
    let distinct: BTreeSet<_> = keys.iter().collect();
    assert_eq!(distinct.len(), keys.len());
}
