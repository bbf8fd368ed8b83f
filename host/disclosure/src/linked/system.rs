//! What the tables tell together: atoms, the cells that they make up, and who knows what of them.

use std::collections::{HashMap, HashSet};

pub(super) mod given;

use super::frame::Frame;
use super::quantity::{QUANTITIES_MAX, Quantity, quantities, twins};
use super::{Joint, LinkedTable, Standing, Unlinked};
use crate::accumulate::Statistics;
use crate::judge::{CellOutcome, Suppression};
use crate::profile::Settings;
use crate::rules::real;
use crate::suppress::counts::Place;

/// Pairs of atom and cell over all tables at most.
const MEMBERSHIPS_MAX: usize = 8_000_000;
/// Failed cells that are looked at for what the rules count of them, at most.
const FAILED_MAX: usize = 5_000;

/// A table of the system, with what the rules say of its cells.
pub(super) struct Party<'a> {
    pub(super) table: &'a LinkedTable<'a>,
    pub(super) outcomes: &'a [CellOutcome],
    /// Axis of the frame per dimension.
    pub(super) axes: Vec<usize>,
    /// Measure of the atoms per measure, where it has one.
    pub(super) measures: Vec<Option<usize>>,
    /// The axis that tells its rows apart from others, unless it is over all.
    piece: Option<usize>,
}

impl<'a> Party<'a> {
    pub(super) fn new(
        frame: &Frame,
        table: &'a LinkedTable<'a>,
        outcomes: &'a [CellOutcome],
    ) -> Result<Self, Unlinked> {
        let axes: Option<Vec<usize>> = table.axes.iter().map(|axis| frame.axis(axis)).collect();
        let axes = axes.ok_or(Unlinked::Inconsistent)?;
        let dimensions = table.shape.dimensions().len();
        if axes.len() != dimensions || table.readings.len() != table.shape.measures().len() {
            return Err(Unlinked::Inconsistent);
        }
        let measures = table.readings.iter().map(|r| frame.measure(r)).collect();
        let piece = table.piece.map(|piece| frame.axis(piece.axis));
        if piece == Some(None) {
            return Err(Unlinked::Inconsistent);
        }
        Ok(Self {
            piece: piece.flatten(),
            table,
            outcomes,
            axes,
            measures,
        })
    }

    pub(super) const fn is_candidate(&self) -> bool {
        !matches!(self.table.standing, Standing::Released { .. })
    }

    /// Whether the rows of an atom are among the table's.
    pub(super) fn is_over(&self, frame: &Frame, key: u64) -> bool {
        match (self.table.piece, self.piece) {
            (Some(piece), Some(axis)) => {
                let code = frame.code(key, axis);
                piece.codes.get(code).copied().unwrap_or(false)
            }
            _ => true,
        }
    }

    /// The cell inside the table that an atom is part of, if its rows are among the table's.
    pub(super) fn cell(&self, frame: &Frame, key: u64) -> Option<usize> {
        let lattice = self.table.shape.lattice();
        let dimensions = self.axes.iter().enumerate();
        self.is_over(frame, key).then(|| {
            dimensions.fold(0, |cell, (dimension, axis)| {
                lattice.moved(cell, dimension, frame.code(key, *axis))
            })
        })
    }

    /// Whether an earlier release shows the cell.
    pub(super) fn is_released(&self, cell: usize) -> bool {
        match self.table.standing {
            Standing::Candidate | Standing::Asking(_) => false,
            Standing::Released { shown } => shown.get(cell).copied().unwrap_or(true),
        }
    }

    /// Whether the cell must stay unknown, now or from earlier.
    pub(super) fn is_failed(&self, cell: usize) -> bool {
        self.outcomes.get(cell).is_some_and(|outcome| {
            outcome.suppression == Suppression::Primary && !outcome.empty && !self.is_released(cell)
        })
    }
}

