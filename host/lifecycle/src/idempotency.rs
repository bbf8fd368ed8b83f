//! Idempotency: a request that comes again under its key gets the answer that it got.

use yunei_model::{Code, Digest};
use yunei_store::Answer;

use crate::{Actor, Domain, LifecycleError};

/// Seconds that the answer to an idempotent request is remembered.
const ANSWER_SECONDS: i64 = 86_400;

impl Domain {
    /// The answer that an earlier request under the same idempotency key got.
    ///
    /// # Errors
    /// [`Code::IdempotencyReused`] when that was another request.
    pub async fn remembered(
        &self,
        actor: &Actor,
        key: &str,
        request: &Digest,
    ) -> Result<Option<String>, LifecycleError> {
        let Some(answer) = self.store.answer(actor.principal.account, key).await? else {
            return Ok(None);
        };
        if answer.request_digest == *request {
            Ok(Some(answer.response))
        } else {
            Err(Code::IdempotencyReused.into())
        }
    }

    /// Remembers an answer for a day.
    ///
    /// # Errors
    /// The store failed.
    pub async fn remember(
        &self,
        actor: &Actor,
        key: &str,
        request: &Digest,
        response: &str,
    ) -> Result<(), LifecycleError> {
        let now = self.clock.now();
        let answer = Answer {
            request_digest: *request,
            response: response.to_owned(),
            answered_at: now,
        };
        let mut change = self.store.begin().await?;
        change
            .remove_answers_before(now.plus_seconds(-ANSWER_SECONDS))
            .await?;
        change
            .put_answer(actor.principal.account, key, &answer)
            .await?;
        change.commit().await?;
        Ok(())
    }
}
