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
    let told = story(&checked(), Words(Language::En));
    let line = |with: &str| {
        let found = told.lines().find(|line| line.contains(with));
        found.unwrap_or_else(|| panic!("{with}: {told}")).to_owned()
    };
    let closest = line("dominance (n,k)");
    let words: Vec<&str> = closest.split_whitespace().collect();
    assert!(closest.ends_with("1路 / 07"), "{told}");
    assert!(
        words.ends_with(&["0.9125", "0.85", "1路", "/", "07"]),
        "{told}"
    );
    let failed = line("primary suppression");
    assert!(failed.contains("3 subjects (threshold 10)"), "{told}");
    assert!(
        failed.contains("the largest subjects make up 91.25 % (bound 85 %)"),
        "{told}"
    );
    assert!(failed.contains("subjects 3…13"), "{told}");
    let other = line("complementary suppression");
    assert!(other.contains("would follow from the margins"), "{told}");
    assert!(
        !told.contains("2路"),
        "what is shown and passes is not listed: {told}"
    );
}

#[test]
fn the_story_is_told_in_chinese_too() {
    let told = story(&checked(), Words(Language::Zh));
    for words in [
        "主导性 (n,k)",
        "仅 3 个主体（门槛 10）",
        "数据主体数 3…13",
        "次抑制",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[test]
fn every_rule_is_told_with_figure_and_bound() {
    let mut checked = checked();
    checked.next = Some(3);
    let told = every_rule(&checked, Words(Language::En));
    for words in [
        "threshold 120 | 10",
        "threshold 3 | 10 !",
        "dominance fare 0.25 | 0.85",
    ] {
        assert!(told.contains(words), "{words}: {told}");
    }
    assert!(told.ends_with("--from 3"), "{told}");
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
