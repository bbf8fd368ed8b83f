//! Shifts by a programme over all equations at once, where the search finds none and the tables are small.

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, microlp, variable};

use super::system::{Class, System};
use super::target::{Shift, Target};
use crate::suppress::COALITION;

/// Atoms of a programme at most.
pub(super) const SOLVER_ATOMS_MAX: usize = 400;
/// Atoms of a programme in whole numbers at most: branching has no other bound.
const INTEGER_ATOMS_MAX: usize = 40;
/// Programmes of one judgement at most.
const PROGRAMMES_MAX: usize = 200;
/// An atom moves by this many times the level at most.
const REACH: f64 = 4.0;
/// What the solver's answers are off by at most, in levels or whole units.
const TOLERANCE: f64 = 1e-6;

/// Programmes that may still be solved.
pub(super) struct Allowance(usize);

impl Allowance {
    pub(super) const fn new() -> Self {
        Self(PROGRAMMES_MAX)
    }
}

/// The shift that costs least by a linear measure of cost (each cell's cost times how far it moves), if there is one.
pub(super) fn seek(
    system: &System,
    target: &Target,
    quantity: usize,
    upwards: bool,
    allowance: &mut Allowance,
) -> Option<Shift> {
    if system.atoms() > SOLVER_ATOMS_MAX || allowance.0 == 0 {
        return None;
    }
    allowance.0 -= 1;
    let programme = Programme {
        system,
        target,
        quantity,
        upwards,
    };
    let counted = system.quantities.get(quantity)?.is_counted();
    let relaxed = programme.solve(false)?;
    let whole = relaxed.iter().all(|d| (d - d.round()).abs() < TOLERANCE);
    let amounts = if !counted || whole {
        relaxed
    } else if system.atoms() <= INTEGER_ATOMS_MAX {
        programme.solve(true)?
    } else {
        return None;
    };
    let shift = programme.shift(&amounts, counted)?;
    shift.opened_by(system)
}

impl Shift {
    /// The shift with what it has to open; `None` when a class that it changes cannot be blank.
    fn opened_by(mut self, system: &System) -> Option<Self> {
        for (number, change) in self.changes(system) {
            let class = system.classes.get(number as usize)?;
            let price = system.price(class, self.quantity);
            if change == 0.0 || price == 0.0 {
                continue;
            }
            if price.is_infinite() {
                return None;
            }
            self.opened.push(number);
        }
        Some(self)
    }
}

struct Programme<'a> {
    system: &'a System,
    target: &'a Target,
    quantity: usize,
    upwards: bool,
}

impl Programme<'_> {
    /// Amounts per atom, in units for counts and in levels for magnitudes.
    fn solve(&self, whole: bool) -> Option<Vec<f64>> {
        let quantity = self.system.quantities.get(self.quantity)?;
        let level = self.target.level(self.quantity, self.upwards);
        let scale = if quantity.is_counted() { 1.0 } else { level };
        let mut variables = ProblemVariables::new();
        let amounts: Vec<Variable> = (0_u32..)
            .zip(&quantity.values)
            .map(|(atom, _)| {
                let floor = -(quantity.fall(atom, self.target.holds(atom)) / scale);
                let reach = REACH * level / scale;
                let amount = variable().min(floor.max(-reach)).max(reach);
                variables.add(if whole { amount.integer() } else { amount })
            })
            .collect();
        let sum = |atoms: &[u32]| -> Expression {
            let known = atoms.iter().filter_map(|a| amounts.get(*a as usize));
            known.copied().sum()
        };
        let mut cost = Expression::from(0.0);
        let mut constraints = Vec::new();
        for class in &self.system.classes {
            let price = self.system.price(class, self.quantity);
            if price.is_infinite() || self.is_shut(class) {
                constraints.push(sum(&class.atoms).eq(0.0));
                continue;
            }
            if let Some(spare) = self.spare(class) {
                constraints.push(sum(&class.atoms).geq(-(spare / scale)));
            }
            if price > 0.0 {
                let moved = variables.add(variable().min(0.0));
                cost += price * moved;
                constraints.push((sum(&class.atoms) - moved).leq(0.0));
                constraints.push((sum(&class.atoms) + moved).geq(0.0));
            }
        }
        let wanted = if self.upwards { level } else { -level } / scale;
        constraints.push(sum(&self.target.atoms).eq(wanted));
        let mut model = variables.minimise(cost).using(microlp);
        for constraint in constraints {
            model.add_constraint(constraint);
        }
        let solution = model.solve().ok()?;
        Some(amounts.iter().map(|a| solution.value(*a)).collect())
    }

    /// Whether the few who are in the class would notice any change.
    fn is_shut(&self, class: &Class) -> bool {
        class.inner && class.units <= COALITION && !self.is_own(class)
    }

    /// How far the class may fall for two of its own respondents.
    fn spare(&self, class: &Class) -> Option<f64> {
        let guarded = class.inner && !self.is_own(class);
        let spare = class.spare.get(self.quantity).copied();
        spare.filter(|spare| guarded && spare.is_finite())
    }

    fn is_own(&self, class: &Class) -> bool {
        class.atoms.iter().any(|atom| self.target.holds(*atom))
    }

    fn shift(&self, amounts: &[f64], counted: bool) -> Option<Shift> {
        let level = self.target.level(self.quantity, self.upwards);
        let mut deviations = Vec::new();
        for (atom, amount) in (0_u32..).zip(amounts) {
            if amount.abs() < TOLERANCE {
                continue;
            }
            deviations.push((
                atom,
                if counted {
                    amount.round()
                } else {
                    amount * level
                },
            ));
        }
        (!deviations.is_empty()).then_some(Shift {
            quantity: self.quantity,
            upwards: self.upwards,
            deviations,
            opened: Vec::new(),
        })
    }
}
