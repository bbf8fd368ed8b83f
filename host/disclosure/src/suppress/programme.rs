//! How far a sum of unknowns could lie from its value: over whole numbers where the unknowns are counted.

use good_lp::{Expression, ProblemVariables, Solution, SolverModel, Variable, microlp, variable};

/// Unknowns of a programme in whole numbers at most: branching has no other bound.
const WHOLE_UNKNOWNS_MAX: usize = 40;
/// No unknown of a programme in whole numbers rises further.
const WHOLE_RISE_MAX: f64 = 1e6;
/// What the solver's answers are off by at most, in units of the programme.
pub(crate) const TOLERANCE: f64 = 1e-6;

/// Equations between deviations from true values, all of them homogeneous, so that there is no rounding in them.
pub(crate) struct Programme {
    /// How far each unknown can fall, not positive. In units for counts, else in what the caller scales by.
    pub(crate) floors: Vec<f64>,
    /// Sums that stay nothing: unknowns and their signs.
    pub(crate) lines: Vec<Vec<(usize, f64)>>,
    /// The unknowns whose sum is asked for.
    pub(crate) objective: Vec<usize>,
    /// Beyond this nobody needs to know.
    pub(crate) reach_max: f64,
    /// Whether unknowns are whole numbers.
    pub(crate) counted: bool,
}

/// How far the sum could lie away, and whether it can get there for certain.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Reach {
    /// The distance, not negative.
    pub(crate) by: f64,
    /// Whether deviations reach it that are as they must be. If not, it is no nearer than the true one.
    pub(crate) reached: bool,
}

/// The solver gave up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unsolved;

impl Programme {
    /// The furthest that the sum could lie above its value, or below.
    ///
    /// Over the reals first: where all deviations of a vertex come out whole (in a network all vertices are; Cox 1995), it is the answer over
    /// whole numbers too. Else small programmes are solved in whole numbers; of others the answer is an outer bound.
    pub(crate) fn reach(&self, upwards: bool) -> Result<Reach, Unsolved> {
        let (by, whole) = self.solve(upwards, false)?;
        if !self.counted {
            return Ok(Reach { by, reached: true });
        }
        if whole {
            let by = by.round();
            return Ok(Reach { by, reached: true });
        }
        if self.floors.len() <= WHOLE_UNKNOWNS_MAX {
            let (by, _) = self.solve(upwards, true)?;
            let by = by.round();
            return Ok(Reach { by, reached: true });
        }
        Ok(Reach {
            by: (by + TOLERANCE).floor(),
            reached: false,
        })
    }

    fn solve(&self, upwards: bool, whole: bool) -> Result<(f64, bool), Unsolved> {
        let mut variables = ProblemVariables::new();
        let amounts: Vec<Variable> = self
            .floors
            .iter()
            .map(|floor| {
                let amount = variable().min(*floor);
                variables.add(if whole {
                    amount.max(WHOLE_RISE_MAX).integer()
                } else {
                    amount
                })
            })
            .collect();
        let of = |unknown: &usize| amounts.get(*unknown).copied();
        let objective: Expression = self.objective.iter().filter_map(of).sum();
        let problem = if upwards {
            variables.maximise(objective.clone())
        } else {
            variables.minimise(objective.clone())
        };
        let mut model = problem.using(microlp);
        for line in &self.lines {
            let balance: Expression = line
                .iter()
                .filter_map(|(unknown, sign)| of(unknown).map(|amount| *sign * amount))
                .sum();
            model.add_constraint(balance.eq(0.0));
        }
        model.add_constraint(objective.clone().leq(self.reach_max));
        model.add_constraint(objective.clone().geq(-self.reach_max));
        let solution = model.solve().map_err(|_| Unsolved)?;
        let is_whole = |amount: &Variable| {
            let amount = solution.value(*amount);
            (amount - amount.round()).abs() < TOLERANCE
        };
        let by = solution.eval(&objective).abs();
        Ok((by, amounts.iter().all(is_whole)))
    }
}
