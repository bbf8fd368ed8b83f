//! Every route is called once at least, by someone entitled; the witness holds what each leaves on the record, and what
//! it answers, against the table of routes and the document.

mod added;
mod contract;
mod privacy;
mod products;
mod reviewers;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::oversight::oversight;
use crate::support::{PASSWORD, Town, asked, within_one_hour};
use axum::body::Body;
use axum::http::Method;
use serde_json::json;
use yunei_server::{Effect, routes};

pub(crate) const NOWHERE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

/// Routes whose entries need a run, and with it the rooms: the tests of the whole program have those.
const NEED_A_RUN: &[&str] = &[
    "POST /api/v1/runs",
    "POST /api/v1/runs/{id}/replay",
    "POST /api/v1/runs/{id}/stop",
    "POST /api/v1/runs/{id}/reviews",
    "GET /api/v1/runs/{id}/output",
    "POST /api/v1/runs/{id}/standing",
    "POST /api/v1/standing/{id}/withdraw",
    "GET /api/v1/releases/{id}/table",
    "GET /api/v1/releases/{id}/certificate/opening",
    // A module is withdrawn once it is admitted, which takes the compiling child.
    "POST /api/v1/modules/{id}/reviews",
    "POST /api/v1/modules/{id}/withdraw",
    // And a product is drafted of such a module.
    "POST /api/v1/products",
    "POST /api/v1/products/{id}/module",
    "POST /api/v1/products/{id}/withdraw",
    "POST /api/v1/products/{id}/schedules",
    "POST /api/v1/products/{id}/schedules/{schedule}/end",
    "POST /api/v1/products/{id}/editions",
];

pub(crate) const ENTRY: &str = r#"
name = "rides"
source_unit = "transport"
basis = "statistical"
subject = "card"
grade = "g2"
licence = "CC0-1.0"
synthetic = true
title = { zh = "刷卡", en = "Rides" }
description = { zh = "每次一行", en = "One row per ride" }
population = { name = "riders", title = { zh = "乘客", en = "Riders" } }
[[field]]
name = "card"
title = { zh = "卡号", en = "Card" }
type = "text"
class = "direct-identifier"
grade = "g3"
mask = { kind = "pseudonym" }
[[field]]
name = "fare"
title = { zh = "票价", en = "Fare" }
type = "float64"
class = "ordinary"
grade = "g1"
"#;

struct People {
    officer: String,
    alice: String,
    sam: String,
    reviewer: String,
    auditor: String,
    operator: String,
}

