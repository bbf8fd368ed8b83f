//! What runs take of a quota.

use yunei_model::{Code, GrantId, Quota};
use yunei_store::{Store, StoreError, Usage};

use crate::fixture::World;

pub async fn cases(store: &Store, world: &World) {
    a_quota_admits_its_limit_and_not_one_more(store, world).await;
    what_is_not_used_goes_back(store, world).await;
    reservations_at_once_never_pass_the_quota(store, world).await;
}

const QUOTA: Quota = Quota {
    runs: 3,
    rows: 100,
    released_cells: 20,
};

const fn usage(runs: u64, rows: u64, released_cells: u64) -> Usage {
    Usage {
        runs,
        rows,
        released_cells,
    }
}

async fn a_quota_admits_its_limit_and_not_one_more(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let grant = setting.grant.id;
    let run = world.ended_run(store, &setting).await.id;
    assert_eq!(store.usage(grant).await.unwrap(), usage(0, 0, 0));
    let mut change = store.begin().await.unwrap();
    assert_eq!(
        change
            .reserve(run, grant, &QUOTA, usage(3, 100, 20))
            .await
            .unwrap(),
        usage(3, 100, 20)
    );
    for (more, code) in [
        (usage(1, 0, 0), Code::QuotaRuns),
        (usage(0, 1, 0), Code::QuotaRows),
        (usage(0, 0, 1), Code::QuotaCells),
        (usage(u64::MAX, 0, 0), Code::QuotaRuns),
    ] {
        let refused = change.reserve(run, grant, &QUOTA, more).await.unwrap_err();
        assert!(matches!(refused, StoreError::Quota(_)));
        assert_eq!(refused.code(), code);
    }
    // A refusal writes nothing and the change goes on.
    world.commit(change).await.unwrap();
    assert_eq!(store.usage(grant).await.unwrap(), usage(3, 100, 20));
    let mut change = store.begin().await.unwrap();
    let narrowed = change
        .reserve(run, grant, &Quota { runs: 2, ..QUOTA }, usage(0, 0, 0))
        .await;
    assert!(matches!(narrowed, Err(StoreError::Quota(_))));
}

async fn what_is_not_used_goes_back(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let grant = setting.grant.id;
    let (one, two) = (
        world.ended_run(store, &setting).await.id,
        world.ended_run(store, &setting).await.id,
    );
    let mut change = store.begin().await.unwrap();
    change
        .reserve(one, grant, &QUOTA, usage(1, 60, 0))
        .await
        .unwrap();
    change
        .reserve(two, grant, &QUOTA, usage(1, 40, 0))
        .await
        .unwrap();
    change
        .reserve(one, grant, &QUOTA, usage(0, 0, 5))
        .await
        .unwrap();
    assert_eq!(change.reservation(one).await.unwrap(), usage(1, 60, 5));
    let over = change.settle(one, usage(1, 61, 5)).await;
    assert!(matches!(over, Err(StoreError::Overspent(limit)) if limit.name == "rows"));
    change.settle(one, usage(1, 13, 5)).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(store.usage(grant).await.unwrap(), usage(2, 53, 5));
    let mut change = store.begin().await.unwrap();
    change.settle(two, usage(0, 0, 0)).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(store.usage(grant).await.unwrap(), usage(1, 13, 5));
    let stranger = world.ended_run(store, &setting).await.id;
    let mut change = store.begin().await.unwrap();
    let absent = change.settle(stranger, usage(0, 0, 0)).await;
    assert!(matches!(absent, Err(StoreError::Absent { .. })));
}

async fn reservations_at_once_never_pass_the_quota(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let grant: GrantId = setting.grant.id;
    let mut runs = Vec::new();
    for _ in 0..8 {
        runs.push(world.ended_run(store, &setting).await.id);
    }
    let attempts = runs.iter().map(|run| async {
        let mut change = store.begin().await.unwrap();
        change.reserve(*run, grant, &QUOTA, usage(1, 1, 0)).await?;
        world.commit(change).await
    });
    let outcomes = futures::future::join_all(attempts).await;
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_ok()).count(), 3);
    assert_eq!(store.usage(grant).await.unwrap(), usage(3, 3, 0));
}
