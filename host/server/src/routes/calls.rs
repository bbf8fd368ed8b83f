//! Calls over all runs, for those who supervise.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use yunei_authority::Action;
use yunei_lifecycle::{CallQuery, Domain, FoundCall};
use yunei_model::{CallDecision, GrantId, ModuleId, Name, OrganisationId, RunId, Timestamp};

use super::record::TAG;
use crate::answer::{Answer, Answered};
use crate::caller::Caller;
use crate::document::Description;
use crate::page::{Listed, page};
use crate::query::{Asked, moment_if_any};
use crate::route::{Route, get};

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/calls", calls)
            .decided_by(&[Action::ViewRecord, Action::ViewRunDetail])
            .reads("names, counts and times of calls, for those who supervise; authorities' reading is `queried`")
            .described(
                Description::new(TAG, "callsAcross", "Host calls of all runs whose traces the asker may see.")
                    .asks::<Calls>()
                    .lists("FoundCall"),
            ),
    ]
}

/// Which calls.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Calls {
    /// The `next` of the page before.
    #[serde(default, deserialize_with = "place")]
    #[param(value_type = Option<String>)]
    after: Option<Place>,
    /// Items at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
    /// Of this run.
    #[param(value_type = Option<String>)]
    run: Option<RunId>,
    /// Of this operating unit's runs.
    #[param(value_type = Option<String>)]
    operator: Option<OrganisationId>,
    /// Under this grant.
    #[param(value_type = Option<String>)]
    grant: Option<GrantId>,
    /// By this module.
    #[param(value_type = Option<String>)]
    module: Option<ModuleId>,
    /// Of this resource.
    #[param(value_type = Option<String>)]
    resource: Option<Name>,
    /// Answered so: `allowed` or `denied`.
    #[param(value_type = Option<String>)]
    decision: Option<CallDecision>,
    /// Made at or after, in RFC 3339.
    #[serde(default, deserialize_with = "moment_if_any")]
    #[param(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// Made before, in RFC 3339.
    #[serde(default, deserialize_with = "moment_if_any")]
    #[param(value_type = Option<String>)]
    until: Option<Timestamp>,
}

/// A call's place over all runs, written `RUN:INDEX`.
#[derive(Debug, Clone, Copy)]
struct Place(RunId, u64);

impl FromStr for Place {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "`after` is the `next` of the page before";
        let (run, index) = text.split_once(':').ok_or(wrong)?;
        let place = run.parse().ok().zip(index.parse().ok());
        place.map(|(run, index)| Self(run, index)).ok_or(wrong)
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.0, self.1)
    }
}

impl Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn place<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Place>, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse().map(Some).map_err(serde::de::Error::custom)
}

async fn calls(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(asked): Asked<Calls>,
) -> Answered<Listed<FoundCall, Place>> {
    let page = page(
        asked.after.map(|Place(run, index)| (run, index)),
        asked.limit,
    )?;
    let query = CallQuery {
        run: asked.run,
        operator: asked.operator,
        grant: asked.grant,
        module: asked.module,
        resource: asked.resource,
        decision: asked.decision,
        since: asked.since,
        until: asked.until,
    };
    let found = domain.calls_across(&actor, &query, page).await?;
    let next = found.next.map(|(run, index)| Place(run, index));
    let items = found.items;
    Ok(Answer::ok(yunei_lifecycle::Listed { items, next }.into()))
}
