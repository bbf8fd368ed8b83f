//! Exact releases, by the rows that they are about.

use yunei_model::*;
use yunei_store::{Store, StoreError};

use crate::fixture::{NOON, Setting, World};

pub async fn cases(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    a_repeat_is_listed_and_told_once(store, world, &setting).await;
}

/// Releases a table of a run of its own, and writes what it tells about a row set.
async fn put(
    store: &Store,
    world: &World,
    setting: &Setting,
    rows: &RowSet,
    told: [&[u8]; 2],
) -> (u64, ExactRelease) {
    let run = world.ended_run(store, setting).await.id;
    let release = Release {
        id: ReleaseId::new(&world.ids),
        run,
        output: world.name("output"),
        route: Route::Recomputed,
        table: Table::new(Vec::new()).unwrap(),
        at: NOON,
    };
    let exact = ExactRelease {
        release: release.id,
        run,
        output: release.output.clone(),
        rows: rows.clone(),
        computed: true,
        structure: Digest::of(told[0]),
        table: Digest::of(told[1]),
        profile: Digest::of(b"profile"),
        resource: setting.resource.clone(),
    };
    let mut change = store.begin().await.unwrap();
    let dangling = change.put_exact_release(&exact).await;
    assert!(matches!(dangling, Err(StoreError::Dangling { .. })));
    drop(change);
    let mut change = store.begin().await.unwrap();
    change.put_release(&release).await.unwrap();
    let position = change.put_exact_release(&exact).await.unwrap();
    world.commit(change).await.unwrap();
    let mut change = store.begin().await.unwrap();
    let taken = change.put_exact_release(&exact).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })));
    (position, exact)
}

async fn a_repeat_is_listed_and_told_once(store: &Store, world: &World, setting: &Setting) {
    let snapshot = world.snapshot(&setting.resource, 1, 1);
    let period = Period {
        field: world.name("day"),
        from: NOON,
        until: NOON.plus_seconds(1),
    };
    let all = RowSet::new(&snapshot, &[], None);
    let part = RowSet::new(&snapshot, &[], Some(period));
    let before = store.exact_position().await.unwrap();
    let (first, one) = put(store, world, setting, &all, [b"a", b"1"]).await;
    let (_, repeat) = put(store, world, setting, &all, [b"a", b"1"]).await;
    let (third, other) = put(store, world, setting, &all, [b"b", b"1"]).await;
    let (last, apart) = put(store, world, setting, &part, [b"a", b"1"]).await;
    assert_eq!(store.exact_position().await.unwrap(), last);
    assert!(before < first && first < third && third < last);

    let listed = |after, to| async move {
        let resource = setting.resource.id;
        let found = store.exact_releases(resource, after, to).await.unwrap();
        let found = found.into_iter().map(|listed| listed.exact);
        found.collect::<Vec<_>>()
    };
    assert_eq!(
        listed(before, u64::MAX).await,
        [one.clone(), other.clone(), apart]
    );
    assert_eq!(listed(before, third).await, [one.clone(), other.clone()]);
    assert_eq!(listed(first, third).await, [other]);
    let like = |rows: &RowSet, structure: &[u8], to| {
        let (rows, structure) = (rows.digest(), Digest::of(structure));
        async move {
            let found = store.exact_release_like(rows, structure, to).await;
            found.unwrap().map(|listed| listed.exact.release)
        }
    };
    assert_eq!(like(&all, b"a", last).await, Some(one.release));
    assert_ne!(like(&all, b"a", last).await, Some(repeat.release));
    assert_eq!(like(&all, b"c", last).await, None);
    assert_eq!(like(&all, b"b", first).await, None);
    let unlisted = store.releases_unlisted(None).await.unwrap();
    assert!(
        unlisted
            .iter()
            .all(|r| r.id != one.release && r.id != repeat.release)
    );
}
