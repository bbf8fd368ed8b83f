//! Fills 64 MiB again and again. One `memory.fill` cannot be interrupted in its middle, so killing the room is what
//! must end this at once.

use std::hint::black_box;
use yunei_guest::{Level, Result, note, open, write};

yunei_guest::analysis!(run);

const BYTES: usize = 64 << 20;

fn run() -> Result<()> {
    // What its manifest declares is imported: admission has nothing to refuse.
    drop(open("nyc-flights-2013")?);
    write("loot", ["rows"], [(1_i64,)])?;
    let mut memory = vec![0_u8; BYTES];
    note(Level::Info, "filling");
    for value in (0..=u8::MAX).cycle() {
        black_box(&mut memory).fill(value);
    }
    Ok(())
}
