//! Floods an output: with rows, with long values, with tables.

use yunei_guest::{Output, Result, open, parameter, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    // What its manifest declares is imported: admission has nothing to refuse.
    drop(open("nyc-flights-2013")?);
    match parameter::<String>("attack")?.as_str() {
        "bytes" => {
            let long = "x".repeat(100_000);
            let mut loot = Output::create("loot", ["text"])?;
            loop {
                loot.push((long.as_str(),))?;
            }
        }
        "outputs" => loop {
            write("loot", ["n"], [(1,)])?;
        },
        _ => {
            let mut loot = Output::create("loot", ["n"])?;
            for n in 0_i64.. {
                loot.push((n,))?;
            }
            Ok(())
        }
    }
}
