//! Output tables: sealed, until the release gate decides.

use std::marker::PhantomData;

use crate::bindings::analysis::yunei::guest::tables as wire;
use crate::{ColumnBuilder, Error, Field, Result, WriteRow, host};

/// Rows per batch at most; far below what the host takes.
const BATCH_ROWS_MAX: usize = 16_384;
/// Bytes per batch after which it is sent.
const BATCH_BYTES: usize = 256 << 10;

/// An output table with rows of type `R`.
///
/// ```
/// # use yunei_guest::{Output, Result, testing::Domain};
/// fn run() -> Result<()> {
///     let mut squares = Output::create("squares", ["n", "square"])?;
///     for n in 0..4 {
///         squares.push((n, n * n))?;
///     }
///     squares.finish()
/// }
/// assert_eq!(Domain::new().run(run)?.output("squares")?.len(), 4);
/// # Ok::<(), yunei_guest::Error>(())
/// ```
pub struct Output<R: WriteRow> {
    name: String,
    handle: host::OutputHandle,
    columns: Vec<ColumnBuilder>,
    rows: PhantomData<R>,
}

/// Creates an output and writes all its rows.
///
/// # Errors
/// Those of [`Output::create`] and [`Output::push`].
pub fn write<const WIDTH: usize, R: WriteRow>(
    name: &str,
    columns: [&str; WIDTH],
    rows: impl IntoIterator<Item = R>,
) -> Result<()> {
    let mut output = Output::create(name, columns)?;
    for row in rows {
        output.push(row)?;
    }
    output.finish()
}

impl<R: WriteRow> Output<R> {
    /// Creates an output that the manifest declares. A wrong number of column names does not compile:
    ///
    /// ```compile_fail
    /// yunei_guest::write("means", ["carrier", "month", "mean"], [("UA", 1.5)])?;
    /// # Ok::<(), yunei_guest::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Denied`] when the manifest does not declare it, or with other columns.
    pub fn create<const WIDTH: usize>(name: &str, columns: [&str; WIDTH]) -> Result<Self> {
        const { assert!(WIDTH == R::WIDTH, "as many names as a row has values") };
        let fields: Vec<Field> = columns
            .iter()
            .zip(R::kinds())
            .map(|(column, (kind, nullable))| Field {
                name: (*column).to_owned(),
                kind,
                nullable,
            })
            .collect();
        let handle = host::create(name, &fields).map_err(|denial| denied(name, denial))?;
        Ok(Self {
            name: name.to_owned(),
            handle,
            columns: R::columns(),
            rows: PhantomData,
        })
    }

    /// Appends a row.
    ///
    /// # Errors
    /// [`Error::Denied`] when the host takes no more.
    pub fn push(&mut self, row: R) -> Result<()> {
        row.push(&mut self.columns);
        let bytes: usize = self.columns.iter().map(ColumnBuilder::bytes).sum();
        if self.pending() >= BATCH_ROWS_MAX || bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// Sends the rows that still wait here.
    ///
    /// # Errors
    /// [`Error::Denied`] when the host takes no more.
    pub fn finish(mut self) -> Result<()> {
        self.flush()
    }

    fn pending(&self) -> usize {
        self.columns.first().map_or(0, ColumnBuilder::len)
    }

    fn flush(&mut self) -> Result<()> {
        let rows = self.pending();
        if rows == 0 {
            return Ok(());
        }
        let batch = wire::Batch {
            rows: rows as u32,
            columns: R::take(&mut self.columns),
        };
        self.handle
            .append(&batch)
            .map_err(|denial| denied(&self.name, denial))
    }
}

fn denied(name: &str, denial: wire::Denial) -> Error {
    Error::denied(&["output `", name, "`"].concat(), denial)
}
