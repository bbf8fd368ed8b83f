//! Claims queued runs and supervises them to their end.
//!
//! Duty: take the next run when there is room for one, and lead it through the lifecycle's stages: claimed → sealed → outcome.
//!
//! Invariants: no more runs at once than the operator of the system said. A worker that is told to stop claims nothing more;
//! what is still running after [`GRACE_SECONDS`] is let go, its rooms are killed with it, and recovery ends it as `aborted`.
//! A run whose task panics or fails is ended at once, with its entry: it is not left for the next start. While the store fails that is
//! tried again and again, as claims are: such a run keeps its place, and nothing else begins. What waits for witnesses, or was let out by
//! two people and did not leave, goes on by itself after a start.
//!
//! Never: deciding; touching a room, a key or the store otherwise than through [`yunei_lifecycle`].

mod waits;

use std::future::Future;
use std::num::NonZeroUsize;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;
use tokio::task::{JoinError, JoinSet};
use tokio::time::{sleep, timeout};
use tracing::Instrument as _;
use yunei_lifecycle::{Claimed, Domain, LifecycleError, Outcome};
use yunei_model::{EndCause, RunId};
use yunei_telemetry::{chain, event, names, span};

/// Seconds that runs have to end when the worker is told to stop.
pub const GRACE_SECONDS: u64 = 10;
/// Seconds after which the queue is looked at although nobody said that there is something: a safety net, no schedule.
const LOOK_SECONDS: u64 = 60;
/// Milliseconds to wait after a claim that failed.
const PAUSE_MS: u64 = 200;
/// Milliseconds that the wait grows to while the store fails.
const PAUSE_MS_MAX: u64 = 2000;
/// How often a lost run is tried to be ended, unless it is the store that fails for a while: half a minute in all.
const INTERRUPTS_MAX: u64 = 16;
/// Claims in a row that may fail before the worker gives up, unless it is the store that fails for a while.
const FAILURES_MAX: u64 = 20;

/// Why a worker ended before it was told to.
#[derive(Debug, Error)]
pub enum WorkerError {
    /// Nothing can be claimed any more.
    #[error("{FAILURES_MAX} claims in a row failed")]
    Claim(#[source] LifecycleError),
}

/// Runs what is queued, `at_once` runs at a time, until `shutdown` is over.
///
/// # Errors
/// [`WorkerError`] when nothing can be claimed any more.
pub async fn work(
    domain: Arc<Domain>,
    at_once: NonZeroUsize,
    shutdown: impl Future<Output = ()>,
) -> Result<(), WorkerError> {
    let mut runs = JoinSet::new();
    // A set of one, dropped with this function.
    let mut waits = JoinSet::new();
    waits.spawn(waits::lead_on(Arc::clone(&domain)));
    let ended = claim_all(&domain, at_once, &mut runs, pin!(shutdown)).await;
    let last = async {
        while let Some(run) = runs.join_next().await {
            told(run);
        }
    };
    if timeout(Duration::from_secs(GRACE_SECONDS), last)
        .await
        .is_err()
    {
        event!(WARN, STAGE_FAILED, STAGE = "stop", COUNT = runs.len());
    }
    ended
}

/// Claims as long as there is room. It is told to stop between claims, never in the middle of one: a run that was
/// claimed is always led on.
async fn claim_all(
    domain: &Arc<Domain>,
    at_once: NonZeroUsize,
    runs: &mut JoinSet<()>,
    mut shutdown: Pin<&mut impl Future<Output = ()>>,
) -> Result<(), WorkerError> {
    let mut failures = 0;
    let mut wait = Wait::Not;
    loop {
        tokio::select! {
            biased;
            () = shutdown.as_mut() => return Ok(()),
            () = rest(domain, runs, wait) => {}
        }
        if runs.len() >= at_once.get() {
            wait = Wait::ForRoom;
            continue;
        }
        // INVARIANT: whoever queues notifies afterwards, and a notification that nobody waits for is kept: between
        // an empty queue and the wait for work nothing is lost.
        match domain.claim().await {
            Ok(Some(claimed)) => {
                failures = 0;
                wait = Wait::Not;
                let id = claimed.run().id;
                let led = to_its_end(Arc::clone(domain), claimed);
                runs.spawn(supervised(Arc::clone(domain), id, led));
            }
            Ok(None) => {
                failures = 0;
                wait = Wait::ForWork;
            }
            Err(error) => {
                failures += 1;
                wait = Wait::AMoment(pause(failures));
                event!(ERROR, STAGE_FAILED, STAGE = "claim", CAUSE = %chain(&error), ATTEMPT = failures);
                if failures >= FAILURES_MAX && !error.may_pass() {
                    return Err(WorkerError::Claim(error));
                }
            }
        }
    }
}

/// What the next claim waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wait {
    Not,
    AMoment(Duration),
    ForRoom,
    ForWork,
}

