//! The table of routes, as a whole: who decides about each, what each leaves on the record, and the document made of it.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::Value;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_server::{API, Budget, Decision, Effect, routes};

#[test]
fn every_route_has_a_decision_and_an_effect() {
    for route in routes() {
        let name = format!("{} {}", route.method(), route.path());
        match route.decision() {
            Decision::Public(reason) | Decision::SignedIn(reason) => {
                assert!(
                    reason.len() > 10,
                    "{name} gives no reason for asking nobody"
                );
            }
            Decision::Policy(actions) => assert!(!actions.is_empty(), "{name} asks for no action"),
        }
        match route.effect() {
            Effect::Writes(kinds) => assert!(!kinds.is_empty(), "{name} writes nothing"),
            Effect::Reads(reason) => {
                assert!(
                    reason.len() > 10,
                    "{name} gives no reason for writing nothing"
                );
                assert_eq!(
                    route.method(),
                    Method::GET,
                    "{name} changes something and writes nothing"
                );
            }
        }
        assert!(
            Budget::ALL.contains(&route.budget()),
            "{name} has a budget of its own"
        );
        assert!(
            route.path() == "/"
                || route.path() == "/live/{file}"
                || route.path().starts_with("/log/")
                || route.path().starts_with(&format!("{API}/")),
            "{name} is outside of the interface"
        );
    }
}

#[test]
fn what_is_public_is_little() {
    let public: Vec<_> = routes()
        .into_iter()
        .filter(|route| matches!(route.decision(), Decision::Public(_)))
        .map(|route| format!("{} {}", route.method(), route.path()))
        .collect();
    assert_eq!(
        public,
        [
            "GET /",
            "GET /live/{file}",
            "GET /api/v1/health",
            "GET /api/v1/openapi.json",
            "POST /api/v1/sessions",
            "GET /api/v1/log/key",
            "GET /log/checkpoint",
            "GET /log/tile/{tile}",
            "GET /api/v1/log/consistency",
        ]
    );
}

#[test]
fn no_two_routes_are_the_same() {
    let mut seen = BTreeSet::new();
    for route in routes() {
        let name = format!("{} {}", route.method(), route.path());
        assert!(seen.insert(name.clone()), "{name} stands twice");
    }
}

#[test]
fn the_table_is_as_it_was_reviewed() {
    let rows: Vec<String> = routes().iter().map(ToString::to_string).collect();
    let table = format!("{}\n\n{}", rows.join("\n\n"), without_route());
    insta::assert_snapshot!("table", table);
}

/// Actions and kinds of entries that no route comes to: the lifecycle's own, or not built yet.
fn without_route() -> String {
    let table = routes();
    let asked = |action: &Action| {
        table
            .iter()
            .any(|r| matches!(r.decision(), Decision::Policy(actions) if actions.contains(action)))
    };
    let written = |kind: &Kind| {
        table
            .iter()
            .any(|r| matches!(r.effect(), Effect::Writes(kinds) if kinds.contains(kind)))
    };
    let actions: Vec<&str> = Action::ALL
        .iter()
        .filter(|a| !asked(a))
        .map(|a| a.as_str())
        .collect();
    let kinds: Vec<&str> = Kind::ALL
        .iter()
        .filter(|k| !written(k))
        .map(|k| k.as_str())
        .collect();
    format!(
        "actions that no route asks for:\n    {}\n\nentries that no route declares:\n    {}",
        actions.join(", "),
        kinds.join(", ")
    )
}

#[test]
fn the_document_tells_of_every_route_and_of_nothing_else() {
    let document = document();
    assert_eq!(document["openapi"], "3.1.0");
    let mut told = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            told.insert(format!("{} {path}", method.to_uppercase()));
        }
    }
    let served: BTreeSet<String> = routes()
        .iter()
        .map(|r| format!("{} {}", r.method(), r.path()))
        .collect();
    assert_eq!(told, served);
}

#[test]
fn the_document_says_who_decides() {
    let document = document();
    for route in routes() {
        let operation = &document["paths"][route.path()][route.method().as_str().to_lowercase()];
        let name = format!("{} {}", route.method(), route.path());
        let public = matches!(route.decision(), Decision::Public(_));
        assert_eq!(operation["security"].is_null(), public, "{name}");
        if let Decision::Policy(actions) = route.decision() {
            let told: Vec<&str> = operation["x-decision"]["actions"]
                .as_array()
                .unwrap()
                .iter()
                .filter_map(Value::as_str)
                .collect();
            let asked: Vec<&str> = actions.iter().map(|a| a.as_str()).collect();
            assert_eq!(told, asked, "{name}");
        }
        let placeholders = route
            .path()
            .split('/')
            .filter(|s| s.starts_with('{'))
            .count();
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        let told = parameters.filter(|p| p["in"] == "path").count();
        assert_eq!(told, placeholders, "{name}");
    }
}

#[test]
fn names_in_the_document_lead_somewhere_and_are_used() {
    let document = document();
    let mut used = BTreeSet::new();
    references(&document, &mut used);
    let there: BTreeSet<String> = document["components"]["schemas"]
        .as_object()
        .unwrap()
        .keys()
        .map(|name| format!("#/components/schemas/{name}"))
        .collect();
    assert_eq!(used, there);
    let tags: BTreeSet<&str> = document["tags"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|tag| tag["name"].as_str())
        .collect();
    let mut ids = BTreeSet::new();
    for item in document["paths"].as_object().unwrap().values() {
        for operation in item.as_object().unwrap().values() {
            let tag = operation["tags"][0].as_str().unwrap();
            assert!(tags.contains(tag), "`{tag}` is no tag");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "`{id}` stands twice");
        }
    }
}

fn document() -> Value {
    serde_json::to_value(yunei_server::document()).unwrap()
}

fn references(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(fields) => {
            if let Some(place) = fields.get("$ref").and_then(Value::as_str) {
                found.insert(place.to_owned());
            }
            fields.values().for_each(|field| references(field, found));
        }
        Value::Array(items) => items.iter().for_each(|item| references(item, found)),
        _ => {}
    }
}
