//! Modules in words.

use serde::Deserialize;
use yunei_model::{AlgorithmReview, Finding, Manifest, ModuleId, ModuleState, Timestamp, World};

use super::check;
use crate::printer::text;
use crate::sheet::{Sheet, list, time};

/// A module as the server shows it.
#[derive(Debug, Deserialize)]
pub struct Shown {
    id: ModuleId,
    digest: String,
    state: ModuleState,
    uploaded_at: Timestamp,
    manifest: Option<Manifest>,
    #[serde(default)]
    findings: Vec<Finding>,
    #[serde(default)]
    imports: Vec<String>,
    #[serde(default)]
    reviews_count: u64,
    #[serde(default)]
    reviews: Vec<AlgorithmReview>,
}

/// Several modules.
pub fn list_of(modules: Vec<Shown>) -> Sheet {
    let mut sheet = Sheet::new(["id", "state", "name", "version", "world", "uploaded"]);
    for module in modules {
        let of =
            |read: fn(&Manifest) -> String| module.manifest.as_ref().map(read).unwrap_or_default();
        sheet.row([
            module.id.to_string(),
            module.state.to_string(),
            of(|manifest| manifest.name.to_string()),
            of(|manifest| manifest.version.clone()),
            of(|manifest| manifest.world.to_string()),
            time(module.uploaded_at),
        ]);
    }
    sheet
}

/// One module, with everything about it.
pub fn one(module: Shown) -> String {
    let mut sheet = module
        .manifest
        .as_ref()
        .map_or_else(Sheet::facts, check::manifest_facts);
    sheet
        .fact("id", module.id)
        .fact("state", module.state)
        .fact("uploaded", time(module.uploaded_at))
        .fact("digest", &module.digest)
        .fact("imports", list(&module.imports));
    if module.reviews.is_empty() && module.reviews_count > 0 {
        sheet.fact("reviews", module.reviews_count);
    }
    for review in &module.reviews {
        let who = format!(
            "{} by {} at {}: {}",
            review.outcome,
            review.reviewer,
            time(review.at),
            review.reason
        );
        sheet.fact("review", who);
    }
    let mut told = text(&sheet);
    if !module.findings.is_empty() {
        told = format!("{told}\n\n{}", text(&check::findings(&module.findings)));
    }
    let waits = module.state == ModuleState::Admitted
        && module
            .manifest
            .is_some_and(|manifest| manifest.world == World::PerRow);
    if waits {
        told.push_str("\n\nIts algorithm waits for the approval of two people before it can run.");
    }
    told
}

/// What state a module is in now.
pub fn state(module: Shown) -> String {
    format!("{} is {}", module.id, module.state)
}
