//! Tables that rows of a view are looked up in.
//!
//! Each row of the view stays where it is and stays one: the key names at most one row, which the import has checked.

use std::fs::File;
use std::sync::Arc;

use datafusion::common::{DataFusionError, JoinType, NullEquality, Result};
use datafusion::physical_expr::PhysicalExprRef;
use datafusion::physical_expr::expressions::Column;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::joins::{HashJoinExecBuilder, PartitionMode};
use datafusion::prelude::SessionContext;
use yunei_model::{KEY_FIELDS_MAX, Name};

use super::part::Descriptors;
use super::stored::Stored;
use super::{Lookup, ViewError, ViewOptions};

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

    /// The table's parts.
    pub(super) const fn table(&self) -> &Stored {
        &self.table
    }

    /// The position in the table's parts of what the view calls by that name.
    pub(super) fn position(&self, name: &Name) -> Option<usize> {
        let taken = self.take.iter().find(|(taken, _)| taken == name);
        taken.map(|(_, at)| *at)
    }

    /// Positions in the view's own parts that rows are looked up by.
    pub(super) fn by(&self) -> &[usize] {
        &self.by
    }

    /// Adds columns of the table, behind those of `rows`, whose columns are of the positions `read` of the view's own parts and whatever was
    /// added before. `taken` are positions in the table's parts.
    pub(super) fn join(
        &self,
        rows: Arc<dyn ExecutionPlan>,
        read: &[usize],
        taken: &[usize],
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let (table, there) = self.table.read(self.key.iter().chain(taken).copied())?;
        let mut on: Vec<(PhysicalExprRef, PhysicalExprRef)> = Vec::with_capacity(self.by.len());
        for (by, key) in self.by.iter().zip(&self.key) {
            on.push((
                column(&table, place(&there, *key)?),
                column(&rows, place(read, *by)?),
            ));
        }
        // The table is the side that is held in memory, so its columns stand first; the rows keep their order.
        let (left, right) = (table.schema().fields().len(), rows.schema().fields().len());
        let mut projection: Vec<usize> = (left..left + right).collect();
        for at in taken {
            projection.push(place(&there, *at)?);
        }
        let join = HashJoinExecBuilder::new(table, rows, on, JoinType::Right)
            .with_partition_mode(PartitionMode::CollectLeft)
            .with_null_equality(NullEquality::NullEqualsNothing)
            .with_projection(Some(projection))
            .build()?;
        Ok(Arc::new(join))
    }
}

/// Where a position of the parts is among those that are read.
fn place(read: &[usize], position: usize) -> Result<usize> {
    let found = read.binary_search(&position);
    found.map_err(|_| DataFusionError::Internal("a column that is not read".to_owned()))
}

fn column(plan: &Arc<dyn ExecutionPlan>, at: usize) -> PhysicalExprRef {
    let schema = plan.schema();
    let name = schema.fields().get(at).map_or("", |field| field.name());
    Arc::new(Column::new(name, at))
}
