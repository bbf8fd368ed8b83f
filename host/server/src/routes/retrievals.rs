//! Retrieval of evidence 调取: asked for under an approval number, signed by a second person, then handed over; or refused.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Domain, NewRetrieval};
use yunei_model::{Retrieval, RetrievalId};

use super::record::TAG;
use super::words::Reasoned;
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::lines::{Head, Lines, Written, streamed};
use crate::page::{Listed, Part};
use crate::query::Asked;
use crate::route::{Route, get, post};
use crate::segment::Segment;
use crate::streams::{Lasting, Streams};

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/retrievals", request)
            .decided_by(&[Action::RequestEvidence])
            .writes(&[Kind::EvidenceRequested])
            .described(
                Description::new(TAG, "requestEvidence", "Asks for evidence of a run or of a span of time, under an approval number.")
                    .takes("NewRetrieval")
                    .gives_as(StatusCode::CREATED, "asked for; waits for a second person", "Retrieval"),
            ),
        get("/api/v1/retrievals", list)
            .decided_by(&[Action::ViewRecord, Action::ViewEvidence])
            .reads("who asked for what, and no evidence; authorities' reading is `queried`")
            .described(
                Description::new(TAG, "retrievals", "Retrievals of evidence.")
                    .asks::<Part<RetrievalId>>()
                    .lists("Retrieval"),
            ),
        get("/api/v1/retrievals/{id}", one)
            .decided_by(&[Action::ViewEvidence])
            .reads("who asked for what, and no evidence")
            .described(Description::new(TAG, "retrieval", "One retrieval.").gives("Retrieval")),
        post("/api/v1/retrievals/{id}/signature", sign)
            .decided_by(&[Action::SignEvidence])
            .writes(&[Kind::EvidenceSigned])
            .described(
                Description::new(TAG, "signEvidence", "Signs as the second person.")
                    .takes("Reason")
                    .gives("Retrieval"),
            ),
        post("/api/v1/retrievals/{id}/refusal", refuse)
            .decided_by(&[Action::RefuseEvidence])
            .writes(&[Kind::EvidenceRefused])
            .described(
                Description::new(TAG, "refuseEvidence", "Refuses evidence that nobody has signed for, with a reason; whoever asked takes the request back by it.")
                    .takes("Reason")
                    .gives("Retrieval"),
            ),
        get("/api/v1/retrievals/{id}/package", package)
            .decided_by(&[Action::RetrieveEvidence])
            .writes(&[Kind::EvidenceRetrieved])
            .described(
                Description::new(TAG, "evidence", "Hands the evidence over, as JSON lines: the retrieval, entries with receipts, calls.")
                    .gives_file("the evidence"),
            ),
    ]
}

async fn request(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Sent { value, .. }: Sent<NewRetrieval>,
) -> Answered<Retrieval> {
    let retrieval = domain.request_evidence(&actor, value).await?;
    Ok(Answer::created(retrieval))
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<Part<RetrievalId>>,
) -> Answered<Listed<Retrieval, RetrievalId>> {
    let items = domain.retrievals(&actor, part.page()?).await?;
    Ok(Answer::ok(items.into()))
}

async fn one(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(retrieval): Segment<RetrievalId>,
) -> Answered<Retrieval> {
    Ok(Answer::ok(domain.retrieval(&actor, retrieval).await?))
}

async fn sign(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(retrieval): Segment<RetrievalId>,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<Retrieval> {
    let retrieval = domain.sign_evidence(&actor, retrieval, &value.reason);
    Ok(Answer::ok(retrieval.await?))
}

async fn refuse(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(retrieval): Segment<RetrievalId>,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<Retrieval> {
    let retrieval = domain.refuse_evidence(&actor, retrieval, &value.reason);
    Ok(Answer::ok(retrieval.await?))
}

async fn package(
    State(domain): State<Arc<Domain>>,
    State(streams): State<Arc<Streams>>,
    Caller(actor): Caller,
    Segment(retrieval): Segment<RetrievalId>,
) -> Result<Response, Failure> {
    let place = streams.place(Lasting::Export, actor.principal().account)?;
    let evidence = domain.retrieve_evidence(&actor, retrieval).await?;
    let head = Head::of(&domain, evidence.export(), Some(evidence.retrieval.clone()));
    let lines = Lines::evidence(evidence, head, place);
    let body = Body::from_stream(lines.stream());
    Ok(streamed(body, Written::Jsonl, "evidence"))
}
