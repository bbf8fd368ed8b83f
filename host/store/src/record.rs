//! Reading the record, and verifying it.

use std::collections::BTreeSet;

use sqlx::{Connection as _, QueryBuilder, Row as _, Sqlite, SqliteConnection};
use yunei_ledger::{Entry, Kind, Report, Verification, VerifierKey};
use yunei_model::{
    AccountId, CallDecision, EntryId, GrantId, ModuleId, Name, OrganisationId, RunId, Timestamp,
};

use crate::reading::{PAGE_ROWS_MAX, Row, among, count, counted, number, reads, text};
use crate::sequence::digest;
use crate::{Order, Page, Store, StoreError};

/// An entry with its place in the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the order of commits, from 1: the cursor of lists.
    pub position: u64,
    /// Its index in the log, from 0; `None` until it is sequenced.
    pub index: Option<u64>,
    /// The entry.
    pub entry: Entry,
}

/// Which entries.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EntryFilter {
    /// Of one of these kinds; none means any.
    pub kinds: Vec<Kind>,
    /// About that operating unit.
    pub operator: Option<OrganisationId>,
    /// About that run.
    pub run: Option<RunId>,
    /// Done by that account.
    pub actor: Option<AccountId>,
    /// About that grant.
    pub grant: Option<GrantId>,
    /// About that module.
    pub module: Option<ModuleId>,
    /// About that resource, as [`Store::resources_about`] says.
    pub resource: Option<Name>,
    /// Where policy said that.
    pub decision: Option<CallDecision>,
    /// Made at or after.
    pub since: Option<Timestamp>,
    /// Made before.
    pub until: Option<Timestamp>,
}

impl EntryFilter {
    /// Whether an entry that is about `resources` is one of these: what [`Store::entries`] says in SQL.
    #[must_use]
    pub fn matches(&self, entry: &Entry, resources: &BTreeSet<Name>) -> bool {
        fn wants<T: PartialEq>(wanted: &Option<T>, is: Option<T>) -> bool {
            wanted.is_none() || *wanted == is
        }
        (self.kinds.is_empty() || self.kinds.contains(&entry.kind()))
            && wants(&self.operator, entry.operator())
            && wants(&self.run, entry.run())
            && wants(&self.actor, entry.actor())
            && wants(&self.grant, entry.grant())
            && wants(&self.module, entry.module())
            && wants(&self.decision, entry.decision())
            && self.resource.as_ref().is_none_or(|r| resources.contains(r))
            && self.since.is_none_or(|since| entry.at() >= since)
            && self.until.is_none_or(|until| entry.at() < until)
    }
}

reads! {
    /// The entry of that id.
    fn entry(id: EntryId) -> Option<Recorded> = |c| {
        let row = sqlx::query("SELECT position, log_index, body FROM entries WHERE id = $1").bind(id.to_string())
            .fetch_optional(c).await?;
        row.map(|row| recorded(&row)).transpose()
    };

    /// Entries in the order of commits; a page goes on after a position.
    fn entries(filter: &EntryFilter, page: Page<u64>) -> Vec<Recorded> = |c| entries(c, filter, &page, None).await;

    /// Entries in the order of commits, after one position and up to another.
    fn entries_between(filter: &EntryFilter, after: u64, up_to: u64, limit: u32) -> Vec<Recorded> = |c|
        entries(c, filter, &Page::first(limit).after(after), Some(up_to)).await;

    /// The position of the newest entry; 0 when there is none.
    fn newest_position() -> u64 = |c| {
        let newest: Option<i64> = sqlx::query_scalar("SELECT MAX(position) FROM entries").fetch_one(c).await?;
        counted(newest.unwrap_or(0), "entry")
    };

    /// Entries that wait to be sequenced, in the order of commits, [`PAGE_ROWS_MAX`] at most.
    fn unsequenced(limit: u32) -> Vec<Recorded> = |c| {
        let rows = sqlx::query("SELECT position, log_index, body FROM entries WHERE log_index IS NULL \
            ORDER BY position LIMIT $1").bind(i64::from(limit.min(PAGE_ROWS_MAX))).fetch_all(c).await?;
        rows.iter().map(recorded).collect()
    };
}