/// A set of atoms that is a cell of one table or more.
pub(super) struct Class {
    /// Atoms, rising.
    pub(super) atoms: Vec<u32>,
    /// Table and cell of each that is made of these atoms.
    pub(super) members: Vec<(usize, usize)>,
    /// What blanking it costs.
    pub(super) cost: f64,
    /// Whether candidates leave it blank.
    pub(super) blank: bool,
    /// Whether it is a cell inside a table, and no margin in every one of them.
    pub(super) inner: bool,
    /// Units in it.
    pub(super) units: u64,
    /// Quantities that a candidate shows here unless it is blank.
    carried: u128,
    /// Quantities that earlier releases show here.
    fixed: u128,
    /// How far each quantity could fall for two of its own respondents.
    pub(super) spare: Vec<f64>,
}

/// Atoms, cells and quantities of all tables together.
pub(super) struct System {
    /// Classes.
    pub(super) classes: Vec<Class>,
    /// Classes of each atom.
    pub(super) classes_of: Vec<Vec<u32>>,
    /// Quantities over the atoms.
    pub(super) quantities: Vec<Quantity>,
    /// Number of each atom among those accumulated.
    pub(super) numbers: Vec<u32>,
    fields: usize,
    coordinates: Vec<u64>,
    strides: Vec<u64>,
    by_key: HashMap<u64, u32>,
}

