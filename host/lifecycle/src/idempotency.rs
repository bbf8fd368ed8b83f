//! Idempotency: a request that comes again under its key gets the answer that it got.
//!
//! INVARIANT: the change and the answer to it are one transaction. An interruption leaves both or neither, so a repetition
//! is either answered from memory or the first that counts.

use serde::Serialize;
use yunei_model::{Code, Digest};
use yunei_store::{Answer, Change};

use crate::{Actor, Domain, LifecycleError};

/// Seconds that the answer to an idempotent request is remembered.
const ANSWER_SECONDS: i64 = 86_400;

/// What makes a request count once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Once {
    /// The key that the client gave.
    pub key: String,
    /// Digest of what was asked under it: another request under the same key is refused.
    pub request: Digest,
}

impl Actor {
    /// The same actor, whose next change counts once.
    #[must_use]
    pub fn once(self, once: Once) -> Self {
        Self {
            once: Some(once),
            ..self
        }
    }
}

impl Domain {
    /// The answer that an earlier request under the same idempotency key got.
    ///
    /// # Errors
    /// [`Code::IdempotencyReused`] when that was another request.
    pub async fn remembered(&self, actor: &Actor) -> Result<Option<String>, LifecycleError> {
        let Some(once) = &actor.once else {
            return Ok(None);
        };
        let account = actor.principal.account;
        let Some(answer) = self.store.answer(account, &once.key).await? else {
            return Ok(None);
        };
        if answer.request_digest == once.request {
            Ok(Some(answer.response))
        } else {
            Err(Code::IdempotencyReused.into())
        }
    }

    /// Remembers for a day what a change that counts once is answered with, in the transaction of that change.
    pub(crate) async fn remember(
        &self,
        change: &mut Change,
        actor: &Actor,
        answer: &impl Serialize,
    ) -> Result<(), LifecycleError> {
        let Some(once) = &actor.once else {
            return Ok(());
        };
        let response = serde_json::to_string(answer).map_err(|_| LifecycleError::Impossible {
            detail: "an answer that is no JSON",
        })?;
        let now = self.clock.now();
        let answer = Answer {
            request_digest: once.request,
            response,
            answered_at: now,
        };
        change
            .remove_answers_before(now.plus_seconds(-ANSWER_SECONDS))
            .await?;
        change
            .put_answer(actor.principal.account, &once.key, &answer)
            .await?;
        Ok(())
    }
}
