//! Reviews of small tables, whole.

use yunei_model::{Decision, Status};

use super::*;
use crate::fixture::profile;

mod bad_input;
mod between;
mod brute;
mod corruption;
mod crosstab;
mod deep;
mod liberties;
mod linked;
mod meets;
mod statistics;

/// Columns of a CSV text without quotes.
pub(super) fn columns(text: &str) -> Columns {
    let mut lines = text.trim().lines().map(|line| line.trim().split(','));
    let names: Vec<String> = lines.next().unwrap().map(str::to_owned).collect();
    let rows: Vec<Vec<&str>> = lines.map(Iterator::collect).collect();
    let named = names.into_iter().enumerate().map(|(place, name)| {
        let values = rows.iter().map(|row| Some(row[place].to_owned()));
        (name, Values::Text(values.collect()))
    });
    Columns::new(named.collect()).unwrap()
}

/// `counts` persons per region × sex, with an income each.
pub(super) fn people(counts: &[(&str, &str, usize)]) -> Columns {
    let mut text = "person,household,region,sex,age,income,weight".to_owned();
    let mut person = 0;
    for (region, sex, count) in counts {
        for place in 0..*count {
            let (age, income) = (20 + place % 50, 1000 + 10 * (place % 40));
            text.push_str(&format!(
                "\n{person},{},{region},{sex},{age},{income},1.5",
                person / 2
            ));
            person += 1;
        }
    }
    columns(&text)
}

/// Two by three, with one small cell.
pub(super) fn usual() -> Columns {
    people(&[
        ("north", "f", 4),
        ("north", "m", 40),
        ("centre", "f", 30),
        ("centre", "m", 50),
        ("south", "f", 60),
        ("south", "m", 70),
    ])
}

pub(super) const DIMENSIONS: &str = r#"
format = 1
subject = "person"
[[dimension]]
name = "region"
labels = ["north", "centre", "south"]
total = "all"
[[dimension]]
name = "sex"
labels = ["f", "m"]
total = "both"
"#;

/// The dimensions and one table with these measures.
pub(super) fn spec(measures: &str) -> Spec {
    Spec::parse(&format!(
        "{DIMENSIONS}\n[[table]]\nname = \"t\"\ndimensions = [\"region\", \"sex\"]\nrounding = \"exact\"\n{measures}"
    ))
    .unwrap()
}

pub(super) const COUNT: &str = "[[table.measure]]\nname = \"n\"\naggregate = \"count\"\n";

pub(super) fn given(text: &str) -> Tables {
    Tables::from([("t".to_owned(), columns(text))])
}

pub(super) fn reviewed(columns: &Columns, spec: &Spec, profile_name: &str, text: &str) -> Report {
    review(columns, spec, &profile(profile_name), &given(text), &[]).unwrap()
}

/// The cell of the first table with these labels.
pub(super) fn cell<'a>(report: &'a Report, labels: &[&str]) -> &'a CellReport {
    let cells = &report.tables[0].cells;
    cells.iter().find(|c| c.cell == labels).unwrap()
}

pub(super) const PINNED: &str = "region,sex,n
north,f,
north,m,40
north,both,44
centre,f,30
centre,m,50
centre,both,80
south,f,60
south,m,70
south,both,130
all,f,94
all,m,160
all,both,254";

#[test]
fn a_lone_blank_is_given_back_by_its_margins() {
    let report = reviewed(&usual(), &spec(COUNT), "yunei", PINNED);
    assert_eq!(report.decision, Decision::Withhold, "{report:?}");
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    let cell = cell(&report, &["north", "f"]);
    assert_eq!(cell.status, Status::Fail);
    assert_eq!(cell.blank, Blank::Given);
    assert_eq!(cell.failed[0].rule, "threshold");
    let bracket = &cell.brackets[0];
    assert_eq!((bracket.low, bracket.high), (Some(4.0), Some(4.0)));
    assert!(bracket.exact);
}

#[test]
fn a_square_of_blanks_holds_and_its_interval_is_exact() {
    let text = PINNED
        .replace("north,m,40", "north,m,")
        .replace("centre,f,30", "centre,f,")
        .replace("centre,m,50", "centre,m,");
    let report = reviewed(&usual(), &spec(COUNT), "yunei", &text);
    assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
    let bracket = &cell(&report, &["north", "f"]).brackets[0];
    // north f + centre f = 34 with centre f at least 1; north f + north m = 44.
    assert_eq!((bracket.low, bracket.high), (Some(1.0), Some(33.0)));
    assert_eq!(cell(&report, &["north", "m"]).status, Status::Pass);
}

