//! Route recomputed: what the snapshot itself may bring. Import lets no infinity and no other non-number in, so that only sums overflow.

use yunei_model::{Comparison, Scalar, Value};

use super::*;

fn counted(mut output: OutputPlan) -> OutputPlan {
    output.dimensions.push(places());
    output.measures.push(measure("n", Aggregate::Count, None));
    output
}

fn summed(aggregate: Aggregate) -> OutputPlan {
    let mut output = counted(super::output());
    let fare = measure("fare", aggregate, Some(Source::Column(FARE)));
    output.measures.push(fare);
    output
}

fn figures(table: Option<&Table>, column: usize) -> Vec<Value> {
    table.unwrap().columns()[column].values.clone()
}

#[test]
fn values_of_the_snapshot_are_judged_and_never_guessed() {
    let place = |person: usize| ["a", "b", "c"][person % 3];
    let cases: [(&str, Bench, OutputPlan, Comes); 8] = [
        (
            "as it should be",
            Bench::ordinary(),
            summed(Aggregate::Sum),
            Comes::Of(Decision::Release, ""),
        ),
        (
            "a sum that overflows",
            Bench::of(120, |p| format!("{},1e308", place(p))),
            summed(Aggregate::Sum),
            Comes::Of(Decision::Withhold, "no finite number"),
        ),
        (
            "a mean whose sum overflows",
            Bench::of(120, |p| format!("{},1.7e308", place(p))),
            summed(Aggregate::Mean),
            Comes::Of(Decision::Withhold, "no finite number"),
        ),
        (
            "sums that overflow both ways",
            Bench::of(120, |p| {
                format!("{},{}1e308", place(p), if p < 60 { "-" } else { "" })
            }),
            summed(Aggregate::Sum),
            Comes::Of(Decision::Withhold, "no finite number"),
        ),
        (
            "one negative value",
            Bench::of(120, |p| {
                format!(
                    "{},{}",
                    place(p),
                    if p == 7 { -1 } else { 10 + p as i64 % 7 }
                )
            }),
            summed(Aggregate::Sum),
            Comes::Of(Decision::Review, "negative"),
        ),
        (
            "no value at all",
            Bench::of(120, |p| format!("{},", place(p))),
            summed(Aggregate::Sum),
            Comes::Of(Decision::Withhold, "blank"),
        ),
        (
            "nothing but what has no label",
            Bench::of(120, |p| format!("z,{}", 10 + p % 7)),
            summed(Aggregate::Sum),
            Comes::Of(Decision::Release, ""),
        ),
        (
            "values of too few",
            Bench::of(27, |p| format!("{},{}", place(p), 10 + p % 7)),
            summed(Aggregate::Sum),
            Comes::Of(Decision::Withhold, "blank"),
        ),
    ];
    for (case, bench, output, comes) in cases {
        let judged = bench.judged(&bench.plan(output, Vec::new()), &[]);
        hold(case, &judged, comes);
    }
}

#[test]
fn absent_values_and_labels_are_in_the_rest_and_support_nothing() {
    // Half of those in `a` have no fare, and nobody in `b`; a third has no place.
    let bench = Bench::of(120, |p| match p % 3 {
        0 if p % 2 == 0 => format!("a,{}", 10 + p % 7),
        0 => "a,".to_owned(),
        1 => "b,".to_owned(),
        _ => format!(",{}", 10 + p % 7),
    });
    let (verdict, table) = bench
        .judged(&bench.plan(summed(Aggregate::Mean), Vec::new()), &[])
        .unwrap();
    assert_eq!(verdict.decision, Decision::Release, "{verdict:?}");
    let places = figures(table.as_ref(), 0);
    assert_eq!(places.last(), Some(&Value::Text("other".to_owned())));
    let fares = figures(table.as_ref(), 2);
    let blank: Vec<bool> = fares.iter().map(|f| *f == Value::Absent).collect();
    assert_eq!(blank, [false, true, true, false], "{fares:?}");
}

#[test]
fn a_ratio_over_denominators_of_nothing_is_blank_as_any_other_failing_cell() {
    let bench = Bench::of(120, |p| {
        let place = ["a", "b", "c"][p % 3];
        format!("{place},{}", if p % 3 == 1 { 0 } else { 10 + p % 7 })
    });
    let mut output = counted(super::output());
    let mut ratio = measure("ratio", Aggregate::Ratio, Some(Source::Column(PERSON)));
    ratio.denominator = Some(FARE);
    output.measures.push(ratio);
    let (verdict, table) = bench.judged(&bench.plan(output, Vec::new()), &[]).unwrap();
    let told: Vec<_> = verdict.cells.iter().filter(|c| c.cell == ["b"]).collect();
    assert!(
        told.iter()
            .any(|c| c.failed.iter().any(|f| f.rule.as_str() == "class")),
        "{verdict:?}"
    );
    if let Some(table) = table {
        assert_eq!(table.columns()[1].values[1], Value::Absent, "the count too");
    }
}

#[test]
fn no_row_is_an_empty_table() {
    let bench = Bench::ordinary();
    let nobody = Condition {
        field: name("place"),
        comparison: Comparison::Eq,
        value: Scalar::Text("nowhere".to_owned()),
    };
    for on_failure in [
        OnFailure::Suppress,
        OnFailure::Refuse,
        OnFailure::Round,
        OnFailure::Merge,
    ] {
        let mut output = counted(super::output());
        output.on_failure = on_failure;
        let judged = bench.judged(&bench.plan(output, vec![nobody.clone()]), &[]);
        hold(
            on_failure.as_str(),
            &judged,
            Comes::Of(Decision::Withhold, "empty"),
        );
    }
}

#[test]
fn a_frame_of_a_million_cells_is_judged_and_one_of_more_is_withheld() {
    let bench = Bench::ordinary();
    let labels: Vec<String> = (0..1000).map(|label| label.to_string()).collect();
    let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
    let frame = |rows: usize, columns: usize| {
        let mut output = super::output();
        output.dimensions = vec![
            banded(PLACE, "place", &labels[..rows]),
            banded(FARE, "fare", &labels[..columns]),
        ];
        output.measures.push(measure("n", Aggregate::Count, None));
        bench.judged(&bench.plan(output, Vec::new()), &[])
    };
    let million = frame(999, 999);
    hold(
        "a million",
        &million,
        Comes::Of(Decision::Withhold, "larger"),
    );
    assert_eq!(million.unwrap().0.cells_total, 1_000_000);
    hold(
        "more",
        &frame(1000, 999),
        Comes::Of(Decision::Withhold, "cells"),
    );
}

#[test]
fn what_a_module_wrote_is_never_looked_at() {
    let bench = Bench::ordinary();
    let plan = bench.plan(summed(Aggregate::Sum), Vec::new());
    let (_, table) = bench.judged(&plan, &[]).unwrap();
    for bytes in [&[0xff; 64][..], &u64::MAX.to_le_bytes(), b"NaN"] {
        assert_eq!(bench.judged(&plan, bytes).unwrap().1, table);
    }
}
