//! Figures of order and spread, shares, weights, and the rules about them.

use super::*;

fn one(aggregate: &str, more: &str) -> Spec {
    Spec::parse(&format!(
        "format = 1\n[[table]]\nname = \"t\"\nrounding = \"exact\"\n[[table.measure]]\nname = \"x\"\naggregate = \"{aggregate}\"\n{more}"
    ))
    .unwrap()
}

/// The numbers from 1 on.
fn numbers(count: usize) -> Columns {
    let mut text = "x,w,kind".to_owned();
    for number in 1..=count {
        let kind = if number % 4 == 0 { "a" } else { "b" };
        text.push_str(&format!("\n{number},2,{kind}"));
    }
    columns(&text)
}

fn figure(source: &Columns, spec: &Spec, profile_name: &str) -> (Option<f64>, Vec<String>) {
    let report = review(source, spec, &profile(profile_name), &Tables::new(), &[]).unwrap();
    let cell = &report.tables[0].cells[0];
    let rules = cell.failed.iter().map(|f| f.rule.clone()).collect();
    (cell.figures[0].exact, rules)
}

#[test]
fn figures_are_those_of_the_textbook() {
    let source = numbers(20);
    let column = "column = \"x\"";
    let of = |aggregate: &str, more: &str| figure(&source, &one(aggregate, more), "datashield").0;
    assert_eq!(of("minimum", column), Some(1.0));
    assert_eq!(of("maximum", column), Some(20.0));
    assert_eq!(of("median", column), Some(10.5));
    // R: quantile(1:20, 0.9) = 18.1
    let p90 = of("percentile", "column = \"x\"\np = 90").unwrap();
    assert!((p90 - 18.1).abs() < 1e-12, "{p90}");
    // R: sd(1:20) = 5.91608
    let sd = of("standard-deviation", column).unwrap();
    assert!((sd - 35.0_f64.sqrt()).abs() < 1e-12, "{sd}");
    assert_eq!(of("mean", column), Some(10.5));
    assert_eq!(of("sum", "column = \"x\"\nweight = \"w\""), Some(420.0));
    assert_eq!(
        of("ratio", "column = \"x\"\ndenominator = \"w\""),
        Some(5.25)
    );
    assert_eq!(of("count", "weight = \"w\""), Some(40.0));
    assert_eq!(
        of("proportion", "of = [{ column = \"kind\", in = [\"a\"] }]"),
        Some(0.25)
    );
    assert_eq!(of("distinct-subjects", ""), Some(20.0));
}

#[test]
fn extremes_are_single_values() {
    for aggregate in ["minimum", "maximum"] {
        let spec = one(aggregate, "column = \"x\"");
        assert_eq!(
            figure(&numbers(500), &spec, "acro").1,
            ["extremes"],
            "{aggregate}"
        );
        assert!(figure(&numbers(500), &spec, "datashield").1.is_empty());
    }
}

#[test]
fn a_percentile_needs_ten_on_either_side() {
    let median = one("median", "column = \"x\"");
    assert!(figure(&numbers(20), &median, "acro").1.is_empty());
    assert_eq!(figure(&numbers(19), &median, "acro").1, ["percentile"]);
    let ninth = one("percentile", "column = \"x\"\np = 90");
    assert_eq!(
        figure(&numbers(91), &ninth, "acro").1,
        ["percentile"],
        "9 above"
    );
    assert!(
        figure(&numbers(101), &ninth, "acro").1.is_empty(),
        "10 above"
    );
}

#[test]
fn a_share_of_all_or_nothing_tells_of_everyone() {
    let share = |kind: &str| {
        one(
            "proportion",
            &format!("of = [{{ column = \"kind\", in = [\"{kind}\"] }}]"),
        )
    };
    assert_eq!(figure(&numbers(60), &share("c"), "acro").1, ["class"]);
    assert_eq!(
        figure(&numbers(36), &share("a"), "acro").1,
        ["threshold"],
        "9 in the class"
    );
    assert!(
        figure(&numbers(40), &share("a"), "acro").1.is_empty(),
        "10 in the class"
    );
}

#[test]
fn bands_of_numbers_are_closed_as_the_spec_says() {
    let banded = |closed: &str| {
        Spec::parse(&format!("format = 1\n[[dimension]]\nname = \"x\"\ncuts = [5, 10]\nclosed = \"{closed}\"\n[[table]]\nname = \"t\"\ndimensions = [\"x\"]\n{COUNT}")).unwrap()
    };
    let of = |spec: &Spec| {
        let report = review(
            &numbers(20),
            spec,
            &profile("datashield"),
            &Tables::new(),
            &[],
        )
        .unwrap();
        let cells = &report.tables[0].cells;
        cells
            .iter()
            .map(|c| (c.cell[0].clone(), c.units))
            .collect::<Vec<_>>()
    };
    let pairs = |list: [(&str, u64); 3]| list.map(|(l, n)| (l.to_owned(), n)).to_vec();
    assert_eq!(
        of(&banded("left")),
        pairs([("< 5", 4), ("[5, 10)", 5), (">= 10", 11)])
    );
    assert_eq!(
        of(&banded("right")),
        pairs([("<= 5", 5), ("(5, 10]", 5), ("> 10", 10)])
    );
}

