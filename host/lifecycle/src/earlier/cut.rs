//! Time, cut at the bounds of all periods that share rows: a week's cells are the sums of its days'.
//!
//! Whether rows can be told apart that way follows from public structure alone: one filter, periods of one field. Whether an earlier
//! snapshot had the same rows in a period as this one, the gate looks up itself.

use yunei_model::{Banding, BandingKind, Name, Period, RowSet};

/// Days that are told apart at most.
const DAYS_MAX: u32 = 400;
/// Name of the banding by days: it is nobody's else.
const DAYS: &str = "days";

/// Days, the pieces that they make, and which pieces each table is over.
#[derive(Debug)]
pub(super) struct Pieces {
    pub(super) days: Banding,
    /// The piece of each label of `days`.
    pub(super) piece_of: Vec<u32>,
    /// For each table in turn, whether each piece is among its rows.
    pub(super) tables: Vec<Vec<bool>>,
    /// From the first of the days to the last; `None` when a table is over rows of other days too.
    pub(super) hull: Option<Period>,
    /// The field.
    pub(super) field: Name,
}

/// Whether two row sets can be cut into common pieces: where they are of different snapshots, the earlier one's rows must be those of a
/// period, which the gate looks for in both.
pub(super) fn is_cut_with(candidate: &RowSet, earlier: &RowSet) -> bool {
    let comparable = candidate.snapshot == earlier.snapshot || earlier.period.is_some();
    candidate.differs_in_time_alone(earlier) && comparable
}

/// Cuts time where these periods begin and end; `None` where nothing is to be cut, or it would be into too many days.
pub(super) fn cut(periods: &[Option<&Period>]) -> Option<Pieces> {
    let bounded = || periods.iter().copied().flatten();
    let field = bounded().next()?.field.clone();
    if bounded().any(|period| period.field != field || period.days().is_none()) {
        return None;
    }
    let hull = Period {
        from: bounded().map(|period| period.from).min()?,
        until: bounded().map(|period| period.until).max()?,
        field,
    };
    let days = hull.days().filter(|days| *days <= DAYS_MAX)?;
    let (mut kinds, mut piece_of): (Vec<Vec<bool>>, Vec<u32>) = (Vec::new(), Vec::new());
    let mut take = |over: Vec<bool>| {
        let known = kinds.iter().position(|kind| *kind == over);
        let piece = known.unwrap_or(kinds.len());
        if known.is_none() {
            kinds.push(over);
        }
        // INVARIANT: there are no more pieces than days, and one.
        piece_of.push(u32::try_from(piece).unwrap_or(u32::MAX));
    };
    for day in 0..days {
        let from = hull.from.plus_seconds(i64::from(day) * 86_400);
        let day = Period {
            field: hull.field.clone(),
            from,
            until: from.plus_seconds(86_400),
        };
        let over = |period: &Option<&Period>| period.is_none_or(|period| period.contains(&day));
        take(periods.iter().map(over).collect());
    }
    // Everything else: other days, and rows without one.
    take(periods.iter().map(Option::is_none).collect());
    let tables = (0..periods.len()).map(|table| {
        let over = kinds.iter().map(|kind| kind.get(table) == Some(&true));
        over.collect::<Vec<bool>>()
    });
    let whole = periods.iter().any(Option::is_none);
    Some(Pieces {
        days: Banding {
            name: Name::parse(DAYS).ok()?,
            kind: BandingKind::Days {
                from: hull.first_day()?,
                days,
            },
            within: None,
        },
        piece_of,
        tables: tables.collect(),
        field: hull.field.clone(),
        hull: (!whole).then_some(hull),
    })
}

#[cfg(test)]
mod tests {
    use yunei_model::{Cadence, day_start};

    use super::*;

    fn period(cadence: Cadence, day: &str) -> Period {
        let field = Name::parse("boarded-at").unwrap();
        Period::around(&field, cadence, day_start(day).unwrap()).unwrap()
    }

    #[test]
    fn a_week_is_cut_at_the_days_that_are_told_of() {
        let week = period(Cadence::Weekly, "2026-03-02");
        let days = ["2026-03-03", "2026-03-05"].map(|day| period(Cadence::Daily, day));
        let pieces = cut(&[Some(&week), Some(&days[0]), Some(&days[1])]).unwrap();
        // Monday, Tuesday, Wednesday as Monday, Thursday, the others as Monday, and all else.
        assert_eq!(pieces.piece_of, [0, 1, 0, 2, 0, 0, 0, 3]);
        assert_eq!(pieces.tables[0], [true, true, true, false]);
        assert_eq!(pieces.tables[1], [false, true, false, false]);
        assert_eq!(pieces.hull, Some(week.clone()));
        assert_eq!(pieces.days.labels().len(), pieces.piece_of.len());

        let everything = cut(&[None, Some(&days[0])]).unwrap();
        assert_eq!(everything.piece_of, [0, 1]);
        assert_eq!(everything.tables, [vec![true, true], vec![true, false]]);
        assert_eq!(everything.hull, None);
        assert!(cut(&[None, None]).is_none(), "nothing to cut");
    }

    #[test]
    fn what_is_too_far_apart_is_not_cut() {
        let day = |day| period(Cadence::Daily, day);
        assert!(cut(&[Some(&day("2026-01-01")), Some(&day("2026-12-31"))]).is_some());
        assert!(cut(&[Some(&day("2026-01-01")), Some(&day("2027-12-31"))]).is_none());
        let mut odd = day("2026-01-01");
        odd.until = odd.until.plus_seconds(1);
        assert!(cut(&[Some(&odd)]).is_none());
    }
}
