//! Opens tables and readers, and drops none.

use yunei_guest::{Result, open, parameter};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
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
