//! Where cells of several tables meet: sets of rows that are no cell of any, and that shown cells together could single out.
//!
//! Whatever combination of shown cells singles out too few holds such a set that does, or a cell: for what passes in each of several sets of
//! rows passes in all of them together. Those that do not pass the rules, held against them as if they were cells, must therefore stay unknown as
//! blank cells must, and are attacked alike.

use std::collections::HashMap;

use yunei_model::{Name, Status};

use super::ReviewError;
use super::atoms::{Atoms, Told};
use super::attack::{self, Aim, Found};
use super::brackets::{System, Target, Unbracketed, Work};
use super::counted::Rows;
use super::measured::{self, Measured, Quantity};
use super::shifts::Shifts;
use crate::accumulate::{Accumulator, Protection, Statistics};
use crate::judge;
use crate::profile::Profile;
use crate::rules::{Contributions, real};
use crate::shape::{CELLS_MAX, Dimension, Shape};

/// Work of linear programmes for such sets in one review at most; what lies beyond goes to people.
const WORK_MAX: u64 = 500_000_000;
/// Sets that are attacked in one review at most.
const MEETS_MAX: usize = 20_000;

/// The sets of one quantity that must stay unknown.
struct Meets<'a> {
    quantity: &'a Quantity,
    aims: Vec<Aim<'a>>,
    /// Atoms of each.
    atoms: Vec<Vec<u32>>,
}

/// What came of all of them.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Singled {
    /// Sets that shown cells give back.
    pub(super) failed: u64,
    /// Sets of which that is not known.
    pub(super) review: u64,
}

impl Singled {
    fn take(&mut self, status: Status) {
        match status {
            Status::Pass => {}
            Status::Fail => self.failed += 1,
            Status::Review => self.review += 1,
        }
    }
}

/// Attacks every set that does not pass the rules. Of `own` tables, the first ones, at least one must tell what is attacked.
pub(super) fn attack(
    tables: &[Told<'_>],
    own: usize,
    atoms: &Atoms,
    rows: &Rows,
    profile: &Profile,
) -> Result<Singled, ReviewError> {
    let mut singled = Singled::default();
    let mut work = Work::new(WORK_MAX);
    let mut left = MEETS_MAX;
    for (quantity, telling) in told_by_several(tables, own) {
        let meets = meets(quantity, (tables, &telling), atoms, rows, profile)?;
        let Some(meets) = meets.filter(|meets| !meets.aims.is_empty()) else {
            continue;
        };
        if meets.aims.len() > left {
            singled.review += meets.aims.len() as u64;
            continue;
        }
        left -= meets.aims.len();
        attack_of(&meets, tables, (atoms, rows), &mut work, &mut singled);
    }
    Ok(singled)
}

fn attack_of(
    meets: &Meets<'_>,
    tables: &[Told<'_>],
    (atoms, rows): (&Atoms, &Rows),
    work: &mut Work,
    singled: &mut Singled,
) {
    let mut shifts = Shifts::new(tables, atoms, rows, &[meets.quantity], 0);
    let mut system = None;
    for (aim, of) in meets.aims.iter().zip(&meets.atoms) {
        let levels = aim.need.levels(aim.target.value);
        let proves = |shifts: &mut Shifts| shifts.proves_of(of.clone(), meets.quantity, levels);
        if shifts.as_mut().is_some_and(proves) {
            continue;
        }
        let system = system
            .get_or_insert_with(|| System::with(meets.quantity, tables, &meets.atoms, atoms, rows));
        let status = match system {
            Ok(system) => Found::of(aim, attack::decided(system, aim, work)).status(),
            Err(Unbracketed::TooLarge | Unbracketed::Unsolved) => Status::Review,
        };
        singled.take(status);
    }
}

/// The quantities that several tables tell, one of them under review, and these tables. What lies between figures is looked at elsewhere.
fn told_by_several<'a>(tables: &'a [Told<'_>], own: usize) -> Vec<(&'a Quantity, Vec<usize>)> {
    let mut told: Vec<(&Quantity, Vec<usize>)> = Vec::new();
    for (place, table) in tables.iter().enumerate() {
        let tells = table.counted.measures.iter().flat_map(|m| &m.tells);
        for quantity in tells.filter(|quantity| quantity.own.is_none()) {
            match told.iter_mut().find(|(known, _)| known.key == quantity.key) {
                Some((_, places)) if places.last() == Some(&place) => {}
                Some((_, places)) => places.push(place),
                None => told.push((quantity, vec![place])),
            }
        }
    }
    told.retain(|(_, places)| places.len() > 1 && places.iter().any(|place| *place < own));
    told
}

/// The sets where cells of these tables meet that are no cell, and do not pass the rules.
fn meets<'a>(
    quantity: &'a Quantity,
    (tables, telling): (&'a [Told<'_>], &[usize]),
    atoms: &Atoms,
    rows: &Rows,
    profile: &Profile,
) -> Result<Option<Meets<'a>>, ReviewError> {
    let teller = telling.first().and_then(|place| tables.get(*place));
    let measures = teller.map_or(&[][..], |table| table.counted.measures.as_slice());
    let tells = measures.iter().position(|m| m.tells_of(&quantity.key));
    let Some((measure, measured)) = tells.and_then(|m| Some((m, measures.get(m)?))) else {
        return Ok(None);
    };
    let numbers = numbered(atoms, telling);
    let sets = of_sets(&numbers);
    if sets.len() > CELLS_MAX {
        return Err(ReviewError::TooLarge {
            name: "cells_max",
            limit: CELLS_MAX,
            asked: sets.len(),
        });
    }
    let (shape, statistics) = counted(measured, &numbers, sets.len(), atoms, rows)?;
    let mut outcomes = judge::unjudged(&statistics);
    judge::hold_against(&statistics, &shape, profile, &mut outcomes);
    let mut meets = Meets {
        quantity,
        aims: Vec::new(),
        atoms: Vec::new(),
    };
    for (set, of) in sets.into_iter().enumerate() {
        let failed = outcomes.get(set).map_or(&[][..], |o| o.failed.as_slice());
        let fails = failed.iter().any(|rule| rule.status == Status::Fail);
        if !fails
            || is_cell(
                of.first().copied(),
                statistics.rows(set),
                tables,
                telling,
                atoms,
            )
        {
            continue;
        }
        let contributions = contributions(quantity, &statistics, set);
        let value = contributions.total;
        let need = attack::needed(quantity, value, Some(&contributions), profile);
        meets.aims.push(Aim {
            quantity,
            target: Target {
                place: (tables.len(), meets.atoms.len()),
                value,
            },
            measure,
            need,
        });
        meets.atoms.push(of);
    }
    Ok(Some(meets))
}

