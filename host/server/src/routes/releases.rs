//! Released tables: listed, and handed over as files.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;
use utoipa::IntoParams;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Delivered, Domain, ReleaseView};
use yunei_model::{Format, Language, ReleaseId, RunId};

use crate::answer::{Answer, Answered};
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::page::{Listed, page};
use crate::query::Asked;
use crate::route::{Budget, Route, get};
use crate::segment::Segment;

pub(super) const TAG: &str = "releases";

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/releases", list)
            .decided_by(&[Action::ViewRelease])
            .reads("which tables left, without a value of theirs")
            .described(
                Description::new(TAG, "releases", "Releases.")
                    .asks::<Releases>()
                    .lists("Release"),
            ),
        get("/api/v1/releases/{id}/table", table)
            .decided_by(&[Action::FetchRelease])
            .writes(&[Kind::Delivered])
            .described(
                Description::new(TAG, "table", "Hands a released table over.")
                    .asks::<Delivery>()
                    .gives_file("the table, in the format that was asked for"),
            )
            .costing(Budget::TABLE),
    ]
}

/// Which releases.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Releases {
    /// Of this run alone.
    #[param(value_type = Option<String>)]
    run: Option<RunId>,
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<ReleaseId>,
    /// Items at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// How a table is wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Delivery {
    /// `csv`, `parquet`, `xlsx` or `json`.
    #[param(value_type = String)]
    format: Format,
    /// Language of column titles: `zh` (the default) or `en`.
    #[param(value_type = Option<String>)]
    titles: Option<Language>,
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(asked): Asked<Releases>,
) -> Answered<Listed<ReleaseView, ReleaseId>> {
    let page = page(asked.after, asked.limit)?;
    let listed = domain.releases(&actor, asked.run, page).await?;
    Ok(Answer::ok(listed.into()))
}

async fn table(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(release): Segment<ReleaseId>,
    Asked(asked): Asked<Delivery>,
) -> Result<Response, Failure> {
    let titles = asked.titles.unwrap_or(Language::Zh);
    let delivered = domain
        .deliver(&actor, release, asked.format, titles)
        .await?;
    file(delivered)
}

/// A file to be kept under its name.
fn file(delivered: Delivered) -> Result<Response, Failure> {
    // INVARIANT: a file's name is made of names, so it needs no quoting.
    let disposition = format!("attachment; filename=\"{}\"", delivered.file_name);
    let disposition = HeaderValue::from_str(&disposition).map_err(Failure::inside)?;
    let mut response = delivered.bytes.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_DISPOSITION, disposition);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(delivered.media_type));
    Ok(response)
}
