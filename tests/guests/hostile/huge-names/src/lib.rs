//! Passes names and lists far beyond any limit.

use yunei_guest::bindings::analysis::yunei::guest::{data, output};
use yunei_guest::{Error, Field, Kind, Result, open, parameter};

yunei_guest::analysis!(run);

const MANY: usize = 1 << 20;

fn run() -> Result<()> {
    let refused = |code: String| Error::Message(["refused: ", &code].concat());
    match parameter::<String>("attack")?.as_str() {
        "columns" => {
            let flights = data::open("nyc-flights-2013").map_err(|denial| refused(denial.code))?;
            flights
                .scan(&vec![0; MANY])
                .map(drop)
                .map_err(|denial| refused(denial.code))
        }
        "schema" => {
            let field = Field {
                name: "n".repeat(64),
                kind: Kind::Int32,
                nullable: false,
            };
            output::create("loot", &vec![field; MANY / 64])
                .map(drop)
                .map_err(|denial| refused(denial.code))
        }
        _ => open(&"n".repeat(16 * MANY)).map(drop),
    }
}
