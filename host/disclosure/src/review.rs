//! Review of tables on files: the gate's rules, for whoever publishes tables elsewhere.
//!
//! The way through: a [`Spec`] says what the columns of the microdata mean; every table is computed from it by the gate's own
//! [`crate::Accumulator`], once per combination of layers of its dimensions, and held against the profile by the gate's own
//! rules. A table that was published already is compared figure by figure, and its blanks are attacked with everything that it
//! and the tables beside it show. Without one, the table that may be published is made.
//!
//! Invariants: every cell of the frame gets a verdict. A figure that was not found to be what the microdata gives passes nothing.
//! What could not be decided within the limits goes to people; it is never released.

mod atoms;
mod attack;
mod axis;
mod between;
mod blanks;
mod brackets;
mod columns;
mod counted;
mod crosstab;
mod difference;
mod frame;
mod gifts;
mod measured;
mod meets;
mod models;
mod ordinal;
mod published;
mod report;
mod shifts;
mod spec;
mod told;

use std::collections::BTreeMap;

use thiserror::Error;
use yunei_model::Decision;

use crate::accumulate::AccumulateError;
use crate::profile::Profile;
use crate::shape::ShapeError;

pub use columns::{Columns, REVIEW_ROWS_MAX, Values};
pub use published::Problem;
pub use report::{
    Blank, BracketReport, CellReport, FigureReport, ModelReport, REPORT_FORMAT, Report, RuleReport,
    TableReport,
};
pub use spec::{
    Absence, Closed, Condition, DimensionSpec, GroupSpec, Literal, MeasureSpec, ModelSpec, Rounded,
    RoundedNamed, SPEC_BYTES_MAX, SPEC_FORMAT, Spec, Statistic, TABLES_MAX, TableSpec,
};

/// Tables that were published, by their name in the spec.
pub type Tables = BTreeMap<String, Columns>;

/// A release that is out already, over the same microdata.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// What it is called in the report.
    pub name: String,
    /// Its spec.
    pub spec: Spec,
    /// Its tables.
    pub tables: Tables,
}

/// Reviews the tables and models of a spec.
///
/// With `published` tables, what they show is compared and attacked; without any, the tables that may be published are made.
///
/// # Errors
/// [`ReviewError`] for input that cannot be reviewed at all.
pub fn review(
    microdata: &Columns,
    spec: &Spec,
    profile: &Profile,
    published: &Tables,
    earlier: &[Earlier],
) -> Result<Report, ReviewError> {
    let microdata = microdata.clone().with_missing(&spec.missing_values);
    if microdata.rows() == 0 {
        return Err(ReviewError::NoRows);
    }
    let mut verdicts = Verdicts::default();
    let models = models::review(spec, &microdata, profile, &mut verdicts)?;
    let tables = if spec.tables.is_empty() {
        Vec::new()
    } else {
        told::review(&microdata, spec, profile, published, earlier, &mut verdicts)?
    };
    Ok(Report {
        format: REPORT_FORMAT,
        profile: profile.name().clone(),
        profile_digest: profile.digest(),
        decision: verdicts.decision.unwrap_or(Decision::Release),
        reasons: verdicts.reasons,
        notices: verdicts.notices,
        problems: verdicts.problems,
        problems_total: verdicts.problems_total,
        tables,
        models,
    })
}

/// What is decided so far.
#[derive(Debug, Default)]
struct Verdicts {
    decision: Option<Decision>,
    reasons: Vec<String>,
    notices: Vec<String>,
    problems: Vec<Problem>,
    problems_total: u64,
}

impl Verdicts {
    fn decide(&mut self, decision: Decision) {
        let so_far = self.decision.unwrap_or(Decision::Release);
        self.decision = Some(report::worse(so_far, decision));
    }

    fn reason(&mut self, reason: impl Into<String>) {
        let reason = reason.into();
        if !self.reasons.contains(&reason) {
            self.reasons.push(reason);
        }
    }

    fn notice(&mut self, notice: impl Into<String>) {
        let notice = notice.into();
        if !self.notices.contains(&notice) {
            self.notices.push(notice);
        }
    }

    fn problem(&mut self, problem: Problem) {
        self.problems_total += 1;
        if self.problems.len() < published::PROBLEMS_MAX {
            self.problems.push(problem);
        }
        self.decide(Decision::Withhold);
        self.reason("a published table is not what the microdata gives");
    }
}

/// Why files cannot be reviewed. No row's value is in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ReviewError {
    /// A spec that cannot be.
    #[error("the spec cannot stand: {reason}")]
    Spec {
        /// Why.
        reason: String,
    },
    /// Microdata without rows.
    #[error("the microdata has no rows")]
    NoRows,
    /// A column that the spec names is not there.
    #[error("there is no column `{column}`")]
    NoColumn {
        /// The column.
        column: String,
    },
    /// A column that is there twice.
    #[error("column `{column}` stands twice")]
    ColumnTwice {
        /// The column.
        column: String,
    },
    /// Columns of different lengths.
    #[error("column `{column}` has another number of rows than the first")]
    Ragged {
        /// The column.
        column: String,
    },
    /// Something that is no finite number where one must be.
    #[error("row {row} of column `{column}` is no finite number")]
    NoNumber {
        /// The column.
        column: String,
        /// The row, from 1.
        row: usize,
    },
    /// A value that has no label.
    #[error("row {row} has a value that dimension `{dimension}` has no label for")]
    NoLabel {
        /// The dimension.
        dimension: String,
        /// The row, from 1.
        row: usize,
    },
    /// A dimension without labels, since no row has a value.
    #[error("dimension `{dimension}` has no labels, since no row has a value")]
    EmptyDimension {
        /// The dimension.
        dimension: String,
    },
    /// Some tables were given and one was not.
    #[error("table `{table}` was not given")]
    NotGiven {
        /// The table.
        table: String,
    },
    /// A table that the spec does not have was given.
    #[error("the spec has no table `{table}`")]
    NoTable {
        /// The table.
        table: String,
    },
    /// Past a limit.
    #[error("`{name}` is limited to {limit}: {asked} were asked for")]
    TooLarge {
        /// The limit's name.
        name: &'static str,
        /// The limit.
        limit: usize,
        /// Asked for.
        asked: usize,
    },
    /// A frame that cannot be.
    #[error("the table's frame cannot be")]
    Shape(#[from] ShapeError),
    /// Rows that cannot be counted.
    #[error("the rows cannot be counted")]
    Accumulate(#[from] AccumulateError),
}

impl ReviewError {
    /// Stable code.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Spec { .. } | Self::Shape(_) => "spec",
            Self::NoRows => "no-rows",
            Self::NoColumn { .. } => "no-column",
            Self::ColumnTwice { .. } => "column-twice",
            Self::Ragged { .. } => "ragged",
            Self::NoNumber { .. } => "not-a-number",
            Self::NoLabel { .. } => "no-label",
            Self::EmptyDimension { .. } => "empty-dimension",
            Self::NotGiven { .. } => "table-not-given",
            Self::NoTable { .. } => "no-table",
            Self::TooLarge { .. } | Self::Accumulate(_) => "too-large",
        }
    }
}

#[cfg(test)]
mod tests;
