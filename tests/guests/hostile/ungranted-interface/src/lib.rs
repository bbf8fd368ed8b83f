//! Imports `query`, which is linked only where the grant allows joins: without that it does not start.

use yunei_guest::{Result, sql, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    for batch in sql("SELECT * FROM \"nyc-flights-2013\"")? {
        batch?;
    }
    write("loot", ["rows"], [(1_i64,)])
}
