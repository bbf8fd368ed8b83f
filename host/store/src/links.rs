//! Which resources a run, a grant or a module is about: what entries are searched by and what remits are held against.

use std::collections::{BTreeMap, BTreeSet};

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool};
use yunei_ledger::{Entry, Kind};
use yunei_model::{Grant, Module, Name, Run};

use crate::change::filed;
use crate::reading::{PAGE_ROWS_MAX, body, number, reads, text};
use crate::{Change, Recorded, StoreError};

/// Things per statement, so that its parameters stay below every back end's limit.
const STATEMENT_THINGS_MAX: usize = 500;
/// Counter that stands once everything from before these columns and links is filled in.
const FILLED: &str = "filled-0030";

reads! {
    /// The resources that each of these entries is about: the one it names, and those of its run, or else of its grant
    /// and its module. What an authority looked at (`queried`) is about none.
    fn resources_about(entries: &[Recorded]) -> Vec<BTreeSet<Name>> = |c| resources_about(c, entries).await;
}

async fn resources_about(
    connection: &mut SqliteConnection,
    entries: &[Recorded],
) -> Result<Vec<BTreeSet<Name>>, StoreError> {
    let asked: BTreeSet<String> = entries.iter().flat_map(|r| things(&r.entry)).collect();
    let asked: Vec<String> = asked.into_iter().collect();
    let mut links: BTreeMap<String, BTreeSet<Name>> = BTreeMap::new();
    for group in asked.chunks(STATEMENT_THINGS_MAX) {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT thing, resource FROM resource_links WHERE thing IN (",
        );
        let mut list = query.separated(", ");
        for thing in group {
            list.push_bind(thing.clone());
        }
        query.push(")");
        for row in &query.build().fetch_all(&mut *connection).await? {
            let resource = Name::parse(&text(row, "resource", "link")?)
                .map_err(|source| StoreError::corrupt("link", source))?;
            let thing = text(row, "thing", "link")?;
            links.entry(thing).or_default().insert(resource);
        }
    }
    let about = |recorded: &Recorded| {
        let linked = things(&recorded.entry).into_iter();
        let linked = linked.filter_map(|thing| links.get(&thing)).flatten();
        linked.cloned().chain(recorded.entry.resource()).collect()
    };
    Ok(entries.iter().map(about).collect())
}

/// The things by whose links an entry is about resources: its run; without one, its grant and its module.
fn things(entry: &Entry) -> Vec<String> {
    if entry.kind() == Kind::Queried {
        return Vec::new();
    }
    match entry.run() {
        Some(run) => vec![run.to_string()],
        None => {
            let grant = entry.grant().map(|id| id.to_string());
            let module = entry.module().map(|id| id.to_string());
            grant.into_iter().chain(module).collect()
        }
    }
}

impl Change {
    /// The resources that a run reads are those of its snapshots.
    pub(crate) async fn link_run(&mut self, run: &Run) -> Result<(), StoreError> {
        if run.snapshots.is_empty() {
            return Ok(());
        }
        let mut query =
            QueryBuilder::<Sqlite>::new("INSERT INTO resource_links (thing, resource) SELECT ");
        query.push_bind(run.id.to_string());
        query.push(", resources.name FROM snapshots JOIN resources ON resources.id = snapshots.resource WHERE snapshots.id IN (");
        let mut list = query.separated(", ");
        for snapshot in &run.snapshots {
            list.push_bind(snapshot.to_string());
        }
        query.push(") ON CONFLICT (thing, resource) DO NOTHING");
        self.keep("link", query.build()).await.map(drop)
    }

    /// The resources that a version of a grant names, beside those of its other versions.
    pub(crate) async fn link_grant(&mut self, grant: &Grant) -> Result<(), StoreError> {
        let names = grant.terms.resources.iter().map(|r| &r.name);
        self.link(grant.id.to_string(), names).await
    }

