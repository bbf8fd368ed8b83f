//! Runs in words, as supervision sees them.

use serde::Deserialize;
use yunei_model::{
    AlgorithmReview, Call, CoarseStatus, Decision, Digest, EndCause, Hint, Language, Name,
    OutputOverlaps, ReleaseId, ReleaseReview, Route, Run, Status, Text,
};

use super::wait;
use crate::exit::Exit;
use crate::printer::text;
use crate::sheet::{self, Sheet, list, number, time};

/// Cells that did not pass, shown of one output; programs get all of them.
const CELLS_SHOWN_MAX: usize = 40;

/// A run as supervision sees it.
#[derive(Debug, Deserialize)]
pub struct Shown {
    run: Run,
    #[serde(default)]
    verdicts: Vec<Verdict>,
    #[serde(default)]
    overlaps: Vec<OutputOverlaps>,
    #[serde(default)]
    reviews: Vec<ReleaseReview>,
    #[serde(default)]
    releases: Vec<ReleaseId>,
    #[serde(default)]
    use_of_fields: Vec<FieldUse>,
    manifest_digest: Option<Digest>,
    #[serde(default)]
    algorithm_reviews: Vec<AlgorithmReview>,
    judgement: Option<u64>,
    asked_anew: Option<Text>,
}

#[derive(Debug, Deserialize)]
struct FieldUse {
    resource: Name,
    field: Name,
    declared: bool,
    granted: bool,
    used: bool,
}

