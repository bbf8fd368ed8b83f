//! Repeated requests: an `Idempotency-Key` makes one of them count.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::response::{IntoResponse as _, Response};
use http::request::Parts;
use http::{HeaderName, HeaderValue, StatusCode};
use serde::Serialize;
use yunei_lifecycle::{Actor, Domain, LifecycleError, Once};
use yunei_model::{AccountId, Code, Digest, Refusal};

use crate::answer::{Answer, json};
use crate::failure::Failure;
use crate::router::Api;

/// Header of the key.
pub(crate) const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
/// Header that says that an answer is an earlier one.
pub(crate) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");
/// Bytes of a key at most.
const KEY_BYTES_MAX: usize = 128;

/// The key that a client gives to what must happen once.
#[derive(Debug)]
pub(crate) struct Key(pub(crate) String);

impl Key {
    /// Digest of the request under the key: another one is refused.
    fn digest(path: &str, body: &[u8]) -> Digest {
        let mut bytes = Vec::with_capacity(path.len() + 1 + body.len());
        bytes.extend_from_slice(path.as_bytes());
        bytes.push(b'\n');
        bytes.extend_from_slice(body);
        Digest::of(&bytes)
    }
}

impl FromRequestParts<Api> for Key {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _api: &Api) -> Result<Self, Failure> {
        let value = parts
            .headers
            .get(IDEMPOTENCY_KEY)
            .ok_or_else(|| Failure::malformed("the header `idempotency-key` is missing"))?;
        let printable = value.as_bytes().iter().all(u8::is_ascii_graphic);
        match value.to_str() {
            Ok(key) if printable && (1..=KEY_BYTES_MAX).contains(&key.len()) => {
                Ok(Self(key.to_owned()))
            }
            _ => Err(Failure::malformed(format!(
                "`idempotency-key` has 1 to {KEY_BYTES_MAX} printable characters of ASCII"
            ))),
        }
    }
}

impl OptionalFromRequestParts<Api> for Key {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, api: &Api) -> Result<Option<Self>, Failure> {
        if !parts.headers.contains_key(IDEMPOTENCY_KEY) {
            return Ok(None);
        }
        let key = <Self as FromRequestParts<Api>>::from_request_parts(parts, api).await?;
        Ok(Some(key))
    }
}

/// A request that counts once under its key, if it has one.
pub(crate) struct Repeatable<'a> {
    pub(crate) domain: &'a Domain,
    pub(crate) repeats: &'a Arc<Repeats>,
    pub(crate) key: Option<Key>,
    /// Path and body: what the key stands for.
    pub(crate) path: &'a str,
    pub(crate) body: &'a [u8],
    /// Status of the answer.
    pub(crate) status: StatusCode,
}

impl Repeatable<'_> {
    /// Has `change` done, or gives the answer that it got before. The lifecycle keeps the answer together with the change.
    pub(crate) async fn serve<T: Serialize>(
        self,
        actor: Actor,
        change: impl AsyncFnOnce(&Actor) -> Result<T, LifecycleError>,
    ) -> Result<Response, Failure> {
        let Some(key) = self.key else {
            let made = change(&actor).await?;
            return Ok(Answer::with(self.status, made).into_response());
        };
        let _alone = self.repeats.begin(actor.principal().account, &key)?;
        let request = Key::digest(self.path, self.body);
        let actor = actor.once(Once {
            key: key.0,
            request,
        });
        if let Some(answer) = self.domain.remembered(&actor).await? {
            let mut response = json(self.status, answer);
            let headers = response.headers_mut();
            headers.insert(REPLAYED, HeaderValue::from_static("true"));
            return Ok(response);
        }
        let made = change(&actor).await?;
        Ok(Answer::with(self.status, made).into_response())
    }
}

/// Keys whose request is being worked on. No more than requests at once, which budgets bound.
#[derive(Debug, Default)]
pub(crate) struct Repeats(Mutex<HashSet<(AccountId, String)>>);

/// The only request under its key, until it is dropped.
#[derive(Debug)]
pub(crate) struct Alone {
    repeats: Arc<Repeats>,
    key: (AccountId, String),
}

impl Repeats {
    /// Begins the request under `key`.
    ///
    /// # Errors
    /// [`Code::Conflict`] while the same is being worked on.
    pub(crate) fn begin(self: &Arc<Self>, account: AccountId, key: &Key) -> Result<Alone, Failure> {
        let key = (account, key.0.clone());
        let mut under_way = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !under_way.insert(key.clone()) {
            let refusal = Refusal::new(Code::Conflict);
            return Err(refusal.detail("the same request is being worked on").into());
        }
        Ok(Alone {
            repeats: Arc::clone(self),
            key,
        })
    }
}

impl Drop for Alone {
    fn drop(&mut self) {
        let mut under_way = self
            .repeats
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        under_way.remove(&self.key);
    }
}
