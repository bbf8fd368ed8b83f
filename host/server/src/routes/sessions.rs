//! Sign-in and sign-out.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use yunei_ledger::Kind;
use yunei_lifecycle::{Domain, IssuedToken};
use yunei_model::{Account, Code, Name};

use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::context::Context;
use crate::document::Description;
use crate::failure::Failure;
use crate::route::{Budget, Route, delete, get, post};

pub(super) const TAG: &str = "sign-in";

pub(super) fn routes() -> Vec<Route> {
    vec![
        post("/api/v1/sessions", sign_in)
            .public("the password decides")
            .writes(&[Kind::SignedIn, Kind::SignInFailed, Kind::SignInLocked])
            .described(
                Description::new(TAG, "signIn", "Signs in by password.")
                    .takes("SignIn")
                    .gives_as(StatusCode::CREATED, "signed in", "IssuedToken"),
            )
            .costing(Budget::PASSWORD),
        delete("/api/v1/sessions", sign_out)
            .signed_in("ends the token that it comes with")
            .writes(&[Kind::SignedOut])
            .described(
                Description::new(
                    TAG,
                    "signOut",
                    "Ends the session or token that it comes with.",
                )
                .gives_nothing(),
            ),
        get("/api/v1/me", me)
            .signed_in("one's own account")
            .reads("tells the asker of nobody else")
            .described(Description::new(TAG, "me", "One's own account.").gives("Account")),
    ]
}

/// Not `Debug`: it holds a password.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SignIn {
    account: String,
    password: String,
}

async fn sign_in(
    State(domain): State<Arc<Domain>>,
    context: Context,
    Sent { value, .. }: Sent<SignIn>,
) -> Answered<IssuedToken> {
    // What is no name is the name of no account; a domain without one of this name answers the same.
    let name = Name::parse(&value.account).map_err(|_| Failure::from(Code::SignInFailed))?;
    let issued = domain
        .sign_in(&name, &value.password, &context.trace)
        .await?;
    Ok(Answer::created(issued))
}

async fn sign_out(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
) -> Result<StatusCode, Failure> {
    domain.sign_out(&actor).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn me(State(domain): State<Arc<Domain>>, Caller(actor): Caller) -> Answered<Account> {
    Ok(Answer::ok(domain.own_account(&actor).await?))
}
