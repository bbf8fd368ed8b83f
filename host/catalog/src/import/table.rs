//! Reading Parquet: every value exactly, or none at all.

use std::fs::File;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Datum, Float64Array, PrimitiveArray};
use arrow::compute::kernels::cmp::not_distinct;
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Float64Type, TimeUnit, TimestampMicrosecondType};
use parquet::arrow::arrow_reader::{ArrowReaderOptions, ParquetRecordBatchReaderBuilder};
use yunei_model::{FieldType, LimitExceeded, Resource};

use super::rows::{Rows, may_be_absent};
use super::{IMPORT_ROWS_MAX, ImportError, ValueFault, header};
use crate::canonical::BATCH_ROWS;
use crate::column::arrow_type;

/// Reads all rows.
pub(super) fn read(file: File, resource: &Resource, rows: &mut Rows) -> Result<(), ImportError> {
    // What the writer says of Arrow types is left aside: the Parquet types alone decide.
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    let reader = ParquetRecordBatchReaderBuilder::try_new_with_options(file, options)
        .map_err(|_| ImportError::Truncated)?;
    if reader.parquet_schema().num_columns() > yunei_model::FIELDS_MAX {
        return Err(ImportError::TooWide);
    }
    let before = rows.count();
    let count = u64::try_from(reader.metadata().file_metadata().num_rows())
        .map_err(|_| ImportError::Truncated)?;
    LimitExceeded::check("import_rows_max", IMPORT_ROWS_MAX, 0, count)?;
    let schema = Arc::clone(reader.schema());
    let names = schema.fields().iter().map(|f| f.name().as_str());
    let columns = header::resolve(names, resource)?;
    let fields = &resource.schema.fields;
    for (column, source) in columns.iter().zip(schema.fields()) {
        let field = fields.get(*column).ok_or(ImportError::Write)?;
        if !holds(source.data_type(), field.kind) {
            return Err(ImportError::ColumnType {
                column: field.name.clone(),
                expected: field.kind,
            });
        }
    }
    let reader = reader
        .with_batch_size(BATCH_ROWS)
        .build()
        .map_err(|_| ImportError::Truncated)?;
    for batch in reader {
        let batch = batch.map_err(|_| ImportError::Truncated)?;
        let mut converted: Vec<Option<ArrayRef>> = vec![None; fields.len()];
        for (column, source) in columns.iter().zip(batch.columns()) {
            let field = fields.get(*column).ok_or(ImportError::Write)?;
            let fault = |(row, fault): (usize, ValueFault)| ImportError::Value {
                line: rows.count() - before + row as u64 + 1,
                column: field.name.clone(),
                fault,
            };
            if !may_be_absent(field, resource)
                && let Some(row) = (0..source.len()).find(|row| source.is_null(*row))
            {
                return Err(fault((row, ValueFault::Absent)));
            }
            let exact = convert(source, field.kind)
                .map_err(|row| fault((row, ValueFault::Type(field.kind))))?;
            if let Some(place) = converted.get_mut(*column) {
                *place = Some(exact);
            }
        }
        let whole: Option<Vec<ArrayRef>> = converted.into_iter().collect();
        rows.add(whole.ok_or(ImportError::Write)?)?;
    }
    if rows.count() - before == count {
        Ok(())
    } else {
        Err(ImportError::Truncated)
    }
}

/// Whether values of a Parquet column can be values of a field at all.
fn holds(source: &DataType, kind: FieldType) -> bool {
    match kind {
        FieldType::Boolean => matches!(source, DataType::Boolean),
        FieldType::Int32 | FieldType::Int64 => source.is_integer() || source.is_floating(),
        FieldType::Float64 => source.is_integer() || source.is_floating(),
        FieldType::Decimal => source.is_integer() || source.is_decimal(),
        FieldType::Text => matches!(source, DataType::Utf8),
        FieldType::Date => matches!(source, DataType::Date32 | DataType::Date64),
        FieldType::Timestamp => matches!(source, DataType::Timestamp(..)),
    }
}

/// Converts a column; the first row whose value cannot be kept exactly is the error.
fn convert(source: &ArrayRef, kind: FieldType) -> Result<ArrayRef, usize> {
    let target = match (kind, source.data_type()) {
        // A zone is a way to write UTC; the unit is converted under it and the zone dropped after.
        (FieldType::Timestamp, DataType::Timestamp(_, zone)) => {
            DataType::Timestamp(TimeUnit::Microsecond, zone.clone())
        }
        _ => arrow_type(kind),
    };
    let options = CastOptions {
        safe: true,
        ..CastOptions::default()
    };
    let cast = |array: &ArrayRef, to: &DataType| {
        cast_with_options(array, to, &options).map_err(|_| 0_usize)
    };
    let converted = cast(source, &target)?;
    if source.data_type() != &target {
        let back = cast(&converted, source.data_type())?;
        let same = not_distinct(&back as &dyn Datum, source as &dyn Datum).map_err(|_| 0_usize)?;
        if let Some(row) = first_false(&same) {
            return Err(row);
        }
    }
    match kind {
        FieldType::Float64 => finite(converted.as_primitive::<Float64Type>()),
        FieldType::Timestamp => {
            let zoned: PrimitiveArray<TimestampMicrosecondType> = converted.as_primitive().clone();
            Ok(Arc::new(zoned.with_timezone_opt(None::<Arc<str>>)))
        }
        _ => Ok(converted),
    }
}

fn finite(numbers: &Float64Array) -> Result<ArrayRef, usize> {
    match numbers
        .iter()
        .position(|n| n.is_some_and(|n| !n.is_finite()))
    {
        Some(row) => Err(row),
        // Adding zero turns `-0` into `0` and nothing else into anything.
        None => Ok(Arc::new(numbers.unary::<_, Float64Type>(|n| n + 0.0))),
    }
}

fn first_false(same: &BooleanArray) -> Option<usize> {
    (same.true_count() < same.len()).then(|| same.iter().position(|s| s != Some(true)))?
}
