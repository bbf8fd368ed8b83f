//! What a file, or a spec, could choose beside its figures: low digits, spellings, finer rounding, shares, numbers that nobody counted.

use super::*;

const TOWNS: &str = "format = 1\nsubject = \"id\"\n[[dimension]]\nname = \"town\"\nlabels = [\"a\", \"b\"]\ntotal = \"all\"\n[[table]]\nname = \"t\"\ndimensions = [\"town\"]\n";
const SUM: &str = "[[table.measure]]\nname = \"s\"\naggregate = \"sum\"\ncolumn = \"x\"\n";

/// 60 in one town and 80 in the other, each with a value and an age.
fn towns() -> Columns {
    let mut text = "id,town,x,age".to_owned();
    for id in 0..140_u32 {
        let (town, x) = (if id < 60 { "a" } else { "b" }, 1001 + id * 7);
        text.push_str(&format!("\n{id},{town},{x},{}", 20 + id % 30));
    }
    columns(&text)
}

fn towns_spec(rounding: &str, measures: &str) -> Spec {
    Spec::parse(&format!("{TOWNS}{rounding}\n{measures}")).unwrap()
}

fn codes(report: &Report) -> Vec<&'static str> {
    report.problems.iter().map(|p| p.code).collect()
}

#[test]
fn low_digits_carry_nothing() {
    let spec = towns_spec("", &format!("{COUNT}{SUM}"));
    let judged = |text: &str| reviewed(&towns(), &spec, "yunei", text);
    let good = judged("town,n,s\na,60,72450\nb,80,135800\nall,140,208250");
    assert_eq!(good.decision, Decision::Release, "{:?}", good.problems);
    assert_eq!(good.notices, Vec::<String>::new());
    // Within nine digits of the exact figures, and each with twenty bits to spare.
    let bent =
        judged("town,n,s\na,60,72450.000012345\nb,80,135800.000006789\nall,140,208250.000031337");
    assert_eq!(bent.decision, Decision::Withhold);
    assert_eq!(codes(&bent), ["wrong-figure"; 3]);
    let bent = judged("town,n,s\na,60.00000001,72450\nb,80,135800\nall,140,208250");
    assert_eq!(codes(&bent), ["wrong-figure"]);
}

#[test]
fn figures_that_are_not_rounded_may_differ_in_their_last_digits_and_it_is_told() {
    let spec = towns_spec("rounding = \"exact\"", &format!("{COUNT}{SUM}"));
    let text = "town,n,s\na,60,72450\nb,80,135800\nall,140,208250";
    let plain = reviewed(&towns(), &spec, "yunei", text);
    assert_eq!(plain.notices, ["table `t` waives the profile's rounding"]);
    let bent = reviewed(
        &towns(),
        &spec,
        "yunei",
        &text.replace("72450", "72450.00001"),
    );
    assert!(bent.problems.is_empty(), "{:?}", bent.problems);
    assert!(
        bent.notices[1].contains("nine digits"),
        "{:?}",
        bent.notices
    );
    // Numbers of rows are whole, however they are told.
    let bent = reviewed(
        &towns(),
        &spec,
        "yunei",
        &text.replace("a,60", "a,60.00000001"),
    );
    assert_eq!(codes(&bent), ["wrong-figure"]);
}

#[test]
fn other_spellings_and_another_order_are_told() {
    let spec = towns_spec("", COUNT);
    let notices = |text: &str| {
        let report = reviewed(&towns(), &spec, "yunei", text);
        assert_eq!(report.decision, Decision::Release, "{:?}", report.problems);
        report.notices.join("; ")
    };
    assert_eq!(notices("town,n\na,60\nb,80\nall,140"), "");
    assert!(notices("town,n\na,60.0\nb,80\nall,140").contains("spelled"));
    assert!(notices("town,n\na,+60\nb,8e1\nall,140").contains("spelled"));
    assert!(notices("town,n\nb,80\na,60\nall,140").contains("order of the frame"));
}

#[test]
fn a_finer_rounding_is_told() {
    let notices = |rounding: &str| {
        let spec = towns_spec(&format!("rounding = {rounding}"), &format!("{COUNT}{SUM}"));
        let report = review(&towns(), &spec, &profile("yunei"), &Tables::new(), &[]).unwrap();
        assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
        report.notices.join("; ")
    };
    let part = "table `t` waives a part of the profile's rounding";
    assert_eq!(notices("{ method = \"nearest\", base = 1 }"), part);
    assert_eq!(notices("{ method = \"nearest\", base = 10 }"), part);
    let digits = "{ method = \"nearest\", base = 10, figure_digits = 7 }";
    assert_eq!(notices(digits), part);
    let coarser = "{ method = \"nearest\", base = 20, figure_digits = 4 }";
    assert_eq!(notices(coarser), "");
    assert_eq!(notices("\"profile\""), "");
}

