//! Bodies: read up to the limit of the route's budget, and parsed.

use axum::body::Body;
use axum::extract::{FromRequest, Request};
use bytes::{Bytes, BytesMut};
use futures::StreamExt as _;
use http::HeaderMap;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE};
use serde::de::DeserializeOwned;
use yunei_model::Code;

use crate::failure::Failure;
use crate::guard::BodyLimit;
use crate::router::Api;

/// What an absent JSON body stands for.
const EMPTY_OBJECT: &[u8] = b"{}";

/// A JSON body. An absent one is an object without fields.
#[derive(Debug)]
pub(crate) struct Sent<T> {
    pub(crate) value: T,
    /// As it came.
    pub(crate) bytes: Bytes,
}

/// A body as it came.
#[derive(Debug)]
pub(crate) struct Raw(pub(crate) Bytes);

/// A body that has not been read, and how many bytes of it may be.
#[derive(Debug)]
pub(crate) struct Unread {
    pub(crate) body: Body,
    pub(crate) bytes_max: u64,
}

impl FromRequest<Api> for Unread {
    type Rejection = Failure;

    async fn from_request(request: Request, _api: &Api) -> Result<Self, Failure> {
        let limit = request.extensions().get::<BodyLimit>();
        let BodyLimit(bytes_max) =
            *limit.ok_or_else(|| Failure::inside("a route without a budget"))?;
        if announced(request.headers()).is_some_and(|bytes| bytes > bytes_max) {
            return Err(Code::TooLarge.into());
        }
        let body = request.into_body();
        Ok(Self { body, bytes_max })
    }
}

impl FromRequest<Api> for Raw {
    type Rejection = Failure;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Failure> {
        let Unread { body, bytes_max } = Unread::from_request(request, api).await?;
        let mut chunks = body.into_data_stream();
        let mut bytes = BytesMut::new();
        while let Some(chunk) = chunks.next().await {
            let chunk = chunk.map_err(|_| broken_off())?;
            if bytes.len().saturating_add(chunk.len()) as u64 > bytes_max {
                return Err(Code::TooLarge.into());
            }
            bytes.extend_from_slice(&chunk);
        }
        Ok(Self(bytes.freeze()))
    }
}

impl<T: DeserializeOwned> FromRequest<Api> for Sent<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, api: &Api) -> Result<Self, Failure> {
        let is_json = is_json(request.headers());
        let Raw(bytes) = Raw::from_request(request, api).await?;
        if !bytes.is_empty() && !is_json {
            let detail = "the body is JSON, and its content-type says so";
            return Err(Failure::malformed(detail));
        }
        let text = if bytes.is_empty() {
            EMPTY_OBJECT
        } else {
            &bytes
        };
        let value = serde_json::from_slice(text).map_err(|e| Failure::malformed(e.to_string()))?;
        Ok(Self { value, bytes })
    }
}

/// The client hung up, or sent something that is no body.
pub(crate) fn broken_off() -> Failure {
    Failure::malformed("the body was broken off")
}

fn announced(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

fn is_json(headers: &HeaderMap) -> bool {
    let essence = headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|text| text.split(';').next())
        .unwrap_or_default();
    essence.trim().eq_ignore_ascii_case("application/json")
}
