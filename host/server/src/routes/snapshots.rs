//! Snapshots of a resource: their bodies are files, and never in memory.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use yunei_authority::Action;
use yunei_catalog::{Delimiter, Encoding, ImportFormat};
use yunei_ledger::Kind;
use yunei_lifecycle::{Domain, NewSnapshot};
use yunei_model::{Name, Snapshot, SnapshotId, Timestamp};

use super::resources::TAG;
use crate::answer::{Answer, Answered};
use crate::body::Unread;
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::page::{Listed, Part};
use crate::query::{Asked, moment};
use crate::route::{Budget, Route, get, post};
use crate::segment::Segment;
use crate::upload;

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/resources/{name}/snapshots", import)
            .decided_by(&[Action::ImportSnapshot])
            .writes(&[Kind::SnapshotImported])
            .described(
                Description::new(TAG, "importSnapshot", "Imports a file as a new snapshot.")
                    .asks::<Import>()
                    .takes_raw("application/octet-stream")
                    .gives_as(StatusCode::CREATED, "imported", "Snapshot"),
            )
            .costing(Budget::SNAPSHOT),
        get("/api/v1/resources/{name}/snapshots", list)
            .decided_by(&[Action::ViewCatalogue])
            .reads("which snapshots there are: digests, counts and times, and no data")
            .described(
                Description::new(TAG, "snapshots", "Snapshots of a resource.")
                    .asks::<Part<SnapshotId>>()
                    .lists("Snapshot"),
            ),
    ]
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FileKind {
    Csv,
    Parquet,
}

/// Like [`Encoding`], as people write the names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
enum TextEncoding {
    #[default]
    #[serde(rename = "utf-8")]
    Utf8,
    #[serde(rename = "gb18030")]
    Gb18030,
}

/// What the file is.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Import {
    /// `csv` or `parquet`.
    #[param(value_type = String)]
    format: FileKind,
    /// Of a CSV file: `utf-8` (the default) or `gb18030`.
    #[param(value_type = Option<String>)]
    encoding: Option<TextEncoding>,
    /// Of a CSV file: `comma` (the default), `semicolon`, `tab` or `bar`.
    #[param(value_type = Option<String>)]
    delimiter: Option<Delimiter>,
    /// The state of the world that the data tell of, in RFC 3339.
    #[serde(deserialize_with = "moment")]
    #[param(value_type = String)]
    data_as_of: Timestamp,
}

impl Import {
    fn format(&self) -> Result<ImportFormat, Failure> {
        match self.format {
            FileKind::Csv => Ok(ImportFormat::Csv {
                encoding: match self.encoding.unwrap_or_default() {
                    TextEncoding::Utf8 => Encoding::Utf8,
                    TextEncoding::Gb18030 => Encoding::Gb18030,
                },
                delimiter: self.delimiter.unwrap_or_default(),
            }),
            FileKind::Parquet if self.encoding.is_none() && self.delimiter.is_none() => {
                Ok(ImportFormat::Parquet)
            }
            FileKind::Parquet => {
                let detail = "`encoding` and `delimiter` are of CSV files alone";
                Err(Failure::malformed(detail))
            }
        }
    }
}

async fn import(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(resource): Segment<Name>,
    Asked(asked): Asked<Import>,
    unread: Unread,
) -> Answered<Snapshot> {
    let format = asked.format()?;
    domain.may_import(&actor, &resource).await?;
    let uploaded = upload::receive(&domain, unread).await?;
    let new = NewSnapshot {
        file: uploaded.name.clone(),
        format,
        data_as_of: asked.data_as_of,
    };
    let snapshot = domain.import_snapshot(&actor, &resource, new).await?;
    Ok(Answer::created(snapshot))
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(resource): Segment<Name>,
    Asked(part): Asked<Part<SnapshotId>>,
) -> Answered<Listed<Snapshot, SnapshotId>> {
    let items = domain.snapshots(&actor, &resource, part.page()?).await?;
    Ok(Answer::ok(items.into()))
}