impl System {
    /// `failing` has the atoms that do not pass, as they are numbered.
    pub(super) fn build(
        joint: &Joint<'_>,
        parties: &[Party<'_>],
        failing: &[usize],
        settings: &Settings,
    ) -> Result<Self, Unlinked> {
        let mut order: Vec<(u64, u32)> = joint
            .atoms
            .keys()
            .iter()
            .zip(0_u32..)
            .map(|(key, number)| (*key, number))
            .collect();
        order.sort_unstable();
        let keys: Vec<u64> = order.iter().map(|(key, _)| *key).collect();
        let numbers: Vec<u32> = order.iter().map(|(_, number)| *number).collect();
        let failed = failed(joint, parties, &keys, &numbers);
        let atoms = failing.iter().map(|atom| (joint.statistics, *atom));
        let places: Vec<Place<'_>> = failed.iter().map(|one| (one, 0)).chain(atoms).collect();
        let quantities = quantities(joint, &numbers, &places, settings);
        if quantities.len() > QUANTITIES_MAX {
            return Err(Unlinked::TooLarge);
        }
        let classes = classes(joint, parties, &keys, &numbers, &quantities)?;
        let mut classes_of = vec![Vec::new(); keys.len()];
        for (class, number) in classes.iter().zip(0_u32..) {
            for atom in &class.atoms {
                if let Some(of) = classes_of.get_mut(*atom as usize) {
                    of.push(number);
                }
            }
        }
        let (fields, coordinates, strides) = coordinates(joint.frame, &keys)?;
        let mut by_key = HashMap::with_capacity(keys.len());
        for (atom, row) in (0_u32..).zip(coordinates.chunks_exact(fields.max(1))) {
            let key = row.iter().zip(&strides).map(|(c, s)| c * s).sum();
            by_key.insert(key, atom);
        }
        Ok(Self {
            classes,
            classes_of,
            quantities,
            numbers,
            fields,
            coordinates,
            strides,
            by_key,
        })
    }

    pub(super) const fn atoms(&self) -> usize {
        self.numbers.len()
    }

    /// What it costs that the class becomes unknown in a quantity: nothing when it is so already, infinite when it cannot be.
    pub(super) fn price(&self, class: &Class, quantity: usize) -> f64 {
        if self.is_fixed(class, quantity) {
            f64::INFINITY
        } else if class.blank || class.carried >> quantity & 1 == 0 {
            0.0
        } else {
            class.cost
        }
    }

    /// Whether a table could show the class in a quantity, or did.
    pub(super) const fn is_told(&self, class: &Class, quantity: usize) -> bool {
        (class.carried | class.fixed) >> quantity & 1 == 1
    }

    /// Whether an earlier release shows the class in a quantity.
    pub(super) const fn is_fixed(&self, class: &Class, quantity: usize) -> bool {
        class.fixed >> quantity & 1 == 1
    }

    /// Whether everybody knows the class in a quantity.
    pub(super) fn is_known(&self, class: &Class, quantity: usize) -> bool {
        self.price(class, quantity) > 0.0
    }

    /// One coordinate per field.
    pub(super) fn position(&self, atom: u32) -> &[u64] {
        let start = atom as usize * self.fields;
        self.coordinates
            .get(start..start + self.fields)
            .unwrap_or_default()
    }

    /// The atom at `position` moved to the coordinates of `to` on each field of `moved`.
    pub(super) fn corner(&self, position: &[u64], to: &[u64], moved: &[usize]) -> Option<u32> {
        let mut key: u64 = position.iter().zip(&self.strides).map(|(c, s)| c * s).sum();
        for field in moved {
            let stride = self.strides.get(*field)?;
            key = key - position.get(*field)? * stride + to.get(*field)? * stride;
        }
        self.by_key.get(&key).copied()
    }
}

/// The atoms of each cell that failed, as one; each once.
fn failed(
    joint: &Joint<'_>,
    parties: &[Party<'_>],
    keys: &[u64],
    numbers: &[u32],
) -> Vec<Statistics> {
    let mut known: HashSet<Vec<u32>> = HashSet::new();
    let mut failed = Vec::new();
    for party in parties {
        let is_failed = |(cell, _): &(usize, Vec<u32>)| party.is_failed(*cell);
        if !party.outcomes.iter().any(|o| party.is_failed(o.cell)) {
            continue;
        }
        let cells = cells(joint.frame, party, keys).into_iter().enumerate();
        for (_, atoms) in cells.filter(is_failed) {
            let one = joint.statistics.together(&numbered(&atoms, numbers));
            if failed.len() < FAILED_MAX && known.insert(atoms) {
                failed.extend(one);
            }
        }
    }
    failed
}

/// The numbers of atoms among those accumulated.
pub(super) fn numbered(atoms: &[u32], numbers: &[u32]) -> Vec<usize> {
    let known = atoms.iter().filter_map(|atom| numbers.get(*atom as usize));
    known.map(|number| *number as usize).collect()
}

/// Every cell that is not empty, cells of the same atoms together.
fn classes(
    joint: &Joint<'_>,
    parties: &[Party<'_>],
    keys: &[u64],
    numbers: &[u32],
    quantities: &[Quantity],
) -> Result<Vec<Class>, Unlinked> {
    let mut classes: Vec<Class> = Vec::new();
    let mut known: HashMap<Vec<u32>, usize> = HashMap::new();
    let mut memberships = 0_usize;
    let twins = twins(quantities);
    for (index, party) in parties.iter().enumerate() {
        let cells = cells(joint.frame, party, keys);
        let mask = mask(party, quantities, &twins);
        for (cell, atoms) in cells.into_iter().enumerate() {
            let rows: u64 = atoms
                .iter()
                .filter_map(|atom| numbers.get(*atom as usize))
                .map(|number| joint.statistics.rows(*number as usize))
                .sum();
            if rows != party.table.statistics.rows(cell) {
                return Err(Unlinked::Inconsistent);
            }
            if atoms.is_empty() {
                continue;
            }
            memberships += atoms.len();
            if memberships > MEMBERSHIPS_MAX {
                return Err(Unlinked::TooLarge);
            }
            let place = *known.entry(atoms).or_insert_with_key(|atoms| {
                let own = class(party, cell, atoms.clone(), quantities);
                let numbers = numbered(atoms, numbers);
                classes.push(own.with_counts(joint.statistics, &numbers, quantities));
                classes.len() - 1
            });
            if let Some(class) = classes.get_mut(place) {
                join(class, party, index, cell, mask);
            }
        }
    }
    Ok(classes)
}

fn class(party: &Party<'_>, cell: usize, atoms: Vec<u32>, quantities: &[Quantity]) -> Class {
    let statistics = party.table.statistics;
    Class {
        atoms,
        members: Vec::new(),
        cost: 1.0 + (1.0 + real(statistics.rows(cell))).log2(),
        blank: false,
        inner: false,
        units: statistics.units(cell),
        carried: 0,
        fixed: 0,
        spare: vec![f64::INFINITY; quantities.len()],
    }
    .with_spares(party, cell, quantities)
}

impl Class {
    /// How far each quantity could fall for two of its respondents who put together what they gave.
    fn with_spares(mut self, party: &Party<'_>, cell: usize, quantities: &[Quantity]) -> Self {
        for (spare, quantity) in self.spare.iter_mut().zip(quantities) {
            if let Some(left) = quantity.spare(party, cell) {
                *spare = left;
            }
        }
        self
    }
}

impl Class {
    /// How far what the rules count could fall, for two of its respondents.
    fn with_counts(
        mut self,
        statistics: &Statistics,
        atoms: &[usize],
        quantities: &[Quantity],
    ) -> Self {
        for (spare, quantity) in self.spare.iter_mut().zip(quantities) {
            if let Some(left) = quantity.spare_of(statistics, atoms) {
                *spare = left;
            }
        }
        self
    }
}

/// Takes a cell of a table among those that the class is.
fn join(class: &mut Class, party: &Party<'_>, index: usize, cell: usize, mask: u128) {
    class.members.push((index, cell));
    let lattice = party.table.shape.lattice();
    class.inner |= (0..lattice.axes()).all(|axis| !lattice.is_margin(cell, axis));
    if party.is_candidate() {
        class.carried |= mask;
        class.blank |= party.is_failed(cell);
    } else if party.is_released(cell) {
        class.fixed |= mask;
    }
}

/// The quantities that a table tells of, as bits: by itself, or by what is the same.
fn mask(party: &Party<'_>, quantities: &[Quantity], twins: &[usize]) -> u128 {
    let told = quantities.iter().zip(twins);
    let told: HashSet<usize> = told
        .filter(|(quantity, _)| quantity.is_told_by(party))
        .map(|(_, twin)| *twin)
        .collect();
    let bits = twins.iter().enumerate();
    bits.filter(|(_, twin)| told.contains(twin))
        .fold(0, |mask, (bit, _)| mask | 1 << bit)
}

/// The atoms of every cell of a table, rising.
fn cells(frame: &Frame, party: &Party<'_>, keys: &[u64]) -> Vec<Vec<u32>> {
    let lattice = party.table.shape.lattice();
    let mut cells = vec![Vec::new(); lattice.count()];
    for (atom, key) in (0_u32..).zip(keys) {
        let Some(cell) = party.cell(frame, *key) else {
            continue;
        };
        for cell in lattice.margins_of(cell).chain([cell]) {
            if let Some(atoms) = cells.get_mut(cell) {
                atoms.push(atom);
            }
        }
    }
    cells
}

/// One coordinate per field and atom: the axes of a field stand and fall together. Number of fields, coordinates, and their strides.
fn coordinates(frame: &Frame, keys: &[u64]) -> Result<(usize, Vec<u64>, Vec<u64>), Unlinked> {
    let mut names = Vec::new();
    for axis in frame.axes() {
        if !names.contains(&&axis.field) {
            names.push(&axis.field);
        }
    }
    let mut seen: Vec<HashMap<Vec<usize>, u64>> = vec![HashMap::new(); names.len()];
    let mut coordinates = Vec::with_capacity(keys.len() * names.len());
    for key in keys {
        for (name, seen) in names.iter().zip(&mut seen) {
            let codes: Vec<usize> = frame
                .axes()
                .iter()
                .enumerate()
                .filter(|(_, axis)| &&axis.field == name)
                .map(|(index, _)| frame.code(*key, index))
                .collect();
            let next = seen.len() as u64;
            coordinates.push(*seen.entry(codes).or_insert(next));
        }
    }
    let mut stride = 1_u64;
    let mut strides = Vec::with_capacity(seen.len());
    for seen in &seen {
        strides.push(stride);
        stride = stride
            .checked_mul(seen.len().max(1) as u64)
            .ok_or(Unlinked::TooLarge)?;
    }
    Ok((names.len(), coordinates, strides))
}
