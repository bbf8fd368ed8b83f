//! What blank cells of all tables add up to, held against the rules: a check that knows nothing of how the blanks were found.
//!
//! A cell that some table shows, and that is made up of the cells of another (or of the same, being its margin), gives away what its blank ones
//! come to. That is looked at measure by measure, since a table that counts shows no sum; and for every two measures together, whose
//! difference is told where both are.

use std::collections::{BTreeMap, BTreeSet};

use super::system::{Class, Party, System, numbered};
use super::{Joint, Unlinked};
use crate::accumulate::{Channel, ChannelRole};
use crate::judge;
use crate::profile::Settings;

/// Atoms of cells that are looked at in one round, at most; past that people decide.
const WORK_MAX: usize = 200_000_000;
/// Sets of measures that are told together at most: as many as a mask has bits. Those of one measure come first.
const TOLD_MAX: usize = 128;
/// Further cells that are tried for one sum at most.
const TRIED_MAX: usize = 32;

/// The measures of the atoms that a figure is told by: none for units and rows, one, or two of which it is the difference.
type Measures = Vec<usize>;

/// A judgement's tables, for this check.
pub(super) struct Blanks<'a> {
    joint: &'a Joint<'a>,
    parties: &'a [Party<'a>],
    settings: &'a Settings,
    varied: Vec<bool>,
    told: Vec<Measures>,
}

/// What is known of each class: in which sets of measures a table shows it, and in which an earlier release does.
struct Known {
    shown: Vec<u128>,
    released: Vec<u128>,
}

impl<'a> Blanks<'a> {
    pub(super) fn new(
        joint: &'a Joint<'a>,
        parties: &'a [Party<'a>],
        settings: &'a Settings,
    ) -> Self {
        let channels = joint.statistics.channels();
        let mut told: Vec<Measures> = vec![Vec::new()];
        for channel in channels {
            told.extend(channel.measure.map(|measure| vec![measure]));
        }
        told.extend(channels.iter().map(measures));
        let mut once = BTreeSet::new();
        told.retain(|measures| once.insert(measures.clone()));
        told.truncate(TOLD_MAX);
        Self {
            joint,
            parties,
            settings,
            varied: judge::varied(joint.statistics),
            told,
        }
    }

    /// Classes to leave blank too, so that what is blank may pass together; none where all of it does.
    pub(super) fn further(&self, system: &System) -> Result<BTreeSet<u32>, Unlinked> {
        let known = self.known(system);
        let mut further = BTreeSet::new();
        let mut seen: BTreeSet<(Vec<u32>, usize)> = BTreeSet::new();
        let mut work = WORK_MAX;
        for cut in self.cuts(system) {
            let wholes = wholes(system, &known, &cut);
            if wholes.is_empty() {
                continue;
            }
            let cut = of_atoms(system, &cut);
            for number in wholes {
                let Some(whole) = system.classes.get(number as usize) else {
                    continue;
                };
                let left = work.checked_sub(whole.atoms.len());
                work = left.ok_or(Unlinked::TooLarge)?;
                if let Some(parts) = parts(system, whole, &cut) {
                    further.extend(self.tells(system, &known, (number, &parts), &mut seen));
                }
            }
        }
        Ok(further)
    }

    /// The cells of each table that are margins on the same axes, as classes.
    fn cuts(&self, system: &System) -> Vec<Vec<u32>> {
        let mut cuts: BTreeMap<(usize, usize), Vec<u32>> = BTreeMap::new();
        for (class, number) in system.classes.iter().zip(0_u32..) {
            for (table, cell) in &class.members {
                let Some(party) = self.parties.get(*table) else {
                    continue;
                };
                let lattice = party.table.shape.lattice();
                let margins = (0..lattice.axes()).filter(|axis| lattice.is_margin(*cell, *axis));
                let level = margins.fold(0, |level, axis| level | 1 << axis);
                cuts.entry((*table, level)).or_default().push(number);
            }
        }
        cuts.into_values().collect()
    }

    /// Which sets of measures are told of each class.
    fn known(&self, system: &System) -> Known {
        let tells: Vec<u128> = self
            .parties
            .iter()
            .map(|party| self.tells_of(party))
            .collect();
        let of = |class: &Class, earlier: bool| {
            let members = class.members.iter().filter_map(|(table, cell)| {
                let party = self.parties.get(*table)?;
                let shows = if party.is_candidate() {
                    !earlier && !class.blank
                } else {
                    party.is_released(*cell)
                };
                tells.get(*table).filter(|_| shows)
            });
            let single = members.fold(0, |known, tells| known | tells);
            // Two measures may be told by two tables.
            self.told
                .iter()
                .enumerate()
                .fold(0, |known: u128, (bit, measures)| {
                    let each = measures.iter().all(|m| self.has(single, &[*m]));
                    let any = self.has(single, &[]);
                    known | u128::from(each && any) << bit
                })
        };
        Known {
            shown: system
                .classes
                .iter()
                .map(|class| of(class, false))
                .collect(),
            released: system.classes.iter().map(|class| of(class, true)).collect(),
        }
    }

    fn has(&self, known: u128, measures: &[usize]) -> bool {
        let place = self.told.iter().position(|told| told == measures);
        place.is_some_and(|bit| known >> bit & 1 == 1)
    }

    /// The sets of one measure, or none, that a table tells of.
    fn tells_of(&self, party: &Party<'_>) -> u128 {
        let told = self.told.iter().enumerate();
        told.filter(|(_, measures)| match measures.as_slice() {
            [] => true,
            [only] => party.measures.contains(&Some(*only)),
            _ => false,
        })
        .fold(0, |tells, (bit, _)| tells | 1 << bit)
    }

    /// Looks at each sum of parts that the whole gives away; answers what to leave blank.
    fn tells(
        &self,
        system: &System,
        known: &Known,
        (whole, parts): (u32, &BTreeSet<u32>),
        seen: &mut BTreeSet<(Vec<u32>, usize)>,
    ) -> Vec<u32> {
        let is = |of: &[u128], class: u32, bit: usize| {
            of.get(class as usize)
                .is_some_and(|known| known >> bit & 1 == 1)
        };
        let mut further = Vec::new();
        for bit in (0..self.told.len()).filter(|bit| is(&known.shown, whole, *bit)) {
            let shows = |class: &&u32| is(&known.shown, **class, bit);
            let (room, blank): (Vec<u32>, Vec<u32>) = parts.iter().partition(shows);
            if blank.is_empty() || room.is_empty() || !seen.insert((blank.clone(), bit)) {
                continue;
            }
            if !self.fails(system, bit, &blank) {
                continue;
            }
            // What a candidate shows and no earlier release does. Where that is nothing, it was told already.
            let open = |class: &u32| !is(&known.released, *class, bit);
            let room: Vec<u32> = room.into_iter().filter(open).collect();
            match self.cheapest(system, bit, &blank, room) {
                Some(class) => further.push(class),
                None if open(&whole) => further.push(whole),
                None => {}
            }
        }
        further
    }

    /// The cheapest class with which a sum passes, or the cheapest of all.
    fn cheapest(
        &self,
        system: &System,
        bit: usize,
        blank: &[u32],
        mut room: Vec<u32>,
    ) -> Option<u32> {
        let cost = |class: &u32| {
            let class = system.classes.get(*class as usize);
            class.map_or(f64::INFINITY, |class| class.cost)
        };
        room.sort_by(|a, b| cost(a).total_cmp(&cost(b)).then(a.cmp(b)));
        let passes = |class: &&u32| !self.fails(system, bit, &[blank, &[**class]].concat());
        let enough = room.iter().take(TRIED_MAX).find(passes);
        enough.or_else(|| room.first()).copied()
    }

    /// Whether classes do not pass as one cell, in what is told by a set of measures.
    fn fails(&self, system: &System, bit: usize, classes: &[u32]) -> bool {
        let classes = classes
            .iter()
            .filter_map(|class| system.classes.get(*class as usize));
        let atoms: Vec<usize> = classes
            .flat_map(|class| numbered(&class.atoms, &system.numbers))
            .collect();
        let told = |channel: &Channel| self.told.get(bit) == Some(&measures(channel));
        judge::fail_together(
            self.joint.statistics,
            self.joint.frame.shape(),
            self.settings,
            &self.varied,
            &told,
            &atoms,
        )
    }
}

