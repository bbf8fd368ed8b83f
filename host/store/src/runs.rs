//! Runs and the calls of their traces.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection};
use yunei_ledger::{call_facts, call_from, call_observed};
use yunei_model::{
    Call, GrantId, LimitExceeded, ModuleId, Name, OrganisationId, Run, RunId, RunState, Timestamp,
};

use crate::reading::{
    PAGE_ROWS_MAX, among, count, find, find_all, json, list, micros, reads, text,
};
use crate::{Change, Page, StoreError};

/// Calls written in one group at most.
pub const CALLS_GROUP_MAX: usize = 1024;
/// Calls per statement, so that its parameters stay below every back end's limit.
const CALLS_STATEMENT_MAX: usize = 256;

/// When a run ends that has not.
const NOT_ENDED: i64 = i64::MAX;

/// Which runs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RunFilter {
    /// Of that operating unit.
    pub operator: Option<OrganisationId>,
    /// Under that grant.
    pub grant: Option<GrantId>,
    /// Of that module.
    pub module: Option<ModuleId>,
    /// In one of these states; none means any.
    pub states: Vec<RunState>,
}

/// Which calls, over all runs: by what their runs are. What only the calls themselves tell is not among it: they have
/// no index but their place, since they come by the ten thousand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CallFilter {
    /// Of that run.
    pub run: Option<RunId>,
    /// Of that operating unit's runs.
    pub operator: Option<OrganisationId>,
    /// Of runs under that grant.
    pub grant: Option<GrantId>,
    /// Of runs of that module.
    pub module: Option<ModuleId>,
    /// Of runs that read that resource.
    pub resource: Option<Name>,
    /// Of runs submitted before.
    pub submitted_before: Option<Timestamp>,
}

/// A call, and the run that it is of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallOfRun {
    /// The run.
    pub run: RunId,
    /// The call.
    pub call: Call,
}

