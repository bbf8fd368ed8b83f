//! Takes all memory that there is: page by page, by allocation, or by holding everything that it reads.

use std::hint::black_box;
use yunei_guest::{Error, Result, open, parameter, write};

yunei_guest::analysis!(run);

const BLOCK: usize = 1 << 20;

fn run() -> Result<()> {
    // What its manifest declares is imported: admission has nothing to refuse.
    write("loot", ["rows"], [(1_i64,)])?;
    match parameter::<String>("attack")?.as_str() {
        "allocate" => {
            let mut hoard = Vec::new();
            loop {
                hoard.push(black_box(vec![0xA5_u8; BLOCK]));
            }
        }
        "read" => {
            let mut hoard = Vec::new();
            loop {
                let flights = open("nyc-flights-2013")?;
                for batch in flights.scan(["origin", "month", "dep_delay_minutes"])? {
                    hoard.push(batch?);
                }
                black_box(&hoard);
            }
        }
        _ => grow(),
    }
}

/// Grows until the host says no, and reports how far that was.
fn grow() -> Result<()> {
    #[cfg(target_arch = "wasm32")]
    while std::arch::wasm32::memory_grow::<0>(1) != usize::MAX {}
    #[cfg(target_arch = "wasm32")]
    let pages = std::arch::wasm32::memory_size::<0>();
    #[cfg(not(target_arch = "wasm32"))]
    let pages = 0_usize;
    Err(Error::Message(
        ["memory ended after ", &pages.to_string(), " pages"].concat(),
    ))
}
