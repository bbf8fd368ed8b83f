//! Import: a file of a source unit becomes an immutable snapshot.
//!
//! A file stands alone, or its rows are added to those of a snapshot: the new snapshot holds both, and the old one stays as it is.
//! The whole file is read and checked before anything is kept; one wrong row refuses all of it.

mod builder;
mod csv;
mod decode;
mod earlier;
mod error;
mod header;
mod path;
mod rows;
mod table;

use std::fs::File;
use std::io::{self, Read as _, Seek as _};

use cap_std::fs::Dir;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use yunei_model::{Clock, Digest, IdSource, Resource, Snapshot, SnapshotId, Timestamp};

pub use error::{ImportError, ValueFault};

use crate::Vault;
use crate::canonical;

/// Bytes of one file at most.
pub const IMPORT_BYTES_MAX: u64 = 16 << 30;
/// Rows of one file at most.
pub const IMPORT_ROWS_MAX: u64 = 200_000_000;
/// Bytes of the decoded rows of one import at most; they are sorted in memory.
pub const CELLS_BYTES_MAX: u64 = 12 << 30;
/// Rows of a resource with a key at most: whoever refers to it holds them in memory.
pub const KEYED_ROWS_MAX: u64 = 4 << 20;
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

/// A file that was opened for import.
#[derive(Debug)]
pub struct SourceFile {
    file: File,
    digest: Digest,
}

impl SourceFile {
    /// Opens the file at `path` below `source`, through no link and no `..`, and reads it once for its digest.
    ///
    /// # Errors
    /// [`ImportError::Path`], [`ImportError::Limit`], [`ImportError::Io`].
    pub fn open(source: &Dir, path: &str) -> Result<Self, ImportError> {
        let mut file = path::open(source, path)?;
        let mut hash = Sha256::new();
        io::copy(&mut (&mut file).take(IMPORT_BYTES_MAX), &mut hash)?;
        file.rewind()?;
        let digest = Digest::from_bytes(hash.finalize().into());
        Ok(Self { file, digest })
    }

    /// Digest of its bytes.
    #[must_use]
    pub const fn digest(&self) -> Digest {
        self.digest
    }
}

/// What a file is, and what it becomes a part of.
#[derive(Debug, Clone, Copy)]
pub struct ImportTerms<'a> {
    /// Format.
    pub format: ImportFormat,
    /// The state of the world that the file tells of.
    pub data_as_of: Timestamp,
    /// The snapshot whose rows the new one holds as well.
    pub onto: Option<&'a Snapshot>,
}

/// Imports a file as a snapshot of `resource`.
///
/// Columns may stand in any order; each is named by its field's name or one of its titles. An empty
/// CSV value is an absent one. Rows are sorted by data subject where there is one, otherwise and
/// within a subject they keep the file's order, and those of the snapshot that is added to come first:
/// files added one after the other give the parts that they would give as one file.
/// The snapshot supersedes nothing yet, and whether the file is in the other snapshot already is not asked:
/// both are the caller's to say.
///
/// # Errors
/// [`ImportError`]; nothing is kept then but parts that an equal import would reuse.
pub fn import(
    source: SourceFile,
    terms: &ImportTerms<'_>,
    resource: &Resource,
    vault: &Vault,
    ids: &dyn IdSource,
    clock: &dyn Clock,
) -> Result<Snapshot, ImportError> {
    let mut rows = rows::Rows::new(canonical::schema(resource));
    if let Some(onto) = terms.onto {
        earlier::check(onto, resource, terms.data_as_of)?;
        earlier::read(onto, vault, &mut rows)?;
    }
    let before = rows.count();
    let SourceFile { file, digest } = source;
    match terms.format {
        ImportFormat::Csv {
            encoding,
            delimiter,
        } => csv::read(file, encoding, delimiter, resource, &mut rows)?,
        ImportFormat::Parquet => table::read(file, resource, &mut rows)?,
    }
    if rows.count() == before {
        return Err(ImportError::Empty);
    }
    let subject = resource
        .subject
        .as_ref()
        .and_then(|name| resource.schema.fields.iter().position(|f| &f.name == name));
    rows.check_key(resource)?;
    let parts = rows.keep(subject, vault, ids)?;
    Ok(Snapshot {
        id: SnapshotId::new(ids),
        resource: resource.id,
        schema_version: resource.schema.version,
        parts,
        data_as_of: terms.data_as_of,
        imported_at: clock.now(),
        supersedes: None,
        onto: terms.onto.map(|snapshot| snapshot.id),
        file: Some(digest),
        sorted_by_subject: subject.is_some(),
        key: resource.schema.key.clone(),
    })
}

#[cfg(test)]
mod tests;
