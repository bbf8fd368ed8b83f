//! Who asks: the bearer token of a request.

use std::sync::Arc;

use axum::extract::{FromRef as _, FromRequestParts};
use http::header::AUTHORIZATION;
use http::request::Parts;
use yunei_lifecycle::{Actor, Domain};
use yunei_model::Code;
use yunei_telemetry::names;

use crate::context::Context;
use crate::failure::Failure;
use crate::router::Api;

/// Bytes of a token at most.
const TOKEN_BYTES_MAX: usize = 256;

/// Someone who is signed in. The first argument of a handler: nothing else is looked at before.
#[derive(Debug)]
pub(crate) struct Caller(pub(crate) Actor);

impl FromRequestParts<Api> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let secret = bearer(parts).ok_or(Code::NotSignedIn)?;
        let context = Context::of(parts)?;
        let domain = Arc::<Domain>::from_ref(api);
        let actor = domain.authenticate(secret, context.trace.clone()).await?;
        let principal = actor.principal();
        let account = tracing::field::display(principal.account);
        let organisation = tracing::field::display(principal.organisation);
        context.span.record(names::ACCOUNT_ID, account);
        context.span.record(names::ORGANISATION_ID, organisation);
        Ok(Self(actor))
    }
}

/// Anyone: someone who is signed in, if they say so. A token that does not hold is no stranger's.
#[derive(Debug)]
pub(crate) struct Visitor(pub(crate) Option<Actor>);

impl FromRequestParts<Api> for Visitor {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        if !parts.headers.contains_key(AUTHORIZATION) {
            return Ok(Self(None));
        }
        let Caller(actor) = Caller::from_request_parts(parts, api).await?;
        Ok(Self(Some(actor)))
    }
}

impl Context {
    /// The context of a request.
    pub(crate) fn of(parts: &Parts) -> Result<&Self, Failure> {
        parts
            .extensions
            .get()
            .ok_or_else(|| Failure::inside("a request without context"))
    }
}

impl FromRequestParts<Api> for Context {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _api: &Api) -> Result<Self, Failure> {
        Self::of(parts).cloned()
    }
}

/// The token, if there is exactly one well-formed `Authorization: Bearer`.
fn bearer(parts: &Parts) -> Option<&str> {
    let mut values = parts.headers.get_all(AUTHORIZATION).iter();
    let (value, None) = (values.next()?, values.next()) else {
        return None;
    };
    let (scheme, token) = value.to_str().ok()?.split_once(' ')?;
    let token = token.trim();
    let fits = !token.is_empty() && token.len() <= TOKEN_BYTES_MAX;
    (fits && scheme.eq_ignore_ascii_case("bearer")).then_some(token)
}