    /// The resources that a module's manifest names.
    pub(crate) async fn link_module(&mut self, module: &Module) -> Result<(), StoreError> {
        let names = module.manifest.iter().flat_map(|m| &m.resources);
        self.link(module.id.to_string(), names.map(|r| &r.name))
            .await
    }

    async fn link(
        &mut self,
        thing: String,
        resources: impl Iterator<Item = &Name>,
    ) -> Result<(), StoreError> {
        for resource in resources {
            let query = sqlx::query(
                "INSERT INTO resource_links (thing, resource) VALUES ($1, $2) \
                 ON CONFLICT (thing, resource) DO NOTHING",
            )
            .bind(thing.clone())
            .bind(resource.to_string());
            self.keep("link", query).await?;
        }
        Ok(())
    }

    /// Fills what an entry from before these columns is searched by. One that cannot be read is left for verification to tell of.
    async fn file(&mut self, position: i64, text: &str) -> Result<(), StoreError> {
        let Ok(entry) = Entry::parse(text.as_bytes()) else {
            return Ok(());
        };
        let [grant, module, resource, decision] = filed(&entry);
        let query = sqlx::query(
            "UPDATE entries SET grant_id = $2, module = $3, resource = $4, decision = $5 WHERE position = $1",
        )
        .bind(position)
        .bind(grant)
        .bind(module)
        .bind(resource)
        .bind(decision);
        self.keep("entry", query).await.map(drop)
    }
}

/// Fills columns and links of what was written before they were there. Once; an interruption begins anew.
pub(crate) async fn fill(writer: &SqlitePool) -> Result<(), StoreError> {
    let done: Option<i64> = sqlx::query_scalar("SELECT value FROM counters WHERE name = $1")
        .bind(FILLED)
        .fetch_optional(writer)
        .await?;
    if done.is_some() {
        return Ok(());
    }
    let mut after = 0_i64;
    loop {
        let mut change = Change::new(writer.begin_with("BEGIN IMMEDIATE").await?, None);
        let rows = sqlx::query(
            "SELECT position, body FROM entries WHERE position > $1 ORDER BY position LIMIT $2",
        )
        .bind(after)
        .bind(i64::from(PAGE_ROWS_MAX))
        .fetch_all(change.connection())
        .await?;
        for row in &rows {
            after = number(row, "position", "entry")?;
            change.file(after, &text(row, "body", "entry")?).await?;
        }
        change.commit().await?;
        if rows.is_empty() {
            break;
        }
    }
    fill_links(writer).await
}

async fn fill_links(writer: &SqlitePool) -> Result<(), StoreError> {
    // Runs by the links that their snapshots give, the others by what their bodies name.
    let texts = [
        "SELECT id, body FROM runs WHERE id > $1 ORDER BY id LIMIT $2",
        "SELECT id || ' ' || version AS id, body FROM grants WHERE id || ' ' || version > $1 \
         ORDER BY id || ' ' || version LIMIT $2",
        "SELECT id, body FROM modules WHERE id > $1 ORDER BY id LIMIT $2",
    ];
    for (which, statement) in texts.into_iter().enumerate() {
        let mut after = String::new();
        loop {
            let mut change = Change::new(writer.begin_with("BEGIN IMMEDIATE").await?, None);
            let rows = sqlx::query(statement)
                .bind(after.clone())
                .bind(i64::from(PAGE_ROWS_MAX))
                .fetch_all(change.connection())
                .await?;
            for row in &rows {
                after = text(row, "id", "thing")?;
                match which {
                    0 => change.link_run(&body(row, "run")?).await?,
                    1 => change.link_grant(&body(row, "grant")?).await?,
                    _ => change.link_module(&body(row, "module")?).await?,
                }
            }
            change.commit().await?;
            if rows.is_empty() {
                break;
            }
        }
    }
    sqlx::query("INSERT INTO counters (name, value) VALUES ($1, 1)")
        .bind(FILLED)
        .execute(writer)
        .await?;
    Ok(())
}
