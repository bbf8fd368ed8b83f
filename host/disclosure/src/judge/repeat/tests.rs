use yunei_model::{Column, Decision, Table, Value};

use crate::fixture::{count_and_sum, counts, judged, profile, shape};
use crate::{Judgement, Protection, Shape, Statistics, Suppression};

/// The table with another value in a row of each measure.
fn with(table: &Table, row: usize, value: &Value) -> Table {
    let columns = table.columns().iter().enumerate().map(|(place, column)| {
        let mut values = column.values.clone();
        if place > 0 {
            values[row] = value.clone();
        }
        Column {
            values,
            ..column.clone()
        }
    });
    Table::new(columns.collect()).unwrap()
}

fn again(judged: &Judgement, of: (&Statistics, &Shape), released: &Table) -> Judgement {
    let (statistics, shape) = of;
    let profile = profile("yunei");
    let judged = judged.clone();
    judged.as_released(statistics, shape, &profile, Protection::Subjects, released)
}

#[test]
fn the_same_table_leaves_again_with_the_blanks_of_then() {
    let shape = shape(&[3], count_and_sum(), false);
    let statistics = counts(&shape, &[30, 40, 50]);
    let alone = judged(&shape, &statistics, "yunei");
    let table = alone.table.clone().unwrap();
    let same = again(&alone, (&statistics, &shape), &table);
    assert_eq!(
        (same.decision, same.table),
        (Decision::Release, Some(table.clone()))
    );

    let blank = with(&table, 1, &Value::Absent);
    let blanker = again(&alone, (&statistics, &shape), &blank);
    assert_eq!(blanker.decision, Decision::Release);
    assert_eq!(blanker.table, Some(blank));
    assert_eq!(blanker.cells[1].suppression, Suppression::Complementary);

    let kept: Table = serde_json::from_str(&serde_json::to_string(&table).unwrap()).unwrap();
    let kept = again(&alone, (&statistics, &shape), &kept);
    assert_eq!(
        kept.decision,
        Decision::Release,
        "as it comes back from the store"
    );
}

#[test]
fn what_is_not_the_same_goes_to_people() {
    let shape = shape(&[3], count_and_sum(), false);
    let statistics = counts(&shape, &[30, 40, 50]);
    let alone = judged(&shape, &statistics, "yunei");
    let table = alone.table.clone().unwrap();
    let other = again(
        &alone,
        (&statistics, &shape),
        &with(&table, 2, &Value::Integer(60)),
    );
    assert_eq!((other.decision, other.table), (Decision::Review, None));
    assert!(other.candidate.is_some());

    // A table that shows what fails was not one of this gate: not even people are asked about one like it.
    let statistics = counts(&shape, &[3, 40, 50]);
    let alone = judged(&shape, &statistics, "yunei");
    let table = alone.table.clone().unwrap();
    let shown = again(
        &alone,
        (&statistics, &shape),
        &with(&table, 0, &Value::Integer(0)),
    );
    assert_eq!((shown.decision, shown.table), (Decision::Review, None));
    assert!(shown.candidate.is_none());
}