/// What the gate says of one output. Like the model's, but a figure that is no number comes as nothing in JSON.
#[derive(Debug, Deserialize)]
pub struct Verdict {
    output: Name,
    route: Route,
    profile: Name,
    decision: Decision,
    cells_total: u64,
    cells_released: u64,
    cells_failed: u64,
    cells_complementary: u64,
    #[serde(default)]
    cells: Vec<Cell>,
    #[serde(default)]
    hints: Vec<Hint>,
    #[serde(default)]
    reasons: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Cell {
    cell: Vec<String>,
    status: Status,
    suppressed: bool,
    failed: Vec<Figure>,
}

#[derive(Debug, Deserialize)]
struct Figure {
    rule: Name,
    measure: Option<Name>,
    value: Option<f64>,
    bound: Option<f64>,
}

impl Shown {
    /// Verdicts on its outputs.
    pub fn verdicts(&self) -> &[Verdict] {
        &self.verdicts
    }
}

impl Verdict {
    /// The output.
    pub const fn output(&self) -> &Name {
        &self.output
    }
}

/// One run, with everything that supervision may see.
pub fn one(shown: Shown) -> String {
    let mut parts = vec![text(&facts(&shown))];
    parts.extend(fields(&shown));
    for verdict in &shown.verdicts {
        let mut facts = verdict_facts(verdict);
        let own = shown.overlaps.iter().filter(|o| o.output == verdict.output);
        for told in own.flat_map(|own| &own.texts) {
            // The counts are among the reasons already.
            if !verdict.reasons.contains(&told.en) {
                facts.fact("overlap", &told.en);
            }
        }
        parts.push(text(&facts));
        parts.extend(cells_of(verdict));
    }
    parts.join("\n\n")
}

/// How a run went, as much as its author needs of it.
pub fn course(shown: &Shown) -> Sheet {
    let run = &shown.run;
    let mut sheet = Sheet::facts();
    sheet
        .fact("state", run.state)
        .fact_if("cause", run.end_cause.as_ref().map(cause))
        .fact("rows fed", number(run.rows_fed))
        .fact("calls", number(run.calls));
    for (name, value) in &run.parameters {
        let value = serde_json::json!(value);
        sheet.fact("parameter", format!("{name} = {value}"));
    }
    sheet
}

/// Granted, declared and used, where anything was.
pub fn fields(shown: &Shown) -> Option<String> {
    (!shown.use_of_fields.is_empty()).then(|| text(&use_of_fields(&shown.use_of_fields)))
}

/// The cells that a verdict names, if it names any.
pub fn cells_of(verdict: &Verdict) -> Option<String> {
    (!verdict.cells.is_empty()).then(|| cells(&verdict.cells))
}

fn facts(shown: &Shown) -> Sheet {
    let run = &shown.run;
    let mut sheet = Sheet::facts();
    sheet
        .fact("run", run.id)
        .fact("state", run.state)
        .fact("operator", run.operator)
        .fact("module", run.module)
        .fact("module digest", run.module_digest)
        .fact(
            "grant",
            format!("{} version {}", run.grant, run.grant_version),
        )
        .fact("purpose", &run.purpose)
        .fact(
            "submitted",
            format!("{} by {}", time(run.submitted_at), run.submitted_by),
        )
        .fact_if("started", run.started_at.map(time))
        .fact_if("ended", run.ended_at.map(time))
        .fact("rows fed", number(run.rows_fed))
        .fact("calls", number(run.calls))
        .fact_if("trace root", run.trace_root)
        .fact_if("cause", run.end_cause.as_ref().map(cause));
    for snapshot in &run.snapshots {
        sheet.fact("snapshot", snapshot);
    }
    for (name, value) in &run.parameters {
        sheet.fact(
            "parameter",
            format!("{name} = {}", serde_json::json!(value)),
        );
    }
    for release in &shown.releases {
        sheet.fact("release", release);
    }
    for review in &shown.reviews {
        sheet.fact(
            "review",
            format!(
                "{} by {} at {}: {}",
                review.outcome,
                review.reviewer,
                time(review.at),
                review.reason
            ),
        );
    }
    sheet
}

fn cause(cause: &EndCause) -> String {
    match cause {
        EndCause::GuestError { digest } => {
            let named = digest.map(|digest| format!(" ({digest})"));
            let named = named.unwrap_or_default();
            format!(
                "the module returned an error{named}: `yunei release open` shows reviewers its message"
            )
        }
        EndCause::Trap { trap } => format!("the module trapped: {trap}"),
        EndCause::Limit { limit } => limit.to_string(),
        EndCause::Denied { clause } => format!("denied by clause {clause}"),
        EndCause::RoomLost { room, status } => format!("room {room} was lost: {status}"),
        EndCause::GrantEnded { state } => format!("its grant is {state}"),
        EndCause::Stop { reason } => format!("stopped: {reason}"),
        EndCause::RecordFailed => "the record could not be written".to_owned(),
        EndCause::Interrupted => "the system was interrupted".to_owned(),
        EndCause::Host { detail } => format!("the host failed: {detail}"),
    }
}

/// Granted, declared and used, side by side.
fn use_of_fields(uses: &[FieldUse]) -> Sheet {
    let yes = |yes: bool| if yes { "yes" } else { "–" }.to_owned();
    let mut sheet = Sheet::new(["resource", "field", "granted", "declared", "used"]);
    for used in uses {
        sheet.row([
            used.resource.to_string(),
            used.field.to_string(),
            yes(used.granted),
            yes(used.declared),
            yes(used.used),
        ]);
    }
    sheet
}

/// What the gate says of an output as a whole.
pub fn verdict_facts(verdict: &Verdict) -> Sheet {
    let mut sheet = Sheet::facts();
    sheet
        .fact("output", &verdict.output)
        .fact("route", verdict.route)
        .fact("profile", &verdict.profile)
        .fact("decision", verdict.decision)
        .fact(
            "cells",
            format!(
                "{} in all, {} let out by the gate itself, {} failed a rule, {} blank to protect those",
                number(verdict.cells_total),
                number(verdict.cells_released),
                number(verdict.cells_failed),
                number(verdict.cells_complementary)
            ),
        );
    for reason in &verdict.reasons {
        sheet.fact("reason", reason);
    }
    for hint in &verdict.hints {
        sheet.fact("hint", hint.sentence(Language::En));
    }
    sheet
}

fn cells(cells: &[Cell]) -> String {
    let mut sheet = Sheet::new([
        "cell", "status", "blank", "rule", "measure", "figure", "bound",
    ]);
    for cell in cells.iter().take(CELLS_SHOWN_MAX) {
        let blank = if cell.suppressed { "yes" } else { "–" };
        let place = [list(&cell.cell), cell.status.to_string(), blank.to_owned()];
        let mut rows: Vec<[String; 4]> = cell.failed.iter().map(figure).collect();
        if rows.is_empty() {
            rows.push(Default::default());
        }
        for figures in rows {
            sheet.cells(place.iter().cloned().chain(figures).collect());
        }
    }
    sheet.numbers(5);
    sheet.numbers(6);
    let more = cells.len().saturating_sub(CELLS_SHOWN_MAX);
    let more = if more > 0 {
        format!("\n{more} more cells; --json has all of them")
    } else {
        String::new()
    };
    format!("{}{more}", text(&sheet))
}

fn figure(figure: &Figure) -> [String; 4] {
    let shown = |value: Option<f64>| value.map_or_else(|| "–".to_owned(), sheet::figure);
    let measure = figure
        .measure
        .as_ref()
        .map(ToString::to_string)
        .unwrap_or_default();
    [
        figure.rule.to_string(),
        measure,
        shown(figure.value),
        shown(figure.bound),
    ]
}

/// The exit code that goes with a reviewed run.
pub fn exit(shown: &Shown) -> Exit {
    match shown.run.state.coarse() {
        CoarseStatus::InProgress => Exit::Waits,
        status => wait::exit(status),
    }
}

/// Cells of a table that a rule did not let pass.
fn at_risk(verdict: &Verdict) -> u64 {
    let cells = verdict.cells.iter();
    cells.filter(|cell| !cell.cell.is_empty()).count() as u64
}

/// Why people must decide, and why anew where they are asked again.
fn reasons(shown: &Shown) -> Vec<&str> {
    let anew = shown.asked_anew.as_ref();
    let anew = anew.map(|text| text.en.as_str());
    let reasons = shown.verdicts.iter().flat_map(|verdict| &verdict.reasons);
    let overlaps = shown.overlaps.iter().flat_map(|told| &told.texts);
    let mut told: Vec<&str> = anew.into_iter().collect();
    let overlaps = overlaps.map(|text| text.en.as_str());
    for reason in reasons.map(String::as_str).chain(overlaps) {
        // What overlaps is counted among the reasons too.
        if !told.contains(&reason) {
            told.push(reason);
        }
    }
    told
}

/// Outputs that wait for a decision, oldest first, with what the gate found and what others said.
pub fn queue(runs: Vec<Shown>) -> Sheet {
    let mut sheet = Sheet::new([
        "run",
        "module",
        "grant",
        "outputs",
        "at risk",
        "why",
        "judgement",
        "said",
        "manifest",
        "algorithm by",
        "submitted",
    ]);
    for shown in runs {
        sheet.row([
            shown.run.id.to_string(),
            shown.run.module.to_string(),
            shown.run.grant.to_string(),
            list(shown.verdicts.iter().map(|verdict| &verdict.output)),
            number(shown.verdicts.iter().map(at_risk).sum()),
            list(reasons(&shown)),
            shown.judgement.map(|n| n.to_string()).unwrap_or_default(),
            list(
                shown
                    .reviews
                    .iter()
                    .map(|review| format!("{}: {}", review.outcome, review.reason)),
            ),
            shown
                .manifest_digest
                .map(|digest| digest.to_string())
                .unwrap_or_default(),
            list(shown.algorithm_reviews.iter().map(|review| review.person)),
            time(shown.run.submitted_at),
        ]);
    }
    sheet.numbers(4);
    sheet
}

/// Calls of a run.
pub fn calls(calls: Vec<Call>) -> Sheet {
    let mut sheet = Sheet::new([
        "#", "call", "resource", "fields", "rows", "bytes", "answer", "µs",
    ]);
    for call in calls {
        let clause = call
            .clause
            .map(|clause| format!(" ({clause})"))
            .unwrap_or_default();
        sheet.row([
            call.index.to_string(),
            call.kind.to_string(),
            call.resource
                .map(|resource| resource.to_string())
                .unwrap_or_default(),
            list(&call.fields),
            number(call.rows),
            number(call.bytes),
            format!("{}{clause}", call.decision),
            number(call.duration_us),
        ]);
    }
    for column in [0, 4, 5, 7] {
        sheet.numbers(column);
    }
    sheet
}

#[cfg(test)]
mod tests;