/// The measures that a channel is told by, rising.
fn measures(channel: &Channel) -> Measures {
    let beside = match channel.role {
        ChannelRole::Complement(complement) => complement.beside,
        _ => None,
    };
    let measures: BTreeSet<usize> = channel.measure.into_iter().chain(beside).collect();
    measures.into_iter().collect()
}

/// Larger classes that are shown, about a class of a cut that is blank where others of the cut are not.
fn wholes(system: &System, known: &Known, cut: &[u32]) -> BTreeSet<u32> {
    let shown = |class: u32| known.shown.get(class as usize).copied().unwrap_or(0);
    let any = cut.iter().fold(0, |any, class| any | shown(*class));
    let blank = cut.iter().filter(|class| any & !shown(**class) != 0);
    let blank = blank.filter_map(|class| system.classes.get(*class as usize));
    let about = blank.filter_map(|class| {
        let of = system.classes_of.get(*class.atoms.first()? as usize)?;
        Some((class.atoms.len(), of))
    });
    about
        .flat_map(|(least, of)| of.iter().map(move |number| (least, *number)))
        .filter(|(least, number)| {
            let whole = system.classes.get(*number as usize);
            whole.is_some_and(|whole| whole.atoms.len() > *least) && shown(*number) != 0
        })
        .map(|(_, number)| number)
        .collect()
}

/// The class of each atom among those of a cut.
fn of_atoms(system: &System, cut: &[u32]) -> Vec<Option<u32>> {
    let mut of = vec![None; system.atoms()];
    for number in cut {
        let class = system.classes.get(*number as usize);
        for atom in class.into_iter().flat_map(|class| &class.atoms) {
            if let Some(of) = of.get_mut(*atom as usize) {
                *of = Some(*number);
            }
        }
    }
    of
}

/// The classes of a cut that a class is made up of, if it is of whole ones, and of several.
fn parts(system: &System, whole: &Class, cut: &[Option<u32>]) -> Option<BTreeSet<u32>> {
    let mut parts = BTreeSet::new();
    let mut last = None;
    for atom in &whole.atoms {
        let part = cut.get(*atom as usize).copied().flatten()?;
        if last != Some(part) {
            parts.insert(part);
            last = Some(part);
        }
    }
    let sizes: BTreeMap<u32, usize> = parts
        .iter()
        .filter_map(|part| Some((*part, system.classes.get(*part as usize)?.atoms.len())))
        .collect();
    let held: usize = sizes.values().sum();
    (parts.len() > 1 && held == whole.atoms.len()).then_some(parts)
}
