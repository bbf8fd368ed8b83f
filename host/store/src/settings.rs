//! Answers to repeated requests, and settings of the whole domain.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use yunei_model::{AccountId, Digest, Name, Timestamp};

use crate::reading::{find, json, number, reads, text};
use crate::{Change, StoreError};

/// Name of the setting that holds the emergency stop.
const EMERGENCY: &str = "emergency";

/// The answer that a request got, kept under its idempotency key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// Digest of the request: another request under the same key is refused.
    pub request_digest: Digest,
    /// The response, as the server wrote it.
    pub response: String,
    /// When.
    pub answered_at: Timestamp,
}

/// An emergency stop in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Emergency {
    /// Who stopped everything.
    pub account: AccountId,
    /// The reason given.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

reads! {
    /// The answer that an account's request under that key got.
    fn answer(account: AccountId, key: &str) -> Option<Answer> = |c| {
        let row = sqlx::query("SELECT * FROM answers WHERE account = $1 AND idempotency_key = $2")
            .bind(account.to_string()).bind(key.to_owned()).fetch_optional(c).await?;
        row.map(|row| {
            let digest = text(&row, "request_digest", "answer")?.parse();
            Ok(Answer {
                request_digest: digest.map_err(|source| StoreError::corrupt("answer", source))?,
                response: text(&row, "response", "answer")?,
                answered_at: Timestamp::from_micros(number(&row, "answered_at", "answer")?),
            })
        }).transpose()
    };

    /// The emergency stop in force, if any.
    fn emergency() -> Option<Emergency> = |c| find(c, "setting",
        sqlx::query("SELECT body FROM settings WHERE name = $1").bind(EMERGENCY)).await;

    /// The text of a policy set or disclosure profile of that digest.
    fn policy_text(digest: Digest) -> Option<String> = |c| {
        let row = sqlx::query("SELECT body FROM policy_texts WHERE digest = $1").bind(digest.to_string())
            .fetch_optional(c).await?;
        row.map(|row| text(&row, "body", "policy text")).transpose()
    };

    /// A setting of the domain.
    fn setting<T: DeserializeOwned>(name: &Name) -> Option<T> = |c| find(c, "setting",
        sqlx::query("SELECT body FROM settings WHERE name = $1").bind(format!("setting:{name}"))).await;
}

impl Change {
    /// Keeps the answer to a request under its idempotency key; bookkeeping that needs no entry of its own.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the account has used the key.
    pub async fn put_answer(
        &mut self,
        account: AccountId,
        key: &str,
        answer: &Answer,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO answers (account, idempotency_key, request_digest, response, answered_at) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(account.to_string())
        .bind(key.to_owned())
        .bind(answer.request_digest.to_string())
        .bind(answer.response.clone())
        .bind(answer.answered_at.as_micros());
        self.keep("idempotency key", query).await.map(drop)
    }

    /// Removes answers given before `at`; housekeeping that needs no entry. Gives how many.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn remove_answers_before(&mut self, at: Timestamp) -> Result<u64, StoreError> {
        let query = sqlx::query("DELETE FROM answers WHERE answered_at < $1").bind(at.as_micros());
        self.keep("idempotency key", query).await
    }

    /// Keeps the text of a policy set or disclosure profile under its digest; what is kept already stays as it is.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn keep_policy_text(&mut self, digest: Digest, text: &str) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO policy_texts (digest, body) VALUES ($1, $2) ON CONFLICT (digest) DO NOTHING",
        )
        .bind(digest.to_string())
        .bind(text.to_owned());
        self.keep("policy text", query).await.map(drop)
    }

    /// Puts an emergency stop in force, or lifts it.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is none to lift.
    pub async fn put_emergency(&mut self, emergency: Option<&Emergency>) -> Result<(), StoreError> {
        let Some(emergency) = emergency else {
            let query = sqlx::query("DELETE FROM settings WHERE name = $1").bind(EMERGENCY);
            return match self.write("setting", query).await? {
                0 => Err(StoreError::Absent { thing: "emergency" }),
                _ => Ok(()),
            };
        };
        self.put(EMERGENCY.to_owned(), json(emergency, "setting")?)
            .await
    }

    /// Writes a setting of the domain.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn put_setting(
        &mut self,
        name: &Name,
        value: &impl Serialize,
    ) -> Result<(), StoreError> {
        self.put(format!("setting:{name}"), json(value, "setting")?)
            .await
    }

    async fn put(&mut self, name: String, body: String) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO settings (name, body) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET body = excluded.body",
        )
        .bind(name)
        .bind(body);
        self.write("setting", query).await.map(drop)
    }
}
