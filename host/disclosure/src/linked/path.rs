//! Shifts along paths: an atom moves, another in the same shown cell makes up for it, and so on until every shown cell is what it was.
//!
//! Where the shown cells are the margins of one table over two dimensions, they make a network, and such a path is an augmenting path of it
//! (Cox 1995): what no sum of paths carries, no shift of whole numbers does. Elsewhere a path is found or it is not, and another way is tried.
//! Nothing is blanked for a path; it uses what is blank already.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use super::system::System;
use super::target::{Shift, Target};
use crate::suppress::COALITION;

/// Paths that are added up in one shift at most.
const PATHS_MAX: usize = 64;
/// States of one path's search at most.
const STATES_MAX: usize = 50_000;
/// Shown cells that are out of balance at once at most.
const IMBALANCE_MAX: usize = 10;
/// Atoms of a target that paths start from, at most.
const BASES_MAX: usize = 6;
/// A path carries at least the level over two to the power of this.
const HALVINGS_MAX: u32 = 7;

/// Steps that may still be taken: a named limit over a whole review.
pub(super) struct Steps {
    left: u64,
}

impl Steps {
    pub(super) const fn new(steps_max: u64) -> Self {
        Self { left: steps_max }
    }

    const fn spend(&mut self, steps: u64) -> bool {
        self.left = self.left.saturating_sub(steps);
        self.left > 0
    }
}

/// The atoms of a quantity that could move at all, while the blanks are what they are.
pub(super) struct Open {
    quantity: usize,
    /// Per atom: whether no chain of shown cells pins it.
    open: Vec<bool>,
    /// Per class that is known: its open atoms.
    known: Vec<Option<Vec<u32>>>,
}

impl Open {
    pub(super) fn new(system: &System, quantity: usize) -> Self {
        let mut open = vec![true; system.atoms()];
        let mut left: Vec<Option<usize>> = system
            .classes
            .iter()
            .map(|class| {
                system
                    .is_known(class, quantity)
                    .then_some(class.atoms.len())
            })
            .collect();
        // A shown cell with one atom left pins it, over and over.
        let alone = |left: &[Option<usize>]| -> VecDeque<usize> {
            let classes = left.iter().enumerate();
            classes
                .filter(|(_, n)| **n == Some(1))
                .map(|(c, _)| c)
                .collect()
        };
        let mut queue = alone(&left);
        while let Some(class) = queue.pop_front() {
            let atoms = system.classes.get(class).map_or(&[][..], |c| &c.atoms);
            let last = atoms
                .iter()
                .find(|a| open.get(**a as usize) == Some(&true))
                .copied();
            let Some(atom) = last else {
                continue;
            };
            if let Some(state) = open.get_mut(atom as usize) {
                *state = false;
            }
            for of in system.classes_of.get(atom as usize).into_iter().flatten() {
                if let Some(Some(n)) = left.get_mut(*of as usize) {
                    *n -= 1;
                    if *n == 1 {
                        queue.push_back(*of as usize);
                    }
                }
            }
        }
        let known = system
            .classes
            .iter()
            .zip(&left)
            .map(|(class, left)| {
                left.map(|_| {
                    let of = class.atoms.iter().copied();
                    of.filter(|a| open.get(*a as usize) == Some(&true))
                        .collect()
                })
            })
            .collect();
        Self {
            quantity,
            open,
            known,
        }
    }

    fn is_open(&self, atom: u32) -> bool {
        self.open.get(atom as usize).copied().unwrap_or(false)
    }

    /// How many atoms of a class that is known could move.
    fn width(&self, class: u32) -> usize {
        let of = self.known.get(class as usize);
        of.and_then(Option::as_ref).map_or(usize::MAX, Vec::len)
    }

    fn is_known(&self, class: u32) -> bool {
        matches!(self.known.get(class as usize), Some(Some(_)))
    }
}

