//! Rows on their way out of a view.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, RecordBatchOptions};
use arrow::compute::{CastOptions, cast_with_options};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit, TimestampMicrosecondType};
use datafusion::execution::SendableRecordBatchStream;
use futures::{Stream, StreamExt};
use yunei_model::Name;

use super::{ViewError, ViewField, deep};
use crate::column::arrow_type;

/// Columns by view.
pub type Reads = BTreeMap<Name, BTreeSet<Name>>;

/// A stream of batches whose columns have the types of the guest interface.
pub struct Batches {
    fields: Vec<ViewField>,
    reads: Reads,
    schema: SchemaRef,
    rows: SendableRecordBatchStream,
    /// Whether expressions of a guest are evaluated on the way.
    query: bool,
    ended: bool,
}

impl fmt::Debug for Batches {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batches")
            .field("fields", &self.fields)
            .finish_non_exhaustive()
    }
}

impl Batches {
    /// Rows of a scan.
    pub(super) fn of_scan(fields: Vec<ViewField>, rows: SendableRecordBatchStream) -> Self {
        Self::new(fields, Reads::new(), rows, false)
    }

    /// Rows of a query.
    pub(super) fn of_query(
        fields: Vec<ViewField>,
        reads: Reads,
        rows: SendableRecordBatchStream,
    ) -> Self {
        Self::new(fields, reads, rows, true)
    }

    fn new(
        fields: Vec<ViewField>,
        reads: Reads,
        rows: SendableRecordBatchStream,
        query: bool,
    ) -> Self {
        let arrow_fields = fields
            .iter()
            .map(|f| Field::new(&f.name, arrow_type(f.kind), f.nullable));
        Self {
            schema: Arc::new(Schema::new(arrow_fields.collect::<Vec<_>>())),
            fields,
            reads,
            rows,
            query,
            ended: false,
        }
    }

    /// The columns.
    #[must_use]
    pub fn fields(&self) -> &[ViewField] {
        &self.fields
    }

    /// The columns that a query reads, by view; nothing for a scan, whose columns are known.
    #[must_use]
    pub const fn reads(&self) -> &Reads {
        &self.reads
    }

    /// The columns as an Arrow schema.
    #[must_use]
    pub const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    fn carried(&self, batch: RecordBatch) -> Result<RecordBatch, ViewError> {
        let columns = batch.columns().iter().zip(self.schema.fields());
        let columns = columns.map(|(values, field)| carry(values, field.data_type()));
        let columns = columns.collect::<Result<Vec<_>, _>>()?;
        let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
        RecordBatch::try_new_with_options(Arc::clone(&self.schema), columns, &options)
            .map_err(|_| ViewError::Failed)
    }
}

impl Stream for Batches {
    type Item = Result<RecordBatch, ViewError>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.ended {
            return Poll::Ready(None);
        }
        loop {
            let polled = if self.query {
                deep::evaluate(|| self.rows.poll_next_unpin(context))
            } else {
                self.rows.poll_next_unpin(context)
            };
            let Poll::Ready(batch) = polled else {
                return Poll::Pending;
            };
            let batch = match batch {
                Some(Ok(batch)) if batch.num_rows() == 0 => continue,
                Some(Ok(batch)) => Some(self.carried(batch)),
                Some(Err(error)) => Some(Err(ViewError::executing(&error))),
                None => None,
            };
            // After an error or the end nothing may follow.
            self.ended = !matches!(batch, Some(Ok(_)));
            return Poll::Ready(batch);
        }
    }
}

/// Values as the type of a guest column. A value that does not fit fails the query.
fn carry(values: &ArrayRef, target: &DataType) -> Result<ArrayRef, ViewError> {
    if values.data_type() == target {
        return Ok(Arc::clone(values));
    }
    let options = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    let cast =
        |to: &DataType| cast_with_options(values, to, &options).map_err(|_| ViewError::Failed);
    if let DataType::Timestamp(_, zone @ Some(_)) = values.data_type() {
        let micros = cast(&DataType::Timestamp(TimeUnit::Microsecond, zone.clone()))?;
        let micros = micros.as_primitive::<TimestampMicrosecondType>().clone();
        return Ok(Arc::new(micros.with_timezone_opt(None::<Arc<str>>)) as Arc<dyn Array>);
    }
    cast(target)
}
