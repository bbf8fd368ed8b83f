//! Import: a file of a source unit becomes an immutable snapshot.
//!
//! The whole file is read and checked before anything is kept; one wrong row refuses all of it.

mod builder;
mod csv;
mod decode;
mod error;
mod header;
mod path;
mod rows;
mod table;

use cap_std::fs::Dir;
use serde::{Deserialize, Serialize};
use yunei_model::{Clock, IdSource, Resource, Snapshot, SnapshotId, Timestamp};

pub use error::{ImportError, ValueFault};

use crate::Vault;
use crate::canonical;

/// Bytes of one file at most.
pub const IMPORT_BYTES_MAX: u64 = 16 << 30;
/// Rows of one file at most.
pub const IMPORT_ROWS_MAX: u64 = 200_000_000;
/// Bytes of the decoded rows of one import at most; they are sorted in memory.
pub const CELLS_BYTES_MAX: u64 = 12 << 30;
/// Bytes of one CSV record at most, in UTF-8.
pub const LINE_BYTES_MAX: usize = 1 << 20;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ImportFormat {
    /// Comma-separated values with a header line; RFC 4180 quoting.
    Csv {
        /// Encoding.
        #[serde(default)]
        encoding: Encoding,
        /// What separates values.
        #[serde(default)]
        delimiter: Delimiter,
    },
    /// Parquet without nested columns.
    Parquet,
}

/// Encoding of a text file; a byte-order mark is skipped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8.
    #[default]
    Utf8,
    /// GB 18030.
    Gb18030,
}

/// What separates values of a text file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Delimiter {
    /// `,`
    #[default]
    Comma,
    /// `;`
    Semicolon,
    /// A tabulator.
    Tab,
    /// `|`
    Bar,
}

impl Delimiter {
    const fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Bar => b'|',
        }
    }
}

/// Imports the file at `path` below `source` as a snapshot of `resource`.
///
/// Columns may stand in any order; each is named by its field's name or one of its titles. An empty
/// CSV value is an absent one. Rows are sorted by data subject where there is one, otherwise and
/// within a subject they keep the file's order. The same file gives the same parts.
/// The snapshot supersedes nothing yet: that is the caller's to say.
///
/// # Errors
/// [`ImportError`]; nothing is kept then but parts that an equal import would reuse.
#[expect(
    clippy::too_many_arguments,
    reason = "each is a thing of its own that the caller holds; a struct would be built once and say the same"
)]
pub fn import(
    source: &Dir,
    path: &str,
    format: ImportFormat,
    resource: &Resource,
    vault: &Vault,
    ids: &dyn IdSource,
    clock: &dyn Clock,
    data_as_of: Timestamp,
) -> Result<Snapshot, ImportError> {
    let file = path::open(source, path)?;
    let mut rows = rows::Rows::new(canonical::schema(resource));
    match format {
        ImportFormat::Csv {
            encoding,
            delimiter,
        } => csv::read(file, encoding, delimiter, resource, &mut rows)?,
        ImportFormat::Parquet => table::read(file, resource, &mut rows)?,
    }
    let subject = resource
        .subject
        .as_ref()
        .and_then(|name| resource.schema.fields.iter().position(|f| &f.name == name));
    let parts = rows.keep(subject, vault, ids)?;
    Ok(Snapshot {
        id: SnapshotId::new(ids),
        resource: resource.id,
        schema_version: resource.schema.version,
        parts,
        data_as_of,
        imported_at: clock.now(),
        supersedes: None,
        sorted_by_subject: subject.is_some(),
    })
}

#[cfg(test)]
mod tests;
