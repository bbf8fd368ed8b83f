//! A clock that is put back: the record's order is that of commits, whatever its times say.

use std::path::Path;
use std::sync::Arc;

use yunei_ledger::Kind;
use yunei_model::{Clock as _, Code, FixedClock, Name, Timestamp};
use yunei_store::{EntryFilter, Page};

use crate::alerts::tests::open;
use crate::{Alerting, Domain, LifecycleError, RequestTrace};

const NOON: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
/// Further than a lock-out and the strangers' hour, less than a token lasts.
const BACK_SECONDS: i64 = 2 * 3600;

async fn fail_to_sign_in(domain: &Domain) -> LifecycleError {
    let nobody = Name::parse("nobody").unwrap();
    let trace = RequestTrace::default();
    let refused = domain.sign_in(&nobody, "wrong", &trace).await;
    refused.unwrap_err()
}

async fn positions_and_times(domain: &Domain) -> Vec<(u64, Timestamp)> {
    let all = EntryFilter::default();
    let entries = domain.store.entries(&all, Page::first(100)).await.unwrap();
    entries
        .iter()
        .map(|recorded| (recorded.position, recorded.entry.at()))
        .collect()
}

async fn assert_record_holds(domain: &Domain, entries: usize) {
    domain.sequence_now().await.unwrap();
    domain.publish_now().await.unwrap();
    let report = domain.store.verify(&domain.log_key(), &[]).await.unwrap();
    assert!(report.holds(), "{report:?}");
    assert_eq!(report.entries, entries as u64);
    assert_eq!(
        report.covered, entries as u64,
        "all under the newest checkpoint"
    );
}

async fn start(place: &Path, clock: &Arc<FixedClock>) -> Arc<Domain> {
    let domain = open(place, clock, Alerting::new(Vec::new(), Vec::new()).unwrap());
    let domain = domain.await;
    domain.recover().await.unwrap();
    domain
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_put_back_changes_no_order_and_stops_no_checkpoint() {
    let place = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::at(NOON));
    let domain = start(place.path(), &clock).await;
    let files = domain.bootstrap().await.unwrap().unwrap().files;
    let secret = std::fs::read_to_string(place.path().join(&files[0])).unwrap();
    for _ in 0..crate::SIGN_IN_FAILURES_MAX {
        assert_eq!(fail_to_sign_in(&domain).await.code(), Code::SignInFailed);
    }
    assert_eq!(fail_to_sign_in(&domain).await.code(), Code::SignInLocked);
    let before = positions_and_times(&domain).await;
    assert_record_holds(&domain, before.len()).await;
    let shown = domain.store.newest_checkpoint().await.unwrap().unwrap();

    clock.advance_seconds(-BACK_SECONDS);
    // A token goes on, and a lock-out does not last for hours longer than it may.
    let trace = RequestTrace::default();
    domain.authenticate(&secret, trace.clone()).await.unwrap();
    assert_eq!(fail_to_sign_in(&domain).await.code(), Code::SignInFailed);
    let after = positions_and_times(&domain).await;
    assert_eq!(after[..before.len()], before, "what was there is as it was");
    assert!(after.len() > before.len());
    assert_record_holds(&domain, after.len()).await;
    for (index, (position, at)) in after.iter().enumerate() {
        assert_eq!(*position, index as u64 + 1);
        assert_eq!(
            *at < NOON,
            index >= before.len(),
            "times are told as they were"
        );
    }
    let newest = domain.store.newest_checkpoint().await.unwrap().unwrap();
    assert!(newest.size > shown.size && newest.signed_at < shown.signed_at);

    // So does the next start, whose clock is right again; strangers are never shown the shorter log of the two.
    domain.shut_down().await.unwrap();
    drop(domain);
    clock.advance_seconds(BACK_SECONDS + 1);
    let domain = start(place.path(), &clock).await;
    let newest = domain.store.newest_checkpoint().await.unwrap().unwrap();
    let strangers = domain.store.checkpoint_before(clock.now()).await.unwrap();
    assert_eq!(strangers.unwrap().size, newest.size);
    domain.authenticate(&secret, trace).await.unwrap();
    let started = EntryFilter {
        kinds: vec![Kind::SystemStarted],
        ..EntryFilter::default()
    };
    let started = domain
        .store
        .entries(&started, Page::first(10))
        .await
        .unwrap();
    assert_eq!(started.len(), 2);
    let all = positions_and_times(&domain).await.len();
    assert_record_holds(&domain, all).await;
    domain.shut_down().await.unwrap();
}
