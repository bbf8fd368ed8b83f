//! What lies between two figures of numbers: they tell of the rows in which they differ, whatever each of them hides.
//!
//! Where the same tables show both, the difference is a quantity like any other: it is what every cell tells that shows one of them, and blank cells
//! in which too few differ must keep it. Where different tables show them, whatever set of rows both are told of is made of whole *knots*
//! (`linked::columns` says why); where too few differ in one, people decide. So they do where figures of one column are weighed in
//! ways that could be solved for its values.
//!
//! So it is of one figure and of what many share (`alone`). One table that the gate itself has judged has none of this: the gate protects what lies
//! between its figures.

mod alone;
mod knots;
mod part;
mod system;

pub(super) use part::Cells;

use std::sync::Arc;

use super::counted::{Counted, Rows};
use super::measured::{Own, Quantity, Source};
use crate::profile::{Profile, Settings};
use part::{Parts, in_parts};

/// Pairs of figures whose difference is protected and attacked, at most.
const PAIRS_MAX: usize = 16;
/// Pairs of figures times rows that are looked at, at most.
const WORK_MAX: usize = 2_000_000_000;

/// A table of a review, about to be told of what lies between its figures.
pub(super) struct Table<'t, 'a> {
    pub(super) counted: &'t mut Counted<'a>,
    /// Rows that it is made of.
    pub(super) kept: &'t [bool],
    /// Whether it is under review, and not out already.
    pub(super) own: bool,
}

/// A figure of numbers, and the tables that show it.
struct Figure {
    key: String,
    values: Arc<Vec<Option<f64>>>,
    tables: Vec<usize>,
    /// Whether a table under review shows it.
    own: bool,
}

/// Two figures, row by row.
pub(super) struct Apart {
    /// By how much they differ; none where neither has a value.
    values: Vec<Option<f64>>,
    /// Whether they are one column under two weights.
    weighed: bool,
}

/// Has every table tell what lies between its figures, and says why people must decide.
pub(super) fn look(
    tables: &mut [Table<'_, '_>],
    rows: &Rows,
    profile: &Profile,
) -> Vec<&'static str> {
    one_name(tables);
    let settings = profile.settings();
    let figures = figures(tables);
    alone::look(tables, &figures, rows, settings);
    if !settings.complement.is_some_and(|rule| rule.disclosive) {
        return Vec::new();
    }
    let mut reasons = Vec::new();
    if system::is_solved(tables, rows, settings) {
        reasons.push("tables sum one column under weights that could be solved for its values");
    }
    let pairs = figures.len() * figures.len().saturating_sub(1) / 2;
    if pairs.saturating_mul(rows.order.len()) > WORK_MAX {
        reasons.push("there are too many figures to hold each against each other");
        return reasons;
    }
    let mut attached = 0;
    for (place, one) in figures.iter().enumerate() {
        for other in figures.iter().skip(place + 1) {
            if !one.own && !other.own {
                continue;
            }
            let apart = Apart::new(one, other, rows);
            if one.tables != other.tables {
                if knots::tell(tables, [&one.tables, &other.tables], &apart, rows, settings) {
                    reasons.push("figures in different tables differ for too few");
                }
                continue;
            }
            match within(tables, [one, other], &apart, rows, settings) {
                Within::Nothing => continue,
                Within::Cells => {}
                Within::Atoms => {
                    reasons.push("figures in several tables differ for too few between their cells")
                }
            }
            attached += 1;
            if attached >= PAIRS_MAX {
                reasons.push("there are too many pairs of figures that differ for few");
                return reasons;
            }
        }
    }
    reasons.dedup();
    reasons
}

/// Gives the same numbers one name: what is known of the one is known of the other.
fn one_name(tables: &mut [Table<'_, '_>]) {
    let mut known: Vec<(Arc<Vec<Option<f64>>>, String)> = Vec::new();
    let tells = tables
        .iter_mut()
        .flat_map(|table| &mut table.counted.measures)
        .flat_map(|measure| &mut measure.tells);
    for quantity in tells {
        let (Source::Sum(values) | Source::Present(values)) = &quantity.source else {
            continue;
        };
        let named = known.iter().find(|(theirs, _)| is_same(theirs, values));
        match named {
            Some((_, key)) => quantity.key.clone_from(key),
            None => {
                // Specs may read a column in different ways.
                let taken = known.iter().any(|(_, key)| *key == quantity.key);
                if taken {
                    quantity.key = format!("{}:{}", quantity.key, known.len());
                }
                known.push((Arc::clone(values), quantity.key.clone()));
            }
        }
    }
}

/// Whether both are the same numbers in all rows.
fn is_same(one: &Arc<Vec<Option<f64>>>, other: &Arc<Vec<Option<f64>>>) -> bool {
    let same = |(a, b): (&Option<f64>, &Option<f64>)| match (a, b) {
        (Some(a), Some(b)) => a.total_cmp(b).is_eq(),
        (a, b) => a.is_none() && b.is_none(),
    };
    Arc::ptr_eq(one, other) || (one.len() == other.len() && one.iter().zip(other.iter()).all(same))
}

/// The figures that tables show, but for plain numbers of rows, of values and of subjects.
fn figures(tables: &[Table<'_, '_>]) -> Vec<Figure> {
    let mut figures: Vec<Figure> = Vec::new();
    for (place, table) in tables.iter().enumerate() {
        for measure in &table.counted.measures {
            for quantity in &measure.tells {
                let values = match &quantity.source {
                    Source::Sum(values) => values,
                    Source::Present(values) if measure.extra.is_some() => values,
                    _ => continue,
                };
                let known = figures.iter_mut().find(|known| known.key == quantity.key);
                if let Some(known) = known {
                    if known.tables.last() != Some(&place) {
                        known.tables.push(place);
                    }
                    known.own |= table.own;
                    continue;
                }
                figures.push(Figure {
                    key: quantity.key.clone(),
                    values: Arc::clone(values),
                    tables: vec![place],
                    own: table.own,
                });
            }
        }
    }
    figures
}

