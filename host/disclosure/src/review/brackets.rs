//! Brackets: between what the value of a blank cell stays unknown, given everything that several tables show.
//!
//! The unknowns are the deviations of the atoms from their true values; every cell that is shown fixes the sum of its
//! atoms' deviations, exactly or within its rounding, and no atom can hold less than nothing. The attacker is taken
//! to know which combinations of labels occur. Cells fall into components that share no unknown; each is a small linear
//! programme (Fischetti and Salazar, *Models and algorithms for optimizing cell suppression in tabular data with linear
//! constraints*, J. Amer. Stat. Assoc. 95 (2000), section 2: the attacker subproblems).

mod knowledge;
mod programme;
mod work;

use std::collections::{BTreeMap, HashMap};

use super::atoms::{Atoms, Told};
use super::counted::Rows;
use super::measured::Quantity;
use crate::suppress::COALITION;

use programme::Programme;

pub(super) use knowledge::known;
pub(super) use work::Work;

/// Pairs of unknown atom and cell at most.
pub const LINKS_MAX: usize = 4_000_000;
/// Unknowns of one system at most; what lies beyond goes to people, unless shifts prove it.
const UNKNOWNS_MAX: usize = 100_000;
/// Cells of so few respondents that are looked at beside one target, at most.
const INSIDERS_MAX: usize = 50;

/// A cell of one of several tables.
pub(super) type Place = (usize, usize);

/// A cell that must stay unknown in a quantity.
#[derive(Debug, Clone, Copy)]
pub(super) struct Target {
    pub(super) place: Place,
    /// Its true value.
    pub(super) value: f64,
}

/// What stays unknown of a target.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    /// Lower end; none where there is none.
    pub(super) low: Option<f64>,
    /// Upper end; none where there is none.
    pub(super) high: Option<f64>,
    /// The narrowest interval that the respondents of another blank cell are left with, who know that cell.
    pub(super) inside: Option<(Option<f64>, Option<f64>)>,
    /// Whether both ends are reached, over integers where the quantity is whole; else the interval is no narrower than the true one.
    pub(super) exact: bool,
}

/// The linear system of one quantity.
pub(super) struct System {
    /// Least deviation per unknown.
    floors: Vec<f64>,
    /// Unknowns, lower and upper end of the sum of their deviations.
    lines: Vec<Line>,
    /// Unknowns of each cell that has some.
    members: BTreeMap<Place, Vec<u32>>,
    /// Unknowns of blank cells that their respondents know.
    insiders: Vec<Vec<u32>>,
    component: Vec<u32>,
    /// Unknowns and lines of each component.
    parts: BTreeMap<u32, Part>,
    whole: bool,
    /// Whether every vertex of the system is whole: a network.
    network: bool,
}

/// A component: unknowns and lines that share none with another.
#[derive(Debug, Clone, Default)]
struct Part {
    unknowns: Vec<u32>,
    lines: Vec<usize>,
}

