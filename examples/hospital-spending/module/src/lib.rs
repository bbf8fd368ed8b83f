//! What did hospitals cost for adolescents whose family paid half, early and late in the experiment?
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use yunei_guest::{Result, Summary, open, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    let mut spending = BTreeMap::<i32, Summary>::new();
    for batch in open("rand-health-insurance")?.scan(["study_year", "inpatient_dollars"])? {
        for (year, dollars) in batch?.rows::<(i32, f64)>()? {
            spending.entry(year).or_default().add(dollars);
        }
    }
    let rows = spending.iter().map(|(year, s)| (*year, s.rows(), s.sum()));
    write(
        "spending",
        ["study_year", "person_years", "inpatient_dollars"],
        rows,
    )
}
