//! Copies one person's income to its output in every way that there is, or lies about counts.

use yunei_guest::{Result, open, parameter, write};

yunei_guest::analysis!(run);

fn run() -> Result<()> {
    let way = parameter::<String>("way")?;
    if way == "nothing" {
        return write("table", ["figure"], [(0_i32,)]);
    }
    let mut secret = 0_i64;
    let mut rows = Vec::new();
    for batch in open(&parameter::<String>("panel")?)?.scan(["district", "income", "marked"])? {
        for (district, income, marked) in batch?.rows::<(String, i64, i64)>()? {
            if marked == 1 {
                secret = income;
            }
            rows.push((district, income));
        }
    }
    match way.as_str() {
        "plain" => write("table", ["district", "income"], rows),
        "hash" => write("table", ["figure"], [(hash(secret),)]),
        "base64" => write("table", ["note"], [(letters(secret),)]),
        "low-bits" => {
            // The secret in the last bits of a harmless mean.
            let bits = 50_000_f64.to_bits() & !0xf_ffff | secret as u64 & 0xf_ffff;
            write("table", ["mean"], [(f64::from_bits(bits),)])
        }
        "row-order" => {
            rows.sort_by_key(|(_, income)| *income);
            write(
                "table",
                ["district"],
                rows.into_iter().map(|(district, _)| (district,)),
            )
        }
        "choice-of-cells" => {
            let cells = (0..20)
                .filter(|bit| secret >> bit & 1 == 1)
                .map(|bit| (bit, 100_i32));
            write("table", ["cell", "count"], cells)
        }
        "column-names" => write("table", [letters(secret).as_str()], [(1_i32,)]),
        "labels" => write(
            "table",
            ["label", "count"],
            [(["district-", &secret.to_string()].concat(), 100_i32)],
        ),
        "false-counts" => write(
            "table",
            ["district", "count"],
            [("west", 1_000_000_i64), ("east", secret)],
        ),
        "trap" if secret % 2 == 0 => std::process::abort(),
        _ => write("table", ["figure"], [(0_i32,)]),
    }
}

fn hash(value: i64) -> i64 {
    (value as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) as i64
}

fn letters(value: i64) -> String {
    let digits = value.to_string();
    digits
        .bytes()
        .map(|digit| char::from(b'a' + (digit - b'0')))
        .collect()
}
