//! A scenario, and a grant under it from its draft to its revocation.

use serde_json::{Value, json};

use super::People;
use crate::support::Town;

/// Through scenario, grant, consent and every state.
pub(super) async fn walk(town: &Town, people: &People) {
    let new = json!({ "name": "planning", "title": { "zh": "规划", "en": "Planning" }, "purposes": ["planning"] });
    let scenario = town
        .post("/api/v1/scenarios", &people.officer, &new)
        .await
        .expect(201)
        .text("id");
    let approve = format!("/api/v1/scenarios/{scenario}/approve");
    town.post(&approve, &people.officer, &json!({}))
        .await
        .expect(200);
    town.post(&approve, &people.officer, &json!({}))
        .await
        .expect(409);
    town.get("/api/v1/scenarios", &people.alice)
        .await
        .expect(200);
    let grant = draft(town, people, &scenario).await;
    steps(town, people, &grant).await;
}

/// Drafts a grant, after two that cannot stand.
async fn draft(town: &Town, people: &People, scenario: &str) -> String {
    let grants = "/api/v1/grants";
    let mut terms = terms(scenario, &people.operator);
    let new = |terms: &Value| json!({ "terms": terms });
    terms["until"] = json!(0);
    let reply = town.post(grants, &people.officer, &new(&terms)).await;
    assert_eq!(reply.expect(422).code(), "grant-invalid");
    terms["until"] = json!(4_000_000_000_000_000_i64);
    terms["nonsense"] = json!(1);
    let reply = town.post(grants, &people.officer, &new(&terms)).await;
    reply.expect(400);
    terms.as_object_mut().unwrap().remove("nonsense");
    terms["from"] = json!(3_900_000_000_000_000_i64);
    let reply = town.post(grants, &people.officer, &new(&terms)).await;
    reply.expect(201).text("id")
}

async fn steps(town: &Town, people: &People, grant: &str) {
    let of = |step: &str| format!("/api/v1/grants/{grant}{step}");
    let early = town
        .post(&of("/activate"), &people.officer, &json!({}))
        .await;
    assert!(!early.status.is_success());
    town.post(
        &of("/consents"),
        &people.sam,
        &json!({ "resource": "rides" }),
    )
    .await
    .expect(201);
    town.get("/api/v1/grants", &people.alice).await.expect(200);
    town.get(&of(""), &people.alice).await.expect(200);
    town.get(&of("/usage"), &people.alice).await.expect(200);
    for (step, state) in [
        ("/activate", "active"),
        ("/suspend", "suspended"),
        ("/resume", "active"),
        ("/revoke", "revoked"),
    ] {
        let reason = json!({ "reason": "the walk" });
        let reply = town
            .post(&of(step), &people.officer, &reason)
            .await
            .expect(200);
        assert_eq!(reply.text("state"), state);
    }
    for blank in [
        json!({}),
        json!({ "reason": "  " }),
        json!({ "reason": "x".repeat(501) }),
    ] {
        town.post(&of("/revoke"), &people.officer, &blank)
            .await
            .expect(400);
    }
}

fn terms(scenario: &str, operator: &str) -> Value {
    json!({
        "operator": operator, "scenario": scenario, "purpose": "planning",
        "resource": [{ "name": "rides", "fields": ["fare"] }],
        "quota": { "runs": 10, "rows": 1000, "released_cells": 100 },
        "binding": "latest", "from": 1, "until": 2,
    })
}
