//! What left before is part of every decision: two units that put their tables together learn nothing that was blank.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod alternatives;
mod anew;
#[path = "../common/mod.rs"]
mod common;
mod thresholds;
mod town;
mod twins;

use common::text;
use serde_json::{Value, json};
use town::{COARSE, FINE, Town, blanks, shown, state};

/// Two units: the one knows residents by education, the other by education and region. The blank cell of the second is not the
/// difference of what both show.
#[test]
fn colluding_units_cannot_subtract_their_tables() {
    let mut town = Town::start();
    let coarse = town.module(0, &[(COARSE, false)]);
    let fine = town.module(1, &[(FINE, false)]);
    let grants = [town.grant(0, &[]), town.grant(1, &[])];

    let run = town.run(0, &coarse, &grants[0]);
    let first = shown(&town, 0, &run, 0);
    assert_eq!(blanks(&first), [""; 0], "nobody is in a small cell");

    let run = town.run(1, &fine, &grants[1]);
    let second = shown(&town, 1, &run, 0);
    let blank = blanks(&second);
    assert!(blank.contains(&"a n".to_owned()), "{second:?}");
    let of_a = blank
        .iter()
        .filter(|labels| labels.starts_with('a'))
        .count();
    assert!(of_a >= 2, "the row of a gives a n back: {second:?}");

    // Each module again: the same table, decided without people, and replayed as it was decided.
    for (unit, module, before) in [(0, &coarse, &first), (1, &fine, &second)] {
        let run = town.run(unit, module, &grants[unit]);
        assert_eq!(&shown(&town, unit, &run, 0), before);
        let id = text(&run["run"], "id");
        let regulator = town
            .story
            .person(yunei_tests::REGULATOR)
            .expect("a regulator");
        let replay = regulator.patient(common::RUN_WAIT_MAX);
        let replay = replay.post(&format!("/runs/{id}/replay"), &json!({}));
        let replay = replay.expect("an answer").served().expect("replayed");
        assert_eq!(replay["same"], json!(true), "{replay}");
    }
}

/// The other way round: what is blank already stays so, whatever is asked later.
#[test]
fn a_later_table_does_not_open_an_earlier_blank() {
    let mut town = Town::start();
    let fine = town.module(0, &[(FINE, false)]);
    let coarse = town.module(1, &[(COARSE, false)]);
    let grants = [town.grant(0, &[]), town.grant(1, &[])];

    let run = town.run(0, &fine, &grants[0]);
    assert_eq!(blanks(&shown(&town, 0, &run, 0)), ["a n"]);
    let run = town.run(1, &coarse, &grants[1]);
    let second = shown(&town, 1, &run, 0);
    assert_eq!(blanks(&second), ["a"], "a less a s less a w is a n");

    // A newer snapshot with one resident more, under the same module: N against N−1 is for people to decide.
    town.import(1);
    let run = town.run(0, &fine, &grants[0]);
    assert_eq!(state(&run), "in-review", "{run}");
    let reasons = run["verdicts"][0]["reasons"].to_string();
    assert!(reasons.contains("2 earlier releases"), "{reasons}");
    let overlaps = &run["overlaps"][0];
    assert_eq!(overlaps["overlapping"], json!(2), "{overlaps}");
    let sizes = overlaps["sizes"].as_array().expect("sizes");
    assert_eq!(sizes.len(), 2, "{overlaps}");
    for size in sizes {
        let (rows, subjects) = (&size["rows"], &size["subjects"]);
        assert_eq!((rows, subjects), (&json!(1), &json!(1)), "{overlaps}");
        assert_eq!(size["subjects_min"], json!(1), "{overlaps}");
    }
    told_to_reviewers_and_authorities(&town, &run, overlaps);
    let id = text(&run["run"], "id");
    let seen = town.unit(0).get(&format!("/runs/{id}")).expect("an answer");
    let seen = seen.served().expect("its own run");
    assert_eq!(text(&seen, "status"), "in-progress");
    assert!(!seen.to_string().contains("earlier"), "{seen}");
}