async fn people(town: &Town) -> People {
    town.organisation("wuxi-bureau", "bureau").await;
    town.organisation("transport", "source").await;
    let operator = town.organisation("operator-a", "operator").await;
    People {
        officer: town.appoint("officer", "wuxi-bureau", "bureau").await,
        alice: town.appoint("alice", "operator-a", "operator").await,
        sam: town.appoint("sam", "transport", "source").await,
        reviewer: town.appoint("reviewer", "wuxi-bureau", "reviewer").await,
        auditor: town.appoint("auditor", "host", "audit-administrator").await,
        operator,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_route_does_what_the_table_says() {
    within_one_hour().await;
    let town = Town::found().await;
    let people = people(&town).await;
    system(&town).await;
    tokens(&town, &people).await;
    catalogue(&town, &people).await;
    contract::walk(&town, &people).await;
    privacy::walk(&town, &people).await;
    modules_and_runs(&town, &people).await;
    releases(&town, &people).await;
    products::walk(&town, &people).await;
    reviewers::walk(&town, &people).await;
    record(&town, &people).await;
    alerts(&town, &people).await;
    emergency(&town, &people).await;
    oversight(&town, &people.officer, &people.alice).await;

    let seen = town.witnessed();
    let called: BTreeSet<&str> = seen.keys().map(String::as_str).collect();
    let table = routes();
    let names: Vec<String> = table
        .iter()
        .map(|r| format!("{} {}", r.method(), r.path()))
        .collect();
    assert_eq!(called, names.iter().map(String::as_str).collect());
    for (route, name) in table.iter().zip(&names) {
        let Effect::Writes(kinds) = route.effect() else {
            continue;
        };
        let written = kinds.iter().any(|kind| seen[name].contains(kind.as_str()));
        assert_ne!(
            written,
            NEED_A_RUN.contains(&name.as_str()),
            "{name} left {:?}",
            seen[name]
        );
    }
}

async fn system(town: &Town) {
    for path in [
        "/",
        "/live/live.js",
        "/api/v1/health",
        "/api/v1/openapi.json",
        "/api/v1/log/key",
    ] {
        town.get(path, "").await.expect(200);
    }
}

async fn tokens(town: &Town, people: &People) {
    assert_eq!(
        town.get("/api/v1/me", &people.alice)
            .await
            .expect(200)
            .text("name"),
        "alice"
    );
    let issued = town
        .post(
            "/api/v1/tokens",
            &people.alice,
            &json!({ "label": "laptop" }),
        )
        .await
        .expect(201);
    let token = issued.text("secret");
    let revoked = format!("/api/v1/tokens/{}", issued.text("id"));
    town.get("/api/v1/me", &token).await.expect(200);
    // Not somebody else's to revoke, and not to be told apart from one that is not there.
    town.delete(&revoked, &people.sam, &json!({}))
        .await
        .expect(404);
    town.delete(&revoked, &people.alice, &json!({}))
        .await
        .expect(204);
    town.get("/api/v1/me", &token).await.expect(401);
    let credentials = json!({ "account": "alice", "password": PASSWORD });
    let session = town
        .post("/api/v1/sessions", "", &credentials)
        .await
        .expect(201)
        .text("secret");
    town.delete("/api/v1/sessions", &session, &json!({}))
        .await
        .expect(204);
    town.get("/api/v1/me", &session).await.expect(401);
    for account in ["alice", "nobody", "Not A Name", ""] {
        let wrong = json!({ "account": account, "password": "wrong" });
        let reply = town.post("/api/v1/sessions", "", &wrong).await.expect(401);
        assert_eq!(reply.code(), "sign-in-failed");
    }
    for list in ["organisations", "accounts"] {
        let page = town
            .get(&format!("/api/v1/{list}"), &people.officer)
            .await
            .expect(200)
            .json();
        assert!(page["items"].as_array().unwrap().len() > 3);
        let first = town
            .get(&format!("/api/v1/{list}?limit=1"), &people.officer)
            .await
            .json();
        assert_eq!(first["items"][0], page["items"][0]);
        let next = first["next"].as_str().unwrap();
        let second = town
            .get(
                &format!("/api/v1/{list}?limit=1&after={next}"),
                &people.officer,
            )
            .await
            .json();
        assert_eq!(second["items"][0], page["items"][1]);
    }
}

async fn catalogue(town: &Town, people: &People) {
    let entry = |token: &str, text: &'static str| {
        asked(Method::POST, "/api/v1/resources", token)
            .body(Body::from(text))
            .unwrap()
    };
    let reply = town.send(entry(&people.sam, "name = 3")).await.expect(422);
    assert_eq!(reply.code(), "resource-invalid");
    assert!(!reply.json()["details"].as_array().unwrap().is_empty());
    let denied = town.send(entry(&people.alice, ENTRY)).await;
    assert!(!denied.status.is_success());
    town.send(entry(&people.sam, ENTRY)).await.expect(201);
    let reply = town.send(entry(&people.sam, ENTRY)).await.expect(409);
    assert_eq!(reply.code(), "name-taken");
    assert_eq!(
        town.get("/api/v1/resources", &people.alice)
            .await
            .expect(200)
            .json()["items"][0]["name"],
        "rides"
    );
    town.get("/api/v1/resources/rides", &people.alice)
        .await
        .expect(200);
    let import = |query: &str, data: &'static str| {
        let path = format!("/api/v1/resources/rides/snapshots?{query}");
        asked(Method::POST, &path, &people.sam)
            .body(Body::from(data))
            .unwrap()
    };
    let of = "format=csv&data_as_of=2026-03-02T00:00:00+08:00";
    let data = "card,fare\nb,2.5\na,3\nb,1\n";
    let snapshot = town.send(import(of, data)).await.expect(201).json();
    assert_eq!(snapshot["parts"][0]["rows"], 3);
    assert_eq!(snapshot["data_as_of"], 1_772_380_800_000_000_i64);
    let reply = town.send(import(of, "card,fare\nb\n")).await.expect(422);
    assert_eq!(reply.code(), "import-ragged");
    added::walk(town, people, &snapshot).await;
    for query in [
        "format=csv",
        "format=csv&data_as_of=2026-03-03T00:00:00Z&onto=latest",
        "data_as_of=2026-03-02T00:00:00Z",
        "format=xml&data_as_of=2026-03-02T00:00:00Z",
        "format=parquet&encoding=utf-8&data_as_of=2026-03-02T00:00:00Z",
        "format=csv&data_as_of=yesterday",
    ] {
        town.send(import(query, data)).await.expect(400);
    }
    let list = town
        .get("/api/v1/resources/rides/snapshots", &people.officer)
        .await
        .expect(200);
    assert_eq!(list.json()["items"][0], snapshot);
}

