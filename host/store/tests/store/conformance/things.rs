//! Resources, snapshots, scenarios, grants, consents, modules; pages.

use yunei_model::{Consent, ConsentId, GrantState, ModuleState, OrganisationId};
use yunei_store::{PAGE_ROWS_MAX, Page, Store, StoreError};

use crate::fixture::{NOON, Setting, World};

pub async fn cases(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    pages_go_through_all(store, world).await;
    the_newest_snapshot_is_found(store, world, &setting).await;
    a_grant_has_versions(store, world, &setting).await;
    a_resource_is_consented_to_once(store, world, &setting).await;
    modules_are_found(store, world, &setting).await;
}

async fn pages_go_through_all(store: &Store, world: &World) {
    let mut change = store.begin().await.unwrap();
    for _ in 0..7 {
        change
            .put_organisation(&world.organisation())
            .await
            .unwrap();
    }
    world.commit(change).await.unwrap();
    let all = store
        .organisations(Page::first(PAGE_ROWS_MAX))
        .await
        .unwrap();
    assert!(all.len() >= 7);
    let (mut seen, mut page) = (Vec::new(), Page::first(3));
    loop {
        let part = store.organisations(page).await.unwrap();
        assert!(part.len() <= 3);
        let Some(last) = part.last() else { break };
        page = page.after(last.id);
        seen.extend(part);
    }
    assert_eq!(seen, all);
    let mut falling = store
        .organisations(Page::first(u32::MAX).falling())
        .await
        .unwrap();
    falling.reverse();
    assert_eq!(falling, all);
    let before = Page::<OrganisationId>::first(1).falling().after(all[1].id);
    assert_eq!(store.organisations(before).await.unwrap(), all[..1]);
}

async fn the_newest_snapshot_is_found(store: &Store, world: &World, setting: &Setting) {
    let resource = &setting.resource;
    assert_eq!(
        store
            .resource_by_name(&resource.name)
            .await
            .unwrap()
            .as_ref(),
        Some(resource)
    );
    assert_eq!(
        store.resource(resource.id).await.unwrap().as_ref(),
        Some(resource)
    );
    assert_eq!(
        store.newest_snapshot(resource.id, None).await.unwrap(),
        None
    );
    let (old, late, corrected) = (
        world.snapshot(resource, 0, 1),
        world.snapshot(resource, 100, 2),
        world.snapshot(resource, 0, 3),
    );
    let mut change = store.begin().await.unwrap();
    for snapshot in [&old, &late, &corrected] {
        change.put_snapshot(snapshot).await.unwrap();
    }
    world.commit(change).await.unwrap();
    let newest = |as_of: Option<i64>| {
        store.newest_snapshot(resource.id, as_of.map(|s| NOON.plus_seconds(s)))
    };
    assert_eq!(newest(None).await.unwrap().as_ref(), Some(&late));
    assert_eq!(newest(Some(100)).await.unwrap().as_ref(), Some(&late));
    assert_eq!(newest(Some(99)).await.unwrap().as_ref(), Some(&corrected));
    assert_eq!(newest(Some(-1)).await.unwrap(), None);
    assert_eq!(
        store
            .snapshots(resource.id, Page::first(9))
            .await
            .unwrap()
            .len(),
        3
    );
    let mut change = store.begin().await.unwrap();
    let again = change.put_snapshot(&old).await;
    assert!(matches!(again, Err(StoreError::Taken { .. })));
}

async fn a_grant_has_versions(store: &Store, world: &World, setting: &Setting) {
    let scenario = &setting.scenario;
    assert_eq!(
        store
            .scenario_by_name(&scenario.name)
            .await
            .unwrap()
            .as_ref(),
        Some(scenario)
    );
    assert_eq!(
        store.scenario(scenario.id).await.unwrap().as_ref(),
        Some(scenario)
    );
    let first = &setting.grant;
    let mut second = first.clone();
    second.version = 2;
    second.state = GrantState::Draft;
    let mut change = store.begin().await.unwrap();
    change.put_grant(&second).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(store.grant(first.id).await.unwrap().as_ref(), Some(&second));
    assert_eq!(
        store.grant_version(first.id, 1).await.unwrap().as_ref(),
        Some(first)
    );
    assert_eq!(store.grant_version(first.id, 3).await.unwrap(), None);
    assert_eq!(
        store.grant_versions(first.id).await.unwrap(),
        [second.clone(), first.clone()]
    );
    let listed = store
        .grants(Some(setting.organisation.id), Page::first(9))
        .await
        .unwrap();
    assert_eq!(listed, std::slice::from_ref(&second));
    // A draft does not stand, a suspended version does.
    assert_eq!(
        store.grant_standing(first.id).await.unwrap().as_ref(),
        Some(first)
    );
    second.state = GrantState::Suspended;
    let mut change = store.begin().await.unwrap();
    change.put_grant(&second).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(
        store.grant_standing(first.id).await.unwrap().as_ref(),
        Some(&second)
    );
    let overdue = |seconds| store.grants_overdue(NOON.plus_seconds(seconds));
    let mine = |grants: Vec<yunei_model::Grant>| grants.iter().filter(|g| g.id == first.id).count();
    assert_eq!(mine(overdue(999).await.unwrap()), 0);
    assert_eq!(
        mine(overdue(1000).await.unwrap()),
        1,
        "the version that stands alone"
    );
    // One that stands longer keeps the grant.
    second.terms.until = NOON.plus_seconds(2000);
    let mut change = store.begin().await.unwrap();
    change.put_grant(&second).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(mine(overdue(1000).await.unwrap()), 0);
    assert_eq!(mine(overdue(2000).await.unwrap()), 1);
}

async fn a_resource_is_consented_to_once(store: &Store, world: &World, setting: &Setting) {
    let consent = |version| Consent {
        id: ConsentId::new(&world.ids),
        grant: setting.grant.id,
        grant_version: version,
        resource: setting.resource.name.clone(),
        source_unit: setting.organisation.id,
        account: setting.account.id,
        person: setting.person.id,
        at: NOON,
    };
    let first = consent(1);
    let mut change = store.begin().await.unwrap();
    change.put_consent(&first).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(store.consents(setting.grant.id, 1).await.unwrap(), [first]);
    for (again, dangles) in [(consent(1), false), (consent(77), true)] {
        let mut change = store.begin().await.unwrap();
        match change.put_consent(&again).await {
            Err(StoreError::Taken { .. }) => assert!(!dangles),
            Err(StoreError::Dangling { .. }) => assert!(dangles),
            other => panic!("{other:?}"),
        }
    }
}

async fn modules_are_found(store: &Store, world: &World, setting: &Setting) {
    let mut module = setting.module.clone();
    let operator = setting.organisation.id;
    assert_eq!(
        store.module(module.id).await.unwrap().as_ref(),
        Some(&module)
    );
    module.state = ModuleState::Approved;
    let mut change = store.begin().await.unwrap();
    change.put_module(&module).await.unwrap();
    world.commit(change).await.unwrap();
    let by_digest = store
        .module_by_digest(operator, &module.digest)
        .await
        .unwrap();
    assert_eq!(by_digest.as_ref(), Some(&module));
    let other = world.setting(store).await.organisation.id;
    assert_eq!(
        store.module_by_digest(other, &module.digest).await.unwrap(),
        None
    );
    let listed = store.modules(Some(operator), Page::first(9)).await.unwrap();
    assert_eq!(listed, [module]);
}
