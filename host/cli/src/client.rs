//! Asking the server.

use std::io::{BufReader, Read as _, Write};
use std::time::Duration;

use anyhow::{Context as _, anyhow};
use serde::Serialize;
use serde_json::Value;
use ureq::http::{Response, StatusCode, Uri};
use ureq::typestate::{WithBody, WithoutBody};
use ureq::{Agent, Body, RequestBuilder, SendBody};
use yunei_model::Language;

use crate::failure::{Answered, Input};

/// Path of the interface.
const INTERFACE: &str = "/api/v1";
/// Bytes of an answer in JSON.
const ANSWER_BYTES_MAX: u64 = 256 << 20;
/// Bytes of a table that is handed over.
const TABLE_BYTES_MAX: u64 = 1 << 30;
/// Seconds until a connection stands.
const CONNECT_SECONDS_MAX: u64 = 10;
/// Seconds of one question, unless it says otherwise.
const ANSWER_SECONDS_MAX: u64 = 120;

/// Asks one server.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
    base: String,
    token: Option<String>,
    language: Language,
}

impl Client {
    /// A client of the server at `url`.
    pub fn new(url: &str, token: Option<String>, language: Language) -> Result<Self, Input> {
        let base = url
            .trim_end_matches('/')
            .trim_end_matches(INTERFACE)
            .to_owned();
        let wrong = || {
            Input::new(format!(
                "`{url}` is no address of a server, such as http://127.0.0.1:8700"
            ))
        };
        let uri: Uri = base.parse().map_err(|error| wrong().because(error))?;
        if !matches!(uri.scheme_str(), Some("http" | "https"))
            || uri.host().is_none()
            || uri.path() != "/"
        {
            return Err(wrong());
        }
        let config = Agent::config_builder()
            .http_status_as_error(false)
            // Neither a proxy from the environment nor a redirect gets to see the token.
            .proxy(None)
            .max_redirects(0)
            .user_agent(concat!("yunei/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(CONNECT_SECONDS_MAX)))
            .build();
        Ok(Self {
            agent: config.new_agent(),
            base,
            token,
            language,
        })
    }

    /// Whether the token, if there is one, goes over the network as it is.
    pub fn is_in_the_clear(&self) -> bool {
        let host = self
            .base
            .strip_prefix("http://")
            .map(|rest| rest.rsplit_once(':').map_or(rest, |(host, _)| host));
        let loopback = |host: &str| {
            let host = host.trim_start_matches('[').trim_end_matches(']');
            host == "localhost"
                || host
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        };
        self.token.is_some() && host.is_some_and(|host| !loopback(host))
    }

    /// Asks for something.
    pub fn get(&self, path: impl AsRef<str>) -> Ask<'_, WithoutBody> {
        self.ask(self.agent.get(self.address(path.as_ref())))
    }

    /// Wants something done.
    pub fn post(&self, path: impl AsRef<str>) -> Ask<'_, WithBody> {
        self.ask(self.agent.post(self.address(path.as_ref())))
    }

    /// Wants something ended.
    pub fn delete(&self, path: impl AsRef<str>) -> Ask<'_, WithBody> {
        self.ask(
            self.agent
                .delete(self.address(path.as_ref()))
                .force_send_body(),
        )
    }

    /// Asks for a file, which may stand outside of the interface. `None` when there is none.
    pub fn file(&self, path: &str, bytes_max: u64) -> anyhow::Result<Option<Vec<u8>>> {
        let ask = self.ask(self.agent.get(format!("{}{path}", self.base)));
        let (base, request) = ask.timed();
        let mut response = reached(&base, request.call())?;
        if response.status() == StatusCode::NOT_FOUND {
            return Ok(None);
        }
        if !response.status().is_success() {
            return Err(refusal(&mut response));
        }
        let body = response.body_mut().with_config().limit(bytes_max);
        let bytes = body.read_to_vec().context("the answer broke off")?;
        Ok(Some(bytes))
    }

    fn address(&self, path: &str) -> String {
        format!("{}{INTERFACE}{path}", self.base)
    }

    fn ask<B>(&self, request: RequestBuilder<B>) -> Ask<'_, B> {
        let language = self.language.as_str();
        let mut request = request.header("accept-language", language);
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        Ask {
            base: &self.base,
            request,
            seconds_max: ANSWER_SECONDS_MAX,
            bytes_max: TABLE_BYTES_MAX,
        }
    }
}

/// One question to the server.
#[must_use = "a question that is not sent is not answered"]
pub struct Ask<'c, B> {
    base: &'c str,
    request: RequestBuilder<B>,
    seconds_max: u64,
    bytes_max: u64,
}

