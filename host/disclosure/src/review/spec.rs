//! The spec of a review: what the columns of the microdata mean, and which tables were made of them.
//!
//! The format is documented in `host/cli/GATE-REVIEW.md`; what is not described there is refused.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::ReviewError;
use crate::profile::Rounding;

mod check;

/// The version of the spec format that this program reads.
pub const SPEC_FORMAT: u32 = 1;
/// Bytes of a spec at most.
pub const SPEC_BYTES_MAX: usize = 1 << 20;
/// Tables of one review at most, earlier releases included.
pub const TABLES_MAX: usize = 64;
/// Models of one review at most.
pub const MODELS_MAX: usize = 64;

/// What is reviewed.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Spec {
    /// Version of the format: [`SPEC_FORMAT`].
    pub format: u32,
    /// Column of the data subject; without one each row is a subject of its own.
    #[serde(default)]
    pub subject: Option<String>,
    /// Column of the household or enterprise group.
    #[serde(default)]
    pub group: Option<String>,
    /// Texts that stand for "no value"; the empty text always does.
    #[serde(default)]
    pub missing_values: Vec<String>,
    /// Rows that every table is made of: all conditions hold.
    #[serde(default)]
    pub filter: Vec<Condition>,
    /// Dimensions.
    #[serde(default, rename = "dimension")]
    pub dimensions: Vec<DimensionSpec>,
    /// Tables.
    #[serde(default, rename = "table")]
    pub tables: Vec<TableSpec>,
    /// Models.
    #[serde(default, rename = "model")]
    pub models: Vec<ModelSpec>,
}

/// A value that a condition compares with.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum Literal {
    /// A number: compared as one.
    Number(f64),
    /// A text: compared byte by byte.
    Text(String),
}

/// A condition on one column. A missing value meets `present = false` alone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The column.
    pub column: String,
    /// One of these.
    #[serde(default, rename = "in")]
    pub one_of: Option<Vec<Literal>>,
    /// None of these.
    #[serde(default)]
    pub not_in: Option<Vec<Literal>>,
    /// This number or more.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// Less than this number.
    #[serde(default)]
    pub below: Option<f64>,
    /// Whether there is a value.
    #[serde(default)]
    pub present: Option<bool>,
}

/// Which end of a band of numbers is part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Closed {
    /// `[a, b)`.
    #[default]
    Left,
    /// `(a, b]`.
    Right,
}

/// A label that stands for several others.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupSpec {
    /// The label.
    pub label: String,
    /// Labels or groups in it.
    pub of: Vec<String>,
}

/// A dimension: how a column's values become labels, and which labels stand above them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DimensionSpec {
    /// Name, and column of the table.
    pub name: String,
    /// Column of the microdata; the name when absent.
    #[serde(default)]
    pub column: Option<String>,
    /// Labels in their order; with `cuts` one more than there are cuts. Without them, the values that the microdata has.
    #[serde(default)]
    pub labels: Option<Vec<String>>,
    /// Cut points of a column of numbers.
    #[serde(default)]
    pub cuts: Option<Vec<f64>>,
    /// Which end of a band is part of it.
    #[serde(default)]
    pub closed: Closed,
    /// Label that takes every value that no other label takes, missing ones included.
    #[serde(default)]
    pub other: Option<String>,
    /// Whether rows whose value has no label are left out, rather than refused.
    #[serde(default)]
    pub drop: bool,
    /// Groups of labels, nested as one likes.
    #[serde(default)]
    pub groups: Vec<GroupSpec>,
    /// Label of the total; without one the dimension has none.
    #[serde(default)]
    pub total: Option<String>,
    /// Whether to be in one of its classes is sensitive.
    #[serde(default)]
    pub sensitive: bool,
}

/// What is computed in each cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Statistic {
    /// Rows; with a column, rows that have a value; with a weight, the sum of the weights.
    Count,
    /// Data subjects.
    DistinctSubjects,
    /// Sum.
    Sum,
    /// Mean of the rows with a value.
    Mean,
    /// Sum over sum.
    Ratio,
    /// Share of the rows that meet `of`.
    Proportion,
    /// Least value.
    Minimum,
    /// Greatest value.
    Maximum,
    /// Median.
    Median,
    /// Percentile `p`, linear between order statistics (definition 7 of Hyndman and Fan 1996).
    Percentile,
    /// Standard deviation of a sample, over n − 1.
    StandardDeviation,
}

