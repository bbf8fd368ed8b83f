//! Lock-outs, endings and requests for stops, and the system as its administrators see it.

use crate::support::{PASSWORD, Town};
use serde_json::{Value, json};
use yunei_lifecycle::SIGN_IN_FAILURES_MAX;

/// The part of the walk through every route that belongs here.
pub async fn oversight(town: &Town, officer: &str, operator: &str) {
    system(town, officer).await;
    endings(town, operator).await;
    stops(town, officer).await;
    unlocked(town).await;
    scenario(town, officer, operator).await;
}

async fn unlocked(town: &Town) {
    for _ in 0..SIGN_IN_FAILURES_MAX {
        assert_eq!(sign_in(town, "outsider", "wrong").await.0, 401);
    }
    assert_eq!(sign_in(town, "outsider", PASSWORD).await.0, 429);
    let path = format!(
        "/api/v1/accounts/{}/unlock",
        account(town, "outsider").await
    );
    let why = json!({ "reason": "asked" });
    let security = town.administrator("security");
    town.post(&path, &security, &why).await.expect(200);
    assert_eq!(sign_in(town, "outsider", PASSWORD).await.0, 201);
}

async fn scenario(town: &Town, officer: &str, operator: &str) {
    let new = json!({ "name": "later", "title": { "zh": "后", "en": "Later" }, "purposes": ["planning"] });
    let proposed = town.post("/api/v1/scenarios", operator, &new).await;
    let proposed = proposed.expect(201).json();
    // Whoever proposed it sees it before it is decided; another operating unit does not.
    let sees = async |token: &str| {
        let list = town.get("/api/v1/scenarios?limit=1000", token).await.json();
        list["items"].as_array().unwrap().contains(&proposed)
    };
    assert!(sees(operator).await && sees(officer).await);
    town.organisation("operator-b", "operator").await;
    let other = town.appoint("otto", "operator-b", "operator").await;
    assert!(!sees(&other).await);
    let path = format!("/api/v1/scenarios/{}", proposed["id"].as_str().unwrap());
    let (approve, close) = (format!("{path}/approve"), format!("{path}/close"));
    let why = json!({ "reason": "over" });
    town.post(&close, officer, &why).await.expect(409);
    town.post(&approve, officer, &json!({})).await.expect(200);
    town.post(&close, operator, &why).await.expect(403);
    let closed = town.post(&close, officer, &why).await.expect(200);
    assert_eq!(closed.json()["state"], "closed");
}

async fn system(town: &Town, officer: &str) {
    let seen = town.get("/api/v1/system", officer).await.expect(200).json();
    // There is no program to try here, and it says so.
    assert_eq!(seen["containment"]["suffices"], json!(false));
    assert!(seen["containment"]["failed"].is_string(), "{seen}");
    assert_eq!(seen["queue"]["queued"], 0);
    assert!(seen["entries"].as_u64().unwrap() > 5);
    assert!(seen["policy_set"].as_str().unwrap().starts_with("sha256:"));
    let nobody = town.appoint("outsider", "operator-a", "operator").await;
    town.get("/api/v1/system", &nobody).await.expect(403);
}

