//! Proofs for reviews: the tables, as the system of linked tables sees them.
//!
//! A shift of whole numbers over the atoms, which leaves every shown figure what it is, is one more way in which all tables could have come about. What is
//! shown is taken for known as it was before it was rounded: what is proven so holds for rounded figures too.

use std::collections::HashMap;

use super::atoms::{Atoms, Told};
use super::brackets::{Place, known};
use super::counted::{Counted, Rows};
use super::gifts::Gifts;
use super::measured::{Quantity, Source};
use crate::accumulate::ChannelRole;
use crate::linked::{Aim, Coordinates, Given, GivenCell, GivenQuantity};
use crate::rules::real;
use crate::suppress::COALITION;

/// Quantities of one review that are proven by shifts at most; those beyond are bracketed alone.
const QUANTITIES_MAX: usize = 100;

/// How far the sum of some atoms must be able to lie from what it is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Levels {
    pub(super) up: f64,
    pub(super) down: f64,
}

/// Tables that shifts are looked for in.
pub(super) struct Shifts {
    given: Given,
    /// Where each quantity's values are; none for one that can be negative.
    numbers: HashMap<String, usize>,
    members: Members,
}

/// Atoms of every cell, by table.
type Members = Vec<Vec<Vec<u32>>>;

impl Shifts {
    /// Over tables of which the first `candidates` are yet to be published: what is blank in them is blank, and more may be. None past a limit.
    pub(super) fn new(
        tables: &[Told<'_>],
        atoms: &Atoms,
        rows: &Rows,
        quantities: &[&Quantity],
        candidates: usize,
    ) -> Option<Self> {
        let mut numbers = HashMap::new();
        let mut kept: Vec<&Quantity> = Vec::new();
        let mut values = Vec::new();
        let gifts = atoms.gifts(rows);
        for quantity in quantities.iter().take(QUANTITIES_MAX) {
            if let Some(of_quantity) = held(quantity, atoms, rows) {
                numbers.insert(quantity.key.clone(), kept.len());
                kept.push(quantity);
                values.push(GivenQuantity {
                    counted: quantity.source.is_whole(),
                    falls: falls(quantity, &of_quantity, &gifts),
                    values: of_quantity,
                });
            }
        }
        if kept.is_empty() {
            return None;
        }
        let members = members(tables, atoms);
        let mut cells = Vec::new();
        for (table, told) in tables.iter().enumerate() {
            let of_table = members.get(table)?;
            cells.extend(described(table, told, of_table, &kept, table < candidates));
        }
        Some(Self {
            given: Given::new(cells, values, coordinates(tables, atoms))?,
            numbers,
            members,
        })
    }

    fn aim(&self, (table, cell): Place, quantity: &Quantity, levels: Levels) -> Option<Aim> {
        Some(Aim {
            atoms: self.members.get(table)?.get(cell)?.clone(),
            quantity: self.numbers.get(&quantity.key).copied()?,
            up: levels.up,
            down: levels.down,
        })
    }

    /// Whether the levels are proven for a cell.
    pub(super) fn proves(&mut self, place: Place, quantity: &Quantity, levels: Levels) -> bool {
        self.aim(place, quantity, levels)
            .is_some_and(|aim| self.given.proves(&aim))
    }

    /// Whether the levels are proven for a set of atoms, rising.
    pub(super) fn proves_of(
        &mut self,
        atoms: Vec<u32>,
        quantity: &Quantity,
        levels: Levels,
    ) -> bool {
        let Some(quantity) = self.numbers.get(&quantity.key).copied() else {
            return false;
        };
        self.given.proves(&Aim {
            atoms,
            quantity,
            up: levels.up,
            down: levels.down,
        })
    }

    /// The cells to blank so that all levels are proven. Levels in quantities that can be negative are left to the attack.
    pub(super) fn protect(
        self,
        wanted: &[(Place, &Quantity, Levels)],
    ) -> Result<Vec<Place>, &'static str> {
        let aims: Vec<Aim> = wanted
            .iter()
            .filter_map(|(place, quantity, levels)| self.aim(*place, quantity, *levels))
            .collect();
        self.given.protect(&aims)
    }
}

/// What each atom holds of a quantity; none where a row of it is negative. Units are those that are in no other atom.
fn held(quantity: &Quantity, atoms: &Atoms, rows: &Rows) -> Option<Vec<f64>> {
    match &quantity.source {
        Source::Units => return Some(atoms.exclusive_units(rows, |_| true)),
        Source::UnitsOf(values) => {
            let counts = |row: usize| values.get(row).copied().flatten().is_some();
            return Some(atoms.exclusive_units(rows, counts));
        }
        Source::Rows | Source::Present(_) | Source::Sum(_) => {}
    }
    let (values, negative) = atoms.values(quantity, rows);
    (!negative).then_some(values)
}

/// What each atom holds beside what the two of its units hold that gave most; nothing where there are no others.
fn falls(quantity: &Quantity, held: &[f64], gifts: &Gifts) -> Vec<f64> {
    match &quantity.source {
        // Those who are in no other atom, of whom any two may be the two who know.
        Source::Units | Source::UnitsOf(_) => held
            .iter()
            .map(|n| (n - real(COALITION)).max(0.0))
            .collect(),
        Source::Rows => gifts.remainders(held.len(), &|_| 1.0),
        Source::Present(values) | Source::Sum(values) => gifts.remainders(held.len(), &|row| {
            values.get(row).copied().flatten().unwrap_or(0.0)
        }),
    }
}

