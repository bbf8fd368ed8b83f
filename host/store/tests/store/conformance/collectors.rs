//! How far collectors have the record, and what they refused.

use yunei_ledger::Kind;
use yunei_model::RunState;
use yunei_store::{CollectorCursor, CollectorRefusal, Store, StoreError};

use crate::fixture::{NOON, World};

pub async fn cases(store: &Store, world: &World) {
    a_cursor_is_kept_without_an_entry(store, world).await;
    a_refusal_needs_an_entry_and_a_cursor(store, world).await;
    what_waits_is_counted(store, world).await;
}

async fn a_cursor_is_kept_without_an_entry(store: &Store, world: &World) {
    let name = world.name("collector");
    assert_eq!(store.collector(&name).await.unwrap(), None);
    let mut cursor = CollectorCursor::default();
    for position in [3, 5] {
        cursor = CollectorCursor {
            position,
            part: 2,
            delivered: 7 * position,
            parked: 0,
        };
        let mut change = store.begin().await.unwrap();
        change.put_collector(&name, &cursor).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.collector(&name).await.unwrap(), Some(cursor));
    }
    let all = store.collectors().await.unwrap();
    assert!(all.contains(&(name.to_string(), cursor)), "{all:?}");
}

async fn a_refusal_needs_an_entry_and_a_cursor(store: &Store, world: &World) {
    let name = world.name("collector");
    let refusal = CollectorRefusal {
        position: 4,
        part: 1,
        spans: 1,
        status: 400,
        at: NOON,
    };
    let mut change = store.begin().await.unwrap();
    let dangling = change.put_collector_refusal(&name, &refusal).await;
    assert!(
        matches!(dangling, Err(StoreError::Dangling { .. })),
        "{dangling:?}"
    );
    drop(change);

    let mut change = store.begin().await.unwrap();
    let cursor = CollectorCursor {
        parked: 1,
        ..CollectorCursor::default()
    };
    change.put_collector(&name, &cursor).await.unwrap();
    change.put_collector_refusal(&name, &refusal).await.unwrap();
    let unrecorded = change.commit().await;
    assert!(
        matches!(unrecorded, Err(StoreError::NotRecorded)),
        "{unrecorded:?}"
    );
    assert_eq!(store.collector(&name).await.unwrap(), None);

    let mut change = store.begin().await.unwrap();
    change.put_collector(&name, &cursor).await.unwrap();
    change.put_collector_refusal(&name, &refusal).await.unwrap();
    change
        .record(&world.entry(Kind::CollectorRefused))
        .await
        .unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.collector_refusals(&name).await.unwrap(), [refusal]);
}

async fn what_waits_is_counted(store: &Store, world: &World) {
    while !store.unsequenced(1).await.unwrap().is_empty() {
        store.sequence(u32::MAX).await.unwrap();
    }
    let none = store.pending().await.unwrap();
    assert_eq!((none.entries, none.oldest), (0, None));
    let change = store.begin().await.unwrap();
    world.commit(change).await.unwrap();
    let one = store.pending().await.unwrap();
    assert_eq!((one.entries, one.oldest), (1, Some(NOON)));

    let queued = |counts: &[(RunState, u64)]| {
        counts
            .iter()
            .find(|(state, _)| *state == RunState::Queued)
            .map(|(_, runs)| *runs)
    };
    let before = queued(&store.open_runs().await.unwrap());
    let setting = world.setting(store).await;
    let run = world.run(&setting, RunState::Queued, 5);
    let mut change = store.begin().await.unwrap();
    change.put_run(&run).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(
        queued(&store.open_runs().await.unwrap()),
        before.map(|runs| runs + 1)
    );
    let oldest = store.oldest_queued().await.unwrap();
    assert!(
        oldest.is_some_and(|oldest| oldest <= run.submitted_at),
        "{oldest:?}"
    );
}
