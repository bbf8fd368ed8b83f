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

/// Why a request was not served. [`crate::context`] turns it into an answer, and is the one place that logs it.
#[derive(Debug, Clone)]
pub(crate) struct Failure(Box<Why>);

#[derive(Debug, Clone)]
struct Why {
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
        Self::from(Code::Internal).because(Arc::from(cause.into()))
    }

    /// The same, showing the module that it is about.
    pub(crate) fn showing(mut self, module: Value) -> Self {
        self.0.module = Some(module);
        self
    }

    fn because(mut self, cause: Arc<dyn Error + Send + Sync>) -> Self {
        self.0.cause = Some(cause);
        self
    }

    /// Its code.
    pub(crate) fn code(&self) -> Code {
        self.0.refusal.code
    }

    /// What a client is told.
    pub(crate) fn told(&self, language: Language, request_id: String) -> Told<'_> {
        let Why {
            refusal, module, ..
        } = &*self.0;
        Told {
            code: refusal.code,
            message: refusal.code.sentence(language),
            details: &refusal.details,
            clause: refusal.clause.as_deref(),
            request_id,
            module: module.as_ref(),
        }
    }

    /// What stays inside, with the causes behind it; none where nothing failed.
    pub(crate) fn cause(&self) -> Option<String> {
        let cause = self.0.cause.as_ref()?;
        Some(yunei_telemetry::chain(&**cause))
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        Self(Box::new(Why {
            refusal,
            module: None,
            cause: None,
        }))
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
                Self::from(code).because(Arc::new(error))
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
