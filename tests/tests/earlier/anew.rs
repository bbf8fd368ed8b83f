//! Judged at the same time: each table is harmless beside what had left, and both together are not. Nothing here rests on who is faster.

use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yunei_tests::{REGULATOR, REVIEWERS};

use crate::common::{RUN_WAIT_MAX, text, under_quorum};
use crate::town::{COARSE, FINE, Town, blanks, shown, state};

fn review(town: &Town, reviewer: &str, run: &str, judgement: Option<u64>) -> yunei_tests::Answer {
    let mut said = json!({ "outcome": "approved", "reason": "statistics alone" });
    if let Some(judgement) = judgement {
        said["judgement"] = json!(judgement);
    }
    let reviewer = town.story.person(reviewer).expect("a reviewer");
    let reviewer = reviewer.patient(RUN_WAIT_MAX);
    let answer = reviewer.post(&format!("/runs/{run}/reviews"), &said);
    answer.expect("an answer")
}

/// Both reviewers say yes; what the second one is told.
fn both(town: &Town, run: &str, judgement: Option<u64>) -> Value {
    let [first, second] = REVIEWERS;
    town.story.both_open(run).expect("opened");
    let one = review(town, first, run, judgement).served().expect("a yes");
    assert_eq!(state(&one), "in-review", "{one}");
    review(town, second, run, judgement)
        .served()
        .expect("another yes")
}

fn kinds(town: &Town, run: &str) -> Vec<String> {
    let entries = town.story.entries(run).expect("entries");
    let kinds = entries.iter().map(|entry| text(&entry["entry"], "kind"));
    kinds.collect()
}

/// The blank rows of education in what a reviewer opens.
fn blanks_opened(town: &Town, run: &str) -> Vec<String> {
    let opened = town.story.open_output(run).expect("opened");
    let columns = &opened["tables"][0]["table"]["columns"];
    let labels = columns[0]["values"].as_array().expect("labels");
    let figures = columns[1]["values"].as_array().expect("figures");
    let rows = labels.iter().zip(figures);
    let blank = rows.filter(|(label, figure)| figure.is_null() && **label != json!("other"));
    blank
        .map(|(label, _)| label.as_str().expect("a label").to_owned())
        .collect()
}

