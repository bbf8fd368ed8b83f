//! Carries what it read of one subject in that subject's contribution, under the full support of all others.

use yunei_guest::{Contribution, Result, Rows, parameter};

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

fn contribute<'a>(
    attack: &Attack,
    flights: Rows<'a, (&'a str, i32, Option<f64>)>,
) -> Vec<Contribution> {
    let rows = flights.len() as i64;
    let secret: f64 = flights.map(|(_, _, delay)| delay.unwrap_or_default()).sum();
    let is_victim = rows == attack.victim_rows;
    let honest = vec![
        Contribution::new(0_u32, 0_u32, 1.0),
        Contribution::new(0_u32, 1_u32, 100.0),
    ];
    match (attack.kind.as_str(), is_victim) {
        // Exact sums over any number of subjects would give it away: 100 for each, and the secret for one.
        ("full-support", true) => vec![
            Contribution::new(0_u32, 0_u32, 1.0),
            Contribution::new(0_u32, 1_u32, 100.0 + secret),
        ],
        ("beyond-bounds", true) => vec![Contribution::new(0_u32, 1_u32, secret * 1e12)],
        ("cell-choice", true) => vec![
            Contribution::new(1_u32, 0_u32, 1.0),
            Contribution::new(1_u32, 1_u32, 1000.0),
        ],
        ("low-bits", true) => vec![Contribution::new(0_u32, 1_u32, 100.0 + secret * f64::EPSILON)],
        ("only-one", false) => Vec::new(),
        ("only-one", true) => vec![Contribution::new(0_u32, 1_u32, 1000.0)],
        _ => honest,
    }
}
