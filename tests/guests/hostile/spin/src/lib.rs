//! Never returns: the deadline ends it. It reads a batch and writes a row, and then makes no host call any more, so nothing
//! but an interruption reaches it.

use std::hint::black_box;
use yunei_guest::{Result, open, parameter, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    let rows = open("nyc-flights-2013")?
        .scan(["origin"])?
        .next()
        .map_or(0, |_| 1_i64);
    write("loot", ["origin", "rows"], [("EWR", rows)])?;
    match parameter::<String>("attack")?.as_str() {
        "count" => (0_u64..u64::MAX).for_each(|n| {
            black_box(n);
        }),
        _ => loop {
            black_box(());
        },
    }
    Ok(())
}