/// A measure of a table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeasureSpec {
    /// Name, and column of the table.
    pub name: String,
    /// What is computed.
    pub aggregate: Statistic,
    /// Column of values; the numerator of a ratio.
    #[serde(default)]
    pub column: Option<String>,
    /// Denominator of a ratio.
    #[serde(default)]
    pub denominator: Option<String>,
    /// Weights.
    #[serde(default)]
    pub weight: Option<String>,
    /// Which percentile, above 0 and below 100.
    #[serde(default)]
    pub p: Option<f64>,
    /// What a proportion is the share of.
    #[serde(default)]
    pub of: Vec<Condition>,
    /// Decimal places that the published figures have.
    #[serde(default)]
    pub decimals: Option<u32>,
}

/// How published figures were rounded.
#[derive(Debug, Clone, Copy, PartialEq, Default, Deserialize)]
#[serde(untagged)]
pub enum Rounded {
    /// As one word says.
    Named(RoundedNamed),
    /// As described here.
    By(Rounding),
    /// As the profile says.
    #[default]
    #[serde(skip)]
    ByProfile,
}

/// A word for rounding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RoundedNamed {
    /// As the profile says.
    Profile,
    /// Not at all: the profile's rounding is waived, and the report says so.
    Exact,
}

/// What it means that a published table has no row for a cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Absence {
    /// That something is wrong.
    #[default]
    Refuse,
    /// That the cell is blank.
    Blank,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TableSpec {
    /// Name.
    pub name: String,
    /// Dimensions, in the order of the table's columns.
    #[serde(default)]
    pub dimensions: Vec<String>,
    /// The dimension whose labels run across the heading of the file; without one it has a row per cell.
    #[serde(default)]
    pub across: Option<String>,
    /// Rows that it is made of, beyond the review's filter.
    #[serde(default)]
    pub filter: Vec<Condition>,
    /// Rounding.
    #[serde(default)]
    pub rounding: Rounded,
    /// Texts that mark a blank cell; the empty text always does.
    #[serde(default)]
    pub blank: Vec<String>,
    /// Cells without a row.
    #[serde(default)]
    pub absent: Absence,
    /// Measures.
    #[serde(rename = "measure")]
    pub measures: Vec<MeasureSpec>,
}

/// A model fitted to the microdata, of which coefficients are published.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelSpec {
    /// Name.
    pub name: String,
    /// Estimated parameters, the intercept included.
    pub parameters: u64,
    /// Observations n, as published.
    #[serde(default)]
    pub observations: Option<u64>,
    /// Residual degrees of freedom, as published.
    #[serde(default)]
    pub residual_degrees_of_freedom: Option<u64>,
    /// Columns that an observation has all of: n is counted over the rows of the filter that have them.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Rows that it was fitted to, beyond the review's filter.
    #[serde(default)]
    pub filter: Vec<Condition>,
}

impl Spec {
    /// Parses a spec.
    ///
    /// # Errors
    /// [`ReviewError::Spec`] when it is no TOML of a spec's shape, or contradicts itself.
    pub fn parse(text: &str) -> Result<Self, ReviewError> {
        if text.len() > SPEC_BYTES_MAX {
            return Err(wrong(format!(
                "a spec has at most {SPEC_BYTES_MAX} bytes, this one has {}",
                text.len()
            )));
        }
        let spec: Self =
            toml::from_str(text).map_err(|source| wrong(source.message().to_owned()))?;
        spec.check()?;
        Ok(spec)
    }

    /// The columns of the microdata that it reads.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<String> {
        let mut columns: BTreeSet<String> = BTreeSet::new();
        columns.extend(self.subject.iter().chain(&self.group).cloned());
        let mut filters = vec![&self.filter];
        for table in &self.tables {
            filters.push(&table.filter);
            for measure in &table.measures {
                filters.push(&measure.of);
                let named = [&measure.column, &measure.denominator, &measure.weight];
                columns.extend(named.into_iter().flatten().cloned());
            }
        }
        for model in &self.models {
            filters.push(&model.filter);
            columns.extend(model.columns.iter().cloned());
        }
        columns.extend(filters.into_iter().flatten().map(|c| c.column.clone()));
        columns.extend(self.dimensions.iter().map(|d| d.column().to_owned()));
        columns
    }

    /// The dimension of that name.
    pub(super) fn dimension(&self, name: &str) -> Result<&DimensionSpec, ReviewError> {
        self.dimensions
            .iter()
            .find(|dimension| dimension.name == name)
            .ok_or_else(|| wrong(format!("there is no dimension `{name}`")))
    }
}

impl DimensionSpec {
    /// The column of the microdata.
    pub(super) fn column(&self) -> &str {
        self.column.as_deref().unwrap_or(&self.name)
    }
}

/// A spec that cannot be.
pub(super) fn wrong(reason: impl Into<String>) -> ReviewError {
    ReviewError::Spec {
        reason: reason.into(),
    }
}
