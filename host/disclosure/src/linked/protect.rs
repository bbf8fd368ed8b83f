//! From what failed to what is blank: shifts for every target, needless blanks taken back, and the check of every proof.

use std::collections::BTreeMap;

use yunei_model::Status;

use super::blanks::Blanks;
use super::search::{Budget, seek};
use super::solver;
use super::system::{Party, System, numbered};
use super::target::{Shift, Target};
use super::{Joint, LinkedBracket, Unlinked};
use super::{audit, bound, lines, reach};
use crate::judge::{Proven, statuses};
use crate::profile::{Profile, Settings};
use crate::suppress::Pattern;

/// Moves that the search looks at in one judgement at most.
const MOVES_MAX: u64 = 30_000_000;
/// Times that further cells are left blank at most; past that people decide.
const ROUNDS_MAX: usize = 8;
/// Blanks that are tried to be taken back at most.
const PRUNED_MAX: usize = 2_000;

/// What is blank beside what failed, per table and cell, and what stays unknown.
pub(super) struct Protected {
    pub(super) complementary: Vec<(usize, usize)>,
    pub(super) brackets: Vec<LinkedBracket>,
    /// Per table, what is proven to stay unknown of its blank cells.
    pub(super) proven: Vec<(usize, Proven)>,
    pub(super) pattern: Pattern,
}

/// Protects every failed cell of every table, every atom that would fail if it could be worked out, and every line of which everybody is in
/// one class.
pub(super) fn protect(
    joint: &Joint<'_>,
    parties: &[Party<'_>],
    profile: &Profile,
) -> Result<Protected, Unlinked> {
    let atoms = statuses(joint.statistics, joint.frame.shape(), profile);
    let failing = |(atom, status): (usize, &Status)| (*status == Status::Fail).then_some(atom);
    let failing: Vec<usize> = atoms.iter().enumerate().filter_map(failing).collect();
    let settings = profile.settings();
    let mut system = System::build(joint, parties, &failing, settings)?;
    let bench = Bench {
        joint,
        parties,
        settings,
    };
    let mut targets = targets(&system, &bench, &failing);
    let failed: Vec<bool> = system.classes.iter().map(|class| class.blank).collect();
    let shifts = hold_together(&mut system, &mut targets, &bench)?;
    let brackets = audit::audit(&system, parties, &targets)?;
    let complementary = system
        .classes
        .iter()
        .filter(|class| class.blank)
        .flat_map(|class| &class.members)
        .filter(|(table, cell)| {
            let party = parties.get(*table);
            party.is_some_and(|party| party.is_candidate() && !party.is_failed(*cell))
        })
        .copied()
        .collect();
    Ok(Protected {
        complementary,
        brackets,
        proven: reach::proven(&system, parties, &targets, &shifts),
        pattern: bound::pattern(&system, parties, &failed),
    })
}

/// As [`hold`], and blanks further classes until what is blank passes together too; these are targets then as if they had failed.
fn hold_together(
    system: &mut System,
    targets: &mut Vec<Target>,
    bench: &Bench<'_>,
) -> Result<Vec<Vec<Shift>>, Unlinked> {
    let blanks = Blanks::new(bench.joint, bench.parties, bench.settings);
    for _ in 0..ROUNDS_MAX {
        let shifts = hold(system, targets)?;
        let further = blanks.further(system)?;
        if further.is_empty() {
            return Ok(shifts);
        }
        for number in further {
            set_blank(system, number as usize, true);
            targets.extend(bench.target(system, number));
        }
    }
    Err(Unlinked::Together)
}

/// Shifts for every target, in the order in which it leaves them: blanks what they pass through, takes back what none needs, and checks
/// every proof.
pub(super) fn hold(
    system: &mut System,
    targets: &mut [Target],
) -> Result<Vec<Vec<Shift>>, Unlinked> {
    let failed: Vec<bool> = system.classes.iter().map(|class| class.blank).collect();
    targets.sort_by(|a, b| {
        let cells = b.class.is_some().cmp(&a.class.is_some());
        cells.then(b.weight().total_cmp(&a.weight()))
    });
    let mut budget = Budget::new(MOVES_MAX);
    let mut shifts = shift(system, targets, &mut budget)?;
    prune(system, &failed, targets, &mut shifts, &mut budget);
    let proven = |(target, shifts): (&Target, &Vec<Shift>)| is_proven(system, target, shifts);
    if targets.iter().zip(&shifts).all(proven) {
        Ok(shifts)
    } else {
        Err(Unlinked::NotProven)
    }
}

/// Whether each level that is demanded has a shift that proves it.
fn is_proven(system: &System, target: &Target, shifts: &[Shift]) -> bool {
    (0..system.quantities.len()).all(|quantity| {
        [true, false].into_iter().all(|upwards| {
            target.level(quantity, upwards) <= 0.0
                || shifts.iter().any(|shift| {
                    shift.quantity == quantity
                        && shift.upwards == upwards
                        && shift.proves(system, target)
                })
        })
    })
}

/// What targets are made from.
struct Bench<'a> {
    joint: &'a Joint<'a>,
    parties: &'a [Party<'a>],
    settings: &'a Settings,
}

