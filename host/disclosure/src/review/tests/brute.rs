//! Brackets against an attacker who tries every table there could be.

use proptest::prelude::*;

use super::*;

const NAMES: [&str; 3] = ["a", "b", "c"];
/// Width that the profile asks for.
const WIDTH: f64 = 2.0;
const PROFILE: &str = r#"
name = "narrow"
title = { zh = "x", en = "x" }
origin = "a test"
[threshold]
minimum = 10
fails = "below"
[zero]
disclosive = false
[suppression]
interval_count = 2
interval_share = 0.1
suppressed_share_max = 1.0
"#;

/// Every combination of coordinates; `None` is the total.
fn combinations(sizes: &[usize], totals: bool) -> Vec<Vec<Option<usize>>> {
    let mut all = vec![Vec::new()];
    for size in sizes {
        let own = (0..*size).map(Some).chain(totals.then_some(None));
        let own: Vec<Option<usize>> = own.collect();
        all = all
            .iter()
            .flat_map(|chosen: &Vec<Option<usize>>| {
                own.iter()
                    .map(move |next| [chosen.as_slice(), &[*next]].concat())
            })
            .collect();
    }
    all
}

fn holds(margin: &[Option<usize>], cell: &[Option<usize>]) -> bool {
    margin.iter().zip(cell).all(|(m, c)| m.is_none() || m == c)
}

/// Least and greatest value of each blank cell over all tables of whole numbers with these margins, where what is blank is not empty.
fn tried(
    cells: &[Vec<Option<usize>>],
    margins: &[(Vec<Option<usize>>, i64)],
    values: &mut Vec<i64>,
    blank: &[bool],
    found: &mut [(i64, i64)],
) {
    let place = values.len();
    // What is placed so far must leave a way for every margin.
    let possible = margins.iter().all(|(margin, sum)| {
        let of = |(c, _): &(&Vec<Option<usize>>, &i64)| holds(margin, c);
        let so_far: i64 = cells
            .iter()
            .zip(values.iter())
            .filter(of)
            .map(|(_, v)| v)
            .sum();
        let open = cells.iter().skip(place).any(|c| holds(margin, c));
        if open { so_far < *sum } else { so_far == *sum }
    });
    if !possible {
        return;
    }
    if place == cells.len() {
        for (value, (low, high)) in values.iter().zip(found.iter_mut()) {
            *low = (*low).min(*value);
            *high = (*high).max(*value);
        }
        return;
    }
    let most = margins
        .iter()
        .filter(|(margin, _)| holds(margin, &cells[place]))
        .map(|(_, sum)| *sum)
        .min()
        .unwrap();
    let range = if blank[place] {
        1..=most
    } else {
        found[place].0..=found[place].0
    };
    for value in range {
        values.push(value);
        tried(cells, margins, values, blank, found);
        values.pop();
    }
}

/// The spec of a table over so many labels, with totals.
fn cube(sizes: &[usize]) -> Spec {
    let names = &NAMES[..sizes.len()];
    let mut spec = "format = 1\n".to_owned();
    for (name, size) in names.iter().zip(sizes) {
        let labels: Vec<String> = (0..*size).map(|l| format!("\"l{l}\"")).collect();
        spec.push_str(&format!(
            "[[dimension]]\nname = \"{name}\"\nlabels = [{}]\ntotal = \"t\"\n",
            labels.join(",")
        ));
    }
    let dimensions: Vec<String> = names.iter().map(|n| format!("\"{n}\"")).collect();
    spec.push_str(&format!(
        "[[table]]\nname = \"t\"\nrounding = \"exact\"\ndimensions = [{}]\n{COUNT}",
        dimensions.join(",")
    ));
    Spec::parse(&spec).unwrap()
}

