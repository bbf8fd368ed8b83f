//! The optimum of small tables: an implicit hitting set.
//!
//! A pattern that leaves a level unprotected needs at least one more blank among the cells that it shows: that is a *cut*, and a set of shown cells is
//! the better a cut the smaller it is, so that as many further cells as possible are blanked before it is taken. The least costly pattern that meets all cuts
//! so far is an integer programme; if it protects everything it is optimal, and if not it gives further cuts. Whether it protects is asked of
//! linear programmes that relax the moves, so that the cost of every such pattern is a bound below at any time.
//!
//! Sources: Fischetti and Salazar-González, *Solving the cell suppression problem on tabular data with linear constraints*, Management Science 47 (2001), for
//! the bilevel programme and its cuts; Moreno-Centeno and Karp, *The implicit hitting set approach*, Operations Research 61 (2013).

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, microlp, variable};

use super::field::{Demand, Field};
use super::{Pattern, Proof};

/// Cells that are not empty, of a table whose optimum is looked for, at most.
const CELLS_MAX: usize = 36;
/// Failed cells, at most.
const FAILED_MAX: usize = 8;
/// Linear programmes at most; past that the best bound so far stands.
const PROGRAMMES_MAX: usize = 600;
/// Error that the solver is allowed, in levels.
const TOLERANCE: f64 = 1e-6;

/// Looks for a better pattern, and raises the bound. What is found replaces the pattern and its proofs only when it costs less
/// and every demand has its moves in it.
pub(super) fn improve(
    field: &mut Field<'_>,
    demands: &[Demand],
    proofs: &mut Vec<Proof>,
    pattern: &mut Pattern,
) {
    let open: Vec<usize> = (0..field.lattice().count())
        .filter(|cell| !field.is_known(*cell))
        .collect();
    if open.len() > CELLS_MAX || demands.len() > FAILED_MAX {
        return;
    }
    let before = field.complementary();
    let mut search = Search {
        open,
        programmes: PROGRAMMES_MAX,
        cuts: Vec::new(),
    };
    let best = search.run(field, demands, pattern);
    let better = best.and_then(|best| {
        field.set_pattern(&best);
        field.freeze(true);
        let found: Result<Vec<Proof>, _> = demands
            .iter()
            .map(|demand| Proof::find(field, demand))
            .collect();
        field.freeze(false);
        found.ok()
    });
    match better {
        Some(found) if field.cost_of_pattern() < pattern.cost => {
            pattern.cost = field.cost_of_pattern();
            *proofs = found;
        }
        _ => field.set_pattern(&before),
    }
}

struct Search {
    /// Cells that are not empty.
    open: Vec<usize>,
    programmes: usize,
    /// Sets of cells of which one at least is blank in any pattern that protects.
    cuts: Vec<Vec<usize>>,
}

impl Search {
    /// The optimal pattern by the relaxed check, if it is reached; raises the bound on the way.
    fn run(
        &mut self,
        field: &mut Field<'_>,
        demands: &[Demand],
        pattern: &mut Pattern,
    ) -> Option<Vec<usize>> {
        while self.programmes > 0 {
            let chosen = self.least(field)?;
            let cost: f64 = chosen.iter().map(|cell| field.price(*cell)).sum();
            pattern.bound = pattern.bound.max(cost);
            if pattern.is_optimal() {
                return None;
            }
            field.set_pattern(&chosen);
            let known = self.cuts.len();
            for demand in demands {
                self.cut(field, demand)?;
            }
            if self.cuts.len() == known {
                return Some(chosen);
            }
        }
        None
    }

