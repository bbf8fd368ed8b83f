//! What stands for a product ends by itself, within the scheduler's next look, when what it is bound to is otherwise: another profile, another version of
//! the grant, a module that was withdrawn. What nobody can change from outside, and time, is in the tests of `lifecycle`.

use serde_json::{Value, json};
use yunei_tests::BUREAU;

use crate::common::text;
use crate::standing::Fares;

/// Catalogued the rides, and consents to grants over them.
const SOURCE: &str = "example-bus-company";

/// Waits for the end of what stands, by this cause; the product's editions wait for people again.
fn assert_ended(fares: &Fares, cause: &str) {
    let seen = fares.domain.until(
        fares.domain.person(BUREAU),
        &fares.product,
        cause,
        |product| product["standing"]["state"] == "ended",
    );
    assert_eq!(seen["standing"]["ended"]["cause"], cause, "{seen}");
    assert_eq!(seen["standing"]["ended"]["run"], Value::Null, "{seen}");
    assert_eq!(seen["state"], "reviewed", "{seen}");
}

/// The edition of a day goes to people, who release it and let later ones leave.
fn stand(fares: &mut Fares, day: u32) {
    fares.import(day);
    let product = fares.product.clone();
    let day = format!("2026-03-{day:02}");
    let run = fares.domain.edition(&product, &day, "in-review");
    fares.domain.story.release_output(&run).expect("released");
    let standing = fares.approve(&run);
    assert_eq!(standing["state"], "in-force", "{standing}");
    assert_eq!(fares.seen_by(BUREAU)["state"], "standing");
}

/// The same grant with more runs.
fn draft_amendment(fares: &Fares) {
    let bureau = fares.domain.person(BUREAU);
    let grant = fares
        .domain
        .get(bureau, &format!("/grants/{}", fares.grant));
    let mut terms = grant["terms"].clone();
    terms["quota"]["runs"] = json!(2_000);
    let draft = json!({ "amends": fares.grant, "terms": terms });
    let drafted = bureau.post("/grants", &draft).expect("an answer");
    assert_eq!(drafted.served().expect("drafted")["version"], 2);
}

fn activate(fares: &Fares) {
    let source = fares.domain.story.person_of(SOURCE).expect("a source unit");
    let path = format!("/grants/{}", fares.grant);
    let consent = json!({ "resource": "synthetic-wuxi-bus" });
    let consented = source.post(&format!("{path}/consents"), &consent);
    consented.expect("an answer").served().expect("consented");
    let reason = json!({ "reason": "more runs" });
    let activated = fares
        .domain
        .person(BUREAU)
        .post(&format!("{path}/activate"), &reason);
    activated.expect("an answer").served().expect("in force");
}

#[test]
fn what_stands_ends_with_its_profile_its_grant_and_its_module() {
    let mut fares = Fares::start();
    fares.approve_module();
    stand(&mut fares, 2);

    // Another profile, which a server is started with.
    let stage = &mut fares.domain.stage;
    stage.server.stop().expect("stopped in order");
    let acro = ["--profile", "acro"];
    stage.server.restart_with(acro).expect("started again");
    stage.story.move_to(&stage.server);
    assert_ended(&fares, "profile");

    // What stands under that profile does not end for an amendment that is not in force.
    stand(&mut fares, 3);
    draft_amendment(&fares);
    let product = fares.product.clone();
    fares.import(4);
    fares.domain.edition(&product, "2026-03-04", "released");
    assert_eq!(fares.seen_by(BUREAU)["state"], "standing");
    activate(&fares);
    assert_ended(&fares, "grant");

    stand(&mut fares, 5);
    let module = text(&fares.seen_by(BUREAU), "module");
    let withdraw = format!("/modules/{module}/withdraw");
    let withdrawn = fares.domain.operator().post(&withdraw, &json!({}));
    withdrawn.expect("an answer").served().expect("withdrawn");
    assert_ended(&fares, "module");
    fares.import(6);
    let refused = fares.domain.ask(&product, "2026-03-06");
    assert!(!refused.is_success(), "{}", refused.json());

    let causes = fares.domain.entries("standing-ended");
    let causes: Vec<String> = causes
        .iter()
        .map(|entry| text(&entry["entry"]["facts"], "cause"))
        .collect();
    assert_eq!(causes, ["profile", "grant", "module"]);
    let record = fares.domain.story.verify_record().expect("a report");
    assert_eq!(record["holds"], json!(true), "{record}");
}
