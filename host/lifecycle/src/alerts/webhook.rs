//! Webhooks: each gets its messages in order, signed, and again until it takes them or they are dead.

use std::sync::Arc;
use std::time::Duration;

use hmac::{Hmac, Mac};
use serde::Serialize;
use sha2::Sha256;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tracing::{Instrument as _, Span};
use yunei_ledger::{Entry, Kind};
use yunei_model::{Alert, MessageState, Name};
use yunei_outbound::{Address, Client};
use yunei_store::{Change, EntryFilter, Page, WebhookMessage};
use yunei_telemetry::{TraceParent, event};
use zeroize::Zeroizing;

use crate::traced::{below, request_of};
use crate::{Domain, LifecycleError};

/// Attempts after which a message is dead: spread over about three hours.
pub const ATTEMPTS_MAX: u32 = 20;
/// Bytes of a secret at least.
pub const SECRET_BYTES_MIN: usize = 16;
/// Seconds before the second attempt; each further wait is twice as long, up to the longest.
const BACKOFF_SECONDS: i64 = 1;
const BACKOFF_SECONDS_MAX: i64 = 900;
/// Seconds of one attempt at most.
const ATTEMPT_SECONDS_MAX: u64 = 10;
/// Milliseconds between two looks at what is due.
const LOOK_MS: u64 = 250;
/// What the body of a message about an acknowledgement begins with.
const ACKNOWLEDGED_START: &str = r#"{"event":"alert-acknowledged""#;
/// Acknowledgements of one account since one of its own that are looked at for that one.
const ACKNOWLEDGEMENTS_MAX: u32 = 16;
/// The stage's name in spans.
const STAGE_WEBHOOK: &str = "webhook";
/// The header with time and signature.
const SIGNATURE: &str = "yunei-signature";
/// The header with the message's number: a receiver that gets one twice knows it by this.
const NUMBER: &str = "yunei-message";

/// Where alerts are sent.
#[derive(Clone)]
pub struct Webhook {
    name: Name,
    address: Address,
    secret: Arc<Zeroizing<Vec<u8>>>,
}

impl std::fmt::Debug for Webhook {
    /// Without the secret.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Webhook({} at {})", self.name, self.address)
    }
}

impl Webhook {
    /// A webhook whose messages are signed with `secret`; `None` when that has fewer than `SECRET_BYTES_MIN` bytes.
    #[must_use]
    pub fn new(name: Name, address: Address, secret: Zeroizing<Vec<u8>>) -> Option<Self> {
        (secret.len() >= SECRET_BYTES_MIN).then(|| Self {
            name,
            address,
            secret: Arc::new(secret),
        })
    }

    /// Its name.
    #[must_use]
    pub const fn name(&self) -> &Name {
        &self.name
    }
}

/// The value of the signature's header: `t=` seconds since 1970, `,v1=` HMAC-SHA-256 over `<t>.<body>` in hexadecimal digits.
#[must_use]
pub fn signature(secret: &[u8], seconds: i64, body: &[u8]) -> String {
    let mac = <Hmac<Sha256> as Mac>::new_from_slice(secret);
    // INVARIANT: HMAC takes keys of any length.
    let digest = mac.map_or_else(
        |_| Vec::new(),
        |mut mac| {
            mac.update(seconds.to_string().as_bytes());
            mac.update(b".");
            mac.update(body);
            mac.finalize().into_bytes().to_vec()
        },
    );
    format!("t={seconds},v1={}", hex::encode(digest))
}

/// What a webhook is sent.
#[derive(Serialize)]
struct Message<'a> {
    event: &'a str,
    /// The domain, by the name of its log.
    domain: &'a str,
    alert: &'a Alert,
}

impl Domain {
    /// Queues a message about an alert for every webhook, in the transaction of what it tells of.
    pub(super) async fn queue_messages(
        &self,
        change: &mut Change,
        event: &str,
        alert: &Alert,
    ) -> Result<(), LifecycleError> {
        let message = Message {
            event,
            domain: self.log_key.name(),
            alert,
        };
        let body = serde_json::to_string(&message).map_err(|_| LifecycleError::Impossible {
            detail: "an alert that is no JSON",
        })?;
        for webhook in &self.alerting.webhooks {
            change
                .queue_message(&webhook.name, alert.id, &body, self.clock.now())
                .await?;
        }
        Ok(())
    }

    /// Runs until `stop` turns true: webhooks get what waits for them, each at its own pace.
    pub async fn run_webhooks(self: Arc<Self>, stop: watch::Receiver<bool>) {
        let mut webhooks = JoinSet::new();
        for webhook in self.alerting.webhooks.clone() {
            let (domain, stop) = (Arc::clone(&self), stop.clone());
            webhooks.spawn(async move { domain.run_webhook(&webhook, stop).await });
        }
        while webhooks.join_next().await.is_some() {}
    }

    async fn run_webhook(&self, webhook: &Webhook, mut stop: watch::Receiver<bool>) {
        let client = Client::new(ATTEMPT_SECONDS_MAX);
        while !*stop.borrow() {
            match self.deliver_to(webhook, &client).await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => event!(ERROR, STAGE_FAILED, STAGE = "webhook", CAUSE = %error),
            }
            tokio::select! {
                () = tokio::time::sleep(Duration::from_millis(LOOK_MS)) => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
        }
    }

