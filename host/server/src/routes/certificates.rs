//! Certificates of releases: what a table rests on, signed; and what they commit to, opened to authorities.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;
use utoipa::IntoParams;
use yunei_authority::Action;
use yunei_ledger::{Kind, Opening};
use yunei_lifecycle::Domain;
use yunei_model::ReleaseId;

use super::releases::TAG;
use crate::answer::{Answer, Answered};
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::query::{Asked, several};
use crate::route::{Budget, Route, get};
use crate::segment::Segment;

/// Media type of notes.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/releases/{id}/certificate", certificate)
            .decided_by(&[Action::ViewRelease])
            .reads("what was decided when the table left; authorities' reading is `queried`")
            .described(
                Description::new(TAG, "certificate", "The certificate of a release: what the table rests on, as a note that the log's key signed. A receipt follows it, for operating units after the hour, for those who may view the record at once.")
                    .gives_file("a signed note, and perhaps a proof in the format tlog-proof"),
            ),
        get("/api/v1/releases/{id}/certificate/opening", opening)
            .decided_by(&[Action::OpenCertificate])
            .writes(&[Kind::CertificateOpened])
            .described(
                Description::new(TAG, "openCertificate", "Opens figures that the certificate of a release commits to, for authorities.")
                    .asks::<Leaves>()
                    .gives("CertificateOpening"),
            )
            .costing(Budget::TABLE),
    ]
}

/// Which leaves.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Leaves {
    /// Indexes of leaves, separated by commas; all of them without. 0 is about the run, 1 about the reviewers, 2 about the verdict as
    /// a whole, and each further one about the next row of the table.
    #[serde(default, deserialize_with = "several_if_any")]
    #[param(value_type = Option<String>)]
    leaves: Option<Vec<u64>>,
}

fn several_if_any<'de, D: serde::Deserializer<'de>>(
    deserializer: D,
) -> Result<Option<Vec<u64>>, D::Error> {
    several(deserializer).map(Some)
}

async fn certificate(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(release): Segment<ReleaseId>,
) -> Result<Response, Failure> {
    let file = domain.certificate(&actor, release).await?;
    // INVARIANT: a file's name is made of an id, so it needs no quoting.
    let disposition = format!("attachment; filename=\"{release}.certificate\"");
    let disposition = HeaderValue::from_str(&disposition).map_err(Failure::inside)?;
    let mut response = file.to_text().into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_DISPOSITION, disposition);
    headers.insert(CONTENT_TYPE, TEXT);
    Ok(response)
}

async fn opening(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(release): Segment<ReleaseId>,
    Asked(asked): Asked<Leaves>,
) -> Answered<Opening> {
    let opening = domain
        .open_certificate(&actor, release, asked.leaves.as_deref())
        .await?;
    Ok(Answer::ok(opening))
}
