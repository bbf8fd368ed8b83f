//! A client of the interface, with the token of one person.

use std::time::Duration;

use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

use crate::{StoryError, Told};

/// Bytes of an answer at most.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// Longest wait for one answer.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(180);

/// One person's way to the server.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    url: String,
    token: Option<String>,
    language: &'static str,
}

/// What the server answered, whatever its status.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Status of HTTP.
    pub status: u16,
    /// Body as it came.
    pub body: Vec<u8>,
}

impl Answer {
    /// The body as JSON; null where it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// Whether the request was served.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The body of a request that was served.
    ///
    /// # Errors
    /// The server refused: its answer.
    pub fn served(self) -> Told<Value> {
        if self.is_success() {
            return Ok(self.json());
        }
        let said = String::from_utf8_lossy(&self.body);
        Err(StoryError(format!(
            "the server answered {}: {said}",
            self.status
        )))
    }
}

impl Client {
    /// Someone who has not signed in at `url`.
    #[must_use]
    pub fn new(url: &str) -> Self {
        Self {
            agent: agent(ANSWER_WAIT_MAX),
            url: url.to_owned(),
            token: None,
            language: "en",
        }
    }

    /// The same server for someone who comes with `token`.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        Self {
            token: Some(token.trim().to_owned()),
            ..self.clone()
        }
    }

    /// The same person, who waits `longest` for one answer.
    #[must_use]
    pub fn patient(&self, longest: Duration) -> Self {
        Self {
            agent: agent(longest),
            ..self.clone()
        }
    }

    /// Where the server is.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The token that it comes with.
    #[must_use]
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Signs in by password.
    ///
    /// # Errors
    /// The server refused or could not be reached.
    pub fn sign_in(&self, account: &str, password: &str) -> Told<Self> {
        let asked = serde_json::json!({ "account": account, "password": password });
        let issued = self.post("/sessions", &asked)?.served()?;
        let secret = issued.get("secret").and_then(Value::as_str);
        let secret = secret.ok_or_else(|| StoryError("signed in without a token".to_owned()))?;
        Ok(self.with_token(secret))
    }

    /// Asks for `path`, which stands below `/api/v1`.
    ///
    /// # Errors
    /// The server could not be reached.
    pub fn get(&self, path: &str) -> Told<Answer> {
        let request = self
            .agent
            .get(self.place(path))
            .header("accept-language", self.language);
        let request = match self.bearer() {
            Some(bearer) => request.header("authorization", bearer),
            None => request,
        };
        answer(path, request.call())
    }

    /// Sends JSON.
    ///
    /// # Errors
    /// The server could not be reached.
    pub fn post(&self, path: &str, value: &Value) -> Told<Answer> {
        self.send(path, "application/json", value.to_string().as_bytes(), None)
    }

    /// Sends JSON that must count once, whatever happens on the way.
    ///
    /// # Errors
    /// The server could not be reached.
    pub fn post_once(&self, path: &str, key: &str, value: &Value) -> Told<Answer> {
        self.send(
            path,
            "application/json",
            value.to_string().as_bytes(),
            Some(key),
        )
    }

    /// Sends bytes as they are.
    ///
    /// # Errors
    /// The server could not be reached.
    pub fn post_raw(&self, path: &str, media_type: &str, bytes: &[u8]) -> Told<Answer> {
        self.send(path, media_type, bytes, None)
    }

    /// Deletes; some routes want a reason in JSON.
    ///
    /// # Errors
    /// The server could not be reached.
    pub fn delete(&self, path: &str, value: Option<&Value>) -> Told<Answer> {
        let request = self
            .agent
            .delete(self.place(path))
            .header("accept-language", self.language);
        let request = match self.bearer() {
            Some(bearer) => request.header("authorization", bearer),
            None => request,
        };
        match value {
            Some(value) => answer(path, request.force_send_body().send_json(value)),
            None => answer(path, request.call()),
        }
    }

    fn send(&self, path: &str, media_type: &str, bytes: &[u8], key: Option<&str>) -> Told<Answer> {
        let mut request = self
            .agent
            .post(self.place(path))
            .header("accept-language", self.language)
            .content_type(media_type);
        if let Some(bearer) = self.bearer() {
            request = request.header("authorization", bearer);
        }
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        answer(path, request.send(bytes))
    }

    fn place(&self, path: &str) -> String {
        format!("{}/api/v1{path}", self.url)
    }

    fn bearer(&self) -> Option<String> {
        self.token.as_ref().map(|token| format!("Bearer {token}"))
    }
}

fn agent(longest: Duration) -> Agent {
    Agent::config_builder()
        .http_status_as_error(false)
        .proxy(None)
        .timeout_global(Some(longest))
        .build()
        .into()
}

fn answer(path: &str, outcome: Result<Response<Body>, ureq::Error>) -> Told<Answer> {
    let mut response = outcome.map_err(|error| StoryError::new(path, error))?;
    let status = response.status().as_u16();
    let body = response
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .read_to_vec();
    let body = body.map_err(|error| StoryError::new(path, error))?;
    Ok(Answer { status, body })
}
