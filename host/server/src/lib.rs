//! The HTTP interface: routes, sign-in, OpenAPI.
//!
//! Duty: parse a request, find out who asks, hand it to [`yunei_lifecycle`], and put the answer into words of HTTP.
//!
//! Invariants:
//! - The router is made of [`routes`] and of nothing else; metrics have a listener of their own, on loopback ([`serve_metrics`]). A [`Route`] cannot be made without a [`Decision`] (which action of
//!   the policies decides, or why none does) and an [`Effect`] (which entries it writes, or why it writes none).
//! - Every route has a [`Budget`]: bytes of its body, seconds of its work, how many at once.
//! - Who asks is known before a byte of the body is read. A change that has begun is not broken off because the client hung up.
//! - Clients get a stable code, a sentence in their language and the request's id. Causes go to the log alone.
//!
//! Never: deciding; SQL; a row value in a log line or an error; a second document of the interface than the one made of the routes.

mod answer;
mod body;
mod caller;
mod context;
mod document;
mod failure;
mod guard;
mod headers;
mod language;
mod lines;
mod metrics;
mod page;
mod query;
mod repeat;
mod route;
mod router;
mod routes;
mod schema;
mod segment;
mod serve;
mod streams;
mod upload;

pub use document::document;
pub use metrics::serve_metrics;
pub use route::{Budget, Decision, Effect, Route};
pub use router::{API, router};
pub use routes::routes;
pub use serve::{GRACE_SECONDS, ServerError, serve};
