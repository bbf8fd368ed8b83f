//! Asks for resources, fields and outputs that neither grant nor manifest gives, hears that it is refused, and asks again.

use yunei_guest::bindings::analysis::yunei::guest::{data, output};
use yunei_guest::{Error, Field, Kind, Result, parameter};

yunei_guest::analysis!(run);

/// Refused calls of one run.
const CALLS: u32 = 12;

fn run() -> Result<()> {
    let attack: String = parameter("attack")?;
    for _ in 0..CALLS {
        let served = match attack.as_str() {
            // A column after the last that is granted.
            "field" => {
                let flights = data::open("nyc-flights-2013").map_err(|denial| told(&denial.code))?;
                flights.scan(&[99]).is_ok()
            }
            "output" => {
                let field = Field {
                    name: "rows".to_owned(),
                    kind: Kind::Int64,
                    nullable: false,
                };
                output::create("undeclared", &[field]).is_ok()
            }
            _ => data::open("census-income-1994").is_ok(),
        };
        if served {
            return Err(told("was served"));
        }
    }
    Err(told("done"))
}

fn told(what: &str) -> Error {
    Error::Message(what.to_owned())
}
