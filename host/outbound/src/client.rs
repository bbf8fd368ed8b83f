//! Sending a request and reading its reply, within limits.

use std::io::Read as _;
use std::time::Duration;

use ureq::Agent;
use ureq::http::{Response, header};

use crate::OutboundError;

/// Longest reply in bytes; a longer one is an error.
pub const REPLY_BYTES_MAX: u64 = 4 << 20;
/// Seconds until a connection stands.
const CONNECT_SECONDS_MAX: u64 = 5;

/// A reply, whatever its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reply {
    /// Status code.
    pub status: u16,
    /// `content-type`, if there is one.
    pub content_type: Option<String>,
    /// `retry-after` in seconds, if there is one.
    pub retry_after_seconds: Option<u64>,
    /// The body.
    pub body: Vec<u8>,
}

impl Reply {
    /// Whether the status is 2xx.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        matches!(self.status, 200..=299)
    }
}

/// Sends requests, each within a time.
#[derive(Debug, Clone)]
pub struct Client {
    agent: Agent,
}

impl Client {
    /// A client whose requests take `seconds_max` at most, from the connection to the end of the reply.
    #[must_use]
    pub fn new(seconds_max: u64) -> Self {
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .user_agent(concat!("yunei/", env!("CARGO_PKG_VERSION")))
            .timeout_connect(Some(Duration::from_secs(
                CONNECT_SECONDS_MAX.min(seconds_max),
            )))
            .timeout_global(Some(Duration::from_secs(seconds_max)))
            .build();
        Self {
            agent: config.new_agent(),
        }
    }

    /// Sends `body` to `url`, made by [`crate::Address::join`]; gives the reply whatever its status.
    ///
    /// # Errors
    /// [`OutboundError::Unreached`] when there is no complete reply in time, [`OutboundError::TooLong`] when it is too long.
    pub async fn post(
        &self,
        url: String,
        headers: Vec<(String, String)>,
        body: Vec<u8>,
    ) -> Result<Reply, OutboundError> {
        let agent = self.agent.clone();
        blocking(move || {
            let mut request = agent.post(&url);
            for (name, value) in &headers {
                request = request.header(name, value);
            }
            read(request.send(&body))
        })
        .await
    }

    /// Asks for `url`; gives the reply whatever its status.
    ///
    /// # Errors
    /// As [`Client::post`].
    pub async fn get(&self, url: String) -> Result<Reply, OutboundError> {
        let agent = self.agent.clone();
        blocking(move || read(agent.get(&url).call())).await
    }
}

async fn blocking(
    work: impl FnOnce() -> Result<Reply, OutboundError> + Send + 'static,
) -> Result<Reply, OutboundError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| OutboundError::Broken)?
}

fn read(outcome: Result<Response<ureq::Body>, ureq::Error>) -> Result<Reply, OutboundError> {
    let mut response = outcome.map_err(|source| OutboundError::Unreached {
        source: Box::new(source),
    })?;
    let told = |name: header::HeaderName| {
        let value = response.headers().get(name)?;
        value.to_str().ok().map(str::to_owned)
    };
    let content_type = told(header::CONTENT_TYPE);
    let retry_after_seconds = told(header::RETRY_AFTER).and_then(|text| text.trim().parse().ok());
    let mut body = Vec::new();
    let read = response
        .body_mut()
        .as_reader()
        .take(REPLY_BYTES_MAX + 1)
        .read_to_end(&mut body)
        .map_err(|source| OutboundError::BrokenOff { source })?;
    if read as u64 > REPLY_BYTES_MAX {
        return Err(OutboundError::TooLong);
    }
    Ok(Reply {
        status: response.status().as_u16(),
        content_type,
        retry_after_seconds,
        body,
    })
}
