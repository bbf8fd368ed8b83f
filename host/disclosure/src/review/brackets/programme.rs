//! One linear programme: how far a sum of unknowns could lie from what it is.

use good_lp::solvers::ResolutionError;
use good_lp::{
    Expression, ProblemVariables, Solution, SolutionStatus, SolverModel, Variable, microlp,
    solvers::WithTimeLimit, variable,
};

use super::Unbracketed;

/// Unknowns of a programme that is solved over integers, at most.
const INTEGER_UNKNOWNS_MAX: usize = 60;
/// Seconds of one programme at most: a backstop, beside the limits of size.
const PROGRAMME_SECONDS_MAX: u32 = 5;
/// What a solver may be wrong by, relative to the programme's scale.
const TOLERANCE: f64 = 1e-6;

/// A component of the system and an objective in it.
#[derive(Debug)]
pub(in crate::review) struct Programme {
    pub(super) floors: Vec<f64>,
    /// Unknowns, lower and upper end of the sum of their deviations.
    pub(super) lines: Vec<(Vec<usize>, f64, f64)>,
    pub(super) objective: Vec<usize>,
    pub(super) whole: bool,
    pub(super) network: bool,
}

/// How far an objective reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::review) struct Reach {
    /// By so much; none where there is no end.
    pub(in crate::review) by: Option<f64>,
    /// Whether it is reached.
    pub(in crate::review) exact: bool,
}

impl Programme {
    /// How far the objective could lie above (or below) what it is.
    pub(super) fn reach(&self, upwards: bool) -> Result<Reach, Unbracketed> {
        let relaxed = self.solve(upwards, false)?;
        if !self.whole || self.network || relaxed.exact || relaxed.by.is_none() {
            // In a network every end is whole.
            return Ok(Reach {
                by: relaxed.by.map(|by| self.settled(by)),
                exact: true,
            });
        }
        if self.floors.len() <= INTEGER_UNKNOWNS_MAX
            && let Ok(integer) = self.solve(upwards, true)
        {
            return Ok(Reach {
                by: integer.by.map(|by| self.settled(by)),
                exact: true,
            });
        }
        Ok(Reach {
            by: relaxed.by.map(|by| (by + TOLERANCE).floor()),
            exact: false,
        })
    }

    fn settled(&self, by: f64) -> f64 {
        if self.whole {
            (by + TOLERANCE).floor()
        } else {
            by
        }
    }

    /// What deviations are measured in, so that the solver sees numbers of middling size.
    fn scale(&self) -> f64 {
        let of_floors = self.floors.iter().filter(|f| f.is_finite());
        let most = of_floors.fold(0.0_f64, |most, floor| most.max(-floor));
        if self.whole || most <= 0.0 { 1.0 } else { most }
    }

    fn solve(&self, upwards: bool, integer: bool) -> Result<Reach, Unbracketed> {
        let scale = self.scale();
        let mut variables = ProblemVariables::new();
        let unknowns: Vec<Variable> = self
            .floors
            .iter()
            .map(|floor| {
                let described = variable().min(floor / scale);
                variables.add(if integer {
                    described.integer()
                } else {
                    described
                })
            })
            .collect();
        let sum = |of: &[usize]| -> Expression {
            of.iter()
                .filter_map(|place| unknowns.get(*place))
                .map(|unknown| Expression::from(*unknown))
                .sum()
        };
        let objective = sum(&self.objective);
        let problem = if upwards {
            variables.maximise(objective.clone())
        } else {
            variables.minimise(objective.clone())
        };
        let mut model = problem
            .using(microlp)
            .with_time_limit(PROGRAMME_SECONDS_MAX);
        for (of, low, high) in &self.lines {
            if low.total_cmp(high).is_eq() || (*low >= 0.0 && *high <= 0.0) {
                model.add_constraint(sum(of).eq(low / scale));
                continue;
            }
            if high.is_finite() {
                model.add_constraint(sum(of).leq(high / scale));
            }
            if low.is_finite() {
                model.add_constraint(sum(of).geq(low / scale));
            }
        }
        match model.solve() {
            // Cut short it is no end.
            Ok(solution) if !matches!(solution.status(), SolutionStatus::Optimal) => {
                Err(Unbracketed::Unsolved)
            }
            Ok(solution) => {
                let whole = |value: f64| (value - value.round()).abs() <= TOLERANCE;
                Ok(Reach {
                    by: Some(solution.eval(&objective).abs() * scale),
                    exact: unknowns.iter().all(|u| whole(solution.value(*u))),
                })
            }
            Err(ResolutionError::Unbounded) => Ok(Reach {
                by: None,
                exact: true,
            }),
            Err(_) => Err(Unbracketed::Unsolved),
        }
    }
}
