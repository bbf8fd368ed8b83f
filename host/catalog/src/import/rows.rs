//! The rows of one import: collected, sorted, kept.

use std::collections::HashSet;
use std::io;

use arrow::array::{ArrayRef, RecordBatch};
use arrow::compute::interleave_record_batch;
use arrow::datatypes::SchemaRef;
use arrow::row::{RowConverter, SortField};
use parquet::errors::ParquetError;
use yunei_model::{Field, IdSource, LimitExceeded, Part, Resource};

use super::{CELLS_BYTES_MAX, IMPORT_ROWS_MAX, ImportError, KEYED_ROWS_MAX};
use crate::canonical::{self, BATCH_ROWS};
use crate::{Vault, VaultError};

/// Rows of one part.
const PART_ROWS: usize = 8 << 20;

/// Whether a field's value may be absent; that of the data subject never is, or nobody could say whom a cell is about.
pub(super) fn may_be_absent(field: &Field, resource: &Resource) -> bool {
    field.nullable && resource.subject.as_ref() != Some(&field.name)
}

/// Rows of one import.
pub(super) struct Rows {
    schema: SchemaRef,
    batches: Vec<RecordBatch>,
    rows: u64,
    bytes: u64,
}

impl Rows {
    pub(super) const fn new(schema: SchemaRef) -> Self {
        Self {
            schema,
            batches: Vec::new(),
            rows: 0,
            bytes: 0,
        }
    }

    /// Rows so far.
    pub(super) const fn count(&self) -> u64 {
        self.rows
    }

    /// Adds columns in the order of the schema.
    pub(super) fn add(&mut self, columns: Vec<ArrayRef>) -> Result<(), ImportError> {
        let batch =
            RecordBatch::try_new(self.schema.clone(), columns).map_err(|_| ImportError::Write)?;
        let (rows, bytes) = (
            batch.num_rows() as u64,
            batch.get_array_memory_size() as u64,
        );
        self.rows = LimitExceeded::check("import_rows_max", IMPORT_ROWS_MAX, self.rows, rows)?;
        self.bytes = LimitExceeded::check("cells_bytes_max", CELLS_BYTES_MAX, self.bytes, bytes)?;
        self.batches.push(batch);
        Ok(())
    }

    /// Checks that no two rows have the same key, where the resource has one.
    pub(super) fn check_key(&self, resource: &Resource) -> Result<(), ImportError> {
        let key = &resource.schema.key;
        if key.is_empty() {
            return Ok(());
        }
        LimitExceeded::check("keyed_rows_max", KEYED_ROWS_MAX, 0, self.rows)?;
        let mut places = Vec::with_capacity(key.len());
        let mut kinds = Vec::with_capacity(key.len());
        for name in key {
            let found = self.schema.fields().find(name.as_str());
            let (place, field) = found.ok_or(ImportError::Write)?;
            places.push(place);
            kinds.push(SortField::new(field.data_type().clone()));
        }
        let converter = RowConverter::new(kinds).map_err(|_| ImportError::Write)?;
        let mut keys = Vec::with_capacity(self.batches.len());
        for batch in &self.batches {
            let of = batch.project(&places).map_err(|_| ImportError::Write)?;
            let converted = converter.convert_columns(of.columns());
            keys.push(converted.map_err(|_| ImportError::Write)?);
        }
        let mut known = HashSet::with_capacity(usize::try_from(self.rows).unwrap_or(0));
        match keys.iter().flatten().all(|key| known.insert(key)) {
            true => Ok(()),
            false => Err(ImportError::KeyTwice { key: key.clone() }),
        }
    }

    /// Sorts the rows by the column at `subject` and keeps them in the vault.
    pub(super) fn keep(
        self,
        subject: Option<usize>,
        vault: &Vault,
        ids: &dyn IdSource,
    ) -> Result<Vec<Part>, ImportError> {
        if self.rows == 0 {
            return Err(ImportError::Empty);
        }
        let order = self.order(subject)?;
        let batches: Vec<&RecordBatch> = self.batches.iter().collect();
        let mut parts = Vec::new();
        for rows in order.chunks(PART_ROWS) {
            let mut part = vault.begin(ids)?;
            let mut writer = canonical::writer(part.sink(), self.schema.clone()).map_err(kept)?;
            for block in rows.chunks(BATCH_ROWS) {
                let places: Vec<(usize, usize)> = block
                    .iter()
                    .map(|(batch, row)| (*batch as usize, *row as usize))
                    .collect();
                let block =
                    interleave_record_batch(&batches, &places).map_err(|_| ImportError::Write)?;
                writer.write(&block).map_err(kept)?;
            }
            writer.close().map_err(kept)?;
            parts.push(part.finish(rows.len() as u64)?);
        }
        Ok(parts)
    }

    /// Places (batch, row) of all rows in canonical order.
    fn order(&self, subject: Option<usize>) -> Result<Vec<(u32, u32)>, ImportError> {
        let mut order = Vec::with_capacity(usize::try_from(self.rows).unwrap_or(0));
        for (index, batch) in (0_u32..).zip(&self.batches) {
            let rows = u32::try_from(batch.num_rows()).map_err(|_| ImportError::Write)?;
            order.extend((0..rows).map(|row| (index, row)));
        }
        let Some(subject) = subject else {
            return Ok(order);
        };
        let field = self.schema.fields().get(subject);
        let kind = field.ok_or(ImportError::Write)?.data_type().clone();
        let converter =
            RowConverter::new(vec![SortField::new(kind)]).map_err(|_| ImportError::Write)?;
        let keys = self
            .batches
            .iter()
            .map(|batch| {
                let column = batch.columns().get(subject).cloned();
                column.map(|c| converter.convert_columns(&[c]))
            })
            .collect::<Option<Result<Vec<_>, _>>>()
            .and_then(Result::ok)
            .ok_or(ImportError::Write)?;
        let key = |place: &(u32, u32)| {
            let rows = keys.get(place.0 as usize);
            rows.map(|rows| rows.row(place.1 as usize))
        };
        // The place itself breaks ties: the file's order within a subject, and one result for one input.
        order.sort_unstable_by(|a, b| key(a).cmp(&key(b)).then_with(|| a.cmp(b)));
        Ok(order)
    }
}

/// A failed write keeps its cause where it is the file system's, and none of the data.
fn kept(error: ParquetError) -> ImportError {
    match error {
        ParquetError::External(source) => match source.downcast::<io::Error>() {
            Ok(error) if error.kind() == io::ErrorKind::FileTooLarge => VaultError::TooLarge.into(),
            Ok(error) => VaultError::Io(*error).into(),
            Err(_) => ImportError::Write,
        },
        _ => ImportError::Write,
    }
}
