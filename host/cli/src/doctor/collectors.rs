//! Where traces go, and what they lack: read from the data directory, beside a server or without one.

use std::path::Path;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use yunei_lifecycle::Collector;
use yunei_store::{EntryFilter, Page, Store, StoreError};

use super::Finding;
use crate::serve::configuration::Configuration;
use crate::sheet::number;

/// What the finding is about.
const THING: &str = "collector";
/// Entries that a collector may lack without a word: they are on their way.
const BACKLOG_MAX: u64 = 1000;

/// The collectors of the data directory.
pub fn look(path: &Path) -> Vec<Finding> {
    let Ok(directory) = Dir::open_ambient_dir(path, ambient_authority()) else {
        return Vec::new();
    };
    let configured = Configuration::read(&directory)
        .and_then(|configuration| configuration.collectors(&directory));
    let collectors = match configured {
        Ok(collectors) => collectors,
        Err(error) => {
            return vec![Finding::missing(
                "configuration",
                error.to_string(),
                "put it right before the next start",
            )];
        }
    };
    if collectors.is_empty() {
        return Vec::new();
    }
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let looked = runtime
        .map_err(|error| error.to_string())
        .and_then(|runtime| {
            let standing = runtime.block_on(standing(path, &collectors));
            standing.map_err(|error| error.to_string())
        });
    looked.unwrap_or_else(|error| {
        vec![Finding::missing(THING, error, "see that the data directory can be read").optional()]
    })
}

async fn standing(path: &Path, collectors: &[Collector]) -> Result<Vec<Finding>, StoreError> {
    let store = match Store::open_read_only(path).await {
        Ok(store) => store,
        Err(StoreError::NoStore { .. }) => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let newest = store
        .entries(&EntryFilter::default(), Page::first(1).falling())
        .await?;
    let entries = newest.first().map_or(0, |newest| newest.position);
    let mut findings = Vec::new();
    for Collector { name, .. } in collectors {
        let cursor = store.collector(name).await?.unwrap_or_default();
        findings.push(told(
            name.as_str(),
            entries.saturating_sub(cursor.position),
            cursor.parked,
        ));
    }
    store.close().await;
    Ok(findings)
}

/// How a collector stands. None of it keeps a domain from running.
fn told(name: &str, backlog: u64, parked: u64) -> Finding {
    let found = format!(
        "`{name}` lacks {} entries and refused {} spans",
        number(backlog),
        number(parked)
    );
    if parked > 0 {
        let advice = "see `collector-refused` on the record, and the collector's own log";
        return Finding::missing(THING, found, advice).optional();
    }
    if backlog > BACKLOG_MAX {
        let advice = "see that it is up, and `export-failed` in the server's log";
        return Finding::missing(THING, found, advice).optional();
    }
    Finding::ok(THING, found)
}
