//! Resources, snapshots, import, and governed scans over Parquet.
//!
//! Duty: read catalogue entries as officials write them, turn files into immutable snapshots in a
//! vault, show a run exactly the columns and rows that its grant gives, and write released tables out.
//!
//! Invariants:
//! - A part of a snapshot is named by the digest of its bytes and never changes.
//! - The same input gives the same bytes, so the same digest.
//! - A snapshot holds finite numbers only, `-0.0` never, and a value in its data-subject field in every row.
//! - Rows leave a view in the order of the snapshot, whatever is projected or filtered.
//! - A row filter is applied before anything that a guest wrote is evaluated, so that no error and no
//!   figure tells of a row that the filter keeps back.
//! - No error carries a value of a row.
//!
//! Never: showing an ungranted column (a view's schema does not have it), opening a path other than
//! through a `cap_std::fs::Dir`, opening anything at all during a scan, writing temporary files.

mod canonical;
mod column;
mod entry;
pub mod export;
mod import;
mod vault;
mod view;

pub use entry::{CatalogueEntry, CatalogueError, DataFile, Provenance};
pub use export::ExportError;
pub use import::{
    CELLS_BYTES_MAX, Delimiter, Encoding, IMPORT_BYTES_MAX, IMPORT_ROWS_MAX, ImportError,
    ImportFormat, ImportTerms, KEYED_ROWS_MAX, LINE_BYTES_MAX, SourceFile, ValueFault, import,
};
pub use vault::{PART_BYTES_MAX, Vault, VaultError};
pub use view::{
    Batches, ConditionError, LOOKUPS_MAX, Lookup, MaskKey, PARTS_MAX, SQL_BYTES_MAX,
    SQL_TOKENS_MAX, VIEWS_MAX, ViewColumn, ViewError, ViewField, ViewOptions, ViewPlan, Views,
    check_condition, masked_type, prepare,
};

#[cfg(test)]
mod testing;