/// A share of those below an age.
fn below(name: &str, age: u32) -> String {
    format!(
        "[[table.measure]]\nname = \"{name}\"\naggregate = \"proportion\"\nof = [{{ column = \"age\", below = {age} }}]\n"
    )
}

/// 71 in each town; in the first, one is 30.
fn aged() -> Columns {
    let mut text = "id,town,age".to_owned();
    for id in 0..142_u32 {
        let place = id % 71;
        let age = match place {
            0 => 30,
            1..24 => 20 + place % 10,
            _ => 31 + place % 20,
        };
        text.push_str(&format!("\n{id},{},{age}", if id < 71 { "a" } else { "b" }));
    }
    columns(&text)
}

#[test]
fn two_shares_tell_who_lies_between_them() {
    let one = towns_spec("", &format!("{COUNT}{}", below("p30", 30)));
    let made = review(&aged(), &one, &profile("yunei"), &Tables::new(), &[]).unwrap();
    assert_eq!(made.decision, Decision::Release, "{:?}", made.reasons);
    let two = towns_spec(
        "",
        &format!("{COUNT}{}{}", below("p30", 30), below("p31", 31)),
    );
    let made = review(&aged(), &two, &profile("yunei"), &Tables::new(), &[]).unwrap();
    assert_eq!(made.decision, Decision::Withhold, "{:?}", made.reasons);
    let rules: Vec<&str> = cell(&made, &["a"])
        .failed
        .iter()
        .map(|f| f.rule.as_str())
        .collect();
    assert!(rules.contains(&"complement-threshold"), "{rules:?}");
}

#[test]
fn a_share_is_made_of_rounded_numbers() {
    let spec = towns_spec("", &format!("{COUNT}{}", below("p", 30)));
    let made = review(&aged(), &spec, &profile("yunei"), &Tables::new(), &[]).unwrap();
    // 23 of 71 are below 30: 23 of 70, as a mean of an indicator is.
    let figure = &cell(&made, &["a"]).figures[1];
    assert_eq!(figure.exact, Some(23.0 / 71.0));
    assert_eq!(figure.shown, Some(0.328571));
    let published = as_given(&made.tables[0]);
    let again = review(&aged(), &spec, &profile("yunei"), &published, &[]).unwrap();
    assert_eq!(again.decision, Decision::Release, "{:?}", again.problems);
    assert_eq!(again.notices, Vec::<String>::new());
    // A finer one is 23 of 71 and nothing else that is rounded to 70.
    let fine = "town,n,p\na,70,0.323944\nb,70,0.328571\nall,140,0.328571";
    let fine = reviewed(&aged(), &spec, "yunei", fine);
    assert!(fine.problems.is_empty(), "{:?}", fine.problems);
    assert_eq!(fine.decision, Decision::Review);
    assert!(
        fine.reasons[0].contains("proportions"),
        "{:?}",
        fine.reasons
    );
}

#[test]
fn a_model_of_many_rows_of_one_is_a_model_of_one() {
    let spec = |more: &str| {
        let text = format!(
            "format = 1\nsubject = \"id\"\n[[model]]\nname = \"m\"\nparameters = 2\n{more}"
        );
        Spec::parse(&text).unwrap()
    };
    let judged = |source: &Columns, more: &str| {
        review(source, &spec(more), &profile("yunei"), &Tables::new(), &[]).unwrap()
    };
    let mut text = "id,x,y".to_owned();
    for row in 0..200 {
        text.push_str(&format!("\n1,{row},{}", row * 2 % 7));
    }
    let of_one = judged(&columns(&text), "columns = [\"x\", \"y\"]");
    assert_eq!(of_one.decision, Decision::Withhold);
    assert_eq!(of_one.models[0].observations, 200);
    assert_eq!(of_one.models[0].units, Some(1));
    let rules: Vec<&str> = of_one.models[0]
        .failed
        .iter()
        .map(|f| f.rule.as_str())
        .collect();
    assert_eq!(rules, ["degrees-of-freedom", "model-size", "threshold"]);
    let of_many = judged(&towns(), "columns = [\"x\", \"age\"]");
    assert_eq!(of_many.decision, Decision::Release);
    // What the spec says of rows that nobody counted is for people.
    let believed = judged(
        &towns(),
        "observations = 5000\nresidual_degrees_of_freedom = 4998",
    );
    assert_eq!(believed.decision, Decision::Review);
    assert_eq!(believed.models[0].units, None);
}
