//! Products of whoever has none: a product needs an admitted module, which takes the compiling child.

use axum::body::Body;
use axum::http::Method;
use serde_json::json;

use super::{NOWHERE, People};
use crate::support::{Town, asked};

pub(super) async fn walk(town: &Town, people: &People) {
    let products = "/api/v1/products";
    let product = json!({
        "name": "daily-rides", "title": { "zh": "每日客流", "en": "Daily rides" },
        "grant": NOWHERE, "module": NOWHERE,
        "period": "day", "cadence": "daily", "starts": "2026-03-02",
    });
    let drafted = town.post(products, &people.alice, &product).await;
    assert_eq!(drafted.expect(404).code(), "not-found");
    let listed = town.get(products, &people.alice).await.expect(200).json();
    assert!(listed["items"].as_array().unwrap().is_empty());
    let of = |what: &str| format!("{products}/{NOWHERE}{what}");
    for what in ["", "/schedules", "/editions"] {
        town.get(&of(what), &people.officer).await.expect(404);
    }
    let module = json!({ "module": NOWHERE });
    town.post(&of("/module"), &people.alice, &module)
        .await
        .expect(404);
    let reason = json!({ "reason": "none" });
    town.post(&of("/withdraw"), &people.alice, &reason)
        .await
        .expect(404);
    let cron = json!({ "trigger": { "kind": "cron", "expression": "0 6 * * *" } });
    town.post(&of("/schedules"), &people.alice, &cron)
        .await
        .expect(404);
    let end = format!("/schedules/{NOWHERE}/end");
    town.post(&of(&end), &people.alice, &json!({}))
        .await
        .expect(404);
    let day = Body::from(json!({ "day": "2026-03-02" }).to_string());
    let request = asked(Method::POST, &of("/editions"), &people.alice)
        .header("content-type", "application/json")
        .header("idempotency-key", "edition")
        .body(day);
    town.send(request.unwrap()).await.expect(404);
}
