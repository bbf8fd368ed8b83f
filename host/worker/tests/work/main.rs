//! The worker over a real domain whose program is missing: every run that it claims ends, with the host's failure on the
//! record. Runs that come to an outcome need the program's rooms, and stand in the tests of the whole.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests say at once what is wrong"
)]

mod town;

use std::future::{Future, pending, ready};
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use town::Town;
use yunei_model::{Clock as _, Code, EndCause, Name, RunState, SystemClock};
use yunei_worker::{WorkerError, work};

const ONE: NonZeroUsize = NonZeroUsize::MIN;
/// Looks that a condition gets; together they are shorter than the worker's own safety net.
const LOOKS_MAX: u32 = 4000;

async fn until<F: Future<Output = bool>>(what: &str, mut condition: impl FnMut() -> F) {
    for _ in 0..LOOKS_MAX {
        if condition().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    unreachable!("{what} does not come");
}

fn started(town: &Town) -> (oneshot::Sender<()>, JoinHandle<Result<(), WorkerError>>) {
    let (stop, stopped) = oneshot::channel::<()>();
    let domain = Arc::clone(&town.domain);
    let worker = tokio::spawn(async move {
        work(domain, ONE, async {
            let _told = stopped.await;
        })
        .await
    });
    (stop, worker)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_run_comes_to_its_end_and_the_next_one_is_claimed() {
    let town = Town::found().await;
    let first = [
        town.submit().await,
        town.submit().await,
        town.submit().await,
    ];
    let (stop, worker) = started(&town);
    for run in first {
        until("the end of a queued run", || async {
            town.run(run).await.state == RunState::Failed
        })
        .await;
    }
    // The queue is empty now: the next run is claimed because it is told of.
    let later = town.submit().await;
    until("the end of a later run", || async {
        town.run(later).await.state == RunState::Failed
    })
    .await;
    stop.send(()).unwrap();
    worker.await.unwrap().unwrap();
    let ended = town.run(later).await;
    let Some(EndCause::Host { detail }) = ended.end_cause else {
        unreachable!("{:?}", ended.end_cause);
    };
    assert!(
        detail.contains(": "),
        "the causes behind it are told: {detail}"
    );
    assert_eq!(
        town.kinds_of(later).await,
        ["run-submitted", "run-claimed", "run-failed"]
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_is_told_to_stop_claims_nothing() {
    let town = Town::found().await;
    let run = town.submit().await;
    work(Arc::clone(&town.domain), ONE, ready(()))
        .await
        .unwrap();
    assert_eq!(town.run(run).await.state, RunState::Queued);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_worker_stops_at_once() {
    let town = Town::found().await;
    let (stop, worker) = started(&town);
    stop.send(()).unwrap();
    worker.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_gives_up_when_nothing_can_be_claimed() {
    let town = Town::found().await;
    town.domain.shut_down().await.unwrap();
    let ended = work(Arc::clone(&town.domain), ONE, pending()).await;
    assert!(matches!(ended, Err(WorkerError::Claim(_))));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_queued_with_its_answer_or_not_at_all() {
    let town = Town::found().await;
    let actor = town.operator_once("one");
    assert_eq!(town.domain.remembered(&actor).await.unwrap(), None);
    let queued = town.domain.submit(&actor, town.request()).await.unwrap();
    let answer = serde_json::to_string(&queued).unwrap();
    let remembered = town.domain.remembered(&actor).await.unwrap();
    assert_eq!(remembered.as_deref(), Some(answer.as_str()));
    // Nobody looked whether it is a repetition: its answer cannot be kept, so neither is its run, nor an entry of it.
    let before = town.entries().await;
    let again = town.domain.submit(&actor, town.request()).await;
    assert_eq!(again.unwrap_err().code(), Code::RecordFailed);
    let runs: Vec<_> = town.runs().await.iter().map(|run| run.id).collect();
    assert_eq!(runs, [queued.id]);
    assert_eq!(town.entries().await, before);
    // What was refused is not remembered: it may be allowed by now.
    let other = town.operator_once("two");
    let mut request = town.request();
    request.purpose = Name::parse("pricing").unwrap();
    town.domain.submit(&other, request).await.unwrap_err();
    assert_eq!(town.domain.remembered(&other).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operating_unit_is_told_of_use_when_it_is_told_of_the_end() {
    let town = Town::found().await;
    let (stop, worker) = started(&town);
    let run = town.submit().await;
    until("the end of the run", || async {
        town.run(run).await.state == RunState::Failed
    })
    .await;
    // Two rows, each of which may be read twice: charged in full although not one of them was read.
    let charged = (1, 4);
    assert_eq!(town.used().await, charged);
    let ended = town.run(run).await;
    let seen_from = town.domain.visible_from(&ended).unwrap();
    let told = town.told_of_use().await;
    assert!(told == (0, 0) || SystemClock.now() >= seen_from, "{told:?}");
    until("the end of the bucket", || async {
        town.told_of_use().await == charged
    })
    .await;
    assert!(SystemClock.now() >= seen_from);
    stop.send(()).unwrap();
    worker.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_whose_end_cannot_be_written_is_not_left_running() {
    let town = Town::found().await;
    // The host fails, and so does the entry of that: only then is the run interrupted.
    town.execute(
        "CREATE TRIGGER refused BEFORE INSERT ON entries WHEN NEW.kind = 'run-failed' \
         BEGIN SELECT RAISE(ABORT, 'the disk says no'); END",
    )
    .await;
    let run = town.submit().await;
    let (stop, worker) = started(&town);
    until("the end of the run", || async {
        town.run(run).await.state == RunState::Aborted
    })
    .await;
    let ended = town.run(run).await;
    assert_eq!(ended.end_cause, Some(EndCause::Interrupted));
    let kinds = town.kinds_of(run).await;
    assert_eq!(kinds, ["run-submitted", "run-claimed", "run-aborted"]);
    stop.send(()).unwrap();
    worker.await.unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_module_and_a_closed_account_end_what_waits() {
    let town = Town::found().await;
    let denied = |clause: &str| {
        Some(EndCause::Denied {
            clause: clause.to_owned(),
        })
    };
    let run = town.submit().await;
    let withdrawn = town.domain.withdraw_module(&town.operator, town.module);
    withdrawn.await.unwrap();
    let ended = town.run(run).await;
    assert_eq!(ended.state, RunState::Stopped);
    assert_eq!(ended.end_cause, denied("module.admitted"));
    assert_eq!(town.kinds_of(run).await, ["run-submitted", "run-stopped"]);

    let town = Town::found().await;
    let run = town.submit().await;
    let system = yunei_town::administrator(&town.domain, town.path(), "system").await;
    // Whoever is closed stops their own runs, and nobody else's.
    let other = town.stranger.principal().account;
    let closed = town.domain.close_account(&system, other, "gone").await;
    closed.unwrap();
    assert_eq!(town.run(run).await.state, RunState::Queued);
    let own = town.operator.principal().account;
    let closed = town.domain.close_account(&system, own, "gone").await;
    closed.unwrap();
    let ended = town.run(run).await;
    assert_eq!(ended.state, RunState::Stopped);
    assert_eq!(ended.end_cause, denied("account.active"));
}
