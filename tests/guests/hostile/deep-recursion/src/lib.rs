//! Recurses without end: the stack overflows inside the sandbox, as a trap.

use std::hint::black_box;
use yunei_guest::{Error, Result, open, write};

yunei_guest::analysis!(run);

#[expect(unconditional_recursion, reason = "that is the attack")]
fn deeper(depth: u64) -> u64 {
    let here = black_box([depth; 16]);
    deeper(depth + 1) + here.iter().sum::<u64>()
}

fn run() -> Result<()> {
    // What its manifest declares is imported: admission has nothing to refuse.
    drop(open("nyc-flights-2013")?);
    write("loot", ["rows"], [(1_i64,)])?;
    Err(Error::Message(black_box(deeper(0)).to_string()))
}
