//! A domain over a directory of its own, its first people, and a client that checks every answer against the table of routes.

pub mod shape;
pub mod witness;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Method, Request, StatusCode};
use serde_json::{Value, json};
use tempfile::TempDir;
use tower::ServiceExt as _;
use yunei_lifecycle::{AlertRule, Alerting, Domain};
use yunei_model::{Clock as _, SystemClock};
use yunei_town::settings;

use witness::Witness;

pub use yunei_town::PASSWORD;

/// A domain and its interface.
pub struct Town {
    pub domain: Arc<Domain>,
    pub router: Router,
    witness: Witness,
    directory: TempDir,
}

/// Waits out the rest of an hour that is nearly over: strangers see the log as of the full hour, so that what they are told changes
/// with it.
pub async fn within_one_hour() {
    const HOUR_SECONDS: i64 = 3600;
    const REST_SECONDS_MIN: i64 = 120;
    let seconds = SystemClock.now().as_micros() / 1_000_000;
    let rest = HOUR_SECONDS - seconds.rem_euclid(HOUR_SECONDS);
    if rest < REST_SECONDS_MIN {
        let rest = u64::try_from(rest).unwrap();
        tokio::time::sleep(Duration::from_secs(rest + 1)).await;
    }
}

/// An answer, read to its end.
#[derive(Debug)]
pub struct Reply {
    pub status: StatusCode,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Reply {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub fn code(&self) -> String {
        self.text("code")
    }

    pub fn text(&self, field: &str) -> String {
        self.json()[field].as_str().unwrap_or_default().to_owned()
    }

    /// Passes the answer on if it has that status, and shows it otherwise.
    pub fn expect(self, status: u16) -> Self {
        let shown = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status.as_u16(), status, "{shown}");
        self
    }
}

impl Town {
    pub async fn found() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let settings = settings(directory.path(), Arc::new(SystemClock));
        // One failure to sign in is enough for an alert.
        let rule = include_str!("../../../../policies/alerts/sign-in-failures.toml");
        let rule = AlertRule::parse(&rule.replace("count = 20", "count = 1")).unwrap();
        let alerting = Alerting::new(vec![rule], Vec::new()).unwrap();
        let domain = Domain::open(settings).await.unwrap().with_alerts(alerting);
        let domain = Arc::new(domain);
        domain.bootstrap().await.unwrap();
        let witness = Witness::of(directory.path()).await;
        Self {
            router: yunei_server::router(Arc::clone(&domain)),
            domain,
            witness,
            directory,
        }
    }

    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The token of one of the two administrators of the first start.
    pub fn administrator(&self, which: &str) -> String {
        let file = self.path().join(format!("{which}-administrator.token"));
        std::fs::read_to_string(file).unwrap()
    }

    /// Sends a request. What it leaves on the record, and what is answered, must be what its route declares.
    pub async fn send(&self, request: Request<Body>) -> Reply {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let reply = Reply {
            status: parts.status,
            headers: parts.headers,
            body: axum::body::to_bytes(body, 1 << 30).await.unwrap().to_vec(),
        };
        self.witness.check(&method, &path, &reply).await;
        reply
    }

    pub async fn get(&self, path: &str, token: &str) -> Reply {
        self.send(asked(Method::GET, path, token).body(Body::empty()).unwrap())
            .await
    }

    pub async fn post(&self, path: &str, token: &str, body: &Value) -> Reply {
        self.send(with_json(Method::POST, path, token, body)).await
    }

    pub async fn delete(&self, path: &str, token: &str, body: &Value) -> Reply {
        self.send(with_json(Method::DELETE, path, token, body))
            .await
    }

    /// Opens an account with a role and signs it in.
    pub async fn appoint(&self, name: &str, organisation: &str, role: &str) -> String {
        let appointment = json!({ "role": role });
        self.appoint_with(name, organisation, &appointment).await
    }

    /// The same, with an appointment that says more than the role.
    pub async fn appoint_with(
        &self,
        name: &str,
        organisation: &str,
        appointment: &Value,
    ) -> String {
        let system = self.administrator("system");
        let new = json!({ "name": name, "organisation": organisation, "password": PASSWORD });
        let account = self
            .post("/api/v1/accounts", &system, &new)
            .await
            .expect(201)
            .text("id");
        let path = format!("/api/v1/accounts/{account}/appointments");
        let security = self.administrator("security");
        let reply = self.post(&path, &security, appointment).await;
        reply.expect(201);
        let credentials = json!({ "account": name, "password": PASSWORD });
        let session = self.post("/api/v1/sessions", "", &credentials).await;
        session.expect(201).text("secret")
    }

    /// Sends a request whose answer goes on: what it leaves is held against the table, and the answer is given as it begins.
    pub async fn open(&self, request: Request<Body>) -> axum::response::Response {
        let (method, path) = (request.method().clone(), request.uri().path().to_owned());
        let response = self.router.clone().oneshot(request).await.unwrap();
        let reply = Reply {
            status: response.status(),
            headers: response.headers().clone(),
            body: Vec::new(),
        };
        self.witness.check(&method, &path, &reply).await;
        response
    }

    /// Registers an organisation, and gives its id.
    pub async fn organisation(&self, name: &str, kind: &str) -> String {
        let new = json!({ "name": name, "title": { "zh": name, "en": name }, "kind": kind });
        let system = self.administrator("system");
        self.post("/api/v1/organisations", &system, &new)
            .await
            .expect(201)
            .text("id")
    }

    /// The newest entry of the record.
    pub async fn last_entry(&self) -> Value {
        self.witness.last_entry().await
    }

    /// Takes note of entries that come of no request.
    pub async fn settle(&self) {
        self.witness.settle().await;
    }

    /// Which routes were called so far, and which kinds of entries each has written.
    pub fn witnessed(&self) -> witness::Seen {
        self.witness.seen()
    }
}

/// A request with a token, unless it is empty.
pub fn asked(method: Method, path: &str, token: &str) -> axum::http::request::Builder {
    let request = Request::builder().method(method).uri(path);
    if token.is_empty() {
        return request;
    }
    request.header("authorization", format!("Bearer {token}"))
}

pub fn with_json(method: Method, path: &str, token: &str, body: &Value) -> Request<Body> {
    asked(method, path, token)
        .header("content-type", "application/json")
        .body(Body::from(body.to_string()))
        .unwrap()
}