async fn modules_and_runs(town: &Town, people: &People) {
    let upload = asked(Method::POST, "/api/v1/modules", &people.alice)
        .body(Body::from("no wasm"))
        .unwrap();
    let reply = town.send(upload).await.expect(422);
    assert_eq!(reply.code(), "module-refused");
    assert!(!reply.json()["details"].as_array().unwrap().is_empty());
    assert_eq!(reply.json()["module"]["state"], "refused");
    let module = reply.json()["module"]["id"].as_str().unwrap().to_owned();
    town.get("/api/v1/modules", &people.reviewer)
        .await
        .expect(200);
    town.get(&format!("/api/v1/modules/{module}"), &people.alice)
        .await
        .expect(200);
    let review = json!({ "outcome": "approved", "reason": "fine" });
    let reply = town
        .post(
            &format!("/api/v1/modules/{module}/reviews"),
            &people.reviewer,
            &review,
        )
        .await;
    assert!(!reply.status.is_success());
    let reply = town
        .post(
            &format!("/api/v1/modules/{module}/withdraw"),
            &people.alice,
            &json!({}),
        )
        .await;
    assert!(!reply.status.is_success());

    let request = json!({ "module": module, "grant": NOWHERE, "purpose": "planning" });
    let body = Body::from(request.to_string());
    let submit = asked(Method::POST, "/api/v1/runs", &people.alice)
        .header("content-type", "application/json")
        .header("idempotency-key", "one")
        .body(body);
    assert_eq!(
        town.send(submit.unwrap()).await.expect(409).code(),
        "module-not-admitted"
    );
    town.get("/api/v1/runs", &people.alice).await.expect(200);
    let of = |what: &str| format!("/api/v1/runs/{NOWHERE}{what}");
    let cells = "/checks?output=rides&from=0&limit=5&at_risk=true";
    for what in ["", "/detail", cells, "/calls?from=0&limit=5", "/output"] {
        town.get(&of(what), &people.officer).await.expect(404);
    }
    town.post(&of("/replay"), &people.officer, &json!({}))
        .await
        .expect(404);
    town.post(&of("/stop"), &people.officer, &json!({ "reason": "none" }))
        .await
        .expect(404);
    town.post(&of("/reviews"), &people.reviewer, &review)
        .await
        .expect(404);
    town.get("/api/v1/reviews", &people.reviewer)
        .await
        .expect(200);
}

async fn releases(town: &Town, people: &People) {
    let releases = format!("/api/v1/releases?run={NOWHERE}&limit=5");
    town.get(&releases, &people.alice).await.expect(200);
    let table = format!("/api/v1/releases/{NOWHERE}/table");
    town.get(&format!("{table}?format=csv&titles=en"), &people.alice)
        .await
        .expect(404);
    town.get(&format!("{table}?format=exe"), &people.alice)
        .await
        .expect(400);
    let certificate = format!("/api/v1/releases/{NOWHERE}/certificate");
    town.get(&certificate, &people.alice).await.expect(404);
    let opening = format!("{certificate}/opening?leaves=0,3");
    town.get(&opening, &people.officer).await.expect(404);
    town.get(&format!("{certificate}/opening?leaves=x"), &people.officer)
        .await
        .expect(400);
}