impl Apart {
    fn new(one: &Figure, other: &Figure, rows: &Rows) -> Self {
        let mut values = vec![None; one.values.len()];
        let at = |figure: &Figure, row: usize| figure.values.get(row).copied().flatten();
        for row in &rows.order {
            let (a, b) = (at(one, *row), at(other, *row));
            if let Some(value) = values.get_mut(*row).filter(|_| a.or(b).is_some()) {
                *value = Some((a.unwrap_or(0.0) - b.unwrap_or(0.0)).abs());
            }
        }
        let column = |figure: &Figure| {
            let mut parts = figure.key.splitn(3, ':').map(str::to_owned);
            (parts.next(), parts.next())
        };
        Self {
            values,
            weighed: column(one) == column(other),
        }
    }
}

/// Which cells must keep what lies between two figures.
type Needs<'a> = dyn Fn(&Parts) -> Vec<bool> + 'a;

/// What lies between two figures that the same tables show.
enum Within {
    /// Nobody, or enough in every cell.
    Nothing,
    /// Too few in some cells, which must keep it.
    Cells,
    /// Too few also where cells of several tables meet.
    Atoms,
}

fn within(
    tables: &mut [Table<'_, '_>],
    [one, other]: [&Figure; 2],
    apart: &Apart,
    rows: &Rows,
    settings: &Settings,
) -> Within {
    let telling = &one.tables;
    let meeting = knots::meeting(tables, telling, rows);
    let parts = in_parts(&meeting, apart, rows);
    let alike = parts.some_alike();
    if !parts.needs(settings, alike).contains(&true) {
        return Within::Nothing;
    }
    let mut found = Within::Cells;
    if telling.len() > 1 && parts.any_fails_beside(settings, &sizes(tables, telling, &meeting)) {
        found = Within::Atoms;
    }
    let needs = |cells: &Parts| cells.needs(settings, alike);
    for place in telling {
        if let Some(table) = tables.get_mut(*place) {
            attach(table, [&one.key, &other.key], apart, (rows, &needs));
        }
    }
    found
}

/// Per part, whether it is a whole cell of one of the tables.
fn sizes(tables: &[Table<'_, '_>], telling: &[usize], meeting: &[Option<u32>]) -> Vec<bool> {
    let mut whole = Vec::new();
    let mut held: Vec<u64> = Vec::new();
    for part in meeting.iter().flatten() {
        let part = *part as usize;
        if held.len() <= part {
            held.resize(part + 1, 0);
            whole.resize(part + 1, false);
        }
        if let Some(held) = held.get_mut(part) {
            *held += 1;
        }
    }
    for (row, part) in meeting.iter().enumerate() {
        let Some(part) = part.map(|part| part as usize) else {
            continue;
        };
        let size = held.get(part).copied();
        let is_cell = telling
            .iter()
            .filter_map(|place| tables.get(*place))
            .any(|table| {
                let kept = table.kept.get(row).copied().unwrap_or(false);
                let cell = kept.then(|| table.counted.frame.finest(row)).flatten();
                cell.map(|cell| table.counted.rows(cell)) == size
            });
        if let Some(whole) = whole.get_mut(part) {
            *whole |= is_cell;
        }
    }
    whole
}

/// Has a table tell what lies between two of its figures, or between one and a number: by how much they differ, and for how many.
fn attach(
    table: &mut Table<'_, '_>,
    keys: [&str; 2],
    apart: &Apart,
    (rows, needs): (&Rows, &Needs<'_>),
) {
    let counted = &mut *table.counted;
    let mut places: Vec<(u32, usize)> = Vec::new();
    for row in &rows.order {
        let kept = table.kept.get(*row).copied().unwrap_or(false);
        let finest = kept.then(|| counted.frame.finest(*row)).flatten();
        for cell in finest.map(|f| counted.frame.above(f)).unwrap_or_default() {
            places.push((super::axis::narrow(cell), *row));
        }
    }
    let cells = Parts::of(places, counted.frame.cells(), apart, rows);
    let cells = Arc::new(Cells {
        needs: needs(&cells),
        contributions: cells.contributions(),
    });
    let differs = |value: &Option<f64>| value.filter(|by| *by > 0.0);
    let by: Arc<Vec<Option<f64>>> = Arc::new(apart.values.iter().map(differs).collect());
    let name = keys.join(" | ");
    let sources = [
        ("between", Source::Sum(Arc::clone(&by))),
        ("between-units", Source::UnitsOf(by)),
    ];
    let place = |key: &str| counted.measures.iter().position(|m| m.tells_of(key));
    let [first, second] = keys.map(place);
    let [one, other] = keys;
    for (key, beside) in [(one, second), (other, first)] {
        let tell = counted.measures.iter_mut().filter(|m| m.tells_of(key));
        for measure in tell {
            for (kind, source) in &sources {
                let key = format!("{kind}:{name}");
                if !measure.tells_of(&key) {
                    measure.tells.push(Quantity {
                        key,
                        source: source.clone(),
                        under: false,
                        own: Some(Own {
                            cells: Arc::clone(&cells),
                            beside,
                        }),
                    });
                }
            }
        }
    }
}
