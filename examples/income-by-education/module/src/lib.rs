//! What share earns over 50,000 dollars, by level of education and the region they moved from?
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use yunei_guest::{Result, open, write};

yunei_guest::analysis!(run);

const FIELDS: [&str; 4] = ["education", "previous_region", "income_over_50k", "weight"];

/// Persons of a group, their sampling weights, and the weights of those who earn over 50,000.
#[derive(Default)]
struct Group {
    persons: i64,
    all: f64,
    over: f64,
}

/// By level of education; the gate bands levels to stages, as the manifest says.
fn run() -> Result<()> {
    let mut groups = BTreeMap::<(String, String), Group>::new();
    for batch in open("census-income-1994")?.scan(FIELDS)? {
        for (education, region, over, weight) in batch?.rows::<(String, String, i32, f64)>()? {
            let group = groups.entry((education, region)).or_default();
            group.persons += 1;
            group.all += weight;
            group.over += weight * f64::from(over);
        }
    }
    let rows = groups.iter().map(|((education, region), group)| {
        let share = group.over / group.all;
        (education.as_str(), region.as_str(), group.persons, share)
    });
    write(
        "income",
        ["education", "previous_region", "persons", "share_over_50k"],
        rows,
    )
}