async fn record(town: &Town, people: &People) {
    town.get("/api/v1/record/checkpoint", &people.auditor)
        .await
        .expect(404);
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let domain = town.domain.clone();
    let sequencer = tokio::spawn(async move { domain.run_sequencer(stopping).await });
    let mut tries = 0;
    let size = loop {
        let reply = town.get("/api/v1/record/checkpoint", &people.auditor).await;
        if reply.status.is_success() {
            break reply.json()["size"].as_u64().unwrap();
        }
        tries += 1;
        assert!(tries < 12_000, "no checkpoint comes");
        tokio::time::sleep(Duration::from_millis(10)).await;
    };
    assert!(size > 10);
    town.get("/api/v1/record/checkpoint", &people.alice)
        .await
        .expect(403);
    let report = town
        .get("/api/v1/record/verify", &people.auditor)
        .await
        .expect(200)
        .json();
    assert_eq!(report["holds"], true);
    assert!(report["entries"].as_u64().unwrap() >= size);
    let coarse = town
        .get("/api/v1/record/verify", &people.alice)
        .await
        .expect(200)
        .json();
    assert_eq!(
        coarse,
        json!({ "holds": true }),
        "operating units learn no figure"
    );
    for asker in [&people.auditor, &people.alice] {
        let reply = town.get("/api/v1/log/witnesses", asker).await.expect(200);
        assert_eq!(reply.json()["configured"], false, "nobody was named");
    }
    let query = "?kind=signed-in,signed-out&limit=1000&since=2020-01-01T00:00:00%2B08:00";
    let list = town
        .get(&format!("/api/v1/record{query}"), &people.auditor)
        .await
        .expect(200)
        .json();
    let kinds: BTreeSet<&str> = list["items"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|e| e["entry"]["kind"].as_str())
        .collect();
    assert_eq!(kinds, BTreeSet::from(["signed-in", "signed-out"]));
    assert_eq!(list["next"], json!(null), "the list ends here");
    town.get("/api/v1/record?kind=nonsense", &people.auditor)
        .await
        .expect(400);
    town.get("/api/v1/record", &people.alice).await.expect(403);
    let followed = asked(Method::GET, "/api/v1/events?since=0", &people.auditor);
    let stream = town.open(followed.body(Body::empty()).unwrap()).await;
    assert_eq!(stream.status(), 200);
    crate::evidence::walk(town, &people.auditor).await;
    crate::transparency::walk(town, &people.auditor, &people.alice).await;
    stop.send_replace(true);
    sequencer.await.unwrap();
}

async fn alerts(town: &Town, people: &People) {
    let credentials = json!({ "account": "alice", "password": "not the password of alice" });
    town.post("/api/v1/sessions", "", &credentials)
        .await
        .expect(401);
    town.domain.watch_record().await.unwrap();
    // What rules raise comes of no request.
    town.settle().await;
    let open = town
        .get("/api/v1/alerts?open=true", &people.officer)
        .await
        .expect(200)
        .json();
    assert_eq!(open["items"][0]["rule"], "sign-in-failures");
    assert_eq!(open["items"][0]["subject"], json!({ "kind": "sign-in" }));
    town.get("/api/v1/alerts", &people.alice).await.expect(403);
    let id = open["items"][0]["id"].as_str().unwrap();
    let path = format!("/api/v1/alerts/{id}/acknowledgement");
    let reason = json!({ "reason": "alice mistyped" });
    town.post(&path, &people.alice, &reason).await.expect(404);
    town.post(&path, &people.auditor, &reason).await.expect(403);
    town.post(&path, &people.officer, &json!({}))
        .await
        .expect(400);
    let closed = town.post(&path, &people.officer, &reason).await.expect(200);
    assert_eq!(closed.json()["acknowledged"]["reason"], "alice mistyped");
    town.post(&path, &people.officer, &reason).await.expect(409);
    let open = town.get("/api/v1/alerts?open=true", &people.auditor).await;
    assert_eq!(open.expect(200).json()["items"], json!([]));
}

async fn emergency(town: &Town, people: &People) {
    let path = "/api/v1/emergency";
    let reason = json!({ "reason": "a drill" });
    assert_eq!(
        town.get(path, &people.alice).await.expect(200).json(),
        json!({ "emergency": null })
    );
    assert!(
        !town
            .post(path, &people.alice, &reason)
            .await
            .status
            .is_success()
    );
    town.post(path, &people.officer, &reason).await.expect(201);
    town.post(path, &people.officer, &reason).await.expect(409);
    assert_eq!(
        town.get(path, &people.alice).await.json()["emergency"]["reason"],
        "a drill"
    );
    town.delete(path, &people.officer, &reason)
        .await
        .expect(204);
    town.delete(path, &people.officer, &reason)
        .await
        .expect(409);
}
