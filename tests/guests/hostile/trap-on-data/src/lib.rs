//! Tells a bit of the data by how it ends: with a trap, with an error that names the bit, or without output.

use yunei_guest::{Error, Result, open, parameter, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    let attack: String = parameter("attack")?;
    let mut delays = 0_i64;
    for batch in open("nyc-flights-2013")?.scan(["dep_delay_minutes"])? {
        for (delay,) in batch?.rows::<(Option<i32>,)>()? {
            delays += i64::from(delay.unwrap_or_default());
        }
    }
    match (attack.as_str(), delays % 2 == 1) {
        ("trap", true) => std::process::abort(),
        ("error", true) => Err(Error::Message(
            ["the secret is ", &delays.to_string()].concat(),
        )),
        (_, true) => Ok(()),
        (_, false) => write("loot", ["delays"], [(delays,)]),
    }
}