/// The atoms of every cell.
fn members(tables: &[Told<'_>], atoms: &Atoms) -> Members {
    let frames = tables.iter().map(|table| &table.counted.frame);
    let mut members: Members = frames
        .map(|frame| vec![Vec::new(); frame.cells()])
        .collect();
    for atom in 0..atoms.count() {
        for (table, (told, members)) in tables.iter().zip(&mut members).enumerate() {
            let Some(finest) = atoms.finest(atom, table) else {
                continue;
            };
            for cell in told.counted.frame.above(finest) {
                if let Some(of) = members.get_mut(cell) {
                    of.push(super::axis::narrow(atom));
                }
            }
        }
    }
    members
}

/// The cells of a table that are not empty.
fn described(
    table: usize,
    told: &Told<'_>,
    members: &[Vec<u32>],
    quantities: &[&Quantity],
    candidate: bool,
) -> Vec<GivenCell> {
    let counted = told.counted;
    let shown: Vec<Vec<Option<(f64, f64)>>> = quantities
        .iter()
        .map(|quantity| known(quantity, told))
        .collect();
    // The measure that a quantity's contributions are read from, where the table tells of it.
    let of: Vec<Option<(usize, bool)>> = quantities
        .iter()
        .map(|quantity| teller(counted, quantity))
        .collect();
    let all = of.iter().enumerate().filter(|(_, teller)| teller.is_some());
    let all = all.fold(0_u128, |mask, (bit, _)| mask | 1 << bit);
    let cells = members.iter().enumerate().filter(|(_, of)| !of.is_empty());
    cells
        .map(|(cell, atoms)| {
            let known = shown.iter().enumerate();
            let known = known.filter(|(_, cells)| matches!(cells.get(cell), Some(Some(_))));
            let known = known.fold(0_u128, |mask, (bit, _)| mask | 1 << bit);
            GivenCell {
                place: (table, cell),
                atoms: atoms.clone(),
                units: counted.units(cell),
                rows: counted.rows(cell),
                inner: counted.frame.is_finest(cell),
                blank: candidate && !told.published.shows(cell),
                shown: if candidate { 0 } else { known },
                carried: if candidate { all } else { 0 },
                spare: quantities
                    .iter()
                    .zip(&of)
                    .map(|(quantity, teller)| {
                        teller.map_or(f64::INFINITY, |t| spare(counted, cell, quantity, t))
                    })
                    .collect(),
            }
        })
        .collect()
}

/// The first measure that tells of a quantity, and whether as its denominator.
fn teller(counted: &Counted<'_>, quantity: &Quantity) -> Option<(usize, bool)> {
    let mut measures = counted.measures.iter().enumerate();
    measures.find_map(|(measure, measured)| {
        let told = measured
            .tells
            .iter()
            .find(|told| told.key == quantity.key)?;
        Some((measure, told.under))
    })
}

/// How far a quantity of a cell could fall for two of its respondents, who know what they gave.
fn spare(
    counted: &Counted<'_>,
    cell: usize,
    quantity: &Quantity,
    (measure, under): (usize, bool),
) -> f64 {
    let own = counted.measures.get(measure).and_then(|measure| {
        let told = measure.tells.iter().find(|told| told.key == quantity.key);
        told?.own.as_ref()
    });
    if let Some(own) = own {
        let contributions = own.contributions(cell);
        return if quantity.source.is_whole() {
            real(contributions.units.saturating_sub(COALITION))
        } else {
            contributions.remainder()
        };
    }
    let role = if under {
        ChannelRole::Denominator
    } else {
        ChannelRole::Value
    };
    match quantity.source {
        Source::Units => real(counted.units(cell).saturating_sub(COALITION)),
        Source::Rows => counted.rows_given(cell).map_or(0.0, |c| c.remainder()),
        Source::UnitsOf(_) => 0.0,
        Source::Present(_) | Source::Sum(_) => {
            let contributions = counted
                .contributions_as(cell, measure, role)
                .or_else(|| counted.contributions(cell, measure));
            contributions.map_or(0.0, |contributions| contributions.remainder())
        }
    }
}

/// One coordinate per column that labels are of, and one for the tables that an atom is in.
fn coordinates(tables: &[Told<'_>], atoms: &Atoms) -> Coordinates {
    let mut columns: Vec<&str> = Vec::new();
    for axis in tables.iter().flat_map(|table| &table.counted.frame.axes) {
        if !columns.contains(&axis.column.as_str()) {
            columns.push(&axis.column);
        }
    }
    let fields = columns.len() + 1;
    let mut seen: Vec<HashMap<Vec<u32>, u64>> = vec![HashMap::new(); fields];
    let mut values = Vec::with_capacity(atoms.count() * fields);
    let mut labels: Vec<u32> = Vec::new();
    for atom in 0..atoms.count() {
        for (field, seen) in seen.iter_mut().enumerate() {
            labels.clear();
            for (index, table) in tables.iter().enumerate() {
                let finest = atoms.finest(atom, index);
                let Some(column) = columns.get(field) else {
                    labels.push(u32::from(finest.is_some()));
                    continue;
                };
                let frame = &table.counted.frame;
                for (place, axis) in frame.axes.iter().enumerate() {
                    if axis.column == **column {
                        let node = finest.map(|finest| frame.node(finest, place));
                        labels.push(node.map_or(u32::MAX, super::axis::narrow));
                    }
                }
            }
            let next = seen.len() as u64;
            let number = match seen.get(&labels) {
                Some(number) => *number,
                None => {
                    seen.insert(labels.clone(), next);
                    next
                }
            };
            values.push(number);
        }
    }
    Coordinates { fields, values }
}
