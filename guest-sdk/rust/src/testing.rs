//! Tests without a domain: tables made up on the spot, outputs looked at afterwards. Not there in a component.

mod concatenate;
pub(crate) mod host;

use std::rc::Rc;

use crate::bindings::analysis::yunei::guest::inputs::Value;
use crate::bindings::analysis::yunei::guest::tables as wire;
use crate::{Batch, Date, Error, Field, Level, Result, WriteRow};
use host::{Made, State};

/// A domain in the test's own thread, with what a grant would give.
#[derive(Debug, Default)]
pub struct Domain {
    state: State,
}

impl Domain {
    /// A domain that grants nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Grants a table of these rows.
    #[must_use]
    pub fn table<const WIDTH: usize, R: WriteRow>(
        mut self,
        name: &str,
        fields: [&str; WIDTH],
        rows: impl IntoIterator<Item = R>,
    ) -> Self {
        self.state
            .tables
            .insert(name.to_owned(), made(&fields, rows));
        self
    }

    /// Allows a query, and says what it answers.
    #[must_use]
    pub fn answer<const WIDTH: usize, R: WriteRow>(
        mut self,
        query: &str,
        columns: [&str; WIDTH],
        rows: impl IntoIterator<Item = R>,
    ) -> Self {
        self.state
            .answers
            .insert(query.to_owned(), made(&columns, rows));
        self
    }

    /// Sets a parameter: an integer, a text or a [`Date`].
    #[must_use]
    pub fn parameter(mut self, name: &str, value: impl Into<ParameterValue>) -> Self {
        self.state
            .parameters
            .insert(name.to_owned(), value.into().0);
        self
    }

    /// Runs an `analysis` module's function.
    ///
    /// # Errors
    /// The module's own.
    pub fn run(self, module: impl FnOnce() -> Result<()>) -> Result<Outcome> {
        let before = host::replace(self.state);
        let result = module();
        let after = host::replace(before);
        result.map(|()| Outcome { state: after })
    }
}

/// What a module left behind.
#[derive(Debug)]
pub struct Outcome {
    state: State,
}

impl Outcome {
    /// All rows of an output.
    ///
    /// # Errors
    /// [`Error::Message`] when the module created no output of that name.
    pub fn output(&self, name: &str) -> Result<&Batch> {
        let found = self.state.outputs.iter().find(|(n, _)| n == name);
        found
            .map(|(_, output)| &output.rows)
            .ok_or_else(|| Error::Message(["there is no output `", name, "`"].concat()))
    }

    /// The columns of an output.
    #[must_use]
    pub fn fields(&self, name: &str) -> &[Field] {
        let found = self.state.outputs.iter().find(|(n, _)| n == name);
        found.map_or(&[], |(_, output)| &output.fields)
    }

    /// The notes in the journal.
    #[must_use]
    pub fn notes(&self) -> &[(Level, String)] {
        &self.state.notes
    }
}

/// The value of a parameter in a test.
#[derive(Debug)]
pub struct ParameterValue(Value);

impl From<i64> for ParameterValue {
    fn from(number: i64) -> Self {
        Self(Value::Integer(number))
    }
}

impl From<&str> for ParameterValue {
    fn from(text: &str) -> Self {
        Self(Value::Text(text.to_owned()))
    }
}

impl From<Date> for ParameterValue {
    fn from(date: Date) -> Self {
        Self(Value::Date(date.0))
    }
}

/// A batch of these rows.
///
/// # Errors
/// [`Error::Width`] when there are not as many names as values.
pub fn batch<R: WriteRow>(names: &[&str], rows: impl IntoIterator<Item = R>) -> Result<Batch> {
    if names.len() != R::WIDTH {
        return Err(Error::Width {
            columns: names.len(),
            values: R::WIDTH,
        });
    }
    let mut columns = R::columns();
    let mut count = 0;
    for row in rows {
        row.push(&mut columns);
        count += 1;
    }
    let names: Rc<[String]> = names.iter().map(|n| (*n).to_owned()).collect();
    let batch = wire::Batch {
        rows: count,
        columns: R::take(&mut columns),
    };
    Batch::received(batch, &names)
}

#[expect(
    clippy::expect_used,
    reason = "a test's own table: what is wrong with it must be said at once"
)]
fn made<R: WriteRow>(names: &[&str], rows: impl IntoIterator<Item = R>) -> Made {
    let rows = batch(names, rows).expect("as many names as values");
    let kinds = R::kinds().into_iter();
    let fields = names
        .iter()
        .zip(kinds)
        .map(|(name, (kind, nullable))| Field {
            name: (*name).to_owned(),
            kind,
            nullable,
        });
    Made {
        fields: fields.collect(),
        rows,
    }
}
