//! The query of a request, parsed.

use std::fmt::Display;
use std::str::FromStr;

use axum::extract::{FromRequestParts, Query};
use http::request::Parts;
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize as _, Deserializer};
use yunei_model::Timestamp;

use crate::failure::Failure;
use crate::router::Api;

/// The query, as the fields of `T`; one that `T` does not have is an error.
#[derive(Debug)]
pub(crate) struct Asked<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequestParts<Api> for Asked<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Self, Failure> {
        let parsed = Query::<T>::from_request_parts(parts, api).await;
        let Query(asked) = parsed.map_err(|e| Failure::malformed(e.body_text()))?;
        Ok(Self(asked))
    }
}

/// A point in time in RFC 3339. The `+` of an offset may stand as it is, although a query reads it as a space.
pub(crate) fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.replace(' ', "+")
        .parse()
        .map_err(|_| D::Error::custom("a time is written as in 2026-01-31T00:00:00+08:00"))
}

/// The same, where it may be absent.
pub(crate) fn moment_if_any<'de, D>(deserializer: D) -> Result<Option<Timestamp>, D::Error>
where
    D: Deserializer<'de>,
{
    moment(deserializer).map(Some)
}

/// Several values, separated by commas.
pub(crate) fn several<'de, D, T>(deserializer: D) -> Result<Vec<T>, D::Error>
where
    D: Deserializer<'de>,
    T: FromStr<Err: Display>,
{
    let text = String::deserialize(deserializer)?;
    text.split(',')
        .map(|part| part.trim().parse().map_err(D::Error::custom))
        .collect()
}
