//! Governed views: what a run sees of snapshots, and nothing else.
//!
//! A view is described by a [`ViewPlan`] and reads descriptors that it was handed. Scans and SQL go through
//! DataFusion, with one barrier (`Governed`): below it row filter and masks, above it whatever a guest asks.
//! Everything runs in the thread that polls it.

mod barrier;
mod batches;
mod deep;
mod error;
mod filter;
mod functions;
mod lookup;
mod mask;
mod open;
mod part;
mod plan;
mod relations;
mod session;
mod sql;
mod stored;

use std::collections::BTreeMap;
use std::fs::File;
use std::sync::Arc;

use datafusion::execution::TaskContext;
use datafusion::prelude::SessionContext;
use yunei_model::Name;

pub use batches::Batches;
pub use error::ViewError;
pub use filter::{ConditionError, check_condition};
pub use mask::masked_type;
pub use plan::{Lookup, MaskKey, ViewColumn, ViewField, ViewOptions, ViewPlan};

use open::View;

/// Views of one run at most.
pub const VIEWS_MAX: usize = 64;
/// Tables that one view looks rows up in at most.
pub const LOOKUPS_MAX: usize = 64;
/// Parts of one view at most.
pub const PARTS_MAX: usize = 4096;
/// Bytes of a query at most.
pub const SQL_BYTES_MAX: usize = 64 << 10;
/// Tokens of a query at most: planning recurses over what they spell.
pub const SQL_TOKENS_MAX: usize = 1500;

/// Does what must be done before paths are closed to a process: looks once at the bounds of the thread's stack
/// and at the number of processors, both of which Linux tells in `/proc` and `/sys`, and seeds hash tables.
///
/// Call it in the thread that will open and read the views. [`Views::open`] does the same, if it still can.
///
/// # Errors
/// [`ViewError`] when no session can be made, for which no reason is known.
pub fn prepare() -> Result<(), ViewError> {
    Views::open(Vec::new())?.sql("SELECT 1").map(drop)
}

/// The views of one run.
pub struct Views {
    views: BTreeMap<Name, Arc<View>>,
    session: SessionContext,
    task: Arc<TaskContext>,
}

impl std::fmt::Debug for Views {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_set().entries(self.views.keys()).finish()
    }
}

impl Views {
    /// Opens views with the default options.
    ///
    /// Reads the footer of every part, so that what comes later is scans alone. After this call
    /// nothing looks at processors, environment or paths.
    ///
    /// # Errors
    /// [`ViewError`] when a plan does not agree with itself or with its parts.
    pub fn open(plans: Vec<(ViewPlan, Vec<File>)>) -> Result<Self, ViewError> {
        Self::open_with(plans, &ViewOptions::default())
    }

    /// Opens views.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_with(
        plans: Vec<(ViewPlan, Vec<File>)>,
        options: &ViewOptions,
    ) -> Result<Self, ViewError> {
        if plans.len() > VIEWS_MAX {
            return Err(ViewError::TooMany {
                what: "views",
                limit: VIEWS_MAX,
            });
        }
        deep::prepare();
        let store = Arc::new(part::Descriptors::default());
        let session = session::start(options, &store)?;
        let task = session.task_ctx();
        let mut views = BTreeMap::new();
        for (plan, files) in plans {
            let name = plan.name.clone();
            let view = Arc::new(View::open(plan, files, &store, &session, options)?);
            session::register(&session, &name, &view)?;
            if views.insert(name.clone(), view).is_some() {
                return Err(ViewError::ViewTwice { view: name });
            }
        }
        Ok(Self {
            views,
            session,
            task,
        })
    }

    /// The names of the views, sorted.
    pub fn names(&self) -> impl Iterator<Item = &Name> {
        self.views.keys()
    }

    /// The columns of a view as a reader sees them: types after masking.
    ///
    /// # Errors
    /// [`ViewError::UnknownView`].
    pub fn schema(&self, view: &Name) -> Result<&[ViewField], ViewError> {
        self.view(view).map(|view| view.fields())
    }

    /// Rows of the view's snapshot, before its row filter.
    ///
    /// # Errors
    /// [`ViewError::UnknownView`].
    pub fn rows(&self, view: &Name) -> Result<u64, ViewError> {
        self.view(view).map(|view| view.rows())
    }

    /// Reads columns, given as positions in [`Self::schema`], in the order of the snapshot. No column at all
    /// gives batches that only count rows.
    ///
    /// # Errors
    /// [`ViewError::UnknownView`], [`ViewError::Position`], [`ViewError::PositionTwice`].
    pub fn scan(&self, view: &Name, columns: &[usize]) -> Result<Batches, ViewError> {
        let view = self.view(view)?;
        view.check(columns)?;
        let stream = view.scan(columns).and_then(|plan| {
            datafusion::physical_plan::ExecutionPlan::execute(
                plan.as_ref(),
                0,
                Arc::clone(&self.task),
            )
        });
        let stream = stream.map_err(|error| ViewError::executing(&error))?;
        let fields = columns
            .iter()
            .filter_map(|c| view.fields().get(*c))
            .cloned();
        Ok(Batches::of_scan(fields.collect(), stream))
    }

    /// Runs one `SELECT` (or `WITH … SELECT`) over the views. Without `ORDER BY` the order of the result is
    /// that which one thread makes of the snapshot's order.
    ///
    /// # Errors
    /// [`ViewError`]; its text has names and words of the query at most, never a value of a row.
    pub fn sql(&self, text: &str) -> Result<Batches, ViewError> {
        sql::run(&self.session, &self.views, text)
    }

    fn view(&self, name: &Name) -> Result<&Arc<View>, ViewError> {
        self.views.get(name).ok_or_else(|| ViewError::UnknownView {
            view: name.to_string(),
        })
    }
}

#[cfg(test)]
mod tests;