/// Waits; runs that end meanwhile are forgotten.
async fn rest(domain: &Domain, runs: &mut JoinSet<()>, wait: Wait) {
    let most = match wait {
        Wait::Not => return,
        Wait::AMoment(pause) => pause,
        Wait::ForRoom | Wait::ForWork => Duration::from_secs(LOOK_SECONDS),
    };
    let mut look = pin!(sleep(most));
    loop {
        tokio::select! {
            () = domain.queued(), if wait == Wait::ForWork => return,
            () = &mut look => return,
            Some(run) = runs.join_next() => {
                told(run);
                if wait == Wait::ForRoom {
                    return;
                }
            }
        }
    }
}

/// Leads a run to its end in a task of its own, and sees to it that there is one whatever becomes of the task.
async fn supervised(
    domain: Arc<Domain>,
    id: RunId,
    led: impl Future<Output = Result<(), EndCause>> + Send + 'static,
) {
    // A set of one: dropped with its supervisor, it takes the run's task along.
    let mut task = JoinSet::new();
    task.spawn(led);
    let ended = match task.join_next().await {
        Some(Ok(ended)) => ended,
        Some(Err(error)) => {
            event!(ERROR, STAGE_FAILED, STAGE = "run", RUN_ID = %id, CAUSE = %error);
            Err(EndCause::Interrupted)
        }
        None => Err(EndCause::Interrupted),
    };
    if let Err(cause) = ended {
        interrupt(&domain, id, &cause).await;
    }
}

/// The cause of an end that could not be written where it came about.
fn late_cause(error: &LifecycleError) -> EndCause {
    match error.end_cause() {
        EndCause::RecordFailed => EndCause::RecordFailed,
        _ => EndCause::Interrupted,
    }
}

fn pause(attempts: u64) -> Duration {
    Duration::from_millis(PAUSE_MS.saturating_mul(attempts).min(PAUSE_MS_MAX))
}

/// Ends a run that was lost, again and again for as long as the store fails. What outlasts this process is for recovery at the next start.
async fn interrupt(domain: &Domain, run: RunId, cause: &EndCause) {
    let mut attempts = 0;
    loop {
        attempts += 1;
        match domain.interrupt(run, cause.clone()).await {
            Ok(_) => return,
            Err(error) => {
                event!(ERROR, STAGE_FAILED, STAGE = "interrupt", RUN_ID = %run, CAUSE = %chain(&error), ATTEMPT = attempts);
                if attempts >= INTERRUPTS_MAX && !error.may_pass() {
                    return;
                }
            }
        }
        sleep(pause(attempts)).await;
    }
}

/// One run, from its claim to its outcome. The lifecycle puts every end on the record, failures of the host too; the cause when
/// it could not say that it did.
async fn to_its_end(domain: Arc<Domain>, claimed: Claimed) -> Result<(), EndCause> {
    let run = claimed.run();
    let span = span!(
        RUN,
        RUN_ID = %run.id,
        GRANT_ID = %run.grant,
        MODULE_ID = %run.module,
        OPERATOR_ID = %run.operator,
        RUN_END = tracing::field::Empty,
    );
    async {
        event!(INFO, RUN_CLAIMED);
        let (end, ended) = match outcome(&domain, claimed).await {
            Ok(end) => (end, Ok(())),
            Err((stage, error)) => {
                event!(ERROR, STAGE_FAILED, STAGE = stage, CAUSE = %chain(&error));
                ("host-failed", Err(late_cause(&error)))
            }
        };
        tracing::Span::current().record(names::RUN_END, end);
        event!(INFO, RUN_ENDED);
        ended
    }
    .instrument(span)
    .await
}

/// What became of a run, or the stage that failed.
async fn outcome(
    domain: &Arc<Domain>,
    claimed: Claimed,
) -> Result<&'static str, (&'static str, LifecycleError)> {
    let sealed = domain.execute(claimed).await.map_err(|e| ("execute", e))?;
    let Some(sealed) = sealed else {
        return Ok("ended-early");
    };
    let outcome = domain
        .judge_output(sealed)
        .await
        .map_err(|e| ("judge", e))?;
    if let Some(Outcome::AwaitsQuorum(waiting)) = outcome {
        return waits::wait_for_quorum(domain, *waiting).await;
    }
    Ok(match outcome {
        Some(Outcome::Released(_)) => "released",
        Some(Outcome::Withheld(_)) => "withheld",
        Some(Outcome::InReview(_)) => "in-review",
        Some(Outcome::AwaitsQuorum(_)) => "awaits-quorum",
        None => "ended-early",
    })
}

/// A supervisor that broke takes its run's rooms with it; the run is ended by the next recovery.
fn told(run: Result<(), JoinError>) {
    if let Err(error) = run {
        event!(ERROR, STAGE_FAILED, STAGE = "run", CAUSE = %error);
    }
}
