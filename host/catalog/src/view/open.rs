//! One view: its plan bound to the columns of its parts.

use std::fs::File;
use std::sync::Arc;

use arrow::datatypes::{Field, Schema, SchemaRef};
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
use yunei_model::{Condition, FieldType, Mask, Name};

use super::barrier::Governed;
use super::filter::predicate;
use super::mask::Masker;
use super::part::{Descriptors, PartFile};
use super::{PARTS_MAX, ViewColumn, ViewError, ViewField, ViewOptions, ViewPart, ViewPlan};
use super::{masked_type, session};
use crate::column::arrow_type;
use crate::entry::mask_fits;

/// A view that is ready to be read.
#[derive(Debug)]
pub(super) struct View {
    fields: Vec<ViewField>,
    schema: SchemaRef,
    /// Per column of the view: its position in the parts, and its mask.
    columns: Vec<(usize, Mask)>,
    filter: Vec<Condition>,
    filter_columns: Vec<usize>,
    masker: Masker,
    stored: SchemaRef,
    files: Vec<PartitionedFile>,
    rows: u64,
    readers: Arc<CachedParquetFileReaderFactory>,
    batch_rows: usize,
}

impl View {
    pub(super) fn open(
        plan: ViewPlan,
        files: Vec<File>,
        store: &Arc<Descriptors>,
        session: &SessionContext,
        options: &ViewOptions,
    ) -> std::result::Result<Self, ViewError> {
        let view = &plan.name;
        if plan.columns.len() > yunei_model::FIELDS_MAX || plan.parts.len() > PARTS_MAX {
            return Err(ViewError::TooMany {
                what: "columns or parts of a view",
                limit: PARTS_MAX,
            });
        }
        if plan.parts.len() != files.len() || files.is_empty() {
            return Err(ViewError::Descriptors {
                view: view.clone(),
                parts: plan.parts.len(),
                files: files.len(),
            });
        }
        let mut stored: Option<SchemaRef> = None;
        let mut located = Vec::with_capacity(files.len());
        for (file, part) in files.into_iter().zip(&plan.parts) {
            let file = PartFile::new(file, part.bytes);
            let found =
                footer(&file, part).ok_or_else(|| ViewError::Corrupt { view: view.clone() })?;
            if stored.get_or_insert_with(|| Arc::clone(&found)) != &found {
                return Err(ViewError::Corrupt { view: view.clone() });
            }
            located.push(store.add(file));
        }
        let stored = stored.ok_or_else(|| ViewError::Corrupt { view: view.clone() })?;
        let columns = bind(&plan, &stored)?;
        let unfiltered = |source| ViewError::Filter {
            view: view.clone(),
            source,
        };
        predicate(&plan.filter, &stored).map_err(unfiltered)?;
        let position = |c: &Condition| stored.index_of(c.field.as_str()).ok();
        let fields: Vec<ViewField> = plan.columns.iter().map(seen).collect();
        let arrow_fields = fields
            .iter()
            .map(|f| Field::new(&f.name, arrow_type(f.kind), f.nullable));
        Ok(Self {
            schema: Arc::new(Schema::new(arrow_fields.collect::<Vec<_>>())),
            fields,
            columns,
            filter_columns: plan.filter.iter().filter_map(position).collect(),
            filter: plan.filter,
            masker: Masker::new(&plan.mask_key),
            rows: plan.parts.iter().map(|p| p.rows).sum(),
            stored,
            files: located,
            readers: session::readers(session, store),
            batch_rows: options.batch_rows_max.get(),
        })
    }

    pub(super) fn fields(&self) -> &[ViewField] {
        &self.fields
    }

    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Checks positions that a guest asks for.
    pub(super) fn check(&self, columns: &[usize]) -> std::result::Result<(), ViewError> {
        let mut asked = vec![false; self.fields.len()];
        for position in columns.iter().copied() {
            match asked.get_mut(position) {
                None => {
                    return Err(ViewError::Position {
                        position,
                        columns: self.fields.len(),
                    });
                }
                Some(true) => return Err(ViewError::PositionTwice { position }),
                Some(asked) => *asked = true,
            }
        }
        Ok(())
    }

    /// A plan that reads `columns` of the view: parts in order, then row filter, then masks.
    pub(super) fn scan(&self, columns: &[usize]) -> Result<Arc<Governed>> {
        let bound: Vec<&(usize, Mask)> = columns
            .iter()
            .filter_map(|c| self.columns.get(*c))
            .collect();
        let mut read: Vec<usize> = bound.iter().map(|(at, _)| *at).collect();
        read.extend(&self.filter_columns);
        read.sort_unstable();
        read.dedup();
        let narrow = self.stored.project(&read)?;
        let outputs = bound
            .iter()
            .filter_map(|(at, mask)| Some((read.binary_search(at).ok()?, mask.clone())))
            .collect();
        let inner = self.filtered(self.parts(read)?, &narrow)?;
        let schema = Arc::new(self.schema.project(columns)?);
        Ok(Arc::new(Governed::new(
            inner,
            schema,
            outputs,
            self.masker.clone(),
        )))
    }

    fn parts(&self, read: Vec<usize>) -> Result<Arc<dyn ExecutionPlan>> {
        let mut source = ParquetSource::new(Arc::clone(&self.stored))
            .with_parquet_file_reader_factory(Arc::clone(&self.readers) as _)
            .with_enable_page_index(false)
            .with_bloom_filter_on_read(false)
            .with_pushdown_filters(false);
        // Here the filter only leaves out row groups whose statistics rule every row out.
        if let Some(predicate) = predicate(&self.filter, &self.stored).map_err(external)? {
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

/// Positions and masks of a plan's columns, checked.
fn bind(plan: &ViewPlan, stored: &Schema) -> std::result::Result<Vec<(usize, Mask)>, ViewError> {
    let view = &plan.name;
    let mut bound = Vec::with_capacity(plan.columns.len());
    for (index, column) in plan.columns.iter().enumerate() {
        let name: &Name = &column.name;
        if plan.columns.iter().take(index).any(|c| &c.name == name) {
            return Err(ViewError::ColumnTwice {
                view: view.clone(),
                column: name.clone(),
            });
        }
        if column.mask == Mask::Withhold {
            return Err(ViewError::Withheld {
                view: view.clone(),
                column: name.clone(),
            });
        }
        if !mask_fits(&column.mask, column.kind) {
            return Err(ViewError::Mask {
                view: view.clone(),
                column: name.clone(),
            });
        }
        let found = stored.fields().find(name.as_str());
        // A column that may hold nothing must not be promised to hold something.
        let agrees = |f: &Field, kind: FieldType| {
            f.data_type() == &arrow_type(kind) && (column.nullable || !f.is_nullable())
        };
        match found {
            Some((at, field)) if agrees(field, column.kind) => {
                bound.push((at, column.mask.clone()))
            }
            _ => {
                return Err(ViewError::Column {
                    view: view.clone(),
                    column: name.clone(),
                    kind: column.kind,
                });
            }
        }
    }
    Ok(bound)
}

fn seen(column: &ViewColumn) -> ViewField {
    ViewField {
        name: column.name.to_string(),
        kind: masked_type(column.kind, &column.mask),
        nullable: column.nullable,
    }
}

/// The schema of a part whose rows are as many as the plan says.
fn footer(file: &PartFile, part: &ViewPart) -> Option<SchemaRef> {
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
