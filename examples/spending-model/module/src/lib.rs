//! How is outpatient spending spread under each way of sharing cost, and what goes along with it?
#![forbid(unsafe_code)]

use yunei_guest::{Result, open, write};

yunei_guest::analysis!(run);

/// The cells of the frame in their order: the classes of the banding, and the rest.
const CELLS: [&str; 4] = ["free", "partial", "nearly all", "other"];

/// Which cell a coinsurance falls in, as the banding `sharing` has it.
fn cell(percent: i32) -> usize {
    match percent {
        0 => 0,
        25 | 50 => 1,
        95 | 100 => 2,
        _ => 3,
    }
}

/// Spending of a cell.
#[derive(Default)]
struct Cell {
    rows: u32,
    without: u32,
}

/// The median and the ninetieth percentile are the gate's own, whatever stands here; so is the model, which is only declared.
fn run() -> Result<()> {
    let mut cells: [Cell; 4] = Default::default();
    let fields = ["coinsurance_percent", "outpatient_dollars"];
    for batch in open("rand-health-insurance")?.scan(fields)? {
        for (percent, dollars) in batch?.rows::<(i32, f64)>()? {
            if let Some(cell) = cells.get_mut(cell(percent)) {
                cell.rows += 1;
                cell.without += u32::from(dollars == 0.0);
            }
        }
    }
    let rows = CELLS.iter().zip(&cells).map(|(label, cell)| {
        let share = f64::from(cell.without) / f64::from(cell.rows.max(1));
        (*label, 0.0, 0.0, share)
    });
    write(
        "distribution",
        ["coinsurance_percent", "median", "ninetieth", "without_care"],
        rows,
    )
}
