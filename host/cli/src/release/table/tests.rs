//! Tables on a terminal.

use serde_json::json;
use yunei_model::{Language, OpenedOutput};

use super::{Released, opened};

#[test]
fn a_released_table_stands_in_columns_with_blanks_shown() {
    let released: Released = serde_json::from_value(json!({
        "columns": [
            { "name": "education", "title": "Education" },
            { "name": "persons", "title": "Persons" },
            { "name": "share", "title": "Share over 50,000" },
        ],
        "rows": [["Doctorate", 1260, 0.51], ["Less than 1st grade", null, null], ["\u{1b}[31mred", 10, 0]],
    }))
    .unwrap();
    insta::assert_snapshot!(released.text());
}

#[test]
fn an_opened_output_shows_every_table_and_the_notes() {
    let output: OpenedOutput = serde_json::from_value(json!({
        "tables": [{ "output": "delays", "figures": "module", "table": {
            "columns": [{ "name": "rain", "title": { "zh": "下雨", "en": "Rain" }, "values": ["yes", null] },
                        { "name": "n", "title": null, "values": [3, 4] }],
            "rows": 2,
        }}],
        "notes": ["weather of 3 stations"],
    }))
    .unwrap();
    insta::assert_snapshot!(opened(&output, Language::En));
    assert!(opened(&output, Language::Zh).contains("下雨"));
}
