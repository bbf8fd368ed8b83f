//! What may be loaded, and what is refused.

use std::collections::BTreeSet;
use std::path::Path;

use cedar_policy::Schema;
use yunei_model::*;

use super::sample::authority;
use crate::*;

const GOOD: &str = "@id(\"catalogue.view\") @advice(\"Published.\")\n\
    permit(principal, action == Action::\"view-catalogue\", resource);";

fn load(text: &str) -> PolicyError {
    match Authority::new(SCHEMA, &[("test.cedar", text)]) {
        Ok(_) => panic!("loaded: {text}"),
        Err(error) => error,
    }
}

#[test]
fn a_policy_without_an_id_is_refused() {
    let error = load("@advice(\"x\") permit(principal, action, resource);");
    assert!(
        matches!(
            error,
            PolicyError::NoAnnotation {
                annotation: "id",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_policy_without_advice_is_refused() {
    let error = load("@id(\"a\") permit(principal, action, resource);");
    assert!(
        matches!(
            error,
            PolicyError::NoAnnotation {
                annotation: "advice",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_forbid_without_a_code_is_refused() {
    let error = load("@id(\"a\") @advice(\"x\") forbid(principal, action, resource);");
    assert!(
        matches!(
            error,
            PolicyError::NoAnnotation {
                annotation: "code",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_code_that_the_model_lacks_is_refused() {
    let error =
        load("@id(\"a\") @advice(\"x\") @code(\"teapot\") forbid(principal, action, resource);");
    assert!(
        matches!(
            error,
            PolicyError::Annotation {
                annotation: "code",
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn an_id_stands_once_over_all_files() {
    let twice = [("a.cedar", GOOD), ("b.cedar", GOOD)];
    let error = Authority::new(SCHEMA, &twice).expect_err("twice");
    assert!(
        matches!(&error, PolicyError::IdTwice { policy, .. } if policy == "catalogue.view"),
        "{error}"
    );
}

#[test]
fn what_the_schema_does_not_know_is_refused() {
    for wrong in [
        "permit(principal in Role::\"emperor\", action, resource);",
        "permit(principal, action == Action::\"view-rows\", resource);",
        "permit(principal, action == Action::\"view-grant\", resource is Grant) when { resource.oprator == principal.organisation };",
        "permit(principal, action == Action::\"view-grant\", resource is Grant) when { resource.state == \"active\" };",
        "permit(principal, action == Action::\"view-grant\", resource is Run);",
    ] {
        let error = load(&format!("@id(\"a\") @advice(\"x\") {wrong}"));
        assert!(
            matches!(error, PolicyError::Invalid { .. }),
            "{wrong}: {error}"
        );
    }
}

#[test]
fn syntax_and_templates_are_refused() {
    assert!(matches!(
        load("permit(principal"),
        PolicyError::Syntax { .. }
    ));
    let template = "@id(\"a\") @advice(\"x\") permit(principal == ?principal, action, resource);";
    assert!(matches!(load(template), PolicyError::Template { .. }));
    assert!(matches!(
        Authority::new("entity", &[]),
        Err(PolicyError::Schema { .. })
    ));
    let without_actions = Authority::new("entity Account;", &[]);
    assert!(matches!(without_actions, Err(PolicyError::Action { .. })));
}

#[test]
fn the_digest_covers_names_texts_and_schema_in_any_order() {
    let other = GOOD.replace("catalogue.view", "catalogue.look");
    let digest = |schema: &str, files: &[(&str, &str)]| {
        Authority::new(schema, files).expect("loads").policy_set()
    };
    let first = digest(SCHEMA, &[("a.cedar", GOOD), ("b.cedar", &other)]);
    assert_eq!(
        first,
        digest(SCHEMA, &[("b.cedar", &other), ("a.cedar", GOOD)])
    );
    assert_ne!(
        first,
        digest(SCHEMA, &[("a.cedar", &other), ("b.cedar", GOOD)])
    );
    assert_ne!(first, digest(SCHEMA, &[("a.cedar", GOOD)]));
    assert_ne!(
        first,
        digest(
            &format!("{SCHEMA}\n"),
            &[("a.cedar", GOOD), ("b.cedar", &other)]
        )
    );
}

#[test]
fn every_policy_file_is_built_in() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let on_disk: BTreeSet<String> = std::fs::read_dir(directory)
        .expect("the policies")
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .to_string_lossy()
                .into_owned()
        })
        .filter(|name| name.ends_with(".cedar"))
        .collect();
    let built_in: BTreeSet<String> = POLICIES
        .iter()
        .map(|(name, _)| (*name).to_owned())
        .collect();
    assert_eq!(on_disk, built_in);
}

#[test]
fn the_schema_and_the_host_know_the_same_actions() {
    let (schema, _) = Schema::from_cedarschema_str(SCHEMA).expect("the schema");
    let in_schema: BTreeSet<String> = schema
        .actions()
        .map(|a| a.id().escaped().to_string())
        .collect();
    let mut in_host: BTreeSet<String> = Action::ALL.iter().map(|a| a.as_str().to_owned()).collect();
    in_host.insert("use-grant".into());
    assert_eq!(in_schema, in_host);
}

/// The members that the schema's text gives a closed set.
fn members(kind: &str) -> BTreeSet<String> {
    let start = SCHEMA.find(&format!("entity {kind} enum [")).expect(kind);
    let list = SCHEMA[start..].split(['[', ']']).nth(1).expect("a list");
    list.split(',')
        .map(|m| m.trim().trim_matches('"').to_owned())
        .collect()
}

#[test]
fn closed_sets_are_those_of_the_model() {
    fn same(kind: &str, names: impl Iterator<Item = &'static str>) {
        assert_eq!(members(kind), names.map(str::to_owned).collect(), "{kind}");
    }
    same("Role", Role::ALL.iter().map(|n| n.as_str()));
    same("Kind", OrganisationKind::ALL.iter().map(|n| n.as_str()));
    same("Grade", Grade::ALL.iter().map(|n| n.as_str()));
    same("Basis", Basis::ALL.iter().map(|n| n.as_str()));
    same("World", World::ALL.iter().map(|n| n.as_str()));
    same(
        "ScenarioState",
        ScenarioState::ALL.iter().map(|n| n.as_str()),
    );
    same("GrantState", GrantState::ALL.iter().map(|n| n.as_str()));
    same("ModuleState", ModuleState::ALL.iter().map(|n| n.as_str()));
    same("RunState", RunState::ALL.iter().map(|n| n.as_str()));
    same("ProductState", ProductState::ALL.iter().map(|n| n.as_str()));
}

#[test]
fn advice_is_in_the_readers_language() {
    let authority = authority();
    let advice = |language| authority.advice("grant.fields", language);
    assert_eq!(advice(Language::Zh), Some("不得超出授权范围使用字段。"));
    assert!(advice(Language::En).is_some_and(|a| a.starts_with("Art. 15, 16")));
    assert_eq!(authority.advice("default-deny", Language::En), None);
}

#[test]
fn every_clause_that_forbids_speaks_both_languages() {
    for (file, text) in POLICIES {
        let set: cedar_policy::PolicySet = text.parse().expect(file);
        for policy in set
            .policies()
            .filter(|p| p.effect() == cedar_policy::Effect::Forbid)
        {
            assert!(
                policy.annotation("advice_zh").is_some(),
                "{file}: {:?}",
                policy.annotation("id")
            );
        }
    }
}