/// The set of each atom; none of atoms that are in none of the tables.
fn numbered(atoms: &Atoms, telling: &[usize]) -> Vec<Option<u32>> {
    let mut known: HashMap<Vec<Option<usize>>, u32> = HashMap::new();
    (0..atoms.count())
        .map(|atom| {
            let cells: Vec<_> = telling.iter().map(|t| atoms.finest(atom, *t)).collect();
            let next = super::axis::narrow(known.len());
            let some = cells.iter().any(Option::is_some);
            some.then(|| *known.entry(cells).or_insert(next))
        })
        .collect()
}

/// The atoms of each set.
fn of_sets(numbers: &[Option<u32>]) -> Vec<Vec<u32>> {
    let count = numbers
        .iter()
        .flatten()
        .max()
        .map_or(0, |n| *n as usize + 1);
    let mut sets = vec![Vec::new(); count];
    for (atom, number) in numbers.iter().enumerate() {
        let set = number.and_then(|number| sets.get_mut(number as usize));
        if let Some(set) = set {
            set.push(super::axis::narrow(atom));
        }
    }
    sets
}

/// Whether a set with so many rows is a finest cell of one of the tables.
fn is_cell(
    atom: Option<u32>,
    rows: u64,
    tables: &[Told<'_>],
    telling: &[usize],
    atoms: &Atoms,
) -> bool {
    let Some(atom) = atom else {
        return true;
    };
    telling.iter().any(|place| {
        let cell = atoms.finest(atom as usize, *place);
        let held = cell.and_then(|cell| Some(tables.get(*place)?.counted.rows(cell)));
        held == Some(rows)
    })
}

/// The sets, counted as the cells of a table with one measure.
fn counted(
    measured: &Measured,
    numbers: &[Option<u32>],
    count: usize,
    atoms: &Atoms,
    rows: &Rows,
) -> Result<(Shape, Statistics), ReviewError> {
    let name = |name: &str| Name::parse(name).map_err(|e| super::spec::wrong(e.to_string()));
    let dimension = Dimension {
        name: name("meet")?,
        title: None,
        labels: (0..count).map(|label| label.to_string()).collect(),
        sensitive: false,
    };
    let columns = measured::columns(std::slice::from_ref(measured));
    let shape = Shape::new(vec![dimension], vec![measured.shape.clone()], false)?.reading(columns);
    let mut accumulator = Accumulator::new(&shape, Protection::Subjects)?;
    let mut values = vec![None; measured.inputs.len()];
    for (row, atom) in atoms.rows() {
        let Some(set) = numbers.get(*atom as usize).copied().flatten() else {
            continue;
        };
        for (value, input) in values.iter_mut().zip(&measured.inputs) {
            *value = input.get(*row).copied().flatten();
        }
        let (subject, group) = rows.of(*row);
        accumulator.row_in_group(subject, group, set as usize, &values)?;
    }
    Ok((shape, accumulator.finish()?))
}

/// What units gave to a set of a quantity.
fn contributions(quantity: &Quantity, statistics: &Statistics, set: usize) -> Contributions {
    use super::measured::Source;
    use crate::accumulate::ChannelRole::{Denominator, Value, Weight};
    let rows = statistics.contributions(set, 0);
    let of = |role| {
        let channel = statistics.channel_of(0, role)?;
        Some(statistics.contributions(set, channel))
    };
    match quantity.source {
        Source::Rows => rows,
        Source::Units | Source::UnitsOf(_) => Contributions {
            total: real(statistics.units(set)),
            ..rows
        },
        Source::Present(_) | Source::Sum(_) if quantity.under => of(Denominator).unwrap_or(rows),
        Source::Present(_) | Source::Sum(_) => of(Value).or_else(|| of(Weight)).unwrap_or(rows),
    }
}
