//! Repeated requests, and uploads that do not come to their end.

use crate::support::{PASSWORD, Town, asked, with_json};
use crate::walk::ENTRY;
use axum::body::Body;
use axum::http::{Method, Request};
use bytes::Bytes;
use serde_json::{Value, json};

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
    let system = town.administrator("system");
    let security = town.administrator("security");
    let new = json!({ "name": "alice", "organisation": "operator-a", "password": PASSWORD });
    let account = town.post("/api/v1/accounts", &system, &new).await;
    let account = account.expect(201).text("id");
    let path = format!("/api/v1/accounts/{account}/appointments");
    let appoint = |key: &'static str, role: &str| {
        let role = json!({ "role": role });
        let mut request = with_json(Method::POST, &path, &security, &role);
        let key = axum::http::HeaderValue::from_static(key);
        request.headers_mut().insert("idempotency-key", key);
        request
    };
    let first = town.send(appoint("one", "operator")).await.expect(201);
    assert!(!first.headers.contains_key("idempotency-replayed"));
    let again = town.send(appoint("one", "operator")).await.expect(201);
    assert_eq!(again.body, first.body);
    assert_eq!(again.headers["idempotency-replayed"], "true");
    // The same key is not for another request.
    let reused = town.send(appoint("one", "developer")).await.expect(409);
    assert_eq!(reused.code(), "idempotency-reused");
    // Under another key it is a request of its own, and one that was refused is not remembered.
    town.send(appoint("two", "bureau")).await.expect(403);
    town.send(appoint("two", "developer")).await.expect(201);
    let alice = json!({ "account": "alice", "password": PASSWORD });
    let alice = town.post("/api/v1/sessions", "", &alice).await.expect(201);
    let me = town.get("/api/v1/me", &alice.text("secret")).await.json();
    let roles: Vec<_> = me["appointments"].as_array().unwrap().iter().collect();
    assert_eq!(roles.len(), 2, "{me}");
    assert_eq!(roles[1]["role"], "developer");
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