    /// Tries once what is due at each webhook. Gives how many messages were delivered.
    ///
    /// # Errors
    /// The store failed.
    pub async fn deliver_alerts(&self) -> Result<u64, LifecycleError> {
        let client = Client::new(ATTEMPT_SECONDS_MAX);
        let mut delivered = 0;
        for webhook in &self.alerting.webhooks {
            while self.deliver_to(webhook, &client).await? {
                delivered += 1;
            }
        }
        Ok(delivered)
    }

    /// Tries the next message of a webhook, if it is due. Gives whether it was delivered, so that the one after it may follow.
    async fn deliver_to(&self, webhook: &Webhook, client: &Client) -> Result<bool, LifecycleError> {
        let Some(mut message) = self.store.next_message(&webhook.name).await? else {
            return Ok(false);
        };
        if message.due_at > self.clock.now() {
            return Ok(false);
        }
        let outcome = self.attempt(webhook, client, &message).await;
        message.attempts += 1;
        message.state = match &outcome {
            Ok(()) => MessageState::Delivered,
            Err(_) if message.attempts >= ATTEMPTS_MAX => MessageState::Dead,
            Err(_) => MessageState::Waiting,
        };
        let now = self.clock.now();
        message.due_at = match message.state {
            MessageState::Waiting => now.plus_seconds(backoff_seconds(message.attempts)),
            MessageState::Delivered | MessageState::Dead => now,
        };
        message.answer = Some(outcome.err().unwrap_or_else(|| "taken".to_owned()));
        let mut change = self.store.begin().await?;
        change.keep_attempt(&message).await?;
        change.commit().await?;
        if message.state == MessageState::Dead {
            event!(ERROR, WEBHOOK_DEAD, ATTEMPT = message.attempts);
        }
        Ok(message.state == MessageState::Delivered)
    }

    /// A span below the request that brought about what a message tells of.
    async fn stage_of(&self, message: &WebhookMessage) -> Result<Span, LifecycleError> {
        let Some(alert) = self.store.alert(message.alert).await? else {
            return Ok(Span::none());
        };
        let acknowledged = message.body.starts_with(ACKNOWLEDGED_START);
        let Some(taken) = alert.acknowledged.filter(|_| acknowledged) else {
            // Rules about how things stand have no entry that they stem from.
            return match alert.position {
                Some(position) => self.stage_below_origin(STAGE_WEBHOOK, position).await,
                None => Ok(Span::none()),
            };
        };
        let filter = EntryFilter {
            kinds: vec![Kind::AlertAcknowledged],
            actor: Some(taken.account),
            since: Some(taken.at),
            ..EntryFilter::default()
        };
        let page = Page::first(ACKNOWLEDGEMENTS_MAX);
        let entries = self.store.entries(&filter, page).await?;
        let told = alert.id.to_string();
        let about = |entry: &Entry| {
            let named = entry.facts().get("alert").and_then(|id| id.as_str());
            named == Some(told.as_str())
        };
        let taken = entries
            .iter()
            .find(|recorded| about(&recorded.entry))
            .and_then(|recorded| request_of(&recorded.entry));
        Ok(below(STAGE_WEBHOOK, taken))
    }

    /// One attempt; on failure, why, in a word.
    async fn attempt(
        &self,
        webhook: &Webhook,
        client: &Client,
        message: &WebhookMessage,
    ) -> Result<(), String> {
        let body = message.body.clone().into_bytes();
        let seconds = self.clock.now().as_micros() / 1_000_000;
        // A trace that cannot be read keeps no alert from being told.
        let span = self
            .stage_of(message)
            .await
            .unwrap_or_else(|_| Span::none());
        let mut headers = vec![
            ("content-type".to_owned(), "application/json".to_owned()),
            (
                SIGNATURE.to_owned(),
                signature(&webhook.secret, seconds, &body),
            ),
            (NUMBER.to_owned(), message.sequence.to_string()),
        ];
        headers.extend(span.in_scope(TraceParent::outbound));
        let sent = client.post(webhook.address.join(""), headers, body);
        match sent.instrument(span).await {
            Ok(reply) if reply.is_success() => Ok(()),
            Ok(reply) => Err(format!("status {}", reply.status)),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// Seconds to wait after so many attempts.
fn backoff_seconds(attempts: u32) -> i64 {
    let doublings = attempts.saturating_sub(1).min(30);
    BACKOFF_SECONDS
        .saturating_mul(1 << doublings)
        .min(BACKOFF_SECONDS_MAX)
}

#[cfg(test)]
mod tests {
    use super::{ATTEMPTS_MAX, backoff_seconds, signature};

    #[test]
    fn waits_double_up_to_the_longest() {
        let waits: Vec<i64> = (1..ATTEMPTS_MAX).map(backoff_seconds).collect();
        assert_eq!(waits[..4], [1, 2, 4, 8]);
        assert_eq!(waits.last(), Some(&900));
        let hours = waits.iter().sum::<i64>() / 3600;
        assert!((2..=4).contains(&hours), "{hours} hours");
    }

    #[test]
    fn a_signature_is_hmac_sha_256_over_time_and_body() {
        // echo -n '7.{}' | openssl dgst -sha256 -hmac secret
        let expected = "t=7,v1=76aad9429f417882918162a1928a38769fff65cc07b6bfa344ac9c5fb1e3448e";
        assert_eq!(signature(b"secret", 7, b"{}"), expected);
    }
}
