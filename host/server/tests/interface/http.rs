//! What all routes have in common: who asks, what is told, what is refused before anyone decides.

use crate::support::{PASSWORD, Town, asked, with_json};
use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use serde_json::{Value, json};
use yunei_server::{Decision, routes};

const SOME_ID: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

#[tokio::test(flavor = "multi_thread")]
async fn nobody_gets_past_sign_in_without_a_token() {
    let town = Town::found().await;
    let mut asked_for = 0;
    for route in routes() {
        if matches!(route.decision(), Decision::Public(_)) {
            continue;
        }
        let path = route
            .path()
            .replace("{id}", SOME_ID)
            .replace("{name}", "rides");
        for authorization in [
            "",
            "Bearer",
            "Bearer ",
            "Bearer yunei_00",
            "Basic YTpi",
            "yunei_00",
        ] {
            let mut request = Request::builder().method(route.method()).uri(&path);
            if !authorization.is_empty() {
                request = request.header("authorization", authorization);
            }
            // What the request says beside that is not even looked at.
            let reply = town
                .send(request.body(Body::from("{nonsense")).unwrap())
                .await;
            let name = format!("{} {path} with `{authorization}`", route.method());
            assert_eq!(reply.status, StatusCode::UNAUTHORIZED, "{name}");
            assert_eq!(reply.code(), "not-signed-in", "{name}");
            assert_eq!(reply.headers["www-authenticate"], "Bearer", "{name}");
            asked_for += 1;
        }
    }
    assert!(asked_for > 200, "{asked_for} requests");
}

