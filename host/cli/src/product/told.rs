//! Products in words.

use serde::Deserialize;
use yunei_model::{
    CoarseStatus, Due, EditionId, Language, Notice, Product, ReleaseId, RunId, Schedule,
    ScheduleTrigger, StandingBound, StandingEnded, StandingId, StandingState, StandingYes,
    Timestamp,
};

use crate::sheet::{Sheet, list, time};

/// An edition as the interface has it.
#[derive(Debug, Deserialize)]
pub struct Edition {
    id: EditionId,
    first_day: String,
    run: RunId,
    releases: Vec<ReleaseId>,
    revision: u32,
}

/// A product as the interface has it.
#[derive(Debug, Deserialize)]
pub struct Shown {
    #[serde(flatten)]
    product: Product,
    standing: Option<Standing>,
    #[serde(default)]
    notices: Vec<Notice>,
}

/// What stands for a product.
#[derive(Debug, Deserialize)]
struct Standing {
    id: StandingId,
    state: StandingState,
    first: RunId,
    bound: StandingBound,
    approvals_count: usize,
    #[serde(default)]
    approvals: Vec<StandingYes>,
    until: Option<Timestamp>,
    ended: Option<StandingEnded>,
}

/// A run that was queued.
#[derive(Debug, Deserialize)]
pub struct Queued {
    id: RunId,
    status: CoarseStatus,
}

/// Several products.
pub fn list_of(products: Vec<Shown>) -> Sheet {
    let mut sheet = Sheet::new(["id", "name", "state", "cadence", "period", "starts"]);
    for Shown { product, .. } in products {
        sheet.row([
            product.id.to_string(),
            product.name.to_string(),
            product.state.to_string(),
            product.cadence.to_string(),
            product.period.to_string(),
            time(product.starts),
        ]);
    }
    sheet
}

/// One product.
pub fn one(shown: &Shown) -> Sheet {
    let product = &shown.product;
    let mut sheet = Sheet::facts();
    sheet
        .fact("product", product.id)
        .fact("name", &product.name)
        .fact(
            "title",
            format!("{} / {}", product.title.zh, product.title.en),
        )
        .fact("state", product.state)
        .fact("operator", product.operator)
        .fact("grant", product.grant)
        .fact("module", product.module)
        .fact("period", &product.period)
        .fact("cadence", product.cadence)
        .fact("starts", time(product.starts))
        .fact("closed after", format!("{} days", product.lateness_days))
        .fact_if(
            "late rows after",
            product.revision_days.map(|days| format!("{days} days")),
        );
    for (name, value) in &product.parameters {
        sheet.fact("parameter", format!("{name} = {value:?}"));
    }
    if let Some(standing) = &shown.standing {
        stands(&mut sheet, standing);
    }
    for notice in &shown.notices {
        sheet.fact("notice", notice.sentence(Language::En));
    }
    sheet
}

/// Who let later editions leave by themselves, for what, and until when.
fn stands(sheet: &mut Sheet, standing: &Standing) {
    let Standing { id, state, .. } = standing;
    let bound = &standing.bound;
    sheet
        .fact("standing approval", format!("{id}, {state}"))
        .fact("first run", standing.first)
        .fact("for module", bound.module_digest)
        .fact("for grant version", bound.grant_version)
        .fact("for schema", bound.schema)
        .fact("for frame", bound.frame)
        .fact("for profile", bound.profile)
        .fact_if("until", standing.until.map(time))
        .fact("approved by", standing.approvals_count);
    for yes in &standing.approvals {
        sheet.fact(
            "approved",
            format!("by {} at {}: {}", yes.reviewer, time(yes.at), yes.reason),
        );
    }
    if let Some(ended) = &standing.ended {
        sheet.fact("ended", format!("{}: {}", time(ended.at), ended.cause));
    }
}

/// Several schedules.
pub fn schedules(schedules: Vec<Schedule>) -> Sheet {
    let mut sheet = Sheet::new(["id", "trigger", "due"]);
    for schedule in schedules {
        let (trigger, due) = (trigger(&schedule.trigger), due(&schedule));
        sheet.row([schedule.id.to_string(), trigger, due]);
    }
    sheet
}

/// One schedule.
pub fn schedule(schedule: Schedule) -> String {
    format!(
        "{}: {}, due {}",
        schedule.id,
        trigger(&schedule.trigger),
        due(&schedule)
    )
}

/// Several editions.
pub fn editions(editions: Vec<Edition>) -> Sheet {
    let mut sheet = Sheet::new(["id", "first day", "revision", "run", "releases"]);
    for edition in editions {
        sheet.row([
            edition.id.to_string(),
            edition.first_day,
            edition.revision.to_string(),
            edition.run.to_string(),
            list(&edition.releases),
        ]);
    }
    sheet
}

/// A run that was queued.
pub fn queued(run: Queued) -> String {
    format!("run {} is {}", run.id, run.status)
}

fn trigger(trigger: &ScheduleTrigger) -> String {
    match trigger {
        ScheduleTrigger::Cron { expression } => format!("cron `{expression}`"),
        ScheduleTrigger::OnSnapshot { resource } => format!("each snapshot of `{resource}`"),
    }
}

fn due(schedule: &Schedule) -> String {
    if let Some(paused) = schedule.paused {
        return format!("paused since {}: {}", time(paused.at), paused.code);
    }
    match schedule.due {
        Due::At { at } => time(at),
        Due::After { .. } => "with the next snapshot".to_owned(),
        Due::Never => "never".to_owned(),
    }
}