/// Looks for a shift of the target's level in the quantity of `open`.
pub(super) fn seek(
    system: &System,
    open: &Open,
    target: &Target,
    upwards: bool,
    steps: &mut Steps,
) -> Option<Shift> {
    let mut walker = Walker::new(system, open, target, upwards)?;
    let mut remaining = target.level(open.quantity, upwards);
    for _ in 0..PATHS_MAX {
        let path = walker.widest(remaining, steps)?;
        let amount = walker.capacity(&path).min(remaining);
        if amount <= 0.0 {
            return None;
        }
        walker.take(&path, amount);
        remaining -= amount;
        if remaining <= 0.0 {
            return Some(walker.finish());
        }
    }
    None
}

/// Atoms with the way each goes, an atom once for each time that the path passes it.
type Path = Vec<(u32, f64)>;
/// Shown cells that are out of balance, by class.
type State = Vec<(u32, i32)>;

struct Walker<'a> {
    system: &'a System,
    open: &'a Open,
    target: &'a Target,
    upwards: bool,
    counted: bool,
    own: HashSet<u32>,
    bases: Vec<u32>,
    deviations: BTreeMap<u32, f64>,
    class_deviations: HashMap<u32, f64>,
}

impl<'a> Walker<'a> {
    fn new(system: &'a System, open: &'a Open, target: &'a Target, upwards: bool) -> Option<Self> {
        let quantity = system.quantities.get(open.quantity)?;
        let movable = target.atoms.iter().copied();
        let mut bases: Vec<u32> = movable.filter(|atom| open.is_open(*atom)).collect();
        bases.sort_by(|a, b| quantity.at(*b).total_cmp(&quantity.at(*a)).then(a.cmp(b)));
        bases.truncate(BASES_MAX);
        let classes = target
            .atoms
            .iter()
            .filter_map(|atom| system.classes_of.get(*atom as usize));
        Some(Self {
            own: classes.flatten().copied().collect(),
            counted: quantity.is_counted(),
            system,
            open,
            target,
            upwards,
            bases,
            deviations: BTreeMap::new(),
            class_deviations: HashMap::new(),
        })
    }

    fn finish(self) -> Shift {
        Shift {
            quantity: self.open.quantity,
            upwards: self.upwards,
            deviations: self.deviations.into_iter().collect(),
            opened: Vec::new(),
        }
    }

    /// A path that carries all that remains, or half of it, or half of that.
    fn widest(&self, remaining: f64, steps: &mut Steps) -> Option<Path> {
        let mut amount = remaining;
        for _ in 0..=HALVINGS_MAX {
            for base in &self.bases {
                if let Some(path) = self.path(*base, amount, steps) {
                    return Some(path);
                }
            }
            if self.counted && amount <= 1.0 {
                return None;
            }
            amount /= 2.0;
            if self.counted {
                amount = amount.ceil();
            }
        }
        None
    }

    /// How far an atom could go one way from where it is.
    fn room(&self, atom: u32, way: f64) -> f64 {
        let mut room = f64::INFINITY;
        if way < 0.0
            && let Some(quantity) = self.system.quantities.get(self.open.quantity)
        {
            let fall = quantity.fall(atom, self.target.holds(atom));
            room = fall + self.deviations.get(&atom).unwrap_or(&0.0);
        }
        for number in self
            .system
            .classes_of
            .get(atom as usize)
            .into_iter()
            .flatten()
        {
            let Some(class) = self.system.classes.get(*number as usize) else {
                continue;
            };
            if !class.inner || self.own.contains(number) {
                continue;
            }
            if class.units <= COALITION {
                return 0.0;
            }
            if way < 0.0 {
                let spare = class.spare.get(self.open.quantity).copied().unwrap_or(0.0);
                let so_far = self.class_deviations.get(number).unwrap_or(&0.0);
                room = room.min(spare + so_far);
            }
        }
        if self.counted { room.floor() } else { room }
    }

