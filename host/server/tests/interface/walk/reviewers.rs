//! Keys of reviewers, and standing approvals of whoever has none: those need a released run.

use serde_json::{Value, json};

use super::{NOWHERE, People};
use crate::support::Town;

const FIRST: &str = "age1t7rxyev2z3rw82stdlrrepyc39nvn86l5078zqkf5uasdy86jp6svpy7pa";
const SECOND: &str = "age1qypqxpq9qcrsszg2pvxq6rs0zqg3yyc5z5tpwxqergd3c8g7rusqmwn7f2";

pub(super) async fn walk(town: &Town, people: &People) {
    let system = town.administrator("system");
    let accounts = town.get("/api/v1/accounts", &system).await.expect(200);
    let accounts = accounts.json();
    let reviewer = accounts["items"]
        .as_array()
        .unwrap()
        .iter()
        .find(|account| account["name"] == "reviewer")
        .map(|account| account["id"].as_str().unwrap().to_owned())
        .expect("the reviewer has an account");
    let key = format!("/api/v1/accounts/{reviewer}/reviewer-key");
    town.get(&key, &people.reviewer).await.expect(404);
    let recipient = |text: &str| json!({ "recipient": text });
    let wrong = town.post(&key, &people.reviewer, &recipient("age1x")).await;
    wrong.expect(400);
    town.post(&key, &people.officer, &recipient(FIRST))
        .await
        .expect(403);
    town.post(&key, &people.reviewer, &recipient(FIRST))
        .await
        .expect(201);
    assert_eq!(town.last_entry().await["kind"], "reviewer-key-registered");
    town.post(&key, &people.reviewer, &recipient(SECOND))
        .await
        .expect(201);
    let confirm = format!("{key}/confirm");
    town.post(&confirm, &people.reviewer, &recipient(SECOND))
        .await
        .expect(403);
    let security = town.administrator("security");
    town.post(&confirm, &security, &recipient(SECOND))
        .await
        .expect(200);
    assert_eq!(town.last_entry().await["kind"], "reviewer-key-confirmed");
    let held = town.get(&key, &people.reviewer).await.expect(200).json();
    assert_eq!(held["recipient"], Value::from(SECOND));
    standing(town, people).await;
}

async fn standing(town: &Town, people: &People) {
    let listed = town
        .get("/api/v1/standing", &people.reviewer)
        .await
        .expect(200);
    assert!(listed.json()["items"].as_array().unwrap().is_empty());
    let reason = json!({ "reason": "every edition is like the first" });
    let run = format!("/api/v1/runs/{NOWHERE}/standing");
    town.post(&run, &people.reviewer, &reason).await.expect(404);
    let withdraw = format!("/api/v1/standing/{NOWHERE}/withdraw");
    town.post(&withdraw, &people.reviewer, &reason)
        .await
        .expect(404);
}
