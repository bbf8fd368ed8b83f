//! State and record together, or neither.

use yunei_ledger::Kind;
use yunei_model::Digest;
use yunei_store::{Answer, EntryFilter, Page, Store, StoreError};

use crate::fixture::{NOON, World};

pub async fn cases(store: &Store, world: &World) {
    what_is_committed_is_there(store, world).await;
    what_is_dropped_is_not(store, world).await;
    state_without_an_entry_is_refused(store, world).await;
    an_entry_without_state_is_kept(store, world).await;
    bookkeeping_needs_no_entry(store, world).await;
    a_failed_statement_ends_the_change(store, world).await;
    an_entry_stands_once(store, world).await;
}

async fn entries(store: &Store) -> usize {
    let all = EntryFilter::default();
    store.entries(&all, Page::first(1000)).await.unwrap().len()
}

async fn what_is_committed_is_there(store: &Store, world: &World) {
    let (organisation, entry) = (
        world.organisation(),
        world.entry(Kind::OrganisationRegistered),
    );
    let mut change = store.begin().await.unwrap();
    change.put_organisation(&organisation).await.unwrap();
    change.record(&entry).await.unwrap();
    // The change sees what it wrote; nobody else does.
    assert!(
        change
            .organisation(organisation.id)
            .await
            .unwrap()
            .is_some()
    );
    assert_eq!(store.organisation(organisation.id).await.unwrap(), None);
    change.commit().await.unwrap();
    assert_eq!(
        store.organisation(organisation.id).await.unwrap(),
        Some(organisation)
    );
    assert_eq!(store.entry(entry.id()).await.unwrap().unwrap().entry, entry);
}

async fn what_is_dropped_is_not(store: &Store, world: &World) {
    let before = entries(store).await;
    let organisation = world.organisation();
    let mut change = store.begin().await.unwrap();
    change.put_organisation(&organisation).await.unwrap();
    change.record(&world.entry(Kind::Queried)).await.unwrap();
    drop(change);
    let mut after = store.begin().await.unwrap();
    assert_eq!(after.organisation(organisation.id).await.unwrap(), None);
    after.put_organisation(&organisation).await.unwrap();
    world.commit(after).await.unwrap();
    assert_eq!(entries(store).await, before + 1);
}

async fn state_without_an_entry_is_refused(store: &Store, world: &World) {
    let organisation = world.organisation();
    let mut change = store.begin().await.unwrap();
    change.put_organisation(&organisation).await.unwrap();
    assert!(matches!(
        change.commit().await,
        Err(StoreError::NotRecorded)
    ));
    assert_eq!(store.organisation(organisation.id).await.unwrap(), None);
}

async fn an_entry_without_state_is_kept(store: &Store, world: &World) {
    let entry = world.entry(Kind::DecisionDenied);
    let mut change = store.begin().await.unwrap();
    change.record(&entry).await.unwrap();
    change.commit().await.unwrap();
    assert!(store.entry(entry.id()).await.unwrap().is_some());
}

async fn bookkeeping_needs_no_entry(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let answer = Answer {
        request_digest: Digest::of(b"request"),
        response: "{}".into(),
        answered_at: NOON,
    };
    let account = setting.account.id;
    let mut change = store.begin().await.unwrap();
    change.put_answer(account, "key", &answer).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(
        store.answer(account, "key").await.unwrap(),
        Some(answer.clone())
    );
    assert_eq!(store.answer(account, "other").await.unwrap(), None);
    let mut change = store.begin().await.unwrap();
    let again = change.put_answer(account, "key", &answer).await;
    assert!(matches!(again, Err(StoreError::Taken { .. })));
    drop(change);
    let mut change = store.begin().await.unwrap();
    assert_eq!(change.remove_answers_before(NOON).await.unwrap(), 0);
    assert_eq!(
        change
            .remove_answers_before(NOON.plus_seconds(1))
            .await
            .unwrap(),
        1
    );
    change.commit().await.unwrap();
    assert_eq!(store.answer(account, "key").await.unwrap(), None);
}

async fn a_failed_statement_ends_the_change(store: &Store, world: &World) {
    let first = world.organisation();
    let mut same_name = world.organisation();
    same_name.name = first.name.clone();
    let mut change = store.begin().await.unwrap();
    change.put_organisation(&first).await.unwrap();
    let taken = change.put_organisation(&same_name).await;
    assert!(matches!(
        taken,
        Err(StoreError::Taken {
            thing: "organisation"
        })
    ));
    let after = change.record(&world.entry(Kind::Queried)).await;
    assert!(matches!(after, Err(StoreError::Failed)));
    assert!(matches!(change.commit().await, Err(StoreError::Failed)));
    assert_eq!(store.organisation(first.id).await.unwrap(), None);
}

async fn an_entry_stands_once(store: &Store, world: &World) {
    let entry = world.entry(Kind::Queried);
    let mut change = store.begin().await.unwrap();
    change.record(&entry).await.unwrap();
    let again = change.record(&entry).await;
    assert!(matches!(again, Err(StoreError::Taken { thing: "entry" })));
    assert!(matches!(change.commit().await, Err(StoreError::Failed)));
    assert_eq!(store.entry(entry.id()).await.unwrap(), None);
}