#[test]
fn a_sum_that_one_contributor_makes_is_protected_by_its_share() {
    let mut text = "firm,trade,turnover".to_owned();
    for (trade, turnovers) in [
        ("a", [2000, 30, 20]),
        ("b", [300, 250, 200]),
        ("c", [400, 300, 250]),
    ] {
        for firm in 0..12 {
            let turnover = turnovers.get(firm).copied().unwrap_or(5 + firm as i32);
            text.push_str(&format!("\n{trade}{firm},{trade},{turnover}"));
        }
    }
    let source = columns(&text);
    let spec = Spec::parse("format = 1\nsubject = \"firm\"\n[[dimension]]\nname = \"trade\"\ntotal = \"all\"\n[[table]]\nname = \"t\"\ndimensions = [\"trade\"]\nrounding = \"exact\"\n[[table.measure]]\nname = \"turnover\"\naggregate = \"sum\"\ncolumn = \"turnover\"\n").unwrap();
    let sum = |trade: &str| {
        let report = review(&source, &spec, &profile("acro"), &Tables::new(), &[]).unwrap();
        cell(&report, &[trade]).figures[0].exact.unwrap()
    };
    let (a, b, c, all) = (sum("a"), sum("b"), sum("c"), sum("all"));
    let alone = format!("trade,turnover\na,\nb,{b}\nc,{c}\nall,{all}");
    let report = reviewed(&source, &spec, "acro", &alone);
    assert_eq!(report.decision, Decision::Withhold);
    let bracket = &cell(&report, &["a"]).brackets[0];
    assert_eq!((bracket.low, bracket.high), (Some(a), Some(a)));
    assert_eq!(
        bracket.low_needed,
        Some(a - 200.0),
        "a tenth of the largest"
    );
    let with_b = format!("trade,turnover\na,\nb,\nc,{c}\nall,{all}");
    let report = reviewed(&source, &spec, "acro", &with_b);
    assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
    let bracket = &cell(&report, &["a"]).brackets[0];
    assert_eq!((bracket.low, bracket.high), (Some(0.0), Some(a + b)));
}

/// Investment of enterprises by activity and region, with one sensitive cell and three complementary ones: the example of
/// Fischetti and Salazar, *Models and algorithms for the 2-dimensional cell suppression problem in statistical disclosure control*, Math.
/// Programming 84 (1999), after Willenborg and de Waal (1996). The attacker finds that the cell lies between 5 and 30.
#[test]
fn the_example_of_fischetti_and_salazar_has_their_interval() {
    let cells = [
        ("I", [20.0, 50.0, 10.0]),
        ("II", [8.0, 19.0, 22.0]),
        ("III", [17.0, 32.0, 12.0]),
    ];
    let mut text = "firm,activity,region,investment".to_owned();
    for (activity, figures) in cells {
        for (region, figure) in ["A", "B", "C"].iter().zip(figures) {
            for firm in 0..16 {
                // One firm invests almost all of the sensitive cell.
                let part = match (activity, *region, firm) {
                    ("II", "C", 0) => figure - 15.0 * 0.0625,
                    ("II", "C", _) => 0.0625,
                    _ => figure * f64::from(firm + 8) / 248.0,
                };
                text.push_str(&format!(
                    "\n{activity}{region}{firm},{activity},{region},{part}"
                ));
            }
        }
    }
    let spec = Spec::parse("format = 1\nsubject = \"firm\"\n[[dimension]]\nname = \"activity\"\ntotal = \"total\"\n[[dimension]]\nname = \"region\"\ntotal = \"total\"\n[[table]]\nname = \"t\"\ndimensions = [\"activity\", \"region\"]\nrounding = \"exact\"\n[[table.measure]]\nname = \"investment\"\naggregate = \"sum\"\ncolumn = \"investment\"\n").unwrap();
    let table = "activity,region,investment
I,A,20
I,B,50
I,C,10
I,total,80
II,A,
II,B,19
II,C,
II,total,49
III,A,
III,B,32
III,C,
III,total,61
total,A,45
total,B,101
total,C,44
total,total,190";
    let report = reviewed(&columns(&text), &spec, "acro", table);
    assert_eq!(report.decision, Decision::Release, "{:?}", report.reasons);
    let sensitive = cell(&report, &["II", "C"]);
    assert!(sensitive.failed.iter().any(|f| f.rule == "dominance"));
    let bracket = &sensitive.brackets[0];
    let near = |end: Option<f64>, value: f64| (end.unwrap() - value).abs() < 1e-6;
    assert!(
        near(bracket.low, 5.0) && near(bracket.high, 30.0),
        "{bracket:?}"
    );
    // Without (III, C) the cell is given back.
    let report = reviewed(
        &columns(&text),
        &spec,
        "acro",
        &table.replace("III,C,", "III,C,12"),
    );
    let bracket = &cell(&report, &["II", "C"]).brackets[0];
    assert!(
        near(bracket.low, 22.0) && near(bracket.high, 22.0),
        "{bracket:?}"
    );
    assert_eq!(report.decision, Decision::Withhold);
}
