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
