//! API tokens of one's own account.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Domain, IssuedToken};
use yunei_model::{Name, TokenId};

use super::sessions::TAG;
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::route::{Route, delete, post};
use crate::segment::Segment;

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/tokens", issue)
            .decided_by(&[Action::IssueToken])
            .writes(&[Kind::TokenIssued])
            .described(
                Description::new(
                    TAG,
                    "issueToken",
                    "Issues an API token for one's own account.",
                )
                .takes("NewToken")
                .gives_as(StatusCode::CREATED, "issued", "IssuedToken"),
            ),
        delete("/api/v1/tokens/{id}", revoke)
            .decided_by(&[Action::ManageOwnToken, Action::RevokeToken])
            .writes(&[Kind::TokenRevoked])
            .described(Description::new(TAG, "revokeToken", "Revokes a token.").gives_nothing()),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewToken {
    #[serde(default)]
    label: Option<Name>,
}

async fn issue(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Sent { value, .. }: Sent<NewToken>,
) -> Answered<IssuedToken> {
    let issued = domain.issue_token(&actor, value.label).await?;
    Ok(Answer::created(issued))
}

async fn revoke(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(token): Segment<TokenId>,
) -> Result<StatusCode, Failure> {
    domain.revoke_token(&actor, token).await?;
    Ok(StatusCode::NO_CONTENT)
}