impl Bench<'_> {
    /// The levels of protection that a cell of a table needs, which is a class.
    fn levels(&self, system: &System, number: u32, member: (usize, usize)) -> Vec<(f64, f64)> {
        let class = system.classes.get(number as usize);
        let (Some(class), Some(party)) = (class, self.parties.get(member.0)) else {
            return Vec::new();
        };
        let atoms = numbered(&class.atoms, &system.numbers);
        let one = self.joint.statistics.together(&atoms);
        let quantities = system.quantities.iter();
        quantities
            .map(|quantity| {
                let (up, down) = quantity.levels(party, member.1, self.settings);
                let counted = one
                    .as_ref()
                    .map(|one| quantity.levels_of_one(one, self.settings));
                (up.max(counted.unwrap_or_default().0), down)
            })
            .collect()
    }
}

impl Bench<'_> {
    /// A class that is blank, and must stay unknown as if it had failed.
    fn target(&self, system: &System, number: u32) -> Option<Target> {
        let class = system.classes.get(number as usize)?;
        let mut targets = BTreeMap::new();
        for member in &class.members {
            let party = self.parties.get(member.0);
            if party.is_some_and(Party::is_candidate) {
                let levels = self.levels(system, number, *member);
                take(&mut targets, &class.atoms, Some(number), levels);
            }
        }
        targets.into_values().next()
    }
}

fn targets(system: &System, bench: &Bench<'_>, failing: &[usize]) -> Vec<Target> {
    let mut targets: BTreeMap<Vec<u32>, Target> = BTreeMap::new();
    for (class, number) in system.classes.iter().zip(0_u32..) {
        for (table, cell) in &class.members {
            let party = bench.parties.get(*table);
            if !party.is_some_and(|party| party.is_failed(*cell)) {
                continue;
            }
            let levels = bench.levels(system, number, (*table, *cell));
            take(&mut targets, &class.atoms, Some(number), levels);
        }
    }
    for (atom, number) in (0_u32..).zip(&system.numbers) {
        let number = *number as usize;
        if failing.binary_search(&number).is_err() {
            continue;
        }
        let levels = system.quantities.iter().map(|quantity| {
            quantity.levels_of_atom(bench.joint.statistics, number, bench.settings)
        });
        let class = targets.get(&vec![atom]).and_then(|target| target.class);
        take(&mut targets, &[atom], class, levels.collect());
    }
    if bench.settings.class.is_some_and(|class| class.disclosive) {
        take_lines(&mut targets, system, bench);
    }
    targets.into_values().collect()
}

/// Takes the lines of which everybody is in one class. Of several atoms, each level is the greatest that one of them needs.
fn take_lines(targets: &mut BTreeMap<Vec<u32>, Target>, system: &System, bench: &Bench<'_>) {
    for line in lines::in_one_class(system, bench.joint, bench.parties) {
        for atom in &line {
            let Some(number) = system.numbers.get(*atom as usize) else {
                continue;
            };
            let levels = system.quantities.iter().map(|quantity| {
                let number = *number as usize;
                quantity.levels_of_atom(bench.joint.statistics, number, bench.settings)
            });
            take(targets, &line, None, levels.collect());
        }
    }
}

