//! Spins while it is instantiated, before any export is called: starting has a deadline too.

use std::hint::black_box;
use yunei_guest::{Result, open, write};

yunei_guest::analysis!(run);

/// The component's adapter calls this before anything else.
#[unsafe(no_mangle)]
extern "C" fn _initialize() {
    loop {
        black_box(());
    }
}

fn run() -> Result<()> {
    // What its manifest declares is imported: admission has nothing to refuse.
    drop(open("nyc-flights-2013")?);
    write("loot", ["rows"], [(1_i64,)])
}
