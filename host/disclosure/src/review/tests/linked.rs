//! Several tables at once: groups, shared margins, other rows, earlier releases.

use super::*;

const GROUPED: &str = r#"
format = 1
subject = "person"
[[dimension]]
name = "region"
labels = ["north", "centre", "south"]
groups = [{ label = "inland", of = ["north", "centre"] }]
total = "all"
"#;

fn one_way(dimensions: &str) -> Spec {
    Spec::parse(&format!(
        "{dimensions}\n[[table]]\nname = \"t\"\ndimensions = [\"region\"]\nrounding = \"exact\"\n{COUNT}"
    ))
    .unwrap()
}

fn small_north() -> Columns {
    people(&[("north", "f", 5), ("centre", "f", 40), ("south", "f", 60)])
}

#[test]
fn a_group_gives_back_what_its_only_blank_label_hides() {
    let text = "region,n\nnorth,\ncentre,40\nsouth,60\ninland,45\nall,105";
    let report = reviewed(&small_north(), &one_way(GROUPED), "acro", text);
    assert_eq!(report.decision, Decision::Withhold);
    let bracket = &cell(&report, &["north"]).brackets[0];
    assert_eq!((bracket.low, bracket.high), (Some(5.0), Some(5.0)));
    let text = "region,n\nnorth,\ncentre,\nsouth,60\ninland,45\nall,105";
    let report = reviewed(&small_north(), &one_way(GROUPED), "acro", text);
    assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
    let bracket = &cell(&report, &["north"]).brackets[0];
    assert_eq!((bracket.low, bracket.high), (Some(1.0), Some(44.0)));
}

#[test]
fn a_table_with_groups_is_made_so_that_it_holds() {
    let spec = one_way(GROUPED);
    let made = review(&small_north(), &spec, &profile("acro"), &Tables::new(), &[]).unwrap();
    assert_eq!(made.decision, Decision::Release, "{:?}", made.reasons);
    assert_eq!(cell(&made, &["north"]).blank, Blank::Primary);
    assert_eq!(cell(&made, &["centre"]).blank, Blank::Complementary);
    assert_eq!(cell(&made, &["south"]).blank, Blank::No);
}

#[test]
fn a_lone_respondent_knows_his_own_cell() {
    let mut text = "firm,trade,turnover".to_owned();
    for (trade, turnovers) in [
        ("a", vec![450, 20, 20, 5, 5]),
        ("b", vec![10_000]),
        ("c", vec![30; 20]),
    ] {
        for (firm, turnover) in turnovers.iter().enumerate() {
            text.push_str(&format!("\n{trade}{firm},{trade},{}", turnover + firm));
        }
    }
    let spec = Spec::parse("format = 1\nsubject = \"firm\"\n[[dimension]]\nname = \"trade\"\ntotal = \"all\"\n[[table]]\nname = \"t\"\ndimensions = [\"trade\"]\nrounding = \"exact\"\n[[table.measure]]\nname = \"turnover\"\naggregate = \"sum\"\ncolumn = \"turnover\"\n").unwrap();
    let table = "trade,turnover\na,\nb,\nc,790\nall,11300";
    let report = reviewed(&columns(&text), &spec, "acro", table);
    assert!(report.problems.is_empty(), "{:?}", report.problems);
    assert_eq!(report.decision, Decision::Withhold, "b knows what a has");
    let bracket = &cell(&report, &["a"]).brackets[0];
    let near = |end: Option<f64>, value: f64| (end.unwrap() - value).abs() < 1e-6;
    assert!(
        near(bracket.low, 0.0) && near(bracket.high, 10_510.0),
        "{bracket:?}"
    );
    let [low, high] = bracket.respondents.unwrap();
    assert!(near(low, 510.0) && near(high, 510.0), "{bracket:?}");
    // Nobody but b is told of b.
    assert_eq!(cell(&report, &["b"]).brackets[0].respondents, None);
}

#[test]
fn a_sum_and_its_mean_tell_the_number() {
    let measures = format!(
        "{COUNT}[[table.measure]]\nname = \"s\"\naggregate = \"sum\"\ncolumn = \"age\"\n[[table.measure]]\nname = \"m\"\naggregate = \"mean\"\ncolumn = \"age\"\n"
    );
    let spec = spec(&measures);
    let profile = profile("acro");
    let made = review(&usual(), &spec, &profile, &Tables::new(), &[]).unwrap();
    // Complementary cells lose their number alone, and keep sum and mean.
    let mut bent = made.tables[0].clone();
    for cell in &mut bent.cells {
        if cell.blank == Blank::Complementary {
            for figure in &mut cell.figures[1..] {
                figure.shown = figure.exact;
            }
        }
    }
    let report = review(&usual(), &spec, &profile, &as_given(&bent), &[]).unwrap();
    assert_eq!(report.decision, Decision::Withhold);
    let bracket = &cell(&report, &["north", "f"]).brackets[0];
    assert_eq!((bracket.low, bracket.high), (Some(4.0), Some(4.0)));
}

const TWO: &str = r#"
[[table]]
name = "t"
dimensions = ["region", "sex"]
rounding = "exact"
[[table.measure]]
name = "n"
aggregate = "count"
[[table]]
name = "u"
dimensions = ["region"]
rounding = "exact"
[[table.measure]]
name = "n"
aggregate = "count"
"#;

