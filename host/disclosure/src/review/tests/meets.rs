//! Where cells of several tables meet.

use super::*;

/// Two tables of a sum, by each of these dimensions.
fn two(dimensions: &[(&str, &str)], measure: &str) -> Spec {
    let mut text = "format = 1\nsubject = \"id\"\n".to_owned();
    for (name, more) in dimensions {
        text.push_str(&format!("[[dimension]]\nname = \"{name}\"\n{more}\n"));
    }
    for (name, _) in dimensions {
        text.push_str(&format!(
            "[[table]]\nname = \"by_{name}\"\ndimensions = [\"{name}\"]\n{measure}"
        ));
    }
    Spec::parse(&text).unwrap()
}

const SUM: &str = "[[table.measure]]\nname = \"s\"\naggregate = \"sum\"\ncolumn = \"x\"\n";

fn made(source: &Columns, spec: &Spec) -> Report {
    review(source, spec, &profile("yunei"), &Tables::new(), &[]).unwrap()
}

/// Towns of forty; zone 1 is the first two and so many of the third.
fn zones(of_third: u32) -> Columns {
    let mut text = "id,town,zone,x".to_owned();
    for id in 0..160_u32 {
        let town = ["a", "b", "c", "d"][id as usize / 40];
        let zone = if id < 80 + of_third { "z1" } else { "z2" };
        text.push_str(&format!(
            "\n{id},{town},{zone},{}",
            20_000 + id * 7_919 % 70_000
        ));
    }
    columns(&text)
}

#[test]
fn three_shown_cells_tell_of_one() {
    // z1 less a less b is one household of c.
    for measure in [SUM, &SUM.replace("sum", "mean")] {
        let spec = two(&[("town", ""), ("zone", "")], measure);
        let report = made(&zones(1), &spec);
        assert_eq!(report.decision, Decision::Withhold, "{:?}", report.reasons);
        let reasons = report.reasons.join("; ");
        assert!(
            reasons.contains("cells of several tables together"),
            "{reasons}"
        );
        let report = made(&zones(20), &spec);
        assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
    }
}

#[test]
fn rounded_counts_hide_what_lies_between_them() {
    let spec = two(&[("town", ""), ("zone", "")], COUNT);
    let report = made(&zones(1), &spec);
    assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
    let exact = two(
        &[("town", ""), ("zone", "")],
        &format!("rounding = \"exact\"\n{COUNT}"),
    );
    assert_eq!(made(&zones(1), &exact).decision, Decision::Withhold);
}

#[test]
fn a_cell_of_an_earlier_release_is_as_good() {
    let spec = |dimension: &str| two(&[(dimension, "")], SUM);
    let source = zones(1);
    let earlier = Earlier {
        name: "before".to_owned(),
        spec: spec("town"),
        tables: as_given(&made(&source, &spec("town")).tables[0]),
    };
    let report = review(
        &source,
        &spec("zone"),
        &profile("yunei"),
        &Tables::new(),
        &[earlier],
    )
    .unwrap();
    assert_eq!(report.decision, Decision::Withhold, "{:?}", report.reasons);
}

#[test]
fn a_difference_is_held_against_every_rule() {
    // Twelve between 18 and 20, of whom one has nearly all.
    let mut text = "id,age,x".to_owned();
    for id in 0..212_u32 {
        let age = if id < 100 {
            5 + id % 13
        } else if id < 112 {
            18
        } else {
            20 + id % 40
        };
        let x = if id == 100 {
            9_876_500
        } else {
            20_000 + id * 131 % 9_000
        };
        text.push_str(&format!("\n{id},{age},{x}"));
    }
    let source = columns(&text);
    let cut = |name: &str, at: u32| {
        format!("[[dimension]]\nname = \"{name}\"\ncolumn = \"age\"\ncuts = [{at}]\n")
    };
    let table =
        |name: &str| format!("[[table]]\nname = \"{name}\"\ndimensions = [\"{name}\"]\n{SUM}");
    let spec = Spec::parse(&format!(
        "format = 1\nsubject = \"id\"\n{}{}{}{}",
        cut("minor", 18),
        cut("adult", 20),
        table("minor"),
        table("adult")
    ))
    .unwrap();
    let report = made(&source, &spec);
    assert_eq!(report.decision, Decision::Withhold, "{:?}", report.reasons);
}

#[test]
fn margins_of_a_sparse_table_hold() {
    // By town and by age: most towns have a few of an age, and nobody can tell which.
    let mut text = "id,town,age,x".to_owned();
    for id in 0..600_u32 {
        let (town, age) = (id * 7 % 12, id * 11 % 600 / 40);
        text.push_str(&format!(
            "\n{id},t{town:02},{age:02},{}",
            1_000 + id * 7_919 % 3_000
        ));
    }
    let source = columns(&text);
    for measure in [COUNT, SUM] {
        let report = made(&source, &two(&[("town", ""), ("age", "")], measure));
        assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
    }
}
