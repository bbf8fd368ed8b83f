//! A table that left before, computed again: it takes the pattern of then, and must come out as the same table.

use yunei_model::{Decision, Hint, Status, Table, Value};

use super::{CELL_VERDICTS_MAX, Judgement, Suppression, table};
use crate::accumulate::{Protection, Statistics};
use crate::profile::Profile;
use crate::rules::real;
use crate::shape::Shape;

/// Relative error of a figure that was written as text and read again.
const RELATIVE_ERROR: f64 = 1e-14;
/// Why a table is not released although one of its structure was.
const OTHER: &str =
    "a table of the same structure left before about these rows, and this one is not the same";

impl Judgement {
    /// The judgement about a table of which one of the same structure over the same rows left before. The very same table tells
    /// nothing that is not told, whatever left since, so that it leaves again with the blanks of then; any other goes to people.
    ///
    /// What is no finite number stays, as ever.
    #[must_use]
    pub fn as_released(
        mut self,
        statistics: &Statistics,
        shape: &Shape,
        profile: &Profile,
        protection: Protection,
        released: &Table,
    ) -> Self {
        if self.cells.len() != shape.rows() || statistics.is_broken() {
            return self;
        }
        let mut opened = released.rows() != shape.rows();
        for outcome in &mut self.cells {
            let blank = is_blank(released, shape, outcome.cell);
            opened |= !blank && outcome.suppression == Suppression::Primary;
            if outcome.suppression != Suppression::Primary {
                outcome.suppression = if blank {
                    Suppression::Complementary
                } else {
                    Suppression::None
                };
            }
        }
        let rounding = match protection {
            Protection::Subjects => profile.settings().rounding.as_ref(),
            Protection::None => None,
        };
        let built = table::build(statistics, shape, rounding, &self.cells).ok();
        self.brackets.clear();
        self.proven.clear();
        self.reasons.clear();
        self.labels = self
            .cells
            .iter()
            .filter(|cell| {
                cell.suppression == Suppression::Complementary
                    || (cell.status != Status::Pass && !cell.empty)
            })
            .take(CELL_VERDICTS_MAX)
            .map(|cell| (cell.cell, shape.labels(cell.cell)))
            .collect();
        if !opened && built.as_ref().is_some_and(|built| is_same(built, released)) {
            self.decision = Decision::Release;
            self.hints.clear();
            // What leaves is what left, to the last bit.
            self.table = Some(released.clone());
            self.candidate = None;
        } else {
            self.decision = Decision::Review;
            self.hints = vec![Hint::AwaitReview];
            self.reasons.push(OTHER.to_owned());
            self.candidate = built.filter(|_| !opened);
            self.table = None;
        }
        self
    }
}

/// Whether two tables are the same, but for the last bits of figures that were written and read since.
fn is_same(one: &Table, other: &Table) -> bool {
    let alike = |a: &Value, b: &Value| match (a, b) {
        (Value::Number(a), Value::Number(b)) => (a - b).abs() <= RELATIVE_ERROR * a.abs(),
        (Value::Number(a), Value::Integer(b)) | (Value::Integer(b), Value::Number(a)) => {
            real(b.unsigned_abs()) == a.abs() && (*b < 0) == (*a < 0.0)
        }
        _ => a == b,
    };
    one.rows() == other.rows()
        && one.columns().len() == other.columns().len()
        && one.columns().iter().zip(other.columns()).all(|(a, b)| {
            let values = a.values.iter().zip(&b.values);
            a.name == b.name && values.into_iter().all(|(a, b)| alike(a, b))
        })
}

/// Whether the table tells nothing in a row: every measure is absent.
fn is_blank(table: &Table, shape: &Shape, row: usize) -> bool {
    let measures = table.columns().iter().skip(shape.dimensions().len());
    measures
        .map(|column| column.values.get(row))
        .all(|value| value.is_none_or(|value| matches!(value, Value::Absent)))
}

#[cfg(test)]
mod tests;