#[test]
fn a_second_table_gives_back_what_the_first_hides() {
    let source = people(&[
        ("north", "f", 4),
        ("north", "m", 40),
        ("centre", "f", 30),
        ("centre", "m", 50),
        ("south", "f", 60),
        ("south", "m", 70),
    ]);
    let dimensions = DIMENSIONS
        .replace("total = \"both\"\n", "")
        .replace("total = \"all\"\n", "");
    let spec = Spec::parse(&format!("{dimensions}{TWO}")).unwrap();
    let first =
        "region,sex,n\nnorth,f,\nnorth,m,40\ncentre,f,30\ncentre,m,50\nsouth,f,60\nsouth,m,70";
    let mut tables = given(first);
    tables.insert(
        "u".to_owned(),
        columns("region,n\nnorth,44\ncentre,80\nsouth,130"),
    );
    let report = review(&source, &spec, &profile("acro"), &tables, &[]).unwrap();
    assert_eq!(report.decision, Decision::Withhold);
    let bracket = &cell(&report, &["north", "f"]).brackets[0];
    assert_eq!((bracket.low, bracket.high), (Some(4.0), Some(4.0)));
    tables.insert(
        "u".to_owned(),
        columns("region,n\nnorth,\ncentre,80\nsouth,130"),
    );
    let report = review(&source, &spec, &profile("acro"), &tables, &[]).unwrap();
    assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
}

#[test]
fn tables_that_are_made_together_hold_together() {
    let spec = Spec::parse(&format!("{DIMENSIONS}{TWO}")).unwrap();
    let made = review(&usual(), &spec, &profile("acro"), &Tables::new(), &[]).unwrap();
    assert_eq!(made.decision, Decision::Release, "{:?}", made.reasons);
    let tables: Tables = made.tables.iter().flat_map(as_given).collect();
    let again = review(&usual(), &spec, &profile("acro"), &tables, &[]).unwrap();
    assert_eq!(again.decision, Decision::Release, "{:?}", again.reasons);
}

fn earlier(name: &str, spec: &Spec, text: &str) -> Earlier {
    Earlier {
        name: name.to_owned(),
        spec: spec.clone(),
        tables: given(text),
    }
}

#[test]
fn an_earlier_release_gives_back_what_this_one_hides() {
    let spec = spec(COUNT);
    let whole = PINNED.replace("north,f,", "north,f,4");
    let hidden = PINNED
        .replace("north,m,40", "north,m,")
        .replace("centre,f,30", "centre,f,")
        .replace("centre,m,50", "centre,m,");
    let out = [earlier("2023", &spec, &whole)];
    let report = review(&usual(), &spec, &profile("acro"), &given(&hidden), &out).unwrap();
    assert_eq!(report.decision, Decision::Withhold);
    assert_eq!(cell(&report, &["north", "f"]).brackets[0].high, Some(4.0));
    let out = [earlier("2023", &spec, &hidden)];
    let report = review(&usual(), &spec, &profile("acro"), &given(&hidden), &out).unwrap();
    assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
}

#[test]
fn a_release_over_all_but_one_tells_of_that_one() {
    let source = people(&[("north", "f", 40), ("north", "m", 40)]);
    let dimensions = "format = 1\nsubject = \"person\"\nFILTER\n[[dimension]]\nname = \"sex\"\n[[table]]\nname = \"t\"\ndimensions = [\"sex\"]\nrounding = \"exact\"\n";
    let all = Spec::parse(&format!("{}{COUNT}", dimensions.replace("FILTER\n", ""))).unwrap();
    let but_one = dimensions.replace(
        "FILTER",
        "filter = [{ column = \"person\", not_in = [\"7\"] }]",
    );
    let but_one = Spec::parse(&format!("{but_one}{COUNT}")).unwrap();
    let out = [earlier("before", &all, "sex,n\nf,40\nm,40")];
    let report = review(
        &source,
        &but_one,
        &profile("acro"),
        &given("sex,n\nf,39\nm,40"),
        &out,
    )
    .unwrap();
    assert_eq!(report.decision, Decision::Withhold, "{:?}", report.reasons);
    let f = cell(&report, &["f"]);
    assert_eq!(f.failed[0].rule, "differencing");
    assert_eq!(f.failed[0].value, Some(1.0));
    // Ten at once are no small group, and still for people: the rows overlap without being the same.
    let fewer = dimensions.replace(
        "FILTER",
        "filter = [{ column = \"person\", at_least = 10 }]",
    );
    let fewer = Spec::parse(&format!("{fewer}{COUNT}")).unwrap();
    let report = review(
        &source,
        &fewer,
        &profile("acro"),
        &given("sex,n\nf,30\nm,40"),
        &out,
    )
    .unwrap();
    assert_eq!(report.decision, Decision::Review, "{:?}", report.reasons);
}

#[test]
fn bands_that_cross_tell_of_what_lies_between() {
    let source = people(&[("north", "f", 100)]);
    let banded = |name: &str, cut: u32| {
        format!("[[dimension]]\nname = \"{name}\"\ncolumn = \"age\"\ncuts = [{cut}]\n")
    };
    let text = format!(
        "format = 1\nsubject = \"person\"\n{}{}[[table]]\nname = \"t\"\ndimensions = [\"a\"]\nrounding = \"exact\"\n{COUNT}[[table]]\nname = \"u\"\ndimensions = [\"b\"]\nrounding = \"exact\"\n{COUNT}",
        banded("a", 40),
        banded("b", 41)
    );
    let spec = Spec::parse(&text).unwrap();
    let mut tables = given("a,n\n< 40,40\n>= 40,60");
    tables.insert("u".to_owned(), columns("b,n\n< 41,42\n>= 41,58"));
    let report = review(&source, &spec, &profile("acro"), &tables, &[]).unwrap();
    assert_eq!(report.decision, Decision::Withhold, "{:?}", report.reasons);
    assert!(
        report.tables[0].cells[0]
            .failed
            .iter()
            .any(|f| f.rule == "differencing" && f.value == Some(2.0))
    );
}