impl<B> Ask<'_, B> {
    /// The same, with a part of the query, if there is one.
    pub fn query(mut self, name: &str, value: Option<impl ToString>) -> Self {
        if let Some(value) = value {
            self.request = self.request.query(name, value.to_string());
        }
        self
    }

    /// The same, with a header.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    /// The same, waiting longer than usual.
    pub const fn waiting(mut self, seconds_max: u64) -> Self {
        self.seconds_max = seconds_max;
        self
    }

    /// The same for a file that may be as large as the record is.
    pub const fn large(mut self) -> Self {
        self.bytes_max = u64::MAX;
        self
    }

    fn timed(self) -> (String, RequestBuilder<B>) {
        let limit = Duration::from_secs(self.seconds_max);
        let request = self.request.config().timeout_global(Some(limit)).build();
        (self.base.to_owned(), request)
    }
}

impl Ask<'_, WithoutBody> {
    /// Asks.
    pub fn send(self) -> anyhow::Result<Value> {
        let (base, request) = self.timed();
        answer(reached(&base, request.call())?)
    }

    /// Asks for an answer that goes on for as long as it is read.
    pub fn follow(self) -> anyhow::Result<BufReader<ureq::BodyReader<'static>>> {
        let request = self.request.config();
        let request = request.timeout_recv_response(Some(Duration::from_secs(self.seconds_max)));
        let mut response = reached(self.base, request.build().call())?;
        if !response.status().is_success() {
            return Err(refusal(&mut response));
        }
        let body = response.into_body().into_with_config();
        Ok(BufReader::new(body.limit(u64::MAX).reader()))
    }

    /// Asks for bytes, and writes them to `place`. Gives their number.
    pub fn copy_to(self, place: &mut dyn Write) -> anyhow::Result<u64> {
        let bytes_max = self.bytes_max;
        let (base, request) = self.timed();
        let mut response = reached(&base, request.call())?;
        if !response.status().is_success() {
            return Err(refusal(&mut response));
        }
        let mut bytes = response.body_mut().with_config().limit(bytes_max).reader();
        std::io::copy(&mut bytes, place).context("the answer broke off")
    }
}

impl Ask<'_, WithBody> {
    /// Asks, sending JSON.
    pub fn json(self, body: &impl Serialize) -> anyhow::Result<Value> {
        let (base, request) = self.timed();
        answer(reached(&base, request.send_json(body))?)
    }

    /// Asks, sending nothing along.
    pub fn empty(self) -> anyhow::Result<Value> {
        let (base, request) = self.timed();
        answer(reached(&base, request.send_empty())?)
    }

    /// Asks, sending bytes of that length.
    pub fn bytes(
        self,
        media_type: &str,
        length: u64,
        bytes: &mut dyn std::io::Read,
    ) -> anyhow::Result<Value> {
        let (base, request) = self
            .header("content-type", media_type)
            .header("content-length", &length.to_string())
            .timed();
        answer(reached(&base, request.send(SendBody::from_reader(bytes)))?)
    }
}

/// The answer to a question that got through.
fn reached(
    base: &str,
    outcome: Result<Response<Body>, ureq::Error>,
) -> anyhow::Result<Response<Body>> {
    outcome.with_context(|| format!("cannot reach `{base}`: is `yunei serve` running there?"))
}

fn answer(mut response: Response<Body>) -> anyhow::Result<Value> {
    if !response.status().is_success() {
        return Err(refusal(&mut response));
    }
    if response.status() == StatusCode::NO_CONTENT {
        return Ok(Value::Null);
    }
    let text = text(&mut response)?;
    if text.is_empty() {
        return Ok(Value::Null);
    }
    let json = response.body().mime_type() == Some("application/json");
    if !json {
        return Ok(Value::String(text));
    }
    serde_json::from_str(&text).context("the server answered no JSON")
}

/// What a server says that did not do it.
fn refusal(response: &mut Response<Body>) -> anyhow::Error {
    let status = response.status().as_u16();
    let told = text(response)
        .ok()
        .and_then(|text| serde_json::from_str::<Answered>(&text).ok());
    match told {
        Some(told) => Answered { status, ..told }.into(),
        None => anyhow!(
            "the server answered with status {status}, and in no words of Yunei: is it one?"
        ),
    }
}

fn text(response: &mut Response<Body>) -> anyhow::Result<String> {
    let mut text = String::new();
    let mut reader = response
        .body_mut()
        .with_config()
        .limit(ANSWER_BYTES_MAX)
        .reader();
    reader
        .read_to_string(&mut text)
        .context("the answer broke off")?;
    Ok(text)
}

#[cfg(test)]
mod tests;
