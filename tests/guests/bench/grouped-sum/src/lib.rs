//! Takings per line: the grouped sum that the benchmark `scan` measures against the same kernel outside the sandbox.
#![forbid(unsafe_code)]

mod kernel;

use kernel::Sums;
use yunei_guest::{Result, Values, open, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    let mut sums = Sums::default();
    for batch in open("synthetic-takings")?.scan(["line", "fare_fen"])? {
        let batch = batch?;
        let [lines, fares] = batch.columns() else {
            continue;
        };
        match (&lines.values, &fares.values) {
            (Values::Int32(lines), Values::Int64(fares)) => sums.add(lines, fares),
            _ => return Err("the columns have other types".into()),
        }
    }
    write("takings", ["line", "fare_fen"], sums.totals())
}