impl RunFilter {
    fn columns(&self) -> [(&'static str, Vec<String>); 4] {
        let states = self.states.iter().map(ToString::to_string).collect();
        [
            (
                "operator",
                self.operator.iter().map(ToString::to_string).collect(),
            ),
            (
                "grant_id",
                self.grant.iter().map(ToString::to_string).collect(),
            ),
            (
                "module",
                self.module.iter().map(ToString::to_string).collect(),
            ),
            ("state", states),
        ]
    }
}

reads! {
    /// The run of that id.
    fn run(id: RunId) -> Option<Run> = |c| find(c, "run",
        sqlx::query("SELECT body FROM runs WHERE id = $1").bind(id.to_string())).await;

    /// Runs.
    fn runs(filter: &RunFilter, page: Page<RunId>) -> Vec<Run> = |c| list(c, "runs", &filter.columns(), &page).await;

    /// Runs of a grant that have not ended, or ended after `since`, by id.
    fn runs_ended_after(grant: GrantId, since: Timestamp, page: Page<RunId>) -> Vec<Run> = |c| {
        let after = page.after.map(|id| id.to_string()).unwrap_or_default();
        find_all(c, "run", sqlx::query("SELECT body FROM runs WHERE grant_id = $1 AND ended_at > $2 AND id > $3 ORDER BY id LIMIT $4")
            .bind(grant.to_string()).bind(since.as_micros()).bind(after).bind(page.rows())).await
    };

    /// How many runs there are in each state; states without a run are left out.
    fn runs_by_state() -> Vec<(RunState, u64)> = |c| {
        let rows = sqlx::query("SELECT state, COUNT(*) AS runs FROM runs GROUP BY state ORDER BY state").fetch_all(c).await?;
        rows.iter().map(|row| {
            let state = text(row, "state", "run")?.parse();
            let state = state.map_err(|source| StoreError::corrupt("run", source))?;
            Ok((state, crate::reading::counted(crate::reading::number(row, "runs", "run")?, "run")?))
        }).collect()
    };

    /// The calls of a run from index `from`, [`PAGE_ROWS_MAX`] at most.
    fn calls(run: RunId, from: u64, limit: u32) -> Vec<Call> = |c| calls(c, run, from, limit).await;

    /// Calls over all runs, in the order of runs and within them of calls, after one of them, [`PAGE_ROWS_MAX`] at most.
    fn calls_across(filter: &CallFilter, after: Option<(RunId, u64)>, limit: u32) -> Vec<CallOfRun> = |c|
        calls_across(c, filter, after, limit).await;

    /// How many calls of a run are kept.
    fn calls_kept(run: RunId) -> u64 = |c| {
        let kept: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM calls WHERE run = $1")
            .bind(run.to_string()).fetch_one(c).await?;
        crate::reading::counted(kept, "call")
    };
}

impl Change {
    /// Writes a run, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without its operating unit, grant version or module.
    pub async fn put_run(&mut self, run: &Run) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO runs (id, operator, grant_id, grant_version, module, state, submitted_at, started_at, ended_at, body) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) \
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, started_at = excluded.started_at, \
             ended_at = excluded.ended_at, body = excluded.body",
        )
        .bind(run.id.to_string())
        .bind(run.operator.to_string())
        .bind(run.grant.to_string())
        .bind(i64::from(run.grant_version))
        .bind(run.module.to_string())
        .bind(run.state.as_str())
        .bind(run.submitted_at.as_micros())
        .bind(micros(run.started_at))
        .bind(micros(run.ended_at).unwrap_or(NOT_ENDED))
        .bind(json(run, "run")?);
        self.write("run", query).await?;
        self.link_run(run).await?;
        self.link_edition_run(run).await
    }

    /// The queued run whose turn it is, still queued: the caller steps it and puts it in this same change.
    ///
    /// Turns go by operating unit: first that with the fewest running, then that which was served longest ago,
    /// then that which waits longest. Within a unit the oldest run comes first.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails.
    pub async fn claim_next_run(&mut self) -> Result<Option<Run>, StoreError> {
        let unit: Option<String> = sqlx::query_scalar(
            "SELECT operator FROM runs WHERE state = $1 GROUP BY operator ORDER BY \
             (SELECT COUNT(*) FROM runs busy WHERE busy.state IN ($2, $3) AND busy.operator = runs.operator), \
             (SELECT COALESCE(MAX(served.started_at), 0) FROM runs served WHERE served.operator = runs.operator), \
             MIN(submitted_at), operator LIMIT 1",
        )
        .bind(RunState::Queued.as_str())
        .bind(RunState::Running.as_str())
        .bind(RunState::Sealed.as_str())
        .fetch_optional(self.connection())
        .await?;
        let Some(unit) = unit else {
            return Ok(None);
        };
        let oldest = sqlx::query(
            "SELECT body FROM runs WHERE state = $1 AND operator = $2 ORDER BY submitted_at, id LIMIT 1",
        )
        .bind(RunState::Queued.as_str())
        .bind(unit);
        find(self.connection(), "run", oldest).await
    }

    /// Writes anew what was observed of a call that is kept: its facts never change.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when the call is not there.
    pub async fn put_observed(&mut self, run: RunId, call: &Call) -> Result<(), StoreError> {
        let query =
            sqlx::query("UPDATE calls SET observed = $3 WHERE run = $1 AND call_index = $2")
                .bind(run.to_string())
                .bind(count(call.index, "call")?)
                .bind(utf8(call_observed(call)?)?);
        match self.keep("call", query).await? {
            0 => Err(StoreError::Absent { thing: "call" }),
            _ => Ok(()),
        }
    }

    /// Appends the next calls of a run's trace, in one group. They are part of the record and need no entry;
    /// the run's outcome commits to them by the root of their tree.
    ///
    /// # Errors
    /// [`StoreError::Limit`] beyond [`CALLS_GROUP_MAX`]; [`StoreError::Taken`] when a call of that index is there;
    /// [`StoreError::Dangling`] without the run.
    pub async fn put_calls(&mut self, run: RunId, calls: &[Call]) -> Result<(), StoreError> {
        LimitExceeded::check(
            "calls_group_max",
            CALLS_GROUP_MAX as u64,
            0,
            calls.len() as u64,
        )
        .map_err(StoreError::Limit)?;
        for group in calls.chunks(CALLS_STATEMENT_MAX) {
            let mut rows = Vec::with_capacity(group.len());
            for call in group {
                let facts = utf8(call_facts(call)?)?;
                rows.push((
                    count(call.index, "call")?,
                    facts,
                    utf8(call_observed(call)?)?,
                ));
            }
            let mut query = QueryBuilder::<Sqlite>::new(
                "INSERT INTO calls (run, call_index, facts, observed) ",
            );
            query.push_values(rows, |mut row, (index, facts, observed)| {
                row.push_bind(run.to_string())
                    .push_bind(index)
                    .push_bind(facts)
                    .push_bind(observed);
            });
            self.keep("call", query.build()).await?;
        }
        Ok(())
    }
}

