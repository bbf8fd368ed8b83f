//! Joins: rows of one granted resource get fields of another one, by a reference that the catalogue registers.
//!
//! Lineage, data subjects and audit stay those of the resource that an output is about. Which rows are looked up (snapshot and row filter)
//! is part of the joined field, and so of everything that a table's structure is told by.

use yunei_model::{Code, JoinedRows, Manifest, Name, Output, Refusal, Resource, Snapshot};

/// Resources as a run sees them: each with the fields that its rows get from others of them. `rows` tells which rows of a resource the run
/// looks up.
pub(crate) fn joined(
    resources: &[Resource],
    rows: impl Fn(&Name) -> Option<JoinedRows>,
) -> Vec<Resource> {
    let widened = |resource: &Resource| {
        let mut widened = resource.with_references(resources);
        for field in &mut widened.schema.fields {
            if let Some(joined) = &mut field.joined {
                joined.rows = rows(&joined.name);
            }
        }
        widened
    };
    resources.iter().map(widened).collect()
}

/// Whether an output about the resource `about` is made of fields that rows of that one get from `resource`.
pub(crate) fn looks_up(
    manifest: &Manifest,
    output: &Output,
    about: &Resource,
    resource: &Resource,
) -> bool {
    let read = manifest.required(&resource.name).is_some();
    let mut origins = output.fields().filter_map(|name| about.origin(name));
    read && origins.any(|(reference, _)| reference.resource == resource.name)
}

/// Refuses where a snapshot that outputs would look rows up in was imported before its key was registered: nobody knows whether it names
/// one row.
pub(crate) fn check_keys(
    manifest: &Manifest,
    resources: &[Resource],
    snapshots: &[Snapshot],
) -> Result<(), Refusal> {
    let mut unkeyed = Vec::new();
    for output in &manifest.outputs {
        let Some(about) = resources.iter().find(|r| r.name == output.resource) else {
            continue;
        };
        for (reference, _) in output.fields().filter_map(|name| about.origin(name)) {
            let Some(other) = resources.iter().find(|r| r.name == reference.resource) else {
                continue;
            };
            let mut found = snapshots.iter().filter(|s| s.resource == other.id);
            if found.any(|snapshot| snapshot.key != other.schema.key) {
                unkeyed.push(format!(
                    "the snapshot of `{}` was imported before its key was registered",
                    other.name
                ));
            }
        }
    }
    unkeyed.dedup();
    if unkeyed.is_empty() {
        return Ok(());
    }
    Err(Refusal {
        details: unkeyed,
        ..Refusal::new(Code::NoSnapshot)
    })
}
