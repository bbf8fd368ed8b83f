//! Runs in words, as their operating units see them.

use serde::Deserialize;
use yunei_model::{
    CoarseStatus, GrantId, Hint, Language, ModuleId, Name, Notice, ReleaseId, RunId, Timestamp,
};

use crate::printer::text;
use crate::sheet::{Sheet, time};

/// A run as its operating unit sees it.
#[derive(Debug, Deserialize)]
pub struct Shown {
    /// Id.
    pub id: RunId,
    grant: GrantId,
    module: ModuleId,
    purpose: Name,
    /// Coarse status.
    pub status: CoarseStatus,
    submitted_at: Timestamp,
    #[serde(default)]
    releases: Vec<ReleaseId>,
    #[serde(default)]
    hints: Vec<Hint>,
    #[serde(default)]
    notices: Vec<Notice>,
}

impl Shown {
    /// What was told when it was submitted.
    pub fn notices(&self) -> impl Iterator<Item = &'static str> {
        let notices = self.notices.iter();
        notices.map(|notice| notice.sentence(Language::En))
    }
}

/// Several runs.
pub fn list_of(runs: Vec<Shown>) -> Sheet {
    let mut sheet = Sheet::new(["id", "status", "purpose", "submitted", "releases"]);
    for run in runs {
        sheet.row([
            run.id.to_string(),
            run.status.to_string(),
            run.purpose.to_string(),
            time(run.submitted_at),
            run.releases.len().to_string(),
        ]);
    }
    sheet.numbers(4);
    sheet
}

/// One run.
pub fn one(run: Shown) -> String {
    let mut sheet = Sheet::facts();
    sheet
        .fact("run", run.id)
        .fact("status", run.status)
        .fact("module", run.module)
        .fact("grant", run.grant)
        .fact("purpose", &run.purpose)
        .fact("submitted", time(run.submitted_at));
    for release in &run.releases {
        sheet.fact("release", release);
    }
    for hint in &run.hints {
        sheet.fact("hint", hint.sentence(Language::En));
    }
    for notice in run.notices() {
        sheet.fact("notice", notice);
    }
    text(&sheet)
}