fn attacked(sizes: &[usize], counts: &[i64], blank: &[bool]) -> Result<(), TestCaseError> {
    let cells = combinations(sizes, false);
    let label = |c: &Option<usize>| c.map_or("t".to_owned(), |c| format!("l{c}"));
    let names = &NAMES[..sizes.len()];
    let mut microdata = names.join(",");
    for (cell, count) in cells.iter().zip(counts) {
        for _ in 0..*count {
            let row: Vec<String> = cell.iter().map(label).collect();
            microdata.push_str(&format!("\n{}", row.join(",")));
        }
    }
    let mut table = format!("{},n", names.join(","));
    let mut margins = Vec::new();
    for margin in combinations(sizes, true) {
        let sum: i64 = cells
            .iter()
            .zip(counts)
            .filter(|(c, _)| holds(&margin, c))
            .map(|(_, n)| n)
            .sum();
        let hidden = cells
            .iter()
            .position(|c| *c == margin)
            .is_some_and(|place| blank[place]);
        let labels: Vec<String> = margin.iter().map(label).collect();
        let shown = if hidden {
            String::new()
        } else {
            sum.to_string()
        };
        table.push_str(&format!("\n{},{shown}", labels.join(",")));
        if !cells.contains(&margin) {
            margins.push((margin, sum));
        }
    }
    let profile = Profile::parse(PROFILE).unwrap();
    let (source, given) = (columns(&microdata), given(&table));
    let report = review(&source, &cube(sizes), &profile, &given, &[]).unwrap();
    prop_assert!(report.problems.is_empty(), "{:?}", report.problems);
    let mut found: Vec<(i64, i64)> = counts.iter().map(|n| (*n, *n)).collect();
    tried(&cells, &margins, &mut Vec::new(), blank, &mut found);
    for (place, cell_of) in cells.iter().enumerate().filter(|(place, _)| blank[*place]) {
        let labels: Vec<String> = cell_of.iter().map(label).collect();
        let labels: Vec<&str> = labels.iter().map(String::as_str).collect();
        let bracket = &cell(&report, &labels).brackets[0];
        let (low, high) = (found[place].0 as f64, found[place].1 as f64);
        prop_assert!(bracket.exact, "{bracket:?}");
        prop_assert_eq!(
            (bracket.low, bracket.high),
            (Some(low), Some(high)),
            "{:?} of {:?}\n{}",
            labels,
            counts,
            table
        );
        let width = narrowest(&cells, counts, &margins, blank, place).min(high - low);
        let expected = if width < WIDTH {
            Status::Fail
        } else {
            Status::Pass
        };
        prop_assert_eq!(
            bracket.status,
            expected,
            "{:?} of {:?}\n{}",
            labels,
            counts,
            table
        );
    }
    Ok(())
}

/// The width that is left for the respondents of another blank cell of one or two, who know that cell.
fn narrowest(
    cells: &[Vec<Option<usize>>],
    counts: &[i64],
    margins: &[(Vec<Option<usize>>, i64)],
    blank: &[bool],
    place: usize,
) -> f64 {
    let others = (0..cells.len()).filter(|other| *other != place && blank[*other]);
    let few = others.filter(|other| counts[*other] <= 2);
    let widths = few.map(|other| {
        let mut unknown = blank.to_vec();
        unknown[other] = false;
        let mut found: Vec<(i64, i64)> = counts.iter().map(|n| (*n, *n)).collect();
        tried(cells, margins, &mut Vec::new(), &unknown, &mut found);
        (found[place].1 - found[place].0) as f64
    });
    widths.fold(f64::INFINITY, f64::min)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn nobody_finds_more_or_less_in_two_dimensions(
        counts in prop::collection::vec(1_i64..7, 6),
        blank in prop::collection::vec(prop::bool::weighted(0.6), 6),
    ) {
        attacked(&[2, 3], &counts, &blank)?;
    }

    #[test]
    fn nobody_finds_more_or_less_in_three_dimensions(
        counts in prop::collection::vec(1_i64..5, 8),
        blank in prop::collection::vec(prop::bool::weighted(0.8), 8),
    ) {
        attacked(&[2, 2, 2], &counts, &blank)?;
    }
}

#[test]
fn a_table_of_forty_by_forty_is_made_and_holds() {
    let mut text = "a,b".to_owned();
    for a in 0..40 {
        for b in 0..40 {
            let count = if (a * 40 + b) % 53 == 0 {
                3
            } else {
                10 + (a * 7 + b * 3) % 17
            };
            for _ in 0..count {
                text.push_str(&format!("\n{a},{b}"));
            }
        }
    }
    let dimension = |name: &str| format!("[[dimension]]\nname = \"{name}\"\ntotal = \"t\"\n");
    let spec = format!(
        "format = 1\n{}{}[[table]]\nname = \"t\"\nrounding = \"exact\"\ndimensions = [\"a\", \"b\"]\n{COUNT}",
        dimension("a"),
        dimension("b")
    );
    let spec = Spec::parse(&spec).unwrap();
    let source = columns(&text);
    let made = review(&source, &spec, &profile("acro"), &Tables::new(), &[]).unwrap();
    assert_eq!(made.decision, Decision::Release, "{:?}", made.reasons);
    let again = review(
        &source,
        &spec,
        &profile("acro"),
        &as_given(&made.tables[0]),
        &[],
    )
    .unwrap();
    assert_eq!(again.decision, Decision::Release, "{:?}", again.reasons);
    let brackets = again.tables[0].cells.iter().flat_map(|c| &c.brackets);
    assert!(
        brackets.clone().count() > 25
            && brackets
                .clone()
                .all(|b| b.exact && b.status == Status::Pass)
    );
}
