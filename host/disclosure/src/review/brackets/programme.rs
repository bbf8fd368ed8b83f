//! One linear programme: how far a sum of unknowns could lie from what it is.

use good_lp::solvers::ResolutionError;
use good_lp::{
    Constraint, Expression, ProblemVariables, Solution, SolutionStatus, SolverModel, Variable,
    microlp, solvers::WithTimeLimit, variable,
};

use super::{Line, Unbracketed};

/// Unknowns of a programme whose ends are told over integers, at most.
const INTEGER_ENDS_UNKNOWNS_MAX: usize = 60;
/// Unknowns of a programme that is solved over integers to decide, at most.
const INTEGER_UNKNOWNS_MAX: usize = 400;
/// Seconds of one programme at most: a backstop, beside the limits of size.
const PROGRAMME_SECONDS_MAX: u32 = 30;
/// What a solver may be wrong by, relative to the programme's scale.
const TOLERANCE: f64 = 1e-6;

/// Components of the system, an objective in them, and what somebody knows beside what is shown.
#[derive(Debug)]
pub(super) struct Programme<'a> {
    /// Least deviation per unknown.
    pub(super) floors: &'a [f64],
    pub(super) lines: &'a [Line],
    pub(super) objective: &'a [u32],
    /// Unknowns whose sum is known.
    pub(super) known: Option<&'a [u32]>,
    pub(super) whole: bool,
    /// Whether every vertex is whole.
    pub(super) network: bool,
}

/// A deviation of the objective by a level at least.
#[derive(Debug, Clone, Copy)]
pub(super) struct Level<'a> {
    pub(super) upwards: bool,
    /// By so much, above nothing.
    pub(super) by: f64,
    /// What it costs to move each unknown by one.
    pub(super) costs: &'a [f64],
}

/// How far an objective reaches.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Reach {
    /// By so much; none where there is no end.
    pub(super) by: Option<f64>,
    /// Whether it is reached.
    pub(super) exact: bool,
}

impl Programme<'_> {
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
        if self.floors.len() <= INTEGER_ENDS_UNKNOWNS_MAX
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
        let objective = sum(self.objective, &unknowns);
        let problem = if upwards {
            variables.maximise(objective.clone())
        } else {
            variables.minimise(objective.clone())
        };
        let mut model = problem
            .using(microlp)
            .with_time_limit(PROGRAMME_SECONDS_MAX);
        for constraint in self.constraints(&unknowns, scale) {
            model.add_constraint(constraint);
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
    /// How far the objective goes over whole numbers, but no further than `most`, and deviations that go so far. None where that is not found for certain.
    pub(super) fn furthest_whole(&self, upwards: bool, most: f64) -> Option<(f64, Vec<f64>)> {
        if self.floors.len() > INTEGER_UNKNOWNS_MAX {
            return None;
        }
        let mut variables = ProblemVariables::new();
        let unknowns: Vec<Variable> = self
            .floors
            .iter()
            .map(|floor| variables.add(variable().min(*floor).integer()))
            .collect();
        let way = if upwards { 1.0 } else { -1.0 };
        let objective = way * sum(self.objective, &unknowns);
        let mut model = variables
            .maximise(objective.clone())
            .using(microlp)
            .with_time_limit(PROGRAMME_SECONDS_MAX);
        for constraint in self.constraints(&unknowns, 1.0) {
            model.add_constraint(constraint);
        }
        model.add_constraint(objective.clone().leq(most));
        let solution = model.solve().ok()?;
        if !matches!(solution.status(), SolutionStatus::Optimal) {
            return None;
        }
        let amounts = unknowns.iter().map(|unknown| solution.value(*unknown));
        Some((solution.eval(&objective), amounts.collect()))
    }

    /// Deviations of all unknowns that cost least among those that move the objective as far as the level; none where none do.
    pub(super) fn least(&self, level: Level<'_>) -> Result<Option<Vec<f64>>, Unbracketed> {
        let scale = if self.whole { 1.0 } else { level.by };
        let mut variables = ProblemVariables::new();
        let mut cost = Expression::from(0.0);
        let mut unknowns: Vec<Expression> = Vec::with_capacity(self.floors.len());
        for (floor, price) in self.floors.iter().zip(level.costs) {
            let more = variables.add(variable().min(0.0));
            let less = variables.add(variable().min(0.0).max(-floor / scale));
            cost += *price * more + *price * less;
            unknowns.push(more - less);
        }
        let mut model = variables
            .minimise(cost)
            .using(microlp)
            .with_time_limit(PROGRAMME_SECONDS_MAX);
        for constraint in self.constraints(&unknowns, scale) {
            model.add_constraint(constraint);
        }
        let way = if level.upwards { 1.0 } else { -1.0 };
        let objective = sum(self.objective, &unknowns);
        model.add_constraint((way * objective).geq(level.by / scale));
        match model.solve() {
            Ok(solution) => Ok(Some(
                unknowns
                    .iter()
                    .map(|unknown| solution.eval(unknown) * scale)
                    .collect(),
            )),
            Err(ResolutionError::Infeasible) => Ok(None),
            Err(_) => Err(Unbracketed::Unsolved),
        }
    }

    /// What is shown, and what is known beside it.
    fn constraints<U: Into<Expression> + Clone>(
        &self,
        unknowns: &[U],
        scale: f64,
    ) -> Vec<Constraint> {
        let mut constraints = Vec::with_capacity(self.lines.len() + 1);
        for line in self.lines {
            let of = sum(&line.unknowns, unknowns);
            if line.is_exact() {
                constraints.push(of.eq(line.low / scale));
                continue;
            }
            if line.high.is_finite() {
                constraints.push(of.clone().leq(line.high / scale));
            }
            if line.low.is_finite() {
                constraints.push(of.geq(line.low / scale));
            }
        }
        constraints.extend(self.known.map(|known| sum(known, unknowns).eq(0.0)));
        constraints
    }
}

fn sum<U: Into<Expression> + Clone>(of: &[u32], unknowns: &[U]) -> Expression {
    of.iter()
        .filter_map(|place| unknowns.get(*place as usize))
        .map(|unknown| unknown.clone().into())
        .sum()
}
