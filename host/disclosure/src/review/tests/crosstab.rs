//! Tables whose heading has labels.

use super::*;

const WIDE: &str =
    "region by sex,m,f,both\nnorth,,,44\nsouth,70,60,130\ncentre,,,80\nall,160,94,254";

fn wide() -> Spec {
    let mut spec = spec(COUNT);
    spec.tables[0].across = Some("sex".to_owned());
    spec
}

fn long_text() -> String {
    PINNED
        .replace("north,m,40", "north,m,")
        .replace("centre,f,30", "centre,f,")
        .replace("centre,m,50", "centre,m,")
}

#[test]
fn a_crosstab_says_what_its_cells_say() {
    let (long, mut wide) = (
        reviewed(&usual(), &spec(COUNT), "yunei", &long_text()),
        reviewed(&usual(), &wide(), "yunei", WIDE),
    );
    assert_eq!(wide.decision, Decision::Release, "{:?}", wide.problems);
    // Its labels are in another order, which it says.
    assert!(wide.notices.pop().unwrap().contains("order of the frame"));
    assert_eq!(
        serde_json::to_string(&long).unwrap(),
        serde_json::to_string(&wide).unwrap()
    );
}

#[test]
fn what_is_wrong_with_a_crosstab_is_told() {
    let codes = |text: &str| -> Vec<&str> {
        let report = reviewed(&usual(), &wide(), "yunei", text);
        assert_eq!(report.decision, Decision::Withhold);
        report.problems.iter().map(|p| p.code).collect()
    };
    assert_eq!(
        codes(&WIDE.replace("70", "71")),
        ["wrong-figure", "non-additive"]
    );
    assert!(codes(&WIDE.replace("m,f,both", "m,other,both")).contains(&"unknown-label"));
    assert!(codes(&WIDE.replace("south", "north")).contains(&"duplicate-cell"));
    assert!(
        codes("region,m,f\nnorth,,\nsouth,70,60\ncentre,,\nall,160,94").contains(&"missing-cell")
    );
    assert!(codes("region").contains(&"empty-table"));
}

#[test]
fn one_dimension_across_and_three_dimensions() {
    let text = "format = 1\nsubject = \"person\"\n[[dimension]]\nname = \"sex\"\ntotal = \"both\"\n[[table]]\nname = \"t\"\nacross = \"sex\"\ndimensions = [\"sex\"]\nrounding = \"exact\"\n";
    let spec = Spec::parse(&format!("{text}{COUNT}")).unwrap();
    let report = reviewed(&usual(), &spec, "yunei", "m,f,both\n160,94,254");
    assert_eq!(report.decision, Decision::Release, "{:?}", report.problems);
    let text = "format = 1\nsubject = \"person\"\n[[dimension]]\nname = \"sex\"\n[[dimension]]\nname = \"region\"\n[[dimension]]\nname = \"age\"\ncuts = [30]\nlabels = [\"young\", \"old\"]\n[[table]]\nname = \"t\"\nacross = \"age\"\ndimensions = [\"region\", \"sex\", \"age\"]\nrounding = \"exact\"\nabsent = \"blank\"\n";
    let spec = Spec::parse(&format!("{text}{COUNT}")).unwrap();
    let report = reviewed(
        &usual(),
        &spec,
        "yunei",
        "sex,old,region,young\nm,50,south,20\nf,40,south,20",
    );
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!(
        cell(&report, &["south", "m", "old"]).figures[0].shown,
        Some(50.0)
    );
}

#[test]
fn a_spec_says_what_runs_across() {
    let with = |across: &str, measures: &str| {
        let text = format!(
            "{DIMENSIONS}[[table]]\nname = \"t\"\ndimensions = [\"region\", \"sex\"]\nacross = \"{across}\"\n{measures}"
        );
        Spec::parse(&text).map(|_| ()).map_err(|e| e.code())
    };
    assert_eq!(with("sex", COUNT), Ok(()));
    assert_eq!(with("age", COUNT), Err("spec"));
    let two = format!("{COUNT}{}", COUNT.replace("\"n\"", "\"k\""));
    assert_eq!(with("sex", &two), Err("spec"));
}
