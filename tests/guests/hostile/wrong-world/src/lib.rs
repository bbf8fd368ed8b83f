//! Its manifest says `per-row`, its code says `analysis`: admission compares them.

use yunei_guest::Result;

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    Ok(())
}
