//! Columns of a file, as a review reads them.

use std::borrow::Cow;
use std::sync::Arc;

use super::ReviewError;
use super::spec::{Condition, Literal};

/// Rows of one file at most.
pub const REVIEW_ROWS_MAX: usize = 50_000_000;

/// The values of one column.
#[derive(Debug, Clone, PartialEq)]
pub enum Values {
    /// Texts, as a CSV file has them.
    Text(Vec<Option<String>>),
    /// Numbers, as a Parquet file has them.
    Number(Vec<Option<f64>>),
}

impl Values {
    /// Number of rows.
    #[must_use]
    pub const fn len(&self) -> usize {
        match self {
            Self::Text(texts) => texts.len(),
            Self::Number(numbers) => numbers.len(),
        }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// The columns of one file, of equal length. Holds microdata: it has no revealing `Debug`.
#[derive(Clone, PartialEq)]
pub struct Columns {
    names: Arc<[String]>,
    values: Arc<[Values]>,
    rows: usize,
    missing: Vec<String>,
}

impl std::fmt::Debug for Columns {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Columns({:?}, {} rows)", self.names, self.rows)
    }
}

impl Columns {
    /// Columns with their names.
    ///
    /// # Errors
    /// [`ReviewError`] when lengths differ, a name stands twice, or there are too many rows.
    pub fn new(columns: Vec<(String, Values)>) -> Result<Self, ReviewError> {
        let rows = columns.first().map_or(0, |(_, values)| values.len());
        let (names, values): (Vec<_>, Vec<_>) = columns.into_iter().unzip();
        if rows > REVIEW_ROWS_MAX {
            return Err(ReviewError::TooLarge {
                name: "review_rows_max",
                limit: REVIEW_ROWS_MAX,
                asked: rows,
            });
        }
        for (index, name) in names.iter().enumerate() {
            if names.iter().take(index).any(|earlier| earlier == name) {
                return Err(ReviewError::ColumnTwice {
                    column: name.clone(),
                });
            }
        }
        if let Some((name, _)) = names.iter().zip(&values).find(|(_, v)| v.len() != rows) {
            return Err(ReviewError::Ragged {
                column: name.clone(),
            });
        }
        Ok(Self {
            names: names.into(),
            values: values.into(),
            rows,
            missing: Vec::new(),
        })
    }

    /// The same, where these texts stand for "no value" too.
    #[must_use]
    pub fn with_missing(mut self, missing: &[String]) -> Self {
        self.missing = missing.to_vec();
        self
    }

    /// Number of rows.
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// A column as texts.
    pub(super) fn column(&self, name: &str) -> Result<Column<'_>, ReviewError> {
        let place = self.names.iter().position(|n| n == name);
        place
            .and_then(|place| self.values.get(place))
            .map(|values| Column {
                values,
                missing: &self.missing,
                name: self
                    .names
                    .iter()
                    .find(|n| *n == name)
                    .map_or("", String::as_str),
            })
            .ok_or_else(|| ReviewError::NoColumn {
                column: name.to_owned(),
            })
    }

    /// A column as numbers, every one of them finite.
    pub(super) fn numbers(&self, name: &str) -> Result<Vec<Option<f64>>, ReviewError> {
        let column = self.column(name)?;
        (0..self.rows).map(|row| column.number(row)).collect()
    }

    /// The rows that meet all conditions.
    pub(super) fn rows_of(&self, conditions: &[Condition]) -> Result<Vec<bool>, ReviewError> {
        let mut kept = vec![true; self.rows];
        for condition in conditions {
            let column = self.column(&condition.column)?;
            for (row, kept) in kept.iter_mut().enumerate() {
                *kept = *kept && column.meets(row, condition)?;
            }
        }
        Ok(kept)
    }
}

/// One column.
#[derive(Clone, Copy)]
pub(super) struct Column<'a> {
    values: &'a Values,
    missing: &'a [String],
    name: &'a str,
}

impl<'a> Column<'a> {
    /// The text of a row; none where the value is missing.
    pub(super) fn text(&self, row: usize) -> Option<Cow<'a, str>> {
        match self.values {
            Values::Text(texts) => {
                let text = texts.get(row)?.as_deref()?.trim();
                let missing = text.is_empty() || self.missing.iter().any(|m| m == text);
                (!missing).then_some(Cow::Borrowed(text))
            }
            Values::Number(numbers) => numbers
                .get(row)?
                .map(|number| Cow::Owned(number.to_string())),
        }
    }

    /// The number of a row.
    pub(super) fn number(&self, row: usize) -> Result<Option<f64>, ReviewError> {
        let number = match self.values {
            Values::Number(numbers) => numbers.get(row).copied().flatten(),
            Values::Text(_) => match self.text(row) {
                None => None,
                Some(text) => Some(decimal(&text).ok_or_else(|| self.no_number(row))?),
            },
        };
        match number {
            Some(number) if !number.is_finite() => Err(self.no_number(row)),
            number => Ok(number),
        }
    }

    fn no_number(&self, row: usize) -> ReviewError {
        ReviewError::NoNumber {
            column: self.name.to_owned(),
            row: row + 1,
        }
    }

    fn is(&self, row: usize, literal: &Literal) -> Result<bool, ReviewError> {
        Ok(match literal {
            Literal::Text(text) => self.text(row).as_deref() == Some(text.as_str()),
            Literal::Number(number) => self
                .number(row)?
                .is_some_and(|value| value.total_cmp(number).is_eq()),
        })
    }

    fn meets(&self, row: usize, condition: &Condition) -> Result<bool, ReviewError> {
        let present = self.text(row).is_some();
        if condition.present.is_some_and(|wanted| wanted != present) {
            return Ok(false);
        }
        let compares = condition.one_of.is_some()
            || condition.not_in.is_some()
            || condition.at_least.is_some()
            || condition.below.is_some();
        if !compares {
            return Ok(true);
        }
        if !present {
            return Ok(false);
        }
        if let Some(wanted) = &condition.one_of
            && !self.is_any(row, wanted)?
        {
            return Ok(false);
        }
        if let Some(unwanted) = &condition.not_in
            && self.is_any(row, unwanted)?
        {
            return Ok(false);
        }
        if condition.at_least.is_none() && condition.below.is_none() {
            return Ok(true);
        }
        let number = self.number(row)?.unwrap_or(f64::NAN);
        Ok(condition.at_least.is_none_or(|low| number >= low)
            && condition.below.is_none_or(|high| number < high))
    }

    fn is_any(&self, row: usize, literals: &[Literal]) -> Result<bool, ReviewError> {
        for literal in literals {
            if self.is(row, literal)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// A finite decimal number: digits, a sign, a point, an exponent; no words, no thousands apart.
pub(super) fn decimal(text: &str) -> Option<f64> {
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    let number: f64 = plain.then(|| text.parse().ok()).flatten()?;
    number.is_finite().then_some(number)
}
