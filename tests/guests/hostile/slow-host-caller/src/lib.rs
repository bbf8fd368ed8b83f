//! Calls the host without end: a victim for revocation in the middle of a call. It asks for its table again and again, or reads it
//! again and again until it has had as many rows as a run may have.

use yunei_guest::{Level, Result, note, open, parameter, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    // What its manifest declares is imported: admission has nothing to refuse.
    write("loot", ["rows"], [(1_i64,)])?;
    note(Level::Info, "calling");
    if parameter::<String>("attack")? == "open" {
        loop {
            drop(open("nyc-flights-2013")?);
        }
    }
    loop {
        for batch in open("nyc-flights-2013")?.scan(["month"])? {
            batch?;
        }
    }
}