#[test]
fn an_unsuppressed_small_cell_fails() {
    let text = PINNED.replace("north,f,", "north,f,4");
    let report = reviewed(&usual(), &spec(COUNT), "yunei", &text);
    assert_eq!(report.decision, Decision::Withhold);
    let cell = cell(&report, &["north", "f"]);
    assert_eq!(cell.status, Status::Fail);
    assert!(cell.brackets.is_empty());
    assert_eq!(report.tables[0].cells_failed, 1);
}

#[test]
fn what_is_made_passes_when_it_is_given_back() {
    for profile_name in [
        "yunei",
        "acro",
        "opensafely",
        "opensafely-midpoint",
        "sdctable",
    ] {
        for rounding in ["\"exact\"", "\"profile\""] {
            let measures = format!(
                "{COUNT}[[table.measure]]\nname = \"income\"\naggregate = \"sum\"\ncolumn = \"income\"\n"
            );
            let mut spec = spec(&measures);
            if rounding == "\"profile\"" {
                spec.tables[0].rounding = Rounded::ByProfile;
            }
            let profile = profile(profile_name);
            let made = review(&usual(), &spec, &profile, &Tables::new(), &[]).unwrap();
            assert_eq!(
                made.decision,
                Decision::Release,
                "{profile_name}: {:?}",
                made.reasons
            );
            let published = as_given(&made.tables[0]);
            let again = review(&usual(), &spec, &profile, &published, &[]).unwrap();
            assert_eq!(
                again.decision,
                Decision::Release,
                "{profile_name} {rounding}: {:?} {:?}",
                again.reasons,
                again.problems
            );
        }
    }
}

/// A table that was made, as it would be published.
pub(super) fn as_given(table: &TableReport) -> Tables {
    let mut named: Vec<(String, Values)> = Vec::new();
    for (axis, name) in table.dimensions.iter().enumerate() {
        let labels = table.cells.iter().map(|c| Some(c.cell[axis].clone()));
        named.push((name.clone(), Values::Text(labels.collect())));
    }
    for measure in 0..table.cells[0].figures.len() {
        let shown = table.cells.iter().map(|c| c.figures[measure].shown);
        let name = table.cells[0].figures[measure].measure.clone();
        named.push((name, Values::Number(shown.collect())));
    }
    Tables::from([(table.name.clone(), Columns::new(named).unwrap())])
}

#[test]
fn a_report_is_the_same_every_time() {
    let one = reviewed(&usual(), &spec(COUNT), "acro", PINNED);
    let two = reviewed(&usual(), &spec(COUNT), "acro", PINNED);
    assert_eq!(
        serde_json::to_string(&one).unwrap(),
        serde_json::to_string(&two).unwrap()
    );
}

#[test]
fn members_of_a_household_count_once() {
    let source = people(&[("north", "f", 18), ("north", "m", 40)]);
    let plain = "format = 1\nsubject = \"person\"\nGROUP\n[[dimension]]\nname = \"sex\"\n[[table]]\nname = \"t\"\ndimensions = [\"sex\"]\n[[table.measure]]\nname = \"n\"\naggregate = \"count\"\n";
    let alone = Spec::parse(&plain.replace("GROUP\n", "")).unwrap();
    let grouped = Spec::parse(&plain.replace("GROUP", "group = \"household\"")).unwrap();
    let units = |spec: &Spec| {
        let report = review(&source, spec, &profile("acro"), &Tables::new(), &[]).unwrap();
        report.tables[0].cells[0].units
    };
    assert_eq!((units(&alone), units(&grouped)), (18, 9));
}

#[test]
fn models_are_held_to_their_degrees_of_freedom_and_size() {
    let text = |observations: u64, parameters: u64, columns: &str| {
        format!(
            "format = 1\n[[model]]\nname = \"m\"\nobservations = {observations}\nparameters = {parameters}\n{columns}"
        )
    };
    let judge = |text: &str, profile_name: &str| {
        let spec = Spec::parse(text).unwrap();
        review(&usual(), &spec, &profile(profile_name), &Tables::new(), &[]).unwrap()
    };
    let counted = "columns = [\"income\", \"age\"]";
    assert_eq!(
        judge(&text(254, 4, counted), "yunei").decision,
        Decision::Release
    );
    // What the spec says of observations that nobody counted is for people.
    let believed = judge(&text(14, 4, ""), "acro");
    assert_eq!(believed.decision, Decision::Review);
    assert!(believed.reasons[0].contains("not counted"));
    assert_eq!(judge(&text(13, 4, ""), "acro").decision, Decision::Withhold);
    let wrong = judge(&text(253, 4, counted), "acro");
    assert_eq!(wrong.decision, Decision::Withhold);
    assert_eq!(wrong.problems[0].code, "wrong-model");
    assert_eq!(
        judge(&text(100, 33, ""), "datashield").decision,
        Decision::Review
    );
    assert_eq!(
        judge(&text(100, 34, ""), "datashield").decision,
        Decision::Withhold
    );
}
