//! What is measured: one card's rides become a few contributions.
#![forbid(unsafe_code)]

use yunei_guest::{Contribution, Rows};

yunei_guest::per_subject!(contribute);

yunei_guest::category! {
    /// The manifest's cells.
    enum Cell { Rare = "rare", Often = "often", Peak = "peak" }
}

yunei_guest::category! {
    /// The manifest's measures.
    enum Measure { Cards = "cards", Minutes = "minutes" }
}

fn contribute<'a>(rides: Rows<'a, (i32, &'a str, f64)>) -> Vec<Contribution> {
    let cell = if rides.len() < 5 {
        Cell::Rare
    } else {
        Cell::Often
    };
    let mut given = vec![Contribution::new(cell, Measure::Cards, 1.0)];
    for (hour, line, minutes) in rides {
        given.push(Contribution::new(cell, Measure::Minutes, minutes));
        if matches!(hour, 7..=9 | 17..=19) && line.starts_with('6') {
            given.push(Contribution::new(Cell::Peak, Measure::Minutes, minutes));
        }
    }
    given
}
