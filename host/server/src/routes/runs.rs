//! Runs: submitted once, seen coarsely by operating units and in detail by supervision.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{
    Actor, CheckQuery, ChecksView, Domain, Replay, RunDetail, RunRequest, RunView,
};
use yunei_model::{Call, Name, RunId};

use super::words::Reasoned;
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::page::{Listed, Part, rows};
use crate::query::Asked;
use crate::repeat::{Key, Repeatable, Repeats};
use crate::route::{Budget, Route, get, post};
use crate::segment::Segment;

pub(super) const TAG: &str = "runs";

const SUBMIT: &str = "/api/v1/runs";

pub(super) fn routes() -> Vec<Route> {
    vec![
        post(SUBMIT, submit)
            .decided_by(&[Action::ViewModule, Action::SubmitRun])
            .writes(&[Kind::RunSubmitted, Kind::RunRefused])
            .described(
                Description::new(TAG, "submitRun", "Submits a run.")
                    .once()
                    .takes("RunRequest")
                    .gives_as(StatusCode::ACCEPTED, "queued", "Run"),
            ),
        get(SUBMIT, list)
            .decided_by(&[Action::ViewRun])
            .reads("coarse statuses alone")
            .described(
                Description::new(TAG, "runs", "Runs, coarsely.")
                    .asks::<Part<RunId>>()
                    .lists("Run"),
            ),
        get("/api/v1/runs/{id}", one)
            .decided_by(&[Action::ViewRun])
            .reads("a coarse status alone")
            .described(Description::new(TAG, "run", "One run, coarsely.").gives("Run")),
        get("/api/v1/runs/{id}/detail", detail)
            .decided_by(&[Action::ViewRunDetail])
            .reads("figures of checks, for those who supervise; authorities' reading is `queried`")
            .described(
                Description::new(TAG, "runDetail", "One run, as supervision sees it.")
                    .gives("RunDetail"),
            ),
        get("/api/v1/runs/{id}/checks", checks)
            .decided_by(&[Action::ViewRunDetail])
            .reads("figures of every rule in every cell, for those who supervise; authorities' reading is `queried`")
            .described(
                Description::new(
                    TAG,
                    "checks",
                    "What the gate found in the cells of one output: every rule with its figure, passed or not, and what stays unknown of blank cells.",
                )
                .asks::<Cells>()
                .gives("Checks"),
            ),
        get("/api/v1/runs/{id}/calls", calls)
            .decided_by(&[Action::ViewRunDetail])
            .reads("names, counts and times of calls, for those who supervise; authorities' reading is `queried`")
            .described(
                Description::new(TAG, "calls", "Host calls of a run.")
                    .asks::<Calls>()
                    .lists("Call"),
            ),
        post("/api/v1/runs/{id}/replay", replay)
            .decided_by(&[Action::ReplayRun])
            .writes(&[Kind::RunReplayed])
            .described(
                Description::new(
                    TAG,
                    "replayRun",
                    "Runs a run that is over once more, inside, and says what differs from the record. Nothing is released.",
                )
                .gives("Replay"),
            )
            .costing(Budget::REPLAY),
        post("/api/v1/runs/{id}/stop", stop)
            .decided_by(&[Action::StopRun])
            .writes(&[Kind::RunStopped, Kind::SealedOutputDestroyed])
            .described(
                Description::new(TAG, "stopRun", "Stops a run.")
                    .takes("Reason")
                    .gives("RunDetail"),
            ),
    ]
}

/// Which calls.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Calls {
    /// Index of the first, from 0: the `next` of the page before.
    #[serde(default)]
    #[param(required = false)]
    from: u64,
    /// Items at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// Which cells.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Cells {
    /// The output.
    #[param(value_type = String)]
    output: Name,
    /// Row of the first, from 0: the `next` of the page before.
    #[serde(default)]
    #[param(required = false)]
    from: u32,
    /// Items at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Only cells that are blank or that a rule did not let pass.
    #[serde(default)]
    #[param(required = false)]
    at_risk: bool,
}

async fn submit(
    State(domain): State<Arc<Domain>>,
    State(repeats): State<Arc<Repeats>>,
    Caller(actor): Caller,
    key: Key,
    Sent { value, bytes }: Sent<RunRequest>,
) -> Result<Response, Failure> {
    let request = Repeatable {
        domain: &domain,
        repeats: &repeats,
        key: Some(key),
        path: SUBMIT,
        body: &bytes,
        status: StatusCode::ACCEPTED,
    };
    let submit = async |actor: &Actor| domain.submit(actor, value).await;
    request.serve(actor, submit).await
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<Part<RunId>>,
) -> Answered<Listed<RunView, RunId>> {
    let items = domain.runs(&actor, part.page()?).await?;
    Ok(Answer::ok(items.into()))
}

async fn one(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(run): Segment<RunId>,
) -> Answered<RunView> {
    Ok(Answer::ok(domain.run(&actor, run).await?))
}

async fn detail(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(run): Segment<RunId>,
) -> Answered<RunDetail> {
    Ok(Answer::ok(domain.run_detail(&actor, run).await?))
}

async fn checks(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(run): Segment<RunId>,
    Asked(asked): Asked<Cells>,
) -> Answered<ChecksView> {
    let query = CheckQuery {
        output: &asked.output,
        from: asked.from,
        limit: rows(asked.limit)?,
        at_risk: asked.at_risk,
    };
    Ok(Answer::ok(domain.checks(&actor, run, query).await?))
}

async fn calls(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(run): Segment<RunId>,
    Asked(asked): Asked<Calls>,
) -> Answered<Listed<Call, u64>> {
    let limit = rows(asked.limit)?;
    let items = domain.calls(&actor, run, asked.from, limit).await?;
    Ok(Answer::ok(items.into()))
}

async fn replay(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(run): Segment<RunId>,
) -> Answered<Replay> {
    Ok(Answer::ok(domain.replay(&actor, run).await?))
}

async fn stop(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(run): Segment<RunId>,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<RunDetail> {
    let detail = domain.stop_run(&actor, run, &value.reason).await?;
    Ok(Answer::ok(detail))
}
