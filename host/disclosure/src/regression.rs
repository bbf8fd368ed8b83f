//! Regressions, refitted by the gate: the design is public structure, the figures are the gate's own.
//!
//! A module's coefficients are never believed. The manifest registers a design (response, terms, intercept); the gate reads the
//! snapshot, fits by streamed QR, reads it again to see who stands behind each coefficient, and holds that against the rules.
//! The way through: [`Design`] → [`Fit`] (one pass, or several for a logistic model) → [`Estimates`] → [`Examination`] (one
//! pass) → [`Support`] → [`judge_regression`].
//!
//! Sources: Golub and Van Loan, *Matrix Computations*, 4th ed., 5.2 (Householder QR); McCullagh and Nelder, *Generalized Linear
//! Models*, 2.5 (iteratively reweighted least squares); SDC Handbook 2019, "regressions".

mod examine;
mod factor;
mod fit;
mod verdict;

use thiserror::Error;
use yunei_model::{Name, RegressionKind};

pub use examine::{Examination, Support};
pub use fit::{Estimates, Fit, Step};
pub use verdict::judge_regression;

/// Parameters of a model at most, the intercept among them.
pub const PARAMETERS_MAX: usize = 128;
/// Passes over the rows that a logistic model may take at most.
pub const PASSES_MAX: u32 = 30;

/// A term of a model.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Term {
    /// A number, as it is.
    Number {
        /// Name.
        name: Name,
    },
    /// One indicator for each class but the reference.
    Classes {
        /// Name.
        name: Name,
        /// The classes, without that of the rest: rows in the rest are left out.
        labels: Vec<String>,
        /// Index of the class that has no indicator.
        reference: usize,
    },
}

/// The value of a term in a row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum TermValue {
    /// None: the row is left out.
    Absent,
    /// A number.
    Number(f64),
    /// The code of a class; one past the last is the rest, and the row is left out.
    Class(u32),
}

/// A column of the design.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DesignColumn {
    /// Ones.
    Intercept,
    /// A term's number.
    Number {
        /// The term.
        term: Name,
    },
    /// Whether the row is in a class.
    Indicator {
        /// The term.
        term: Name,
        /// The class.
        label: String,
    },
}

impl DesignColumn {
    /// What stands in the released table: term and class.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        match self {
            Self::Intercept => vec!["(intercept)".to_owned()],
            Self::Number { term } => vec![term.to_string()],
            Self::Indicator { term, label } => vec![term.to_string(), label.clone()],
        }
    }
}

/// The design of a model: fixed before a row is read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Design {
    kind: RegressionKind,
    terms: Vec<Term>,
    columns: Vec<DesignColumn>,
}

impl Design {
    /// A design.
    ///
    /// # Errors
    /// [`DesignError`]: no parameter, too many, a term twice, a class twice, or a reference that is none of the classes.
    pub fn new(
        kind: RegressionKind,
        intercept: bool,
        terms: Vec<Term>,
    ) -> Result<Self, DesignError> {
        let mut columns = Vec::new();
        if intercept {
            columns.push(DesignColumn::Intercept);
        }
        let mut names: Vec<&Name> = Vec::new();
        for term in &terms {
            let name = term.name();
            if names.contains(&name) {
                return Err(DesignError::TermTwice { name: name.clone() });
            }
            names.push(name);
            match term {
                Term::Number { name } => columns.push(DesignColumn::Number { term: name.clone() }),
                Term::Classes {
                    name,
                    labels,
                    reference,
                } => {
                    if *reference >= labels.len() {
                        return Err(DesignError::Reference { name: name.clone() });
                    }
                    for (code, label) in labels.iter().enumerate() {
                        if labels.iter().take(code).any(|l| l == label) {
                            return Err(DesignError::ClassTwice { name: name.clone() });
                        }
                        if code != *reference {
                            columns.push(DesignColumn::Indicator {
                                term: name.clone(),
                                label: label.clone(),
                            });
                        }
                    }
                }
            }
        }
        if columns.is_empty() || columns.len() > PARAMETERS_MAX {
            return Err(DesignError::Parameters {
                count: columns.len(),
            });
        }
        Ok(Self {
            kind,
            terms,
            columns,
        })
    }

    /// Kind.
    #[must_use]
    pub const fn kind(&self) -> RegressionKind {
        self.kind
    }

    /// The terms.
    #[must_use]
    pub fn terms(&self) -> &[Term] {
        &self.terms
    }

    /// The columns: one parameter each.
    #[must_use]
    pub fn columns(&self) -> &[DesignColumn] {
        &self.columns
    }

    fn intercept(&self) -> bool {
        matches!(self.columns.first(), Some(DesignColumn::Intercept))
    }

    /// Writes a row's line of the design matrix; false when the row is left out.
    fn expand(&self, row: usize, columns: &[Vec<TermValue>], line: &mut Vec<f64>) -> bool {
        line.clear();
        if self.intercept() {
            line.push(1.0);
        }
        if columns.len() != self.terms.len() {
            return false;
        }
        for (term, column) in self.terms.iter().zip(columns) {
            let value = column.get(row).unwrap_or(&TermValue::Absent);
            match (term, value) {
                (Term::Number { .. }, TermValue::Number(number)) => line.push(*number),
                (
                    Term::Classes {
                        labels, reference, ..
                    },
                    TermValue::Class(code),
                ) => {
                    let code = *code as usize;
                    if code >= labels.len() {
                        return false;
                    }
                    let indicators = (0..labels.len()).filter(|label| label != reference);
                    line.extend(indicators.map(|label| f64::from(u8::from(label == code))));
                }
                _ => return false,
            }
        }
        true
    }
}

impl Term {
    /// The name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        match self {
            Self::Number { name } | Self::Classes { name, .. } => name,
        }
    }
}

/// Why a design cannot be.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DesignError {
    /// None, or more than [`PARAMETERS_MAX`].
    #[error("a model has 1 to {PARAMETERS_MAX} parameters, this one has {count}")]
    Parameters {
        /// How many.
        count: usize,
    },
    /// A term is there twice.
    #[error("the term `{name}` is there twice")]
    TermTwice {
        /// The term.
        name: Name,
    },
    /// A class is there twice.
    #[error("the term `{name}` has a class twice")]
    ClassTwice {
        /// The term.
        name: Name,
    },
    /// The reference is none of the classes.
    #[error("the reference of `{name}` is none of its classes")]
    Reference {
        /// The term.
        name: Name,
    },
}

/// Why a model cannot be fitted. Told to authorities alone: it depends on the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum RegressionFault {
    /// A value or a sum is no finite number.
    #[error("a value or a sum is no finite number")]
    NotFinite,
    /// No row, or no more rows than parameters.
    #[error("there are no more rows than parameters: the model is saturated")]
    Saturated,
    /// The columns depend on each other.
    #[error("columns of the design depend on each other")]
    Dependent,
    /// The response of a logistic model is something else than 0 or 1.
    #[error("the response of a logistic model is not 0 or 1")]
    NotBinary,
    /// The response is the same everywhere.
    #[error("the response is the same everywhere")]
    Constant,
    /// A logistic model whose classes the terms tell apart: there is no finite estimate.
    #[error("the terms tell the response apart: there is no finite estimate")]
    Separated,
}

#[cfg(test)]
mod tests;
