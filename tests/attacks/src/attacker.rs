//! What an attacker can work out from released figures: the interval that remains about a sum of people's values.
//!
//! The attacker knows more than most: which cells exist and which are empty, that incomes are not negative, and how the profile rounds. The
//! linear programmes are the attacker's own and share nothing with the gate's audit but the solver.

use good_lp::{
    Expression, ProblemVariables, Solution, Solver, SolverModel, clarabel, microlp, variable,
};
use yunei_tests::{StoryError, Told};

/// A released sum over atoms, as an interval.
struct Fact {
    atoms: Vec<usize>,
    low: f64,
    high: f64,
}

/// Everything learnt so far about the values of disjoint atoms.
pub struct Knowledge {
    atoms: usize,
    facts: Vec<Fact>,
}

impl Knowledge {
    pub const fn of(atoms: usize) -> Self {
        Self {
            atoms,
            facts: Vec::new(),
        }
    }

    /// Takes a released figure with its slack by rounding.
    pub fn learn(&mut self, atoms: Vec<usize>, figure: f64, slack: f64) {
        self.facts.push(Fact {
            atoms,
            low: figure - slack,
            high: figure + slack,
        });
    }

    /// The interval that remains about the sum of some atoms; the upper end may be infinite. Where the simplex method takes exact figures
    /// for contradictions by its own rounding, an interior point does instead.
    pub fn bracket(&self, wanted: &[usize]) -> Told<(f64, f64)> {
        let end = |upper| {
            self.end(wanted, upper, microlp)
                .or_else(|_| self.end(wanted, upper, clarabel))
        };
        Ok((end(false)?, end(true)?))
    }

    fn end<S: Solver>(&self, wanted: &[usize], upper: bool, solver: S) -> Told<f64> {
        /// Figures are put into units about this large, so that the solver's tolerances mean something.
        const SCALE: f64 = 1e4;
        /// No sum is larger: an end beyond it is none.
        const CEILING: f64 = 1e9;
        let mut variables = ProblemVariables::new();
        let values: Vec<_> = (0..self.atoms)
            .map(|_| variables.add(variable().min(0.0).max(CEILING / SCALE)))
            .collect();
        let sum = |atoms: &[usize]| -> Expression {
            atoms.iter().filter_map(|atom| values.get(*atom)).sum()
        };
        let objective = sum(wanted);
        let problem = if upper {
            variables.maximise(objective.clone())
        } else {
            variables.minimise(objective.clone())
        };
        let mut model = problem.using(solver);
        for fact in &self.facts {
            model.add_constraint(sum(&fact.atoms).geq(fact.low / SCALE));
            model.add_constraint(sum(&fact.atoms).leq(fact.high / SCALE));
        }
        let solution = model
            .solve()
            .map_err(|error| StoryError::new("the attacker's programme", error))?;
        let end = solution.eval(&objective) * SCALE;
        Ok(if end >= CEILING * 0.99 {
            f64::INFINITY
        } else {
            end
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Knowledge;

    #[test]
    fn a_margin_less_the_rest_pins_a_cell() {
        let mut knowledge = Knowledge::of(3);
        knowledge.learn(vec![0, 1, 2], 100_000.0, 0.5);
        let (low, high) = knowledge.bracket(&[2]).unwrap();
        assert!(low.abs() < 1e-3 && (high - 100_000.5).abs() < 1e-3);
        knowledge.learn(vec![0], 20_000.0, 0.5);
        knowledge.learn(vec![1], 30_000.0, 0.5);
        let (low, high) = knowledge.bracket(&[2]).unwrap();
        assert!((low - 49_998.5).abs() < 1e-3 && (high - 50_001.5).abs() < 1e-3);
        assert_eq!(Knowledge::of(1).bracket(&[0]).unwrap().1, f64::INFINITY);
    }
}