#[derive(Debug, Clone)]
pub(super) struct Line {
    pub(super) unknowns: Vec<u32>,
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Why cells cannot be bracketed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unbracketed {
    /// Past a limit.
    TooLarge,
    /// The solver gave up.
    Unsolved,
}

impl System {
    /// The system of a quantity over tables.
    pub(super) fn new(
        quantity: &Quantity,
        tables: &[Told<'_>],
        atoms: &Atoms,
        rows: &Rows,
    ) -> Result<Self, Unbracketed> {
        let (values, negative) = atoms.values(quantity, rows);
        let knowledge: Vec<Vec<Option<(f64, f64)>>> =
            tables.iter().map(|table| known(quantity, table)).collect();
        let sizes = sizes(atoms, tables.len());
        let open = open(atoms, &knowledge, &sizes);
        let held: Vec<f64> = open
            .iter()
            .zip(values)
            .filter_map(|(unknown, value)| unknown.map(|_| value))
            .collect();
        if held.len() > UNKNOWNS_MAX {
            return Err(Unbracketed::TooLarge);
        }
        let members = members(tables, atoms, &open)?;
        let whole = quantity.source.is_whole();
        let alone = tables.len() == 1;
        // With one table an atom is a cell, and a cell that occurs holds at least one.
        let least = if whole && alone { 1.0 } else { 0.0 };
        let floor = |value: &f64| {
            if negative {
                f64::NEG_INFINITY
            } else {
                (least - value).min(0.0)
            }
        };
        let mut lines = Vec::new();
        for (place, unknowns) in &members {
            let told = knowledge.get(place.0).and_then(|cells| cells.get(place.1));
            let line = match told.copied().flatten() {
                Some(known) => Some(known),
                // A finest cell that occurs holds at least one.
                None if whole && !alone && sizes.get(place) == Some(&unknowns.len()) => {
                    let of = unknowns.iter().filter_map(|u| held.get(*u as usize));
                    Some(((1.0 - of.sum::<f64>()).min(0.0), f64::INFINITY))
                }
                None => None,
            };
            if let Some((low, high)) = line {
                lines.push(Line {
                    unknowns: unknowns.clone(),
                    low,
                    high,
                });
            }
        }
        let insiders = members
            .iter()
            .filter(|(place, _)| {
                let told = knowledge.get(place.0).and_then(|cells| cells.get(place.1));
                let units = tables.get(place.0).map_or(0, |t| t.counted.units(place.1));
                told.copied().flatten().is_none() && units <= COALITION
            })
            .map(|(_, unknowns)| unknowns.clone())
            .collect();
        let mut system = Self {
            insiders,
            floors: held.iter().map(floor).collect(),
            lines,
            members,
            component: Vec::new(),
            parts: BTreeMap::new(),
            whole,
            network: alone && tables.iter().all(is_network),
        };
        system.fix();
        system.components();
        Ok(system)
    }

    /// Takes unknowns that a line pins out of the system, over and over.
    fn fix(&mut self) {
        let mut pinned = vec![false; self.floors.len()];
        // Every round pins something or is the last.
        for _ in 0..=self.floors.len() {
            let mut found = false;
            for line in &mut self.lines {
                line.unknowns
                    .retain(|u| !pinned.get(*u as usize).copied().unwrap_or(true));
                let stuck = line.unknowns.iter().all(|u| {
                    self.floors
                        .get(*u as usize)
                        .is_some_and(|floor| *floor >= 0.0)
                });
                let exact = line.low >= 0.0 && line.high <= 0.0;
                if (exact && line.unknowns.len() == 1) || (line.high <= 0.0 && stuck) {
                    for unknown in line.unknowns.drain(..) {
                        if let Some(pin) = pinned.get_mut(unknown as usize) {
                            *pin = true;
                            found = true;
                        }
                    }
                }
            }
            self.lines.retain(|line| !line.unknowns.is_empty());
            if !found {
                break;
            }
        }
        for unknowns in self.members.values_mut().chain(&mut self.insiders) {
            unknowns.retain(|u| !pinned.get(*u as usize).copied().unwrap_or(true));
        }
    }

    /// Numbers the components: unknowns that lines bind together.
    fn components(&mut self) {
        let mut parent: Vec<u32> = (0..super::axis::narrow(self.floors.len())).collect();
        fn root(parent: &mut [u32], of: u32) -> u32 {
            let mut at = of;
            while let Some(next) = parent.get(at as usize).copied()
                && next != at
            {
                let over = parent.get(next as usize).copied().unwrap_or(next);
                if let Some(slot) = parent.get_mut(at as usize) {
                    *slot = over;
                }
                at = over;
            }
            at
        }
        for line in &self.lines {
            let mut unknowns = line.unknowns.iter();
            let Some(first) = unknowns.next() else {
                continue;
            };
            for other in unknowns {
                let (a, b) = (root(&mut parent, *first), root(&mut parent, *other));
                if let Some(slot) = parent.get_mut(a as usize) {
                    *slot = b;
                }
            }
        }
        self.component = (0..super::axis::narrow(parent.len()))
            .map(|unknown| root(&mut parent, unknown))
            .collect();
        for (unknown, component) in (0..).zip(&self.component) {
            self.parts
                .entry(*component)
                .or_default()
                .unknowns
                .push(unknown);
        }
        for (index, line) in self.lines.iter().enumerate() {
            let first = line.unknowns.first();
            let component = first.and_then(|u| self.component.get(*u as usize));
            if let Some(part) = component.and_then(|c| self.parts.get_mut(c)) {
                part.lines.push(index);
            }
        }
    }

    /// What stays unknown of a target.
    pub(super) fn bracket(
        &self,
        target: &Target,
        work: &mut Work,
    ) -> Result<Interval, Unbracketed> {
        let mut of_component: BTreeMap<u32, Vec<u32>> = BTreeMap::new();
        let own = self.members.get(&target.place).cloned().unwrap_or_default();
        for unknown in &own {
            let component = self.component.get(*unknown as usize).copied();
            of_component
                .entry(component.unwrap_or(u32::MAX))
                .or_default()
                .push(*unknown);
        }
        let mut interval = self.reach(target, &of_component, &[], work)?;
        let component = |u: &u32| self.component.get(*u as usize).copied().unwrap_or(u32::MAX);
        let insiders: Vec<Vec<u32>> = self
            .insiders
            .iter()
            .filter(|of| **of != own && of.iter().any(|u| of_component.contains_key(&component(u))))
            .cloned()
            .collect();
        if insiders.len() > INSIDERS_MAX {
            interval.exact = false;
        }
        let width = |(low, high): (Option<f64>, Option<f64>)| match (low, high) {
            (Some(low), Some(high)) => high - low,
            _ => f64::INFINITY,
        };
        for known in insiders.iter().take(INSIDERS_MAX) {
            let inside = self.reach(target, &of_component, known, work)?;
            interval.exact &= inside.exact;
            let ends = (inside.low, inside.high);
            let narrowest = interval.inside.unwrap_or((interval.low, interval.high));
            if width(ends) < width(narrowest) {
                interval.inside = Some(ends);
            }
        }
        Ok(interval)
    }

    /// Between what a target lies for whoever knows the sum of some unknowns.
    fn reach(
        &self,
        target: &Target,
        of_component: &BTreeMap<u32, Vec<u32>>,
        known: &[u32],
        work: &mut Work,
    ) -> Result<Interval, Unbracketed> {
        let mut interval = Interval {
            low: Some(target.value),
            high: Some(target.value),
            inside: None,
            exact: true,
        };
        for (component, objective) in of_component {
            let programme = self.programme(*component, objective, known, work)?;
            for upwards in [true, false] {
                let reach = programme.reach(upwards)?;
                let end = if upwards {
                    &mut interval.high
                } else {
                    &mut interval.low
                };
                interval.exact &= reach.exact;
                *end = match (*end, reach.by) {
                    (Some(value), Some(by)) if upwards => Some(value + by),
                    (Some(value), Some(by)) => Some(value - by),
                    _ => None,
                };
            }
        }
        Ok(interval)
    }

    fn programme(
        &self,
        component: u32,
        objective: &[u32],
        known: &[u32],
        work: &mut Work,
    ) -> Result<Programme, Unbracketed> {
        let part = self.parts.get(&component).ok_or(Unbracketed::Unsolved)?;
        work.spend((part.unknowns.len() * part.lines.len().max(1)) as u64)?;
        // Unknowns rise.
        let within = |list: &[u32]| -> Vec<usize> {
            list.iter()
                .filter_map(|unknown| part.unknowns.binary_search(unknown).ok())
                .collect()
        };
        let lines = part.lines.iter().filter_map(|line| self.lines.get(*line));
        Ok(Programme {
            floors: part
                .unknowns
                .iter()
                .map(|u| self.floors.get(*u as usize).copied().unwrap_or(0.0))
                .collect(),
            lines: lines
                .map(|line| (within(&line.unknowns), line.low, line.high))
                .chain(
                    (within(known).len() == known.len() && !known.is_empty())
                        .then(|| (within(known), 0.0, 0.0)),
                )
                .collect(),
            objective: within(objective),
            whole: self.whole,
            network: self.network,
        })
    }
}

/// The number of atoms in every finest cell.
fn sizes(atoms: &Atoms, tables: usize) -> HashMap<Place, usize> {
    let mut sizes: HashMap<Place, usize> = HashMap::new();
    for atom in 0..atoms.count() {
        for table in 0..tables {
            if let Some(cell) = atoms.finest(atom, table) {
                *sizes.entry((table, cell)).or_insert(0) += 1;
            }
        }
    }
    sizes
}

/// A number for every atom that no table pins by itself.
fn open(
    atoms: &Atoms,
    knowledge: &[Vec<Option<(f64, f64)>>],
    sizes: &HashMap<Place, usize>,
) -> Vec<Option<u32>> {
    let tables = knowledge.len();
    let mut next = 0;
    (0..atoms.count())
        .map(|atom| {
            let pinned = (0..tables).any(|table| {
                let Some(cell) = atoms.finest(atom, table) else {
                    return false;
                };
                let told = knowledge.get(table).and_then(|cells| cells.get(cell));
                let exact = matches!(told.copied().flatten(), Some((low, high)) if low >= 0.0 && high <= 0.0);
                exact && sizes.get(&(table, cell)) == Some(&1)
            });
            if pinned {
                return None;
            }
            next += 1;
            Some(next - 1)
        })
        .collect()
}

/// The unknowns of every cell that has some.
fn members(
    tables: &[Told<'_>],
    atoms: &Atoms,
    open: &[Option<u32>],
) -> Result<BTreeMap<Place, Vec<u32>>, Unbracketed> {
    let mut members: BTreeMap<Place, Vec<u32>> = BTreeMap::new();
    let mut links = 0_usize;
    for (atom, unknown) in open.iter().enumerate() {
        let Some(unknown) = unknown else {
            continue;
        };
        for (index, table) in tables.iter().enumerate() {
            let Some(finest) = atoms.finest(atom, index) else {
                continue;
            };
            let cells = table.counted.frame.above(finest);
            links += cells.len();
            if links > LINKS_MAX {
                return Err(Unbracketed::TooLarge);
            }
            for cell in cells {
                members.entry((index, cell)).or_default().push(*unknown);
            }
        }
    }
    Ok(members)
}

/// Whether the margins of a table make a network: two dimensions with margins at most, of which one may nest deeper (Cox 1995).
fn is_network(table: &Told<'_>) -> bool {
    let layers = table
        .counted
        .frame
        .axes
        .iter()
        .map(|axis| axis.layers.len());
    let with_margins: Vec<usize> = layers.filter(|layers| *layers > 1).collect();
    with_margins.len() <= 2 && with_margins.iter().all(|layers| *layers == 2)
}
