//! What accompanies every request: its id, its place in a trace, its language; and the words of its answer.

use std::sync::Arc;

use axum::Json;
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_LANGUAGE, HeaderName, RETRY_AFTER, VARY, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use tracing::{Instrument as _, Span, field};
use yunei_lifecycle::{Domain, RequestTrace, SIGN_IN_LOCK_SECONDS};
use yunei_model::{Code, Language, RequestId};
use yunei_telemetry::{TraceParent, event, names, span};

use crate::failure::Failure;
use crate::language::preferred;

/// Header of the request's id.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// Seconds after which a client that was sent away may come again.
const RETRY_SECONDS: &str = "2";
/// Route of a request that no route has.
const NO_ROUTE: &str = "none";

/// What handlers know of their request.
#[derive(Debug, Clone)]
pub(crate) struct Context {
    /// For entries of the record.
    pub(crate) trace: RequestTrace,
    /// The request's span.
    pub(crate) span: Span,
}

/// Gives a request its id and span, and its failure, if any, words.
pub(crate) async fn accompany(
    State(domain): State<Arc<Domain>>,
    mut request: Request,
    next: Next,
) -> Response {
    let begun = domain.clock().now();
    let id = RequestId::new(domain.ids());
    let language = preferred(request.headers());
    let caller = traced_by(request.headers());
    let span = span_of(&request, id);
    if let Some(caller) = &caller {
        caller.adopt(&span);
    }
    let place = TraceParent::of(&span);
    // Without a tracer the caller's place is all there is.
    let told = place.or(caller);
    let trace = RequestTrace {
        trace_id: told.map(|t| t.trace_id()),
        span_id: told.map(|t| t.span_id()),
        request_id: Some(id.to_string()),
    };
    request.extensions_mut().insert(Context {
        trace,
        span: span.clone(),
    });
    let mut response = next.run(request).instrument(span.clone()).await;
    if let Some(failure) = response.extensions_mut().remove::<Failure>() {
        span.in_scope(|| log(&failure));
        response = in_words(&failure, language, id, response);
    }
    if let Ok(value) = HeaderValue::from_str(&id.to_string()) {
        response.headers_mut().insert(REQUEST_ID, value);
    }
    if let Some(value) = place.and_then(|p| HeaderValue::from_str(&p.to_string()).ok()) {
        let name = HeaderName::from_static(TraceParent::HEADER);
        response.headers_mut().insert(name, value);
    }
    let status = response.status().as_u16();
    span.record(names::HTTP_STATUS, status);
    let duration_ms = domain.clock().now().millis_since(begun);
    span.in_scope(|| {
        event!(
            INFO,
            REQUEST_ANSWERED,
            HTTP_STATUS = status,
            DURATION_MS = duration_ms
        );
    });
    response
}

fn traced_by(headers: &HeaderMap) -> Option<TraceParent> {
    let value = headers.get(TraceParent::HEADER)?;
    value.to_str().ok()?.parse().ok()
}

/// The span tells the route, never the path: a path has names and ids that a client chose.
fn span_of(request: &Request, id: RequestId) -> Span {
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or(NO_ROUTE, MatchedPath::as_str);
    let method = match *request.method() {
        Method::GET | Method::HEAD | Method::POST | Method::DELETE => request.method().as_str(),
        // As the conventions of OpenTelemetry have it.
        _ => "_OTHER",
    };
    span!(
        REQUEST,
        OTEL_KIND = "server",
        REQUEST_ID = %id,
        HTTP_METHOD = method,
        HTTP_ROUTE = route,
        HTTP_STATUS = field::Empty,
        ACCOUNT_ID = field::Empty,
        ORGANISATION_ID = field::Empty,
    )
}

/// A failure is logged here and nowhere else.
fn log(failure: &Failure) {
    let code = failure.code().as_str();
    match failure.cause() {
        Some(cause) => event!(ERROR, REQUEST_FAILED, CODE = code, CAUSE = %cause),
        None => event!(DEBUG, REQUEST_FAILED, CODE = code),
    }
}

/// The failure as its client reads it; headers that the handler set stay.
fn in_words(failure: &Failure, language: Language, id: RequestId, bare: Response) -> Response {
    let told = failure.told(language, id.to_string());
    let mut response = (bare.status(), Json(told)).into_response();
    let headers = response.headers_mut();
    headers.extend(
        bare.headers()
            .iter()
            .map(|(name, value)| (name.clone(), value.clone())),
    );
    headers.insert(
        CONTENT_LANGUAGE,
        HeaderValue::from_static(language.as_str()),
    );
    headers.insert(VARY, HeaderValue::from_static("accept-language"));
    if failure.code() == Code::NotSignedIn {
        headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    if failure.code() == Code::SignInLocked {
        headers.insert(RETRY_AFTER, HeaderValue::from(SIGN_IN_LOCK_SECONDS));
    } else if bare.status() == StatusCode::TOO_MANY_REQUESTS {
        headers.insert(RETRY_AFTER, HeaderValue::from_static(RETRY_SECONDS));
    }
    response
}