    /// How much a path carries: an atom that it passes twice gives twice.
    fn capacity(&self, path: &Path) -> f64 {
        let mut times: BTreeMap<u32, f64> = BTreeMap::new();
        for (atom, way) in path {
            *times.entry(*atom).or_insert(0.0) += way;
        }
        let carried = times.into_iter().map(|(atom, way)| {
            if way == 0.0 {
                return f64::INFINITY;
            }
            let carries = self.room(atom, way) / way.abs();
            if self.counted {
                carries.floor()
            } else {
                carries
            }
        });
        carried.fold(f64::INFINITY, f64::min)
    }

    fn take(&mut self, path: &Path, amount: f64) {
        for (atom, way) in path {
            *self.deviations.entry(*atom).or_insert(0.0) += way * amount;
            for class in self
                .system
                .classes_of
                .get(*atom as usize)
                .into_iter()
                .flatten()
            {
                *self.class_deviations.entry(*class).or_insert(0.0) += way * amount;
            }
        }
        self.deviations.retain(|_, amount| *amount != 0.0);
    }

    /// The balance after an atom went one way; none when too much is out of balance.
    fn after(&self, state: &State, atom: u32, way: i32) -> Option<State> {
        let mut next = state.clone();
        for class in self.system.classes_of.get(atom as usize)? {
            if !self.open.is_known(*class) {
                continue;
            }
            match next.binary_search_by_key(class, |(class, _)| *class) {
                Ok(place) => {
                    let (_, balance) = next.get_mut(place)?;
                    *balance += way;
                    if *balance == 0 {
                        next.remove(place);
                    }
                }
                Err(place) => next.insert(place, (*class, way)),
            }
        }
        (next.len() <= IMBALANCE_MAX).then_some(next)
    }

    /// A shortest path from an atom of the target, over which `amount` goes: breadth first over what is out of balance.
    fn path(&self, base: u32, amount: f64, steps: &mut Steps) -> Option<Path> {
        let way = if self.upwards { 1 } else { -1 };
        if self.room(base, f64::from(way)) < amount {
            return None;
        }
        let start = self.after(&State::new(), base, way)?;
        if start.is_empty() {
            return Some(vec![(base, f64::from(way))]);
        }
        let goal: HashSet<u32> = start.iter().map(|(class, _)| *class).collect();
        let mut seen: HashSet<State> = HashSet::from([start.clone()]);
        // Where each state came from, and by which step.
        let mut states: Vec<(State, usize, (u32, i32))> = vec![(start, 0, (base, way))];
        let mut place = 0;
        while place < states.len() && place < STATES_MAX {
            let (state, _, _) = states.get(place)?;
            let state = state.clone();
            let (class, balance) = self.moving_end(&state, &goal)?;
            let back = -balance.signum();
            let atoms = self.open.known.get(class as usize)?.as_ref()?;
            if !steps.spend(atoms.len() as u64 + 1) {
                return None;
            }
            for atom in atoms {
                if self.target.holds(*atom) || self.room(*atom, f64::from(back)) < amount {
                    continue;
                }
                let Some(next) = self.after(&state, *atom, back) else {
                    continue;
                };
                if next.is_empty() {
                    return Some(trace(&states, place, (*atom, back)));
                }
                if seen.insert(next.clone()) {
                    states.push((next, place, (*atom, back)));
                }
            }
            place += 1;
        }
        None
    }

    /// The class to balance next: one that the start did not disturb, so that a path has one moving end; of those the narrowest.
    fn moving_end(&self, state: &State, goal: &HashSet<u32>) -> Option<(u32, i32)> {
        let order =
            |(class, _): &&(u32, i32)| (goal.contains(class), self.open.width(*class), *class);
        state.iter().min_by_key(order).copied()
    }
}

/// The steps that led to a state, and one more.
fn trace(states: &[(State, usize, (u32, i32))], last: usize, step: (u32, i32)) -> Path {
    let mut path = vec![(step.0, f64::from(step.1))];
    let mut place = last;
    // Every state came from an earlier one.
    for _ in 0..states.len() {
        let Some((_, from, (atom, way))) = states.get(place) else {
            break;
        };
        path.push((*atom, f64::from(*way)));
        if place == 0 {
            break;
        }
        place = *from;
    }
    path
}
