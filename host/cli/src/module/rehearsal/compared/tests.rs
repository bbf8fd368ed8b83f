//! What is missing, too much, twice or other is told; what a module may leave out is not.

use yunei_model::{Column, Manifest};

use super::*;

const MANIFEST: &str = r#"
name = "rides"
version = "1"
world = "analysis"
purpose = "planning"
author = "a"
bias = "none"
title = { zh = "甲", en = "a" }
[[resource]]
name = "rides"
fields = ["line", "hour", "fare"]
[[output]]
name = "by-hour"
resource = "rides"
totals = true
dimension = [{ field = "line", banding = "line" }, { field = "hour", banding = "hour" }]
measure = [
    { name = "rides", aggregate = "count" },
    { name = "fares", aggregate = "mean", field = "fare" },
]
"#;

fn output() -> Output {
    Manifest::parse(MANIFEST).unwrap().outputs.remove(0)
}

/// Rows of labels and figures under these headings.
fn table(headings: &[&str], rows: &[Vec<Value>]) -> Table {
    let column = |(place, name): (usize, &&str)| Column {
        name: Name::parse(name).unwrap(),
        title: None,
        values: rows.iter().map(|row| row[place].clone()).collect(),
    };
    Table::new(headings.iter().enumerate().map(column).collect()).unwrap()
}

const HEADINGS: [&str; 4] = ["line", "hour", "rides", "fares"];

fn row(line: &str, hour: &str, rides: i64, fares: f64) -> Vec<Value> {
    let text = |text: &str| Value::Text(text.to_owned());
    let fares = if rides == 0 {
        Value::Absent
    } else {
        Value::Number(fares)
    };
    vec![text(line), text(hour), Value::Integer(rides), fares]
}

fn gate() -> Table {
    let rows = [
        row("1", "07", 10, 1.5),
        row("1", "08", 20, 2.0),
        row("2", "07", 0, 0.0),
        row("2", "08", 5, 0.1 + 0.2),
        row("1", TOTAL, 30, 1.8),
        row(TOTAL, TOTAL, 35, 1.6),
    ];
    table(&HEADINGS, &rows)
}

fn against(headings: &[&str], rows: &[Vec<Value>]) -> Compared {
    compare(&output(), Some(&table(headings, rows)), &gate())
}

#[test]
fn a_right_table_agrees_without_margins_and_empty_cells_in_any_order_and_spelling() {
    // The hour as a number, under a name of the module's own; the mean added up in another order.
    let hour = |hour: i64, mut row: Vec<Value>| {
        row[1] = Value::Integer(hour);
        row
    };
    let rows = [
        hour(8, row("2", "", 5, 0.3)),
        hour(7, row("1", "", 10, 1.5)),
        hour(8, row("1", "", 20, 2.0)),
    ];
    let told = against(&["line", "at", "rides", "fares"], &rows);
    assert_eq!(told.agreement, Agreement::Agrees, "{told:?}");
    assert_eq!(told.cells, 5, "the empty one is none");
    let name = |name: &str| Name::parse(name).unwrap();
    assert_eq!(told.columns_renamed, [(name("at"), name("hour"))]);
    assert!(told.columns_missing.is_empty() && told.columns_surplus.is_empty());
    // Columns in another order are found by their names; the empty cell and the margins may be there.
    let mut rows = vec![
        row("2", "07", 0, 0.0),
        row("1", TOTAL, 30, 1.8),
        row("2", "08", 5, 0.3),
        row("1", "07", 10, 1.5),
        row("1", "08", 20, 2.0),
    ];
    rows[0][3] = Value::Text("NaN".to_owned());
    for row in &mut rows {
        row.swap(0, 3);
    }
    let told = against(&["fares", "hour", "rides", "line"], &rows);
    assert_eq!(told.agreement, Agreement::Agrees, "{told:?}");
    assert!(told.columns_renamed.is_empty());
}

