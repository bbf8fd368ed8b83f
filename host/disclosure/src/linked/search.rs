//! The search for shifts: whole-number moves over the atoms that no table shows.
//!
//! An atom and a partner that differ on some fields span a hypercube: its corners take each of those fields from the one or the other.
//! Shifted with alternating signs, they leave every cell as it is that does not look at all of those fields at once; the
//! few that change must be blank. One such move rarely carries a whole level, so that moves are added up until they do.

use std::collections::{BTreeMap, HashSet};

use super::system::System;
use super::target::{Shift, Target};
use crate::suppress::COALITION;

/// Fields on which the corners of one move differ at most.
const FIELDS_MOVED_MAX: usize = 4;
/// Atoms of a target that moves start from, at most.
const BASES_MAX: usize = 6;
/// Moves that are paid for in one shift at most.
const STEPS_MAX: usize = 48;

/// Moves that may still be looked at: a named limit over a whole judgement.
pub(super) struct Budget {
    left: u64,
}

impl Budget {
    pub(super) const fn new(moves_max: u64) -> Self {
        Self { left: moves_max }
    }

    const fn spend(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left > 0
    }

    /// Whether nothing is left.
    pub(super) const fn is_spent(&self) -> bool {
        self.left == 0
    }
}

/// What a move would cost, and how much it could carry.
#[derive(Clone, Copy)]
struct Offer {
    cost: f64,
    carries: f64,
}

/// Looks for a shift of `level` of the target in a quantity. With `pays`, cells of candidates may be blanked for it.
pub(super) fn seek(
    system: &System,
    target: &Target,
    quantity: usize,
    upwards: bool,
    pays: bool,
    budget: &mut Budget,
) -> Option<Shift> {
    let level = target.level(quantity, upwards);
    let mut seeker = Seeker::new(system, target, quantity, upwards, level, budget)?;
    seeker.take_free();
    for _ in 0..STEPS_MAX {
        if seeker.is_done() || !pays {
            break;
        }
        seeker.take_cheapest()?;
        seeker.take_free();
    }
    seeker.is_done().then(|| seeker.finish())
}

struct Seeker<'a> {
    system: &'a System,
    target: &'a Target,
    quantity: usize,
    upwards: bool,
    remaining: f64,
    bases: Vec<u32>,
    /// Classes with an atom of the target: what is blank there is the target's own.
    own: HashSet<u32>,
    deviations: BTreeMap<u32, f64>,
    class_deviations: BTreeMap<u32, f64>,
    opened: Vec<u32>,
    corners: Vec<(u32, f64)>,
    touched: Vec<(u32, f64)>,
    budget: &'a mut Budget,
}

impl<'a> Seeker<'a> {
    fn new(
        system: &'a System,
        target: &'a Target,
        quantity: usize,
        upwards: bool,
        level: f64,
        budget: &'a mut Budget,
    ) -> Option<Self> {
        let described = system.quantities.get(quantity)?;
        let mut bases = target.atoms.clone();
        bases.sort_by(|a, b| described.at(*b).total_cmp(&described.at(*a)).then(a.cmp(b)));
        bases.truncate(BASES_MAX);
        let classes = target
            .atoms
            .iter()
            .filter_map(|atom| system.classes_of.get(*atom as usize));
        Some(Self {
            own: classes.flatten().copied().collect(),
            system,
            target,
            quantity,
            upwards,
            remaining: level,
            bases,
            deviations: BTreeMap::new(),
            class_deviations: BTreeMap::new(),
            opened: Vec::new(),
            corners: Vec::new(),
            touched: Vec::new(),
            budget,
        })
    }

    fn is_done(&self) -> bool {
        self.remaining <= 0.0
    }

    fn finish(self) -> Shift {
        Shift {
            quantity: self.quantity,
            upwards: self.upwards,
            deviations: self.deviations.into_iter().collect(),
            opened: self.opened,
        }
    }

    /// Takes every move that costs nothing, as much as it carries.
    fn take_free(&mut self) {
        for base in self.bases.clone() {
            for partner in 0..self.partners() {
                if self.is_done() || !self.budget.spend() {
                    return;
                }
                if let Some(offer) = self.weigh(base, partner, 0.0) {
                    self.take(offer);
                }
            }
        }
    }

    /// Takes the move that costs least for what it carries.
    fn take_cheapest(&mut self) -> Option<()> {
        let mut best: Option<(f64, u32, u32)> = None;
        for base in self.bases.clone() {
            for partner in 0..self.partners() {
                if !self.budget.spend() {
                    return None;
                }
                let bound = best.map_or(f64::INFINITY, |(score, ..)| score);
                let Some(offer) = self.weigh(base, partner, bound) else {
                    continue;
                };
                let score = offer.cost * (self.remaining / offer.carries).max(1.0);
                if score < bound {
                    best = Some((score, base, partner));
                }
            }
        }
        let (_, base, partner) = best?;
        let offer = self.weigh(base, partner, f64::INFINITY)?;
        self.take(offer);
        Some(())
    }

