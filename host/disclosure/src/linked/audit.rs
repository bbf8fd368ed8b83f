//! The audit of linked tables: what all equations of all tables together leave unknown about each failed cell.
//!
//! It is the second look. The first are the shifts, each a proof by itself over integers; this one solves for the bounds and may only
//! refuse.

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, microlp, variable};

use super::solver::{INTEGER_ATOMS_MAX, SOLVER_ATOMS_MAX};
use super::system::{Party, System};
use super::target::Target;
use super::{LinkedBracket, Unlinked};
use crate::suppress::{AUDIT_WORK_MAX, Bracket};

/// Brackets reach as far as this many times the demanded level.
const REACH: f64 = 4.0;
/// Error that the solver is allowed, in levels.
const TOLERANCE: f64 = 1e-6;

/// Brackets every failed cell of every table, where all of them together are small enough, and compares with what is demanded.
pub(super) fn audit(
    system: &System,
    parties: &[Party<'_>],
    targets: &[Target],
) -> Result<Vec<LinkedBracket>, Unlinked> {
    let cells: Vec<&Target> = targets.iter().filter(|t| t.class.is_some()).collect();
    let programmes = cells.len() * system.quantities.len() * 2;
    let work = system.atoms().saturating_mul(programmes);
    if system.atoms() > SOLVER_ATOMS_MAX || work > AUDIT_WORK_MAX {
        return Ok(Vec::new());
    }
    let mut brackets = Vec::new();
    for target in cells {
        for quantity in 0..system.quantities.len() {
            let (up, down) = (target.level(quantity, true), target.level(quantity, false));
            let scale = up.max(down);
            if scale <= 0.0 {
                continue;
            }
            let reach = Reach {
                system,
                target,
                quantity,
                scale,
            };
            let (above, below) = (reach.find(true)?, reach.find(false)?);
            let slip = TOLERANCE * scale;
            if above + slip < up || below + slip < down {
                return Err(Unlinked::NotProven);
            }
            take(&mut brackets, &reach, parties, (below, above));
        }
    }
    Ok(brackets)
}

/// Takes the bracket for every candidate's cell that the target is.
fn take(
    brackets: &mut Vec<LinkedBracket>,
    reach: &Reach<'_>,
    parties: &[Party<'_>],
    (below, above): (f64, f64),
) {
    let Some(quantity) = reach.system.quantities.get(reach.quantity) else {
        return;
    };
    let value: f64 = reach.target.atoms.iter().map(|a| quantity.at(*a)).sum();
    let class = reach.target.class;
    let class = class.and_then(|class| reach.system.classes.get(class as usize));
    let members = class.into_iter().flat_map(|class| &class.members);
    for (table, cell) in members {
        let Some(party) = parties.get(*table).filter(|p| p.is_candidate()) else {
            continue;
        };
        if !quantity.is_told_by(party) {
            continue;
        }
        brackets.push(LinkedBracket {
            table: *table,
            bracket: Bracket {
                cell: *cell,
                measure: quantity.measure(party),
                low: value - below,
                high: value + above,
            },
        });
    }
}

struct Reach<'a> {
    system: &'a System,
    target: &'a Target,
    quantity: usize,
    scale: f64,
}

impl Reach<'_> {
    /// How far the target could lie above (or below) its value: over integers for counts, unless that is out of reach and the answer over
    /// the reals is not whole by itself; then the level that a shift has proven.
    fn find(&self, upwards: bool) -> Result<f64, Unlinked> {
        let counted = self.system.quantities.get(self.quantity);
        let counted = counted.is_some_and(super::quantity::Quantity::is_counted);
        let (reach, whole) = self.solve(upwards, false)?;
        if !counted || whole {
            return Ok(reach);
        }
        if self.system.atoms() <= INTEGER_ATOMS_MAX {
            return self.solve(upwards, true).map(|(reach, _)| reach);
        }
        let proven = self.target.level(self.quantity, upwards);
        Ok(reach.floor().min(proven))
    }

    fn solve(&self, upwards: bool, integer: bool) -> Result<(f64, bool), Unlinked> {
        let quantity = self.system.quantities.get(self.quantity);
        let quantity = quantity.ok_or(Unlinked::NotProven)?;
        let scale = if quantity.is_counted() {
            1.0
        } else {
            self.scale
        };
        let reach = REACH * self.scale / scale;
        let mut variables = ProblemVariables::new();
        let amounts: Vec<Variable> = (0_u32..)
            .zip(&quantity.values)
            .map(|(atom, value)| {
                let least = f64::from(u8::from(quantity.is_counted() && self.target.is_only(atom)));
                let floor = -((value - least).max(0.0) / scale);
                let amount = variable().min(floor);
                variables.add(if integer {
                    amount.max(1e6).integer()
                } else {
                    amount
                })
            })
            .collect();
        let sum = |atoms: &[u32]| -> Expression {
            let known = atoms.iter().filter_map(|a| amounts.get(*a as usize));
            known.copied().sum()
        };
        let objective = sum(&self.target.atoms);
        let problem = if upwards {
            variables.maximise(objective.clone())
        } else {
            variables.minimise(objective.clone())
        };
        let mut model = problem.using(microlp);
        for class in &self.system.classes {
            if self.system.is_known(class, self.quantity) {
                model.add_constraint(sum(&class.atoms).eq(0.0));
            }
        }
        model.add_constraint(objective.clone().leq(reach));
        model.add_constraint(objective.clone().geq(-reach));
        let solution = model.solve().map_err(|_| Unlinked::NotProven)?;
        let whole = amounts.iter().all(|a| {
            let amount = solution.value(*a);
            (amount - amount.round()).abs() < TOLERANCE
        });
        Ok((solution.eval(&objective).abs() * scale, whole))
    }
}
