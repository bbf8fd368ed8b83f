//! The variable segment of a path: an id or a name.

use std::str::FromStr;

use axum::extract::{FromRequestParts, Path};
use http::request::Parts;
use yunei_model::Code;

use crate::failure::Failure;
use crate::router::Api;

/// The one placeholder of a route's path, parsed. A text that is no id or name names nothing: it is not found.
#[derive(Debug)]
pub(crate) struct Segment<T>(pub(crate) T);

/// The two placeholders of a route's path, parsed.
#[derive(Debug)]
pub(crate) struct Segments<A, B>(pub(crate) A, pub(crate) B);

impl<A: FromStr, B: FromStr> FromRequestParts<Api> for Segments<A, B> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let path = Path::<(String, String)>::from_request_parts(parts, api).await;
        let Path((first, second)) = path.map_err(|_| Failure::from(Code::NotFound))?;
        match (first.parse(), second.parse()) {
            (Ok(first), Ok(second)) => Ok(Self(first, second)),
            _ => Err(Failure::from(Code::NotFound)),
        }
    }
}

impl<T: FromStr> FromRequestParts<Api> for Segment<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let Path(text) = Path::<String>::from_request_parts(parts, api)
            .await
            .map_err(|_| Failure::from(Code::NotFound))?;
        let parsed = text.parse().map_err(|_| Failure::from(Code::NotFound))?;
        Ok(Self(parsed))
    }
}