/// Two tables wait for people, each harmless beside what had left. Whichever is let out second is judged again with the first, and
/// people are asked anew.
#[test]
fn two_tables_that_wait_are_not_both_let_out_as_they_were_judged() {
    let mut town = Town::start();
    let coarse = town.module(0, &[(COARSE, false)]);
    let fine = town.module(1, &[(FINE, false)]);
    let grants = [town.grant(0, &[]), town.grant(1, &[])];
    let run = town.run(0, &coarse, &grants[0]);
    assert_eq!(state(&run), "released", "{run}");
    // One resident more: what overlaps is for people.
    town.import(1);
    let waiting = [
        town.run(0, &coarse, &grants[0]),
        town.run(1, &fine, &grants[1]),
    ];
    let [coarse, fine] = waiting.each_ref().map(|run| text(&run["run"], "id"));
    for run in &waiting {
        assert_eq!(state(run), "in-review", "{run}");
        assert_eq!(run["judgement"], json!(1));
        assert!(run["manifest_digest"].is_string(), "{run}");
    }
    assert_eq!(blanks_opened(&town, &coarse), [""; 0]);

    assert_eq!(state(&both(&town, &fine, None)), "released");
    let released = town.story.detail(&fine).expect("a detail");
    let fine = shown(&town, 1, &released, 0);
    assert_eq!(blanks(&fine), ["a n"]);

    // a less a s less a w is a n: the second yes lets nothing out.
    let asked = both(&town, &coarse, None);
    assert_eq!(state(&asked), "in-review", "{asked}");
    assert_eq!(asked["reviews"], json!([]));
    assert_eq!(asked["judgement"], json!(2));
    let overtaken = &asked["overtaken"][0];
    assert_eq!(
        (&overtaken["judgement"], &overtaken["left"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(overtaken["reviews"].as_array().map(Vec::len), Some(2));
    for language in ["zh", "en"] {
        assert!(asked["asked_anew"][language].is_string(), "{asked}");
    }
    assert!(kinds(&town, &coarse).contains(&"run-judged-anew".to_owned()));
    let unit = town.unit(0).get(&format!("/runs/{coarse}"));
    let unit = unit.expect("an answer").served().expect("its own run");
    assert_eq!(text(&unit, "status"), "in-progress");
    assert_eq!(blanks_opened(&town, &coarse), ["a"]);

    // Who looked at the former judgement has not seen this one.
    let stale = review(&town, REVIEWERS[0], &coarse, None);
    assert_eq!(
        (stale.status, &stale.json()["code"]),
        (409, &json!("judged-anew"))
    );
    let unseen = review(&town, REVIEWERS[1], &coarse, Some(2));
    assert_eq!(
        (unseen.status, &unseen.json()["code"]),
        (409, &json!("output-unopened"))
    );
    assert_eq!(state(&both(&town, &coarse, Some(2))), "released");
    let released = town.story.detail(&coarse).expect("a detail");
    assert_eq!(blanks(&shown(&town, 0, &released, 0)), ["a"]);
    assert_eq!(released["asked_anew"], Value::Null);
    // The entry says which judgement it was, and up to where that looked: to the first table, and to the fine one.
    let facts = facts_of_release(&town, &coarse);
    assert_eq!(
        (&facts["judgement"], &facts["audited_to"]),
        (&json!(2), &json!(2))
    );
    let regulator = town.story.person(REGULATOR).expect("a regulator");
    let replay = regulator.patient(RUN_WAIT_MAX);
    let replay = replay.post(&format!("/runs/{coarse}/replay"), &json!({}));
    let replay = replay.expect("an answer").served().expect("replayed");
    assert_eq!(replay["same"], json!(true), "{replay}");
    let record = town.story.verify_record().expect("a report");
    assert_eq!(record["holds"], json!(true), "{record}");
}

/// What the entry of a release tells.
fn facts_of_release(town: &Town, run: &str) -> Value {
    let entries = town.story.entries(run).expect("entries");
    let released = entries
        .iter()
        .find(|entry| entry["entry"]["kind"] == json!("run-released"));
    let released = released.unwrap_or_else(|| panic!("{entries:#?}"));
    released["entry"]["facts"].clone()
}

/// The fact that tells up to where the audit of a released run looked.
fn audited_to(town: &Town, run: &str) -> u64 {
    let facts = facts_of_release(town, run);
    facts["audited_to"].as_u64().expect("a place")
}

/// Two runs are judged before either leaves, since both wait for the witnesses. The one that leaves second was judged twice.
#[test]
fn two_runs_that_were_judged_before_either_left_do_not_miss_each_other() {
    let mut town = Town::start();
    let coarse = town.module(0, &[(COARSE, false)]);
    let fine = town.module(1, &[(FINE, false)]);
    let grants = [town.grant(0, &[]), town.grant(1, &[])];
    let witness = under_quorum(&mut town.server, &mut town.story, town.directory.path());
    witness.pause().expect("paused");
    let runs = [
        town.submit(0, &coarse, &grants[0]),
        town.submit(1, &fine, &grants[1]),
    ];
    let began = Instant::now();
    // On the record after the gate judged and before anything leaves.
    let waits = "release-awaits-quorum".to_owned();
    while !runs.iter().all(|run| kinds(&town, run).contains(&waits)) {
        assert!(began.elapsed() < RUN_WAIT_MAX, "both are judged");
        std::thread::sleep(Duration::from_millis(100));
    }
    for run in &runs {
        let detail = town.story.detail(run).expect("a detail");
        assert_eq!(state(&detail), "sealed", "{detail}");
    }
    witness.go_on().expect("on");
    let ended = runs.each_ref().map(|run| town.end(run));
    let shown = [0, 1].map(|unit| blanks(&shown(&town, unit, &ended[unit], 0)));
    let of_a = shown[1].iter().filter(|labels| labels.starts_with('a'));
    let opened = shown[0].is_empty() && of_a.count() < 2;
    assert!(!opened, "{shown:?}");
    // Both looked at nothing that had left when they were judged first.
    let mut looked = runs.each_ref().map(|run| audited_to(&town, run));
    looked.sort_unstable();
    assert_eq!(looked, [0, 1], "one of them was judged again");
}
