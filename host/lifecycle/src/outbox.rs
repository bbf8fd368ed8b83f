//! The outbox: traces to collectors, derived from the record, so that nothing is lost.
//!
//! Each collector has a cursor in the store. What it gets are the spans of the entries under a signed checkpoint, in their order and
//! each at least once: repeats have the same ids. One request is under way at a time. A collector that is down is tried again without
//! an end, while the store keeps what it lacks; what it refuses for good is set aside, and the record says so.

mod derive;
mod gather;

pub(crate) use derive::end;

use std::time::Duration;

use tokio::sync::watch;
use yunei_ledger::{Draft, Kind};
use yunei_model::Name;
use yunei_outbound::{Address, Client, Reply};
use yunei_store::{CollectorCursor, CollectorRefusal};
use yunei_telemetry::event;
use yunei_telemetry::otlp::{self, Answer, Audience, BATCH_SPANS_MAX, Batch};

use crate::{Domain, LifecycleError};

/// Seconds that one request may take.
const REQUEST_SECONDS_MAX: u64 = 30;
/// Milliseconds until the first further attempt; each one waits twice as long as the one before.
const PAUSE_MS_MIN: u64 = 250;
/// Milliseconds between two attempts at most.
const PAUSE_MS_MAX: u64 = 30_000;
/// Longest wait that a collector may ask for, in seconds.
const RETRY_AFTER_SECONDS_MAX: u64 = 600;
/// Refusals in a row, with nothing taken in between, after which nothing more is set aside: it is the collector that is wrong then.
const REFUSALS_MAX: u32 = 8;

/// Where traces go.
#[derive(Debug, Clone)]
pub struct Collector {
    /// Its name: the cursor is kept under it.
    pub name: Name,
    /// Its address; `/v1/traces` is put behind it.
    pub address: Address,
    /// Who reads them.
    pub audience: Audience,
    /// Headers of every request, such as credentials.
    pub headers: Vec<(String, String)>,
}

/// How a collector's outbox stands, for metrics.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Outbox {
    pub(crate) cursor: CollectorCursor,
    pub(crate) failures: u64,
}

/// What became of one attempt.
enum Attempt {
    /// It has the batch but for `refused` spans.
    Taken { refused: u64 },
    /// Not now; the collector may say when.
    Later {
        after_seconds: Option<u64>,
        cause: String,
    },
    /// Never.
    Refused { status: u16 },
}

/// One collector's delivery as it goes on.
struct Delivery<'a> {
    domain: &'a Domain,
    collector: &'a Collector,
    client: Client,
    cursor: CollectorCursor,
    /// Spans of the next batch at most: fewer after a refusal, so that the one span that is refused is found.
    spans_max: usize,
    failures: u32,
    refusals: u32,
}

impl Domain {
    /// Delivers the record's traces to `collector` until `stop` turns true.
    pub async fn run_collector(&self, collector: Collector, mut stop: watch::Receiver<bool>) {
        let mut delivery = Delivery {
            domain: self,
            collector: &collector,
            client: Client::new(REQUEST_SECONDS_MAX),
            cursor: CollectorCursor::default(),
            spans_max: BATCH_SPANS_MAX,
            failures: 0,
            refusals: 0,
        };
        // What is under way when it is told to stop is sent again at the next start.
        tokio::select! {
            () = delivery.run() => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
    }
}

impl Delivery<'_> {
    async fn run(&mut self) {
        let mut begun = false;
        loop {
            let done = if begun {
                self.once().await
            } else {
                self.begin().await
            };
            begun = begun || done.is_ok();
            let pause = match done {
                Ok(pause) => pause,
                // The store: it is asked again, as often as a collector would be.
                Err(error) => Some(self.failed(&error.to_string(), None)),
            };
            self.show();
            if let Some(pause) = pause {
                tokio::time::sleep(pause).await;
            }
        }
    }

    async fn begin(&mut self) -> Result<Option<Duration>, LifecycleError> {
        let kept = self.domain.store.collector(&self.collector.name).await?;
        self.cursor = kept.unwrap_or_default();
        Ok(None)
    }

    /// Delivers one batch, or waits until there is something; gives how long to wait before the next attempt.
    async fn once(&mut self) -> Result<Option<Duration>, LifecycleError> {
        let mut covered = self.domain.checkpointed.subscribe();
        let reached = covered
            .wait_for(|covered| *covered > self.cursor.position)
            .await;
        let covered = *reached.map_err(|_| LifecycleError::Impossible {
            detail: "a domain without sequencer",
        })?;
        let mut batch = Batch::new(self.collector.audience, self.spans_max);
        let next = self
            .domain
            .gather(self.cursor, covered, self.collector.audience, &mut batch)
            .await?;
        let spans = batch.len() as u64;
        if batch.is_empty() {
            // Entries without a span.
            self.keep(next).await?;
            return Ok(None);
        }
        match self.attempt(batch).await {
            Attempt::Taken { refused } => {
                let next = CollectorCursor {
                    delivered: next.delivered + spans.saturating_sub(refused),
                    parked: next.parked + refused,
                    ..next
                };
                if refused > 0 {
                    self.park(next, refused, 200).await?;
                } else {
                    self.keep(next).await?;
                }
                self.recovered();
                Ok(None)
            }
            Attempt::Later {
                after_seconds,
                cause,
            } => Ok(Some(self.failed(&cause, after_seconds))),
            Attempt::Refused { .. } if spans > 1 => {
                self.spans_max = (batch_half(spans)).max(1);
                Ok(None)
            }
            Attempt::Refused { status } if self.refusals < REFUSALS_MAX => {
                self.refusals += 1;
                let next = CollectorCursor {
                    parked: next.parked + spans,
                    ..next
                };
                self.park(next, spans, status).await?;
                Ok(None)
            }
            Attempt::Refused { status } => Ok(Some(self.failed(&answered(status), None))),
        }
    }

