//! Tables that rows of a view are looked up in.
//!
//! Each row of the view stays where it is and stays one. DataFusion's own joins promise neither: they move rows that find nothing behind
//! those that find something, and repeat rows that find several.

use std::collections::HashMap;
use std::fs::File;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions, UInt32Array};
use arrow::compute::{concat_batches, take};
use arrow::datatypes::{Field, Schema};
use arrow::row::{RowConverter, SortField};
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::memory_pool::{MemoryConsumer, MemoryReservation};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::prelude::SessionContext;
use futures::stream::{BoxStream, StreamExt, TryStreamExt, once};
use yunei_model::{KEY_FIELDS_MAX, Name};

use super::part::Descriptors;
use super::stored::Stored;
use super::{Lookup, ViewError, ViewOptions};

/// Bytes beside the rows of a table that one entry of its index takes, about.
const ENTRY_BYTES: usize = 48;

/// A table that is ready to be looked up in.
#[derive(Debug)]
pub(super) struct LookedUp {
    table: Stored,
    /// Positions in the view's own parts, in the order of the key.
    by: Vec<usize>,
    /// Positions of the key in the table's parts.
    key: Vec<usize>,
    /// What the view calls a column, and its position in the table's parts.
    take: Vec<(Name, usize)>,
}

impl LookedUp {
    /// Opens it for a view over `own` parts.
    pub(super) fn open(
        view: &Name,
        own: &Stored,
        lookup: &Lookup,
        files: impl IntoIterator<Item = File>,
        at: (&Arc<Descriptors>, &SessionContext),
        options: &ViewOptions,
    ) -> std::result::Result<Self, ViewError> {
        let refused = || ViewError::Lookup {
            view: view.clone(),
            table: lookup.name.clone(),
        };
        let filter = lookup.filter.clone();
        let table = Stored::open(&lookup.name, filter, &lookup.parts, files, at, options)?;
        let find = |stored: &Stored, name: &Name| stored.schema().index_of(name.as_str());
        let all = |stored: &Stored, names: &[Name]| {
            let found: std::result::Result<Vec<usize>, _> =
                names.iter().map(|name| find(stored, name)).collect();
            found.map_err(|_| refused())
        };
        let (by, key) = (all(own, &lookup.by)?, all(&table, &lookup.key)?);
        let alike = |(by, key): (&usize, &usize)| {
            own.schema().field(*by).data_type() == table.schema().field(*key).data_type()
        };
        let lengths = by.len() == key.len() && (1..=KEY_FIELDS_MAX).contains(&by.len());
        if !lengths || !by.iter().zip(&key).all(alike) {
            return Err(refused());
        }
        let mut take = Vec::with_capacity(lookup.take.len());
        for (name, of) in &lookup.take {
            take.push((name.clone(), find(&table, of).map_err(|_| refused())?));
        }
        Ok(Self {
            table,
            by,
            key,
            take,
        })
    }

    /// The column of the table's parts that the view calls by that name, and its position.
    pub(super) fn column(&self, name: &Name) -> Option<(usize, &Field)> {
        let (_, at) = self.take.iter().find(|(taken, _)| taken == name)?;
        Some((*at, self.table.schema().fields().get(*at)?))
    }

    /// Positions in the view's own parts that rows are looked up by.
    pub(super) fn by(&self) -> &[usize] {
        &self.by
    }

    /// A plan that adds columns of the table to rows whose columns are of the positions `read` of the view's own parts. `taken` are
    /// positions in the table's parts.
    pub(super) fn join(&self, read: &[usize], taken: &[usize]) -> Result<Join> {
        let (table, there) = self.table.read(self.key.iter().chain(taken).copied())?;
        Ok(Join {
            table,
            by: places(read, &self.by)?,
            key: places(&there, &self.key)?,
            taken: places(&there, taken)?,
        })
    }
}

/// Where positions of the parts are among those that are read.
fn places(read: &[usize], positions: &[usize]) -> Result<Vec<usize>> {
    let place = |position| read.binary_search(position);
    let found: std::result::Result<Vec<usize>, _> = positions.iter().map(place).collect();
    found.map_err(|_| DataFusionError::Internal("a column that is not read".to_owned()))
}

