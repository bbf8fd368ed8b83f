use serde_json::json;
use yunei_model::Language;

use super::*;

fn checked() -> Checked {
    let threshold = |value: u32, status: &str| json!({ "rule": "threshold", "measure": null, "status": status, "value": value, "bound": 10 });
    let dominance = |value: f64, status: &str| json!({ "rule": "dominance", "measure": "fare", "status": status, "value": value, "bound": 0.85 });
    let bracket = |low: u32, high: u32, needed: Option<u32>| {
        json!({
            "of": "subjects", "measure": null, "low": low, "high": high,
            "low_needed": null, "high_needed": needed,
        })
    };
    let answer = json!({
        "output": "rides", "dimensions": ["line", "hour"], "cells": 4, "next": null,
        "words": [],
        "items": [
            { "row": 0, "cell": ["1路", "07"], "status": "fail", "blank": "primary",
              "rules": [threshold(3, "fail"), dominance(0.9125, "fail")], "brackets": [bracket(3, 13, Some(13))] },
            { "row": 1, "cell": ["1路", "08"], "status": "pass", "blank": "complementary",
              "rules": [threshold(12, "pass"), dominance(0.25, "pass")], "brackets": [bracket(2, 12, None)] },
            { "row": 2, "cell": ["2路", "07"], "status": "pass", "blank": "no",
              "rules": [threshold(120, "pass"), dominance(0.5, "pass")], "brackets": [] },
        ],
    });
    serde_json::from_value(answer).unwrap()
}

#[test]
fn the_story_tells_what_comes_closest_and_why_each_cell_is_blank() {
    insta::assert_snapshot!(story(&checked(), Words(Language::En)));
}

#[test]
fn the_story_is_told_in_chinese_too() {
    insta::assert_snapshot!(story(&checked(), Words(Language::Zh)));
}

#[test]
fn every_rule_is_told_with_figure_and_bound() {
    insta::assert_snapshot!(every_rule(&checked(), Words(Language::En)));
}

#[test]
fn where_nothing_fails_that_is_said() {
    let mut checked = checked();
    checked.items.drain(..2);
    let told = story(&checked, Words(Language::En));
    assert!(
        told.ends_with("Every cell passes, and none is blank."),
        "{told}"
    );
}

#[test]
fn leaves_of_rows_are_told_as_rows() {
    let leaf = json!({
        "leaf": "row", "row": 4, "verdict": null, "blank": "no",
        "rules": [{ "rule": "threshold", "measure": null, "status": "pass", "value": 23, "bound": 10 }],
        "brackets": [],
    });
    let told = leaf_rows(&[leaf.as_object().unwrap()], Words(Language::En)).text(None);
    assert!(told.contains("threshold 23 | 10"), "{told}");
}
