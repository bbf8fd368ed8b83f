//! Asks for `race`, which its grant does not name.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;
use yunei_guest::{Result, Summary, open, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    let mut groups = BTreeMap::<String, Summary>::new();
    for batch in open("census-income-1994")?.scan(["race", "income_over_50k"])? {
        for (race, over) in batch?.rows::<(String, f64)>()? {
            groups.entry(race).or_default().add(over);
        }
    }
    let rows = groups
        .iter()
        .map(|(race, s)| (race.as_str(), s.rows(), s.mean()));
    write("groups", ["race", "persons", "share_over_50k"], rows)
}
