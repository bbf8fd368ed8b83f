//! The barrier between what a grant gives and what a guest asks.

use std::fmt;
use std::sync::Arc;

use arrow::array::{ArrayRef, RecordBatch, RecordBatchOptions};
use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, TableType};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties,
};
use futures::StreamExt;
use yunei_model::Mask;

use super::lookup::{Join, joined};
use super::mask::Masker;
use super::open::View;

/// Reads a view: row filter, joins and masks are done when a batch leaves it.
///
/// INVARIANT: it shows no children and takes no filter, limit, order or statistics from above, so that no
/// optimiser, whatever rules it has, moves a guest's expression to rows or values that the grant keeps back.
#[derive(Debug)]
pub(super) struct Governed {
    inner: Arc<dyn ExecutionPlan>,
    joins: Vec<Join>,
    /// Per column: its position in `inner` or, behind that, in what joins add; and its mask.
    outputs: Vec<(usize, Mask)>,
    masker: Masker,
    properties: Arc<PlanProperties>,
}

impl Governed {
    pub(super) fn new(
        inner: Arc<dyn ExecutionPlan>,
        joins: Vec<Join>,
        schema: SchemaRef,
        outputs: Vec<(usize, Mask)>,
        masker: Masker,
    ) -> Self {
        let properties = PlanProperties::new(
            EquivalenceProperties::new(schema),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        );
        Self {
            inner,
            joins,
            outputs,
            masker,
            properties: Arc::new(properties),
        }
    }
}

impl DisplayAs for Governed {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Governed")
    }
}

impl ExecutionPlan for Governed {
    fn name(&self) -> &'static str {
        "Governed"
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() {
            Ok(self)
        } else {
            Err(DataFusionError::Internal(
                "a view has no children".to_owned(),
            ))
        }
    }

    fn execute(
        &self,
        partition: usize,
        context: Arc<TaskContext>,
    ) -> Result<SendableRecordBatchStream> {
        let rows = self.inner.execute(partition, Arc::clone(&context))?;
        let rows = joined(rows, self.joins.clone(), context);
        let schema = self.schema();
        let outputs = self.outputs.clone();
        let masker = self.masker.clone();
        let seen = Arc::clone(&schema);
        let masked = rows.map(move |batch| mask(&batch?, &outputs, &masker, &seen));
        Ok(Box::pin(RecordBatchStreamAdapter::new(schema, masked)))
    }
}

fn mask(
    batch: &RecordBatch,
    outputs: &[(usize, Mask)],
    masker: &Masker,
    schema: &SchemaRef,
) -> Result<RecordBatch> {
    let column = |(at, mask): &(usize, Mask)| -> Result<ArrayRef> {
        let values = batch.columns().get(*at);
        let values =
            values.ok_or_else(|| DataFusionError::Internal("no such column".to_owned()))?;
        Ok(masker.apply(mask, values)?)
    };
    let columns = outputs.iter().map(column).collect::<Result<Vec<_>>>()?;
    let options = RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    let masked = RecordBatch::try_new_with_options(Arc::clone(schema), columns, &options);
    Ok(masked?)
}

/// A view as a table of queries.
#[derive(Debug)]
pub(super) struct ViewTable {
    pub(super) view: Arc<View>,
}

#[async_trait]
impl TableProvider for ViewTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.view.schema())
    }

    fn table_type(&self) -> TableType {
        TableType::View
    }

    // Filters and limits of the query are left to the operators above: see the invariant of `Governed`.
    async fn scan(
        &self,
        _: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        _: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let every: Vec<usize> = (0..self.view.fields().len()).collect();
        let columns = projection.unwrap_or(&every);
        Ok(self.view.scan(columns)?)
    }
}
