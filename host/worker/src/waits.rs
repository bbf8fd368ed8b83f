//! What waits and needs no claim: runs that wait for the witnesses' quorum, those that an earlier process left so, and outputs that two
//! people let out and that did not leave yet.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::task::JoinSet;
use tokio::time::sleep;
use yunei_lifecycle::{AwaitsQuorum, Domain, LifecycleError};
use yunei_telemetry::{chain, event};

use crate::{LOOK_SECONDS, interrupt, late_cause, supervised, told};

/// Runs that wait for the witnesses' quorum beside those that run; a further one keeps its room.
const WAITING_MAX: usize = 64;
/// One for each run that waits.
static PLACES: Semaphore = Semaphore::const_new(WAITING_MAX);

/// Leads on what waits, until this is dropped. Whatever is under way then is as it was, and goes on at the next start.
pub async fn lead_on(domain: Arc<Domain>) {
    tokio::join!(left_waiting(&domain), let_out(&domain));
}

/// Runs that an earlier process left waiting.
async fn left_waiting(domain: &Arc<Domain>) {
    let mut waiting = JoinSet::new();
    for run in domain.take_left_waiting() {
        let Ok(place) = PLACES.acquire().await else {
            return;
        };
        let led = Arc::clone(domain);
        let wait = async move {
            let ended = led.await_quorum_again(run).await;
            drop(place);
            ended.map(drop).map_err(|error| {
                event!(ERROR, STAGE_FAILED, STAGE = "quorum", RUN_ID = %run, CAUSE = %chain(&error));
                late_cause(&error)
            })
        };
        waiting.spawn(supervised(Arc::clone(domain), run, wait));
    }
    while let Some(run) = waiting.join_next().await {
        told(run);
    }
}

/// Releases what two people let out, at once and whenever the next look finds some.
async fn let_out(domain: &Arc<Domain>) {
    loop {
        match domain.approved().await {
            Ok(runs) => {
                for run in runs {
                    if let Err(error) = domain.release_approved(run).await {
                        event!(ERROR, STAGE_FAILED, STAGE = "release", RUN_ID = %run, CAUSE = %chain(&error));
                    }
                }
            }
            Err(error) => {
                event!(ERROR, STAGE_FAILED, STAGE = "release", CAUSE = %chain(&error));
            }
        }
        sleep(Duration::from_secs(LOOK_SECONDS)).await;
    }
}

/// A run that waits for witnesses takes no room from others, as long as there are not too many such runs. It is not waited for when the
/// worker is told to stop: its output stays sealed, and the next start finds it waiting.
pub async fn wait_for_quorum(
    domain: &Arc<Domain>,
    waiting: AwaitsQuorum,
) -> Result<&'static str, (&'static str, LifecycleError)> {
    let domain = Arc::clone(domain);
    let Ok(place) = PLACES.try_acquire() else {
        let outcome = domain.await_quorum(waiting).await;
        return outcome.map(|_| "awaited-quorum").map_err(|e| ("quorum", e));
    };
    let run = waiting.run().id;
    tokio::spawn(async move {
        if let Err(error) = domain.await_quorum(waiting).await {
            event!(ERROR, STAGE_FAILED, STAGE = "quorum", RUN_ID = %run, CAUSE = %chain(&error));
            interrupt(&domain, run, &late_cause(&error)).await;
        }
        drop(place);
    });
    Ok("awaits-quorum")
}