    /// The least costly cells that meet all cuts.
    fn least(&self, field: &Field<'_>) -> Option<Vec<usize>> {
        let mut variables = ProblemVariables::new();
        let chosen: Vec<(usize, Variable)> = self
            .open
            .iter()
            .map(|cell| (*cell, variables.add(variable().binary())))
            .collect();
        let cost: Expression = chosen
            .iter()
            .filter(|(cell, _)| !field.failed().contains(cell))
            .map(|(cell, variable)| field.price(*cell) * *variable)
            .sum();
        let mut model = variables.minimise(cost).using(microlp);
        for cut in &self.cuts {
            let met: Expression = chosen
                .iter()
                .filter(|(cell, _)| cut.contains(cell))
                .map(|(_, variable)| *variable)
                .sum();
            model.add_constraint(met.geq(1.0));
        }
        let solution = model.solve().ok()?;
        let taken = chosen
            .iter()
            .filter(|(cell, v)| solution.value(*v) > 0.5 && !field.failed().contains(cell));
        Some(taken.map(|(cell, _)| *cell).collect())
    }

    /// A cut for a demand that the present pattern leaves unprotected; `None` when programmes run out.
    fn cut(&mut self, field: &mut Field<'_>, demand: &Demand) -> Option<()> {
        for quantity in 0..field.quantities().len() {
            for upwards in [true, false] {
                if self.is_protected(field, demand, quantity, upwards)? {
                    continue;
                }
                let chosen = field.complementary();
                let mut shown: Vec<usize> = self
                    .open
                    .iter()
                    .copied()
                    .filter(|cell| !field.is_blank(*cell))
                    .collect();
                // Dear cells stay in the cut last: it is to be met by them only if it must.
                shown.sort_by(|a, b| field.price(*a).total_cmp(&field.price(*b)));
                let mut cut = Vec::new();
                for cell in shown {
                    field.set_blank(cell, true);
                    if self.is_protected(field, demand, quantity, upwards)? {
                        field.set_blank(cell, false);
                        cut.push(cell);
                    }
                }
                field.set_pattern(&chosen);
                self.cuts.push(cut);
                return Some(());
            }
        }
        Some(())
    }

    /// Whether the demanded level of one quantity can be reached over the reals, other cells falling no further than two of their own
    /// respondents would let pass.
    fn is_protected(
        &mut self,
        field: &Field<'_>,
        demand: &Demand,
        quantity: usize,
        upwards: bool,
    ) -> Option<bool> {
        let level = demand.levels(upwards).get(quantity).copied().unwrap_or(0.0);
        if level <= 0.0 {
            return Some(true);
        }
        self.programmes = self.programmes.checked_sub(1)?;
        let described = field.quantities().get(quantity)?;
        let mut variables = ProblemVariables::new();
        let mut amounts: Vec<(usize, Variable)> = Vec::new();
        let mut objective = Expression::from(0.0);
        for cell in &self.open {
            if !field.is_blank(*cell) || !field.passes(*cell, demand.cell) {
                continue;
            }
            let floor = -(field.spare(*cell, demand.cell, described) / level);
            let amount = variable().min(floor.max(-4.0)).max(4.0);
            let amount = variables.add(amount);
            if *cell == demand.cell {
                objective += amount;
            }
            amounts.push((*cell, amount));
        }
        let problem = if upwards {
            variables.maximise(objective.clone())
        } else {
            variables.minimise(objective.clone())
        };
        let mut model = problem.using(microlp);
        for line in lines(field, &amounts) {
            model.add_constraint(line.eq(0.0));
        }
        let solution = model.solve().ok()?;
        Some(solution.eval(&objective).abs() + TOLERANCE >= 1.0)
    }
}

/// What has to cancel on every line of the table.
fn lines(field: &Field<'_>, amounts: &[(usize, Variable)]) -> Vec<Expression> {
    let lattice = field.lattice();
    let mut lines = std::collections::BTreeMap::<(usize, usize), Expression>::new();
    for (cell, amount) in amounts {
        for axis in 0..lattice.axes() {
            let sign = if lattice.is_margin(*cell, axis) {
                -1.0
            } else {
                1.0
            };
            let line = lines
                .entry((axis, lattice.moved(*cell, axis, 0)))
                .or_insert_with(|| Expression::from(0.0));
            *line += sign * *amount;
        }
    }
    lines.into_values().collect()
}