    async fn attempt(&self, batch: Batch) -> Attempt {
        let mut headers = self.collector.headers.clone();
        headers.push(("content-type".to_owned(), otlp::MEDIA_TYPE.to_owned()));
        let url = self.collector.address.join(otlp::PATH);
        match self.client.post(url, headers, batch.into_body()).await {
            Ok(reply) => judged(&reply),
            Err(error) => Attempt::Later {
                after_seconds: None,
                cause: error.to_string(),
            },
        }
    }

    /// Keeps how far the collector has the record.
    async fn keep(&mut self, next: CollectorCursor) -> Result<(), LifecycleError> {
        let mut change = self.domain.store.begin().await?;
        change.put_collector(&self.collector.name, &next).await?;
        change.commit().await?;
        self.cursor = next;
        Ok(())
    }

    /// Keeps it together with what was refused on the way there, and puts that on the record.
    async fn park(
        &mut self,
        next: CollectorCursor,
        spans: u64,
        status: u16,
    ) -> Result<(), LifecycleError> {
        let refusal = CollectorRefusal {
            position: self.cursor.position,
            part: self.cursor.part,
            spans,
            status,
            at: self.domain.clock.now(),
        };
        let mut change = self.domain.store.begin().await?;
        change.put_collector(&self.collector.name, &next).await?;
        change
            .put_collector_refusal(&self.collector.name, &refusal)
            .await?;
        let draft = Draft::new(Kind::CollectorRefused)
            .fact("collector", &self.collector.name)
            .fact("position", refusal.position)
            .fact("part", refusal.part)
            .fact("spans", spans)
            .observed("status", status);
        self.domain.record(&mut change, draft).await?;
        self.domain.commit(change).await?;
        self.cursor = next;
        event!(ERROR, EXPORT_REFUSED, COLLECTOR = %self.collector.name, COUNT = spans, HTTP_STATUS = status);
        Ok(())
    }

    fn recovered(&mut self) {
        if self.failures > 0 {
            event!(INFO, EXPORT_RESUMED, COLLECTOR = %self.collector.name, ATTEMPT = self.failures);
        }
        self.failures = 0;
        self.refusals = 0;
        self.spans_max = (self.spans_max * 2).min(BATCH_SPANS_MAX);
    }

    /// Counts a failure; gives how long to wait.
    fn failed(&mut self, cause: &str, after_seconds: Option<u64>) -> Duration {
        self.failures = self.failures.saturating_add(1);
        // The first of a row, and then ever fewer.
        if self.failures.is_power_of_two() {
            event!(WARN, EXPORT_FAILED, COLLECTOR = %self.collector.name, ATTEMPT = self.failures, CAUSE = cause);
        }
        pause(self.failures, after_seconds)
    }

    fn show(&self) {
        let mut outboxes = self
            .domain
            .outboxes
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let outbox = Outbox {
            cursor: self.cursor,
            failures: u64::from(self.failures),
        };
        outboxes.insert(self.collector.name.to_string(), outbox);
    }
}

fn judged(reply: &Reply) -> Attempt {
    match otlp::answered(reply.status, &reply.body) {
        Answer::Taken => Attempt::Taken { refused: 0 },
        Answer::TakenInPart { refused } => Attempt::Taken { refused },
        Answer::Later => Attempt::Later {
            after_seconds: reply.retry_after_seconds,
            cause: answered(reply.status),
        },
        Answer::Refused => Attempt::Refused {
            status: reply.status,
        },
    }
}

/// A cause is words: the class of a status is one.
fn answered(status: u16) -> String {
    let class = match status {
        401 | 403 => "it does not know the credentials",
        404 => "there is no collector at the address",
        400..=428 | 430..=499 => "it refuses everything",
        429 | 502..=504 => "it is too busy",
        _ => "it failed inside",
    };
    class.to_owned()
}

fn batch_half(spans: u64) -> usize {
    usize::try_from(spans / 2).unwrap_or(BATCH_SPANS_MAX)
}

/// How long to wait after so many failures in a row: what the collector asked for, or twice as long each time.
fn pause(failures: u32, after_seconds: Option<u64>) -> Duration {
    let doubled = PAUSE_MS_MIN.saturating_mul(
        1_u64
            .checked_shl(failures.saturating_sub(1))
            .unwrap_or(u64::MAX),
    );
    let own = Duration::from_millis(doubled.min(PAUSE_MS_MAX));
    let asked = Duration::from_secs(after_seconds.unwrap_or(0).min(RETRY_AFTER_SECONDS_MAX));
    own.max(asked)
}

#[cfg(test)]
mod tests;
