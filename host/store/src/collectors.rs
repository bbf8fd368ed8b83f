//! How far each collector has the record, and what it refused.

use sqlx::SqliteConnection;
use yunei_model::{Name, RunState, Timestamp};

use crate::reading::{PAGE_ROWS_MAX, Row, count, counted, number, reads, text};
use crate::{Change, StoreError};

/// The states of a run that are no end.
const OPEN_STATES: [RunState; 4] = [
    RunState::Queued,
    RunState::Running,
    RunState::Sealed,
    RunState::InReview,
];

/// How far a collector has the record. The default is the beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CollectorCursor {
    /// Position of the last entry of which it has every span; 0 for none.
    pub position: u64,
    /// Spans of the entry after it that it has.
    pub part: u64,
    /// Spans that it has taken, ever.
    pub delivered: u64,
    /// Spans that it has refused for good, ever.
    pub parked: u64,
}

/// Spans that a collector refused for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CollectorRefusal {
    /// Position of the entry before that of the first span.
    pub position: u64,
    /// Place of the first span among those of its entry, from 0.
    pub part: u64,
    /// How many of the spans from there on the collector refused; which of them it does not tell when it took some.
    pub spans: u64,
    /// Status that it answered with.
    pub status: u16,
    /// When.
    pub at: Timestamp,
}

/// Entries that wait for their place in the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pending {
    /// How many.
    pub entries: u64,
    /// When the oldest of them was made.
    pub oldest: Option<Timestamp>,
}

reads! {
    /// How far a collector has the record; `None` before it had anything.
    fn collector(name: &Name) -> Option<CollectorCursor> = |c| {
        let row = sqlx::query("SELECT * FROM collectors WHERE name = $1").bind(name.to_string())
            .fetch_optional(c).await?;
        row.map(|row| cursor(&row)).transpose()
    };

    /// Every collector that ever had anything, by name, [`PAGE_ROWS_MAX`] at most.
    fn collectors() -> Vec<(String, CollectorCursor)> = |c| {
        let rows = sqlx::query("SELECT * FROM collectors ORDER BY name LIMIT $1").bind(i64::from(PAGE_ROWS_MAX))
            .fetch_all(c).await?;
        rows.iter().map(|row| Ok((text(row, "name", "collector")?, cursor(row)?))).collect()
    };

    /// What a collector refused, in the order of the record, [`PAGE_ROWS_MAX`] at most.
    fn collector_refusals(name: &Name) -> Vec<CollectorRefusal> = |c| {
        let rows = sqlx::query("SELECT * FROM collector_refusals WHERE collector = $1 ORDER BY position, part LIMIT $2")
            .bind(name.to_string()).bind(i64::from(PAGE_ROWS_MAX)).fetch_all(c).await?;
        rows.iter().map(refusal).collect()
    };

    /// Entries that wait for their place in the log.
    fn pending() -> Pending = |c| {
        let row = sqlx::query("SELECT COUNT(*) AS waiting, COALESCE(MIN(made_at), 0) AS oldest FROM entries WHERE log_index IS NULL")
            .fetch_one(c).await?;
        let entries = counted(number(&row, "waiting", "entry")?, "entry")?;
        let oldest = number(&row, "oldest", "entry")?;
        Ok(Pending { entries, oldest: (entries > 0).then(|| Timestamp::from_micros(oldest)) })
    };

    /// How many runs there are in each state that is no end.
    fn open_runs() -> Vec<(RunState, u64)> = |c| open_runs(c).await;

    /// When the run that has been queued longest was submitted.
    fn oldest_queued() -> Option<Timestamp> = |c| {
        let oldest: Option<i64> = sqlx::query_scalar("SELECT MIN(submitted_at) FROM runs WHERE state = $1")
            .bind(RunState::Queued.as_str()).fetch_one(c).await?;
        Ok(oldest.map(Timestamp::from_micros))
    };
}

impl Change {
    /// Keeps how far a collector has the record; bookkeeping that needs no entry.
    ///
    /// # Errors
    /// [`StoreError::Range`] for a number that the database cannot hold.
    pub async fn put_collector(
        &mut self,
        name: &Name,
        cursor: &CollectorCursor,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO collectors (name, position, part, delivered, parked) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (name) DO UPDATE SET position = excluded.position, part = excluded.part, \
             delivered = excluded.delivered, parked = excluded.parked",
        )
        .bind(name.to_string())
        .bind(count(cursor.position, "collector")?)
        .bind(count(cursor.part, "collector")?)
        .bind(count(cursor.delivered, "collector")?)
        .bind(count(cursor.parked, "collector")?);
        self.keep("collector", query).await.map(drop)
    }

    /// Keeps what a collector refused: an entry must follow.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when there is a refusal from that span on; [`StoreError::Dangling`] before the collector's cursor.
    pub async fn put_collector_refusal(
        &mut self,
        name: &Name,
        refusal: &CollectorRefusal,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO collector_refusals (collector, position, part, spans, status, refused_at) \
             VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(name.to_string())
        .bind(count(refusal.position, "collector")?)
        .bind(count(refusal.part, "collector")?)
        .bind(count(refusal.spans, "collector")?)
        .bind(i64::from(refusal.status))
        .bind(refusal.at.as_micros());
        self.write("collector refusal", query).await.map(drop)
    }
}

async fn open_runs(connection: &mut SqliteConnection) -> Result<Vec<(RunState, u64)>, StoreError> {
    let mut counts = Vec::with_capacity(OPEN_STATES.len());
    for state in OPEN_STATES {
        let runs: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM runs WHERE state = $1")
            .bind(state.as_str())
            .fetch_one(&mut *connection)
            .await?;
        counts.push((state, counted(runs, "run")?));
    }
    Ok(counts)
}

fn cursor(row: &Row) -> Result<CollectorCursor, StoreError> {
    let column = |name| counted(number(row, name, "collector")?, "collector");
    Ok(CollectorCursor {
        position: column("position")?,
        part: column("part")?,
        delivered: column("delivered")?,
        parked: column("parked")?,
    })
}

fn refusal(row: &Row) -> Result<CollectorRefusal, StoreError> {
    let column = |name| counted(number(row, name, "collector refusal")?, "collector refusal");
    let status = u16::try_from(column("status")?).map_err(|_| StoreError::Range {
        thing: "collector refusal",
    })?;
    Ok(CollectorRefusal {
        position: column("position")?,
        part: column("part")?,
        spans: column("spans")?,
        status,
        at: Timestamp::from_micros(number(row, "refused_at", "collector refusal")?),
    })
}