impl Store {
    /// Verifies the whole record with its log, checkpoints and traces, as committed at one moment.
    /// `witnessed` are checkpoints that others kept, as signed notes.
    ///
    /// # Errors
    /// [`StoreError`] when the database fails; what is wrong with the record is in the report.
    pub async fn verify(
        &self,
        key: &VerifierKey,
        witnessed: &[Vec<u8>],
    ) -> Result<Report, StoreError> {
        let mut verification = Verification::new(key);
        let mut reader = self.reader().await?;
        // One transaction, so that all of it is of one moment.
        let mut moment = reader.begin().await?;
        verify_log(&mut moment, &mut verification).await?;
        verify_entries(&mut moment, &mut verification).await?;
        verify_calls(&mut moment, &mut verification).await?;
        moment.rollback().await?;
        for note in witnessed {
            verification.checkpoint(note);
        }
        Ok(verification.finish())
    }
}

async fn entries(
    connection: &mut SqliteConnection,
    filter: &EntryFilter,
    page: &Page<u64>,
    up_to: Option<u64>,
) -> Result<Vec<Recorded>, StoreError> {
    let mut query =
        QueryBuilder::<Sqlite>::new("SELECT position, log_index, body FROM entries WHERE TRUE");
    let kinds: Vec<String> = filter.kinds.iter().map(ToString::to_string).collect();
    among(&mut query, "kind", &kinds);
    for (column, id) in [
        ("operator", filter.operator.map(|id| id.to_string())),
        ("run", filter.run.map(|id| id.to_string())),
        ("actor", filter.actor.map(|id| id.to_string())),
        ("grant_id", filter.grant.map(|id| id.to_string())),
        ("module", filter.module.map(|id| id.to_string())),
        ("decision", filter.decision.map(|said| said.to_string())),
    ] {
        among(&mut query, column, id.as_slice());
    }
    if let Some(resource) = &filter.resource {
        about(&mut query, resource);
    }
    if let Some(up_to) = up_to {
        query
            .push(" AND position <= ")
            .push_bind(count(up_to, "entry")?);
    }
    if let Some(since) = filter.since {
        query.push(" AND made_at >= ").push_bind(since.as_micros());
    }
    if let Some(until) = filter.until {
        query.push(" AND made_at < ").push_bind(until.as_micros());
    }
    let (past, order) = match page.order {
        Order::Rising => (" AND position > ", " ORDER BY position LIMIT "),
        Order::Falling => (" AND position < ", " ORDER BY position DESC LIMIT "),
    };
    if let Some(after) = page.after {
        query.push(past).push_bind(count(after, "entry")?);
    }
    query.push(order).push_bind(page.rows());
    let rows = query.build().fetch_all(connection).await?;
    rows.iter().map(recorded).collect()
}

/// Narrows a query to entries about a resource, as [`Store::resources_about`] says.
fn about(query: &mut QueryBuilder<Sqlite>, resource: &Name) {
    let linked = "(SELECT thing FROM resource_links WHERE resource = ";
    let name = resource.to_string();
    query
        .push(" AND (resource = ")
        .push_bind(name.clone())
        .push(" OR (kind <> ")
        .push_bind(Kind::Queried.as_str())
        .push(" AND (run IN ")
        .push(linked)
        .push_bind(name.clone())
        .push(") OR (run IS NULL AND (grant_id IN ")
        .push(linked)
        .push_bind(name.clone())
        .push(") OR module IN ")
        .push(linked)
        .push_bind(name)
        .push("))))))");
}

fn recorded(row: &Row) -> Result<Recorded, StoreError> {
    Ok(Recorded {
        position: counted(number(row, "position", "entry")?, "entry")?,
        index: index(row)?,
        entry: Entry::parse(text(row, "body", "entry")?.as_bytes())?,
    })
}

fn index(row: &Row) -> Result<Option<u64>, StoreError> {
    let index: Option<i64> = row
        .try_get("log_index")
        .map_err(|source| StoreError::corrupt("entry", source))?;
    index.map(|index| counted(index, "entry")).transpose()
}

