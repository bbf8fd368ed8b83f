//! Granted tables.

use std::rc::Rc;

use crate::bindings::analysis::yunei::guest::tables as wire;
use crate::read::column_name;
use crate::{Column, Error, Field, ReadRow, Result, Rows, host};

/// A granted table.
pub struct Table {
    name: String,
    fields: Vec<Field>,
    handle: host::TableHandle,
}

/// Opens a granted resource by its name in the catalogue.
///
/// # Errors
/// [`Error::Denied`] when the grant does not name it.
pub fn open(name: &str) -> Result<Table> {
    let handle = host::open(name)
        .map_err(|denial| Error::denied(&["table `", name, "`"].concat(), denial))?;
    Ok(Table {
        name: name.to_owned(),
        fields: handle.schema(),
        handle,
    })
}

/// Asks one `SELECT` over the granted views; only where the grant allows joins.
///
/// # Errors
/// [`Error::Denied`] when it does not, or the query cannot be planned over what is granted.
pub fn sql(text: &str) -> Result<Scan> {
    let reader = host::sql(text).map_err(|denial| Error::denied("the query", denial))?;
    Ok(Scan {
        reader,
        names: Rc::from([]),
    })
}

impl Table {
    /// The granted fields.
    #[must_use]
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }

    /// Reads columns by name; rows come in the snapshot's order, those of one data subject together.
    ///
    /// # Errors
    /// [`Error::NoField`] for a field that is not granted, [`Error::Denied`] when the host refuses.
    pub fn scan<const WIDTH: usize>(&self, columns: [&str; WIDTH]) -> Result<Scan> {
        let mut positions = Vec::with_capacity(WIDTH);
        for column in columns {
            let position = self.fields.iter().position(|field| field.name == column);
            positions.push(position.ok_or_else(|| Error::NoField {
                table: self.name.clone(),
                field: column.to_owned(),
            })? as u32);
        }
        let reader = self.handle.scan(&positions).map_err(|denial| {
            Error::denied(&["scanning table `", &self.name, "`"].concat(), denial)
        })?;
        Ok(Scan {
            reader,
            names: columns.map(str::to_owned).into(),
        })
    }
}

/// The batches of a scan or query.
pub struct Scan {
    reader: host::ReaderHandle,
    names: Rc<[String]>,
}

impl Iterator for Scan {
    type Item = Result<Batch>;

    fn next(&mut self) -> Option<Self::Item> {
        match self.reader.next() {
            Ok(batch) => batch.map(|batch| Batch::received(batch, &self.names)),
            Err(denial) => Some(Err(Error::denied("the next batch", denial))),
        }
    }
}

/// Rows of a table, by column.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    rows: usize,
    columns: Vec<Column>,
    names: Rc<[String]>,
}

impl Batch {
    /// Takes over what the host sent, after checking that its parts fit each other.
    pub(crate) fn received(batch: wire::Batch, names: &Rc<[String]>) -> Result<Self> {
        let rows = batch.rows as usize;
        match batch.columns.iter().position(|column| !column.holds(rows)) {
            Some(index) => Err(Error::Malformed {
                column: column_name(names, index),
            }),
            None => Ok(Self {
                rows,
                columns: batch.columns,
                names: Rc::clone(names),
            }),
        }
    }

    /// Number of rows.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.rows
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// The columns, for kernels that work on slices.
    #[must_use]
    pub fn columns(&self) -> &[Column] {
        &self.columns
    }

    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// The rows as tuples: `batch.rows::<(&str, i32, Option<f64>)>()`.
    ///
    /// # Errors
    /// Those of [`ReadRow::readers`]: the columns are checked once, here.
    pub fn rows<'a, R: ReadRow<'a>>(&'a self) -> Result<Rows<'a, R>> {
        Rows::of(self)
    }
}
