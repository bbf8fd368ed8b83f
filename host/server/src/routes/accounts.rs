//! Accounts and roles.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Domain, NewAccount};
use yunei_model::{Account, AccountId, Appointment, Remit, Role, Timestamp};

use super::organisations::TAG;
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::page::{Listed, Part};
use crate::query::Asked;
use crate::route::{Budget, Route, get, post};
use crate::segment::Segment;

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/accounts", open)
            .decided_by(&[Action::CreateAccount])
            .writes(&[Kind::AccountCreated])
            .described(
                Description::new(TAG, "createAccount", "Opens an account without a role.")
                    .takes("NewAccount")
                    .gives_as(StatusCode::CREATED, "opened", "Account"),
            )
            .costing(Budget::PASSWORD),
        get("/api/v1/accounts", list)
            .decided_by(&[Action::ViewAccount])
            .reads("account names, roles and references to persons, for those who run the register")
            .described(
                Description::new(TAG, "accounts", "Accounts.")
                    .asks::<Part<AccountId>>()
                    .lists("Account"),
            ),
        post("/api/v1/accounts/{id}/appointments", appoint)
            .decided_by(&[Action::Appoint])
            .writes(&[Kind::RoleAppointed])
            .described(
                Description::new(TAG, "appoint", "Gives an account a role.")
                    .takes("NewAppointment")
                    .gives_as(StatusCode::CREATED, "appointed", "Account"),
            ),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAppointment {
    role: Role,
    #[serde(default)]
    until: Option<Timestamp>,
    #[serde(default)]
    remit: Remit,
}

async fn open(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Sent { value, .. }: Sent<NewAccount>,
) -> Answered<Account> {
    let account = domain.create_account(&actor, value).await?;
    Ok(Answer::created(account))
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<Part<AccountId>>,
) -> Answered<Listed<Account, AccountId>> {
    let items = domain.accounts(&actor, part.page()?).await?;
    Ok(Answer::ok(items.into()))
}

async fn appoint(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(account): Segment<AccountId>,
    Sent { value, .. }: Sent<NewAppointment>,
) -> Answered<Account> {
    let NewAppointment { role, until, remit } = value;
    let from = domain.clock().now();
    let appointment = Appointment {
        role,
        from,
        until,
        remit,
    };
    let account = domain.appoint(&actor, account, appointment).await?;
    Ok(Answer::created(account))
}
