//! Alerts, how far their rules have read, and the messages that tell webhooks of them.

use yunei_model::{
    Alert, AlertId, AlertSubject, CallDecision, MessageState, Name, RunId, Timestamp,
};

use crate::reading::{PAGE_ROWS_MAX, Row, count, counted, find, json, list, number, reads, text};
use crate::{Change, Page, StoreError};

/// State of an alert that nobody has acknowledged.
const OPEN: &str = "open";
/// State of one that somebody has.
const ACKNOWLEDGED: &str = "acknowledged";
/// Name of the rules' place in the record.
const PROGRESS: &str = "rules";

/// A message to a webhook about an alert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookMessage {
    /// Its place in the order of messages.
    pub sequence: u64,
    /// The webhook.
    pub webhook: Name,
    /// The alert.
    pub alert: AlertId,
    /// What became of it.
    pub state: MessageState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, or was tried last.
    pub due_at: Timestamp,
    /// What came of the last attempt, in a word.
    pub answer: Option<String>,
    /// The body.
    pub body: String,
}

reads! {
    /// The alert of that id.
    fn alert(id: AlertId) -> Option<Alert> = |c| find(c, "alert",
        sqlx::query("SELECT body FROM alerts WHERE id = $1").bind(id.to_string())).await;

    /// The open alert of a rule about that, if there is one.
    fn open_alert(rule: &Name, subject: &AlertSubject) -> Option<Alert> = |c| find(c, "alert",
        sqlx::query("SELECT body FROM alerts WHERE rule = $1 AND subject = $2 AND state = $3")
            .bind(rule.to_string()).bind(subject.to_string()).bind(OPEN)).await;

    /// Alerts: all of them, or the open ones.
    fn alerts(open: bool, page: Page<AlertId>) -> Vec<Alert> = |c| list(c, "alerts",
        &[("state", if open { vec![OPEN.to_owned()] } else { Vec::new() })], &page).await;

    /// How far the rules have read: a place in the order of commits, 0 at the beginning.
    fn alert_progress() -> u64 = |c| {
        let position: Option<i64> = sqlx::query_scalar("SELECT position FROM alert_progress WHERE name = $1")
            .bind(PROGRESS).fetch_optional(c).await?;
        counted(position.unwrap_or(0), "entry")
    };

    /// The message that a webhook gets next: later ones wait for it.
    fn next_message(webhook: &Name) -> Option<WebhookMessage> = |c| {
        let row = sqlx::query("SELECT * FROM webhook_messages WHERE webhook = $1 AND state = $2 ORDER BY sequence LIMIT 1")
            .bind(webhook.to_string()).bind(MessageState::Waiting.as_str()).fetch_optional(c).await?;
        row.map(|row| message(&row)).transpose()
    };

    /// Messages about an alert, in order, [`PAGE_ROWS_MAX`] at most.
    fn messages_about(alert: AlertId) -> Vec<WebhookMessage> = |c| {
        let rows = sqlx::query("SELECT * FROM webhook_messages WHERE alert = $1 ORDER BY sequence LIMIT $2")
            .bind(alert.to_string()).bind(i64::from(PAGE_ROWS_MAX)).fetch_all(c).await?;
        rows.iter().map(message).collect()
    };

    /// How many calls of a run were refused.
    fn calls_denied(run: RunId) -> u64 = |c| {
        // Facts are canonical JSON: a member has one spelling.
        let denied = format!("%\"decision\":\"{}\"%", CallDecision::Denied);
        let count: i64 = sqlx::query_scalar("SELECT COUNT(*) FROM calls WHERE run = $1 AND facts LIKE $2")
            .bind(run.to_string()).bind(denied).fetch_one(c).await?;
        counted(count, "call")
    };
}

impl Change {
    /// Writes an alert, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when its rule has an open one about the same.
    pub async fn put_alert(&mut self, alert: &Alert) -> Result<(), StoreError> {
        let state = match alert.acknowledged {
            None => OPEN,
            Some(_) => ACKNOWLEDGED,
        };
        let query = sqlx::query(
            "INSERT INTO alerts (id, rule, subject, state, body) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
        )
        .bind(alert.id.to_string())
        .bind(alert.rule.to_string())
        .bind(alert.subject.to_string())
        .bind(state)
        .bind(json(alert, "alert")?);
        self.write("alert", query).await.map(drop)
    }

    /// Keeps how far the rules have read; bookkeeping that needs no entry.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn keep_alert_progress(&mut self, position: u64) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO alert_progress (name, position) VALUES ($1, $2) \
             ON CONFLICT (name) DO UPDATE SET position = excluded.position",
        )
        .bind(PROGRESS)
        .bind(count(position, "entry")?);
        self.keep("alert progress", query).await.map(drop)
    }

    /// Queues a message about an alert, behind those that the webhook waits for.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without the alert.
    pub async fn queue_message(
        &mut self,
        webhook: &Name,
        alert: AlertId,
        body: &str,
        due_at: Timestamp,
    ) -> Result<(), StoreError> {
        let sequence: i64 = self
            .returning(
                "webhook message",
                sqlx::query(
                    "INSERT INTO counters (name, value) VALUES ('webhook-messages', 1) \
                     ON CONFLICT (name) DO UPDATE SET value = counters.value + 1 RETURNING value",
                ),
            )
            .await?;
        let query = sqlx::query(
            "INSERT INTO webhook_messages (sequence, webhook, alert, state, attempts, due_at, body) \
             VALUES ($1, $2, $3, $4, 0, $5, $6)",
        )
        .bind(sequence)
        .bind(webhook.to_string())
        .bind(alert.to_string())
        .bind(MessageState::Waiting.as_str())
        .bind(due_at.as_micros())
        .bind(body.to_owned());
        self.keep("webhook message", query).await.map(drop)
    }

    /// Keeps what came of an attempt; bookkeeping that needs no entry.
    ///
    /// # Errors
    /// [`StoreError::Absent`] when there is no such message.
    pub async fn keep_attempt(&mut self, message: &WebhookMessage) -> Result<(), StoreError> {
        let query = sqlx::query(
            "UPDATE webhook_messages SET state = $2, attempts = $3, due_at = $4, answer = $5 WHERE sequence = $1",
        )
        .bind(count(message.sequence, "webhook message")?)
        .bind(message.state.as_str())
        .bind(i64::from(message.attempts))
        .bind(message.due_at.as_micros())
        .bind(message.answer.clone());
        match self.keep("webhook message", query).await? {
            0 => Err(StoreError::Absent {
                thing: "webhook message",
            }),
            _ => Ok(()),
        }
    }
}

fn message(row: &Row) -> Result<WebhookMessage, StoreError> {
    use sqlx::Row as _;
    const THING: &str = "webhook message";
    let attempts = number(row, "attempts", THING)?;
    Ok(WebhookMessage {
        sequence: counted(number(row, "sequence", THING)?, THING)?,
        webhook: text(row, "webhook", THING)?
            .parse()
            .map_err(|source| StoreError::corrupt(THING, source))?,
        alert: text(row, "alert", THING)?
            .parse()
            .map_err(|source| StoreError::corrupt(THING, source))?,
        state: text(row, "state", THING)?
            .parse()
            .map_err(|source| StoreError::corrupt(THING, source))?,
        attempts: u32::try_from(attempts).map_err(|_| StoreError::Range { thing: THING })?,
        due_at: Timestamp::from_micros(number(row, "due_at", THING)?),
        answer: row
            .try_get("answer")
            .map_err(|source| StoreError::corrupt(THING, source))?,
        body: text(row, "body", THING)?,
    })
}
