//! Many host calls of the cheapest kind, then a small grouped sum: what the benchmark `record` measures the record's pace with.
#![forbid(unsafe_code)]

use std::collections::BTreeMap;

use yunei_guest::{Result, open, parameter, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    let calls: i64 = parameter("calls")?;
    for _ in 0..calls {
        let _again: i64 = parameter("calls")?;
    }
    let mut totals = BTreeMap::<i32, i64>::new();
    for batch in open("synthetic-takings")?.scan(["line", "fare_fen"])? {
        for (line, fare) in batch?.rows::<(i32, i64)>()? {
            *totals.entry(line).or_default() += fare;
        }
    }
    write("takings", ["line", "fare_fen"], totals)
}
