//! Copies rows to its output: as base64, in plain text, in the bits of numbers, in the order of rows.

use yunei_guest::{Output, Result, open, parameter, write};

yunei_guest::analysis!(run);

const FIELDS: [&str; 3] = ["origin", "month", "dep_delay_minutes"];
/// Rows taken.
const ROWS: usize = 10_000;

fn run() -> Result<()> {
    let mut rows = Vec::new();
    for batch in open("nyc-flights-2013")?.scan(FIELDS)? {
        rows.extend(
            batch?
                .rows::<(String, i32, Option<i32>)>()?
                .take(ROWS - rows.len()),
        );
    }
    match parameter::<String>("attack")?.as_str() {
        "plain" => write("loot", FIELDS, rows),
        "numbers" => {
            let packed = rows.iter().map(|(origin, month, delay)| {
                let bits = u64::from(origin.as_bytes()[0]) << 40
                    | (*month as u64) << 32
                    | u64::from(delay.unwrap_or(-1) as u32);
                (f64::from_bits(1_f64.to_bits() | bits),)
            });
            write("loot", ["figure"], packed)
        }
        "order" => {
            rows.sort_by_key(|(_, _, delay)| *delay);
            write(
                "loot",
                ["month"],
                rows.iter().map(|(_, month, _)| (*month,)),
            )
        }
        _ => {
            let mut loot = Output::create("loot", ["note"])?;
            for (origin, month, delay) in &rows {
                let line = [
                    origin,
                    ",",
                    &month.to_string(),
                    ",",
                    &delay.unwrap_or(-1).to_string(),
                ]
                .concat();
                loot.push((base64(line.as_bytes()),))?;
            }
            loot.finish()
        }
    }
}

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let word = three
            .iter()
            .fold(0_u32, |word, byte| word << 8 | u32::from(*byte))
            << (8 * (3 - three.len()));
        for place in 0..=three.len() {
            text.push(char::from(
                ALPHABET[(word >> (18 - 6 * place) & 63) as usize],
            ));
        }
        text.extend(std::iter::repeat_n('=', 3 - three.len()));
    }
    text
}
