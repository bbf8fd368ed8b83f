//! Answers in JSON.

use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use serde::Serialize;

use crate::failure::Failure;

/// What a handler gives back.
pub(crate) type Answered<T> = Result<Answer<T>, Failure>;

/// A status and a body in JSON.
#[derive(Debug)]
pub(crate) struct Answer<T> {
    status: StatusCode,
    body: T,
}

impl<T> Answer<T> {
    /// It is so.
    pub(crate) const fn ok(body: T) -> Self {
        Self {
            status: StatusCode::OK,
            body,
        }
    }

    /// It was done, with that status.
    pub(crate) const fn with(status: StatusCode, body: T) -> Self {
        Self { status, body }
    }

    /// It was made.
    pub(crate) const fn created(body: T) -> Self {
        Self {
            status: StatusCode::CREATED,
            body,
        }
    }
}

impl<T: Serialize> IntoResponse for Answer<T> {
    fn into_response(self) -> Response {
        match serde_json::to_string(&self.body) {
            Ok(text) => json(self.status, text),
            Err(error) => Failure::inside(error).into_response(),
        }
    }
}

/// A text that is JSON already.
pub(crate) fn json(status: StatusCode, text: String) -> Response {
    let mut response = (status, text).into_response();
    let json = HeaderValue::from_static("application/json");
    response.headers_mut().insert(CONTENT_TYPE, json);
    response
}