    fn partners(&self) -> u32 {
        // INVARIANT: ATOMS_MAX fits 32 bits.
        u32::try_from(self.system.atoms()).unwrap_or(u32::MAX)
    }

    /// What the move from `base` to `partner` costs and carries; `None` when it cannot be, or costs more than `cost_max`.
    fn weigh(&mut self, base: u32, partner: u32, cost_max: f64) -> Option<Offer> {
        let (from, to) = (self.system.position(base), self.system.position(partner));
        let mut moved = [0_usize; FIELDS_MOVED_MAX];
        let mut count = 0;
        for (field, (a, b)) in from.iter().zip(to).enumerate() {
            if a != b {
                *moved.get_mut(count)? = field;
                count += 1;
            }
        }
        let moved = moved.get(..count)?;
        self.corners.clear();
        let mut carries = f64::INFINITY;
        let mut net = 0.0;
        for set in 0..1_usize << count {
            let mut chosen = [0_usize; FIELDS_MOVED_MAX];
            let mut held = 0;
            for (bit, field) in moved.iter().enumerate() {
                if set >> bit & 1 == 1 {
                    *chosen.get_mut(held)? = *field;
                    held += 1;
                }
            }
            let corner = self.system.corner(from, to, chosen.get(..held)?)?;
            let up = (held % 2 == 0) == self.upwards;
            let sign = if up { 1.0 } else { -1.0 };
            if !up {
                carries = carries.min(self.left_in(corner));
            }
            if self.target.holds(corner) {
                net += sign;
            }
            self.corners.push((corner, sign));
        }
        let wanted = if self.upwards { 1.0 } else { -1.0 };
        if net != wanted || carries <= 0.0 {
            return None;
        }
        let cost = self.cost(&mut carries, cost_max)?;
        (carries > 0.0).then_some(Offer { cost, carries })
    }

    /// What an atom has left to give.
    fn left_in(&self, atom: u32) -> f64 {
        let Some(quantity) = self.system.quantities.get(self.quantity) else {
            return 0.0;
        };
        let fall = quantity.fall(atom, self.target.holds(atom));
        let left = fall + self.deviations.get(&atom).unwrap_or(&0.0);
        if quantity.is_counted() {
            left.floor()
        } else {
            left
        }
    }

    /// What the corners' cells cost; takes from `carries` what two respondents of a cell would notice.
    fn cost(&mut self, carries: &mut f64, cost_max: f64) -> Option<f64> {
        self.touched.clear();
        for (corner, sign) in &self.corners {
            let classes = self.system.classes_of.get(*corner as usize)?;
            self.touched.extend(classes.iter().map(|c| (*c, *sign)));
        }
        self.touched.sort_unstable_by_key(|(class, _)| *class);
        let mut cost = 0.0;
        let mut start = 0;
        while let Some((class, _)) = self.touched.get(start).copied() {
            let mut net = 0.0;
            while let Some((_, sign)) = self.touched.get(start).filter(|(c, _)| *c == class) {
                net += sign;
                start += 1;
            }
            if net == 0.0 {
                continue;
            }
            cost += self.cost_of(class, net, carries)?;
            if cost > cost_max || cost.is_infinite() {
                return None;
            }
        }
        Some(cost)
    }

    fn cost_of(&self, number: u32, net: f64, carries: &mut f64) -> Option<f64> {
        let class = self.system.classes.get(number as usize)?;
        if class.inner && !self.own.contains(&number) {
            if class.units <= COALITION {
                return None;
            }
            if net < 0.0 {
                let spare = class.spare.get(self.quantity).copied().unwrap_or(0.0);
                let so_far = self.class_deviations.get(&number).unwrap_or(&0.0);
                let left = (spare + so_far) / -net;
                *carries = carries.min(if self.is_counted() {
                    left.floor()
                } else {
                    left
                });
            }
        }
        if self.opened.contains(&number) {
            return Some(0.0);
        }
        Some(self.system.price(class, self.quantity))
    }

    fn is_counted(&self) -> bool {
        let quantity = self.system.quantities.get(self.quantity);
        quantity.is_some_and(super::quantity::Quantity::is_counted)
    }

    /// Takes the move that was weighed last.
    fn take(&mut self, offer: Offer) {
        let amount = offer.carries.min(self.remaining);
        self.remaining -= amount;
        for (corner, sign) in &self.corners {
            *self.deviations.entry(*corner).or_insert(0.0) += sign * amount;
        }
        let mut nets: BTreeMap<u32, f64> = BTreeMap::new();
        for (class, sign) in &self.touched {
            *nets.entry(*class).or_insert(0.0) += sign;
        }
        for (number, net) in nets.into_iter().filter(|(_, net)| *net != 0.0) {
            *self.class_deviations.entry(number).or_insert(0.0) += net * amount;
            let class = self.system.classes.get(number as usize);
            let pays = class.is_some_and(|class| self.system.price(class, self.quantity) > 0.0);
            if pays && !self.opened.contains(&number) {
                self.opened.push(number);
            }
        }
    }
}
