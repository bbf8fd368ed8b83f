//! Tells of one subject by how its call ends: by a trap, by burning time or memory, by an answer that is none.

use std::hint::black_box;

use yunei_guest::{Contribution, Error, Result, Rows, parameter};

yunei_guest::per_subject!(contribute, with Attack::read);

struct Attack {
    kind: String,
    victim_rows: i64,
}

impl Attack {
    fn read() -> Result<Self> {
        Ok(Self {
            kind: parameter("attack")?,
            victim_rows: parameter("victim_rows")?,
        })
    }
}

fn contribute(
    attack: &Attack,
    flights: Rows<'_, (String, i32, Option<f64>)>,
) -> Result<Vec<Contribution>> {
    let honest = vec![
        Contribution::new(0_u32, 0_u32, 1.0),
        Contribution::new(0_u32, 1_u32, 100.0),
    ];
    if flights.len() as i64 != attack.victim_rows {
        return Ok(honest);
    }
    match attack.kind.as_str() {
        "trap" => std::process::abort(),
        "error" => Err(Error::from("the secret")),
        "spin" => loop {
            black_box(());
        },
        "fill" => {
            let mut bytes = vec![0_u8; 1 << 20];
            loop {
                bytes.fill(black_box(1));
                black_box(&bytes);
            }
        }
        "recursion" => Ok(vec![Contribution::new(0_u32, 1_u32, deeper(0))]),
        "memory" => loop {
            std::mem::forget(black_box(vec![1_u8; 1 << 16]));
        },
        "many" => Ok(vec![Contribution::new(0_u32, 1_u32, 0.1); 5_000]),
        "cell" => Ok(vec![Contribution::new(3_u32, 0_u32, 1.0)]),
        "measure" => Ok(vec![Contribution::new(0_u32, 2_u32, 1.0)]),
        "nan" => Ok(vec![Contribution::new(0_u32, 1_u32, f64::NAN)]),
        "infinite" => Ok(vec![Contribution::new(0_u32, 1_u32, f64::INFINITY)]),
        _ => Ok((0_u32..3)
            .map(|cell| Contribution::new(cell, 0_u32, 1.0))
            .collect()),
    }
}

#[expect(unconditional_recursion, reason = "it is the attack")]
fn deeper(depth: u32) -> f64 {
    let here = black_box([f64::from(depth); 64]);
    here[0] + deeper(black_box(depth + 1)) + here[63]
}
