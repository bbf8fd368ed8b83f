//! What a manifest may ask for instead of blanks, through the whole way of a run.

use serde_json::Value;

use crate::town::{Town, state};

/// Residents by region.
const REGIONS: &str = "
[[output.dimension]]
field = \"previous_region\"
banding = \"region\"
";

fn asking(on_failure: &str) -> String {
    format!("on_failure = \"{on_failure}\"\n{REGIONS}")
}

/// The table of a released run: titles, and counts by region in the order of the labels.
fn table(town: &Town, run: &Value) -> (Vec<String>, Vec<Option<i64>>) {
    assert_eq!(state(run), "released", "{run}");
    let release = run["releases"][0].as_str().expect("a release");
    let client = town.unit(0);
    let id = crate::common::text(&run["run"], "id");
    town.story
        .wait_coarse(&client, &id, crate::common::RUN_WAIT_MAX)
        .expect("visible");
    let table = town.story.table(&client, release).expect("a table");
    let titles = table["columns"].as_array().expect("columns");
    let titles = titles.iter().map(|column| column["title"].to_string());
    let rows = table["rows"].as_array().expect("rows");
    let counts = rows.iter().map(|row| row[1].as_i64());
    (titles.collect(), counts.collect())
}

/// Refusing, rounding and noise over disjoint rows, each by itself; and what is judged beside a rounded table goes to people.
#[test]
fn a_manifest_may_ask_for_something_else_than_blanks() {
    let mut town = Town::start();
    let grants = ["a", "b"].map(|stage| {
        let stage = format!("\"{stage}\"");
        town.grant(0, &[("education", "eq", stage.as_str())])
    });

    let refusing = town.module(0, &[(&asking("refuse"), false)]);
    let run = town.run(0, &refusing, &grants[0]);
    assert_eq!(state(&run), "withheld", "four residents are too few: {run}");

    let rounding = town.module(0, &[(&asking("round"), false)]);
    let run = town.run(0, &rounding, &grants[0]);
    let (titles, counts) = table(&town, &run);
    assert_eq!(
        counts,
        [Some(0), Some(50), Some(50), Some(0)],
        "4, 60, 62, 0"
    );
    assert!(titles[1].contains("rounded to 50"), "{titles:?}");

    let blanking = town.module(0, &[(REGIONS, false)]);
    let run = town.run(0, &blanking, &grants[0]);
    assert_eq!(state(&run), "in-review", "beside a rounded table: {run}");

    let noisy = town.module(0, &[(&asking("perturb"), false)]);
    let run = town.run(0, &noisy, &grants[1]);
    let (titles, counts) = table(&town, &run);
    for (count, residents) in counts.iter().zip([64, 66, 68, 0]) {
        // Ten of noise, and five of rounding.
        let count = count.expect("a count");
        assert!((count - residents).abs() <= 15, "{counts:?}");
    }
    assert!(titles[1].contains("variance 36.7"), "{titles:?}");
    let again = town.run(0, &noisy, &grants[1]);
    assert_eq!(
        table(&town, &again).1,
        counts,
        "the same subjects, the same noise"
    );
}

/// Merging along the registered bandings; what is asked beside it later is judged together with it.
#[test]
fn merging_tells_under_which_banding() {
    let mut town = Town::start();
    let grant = town.grant(0, &[("education", "eq", "\"a\"")]);
    let merging = town.module(0, &[(&asking("merge"), false)]);
    let run = town.run(0, &merging, &grant);
    let (titles, counts) = table(&town, &run);
    assert!(titles[0].contains("banding side"), "{titles:?}");
    assert_eq!(counts[..2], [Some(60), Some(60)], "64 and 62");
    let with_total = town.module(0, &[(&asking("merge"), true)]);
    let run = town.run(0, &with_total, &grant);
    let (_, counts) = table(&town, &run);
    assert_eq!(
        counts,
        [Some(60), Some(60), None, Some(130)],
        "64, 62, 0, 126"
    );

    // Of 4, 60 and 62 the four are blank, and 64 less 60 would tell them: two of three would be.
    let blanking = town.module(0, &[(REGIONS, false)]);
    let run = town.run(0, &blanking, &grant);
    assert_eq!(state(&run), "withheld", "{run}");
    let reasons = run["verdicts"][0]["reasons"].to_string();
    assert!(reasons.contains("too many cells"), "{reasons}");
}