/// The same numbers in the queue and with the checks, in both languages; nothing of them where the operating unit reads.
fn told_to_reviewers_and_authorities(town: &Town, run: &Value, overlaps: &Value) {
    let id = text(&run["run"], "id");
    let texts = overlaps["texts"].as_array().expect("texts");
    assert_eq!(texts.len(), 3, "{overlaps}");
    assert!(text(&texts[1], "en").contains("rows that differ 1, subjects 1,"));
    assert!(text(&texts[1], "zh").contains("1 个数据主体的 1 行不同"));
    let [reviewer, _] = yunei_tests::REVIEWERS;
    let reviewer = town.story.person(reviewer).expect("a reviewer");
    let queue = reviewer.get("/reviews").expect("an answer").json();
    let mut waiting = queue["items"].as_array().expect("items").iter();
    let own = waiting.find(|waits| waits["run"]["id"] == json!(id));
    assert_eq!(&own.expect("it waits")["overlaps"][0], overlaps);
    let output = text(overlaps, "output");
    let path = format!("/runs/{id}/checks?output={output}");
    for reader in [
        reviewer,
        town.story
            .person(yunei_tests::REGULATOR)
            .expect("a regulator"),
    ] {
        let checks = reader.get(&path).expect("an answer").served();
        assert_eq!(&checks.expect("checks")["overlaps"], overlaps);
    }
    for path in [path, format!("/runs/{id}/detail")] {
        let refused = town.unit(0).get(&path).expect("an answer");
        assert!(!refused.is_success(), "{}", refused.json());
    }
}

/// Row filters that cannot both hold are about different residents; all others may overlap.
#[test]
fn overlapping_filters_go_to_people_and_disjoint_ones_do_not() {
    let mut town = Town::start();
    let modules = [0, 1].map(|unit| town.module(unit, &[(COARSE, false)]));
    let north = town.grant(0, &[("previous_region", "eq", "\"n\"")]);
    let south = town.grant(1, &[("previous_region", "eq", "\"s\"")]);
    let northern = town.grant(1, &[("previous_region", "le", "\"n\"")]);
    let everyone = town.grant(0, &[]);

    let run = town.run(0, &modules[0], &north);
    assert_eq!(blanks(&shown(&town, 0, &run, 0)), ["a"]);
    let run = town.run(1, &modules[1], &south);
    assert_eq!(blanks(&shown(&town, 1, &run, 0)), [""; 0]);
    for (unit, grant, overlapping) in [(1, &northern, 1), (0, &everyone, 2)] {
        let run = town.run(unit, &modules[unit], grant);
        assert_eq!(state(&run), "in-review", "{run}");
        let reasons = run["verdicts"][0]["reasons"].to_string();
        let told = format!("{overlapping} earlier release");
        assert!(reasons.contains(&told), "{reasons}");
    }
}

/// Two outputs of one run, with margins: protected together, not sent to people.
#[test]
fn outputs_of_one_run_protect_each_other() {
    let mut town = Town::start();
    let both = town.module(0, &[(FINE, true), (COARSE, true)]);
    let grant = town.grant(0, &[]);
    let run = town.run(0, &both, &grant);
    let fine = shown(&town, 0, &run, 0);
    let coarse = shown(&town, 0, &run, 1);
    let blank = blanks(&fine);
    assert!(blank.contains(&"a n".to_owned()), "{fine:?}");
    for margin in ["a total", "total n"] {
        let line: Vec<&String> = blank
            .iter()
            .filter(|labels| {
                let label = margin.replace("total", "").trim().to_owned();
                labels.split(' ').any(|l| l == label) || *labels == margin
            })
            .collect();
        assert!(
            line.len() >= 2,
            "{margin} gives a n back: {fine:?} {coarse:?}"
        );
    }
}

/// Two units submit at the same moment: whichever is judged last has seen the other, or people decide.
#[test]
fn two_runs_at_once_do_not_miss_each_other() {
    let mut town = Town::start();
    let coarse = town.module(0, &[(COARSE, false)]);
    let fine = town.module(1, &[(FINE, false)]);
    let grants = [town.grant(0, &[]), town.grant(1, &[])];
    let runs = [
        town.submit(0, &coarse, &grants[0]),
        town.submit(1, &fine, &grants[1]),
    ];
    let ended = runs.map(|run| town.end(&run));
    let shown = [0, 1].map(|unit| match state(&ended[unit]).as_str() {
        "released" => blanks(&shown(&town, unit, &ended[unit], 0)),
        other => panic!("{other}: {}", ended[unit]),
    });
    let of_a = shown[1].iter().filter(|labels| labels.starts_with('a'));
    let opened = shown[0].is_empty() && of_a.count() < 2;
    assert!(!opened, "{shown:?}");
}
