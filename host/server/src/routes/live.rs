//! The live page: plain files over the same interface that everyone else uses. It decides nothing and holds nothing.

use axum::response::{IntoResponse as _, Response};
use http::HeaderValue;
use http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};

use crate::document::Description;
use crate::route::{Route, get};

pub(super) const TAG: &str = "live";

/// Scripts, styles and requests of this origin alone; nothing inline, nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; \
    frame-ancestors 'none'; base-uri 'none'; form-action 'none'";

macro_rules! files {
    ($($path:literal, $id:literal, $file:literal, $kind:literal;)+) => {
        pub(super) fn routes() -> Vec<Route> {
            vec![$(
                get($path, || async { file(include_str!(concat!("../../live/", $file)), $kind) })
                    .public("the page shows nothing before its reader has signed in")
                    .reads("the same for everyone")
                    .described(
                        Description::new(TAG, $id, concat!("`", $file, "` of the live page."))
                            .gives_file(concat!("a text of `", $kind, "`")),
                    ),
            )+]
        }
    };
}

files! {
    "/", "livePage", "index.html", "text/html; charset=utf-8";
    "/live/style.css", "liveStyle", "style.css", "text/css; charset=utf-8";
    "/live/live.js", "liveScript", "live.js", "text/javascript; charset=utf-8";
    "/live/interface.js", "liveInterface", "interface.js", "text/javascript; charset=utf-8";
    "/live/record.js", "liveRecord", "record.js", "text/javascript; charset=utf-8";
    "/live/run.js", "liveRun", "run.js", "text/javascript; charset=utf-8";
    "/live/shape.js", "liveShape", "shape.js", "text/javascript; charset=utf-8";
    "/live/words.js", "liveWords", "words.js", "text/javascript; charset=utf-8";
}

fn file(text: &'static str, kind: &'static str) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    response
}
