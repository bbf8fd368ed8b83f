//! Reads its table again and again, without end: a victim for revocation in the middle of a run.

use yunei_guest::{Level, Result, note, open};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    note(Level::Info, "reading");
    loop {
        for batch in open("nyc-flights-2013")?.scan(["origin", "month", "dep_delay_minutes"])? {
            batch?;
        }
    }
}
