//! How many of each level of education earn over 50,000 dollars, and from where did they move?
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use yunei_guest::{Result, open, write};

yunei_guest::analysis!(run);

const FIELDS: [&str; 4] = ["education", "previous_region", "income_over_50k", "weight"];

/// Sums of sampling weights: all of a group, and those who earn over 50,000.
#[derive(Default)]
struct Weighed {
    all: f64,
    over: f64,
}

fn run() -> Result<()> {
    let mut income = BTreeMap::<String, Weighed>::new();
    let mut origins = BTreeMap::<(String, String), i64>::new();
    for batch in open("census-income-1994")?.scan(FIELDS)? {
        for (education, region, over, weight) in batch?.rows::<(String, String, i32, f64)>()? {
            let group = income.entry(education.clone()).or_default();
            group.all += weight;
            group.over += weight * f64::from(over);
            *origins.entry((education, region)).or_default() += 1;
        }
    }
    let shares = income
        .iter()
        .map(|(education, group)| (education.as_str(), group.over / group.all));
    write("income", ["education", "share_over_50k"], shares)?;
    let persons = origins
        .iter()
        .map(|((education, region), n)| (education.as_str(), region.as_str(), *n));
    write(
        "origins",
        ["education", "previous_region", "persons"],
        persons,
    )
}
