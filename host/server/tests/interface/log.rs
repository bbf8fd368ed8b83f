//! What the log tells of a request: its route, its status, who asked; and nothing that a client wrote.

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::Method;
use serde_json::{Value, json};
use yunei_model::{RandomIds, SystemClock};
use yunei_telemetry::{Settings, dispatch};

use crate::support::{PASSWORD, Town, asked, with_json};

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";

/// Keeps what is written.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_tells_routes_and_no_values() {
    let kept = Kept::default();
    let written = kept.clone();
    let settings = Settings::new("test", "0", Arc::new(SystemClock), Arc::new(RandomIds))
        .filter("trace")
        .writing_to(move || written.clone());
    let (subscriber, _guard) = dispatch(settings).unwrap();
    let _default = tracing::dispatcher::set_default(&subscriber);
    let town = Town::found().await;
    let token = town.administrator("system");
    let id = send(&town, &token).await;

    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    for hidden in ["hidden", "HIDDEN", PASSWORD, token.as_str()] {
        let found = log.lines().find(|line| line.contains(hidden));
        assert_eq!(found, None, "`{hidden}` is in the log");
    }
    let lines: Vec<Value> = log
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let answered: Vec<&Value> = lines
        .iter()
        .filter(|line| line["event"] == "request-answered")
        .collect();
    assert_eq!(answered.len(), 3);
    assert_eq!(answered[0]["trace_id"], TRACE);
    let first = &answered[0]["fields"];
    assert_eq!(first["http.route"], "/api/v1/resources/{name}");
    assert_eq!(first["http.request.method"], "GET");
    assert_eq!(first["http.response.status_code"], 404);
    assert!(first["yunei.account.id"].is_string());
    assert_eq!(first["yunei.request.id"], id);
    assert_eq!(answered[2]["fields"]["http.request.method"], "_OTHER");
    assert_eq!(answered[2]["fields"]["http.route"], "none");
    // Everything that is said here has a name and a shape: nothing was dropped.
    for line in &lines {
        let ours = line["target"]
            .as_str()
            .is_some_and(|target| target.starts_with("yunei_server"));
        assert!(!ours || line["dropped"].is_null(), "{line}");
    }
}

/// Three requests with things to hide; gives the id of the first.
async fn send(town: &Town, token: &str) -> String {
    let path = "/api/v1/resources/hidden-away";
    let request = asked(Method::GET, path, token)
        .header("traceparent", format!("00-{TRACE}-b7ad6b7169203331-01"))
        .body(Body::empty());
    let reply = town.send(request.unwrap()).await;
    let out = reply.headers["traceparent"].to_str().unwrap().to_owned();
    assert_eq!(out.split('-').nth(1), Some(TRACE));
    assert_ne!(
        out.split('-').nth(2),
        Some("b7ad6b7169203331"),
        "a span of its own"
    );
    let credentials = json!({ "account": "hidden-account", "password": PASSWORD });
    town.send(with_json(
        Method::POST,
        "/api/v1/sessions",
        "",
        &credentials,
    ))
    .await;
    let method = Method::from_bytes(b"HIDDENMETHOD").unwrap();
    town.send(
        asked(method, "/hidden/path", "")
            .body(Body::empty())
            .unwrap(),
    )
    .await;
    reply.text("request_id")
}
