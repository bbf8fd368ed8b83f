//! The live page: plain files over the same interface that everyone else uses. It decides nothing and holds nothing.

use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use yunei_model::Code;

use crate::document::Description;
use crate::failure::Failure;
use crate::route::{Route, get};
use crate::segment::Segment;

pub(super) const TAG: &str = "live";

/// Scripts, styles and requests of this origin alone; nothing inline, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

pub(super) fn routes() -> Vec<Route> {
    const WHY: &str = "the page shows nothing before its reader has signed in";
    vec![
        get("/", page)
            .public(WHY)
            .reads("the same for everyone")
            .described(
                Description::new(TAG, "livePage", "The live page.").gives_file("a page of HTML"),
            ),
        get("/live/{file}", file)
            .public(WHY)
            .reads("the same for everyone")
            .described(
                Description::new(TAG, "liveFile", "A style or a script of the live page.")
                    .gives_file("a text"),
            ),
    ]
}

const STYLE: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";

async fn page() -> Response {
    told(
        include_str!("../../live/index.html"),
        "text/html; charset=utf-8",
    )
}

async fn file(Segment(name): Segment<String>) -> Result<Response, Failure> {
    let (text, kind) = match name.as_str() {
        "style.css" => (include_str!("../../live/style.css"), STYLE),
        "live.js" => (include_str!("../../live/live.js"), SCRIPT),
        "interface.js" => (include_str!("../../live/interface.js"), SCRIPT),
        "privacy.js" => (include_str!("../../live/privacy.js"), SCRIPT),
        "products.js" => (include_str!("../../live/products.js"), SCRIPT),
        "retrievals.js" => (include_str!("../../live/retrievals.js"), SCRIPT),
        "queue.js" => (include_str!("../../live/queue.js"), SCRIPT),
        "record.js" => (include_str!("../../live/record.js"), SCRIPT),
        "run.js" => (include_str!("../../live/run.js"), SCRIPT),
        "shape.js" => (include_str!("../../live/shape.js"), SCRIPT),
        "views.js" => (include_str!("../../live/views.js"), SCRIPT),
        "words.js" => (include_str!("../../live/words.js"), SCRIPT),
        _ => return Err(Code::NotFound.into()),
    };
    Ok(told(text, kind))
}

fn told(text: &'static str, kind: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