#[tokio::test(flavor = "multi_thread")]
async fn two_authorizations_are_none() {
    let town = Town::found().await;
    let token = town.administrator("system");
    let request = asked(Method::GET, "/api/v1/me", &token)
        .header("authorization", format!("Bearer {token}"))
        .body(Body::empty());
    town.send(request.unwrap()).await.expect(401);
    town.get("/api/v1/me", &token).await.expect(200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failure_is_told_in_the_clients_language() {
    let town = Town::found().await;
    for (language, sentence, told) in [
        ("zh-CN", "请先登录。", "zh"),
        ("en-GB,en;q=0.9", "Sign in first.", "en"),
        ("fr", "请先登录。", "zh"),
    ] {
        let request = Request::get("/api/v1/me").header("accept-language", language);
        let reply = town.send(request.body(Body::empty()).unwrap()).await;
        assert_eq!(reply.text("message"), sentence);
        assert_eq!(reply.headers["content-language"], told);
        assert_eq!(reply.headers["vary"], "accept-language");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_has_its_id_and_is_protected() {
    let town = Town::found().await;
    for path in ["/", "/api/v1/health", "/api/v1/me", "/nowhere"] {
        let reply = town.get(path, "").await;
        let id = reply.headers["x-request-id"].to_str().unwrap().to_owned();
        assert_eq!(id.as_bytes()[14], b'7', "`{id}` is a UUIDv7");
        if !reply.status.is_success() {
            assert_eq!(reply.text("request_id"), id);
        }
        assert_eq!(reply.headers["x-content-type-options"], "nosniff");
        assert_eq!(reply.headers["x-frame-options"], "DENY");
        assert_eq!(reply.headers["cache-control"], "no-store");
        assert_eq!(reply.headers["referrer-policy"], "no-referrer");
        let policy = reply.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'"));
        assert!(!reply.headers.contains_key("server"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_no_route_has_is_not_found() {
    let town = Town::found().await;
    let token = town.administrator("system");
    for (method, path) in [
        (Method::GET, "/api/v1"),
        (Method::GET, "/api/v2/health"),
        (Method::PUT, "/api/v1/organisations"),
        (Method::DELETE, "/api/v1/organisations"),
        (Method::GET, "/api/v1/resources/../organisations"),
        (Method::GET, "/api/v1/resources/..%2Forganisations"),
        (Method::GET, "/api/v1/resources/%00"),
        (Method::GET, "/api/v1/resources/No-Name"),
        (Method::GET, "/api/v1/grants/not-an-id"),
        (Method::GET, "/api/v1/grants/%FF"),
    ] {
        let request = asked(method.clone(), path, &token)
            .body(Body::empty())
            .unwrap();
        let reply = town.send(request).await;
        assert_eq!(reply.status, StatusCode::NOT_FOUND, "{method} {path}");
        assert_eq!(reply.code(), "not-found", "{method} {path}");
        assert_eq!(reply.json()["details"], json!([]), "{method} {path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_and_what_is_not_shown_look_the_same() {
    let town = Town::found().await;
    town.organisation("wuxi-bureau", "bureau").await;
    town.organisation("operator-a", "operator").await;
    let bureau = town.appoint("officer", "wuxi-bureau", "bureau").await;
    let operator = town.appoint("alice", "operator-a", "operator").await;
    let new =
        json!({ "name": "hidden", "title": { "zh": "甲", "en": "a" }, "purposes": ["planning"] });
    let scenario = town
        .post("/api/v1/scenarios", &bureau, &new)
        .await
        .expect(201)
        .text("id");
    let path = |id: &str| format!("/api/v1/scenarios/{id}/approve");
    let hidden = town.post(&path(&scenario), &operator, &json!({})).await;
    let absent = town.post(&path(SOME_ID), &operator, &json!({})).await;
    let bare = |reply: &Value| {
        let mut reply = reply.clone();
        reply["request_id"].take();
        reply
    };
    assert_eq!(hidden.status, absent.status);
    assert_eq!(bare(&hidden.json()), bare(&absent.json()));
}

#[tokio::test(flavor = "multi_thread")]
async fn bodies_that_cannot_be_understood_are_refused() {
    let town = Town::found().await;
    let token = town.administrator("system");
    let organisations = "/api/v1/organisations";
    let send = async |kind: &str, body: Body| {
        let request = asked(Method::POST, organisations, &token).header("content-type", kind);
        town.send(request.body(body).unwrap()).await
    };
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let right =
        json!({ "name": "a", "title": { "zh": "甲", "en": "a" }, "kind": "operator" }).to_string();
    for body in [
        "",
        "{",
        "[]",
        "null",
        "{\"name\":\"a\"}",
        "\u{feff}{}",
        "{\"name\":\"A B\"}",
        &deep,
    ] {
        let reply = send("application/json", Body::from(body.to_owned()))
            .await
            .expect(400);
        assert_eq!(reply.code(), "bad-request", "{body:.20}");
        assert_eq!(
            reply.json()["details"].as_array().unwrap().len(),
            1,
            "{body:.20}"
        );
    }
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
    ] {
        send(kind, Body::from(right.clone())).await.expect(400);
    }
    send("application/json; charset=utf-8", Body::from(right))
        .await
        .expect(201);
    let limit = 1 << 20;
    let reply = send("application/json", Body::from(" ".repeat(limit + 1)))
        .await
        .expect(413);
    assert_eq!(reply.code(), "too-large");
    send("application/json", Body::from(" ".repeat(limit)))
        .await
        .expect(400);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_is_not_longer_than_it_is_announced_to_be() {
    let town = Town::found().await;
    let token = town.administrator("system");
    // A stream tells no length: it is counted.
    let chunks = (0..40).map(|_| Ok::<_, std::io::Error>(vec![b' '; 32 << 10]));
    let request = asked(Method::POST, "/api/v1/organisations", &token)
        .header("content-type", "application/json")
        .body(Body::from_stream(futures::stream::iter(chunks)));
    town.send(request.unwrap()).await.expect(413);
    let request = asked(Method::POST, "/api/v1/organisations", &token)
        .header("content-type", "application/json")
        .header("content-length", (1_u64 << 40).to_string())
        .body(Body::empty());
    town.send(request.unwrap()).await.expect(413);
}

#[tokio::test(flavor = "multi_thread")]
async fn queries_are_understood_or_refused() {
    let town = Town::found().await;
    let token = town.administrator("system");
    for (query, status) in [
        ("", 200),
        ("?limit=1", 200),
        ("?limit=1000", 200),
        ("?limit=1001", 400),
        ("?limit=0", 400),
        ("?limit=-1", 400),
        ("?limit=many", 400),
        ("?after=nonsense", 400),
        ("?unknown=1", 400),
        ("?limit=1&limit=2", 400),
    ] {
        let path = format!("/api/v1/organisations{query}");
        let reply = town.get(&path, &token).await;
        assert_eq!(reply.status.as_u16(), status, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_goes_through() {
    let town = Town::found().await;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let request = with_json(
        Method::POST,
        "/api/v1/sessions",
        "",
        &json!({ "account": "nobody", "password": PASSWORD }),
    );
    let (mut parts, body) = request.into_parts();
    let value = format!("00-{trace}-b7ad6b7169203331-01");
    parts.headers.insert("traceparent", value.parse().unwrap());
    let reply = town
        .send(Request::from_parts(parts, body))
        .await
        .expect(401);
    assert_eq!(reply.code(), "sign-in-failed");
    let observed = town.last_entry().await;
    assert_eq!(observed["kind"], "sign-in-failed");
    assert_eq!(observed["observed"]["trace_id"], trace);
    let id = reply.headers["x-request-id"].to_str().unwrap();
    assert_eq!(observed["observed"]["request_id"], id);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_interface_describes_itself() {
    let town = Town::found().await;
    let page = town.get("/", "").await.expect(200);
    assert!(
        page.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert!(
        String::from_utf8(page.body)
            .unwrap()
            .contains("/api/v1/openapi.json")
    );
    let document = town.get("/api/v1/openapi.json", "").await.expect(200);
    assert_eq!(document.headers["content-type"], "application/json");
    assert_eq!(
        document.json(),
        serde_json::to_value(yunei_server::document()).unwrap()
    );
    let health = town.get("/api/v1/health", "").await.expect(200);
    assert_eq!(health.text("status"), "ok");
    let key = town
        .get("/api/v1/log/key", "")
        .await
        .expect(200)
        .text("key");
    assert!(key.starts_with("test.example/log+"), "{key}");
}
