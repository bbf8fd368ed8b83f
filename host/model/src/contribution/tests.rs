use super::*;
use crate::{Manifest, ManifestError};

const HEAD: &str = r#"
name = "visits"
version = "1"
title = { zh = "就诊", en = "Visits" }
world = "per-subject"
purpose = "health-insurance-design"
author = "Test"
bias = "None known."

[[resource]]
name = "visits"
fields = ["kind"]

[contribution]
epsilon = 0.1
"#;

const MEASURE: &str = r#"{ name = "visits", min = 0.0, max = 10.0 }"#;

fn broken(contribution: &str) -> Vec<String> {
    match Manifest::parse(&format!("{HEAD}{contribution}")) {
        Ok(_) => Vec::new(),
        Err(ManifestError::Rules { broken }) => broken,
        Err(ManifestError::Syntax { reason }) => vec![reason],
    }
}

fn labels(count: usize) -> String {
    let labels: Vec<String> = (0..count).map(|cell| format!("\"cell {cell}\"")).collect();
    labels.join(", ")
}

fn with_cells(count: usize, touched: usize, measures: usize) -> Vec<String> {
    let measures: Vec<String> = (0..measures)
        .map(|m| format!("{{ name = \"m{m}\", min = 0.0, max = 1.0 }}"))
        .collect();
    broken(&format!(
        "cells = [{}]\ncells_per_subject = {touched}\nmeasures = [{}]\n",
        labels(count),
        measures.join(", ")
    ))
}

fn with_measures(measures: &str, rest: &str) -> Vec<String> {
    broken(&format!(
        "cells = [\"few\", \"many\"]\ncells_per_subject = 1\nmeasures = [{measures}]\n{rest}"
    ))
}

#[test]
fn a_good_contribution_breaks_nothing() {
    let none = Vec::<String>::new();
    assert_eq!(with_measures(MEASURE, ""), none);
    let default = r#"{ name = "visits", min = -1.0, max = 10.0, default = 10.0 }"#;
    assert_eq!(with_measures(default, "default_cell = \"many\"\n"), none);
}

#[test]
fn sizes_are_limited() {
    assert!(with_cells(CONTRIBUTION_CELLS_MAX, 1, 1).is_empty());
    assert_eq!(with_cells(CONTRIBUTION_CELLS_MAX + 1, 1, 1).len(), 1);
    assert_eq!(with_cells(0, 1, 1).len(), 1);
    assert!(with_cells(2, 2, CONTRIBUTION_MEASURES_MAX).is_empty());
    assert_eq!(with_cells(2, 2, CONTRIBUTION_MEASURES_MAX + 1).len(), 1);
    assert_eq!(with_cells(2, 2, 0).len(), 1);
    assert_eq!(with_cells(2, 3, 1).len(), 1);
    assert_eq!(with_cells(2, 0, 1).len(), 1);
    let figures = CONTRIBUTION_FIGURES_MAX / CONTRIBUTION_CELLS_MAX;
    assert!(with_cells(CONTRIBUTION_CELLS_MAX, 1, figures).is_empty());
    assert_eq!(with_cells(CONTRIBUTION_CELLS_MAX, 1, figures + 1).len(), 1);
    assert!(with_cells(300, CONTRIBUTION_VALUES_MAX / 2, 2).is_empty());
    assert_eq!(with_cells(300, CONTRIBUTION_VALUES_MAX / 2 + 1, 2).len(), 1);
}

#[test]
fn bounds_are_finite_and_hold_the_default() {
    for measure in [
        r#"{ name = "visits", min = nan, max = 10.0 }"#,
        r#"{ name = "visits", min = 0.0, max = inf }"#,
        r#"{ name = "visits", min = 2.0, max = 1.0 }"#,
        r#"{ name = "visits", min = 1.0, max = 2.0 }"#,
    ] {
        assert_eq!(with_measures(measure, "").len(), 1, "{measure}");
    }
    let beyond = r#"{ name = "visits", min = 0.0, max = 2.0, default = 2.5 }"#;
    assert_eq!(
        with_measures(beyond, "default_cell = \"few\"\n"),
        ["contribution: measure `visits` needs min ≤ default ≤ max"]
    );
    let twice = with_measures(&format!("{MEASURE}, {MEASURE}"), "");
    assert!(twice.contains(&"contribution: measure `visits` is there twice".to_owned()));
}

#[test]
fn a_default_has_a_cell() {
    let default = r#"{ name = "visits", min = 0.0, max = 10.0, default = 1.0 }"#;
    assert_eq!(with_measures(default, "").len(), 1);
    assert_eq!(
        with_measures(MEASURE, "default_cell = \"none\"\n"),
        ["contribution: `default_cell` is none of the cells"]
    );
}

#[test]
fn labels_are_distinct_and_short() {
    let label = "x".repeat(CONTRIBUTION_LABEL_BYTES_MAX);
    let cells = |cells: &str| {
        broken(&format!(
            "cells = [{cells}]\ncells_per_subject = 1\nmeasures = [{MEASURE}]\n"
        ))
    };
    assert!(cells(&format!("\"{label}\"")).is_empty());
    assert_eq!(cells(&format!("\"{label}x\"")).len(), 1);
    assert_eq!(cells("\" \"").len(), 1);
    assert_eq!(
        cells(r#""few", "few""#),
        ["contribution: cell `few` is there twice"]
    );
}