#[test]
fn what_a_wrong_table_gets_wrong_is_told_cell_by_cell() {
    let rows = [
        row("1", "07", 11, 1.5),
        row("1", "08", 20, 2.000_001),
        row("1", "08", 20, 2.0),
        row("3", "07", 1, 9.0),
    ];
    let told = against(&HEADINGS, &rows);
    assert_eq!(told.agreement, Agreement::Differs);
    let cell = |line: &str, hour: &str| vec![line.to_owned(), hour.to_owned()];
    assert_eq!(
        (told.missing.count, told.missing.first),
        (1, vec![cell("2", "08")])
    );
    assert_eq!(
        (told.surplus.count, told.surplus.first),
        (1, vec![cell("3", "07")])
    );
    assert_eq!(
        (told.repeated.count, told.repeated.first),
        (1, vec![cell("1", "08")])
    );
    assert_eq!(told.differing, 2);
    let first = &told.first[0];
    assert_eq!(
        (&first.cell, first.column.as_str()),
        (&cell("1", "07"), "rides")
    );
    assert_eq!(
        (&first.written, &first.gate),
        (&Value::Integer(11), &Value::Integer(10))
    );
    assert_eq!(told.first[1].column.as_str(), "fares");
    // Each alone is enough.
    let right = [
        row("1", "07", 10, 1.5),
        row("1", "08", 20, 2.0),
        row("2", "08", 5, 0.3),
    ];
    assert_eq!(against(&HEADINGS, &right).agreement, Agreement::Agrees);
    for wrong in [
        right[..2].to_vec(),
        [right.to_vec(), vec![right[0].clone()]].concat(),
        [right.to_vec(), vec![row("2", "09", 0, 0.0)]].concat(),
        [right.to_vec(), vec![row("2", "07", 1, 1.0)]].concat(),
        [right.to_vec(), vec![row(TOTAL, TOTAL, 34, 1.6)]].concat(),
    ] {
        let told = against(&HEADINGS, &wrong);
        assert_eq!(told.agreement, Agreement::Differs, "{wrong:?}");
    }
    // Lists are cut, counts are not.
    let many: Vec<Vec<Value>> = (0..40)
        .map(|n| row("9", &format!("h{n}"), 1, 1.0))
        .collect();
    let told = against(&HEADINGS, &many);
    assert_eq!(told.surplus.count, 40);
    assert_eq!(told.surplus.first.len(), CELLS_TOLD_MAX);
}

#[test]
fn missing_columns_and_nothing_at_all_are_told_as_that() {
    let none = compare(&output(), None, &gate());
    assert_eq!((none.agreement, none.cells), (Agreement::NothingWritten, 5));
    assert_eq!(none.missing.count, 0, "nothing need be written");
    let rows: Vec<Vec<Value>> = vec![row("1", "07", 10, 1.5)];
    let narrow: Vec<Vec<Value>> = rows.iter().map(|row| row[1..].to_vec()).collect();
    let told = against(&HEADINGS[1..], &narrow);
    assert_eq!(told.agreement, Agreement::OtherColumns);
    assert_eq!(told.columns_missing, [Name::parse("line").unwrap()]);
    let right = [
        row("1", "07", 10, 1.5),
        row("1", "08", 20, 2.0),
        row("2", "08", 5, 0.3),
    ];
    let without: Vec<Vec<Value>> = right.iter().map(|row| row[..3].to_vec()).collect();
    let told = against(&HEADINGS[..3], &without);
    assert_eq!(told.agreement, Agreement::Differs, "a measure is missing");
    assert_eq!(told.columns_missing, [Name::parse("fares").unwrap()]);
    // One column more is said, and is no difference: the gate has nothing to hold it against.
    let wide: Vec<Vec<Value>> = right
        .iter()
        .map(|row| [row.clone(), vec![Value::Integer(1)]].concat())
        .collect();
    let told = against(&["line", "hour", "rides", "fares", "more"], &wide);
    assert_eq!(told.agreement, Agreement::Agrees);
    assert_eq!(told.columns_surplus, [Name::parse("more").unwrap()]);
}
