//! What operating units are told of their own runs: due at the ends of coarse buckets, numbered for each unit by itself.

use std::str::FromStr;

use yunei_model::{CoarseStatus, OrganisationId, RunId, Timestamp};

use crate::reading::{PAGE_ROWS_MAX, Row, count, counted, number, reads, text};
use crate::{Change, StoreError};

/// Counter of the last entry of the record that was looked at.
const LOOKED_AT: &str = "unit-events";

/// One change of a run's coarse status, as its operating unit is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnitEvent {
    /// Its number among those of the unit, from 1: the cursor.
    pub number: u64,
    /// The run.
    pub run: RunId,
    /// What the unit sees from then on.
    pub status: CoarseStatus,
    /// The end of the bucket, from which on it sees that.
    pub at: Timestamp,
}

reads! {
    /// The position of the last entry that [`Change::looked_at`] was told of; 0 at the beginning.
    fn unit_events_position() -> u64 = |c| {
        let value: Option<i64> = sqlx::query_scalar("SELECT value FROM counters WHERE name = $1")
            .bind(LOOKED_AT).fetch_optional(c).await?;
        counted(value.unwrap_or(0), "unit event")
    };

    /// A unit's events after a number, [`PAGE_ROWS_MAX`] at most.
    fn unit_events(operator: OrganisationId, after: u64, limit: u32) -> Vec<UnitEvent> = |c| {
        let rows = sqlx::query("SELECT * FROM unit_events WHERE operator = $1 AND number > $2 ORDER BY number LIMIT $3")
            .bind(operator.to_string()).bind(count(after, "unit event")?)
            .bind(i64::from(limit.min(PAGE_ROWS_MAX))).fetch_all(c).await?;
        rows.iter().map(event).collect()
    };

    /// The number of a unit's newest event; 0 when there is none.
    fn unit_events_newest(operator: OrganisationId) -> u64 = |c| {
        let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(number) FROM unit_events WHERE operator = $1")
            .bind(operator.to_string()).fetch_one(c).await?;
        counted(newest.unwrap_or(0), "unit event")
    };

    /// When the next event becomes due.
    fn unit_event_due() -> Option<Timestamp> = |c| {
        let due: Option<i64> = sqlx::query_scalar("SELECT MIN(due_at) FROM unit_events_due").fetch_one(c).await?;
        Ok(due.map(Timestamp::from_micros))
    };
}

impl Change {
    /// Notes up to which entry of the record the runs' events are made; bookkeeping that needs no entry.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn looked_at(&mut self, position: u64) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO counters (name, value) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value",
        )
        .bind(LOOKED_AT)
        .bind(count(position, "unit event")?);
        self.keep("unit event", query).await.map(drop)
    }

    /// Makes an event of a run due at some time. The same one twice counts once.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn put_unit_event_due(
        &mut self,
        operator: OrganisationId,
        run: RunId,
        status: CoarseStatus,
        due_at: Timestamp,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO unit_events_due (run, status, operator, due_at) \
             SELECT $1, $2, $3, $4 WHERE NOT EXISTS \
             (SELECT 1 FROM unit_events WHERE unit_events.run = $1 AND unit_events.status = $2) \
             ON CONFLICT (run, status) DO NOTHING",
        )
        .bind(run.to_string())
        .bind(status.as_str())
        .bind(operator.to_string())
        .bind(due_at.as_micros());
        self.keep("unit event", query).await.map(drop)
    }

    /// Numbers the events that are due at `at`, in the order of their times and runs. Gives how many.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn tell_unit_events(&mut self, at: Timestamp) -> Result<usize, StoreError> {
        let rows = sqlx::query(
            "SELECT * FROM unit_events_due WHERE due_at <= $1 ORDER BY due_at, run LIMIT $2",
        )
        .bind(at.as_micros())
        .bind(i64::from(PAGE_ROWS_MAX))
        .fetch_all(self.connection())
        .await?;
        for row in &rows {
            let (run, status) = (text(row, "run", "event")?, text(row, "status", "event")?);
            let operator = text(row, "operator", "event")?;
            let query = sqlx::query(
                "INSERT INTO unit_events (operator, number, run, status, due_at) \
                 SELECT $1, COALESCE(MAX(number), 0) + 1, $2, $3, $4 FROM unit_events WHERE operator = $1",
            )
            .bind(operator)
            .bind(run.clone())
            .bind(status.clone())
            .bind(number(row, "due_at", "event")?);
            self.keep("unit event", query).await?;
            let query = sqlx::query("DELETE FROM unit_events_due WHERE run = $1 AND status = $2")
                .bind(run)
                .bind(status);
            self.keep("unit event", query).await?;
        }
        Ok(rows.len())
    }
}

fn event(row: &Row) -> Result<UnitEvent, StoreError> {
    let status = CoarseStatus::from_str(&text(row, "status", "unit event")?);
    let run = RunId::from_str(&text(row, "run", "unit event")?);
    Ok(UnitEvent {
        number: counted(number(row, "number", "unit event")?, "unit event")?,
        run: run.map_err(|source| StoreError::corrupt("unit event", source))?,
        status: status.map_err(|source| StoreError::corrupt("unit event", source))?,
        at: Timestamp::from_micros(number(row, "due_at", "unit event")?),
    })
}
