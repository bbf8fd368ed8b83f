//! Failures: what a client is told, and what stays inside.

use std::error::Error;
use std::sync::Arc;

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Serialize;
use serde_json::Value;
use yunei_lifecycle::LifecycleError;
use yunei_model::{Code, Language, Refusal};

/// Characters of one detail that is made here; the rest is cut.
const DETAIL_CHARACTERS_MAX: usize = 300;
/// Causes behind a cause that are told of.
const CAUSES_MAX: usize = 8;

/// Why a request was not served. [`crate::context`] turns it into an answer, and is the one place that logs it.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    refusal: Refusal,
    module: Option<Value>,
    /// For the log alone.
    cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// What a client is told.
#[derive(Debug, Serialize)]
pub(crate) struct Told<'a> {
    code: Code,
    message: &'static str,
    details: &'a [String],
    clause: Option<&'a str>,
    request_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    module: Option<&'a Value>,
}

impl Failure {
    /// A request that cannot be understood; the detail says where.
    pub(crate) fn malformed(detail: impl AsRef<str>) -> Self {
        let detail: String = detail
            .as_ref()
            .chars()
            .take(DETAIL_CHARACTERS_MAX)
            .collect();
        Self::from(Refusal::new(Code::BadRequest).detail(detail))
    }

    /// Something failed inside.
    pub(crate) fn inside(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self {
            cause: Some(Arc::from(cause.into())),
            ..Self::from(Code::Internal)
        }
    }

    /// The same, showing the module that it is about.
    pub(crate) fn showing(mut self, module: Value) -> Self {
        self.module = Some(module);
        self
    }

    /// Its code.
    pub(crate) const fn code(&self) -> Code {
        self.refusal.code
    }

    /// What a client is told.
    pub(crate) fn told(&self, language: Language, request_id: String) -> Told<'_> {
        Told {
            code: self.refusal.code,
            message: self.refusal.code.sentence(language),
            details: &self.refusal.details,
            clause: self.refusal.clause.as_deref(),
            request_id,
            module: self.module.as_ref(),
        }
    }

    /// What stays inside, with the causes behind it; none where nothing failed.
    pub(crate) fn cause(&self) -> Option<String> {
        let mut cause: &(dyn Error + 'static) = &**self.cause.as_ref()?;
        let mut told = cause.to_string();
        for _ in 0..CAUSES_MAX {
            let Some(behind) = cause.source() else { break };
            told.push_str(": ");
            told.push_str(&behind.to_string());
            cause = behind;
        }
        Some(told)
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self {
            refusal,
            module: None,
            cause: None,
        }
    }
}

impl From<Code> for Failure {
    fn from(code: Code) -> Self {
        Self::from(Refusal::new(code))
    }
}

impl From<LifecycleError> for Failure {
    fn from(error: LifecycleError) -> Self {
        match error {
            LifecycleError::Refused(refusal) => Self::from(refusal),
            error => {
                let code = error.code();
                Self {
                    cause: Some(Arc::new(error)),
                    ..Self::from(code)
                }
            }
        }
    }
}

impl IntoResponse for Failure {
    /// The status, and the failure itself for [`crate::context`] to put into words.
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code().status());
        let mut response = status
            .unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            .into_response();
        response.extensions_mut().insert(self);
        response
    }
}
