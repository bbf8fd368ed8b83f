//! The one form in which rows are kept: fixed Parquet settings, so that equal rows are equal bytes.

use std::io::Write;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterVersion};
use yunei_model::Resource;

use crate::column::arrow_type;

/// Rows of one row group.
pub(crate) const ROW_GROUP_ROWS: usize = 131_072;
/// Rows handed to the writer at once.
pub(crate) const BATCH_ROWS: usize = 65_536;

/// The schema of a resource's parts.
pub(crate) fn schema(resource: &Resource) -> SchemaRef {
    let fields = resource
        .schema
        .fields
        .iter()
        .map(|field| Field::new(field.name.as_str(), arrow_type(field.kind), field.nullable));
    Arc::new(Schema::new(fields.collect::<Vec<_>>()))
}

/// A writer of the canonical form.
pub(crate) fn writer<W: Write + Send>(
    to: W,
    schema: SchemaRef,
) -> Result<ArrowWriter<W>, ParquetError> {
    let properties = WriterProperties::builder()
        .set_writer_version(WriterVersion::PARQUET_1_0)
        // The library's version is no part of the data.
        .set_created_by("yunei".to_owned())
        .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
        .set_dictionary_enabled(true)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(ROW_GROUP_ROWS))
        .set_offset_index_disabled(true)
        .build();
    let options = ArrowWriterOptions::new()
        .with_properties(properties)
        .with_skip_arrow_metadata(true);
    ArrowWriter::try_new_with_options(to, schema, options)
}
