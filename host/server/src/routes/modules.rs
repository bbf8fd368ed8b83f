//! Modules: uploaded, admitted or refused with every reason, reviewed, withdrawn.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Domain, ModuleView};
use yunei_model::{Code, ModuleId, ModuleState, Refusal, ReviewOutcome};

use super::words::short;
use crate::answer::{Answer, Answered};
use crate::body::{Raw, Sent};
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::page::{Listed, Part};
use crate::query::Asked;
use crate::route::{Budget, Route, get, post};
use crate::segment::Segment;

pub(super) const TAG: &str = "modules";

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/modules", upload)
            .decided_by(&[Action::UploadModule])
            .writes(&[
                Kind::ModuleUploaded,
                Kind::ModuleAdmitted,
                Kind::ModuleRefused,
            ])
            .described(
                Description::new(
                    TAG,
                    "uploadModule",
                    "Uploads a module. A refused one is answered with every reason at once.",
                )
                .takes_raw("application/wasm")
                .gives_as(StatusCode::CREATED, "admitted", "Module")
                .gives_as(
                    StatusCode::UNPROCESSABLE_ENTITY,
                    "refused, with the module",
                    "Failure",
                ),
            )
            .costing(Budget::MODULE),
        get("/api/v1/modules", list)
            .decided_by(&[Action::ViewModule])
            .reads("manifests and checks, and no data")
            .described(
                Description::new(TAG, "modules", "Modules.")
                    .asks::<Part<ModuleId>>()
                    .lists("Module"),
            ),
        get("/api/v1/modules/{id}", one)
            .decided_by(&[Action::ViewModule])
            .reads("manifest and checks, and no data")
            .described(Description::new(TAG, "module", "One module.").gives("Module")),
        post("/api/v1/modules/{id}/reviews", review)
            .decided_by(&[Action::ReviewModule])
            .writes(&[
                Kind::ModuleReviewed,
                Kind::ModuleApproved,
                Kind::ModuleRejected,
            ])
            .described(
                Description::new(
                    TAG,
                    "reviewModule",
                    "Reviews a module's algorithm. Two people approve it, one rejects it.",
                )
                .takes("NewReview")
                .gives_as(StatusCode::CREATED, "reviewed", "Module"),
            ),
        post("/api/v1/modules/{id}/withdraw", withdraw)
            .decided_by(&[Action::WithdrawModule])
            .writes(&[Kind::ModuleWithdrawn])
            .described(
                Description::new(TAG, "withdrawModule", "Takes a module back.").gives("Module"),
            ),
    ]
}

/// One person's review, of an algorithm or of an output.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewReview {
    pub(super) outcome: ReviewOutcome,
    #[serde(default, deserialize_with = "short")]
    pub(super) reason: String,
}

async fn upload(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Raw(bytes): Raw,
) -> Answered<ModuleView> {
    let upload = domain.receive(&actor, bytes.into()).await?;
    let module = domain.admit(upload).await?;
    if module.state == ModuleState::Refused {
        return Err(refused(&module));
    }
    Ok(Answer::created(module))
}

/// A refused upload, with every reason and the module that was refused.
fn refused(module: &ModuleView) -> Failure {
    let mut refusal = Refusal::new(Code::ModuleRefused);
    for finding in &module.findings {
        refusal = refusal.detail(format!("{}: {}", finding.check, finding.detail));
    }
    match serde_json::to_value(module) {
        Ok(shown) => Failure::from(refusal).showing(shown),
        Err(error) => Failure::inside(error),
    }
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<Part<ModuleId>>,
) -> Answered<Listed<ModuleView, ModuleId>> {
    let items = domain.modules(&actor, part.page()?).await?;
    Ok(Answer::ok(items.into()))
}

async fn one(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(module): Segment<ModuleId>,
) -> Answered<ModuleView> {
    Ok(Answer::ok(domain.module(&actor, module).await?))
}

async fn review(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(module): Segment<ModuleId>,
    Sent { value, .. }: Sent<NewReview>,
) -> Answered<ModuleView> {
    let module = domain
        .review_module(&actor, module, value.outcome, &value.reason)
        .await?;
    Ok(Answer::created(module))
}

async fn withdraw(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(module): Segment<ModuleId>,
) -> Answered<ModuleView> {
    Ok(Answer::ok(domain.withdraw_module(&actor, module).await?))
}
