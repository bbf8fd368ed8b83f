//! What runs take of their grant's quota.
//!
//! INVARIANT: the usage of a grant is the sum of its runs' reservations; both change in one transaction, and the
//! sum never passes the quota that a reservation was checked against.

use serde::{Deserialize, Serialize};
use yunei_model::{GrantId, LimitExceeded, Quota, RunId};

use crate::reading::{Row, count, counted, number, reads};
use crate::{Change, StoreError};

/// Name of the limit on runs.
pub(crate) const RUNS: &str = "runs";
/// Name of the limit on rows.
pub(crate) const ROWS: &str = "rows";
/// Name of the limit on released cells.
const CELLS: &str = "released_cells";

/// An amount of runs, rows fed and cells released.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Runs.
    pub runs: u64,
    /// Rows fed.
    pub rows: u64,
    /// Cells released.
    pub released_cells: u64,
}

impl Usage {
    /// This and `more`, if the sum stays within `quota` in every part.
    fn plus(self, more: Self, quota: Self) -> Result<Self, LimitExceeded> {
        Ok(Self {
            runs: LimitExceeded::check(RUNS, quota.runs, self.runs, more.runs)?,
            rows: LimitExceeded::check(ROWS, quota.rows, self.rows, more.rows)?,
            released_cells: LimitExceeded::check(
                CELLS,
                quota.released_cells,
                self.released_cells,
                more.released_cells,
            )?,
        })
    }

    /// This without `less`, which is a part of it.
    const fn minus(self, less: Self) -> Self {
        Self {
            runs: self.runs.saturating_sub(less.runs),
            rows: self.rows.saturating_sub(less.rows),
            released_cells: self.released_cells.saturating_sub(less.released_cells),
        }
    }

    const UNBOUNDED: Self = Self {
        runs: u64::MAX,
        rows: u64::MAX,
        released_cells: u64::MAX,
    };
}

impl From<&Quota> for Usage {
    fn from(quota: &Quota) -> Self {
        Self {
            runs: quota.runs,
            rows: quota.rows,
            released_cells: quota.released_cells,
        }
    }
}

reads! {
    /// What all runs of a grant have taken or reserved so far, over all its versions.
    fn usage(grant: GrantId) -> Usage = |c| {
        let row = sqlx::query("SELECT * FROM usages WHERE grant_id = $1").bind(grant.to_string())
            .fetch_optional(c).await?;
        row.map_or(Ok(Usage::default()), |row| read(&row))
    };

    /// What a run has taken or reserved so far.
    fn reservation(run: RunId) -> Usage = |c| {
        let row = sqlx::query("SELECT * FROM reservations WHERE run = $1").bind(run.to_string())
            .fetch_optional(c).await?;
        row.map_or(Ok(Usage::default()), |row| read(&row))
    };
}

impl Change {
    /// Reserves `amount` for a run, on top of what it has, unless that passes the quota. A refusal writes nothing,
    /// and the change goes on.
    ///
    /// # Errors
    /// [`StoreError::Quota`] naming the limit; [`StoreError::Dangling`] without the run.
    pub async fn reserve(
        &mut self,
        run: RunId,
        grant: GrantId,
        quota: &Quota,
        amount: Usage,
    ) -> Result<Usage, StoreError> {
        let total = self.usage(grant).await?;
        let total = total
            .plus(amount, quota.into())
            .map_err(StoreError::Quota)?;
        let own = self.reservation(run).await?;
        let own = own
            .plus(amount, Usage::UNBOUNDED)
            .map_err(StoreError::Quota)?;
        self.put_usage(run, grant, own, total).await?;
        Ok(total)
    }

    /// Settles a run: it has used `used`, and what it had reserved beyond goes back.
    ///
    /// # Errors
    /// [`StoreError::Overspent`] when it used more than reserved; [`StoreError::Absent`] when it reserved nothing.
    pub async fn settle(&mut self, run: RunId, used: Usage) -> Result<(), StoreError> {
        let query = sqlx::query("SELECT * FROM reservations WHERE run = $1").bind(run.to_string());
        let absent = StoreError::Absent {
            thing: "reservation",
        };
        let row = self.row(query).await?.ok_or(absent)?;
        let reserved = read(&row)?;
        let grant = crate::reading::text(&row, "grant_id", "reservation")?.parse();
        let grant: GrantId = grant.map_err(|e| StoreError::corrupt("reservation", e))?;
        Usage::default()
            .plus(used, reserved)
            .map_err(StoreError::Overspent)?;
        let total = self.usage(grant).await?.minus(reserved.minus(used));
        self.put_usage(run, grant, used, total).await
    }

    async fn put_usage(
        &mut self,
        run: RunId,
        grant: GrantId,
        own: Usage,
        total: Usage,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO reservations (run, grant_id, runs_taken, rows_taken, cells_taken) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (run) DO UPDATE SET runs_taken = excluded.runs_taken, rows_taken = excluded.rows_taken, \
             cells_taken = excluded.cells_taken",
        )
        .bind(run.to_string())
        .bind(grant.to_string())
        .bind(count(own.runs, "usage")?)
        .bind(count(own.rows, "usage")?)
        .bind(count(own.released_cells, "usage")?);
        self.write("reservation", query).await?;
        let query = sqlx::query(
            "INSERT INTO usages (grant_id, runs_taken, rows_taken, cells_taken) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (grant_id) DO UPDATE SET runs_taken = excluded.runs_taken, rows_taken = excluded.rows_taken, \
             cells_taken = excluded.cells_taken",
        )
        .bind(grant.to_string())
        .bind(count(total.runs, "usage")?)
        .bind(count(total.rows, "usage")?)
        .bind(count(total.released_cells, "usage")?);
        self.write("usage", query).await.map(drop)
    }
}

fn read(row: &Row) -> Result<Usage, StoreError> {
    Ok(Usage {
        runs: counted(number(row, "runs_taken", "usage")?, "usage")?,
        rows: counted(number(row, "rows_taken", "usage")?, "usage")?,
        released_cells: counted(number(row, "cells_taken", "usage")?, "usage")?,
    })
}