/// Adds columns of a table to rows: those of the one row there whose key they name, or absent values.
#[derive(Debug, Clone)]
pub(super) struct Join {
    table: Arc<dyn ExecutionPlan>,
    /// Columns of the rows, in the order of the key.
    by: Vec<usize>,
    /// Columns of the table.
    key: Vec<usize>,
    taken: Vec<usize>,
}

/// A table in memory, by its key.
struct Index {
    converter: RowConverter,
    places: HashMap<Box<[u8]>, u32>,
    taken: Vec<ArrayRef>,
    by: Vec<usize>,
    _held: MemoryReservation,
}

/// Rows with the columns of all tables behind their own, in the order of the tables.
pub(super) fn joined(
    rows: SendableRecordBatchStream,
    joins: Vec<Join>,
    context: Arc<TaskContext>,
) -> BoxStream<'static, Result<RecordBatch>> {
    if joins.is_empty() {
        return rows.boxed();
    }
    let indexed = async move {
        let mut indices = Vec::with_capacity(joins.len());
        for join in joins {
            indices.push(join.index(&context).await?);
        }
        Ok::<_, DataFusionError>(rows.map(move |batch| {
            let mut batch = batch?;
            for index in &indices {
                batch = index.widen(&batch)?;
            }
            Ok(batch)
        }))
    };
    once(indexed).try_flatten().boxed()
}

impl Join {
    /// Reads the table whole. Two rows of one key fail it: no import keeps such a table.
    async fn index(self, context: &Arc<TaskContext>) -> Result<Index> {
        let stream = self.table.execute(0, Arc::clone(context))?;
        let schema = stream.schema();
        let held = MemoryConsumer::new("lookup").register(context.memory_pool());
        let mut batches = Vec::new();
        let mut rows = stream;
        while let Some(batch) = rows.try_next().await? {
            let index = batch.num_rows().saturating_mul(ENTRY_BYTES);
            // Twice: as it is read, and put together.
            held.try_grow(batch.get_array_memory_size().saturating_mul(2) + index)?;
            batches.push(batch);
        }
        let table = concat_batches(&schema, &batches)?;
        drop(batches);
        let of = |at: &[usize]| -> Result<RecordBatch> { Ok(table.project(at)?) };
        let key = of(&self.key)?;
        let kinds = key
            .columns()
            .iter()
            .map(|c| SortField::new(c.data_type().clone()));
        let kinds = kinds.collect();
        let converter = RowConverter::new(kinds)?;
        let keys = converter.convert_columns(key.columns())?;
        let mut places = HashMap::with_capacity(keys.num_rows());
        for (place, key) in (0_u32..).zip(&keys) {
            if places.insert(Box::from(key.as_ref()), place).is_some() {
                return Err(DataFusionError::Execution("a key stands twice".to_owned()));
            }
        }
        Ok(Index {
            converter,
            places,
            taken: of(&self.taken)?.columns().to_vec(),
            by: self.by,
            _held: held,
        })
    }
}

impl Index {
    fn widen(&self, batch: &RecordBatch) -> Result<RecordBatch> {
        let by = batch.project(&self.by)?;
        let keys = self.converter.convert_columns(by.columns())?;
        // INVARIANT: no key of the table has an absent field, so that a row with one finds nothing.
        let found = keys
            .iter()
            .map(|key| self.places.get(key.as_ref()).copied());
        let found: UInt32Array = found.collect();
        let mut columns = batch.columns().to_vec();
        let mut fields: Vec<Arc<Field>> = batch.schema().fields().iter().cloned().collect();
        for values in &self.taken {
            fields.push(Arc::new(Field::new(
                "joined",
                values.data_type().clone(),
                true,
            )));
            columns.push(take(values, &found, None)?);
        }
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        let schema = Arc::new(Schema::new(fields));
        Ok(RecordBatch::try_new_with_options(
            schema, columns, &options,
        )?)
    }
}
