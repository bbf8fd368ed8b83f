//! Opens tables and readers, and drops none.

use yunei_guest::{Result, open, parameter, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    // What its manifest declares is imported: admission has nothing to refuse.
    write("loot", ["rows"], [(1_i64,)])?;
    if parameter::<String>("attack")? == "readers" {
        let flights = open("nyc-flights-2013")?;
        loop {
            std::mem::forget(flights.scan(["month"])?);
        }
    }
    loop {
        std::mem::forget(open("nyc-flights-2013")?);
    }
}
