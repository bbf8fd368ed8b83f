//! A snapshot's parts as one table: its rows in order, less those that a filter leaves out.

use std::fs::File;
use std::sync::Arc;

use arrow::datatypes::{Schema, SchemaRef};
use datafusion::common::Result;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::filter::FilterExecBuilder;
use datafusion::prelude::SessionContext;
use parquet::arrow::parquet_to_arrow_schema;
use parquet::file::metadata::ParquetMetaDataReader;
use yunei_model::{Condition, Name, Part};

use super::filter::predicate;
use super::part::{Descriptors, PartFile};
use super::{PARTS_MAX, ViewError, ViewOptions, session};

/// Parts and the filter over them.
#[derive(Debug)]
pub(super) struct Stored {
    schema: SchemaRef,
    filter: Vec<Condition>,
    filter_columns: Vec<usize>,
    files: Vec<PartitionedFile>,
    readers: Arc<CachedParquetFileReaderFactory>,
    batch_rows: usize,
}

impl Stored {
    /// Reads the footer of every part. `view` names it in errors.
    pub(super) fn open(
        view: &Name,
        filter: Vec<Condition>,
        parts: &[Part],
        files: impl IntoIterator<Item = File>,
        (store, session): (&Arc<Descriptors>, &SessionContext),
        options: &ViewOptions,
    ) -> std::result::Result<Self, ViewError> {
        if parts.len() > PARTS_MAX {
            return Err(ViewError::TooMany {
                what: "parts of a view",
                limit: PARTS_MAX,
            });
        }
        let corrupt = || ViewError::Corrupt { view: view.clone() };
        let mut schema: Option<SchemaRef> = None;
        let mut located = Vec::with_capacity(parts.len());
        for (file, part) in files.into_iter().zip(parts) {
            let file = PartFile::new(file, part.bytes);
            let found = footer(&file, part).ok_or_else(corrupt)?;
            if schema.get_or_insert_with(|| Arc::clone(&found)) != &found {
                return Err(corrupt());
            }
            located.push(store.add(file));
        }
        let schema = schema.ok_or_else(corrupt)?;
        predicate(&filter, &schema).map_err(|source| ViewError::Filter {
            view: view.clone(),
            source,
        })?;
        let position = |c: &Condition| schema.index_of(c.field.as_str()).ok();
        Ok(Self {
            filter_columns: filter.iter().filter_map(position).collect(),
            filter,
            schema,
            files: located,
            readers: session::readers(session, store),
            batch_rows: options.batch_rows_max.get(),
        })
    }

    pub(super) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// A plan that reads at least `columns`, and the positions in the parts that its columns are of, in rising order.
    pub(super) fn read(
        &self,
        columns: impl IntoIterator<Item = usize>,
    ) -> Result<(Arc<dyn ExecutionPlan>, Vec<usize>)> {
        let mut read: Vec<usize> = columns
            .into_iter()
            .chain(self.filter_columns.clone())
            .collect();
        read.sort_unstable();
        read.dedup();
        let narrow = self.schema.project(&read)?;
        Ok((self.filtered(self.parts(read.clone())?, &narrow)?, read))
    }

    fn parts(&self, read: Vec<usize>) -> Result<Arc<dyn ExecutionPlan>> {
        let mut source = ParquetSource::new(Arc::clone(&self.schema))
            .with_parquet_file_reader_factory(Arc::clone(&self.readers) as _)
            .with_enable_page_index(false)
            .with_bloom_filter_on_read(false)
            .with_pushdown_filters(false);
        // Here the filter only leaves out row groups whose statistics rule every row out.
        if let Some(predicate) = predicate(&self.filter, &self.schema).map_err(external)? {
            source = source.with_predicate(predicate);
        }
        let config = FileScanConfigBuilder::new(session::store_url()?, Arc::new(source))
            .with_file_group(FileGroup::new(self.files.clone()))
            .with_projection_indices(Some(read))?
            .with_batch_size(Some(self.batch_rows))
            .with_preserve_order(true)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }

    fn filtered(
        &self,
        input: Arc<dyn ExecutionPlan>,
        narrow: &Schema,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        Ok(match predicate(&self.filter, narrow).map_err(external)? {
            None => input,
            Some(predicate) => Arc::new(
                FilterExecBuilder::new(predicate, input)
                    .with_batch_size(self.batch_rows)
                    .build()?,
            ),
        })
    }
}

/// The schema of a part whose rows are as many as the plan says.
fn footer(file: &PartFile, part: &Part) -> Option<SchemaRef> {
    let metadata = ParquetMetaDataReader::new().parse_and_finish(file).ok()?;
    let metadata = metadata.file_metadata();
    if u64::try_from(metadata.num_rows()).ok()? != part.rows {
        return None;
    }
    let schema = parquet_to_arrow_schema(metadata.schema_descr(), None).ok()?;
    Some(Arc::new(schema))
}

fn external(error: super::ConditionError) -> datafusion::common::DataFusionError {
    datafusion::common::DataFusionError::External(Box::new(error))
}