async fn calls(
    connection: &mut SqliteConnection,
    run: RunId,
    from: u64,
    limit: u32,
) -> Result<Vec<Call>, StoreError> {
    let rows = sqlx::query(
        "SELECT facts, observed FROM calls WHERE run = $1 AND call_index >= $2 ORDER BY call_index LIMIT $3",
    )
    .bind(run.to_string())
    .bind(count(from, "call")?)
    .bind(i64::from(limit.min(PAGE_ROWS_MAX)))
    .fetch_all(connection)
    .await?;
    let mut calls = Vec::with_capacity(rows.len());
    for row in &rows {
        let facts = text(row, "facts", "call")?;
        let observed = text(row, "observed", "call")?;
        calls.push(call_from(facts.as_bytes(), observed.as_bytes())?);
    }
    Ok(calls)
}

async fn calls_across(
    connection: &mut SqliteConnection,
    filter: &CallFilter,
    after: Option<(RunId, u64)>,
    limit: u32,
) -> Result<Vec<CallOfRun>, StoreError> {
    let mut query = QueryBuilder::<Sqlite>::new(
        "SELECT calls.run AS run, calls.facts AS facts, calls.observed AS observed \
         FROM calls JOIN runs ON runs.id = calls.run WHERE TRUE",
    );
    for (column, id) in [
        ("calls.run", filter.run.map(|id| id.to_string())),
        ("runs.operator", filter.operator.map(|id| id.to_string())),
        ("runs.grant_id", filter.grant.map(|id| id.to_string())),
        ("runs.module", filter.module.map(|id| id.to_string())),
    ] {
        among(&mut query, column, id.as_slice());
    }
    if let Some(resource) = &filter.resource {
        query
            .push(" AND calls.run IN (SELECT thing FROM resource_links WHERE resource = ")
            .push_bind(resource.to_string())
            .push(")");
    }
    if let Some(before) = filter.submitted_before {
        query
            .push(" AND runs.submitted_at < ")
            .push_bind(before.as_micros());
    }
    if let Some((run, index)) = after {
        query
            .push(" AND (calls.run, calls.call_index) > (")
            .push_bind(run.to_string())
            .push(", ")
            .push_bind(count(index, "call")?)
            .push(")");
    }
    query
        .push(" ORDER BY calls.run, calls.call_index LIMIT ")
        .push_bind(i64::from(limit.min(PAGE_ROWS_MAX)));
    let rows = query.build().fetch_all(connection).await?;
    let mut found = Vec::with_capacity(rows.len());
    for row in &rows {
        let run = text(row, "run", "call")?;
        let (facts, observed) = (text(row, "facts", "call")?, text(row, "observed", "call")?);
        found.push(CallOfRun {
            run: run
                .parse()
                .map_err(|source| StoreError::corrupt("call", source))?,
            call: call_from(facts.as_bytes(), observed.as_bytes())?,
        });
    }
    Ok(found)
}

fn utf8(bytes: Vec<u8>) -> Result<String, StoreError> {
    String::from_utf8(bytes).map_err(|source| StoreError::corrupt("call", source))
}
