//! Did a person see the doctor less often at the end of the experiment than at its beginning?
#![forbid(unsafe_code)]

use yunei_guest::{Contribution, Rows};

yunei_guest::per_subject!(contribute);

yunei_guest::category! {
    /// The cells of the manifest, in its order.
    enum Cell {
        FreeFewer = "free: fewer visits",
        FreeSame = "free: as many",
        FreeMore = "free: more visits",
        FreeOnce = "free: one year alone",
        SharedFewer = "shared: fewer visits",
        SharedSame = "shared: as many",
        SharedMore = "shared: more visits",
        SharedOnce = "shared: one year alone",
    }
}

yunei_guest::category! {
    /// The measures of the manifest, in its order.
    enum Measure { Persons = "persons", VisitsPerYear = "visits_per_year" }
}

/// One person's years: study year, coinsurance in percent, visits to doctors.
fn contribute(years: Rows<'_, (i32, i32, i32)>) -> Vec<Contribution> {
    let mut years: Vec<(i32, i32, i32)> = years.collect();
    years.sort_unstable();
    let (Some(first), Some(last)) = (years.first(), years.last()) else {
        return Vec::new();
    };
    let change = if years.len() == 1 {
        None
    } else {
        Some(last.2 - first.2)
    };
    let cell = cell(first.1 == 0, change);
    let visits: i32 = years.iter().map(|year| year.2).sum();
    let per_year = f64::from(visits) / years.len() as f64;
    vec![
        Contribution::new(cell, Measure::Persons, 1.0),
        Contribution::new(cell, Measure::VisitsPerYear, per_year),
    ]
}

fn cell(free: bool, change: Option<i32>) -> Cell {
    match (free, change) {
        (true, None) => Cell::FreeOnce,
        (true, Some(..0)) => Cell::FreeFewer,
        (true, Some(0)) => Cell::FreeSame,
        (true, Some(1..)) => Cell::FreeMore,
        (false, None) => Cell::SharedOnce,
        (false, Some(..0)) => Cell::SharedFewer,
        (false, Some(0)) => Cell::SharedSame,
        (false, Some(1..)) => Cell::SharedMore,
    }
}

#[cfg(test)]
mod tests {
    use yunei_guest::{Contribution, Result, testing::batch};

    use super::{Cell, Measure, contribute};

    const FIELDS: [&str; 3] = ["study_year", "coinsurance_percent", "doctor_visits"];

    fn person<const YEARS: usize>(years: [(i32, i32, i32); YEARS]) -> Result<Vec<Contribution>> {
        Ok(contribute(batch(&FIELDS, years)?.rows()?))
    }

    #[test]
    fn years_are_put_in_order() -> Result<()> {
        let fewer = person([(3, 25, 1), (1, 25, 4), (2, 25, 4)])?;
        let expected = [
            Contribution::new(Cell::SharedFewer, Measure::Persons, 1.0),
            Contribution::new(Cell::SharedFewer, Measure::VisitsPerYear, 3.0),
        ];
        assert_eq!(fewer, expected);
        Ok(())
    }

    #[test]
    fn one_year_has_no_change() -> Result<()> {
        let once = person([(2, 0, 7)])?;
        assert!(once.iter().all(|c| c.cell == Cell::FreeOnce as u32));
        assert!(person([])?.is_empty());
        Ok(())
    }
}