async fn verify_log(
    connection: &mut SqliteConnection,
    verification: &mut Verification<'_>,
) -> Result<(), StoreError> {
    let rows = sqlx::query("SELECT note FROM checkpoints ORDER BY size")
        .fetch_all(&mut *connection)
        .await?;
    for row in &rows {
        verification.checkpoint(&bytes(row, "note")?);
    }
    let mut after = -1_i64;
    loop {
        let rows = sqlx::query(
            "SELECT position, hash FROM log_hashes WHERE position > $1 ORDER BY position LIMIT $2",
        )
        .bind(after)
        .bind(i64::from(PAGE_ROWS_MAX))
        .fetch_all(&mut *connection)
        .await?;
        for row in &rows {
            after = number(row, "position", "log hash")?;
            // What is no hash counts as gone.
            if let Ok(hash) = digest(row) {
                verification.stored_hash(counted(after, "log hash")?, hash);
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

async fn verify_entries(
    connection: &mut SqliteConnection,
    verification: &mut Verification<'_>,
) -> Result<(), StoreError> {
    // By log index where there is one; what waits comes after, by position.
    let texts = [
        "SELECT *, log_index AS turn FROM entries WHERE log_index > $1 ORDER BY log_index LIMIT $2",
        "SELECT *, position AS turn FROM entries WHERE log_index IS NULL AND position > $1 ORDER BY position LIMIT $2",
    ];
    for text in texts {
        let mut after = -1_i64;
        loop {
            let rows = sqlx::query(text)
                .bind(after)
                .bind(i64::from(PAGE_ROWS_MAX))
                .fetch_all(&mut *connection)
                .await?;
            for row in &rows {
                after = number(row, "turn", "entry")?;
                verify_entry(row, verification)?;
            }
            if rows.is_empty() {
                break;
            }
        }
    }
    Ok(())
}

fn verify_entry(row: &Row, verification: &mut Verification<'_>) -> Result<(), StoreError> {
    let index = index(row)?;
    let body = bytes(row, "body")?;
    verification.entry(index, &body);
    let Ok(entry) = Entry::parse(&body) else {
        return Ok(());
    };
    let [grant, module, resource, decision] = crate::change::filed(&entry);
    let filed: [(&str, Option<String>); 9] = [
        ("id", Some(entry.id().to_string())),
        ("kind", Some(entry.kind().to_string())),
        ("actor", entry.actor().map(|id| id.to_string())),
        ("operator", entry.operator().map(|id| id.to_string())),
        ("run", entry.run().map(|id| id.to_string())),
        ("grant_id", grant),
        ("module", module),
        ("resource", resource),
        ("decision", decision),
    ];
    let differs = |(column, told): &(&str, Option<String>)| {
        row.try_get::<Option<String>, _>(*column).ok().as_ref() != Some(told)
    };
    let made_at = row.try_get::<i64, _>("made_at").ok();
    if filed.iter().any(differs) || made_at != Some(entry.at().as_micros()) {
        verification.misfiled(index);
    }
    Ok(())
}

async fn verify_calls(
    connection: &mut SqliteConnection,
    verification: &mut Verification<'_>,
) -> Result<(), StoreError> {
    let mut after = (String::new(), -1_i64);
    loop {
        let rows = sqlx::query(
            "SELECT run, call_index, facts FROM calls WHERE (run, call_index) > ($1, $2) \
             ORDER BY run, call_index LIMIT $3",
        )
        .bind(after.0.clone())
        .bind(after.1)
        .bind(i64::from(PAGE_ROWS_MAX))
        .fetch_all(&mut *connection)
        .await?;
        for row in &rows {
            let (run, index) = (
                text(row, "run", "call")?,
                number(row, "call_index", "call")?,
            );
            let id: RunId = run
                .parse()
                .map_err(|source| StoreError::corrupt("call", source))?;
            // An index below zero is out of order, whatever it is.
            let place = u64::try_from(index).unwrap_or(u64::MAX);
            verification.trace_leaf(id, place, &bytes(row, "facts")?);
            after = (run, index);
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

/// The bytes of a column, whatever was put there.
fn bytes(row: &Row, column: &'static str) -> Result<Vec<u8>, StoreError> {
    row.try_get_unchecked(column)
        .map_err(|source| StoreError::corrupt("entry", source))
}
