//! Brackets: between what the value of a blank cell stays unknown, given everything that several tables show.
//!
//! The unknowns are the deviations of the atoms from their true values; every cell that is shown fixes the sum of its
//! atoms' deviations, exactly or within its rounding, and no atom can hold less than nothing. The attacker is taken
//! to know which combinations of labels occur. Cells fall into components that share no unknown; each is a small linear
//! programme (Fischetti and Salazar, *Models and algorithms for optimizing cell suppression in tabular data with linear
//! constraints*, J. Amer. Stat. Assoc. 95 (2000), section 2: the attacker subproblems).

mod decide;
mod knowledge;
mod programme;
mod sector;
mod work;

use std::collections::{BTreeMap, HashMap};

use super::atoms::{Atoms, Told};
use super::counted::Rows;
use super::measured::Quantity;
use crate::suppress::COALITION;

use programme::Programme;
use sector::Sector;

pub(super) use decide::{Asked, Held};
pub(super) use knowledge::known;
pub(super) use work::Work;

/// Pairs of unknown atom and cell at most.
pub const LINKS_MAX: usize = 4_000_000;
/// Unknowns of one system at most; what lies beyond goes to people, unless shifts prove it.
const UNKNOWNS_MAX: usize = 100_000;

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
    /// Components that targets lie in, together.
    sectors: BTreeMap<Vec<u32>, Sector>,
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

impl Line {
    /// Whether nothing that it holds together can change.
    fn is_exact(&self) -> bool {
        self.low.total_cmp(&self.high).is_eq() || (self.low >= 0.0 && self.high <= 0.0)
    }
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
        Self::with(quantity, tables, &[], atoms, rows)
    }

    /// The same, with sets of atoms that are no table's cells: their places are those of a table after the last.
    pub(super) fn with(
        quantity: &Quantity,
        tables: &[Told<'_>],
        sets: &[Vec<u32>],
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
        let mut members = members(tables, atoms, &open)?;
        let unknown = |atom: &u32| open.get(*atom as usize).copied().flatten();
        for (place, set) in sets.iter().enumerate() {
            let unknowns = set.iter().filter_map(unknown).collect();
            members.insert((tables.len(), place), unknowns);
        }
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
        let insiders = insiders(&members, &knowledge, tables);
        let mut system = Self {
            insiders,
            floors: held.iter().map(floor).collect(),
            lines,
            members,
            component: Vec::new(),
            parts: BTreeMap::new(),
            whole,
            network: alone && tables.iter().all(is_network),
            sectors: BTreeMap::new(),
        };
        system.fix();
        system.insiders.retain(|known| !known.is_empty());
        system.insiders.sort_unstable();
        system.insiders.dedup();
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

    /// Numbers the components: unknowns that lines bind together, or what an insider knows.
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
        let lines = self.lines.iter().map(|line| &line.unknowns);
        // What an insider knows of one part tells him of the other.
        for bound in lines.chain(&self.insiders) {
            let mut unknowns = bound.iter();
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

    /// Whether enough stays unknown of a target, for everybody and for the respondents of every other blank cell.
    pub(super) fn decide(
        &mut self,
        target: &Target,
        asked: Asked,
        work: &mut Work,
    ) -> Result<Held, Unbracketed> {
        let own = self.members.get(&target.place).cloned().unwrap_or_default();
        let sector = self.sector(&own);
        let own = sector.places(&own);
        decide::decide(sector, &own, asked, work)
    }

    /// Between what a target lies, for everybody.
    pub(super) fn bracket(
        &mut self,
        target: &Target,
        work: &mut Work,
    ) -> Result<Interval, Unbracketed> {
        let own = self.members.get(&target.place).cloned().unwrap_or_default();
        if own.is_empty() {
            return Ok(Interval {
                low: Some(target.value),
                high: Some(target.value),
                exact: true,
            });
        }
        let sector = self.sector(&own);
        work.spend(&sector.floors, &sector.lines)?;
        work.spend(&sector.floors, &sector.lines)?;
        let programme = Programme {
            floors: &sector.floors,
            lines: &sector.lines,
            objective: &sector.places(&own),
            known: None,
            whole: sector.whole,
            network: sector.network,
        };
        let (down, up) = (programme.reach(false)?, programme.reach(true)?);
        Ok(Interval {
            low: down.by.map(|by| target.value - by),
            high: up.by.map(|by| target.value + by),
            exact: down.exact && up.exact,
        })
    }

    /// The components that some unknowns lie in.
    fn sector(&mut self, own: &[u32]) -> &mut Sector {
        let component = |unknown: &u32| self.component.get(*unknown as usize).copied();
        let mut components: Vec<u32> = own.iter().filter_map(component).collect();
        components.sort_unstable();
        components.dedup();
        let sectors = &mut self.sectors;
        let (parts, floors, lines, insiders) =
            (&self.parts, &self.floors, &self.lines, &self.insiders);
        let kind = (self.whole, self.network);
        sectors.entry(components).or_insert_with_key(|components| {
            let parts = || components.iter().filter_map(|number| parts.get(number));
            let mut of: Vec<u32> = parts().flat_map(|part| part.unknowns.clone()).collect();
            of.sort_unstable();
            let floor = |unknown: &u32| floors.get(*unknown as usize).copied().unwrap_or(0.0);
            let floors = of.iter().map(floor).collect();
            let lines = parts()
                .flat_map(|part| &part.lines)
                .filter_map(|line| lines.get(*line))
                .cloned()
                .collect();
            let mut sector = Sector::new(of, floors, lines, Vec::new(), kind);
            for line in 0..sector.lines.len() {
                let unknowns = sector
                    .lines
                    .get(line)
                    .map(|line| sector.places(&line.unknowns));
                if let (Some(line), Some(unknowns)) = (sector.lines.get_mut(line), unknowns) {
                    line.unknowns = unknowns;
                }
            }
            let of_insiders = insiders.iter().map(|known| sector.places(known));
            sector.insiders = of_insiders.filter(|known| !known.is_empty()).collect();
            sector
        })
    }
}

/// The unknowns of blank cells that their respondents know.
fn insiders(
    members: &BTreeMap<Place, Vec<u32>>,
    knowledge: &[Vec<Option<(f64, f64)>>],
    tables: &[Told<'_>],
) -> Vec<Vec<u32>> {
    let is_known = |(table, cell): &Place| {
        let told = knowledge.get(*table).and_then(|cells| cells.get(*cell));
        let units = tables.get(*table).map(|t| t.counted.units(*cell));
        told.copied().flatten().is_none() && units.is_some_and(|units| units <= COALITION)
    };
    let known = members.iter().filter(|(place, _)| is_known(place));
    known.map(|(_, unknowns)| unknowns.clone()).collect()
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
