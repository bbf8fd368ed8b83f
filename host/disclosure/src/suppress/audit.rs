//! The audit: what the equations of the whole table leave unknown about each failed cell.

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, microlp, variable};

use super::Unprotected;
use super::field::{Demand, Field, Quantity};

/// Blank cells × linear programmes that the audit solves, at most. Past that, the moves alone are the proof.
pub const AUDIT_WORK_MAX: usize = 20_000;
/// Brackets reach as far as this many times the demanded level; beyond that nobody needs to know.
const REACH: f64 = 4.0;
/// Relative error that the solver is allowed.
const TOLERANCE: f64 = 1e-6;

/// What remains unknown about one failed cell in one quantity, over the reals. Holds figures: for authorities alone.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bracket {
    /// Row of the table.
    pub cell: usize,
    /// Index of the measure; absent for subjects and rows.
    pub measure: Option<usize>,
    /// The attacker cannot rule out values down to here.
    pub low: f64,
    /// The attacker cannot rule out values up to here.
    pub high: f64,
}

/// Brackets every failed cell by linear programmes, where the table is small enough, and compares with what is demanded.
pub(super) fn audit(field: &Field<'_>, demands: &[Demand]) -> Result<Vec<Bracket>, Unprotected> {
    let open: Vec<usize> = (0..field.lattice().count())
        .filter(|cell| field.is_blank(*cell) && !field.is_known(*cell))
        .collect();
    let programmes = demands.len() * field.quantities().len() * 2;
    if open.len().saturating_mul(programmes) > AUDIT_WORK_MAX {
        return Ok(Vec::new());
    }
    let lines = lines(field, &open);
    let mut brackets = Vec::with_capacity(programmes / 2);
    for demand in demands {
        let levels = demand.up.iter().zip(&demand.down);
        for (quantity, (up, down)) in field.quantities().iter().zip(levels) {
            let scale = up.max(*down);
            if scale <= 0.0 {
                continue;
            }
            let programme = Programme {
                field,
                open: &open,
                lines: &lines,
                quantity,
                failed: demand.cell,
                scale,
            };
            let above = programme.reach(true)?;
            let below = programme.reach(false)?;
            let short = TOLERANCE * scale;
            if above + short < *up || below + short < *down {
                return Err(Unprotected::NotProven);
            }
            let value = quantity.at(demand.cell);
            brackets.push(Bracket {
                cell: demand.cell,
                measure: quantity.measure,
                low: value - below,
                high: value + above,
            });
        }
    }
    Ok(brackets)
}

/// The lines of the table that have blank cells: positions in `open`, with coefficients.
fn lines(field: &Field<'_>, open: &[usize]) -> Vec<Vec<(usize, f64)>> {
    let lattice = field.lattice();
    let mut lines = std::collections::BTreeMap::<(usize, usize), Vec<(usize, f64)>>::new();
    for (position, cell) in open.iter().enumerate() {
        for axis in 0..lattice.axes() {
            let coefficient = if lattice.is_margin(*cell, axis) {
                -1.0
            } else {
                1.0
            };
            lines
                .entry((axis, lattice.moved(*cell, axis, 0)))
                .or_default()
                .push((position, coefficient));
        }
    }
    lines.into_values().collect()
}

struct Programme<'a> {
    field: &'a Field<'a>,
    open: &'a [usize],
    lines: &'a [Vec<(usize, f64)>],
    quantity: &'a Quantity,
    failed: usize,
    scale: f64,
}

impl Programme<'_> {
    /// How far the failed cell could lie above (or below) its value. The variables are deviations from the true values over the
    /// scale, so that the equations are homogeneous and have no rounding in them.
    fn reach(&self, upwards: bool) -> Result<f64, Unprotected> {
        let mut variables = ProblemVariables::new();
        let mut objective = Expression::from(0.0);
        let mut deviations = Vec::with_capacity(self.open.len());
        for cell in self.open {
            let floor = -(self.field.slack(*cell, self.quantity).max(0.0) / self.scale);
            let mut described = variable().min(floor);
            if *cell == self.failed {
                described = described.min(floor.max(-REACH)).max(REACH);
            }
            let deviation = variables.add(described);
            if *cell == self.failed {
                objective += deviation;
            }
            deviations.push(deviation);
        }
        let problem = if upwards {
            variables.maximise(objective.clone())
        } else {
            variables.minimise(objective.clone())
        };
        let mut model = problem.using(microlp);
        for line in self.lines {
            let balance: Expression = line
                .iter()
                .filter_map(|(position, coefficient)| {
                    deviations.get(*position).map(|d| *coefficient * *d)
                })
                .sum();
            model.add_constraint(balance.eq(0.0));
        }
        let solution = model.solve().map_err(|_| Unprotected::NotProven)?;
        Ok(solution.eval(&objective).abs() * self.scale)
    }
}
