//! What a cell offers to the sandbox: the far side of the guest's interfaces.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use yunei_model::{
    Code, FieldType, LimitExceeded, Name, Parameter, ParameterType, Parameters, Scalar,
};

use crate::{Batch, SandboxError};

/// A reader that the host opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ReaderId(pub u32);

/// An output that the host opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct OutputId(pub u32);

/// A field as a guest sees it, of a granted table or of an output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldInfo {
    /// Name.
    pub name: Name,
    /// Type.
    pub kind: FieldType,
    /// Whether rows may be invalid.
    pub nullable: bool,
}

/// How much a note matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// For information.
    Info,
    /// Warning.
    Warning,
    /// Error.
    Error,
}

/// A refusal that the guest hears of and may live with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
#[error("denied with `{code}`")]
pub struct Denial {
    /// Code.
    pub code: Code,
    /// Clause that refused.
    pub clause: Option<String>,
}

/// An end of the run that the guest never hears of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub enum Stop {
    /// The run's time is over.
    #[error("the deadline has passed")]
    Deadline,
    /// A limit that the host counts.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The host cannot go on: the ring is closed, the record fails, the supervisor says so.
    #[error("the host stopped: {0}")]
    Host(String),
}

/// Why a host call is not served.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Unserved {
    /// The guest hears of it.
    #[error(transparent)]
    Denied(#[from] Denial),
    /// The guest ends.
    #[error(transparent)]
    Stopped(#[from] Stop),
}

impl From<Code> for Unserved {
    fn from(code: Code) -> Self {
        Self::Denied(Denial { code, clause: None })
    }
}

/// The far side of the interfaces `data`, `query`, `output`, `journal` and `inputs`.
///
/// The sandbox has checked limits and shapes before it calls: strings are within their limit, batches fit the
/// schema of their output, column positions exist. What is granted, only the host knows.
pub trait AnalysisHost {
    /// Opens a granted table and tells its fields.
    ///
    /// # Errors
    /// [`Unserved`] where the grant does not name it.
    fn open(&mut self, name: &str) -> Result<Vec<FieldInfo>, Unserved>;

    /// Starts to read columns of an open table, given as positions in its fields.
    ///
    /// # Errors
    /// [`Unserved`].
    fn scan(&mut self, table: &str, columns: &[u32]) -> Result<ReaderId, Unserved>;

    /// The next rows; none at the end.
    ///
    /// # Errors
    /// [`Unserved`].
    fn next(&mut self, reader: ReaderId) -> Result<Option<Batch>, Unserved>;

    /// Runs one query over the granted views.
    ///
    /// # Errors
    /// [`Unserved`].
    fn sql(&mut self, text: &str) -> Result<ReaderId, Unserved>;

    /// The guest dropped a reader.
    fn close(&mut self, reader: ReaderId);

    /// Creates an output.
    ///
    /// # Errors
    /// [`Unserved`] where the manifest declares no such output.
    fn create_output(&mut self, name: &str, schema: &[FieldInfo]) -> Result<OutputId, Unserved>;

    /// Appends rows; their shape has been checked against the output's schema.
    ///
    /// # Errors
    /// [`Unserved`].
    fn append(&mut self, output: OutputId, rows: Batch) -> Result<(), Unserved>;

    /// A note, cut and escaped.
    ///
    /// # Errors
    /// [`Stop`] when the record of the call cannot be kept.
    fn note(&mut self, level: Level, message: &str) -> Result<(), Stop>;

    /// A parameter of the run.
    ///
    /// # Errors
    /// [`Stop`] when the record of the call cannot be kept.
    fn parameter(&mut self, name: &str) -> Result<Option<ParameterValue>, Stop>;
}

/// A typed parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum ParameterValue {
    /// An integer.
    Integer(i64),
    /// One of an enumeration.
    Text(String),
    /// Days since 1970-01-01.
    Date(i32),
}

impl ParameterValue {
    /// Types bound parameters as their declarations say.
    ///
    /// # Errors
    /// [`SandboxError::Parameter`] where a value is not of its declared type, or nothing declares it.
    pub fn typed(
        declared: &[Parameter],
        bound: &Parameters,
    ) -> Result<BTreeMap<Name, Self>, SandboxError> {
        let wrong = |name: &Name| SandboxError::Parameter { name: name.clone() };
        let mut typed = BTreeMap::new();
        for (name, value) in bound {
            let declaration = declared
                .iter()
                .find(|p| &p.name == name)
                .ok_or_else(|| wrong(name))?;
            let value = match (&declaration.kind, value) {
                (ParameterType::Integer { .. }, Scalar::Integer(number)) => Self::Integer(*number),
                (ParameterType::Enumeration { .. }, Scalar::Text(text)) => Self::Text(text.clone()),
                (ParameterType::Date { .. }, Scalar::Text(text)) => {
                    Self::Date(days_since_epoch(text).ok_or_else(|| wrong(name))?)
                }
                _ => return Err(wrong(name)),
            };
            typed.insert(name.clone(), value);
        }
        Ok(typed)
    }
}

fn days_since_epoch(text: &str) -> Option<i32> {
    let date: jiff::civil::Date = text.parse().ok()?;
    let span = date.since(jiff::civil::date(1970, 1, 1)).ok()?;
    Some(span.get_days())
}

/// The interfaces that a capability names; only these are linked. `inputs` always is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Interfaces {
    /// `data`: granted tables.
    pub data: bool,
    /// `query`: joins.
    pub query: bool,
    /// `output`.
    pub output: bool,
    /// `journal`.
    pub journal: bool,
}

impl Interfaces {
    /// Every interface.
    pub const ALL: Self = Self {
        data: true,
        query: true,
        output: true,
        journal: true,
    };
}