async fn account(town: &Town, name: &str) -> String {
    let system = town.administrator("system");
    let accounts = town.get("/api/v1/accounts?limit=1000", &system).await;
    let accounts = accounts.expect(200).json();
    let items = accounts["items"].as_array().unwrap();
    let found = items.iter().find(|account| account["name"] == name);
    found.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn endings(town: &Town, operator: &str) {
    let (system, security) = (town.administrator("system"), town.administrator("security"));
    let bob = town.appoint("bob", "operator-a", "operator").await;
    let path = format!("/api/v1/accounts/{}", account(town, "bob").await);
    let why = json!({ "reason": "moved" });
    let dismissal = json!({ "role": "operator", "reason": "moved" });
    let dismiss = format!("{path}/dismiss");
    let upload = |token: String| async move {
        town.post("/api/v1/modules", &token, &json!({}))
            .await
            .status
    };
    assert_eq!(upload(bob.clone()).await, 422, "an operating unit uploads");
    town.post(&dismiss, &system, &dismissal).await.expect(403);
    town.post(&dismiss, &security, &json!({ "role": "operator" }))
        .await
        .expect(400);
    let dismissed = town.post(&dismiss, &security, &dismissal).await.expect(200);
    assert!(dismissed.json()["appointments"][0]["until"].is_i64());
    assert_eq!(upload(bob.clone()).await, 403, "the role is over");
    town.post(&dismiss, &security, &dismissal).await.expect(409);
    town.get("/api/v1/me", &bob).await.expect(200);

    let close = format!("{path}/close");
    town.post(&close, operator, &why).await.expect(404);
    let closed = town.post(&close, &system, &why).await.expect(200);
    assert_eq!(closed.json()["active"], json!(false));
    town.post(&close, &system, &why).await.expect(409);
    town.get("/api/v1/me", &bob).await.expect(401);
    assert_eq!(
        sign_in(town, "bob", PASSWORD).await,
        (401, "sign-in-failed".into())
    );
}

async fn stops(town: &Town, officer: &str) {
    town.organisation("cyberspace", "cyberspace").await;
    let regulator = town.appoint("clara", "cyberspace", "regulator").await;
    let path = "/api/v1/stop-requests";
    let everything = json!({ "target": { "kind": "domain" }, "reason": "a complaint" });
    town.post(path, officer, &everything).await.expect(403);
    let nothing = json!({ "target": { "kind": "domain" } });
    town.post(path, &regulator, &nothing).await.expect(400);
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    for absent in [
        json!({ "kind": "run", "run": id }),
        json!({ "kind": "grant", "grant": id }),
    ] {
        let absent = json!({ "target": absent, "reason": "a complaint" });
        town.post(path, &regulator, &absent).await.expect(404);
    }
    let asked = town.post(path, &regulator, &everything).await.expect(201);
    assert_eq!(asked.json()["open"], json!(true));
    assert_eq!(town.last_entry().await["kind"], "stop-requested");
    for reader in [officer, &regulator] {
        let list = town.get(path, reader).await.expect(200).json();
        assert_eq!(list["items"][0], asked.json());
        assert_eq!(list["next"], Value::Null);
    }
    let source = town.appoint("sid", "transport", "source").await;
    town.get(path, &source).await.expect(403);
}

/// Status and code of a sign-in.
async fn sign_in(town: &Town, name: &str, password: &str) -> (u16, String) {
    let credentials = json!({ "account": name, "password": password });
    let reply = town.post("/api/v1/sessions", "", &credentials).await;
    (reply.status.as_u16(), reply.code())
}

#[tokio::test(flavor = "multi_thread")]
async fn too_many_failures_lock_a_name_out_whether_or_not_it_is_anybodys() {
    let town = Town::found().await;
    town.organisation("operator-a", "operator").await;
    town.appoint("alice", "operator-a", "operator").await;
    let kinds = [
        vec!["sign-in-failed"; SIGN_IN_FAILURES_MAX as usize - 1],
        vec!["sign-in-locked"],
    ]
    .concat();
    for name in ["alice", "nobody"] {
        for kind in &kinds {
            assert_eq!(
                sign_in(&town, name, "wrong").await,
                (401, "sign-in-failed".into())
            );
            let entry = town.last_entry().await;
            assert_eq!(entry["kind"], *kind);
        }
        let lock = town.last_entry().await["id"].clone();
        for password in ["wrong", PASSWORD] {
            let credentials = json!({ "account": name, "password": password });
            let reply = town.post("/api/v1/sessions", "", &credentials).await;
            assert_eq!(
                (reply.status.as_u16(), reply.code()),
                (429, "sign-in-locked".into())
            );
            assert_eq!(reply.headers["retry-after"], "900");
        }
        assert_eq!(
            town.last_entry().await["id"],
            lock,
            "one entry per lock-out"
        );
    }
    // Another name is not locked out by it.
    town.appoint("carol", "operator-a", "operator").await;

    let path = format!("/api/v1/accounts/{}/unlock", account(&town, "alice").await);
    let why = json!({ "reason": "she asked" });
    let (system, security) = (town.administrator("system"), town.administrator("security"));
    town.post(&path, &system, &why).await.expect(403);
    town.post(&path, &security, &why).await.expect(200);
    assert_eq!(town.last_entry().await["kind"], "sign-in-unlocked");
    assert_eq!(sign_in(&town, "alice", PASSWORD).await.0, 201);
    town.post(&path, &security, &why).await.expect(409);
    // A success begins the count anew.
    for _ in 0..SIGN_IN_FAILURES_MAX - 1 {
        assert_eq!(sign_in(&town, "alice", "wrong").await.0, 401);
    }
    assert_eq!(sign_in(&town, "alice", PASSWORD).await.0, 201);
    assert_eq!(sign_in(&town, "alice", "wrong").await.1, "sign-in-failed");
}
