//! Repeated requests, and uploads that do not come to their end.

use crate::support::{Town, asked};
use crate::walk::ENTRY;
use axum::body::Body;
use axum::http::{Method, Request};
use bytes::Bytes;
use serde_json::{Value, json};
use yunei_lifecycle::RequestTrace;
use yunei_model::Digest;

const SOME_ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

fn submit(token: &str, key: Option<&str>, body: &Value) -> Request<Body> {
    let mut request =
        asked(Method::POST, "/api/v1/runs", token).header("content-type", "application/json");
    if let Some(key) = key {
        request = request.header("idempotency-key", key);
    }
    request.body(Body::from(body.to_string())).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_repeated_request_is_answered_as_before() {
    let town = Town::found().await;
    town.organisation("operator-a", "operator").await;
    let alice = town.appoint("alice", "operator-a", "operator").await;
    let bob = town.appoint("bob", "operator-a", "operator").await;
    let request = json!({ "module": SOME_ID, "grant": SOME_ID, "purpose": "planning" });
    let answer = json!({
        "id": SOME_ID, "grant": SOME_ID, "module": SOME_ID, "purpose": "planning",
        "status": "in-progress", "submitted_at": 1, "releases": [], "hints": [],
    });
    let digest = Digest::of(format!("/api/v1/runs\n{request}").as_bytes());
    let actor = town
        .domain
        .authenticate(&alice, RequestTrace::default())
        .await
        .unwrap();
    town.domain
        .remember(&actor, "one", &digest, &answer.to_string())
        .await
        .unwrap();

    let again = town
        .send(submit(&alice, Some("one"), &request))
        .await
        .expect(202);
    assert_eq!(again.json(), answer);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    // Under another key, or by somebody else, it is a request of its own.
    town.send(submit(&alice, Some("two"), &request))
        .await
        .expect(404);
    town.send(submit(&bob, Some("one"), &request))
        .await
        .expect(404);
    // The same key is not for another request.
    let other = json!({ "module": SOME_ID, "grant": SOME_ID, "purpose": "pricing" });
    let reused = town
        .send(submit(&alice, Some("one"), &other))
        .await
        .expect(409);
    assert_eq!(reused.code(), "idempotency-reused");
    // What was refused is not remembered: it may be allowed by now.
    town.send(submit(&alice, Some("two"), &other))
        .await
        .expect(404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_needs_a_key() {
    let town = Town::found().await;
    let token = town.administrator("system");
    let request = json!({ "module": SOME_ID, "grant": SOME_ID, "purpose": "planning" });
    let long = "x".repeat(129);
    for key in [None, Some(""), Some("two words"), Some(long.as_str())] {
        let reply = town.send(submit(&token, key, &request)).await.expect(400);
        assert_eq!(reply.code(), "bad-request", "{key:?}");
    }
}

fn incoming(town: &Town) -> Vec<String> {
    let entries = town.domain.incoming_dir().entries().unwrap();
    entries
        .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_that_breaks_off_leaves_nothing() {
    let town = Town::found().await;
    town.organisation("transport", "source").await;
    let token = town.appoint("sam", "transport", "source").await;
    let entry = asked(Method::POST, "/api/v1/resources", &token).body(Body::from(ENTRY));
    town.send(entry.unwrap()).await.expect(201);
    let path = "/api/v1/resources/rides/snapshots?format=csv&data_as_of=2026-01-01T00:00:00Z";
    let chunks = [
        Ok(Bytes::from_static(b"card,fare\n")),
        Err(std::io::Error::other("the line is dead")),
    ];
    let body = Body::from_stream(futures::stream::iter(chunks));
    let reply = town
        .send(asked(Method::POST, path, &token).body(body).unwrap())
        .await
        .expect(400);
    assert_eq!(reply.code(), "bad-request");
    assert!(incoming(&town).is_empty());
    // One for a resource that is not there is refused before its body is read.
    let absent = path.replace("rides", "trams");
    let body = Body::from("card,fare\n");
    town.send(asked(Method::POST, &absent, &token).body(body).unwrap())
        .await
        .expect(404);
    assert!(incoming(&town).is_empty());
    let request = asked(Method::POST, path, &token)
        .header("content-length", ((16_u64 << 30) + 1).to_string())
        .body(Body::empty());
    town.send(request.unwrap()).await.expect(413);
    assert!(incoming(&town).is_empty());
}
