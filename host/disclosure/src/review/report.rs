//! What a review says, in a stable form.

use serde::Serialize;
use yunei_model::{Decision, Digest, Name, Status};

use super::published::Problem;

/// The version of the report's form.
pub const REPORT_FORMAT: u32 = 1;

/// What a review says. It holds figures of the microdata: it is for whoever has the microdata.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Report {
    /// Version of this form: [`REPORT_FORMAT`].
    pub format: u32,
    /// Profile.
    pub profile: Name,
    /// SHA-256 of the profile's file.
    pub profile_digest: Digest,
    /// Decision over everything.
    pub decision: Decision,
    /// Why it is not to release, each in words.
    pub reasons: Vec<String>,
    /// What a reader should know beside.
    pub notices: Vec<String>,
    /// What is wrong with the published tables.
    pub problems: Vec<Problem>,
    /// How many problems there are, those that are not listed included.
    pub problems_total: u64,
    /// Tables.
    pub tables: Vec<TableReport>,
    /// Models.
    pub models: Vec<ModelReport>,
}

/// What is said of one table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TableReport {
    /// Name.
    pub name: String,
    /// Names of the dimensions, in the order of every cell's labels.
    pub dimensions: Vec<String>,
    /// Decision.
    pub decision: Decision,
    /// Cells.
    pub cells_total: u64,
    /// Cells with a figure.
    pub cells_shown: u64,
    /// Cells that fail.
    pub cells_failed: u64,
    /// Cells that people must look at.
    pub cells_review: u64,
    /// Cell by cell, in canonical order.
    pub cells: Vec<CellReport>,
}

/// Whether and why a cell is blank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Blank {
    /// It shows every measure.
    No,
    /// A rule failed.
    Primary,
    /// It would give back one that failed.
    Complementary,
    /// The published table has it blank.
    Given,
    /// The published table has some measures of it blank.
    Partly,
}

/// What is said of one cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CellReport {
    /// Labels.
    pub cell: Vec<String>,
    /// Outcome.
    pub status: Status,
    /// Whether and why it is blank.
    pub blank: Blank,
    /// Distinct subjects, merged by group.
    pub units: u64,
    /// Figures.
    pub figures: Vec<FigureReport>,
    /// Rules that did not pass.
    pub failed: Vec<RuleReport>,
    /// What stays unknown of what is blank and must be.
    pub brackets: Vec<BracketReport>,
}

/// One figure of a cell.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct FigureReport {
    /// Measure.
    pub measure: String,
    /// What the microdata gives, not rounded; null where it is not defined.
    pub exact: Option<f64>,
    /// What is published, or would be; null where it is blank.
    pub shown: Option<f64>,
}

/// A rule that did not pass.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RuleReport {
    /// Rule.
    pub rule: String,
    /// Measure; null when the rule is about the cell's support.
    pub measure: Option<String>,
    /// Outcome.
    pub status: Status,
    /// What was measured; null where it is no finite number.
    pub value: Option<f64>,
    /// The bound that it was held against.
    pub bound: f64,
}

/// What stays unknown of a blank cell in one quantity.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BracketReport {
    /// Measure that would show it.
    pub measure: String,
    /// The other measure, where it is about what lies between two figures; else null.
    pub between: Option<String>,
    /// Lower end; null where there is none.
    pub low: Option<f64>,
    /// Upper end; null where there is none.
    pub high: Option<f64>,
    /// Of a cell that fails for them: ends that the respondents of another blank cell of one or two are left with, who know that cell; else null.
    pub respondents: Option<[Option<f64>; 2]>,
    /// Lower end at most that is enough; null where only the width counts.
    pub low_needed: Option<f64>,
    /// Upper end at least that is enough; null where only the width counts.
    pub high_needed: Option<f64>,
    /// Width that is enough; null where the ends count.
    pub width_needed: Option<f64>,
    /// Whether the interval is reached (over integers for counts), and not only an outer bound.
    pub exact: bool,
    /// Whether a shift of whole numbers proves what is needed, also against two respondents of larger cells; where the interval was not computed it reaches
    /// as far as what is proven.
    pub proven: bool,
    /// `pass` where enough stays unknown, `fail` where not, `review` where it is not proven.
    pub status: Status,
}

/// What is said of one model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ModelReport {
    /// Name.
    pub name: String,
    /// Decision.
    pub decision: Decision,
    /// Observations, counted where the spec names columns.
    pub observations: u64,
    /// Distinct subjects behind them, merged by group; null where the spec names no columns.
    pub units: Option<u64>,
    /// Parameters.
    pub parameters: u64,
    /// Residual degrees of freedom.
    pub residual_degrees_of_freedom: u64,
    /// Rules that did not pass.
    pub failed: Vec<RuleReport>,
}

/// A number that JSON has.
pub(super) fn finite(value: f64) -> Option<f64> {
    value.is_finite().then_some(value + 0.0)
}

/// The worse of two decisions.
pub(super) const fn worse(a: Decision, b: Decision) -> Decision {
    match (a, b) {
        (Decision::Withhold, _) | (_, Decision::Withhold) => Decision::Withhold,
        (Decision::Review, _) | (_, Decision::Review) => Decision::Review,
        (Decision::Release, Decision::Release) => Decision::Release,
    }
}

/// The decision that an outcome stands for.
pub(super) const fn decision(status: Status) -> Decision {
    match status {
        Status::Pass => Decision::Release,
        Status::Fail => Decision::Withhold,
        Status::Review => Decision::Review,
    }
}
