//! Privacy budgets: set by one, raised by two, seen by few.

use serde_json::{Value, json};

use super::{NOWHERE, People};
use crate::support::Town;

const BUDGETS: &str = "/api/v1/privacy/budgets";
const ACCOUNTS: &str = "/api/v1/privacy/accounts";

fn budget(epsilon: f64, delta: f64) -> Value {
    json!({ "population": "riders", "epsilon": epsilon, "delta": delta, "reason": "plan of the year" })
}

pub(super) async fn walk(town: &Town, people: &People) {
    let second = town.appoint("second", "wuxi-bureau", "bureau").await;
    let (officer, auditor) = (&people.officer, &people.auditor);
    // An operating unit and a source unit learn nothing, not even that there are accounts.
    for who in [&people.alice, &people.sam, &people.reviewer] {
        town.get(ACCOUNTS, who).await.expect(403);
        town.get(BUDGETS, who).await.expect(403);
        town.get(&format!("{ACCOUNTS}/riders"), who)
            .await
            .expect(404);
        let set = town.post(BUDGETS, who, &budget(1.0, 0.0)).await;
        assert!([403, 404].contains(&set.status.as_u16()));
    }
    let fit = format!("/api/v1/grants/{NOWHERE}/privacy/{NOWHERE}");
    town.get(&fit, &people.alice).await.expect(404);
    let unset = town.get(&format!("{ACCOUNTS}/riders"), officer).await;
    let unset = unset.expect(200).json();
    assert_eq!(
        (&unset["budget"], &unset["within"]),
        (&Value::Null, &json!(false))
    );
    wrong(town, officer).await;

    let first = town.post(BUDGETS, officer, &budget(2.0, 1e-9)).await;
    assert_eq!(first.expect(201).text("state"), "in-force");
    let entry = town.last_entry().await;
    assert_eq!(entry["kind"], "privacy-budget-set");
    assert_eq!(entry["facts"]["epsilon"], "2");
    assert_eq!(entry["facts"]["delta"], "1e-9");
    // Less is in force at once; more waits, whichever of the two is more.
    let lower = town.post(BUDGETS, officer, &budget(1.0, 1e-9)).await;
    assert_eq!(lower.expect(201).text("state"), "in-force");
    let raised = town.post(BUDGETS, officer, &budget(0.5, 1e-6)).await;
    let raised = raised.expect(201);
    assert_eq!(raised.text("state"), "proposed");
    let kept = town.get(&format!("{ACCOUNTS}/riders"), auditor).await;
    assert_eq!(kept.expect(200).json()["budget"]["epsilon"], 1.0);
    signed(town, people, &second, &raised.text("id")).await;

    let all = town.get(ACCOUNTS, officer).await.expect(200).json();
    assert_eq!(all["items"].as_array().unwrap().len(), 1, "{all}");
    let path = format!("{ACCOUNTS}/riders/charges");
    let charges = town.get(&path, officer).await.expect(200).json();
    assert_eq!(charges["items"], json!([]));
    let path = format!("{BUDGETS}?population=riders");
    let listed = town.get(&path, auditor).await.expect(200).json();
    let states: Vec<&str> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|b| b["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["superseded", "superseded", "in-force"]);
}

async fn wrong(town: &Town, officer: &str) {
    for (new, status) in [
        (budget(-1.0, 0.0), 400),
        (budget(1e9, 0.0), 400),
        (budget(1.0, 0.5), 400),
        (budget(1.0, 1e-30), 400),
        (
            json!({ "population": "riders", "epsilon": 1.0, "reason": " " }),
            400,
        ),
        (
            json!({ "population": "nobody", "epsilon": 1.0, "reason": "plan" }),
            404,
        ),
    ] {
        let reply = town.post(BUDGETS, officer, &new).await;
        assert_eq!(reply.status.as_u16(), status, "{new}");
    }
    town.get(&format!("{ACCOUNTS}/nobody"), officer)
        .await
        .expect(404);
}

async fn signed(town: &Town, people: &People, second: &str, id: &str) {
    let sign = format!("{BUDGETS}/{id}/signature");
    let reason = json!({ "reason": "the plan asks for it" });
    let own = town.post(&sign, &people.officer, &reason).await.expect(403);
    assert_eq!(own.code(), "reviewer-is-submitter");
    assert_eq!(own.text("clause"), "privacy.not-own");
    town.post(&sign, &people.auditor, &reason).await.expect(403);
    town.post(&sign, second, &json!({ "reason": "" }))
        .await
        .expect(400);
    let signed = town.post(&sign, second, &reason).await.expect(200);
    assert_eq!(signed.text("state"), "in-force");
    assert_eq!(town.last_entry().await["kind"], "privacy-budget-set");
    town.post(&sign, second, &reason).await.expect(409);
    let nowhere = format!("{BUDGETS}/{NOWHERE}/signature");
    town.post(&nowhere, second, &reason).await.expect(404);
}