/// Takes levels into the target with these atoms: of several, the greatest.
fn take(
    targets: &mut BTreeMap<Vec<u32>, Target>,
    atoms: &[u32],
    class: Option<u32>,
    levels: Vec<(f64, f64)>,
) {
    let target = targets.entry(atoms.to_vec()).or_insert_with(|| Target {
        atoms: atoms.to_vec(),
        class,
        levels: vec![(0.0, 0.0); levels.len()],
    });
    for (known, new) in target.levels.iter_mut().zip(levels) {
        *known = (known.0.max(new.0), known.1.max(new.1));
    }
}

/// A shift for each level of each target; blanks what it passes through.
fn shift(
    system: &mut System,
    targets: &[Target],
    budget: &mut Budget,
) -> Result<Vec<Vec<Shift>>, Unlinked> {
    let mut shifts = Vec::with_capacity(targets.len());
    let mut solver = solver::Allowance::new();
    for target in targets {
        let mut of_target = Vec::new();
        for quantity in 0..system.quantities.len() {
            for upwards in [true, false] {
                if target.level(quantity, upwards) <= 0.0 {
                    continue;
                }
                let found = seek(system, target, quantity, upwards, true, budget)
                    .or_else(|| solver::seek(system, target, quantity, upwards, &mut solver));
                let Some(found) = found else {
                    return Err(if budget.is_spent() {
                        Unlinked::TooLarge
                    } else {
                        Unlinked::NoShift
                    });
                };
                for class in &found.opened {
                    if let Some(class) = system.classes.get_mut(*class as usize) {
                        class.blank = true;
                    }
                }
                of_target.push(found);
            }
        }
        shifts.push(of_target);
    }
    Ok(shifts)
}

/// Takes back blanks that no target needs: dearest first, each where every shift through it can go another way for nothing.
fn prune(
    system: &mut System,
    failed: &[bool],
    targets: &[Target],
    shifts: &mut [Vec<Shift>],
    budget: &mut Budget,
) {
    let mut blanks: Vec<(f64, usize)> = system
        .classes
        .iter()
        .enumerate()
        .filter(|(number, class)| class.blank && failed.get(*number) == Some(&false))
        .map(|(number, class)| (class.cost, number))
        .collect();
    blanks.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    for (_, number) in blanks.into_iter().take(PRUNED_MAX) {
        if budget.is_spent() {
            return;
        }
        set_blank(system, number, false);
        match reroute(system, number, targets, shifts, budget) {
            Some(replaced) => {
                for (target, place, shift) in replaced {
                    if let Some(old) = shifts.get_mut(target).and_then(|s| s.get_mut(place)) {
                        *old = shift;
                    }
                }
            }
            None => set_blank(system, number, true),
        }
    }
}

fn set_blank(system: &mut System, number: usize, blank: bool) {
    if let Some(class) = system.classes.get_mut(number) {
        class.blank = blank;
    }
}

/// Shifts in the place of those that pass through a class which is not blank any more; `None` when one has no other way.
fn reroute(
    system: &System,
    number: usize,
    targets: &[Target],
    shifts: &[Vec<Shift>],
    budget: &mut Budget,
) -> Option<Vec<(usize, usize, Shift)>> {
    // INVARIANT: there are fewer classes than atoms times tables, which fits 32 bits.
    let class = u32::try_from(number).ok()?;
    let mut replaced = Vec::new();
    for (target_number, (target, of_target)) in targets.iter().zip(shifts).enumerate() {
        for (place, shift) in of_target.iter().enumerate() {
            if !shift.touches(system, class) {
                continue;
            }
            let described = system.classes.get(number)?;
            if !system.is_known(described, shift.quantity) {
                continue;
            }
            let (quantity, upwards) = (shift.quantity, shift.upwards);
            let found = seek(system, target, quantity, upwards, false, budget)?;
            replaced.push((target_number, place, found));
        }
    }
    Some(replaced)
}
