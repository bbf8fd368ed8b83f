//! Accounts and roles.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Actor, Domain, NewAccount};
use yunei_model::{Account, AccountId, Appointment, Remit, Role, Timestamp};

use super::organisations::TAG;
use super::words::{Reasoned, given};
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::page::{Listed, Part};
use crate::query::Asked;
use crate::repeat::{Key, Repeatable, Repeats};
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
                    .repeatable()
                    .takes("NewAppointment")
                    .gives_as(StatusCode::CREATED, "appointed", "Account"),
            ),
        post("/api/v1/accounts/{id}/dismiss", dismiss)
            .decided_by(&[Action::EndAppointment])
            .writes(&[Kind::RoleEnded])
            .described(
                Description::new(
                    TAG,
                    "endAppointment",
                    "Ends a role of an account, from now on.",
                )
                .takes("Dismissal")
                .gives("Account"),
            ),
        post("/api/v1/accounts/{id}/close", close)
            .decided_by(&[Action::CloseAccount])
            .writes(&[Kind::AccountClosed])
            .described(
                Description::new(TAG, "closeAccount", "Closes an account; its tokens end.")
                    .takes("Reason")
                    .gives("Account"),
            ),
        post("/api/v1/accounts/{id}/unlock", unlock)
            .decided_by(&[Action::LiftLockOut])
            .writes(&[Kind::SignInUnlocked])
            .described(
                Description::new(
                    TAG,
                    "liftLockOut",
                    "Lifts the lock-out of an account after failed sign-ins.",
                )
                .takes("Reason")
                .gives("Account"),
            ),
    ]
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Dismissal {
    role: Role,
    #[serde(deserialize_with = "given")]
    reason: String,
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
    State(repeats): State<Arc<Repeats>>,
    Caller(actor): Caller,
    key: Option<Key>,
    Segment(account): Segment<AccountId>,
    Sent { value, bytes }: Sent<NewAppointment>,
) -> Result<Response, Failure> {
    let NewAppointment { role, until, remit } = value;
    let from = domain.clock().now();
    let appointment = Appointment {
        role,
        from,
        until,
        remit,
    };
    let request = Repeatable {
        domain: &domain,
        repeats: &repeats,
        key,
        path: &format!("/api/v1/accounts/{account}/appointments"),
        body: &bytes,
        status: StatusCode::CREATED,
    };
    let appoint = async |actor: &Actor| domain.appoint(actor, account, appointment).await;
    request.serve(actor, appoint).await
}

async fn dismiss(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(account): Segment<AccountId>,
    Sent { value, .. }: Sent<Dismissal>,
) -> Answered<Account> {
    let Dismissal { role, reason } = value;
    let account = domain
        .end_appointment(&actor, account, role, &reason)
        .await?;
    Ok(Answer::ok(account))
}

async fn close(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(account): Segment<AccountId>,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<Account> {
    let account = domain.close_account(&actor, account, &value.reason).await?;
    Ok(Answer::ok(account))
}

async fn unlock(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(account): Segment<AccountId>,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<Account> {
    let account = domain.lift_lock_out(&actor, account, &value.reason).await?;
    Ok(Answer::ok(account))
}
