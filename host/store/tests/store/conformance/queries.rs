//! Entries and calls by what they are about, operating units' events, retrievals, and who stands behind a token.

use std::collections::BTreeSet;

use yunei_ledger::{Draft, Kind, RUN};
use yunei_model::*;
use yunei_store::{
    CallFilter, EntryFilter, Page, Recorded, Store, StoreError, Token, TokenKind, UnitEvent,
};

use crate::fixture::{NOON, Setting, World};

pub async fn cases(store: &Store, world: &World) {
    entries_are_found_by_what_is_linked(store, world).await;
    calls_are_found_over_all_runs(store, world).await;
    a_unit_numbers_its_own_events(store, world).await;
    a_retrieval_is_kept_as_it_is(store, world).await;
    a_token_stands_with_its_account(store, world).await;
}

/// A run that reads the setting's resource, under a grant and by a module that name it.
pub async fn linked(store: &Store, world: &World, setting: &Setting) -> Run {
    let mut run = world.run(setting, RunState::Queued, 0);
    let snapshot = world.snapshot(&setting.resource, 0, 0);
    run.snapshots = vec![snapshot.id];
    let mut grant = setting.grant.clone();
    grant.terms.resources = vec![GrantedResource {
        name: setting.resource.name.clone(),
        fields: Vec::new(),
        snapshot: None,
        filter: Vec::new(),
    }];
    let mut change = store.begin().await.unwrap();
    change.put_snapshot(&snapshot).await.unwrap();
    change.put_grant(&grant).await.unwrap();
    change.put_run(&run).await.unwrap();
    change.put_run(&run).await.unwrap();
    world.commit(change).await.unwrap();
    run
}

/// Entries about the same resource in every way there is, and two that are about none.
pub async fn about(store: &Store, world: &World, setting: &Setting, run: &Run) -> u64 {
    let before = store.newest_position().await.unwrap();
    let target = |kind: &str, id: String| serde_json::json!({ "kind": kind, "id": id });
    let grant = setting.grant.id.to_string();
    let drafts = [
        Draft::new(Kind::ResourceRegistered).fact("resource", &setting.resource.name),
        Draft::new(Kind::RunSubmitted)
            .fact(RUN, run.id)
            .fact("clauses", ["a"]),
        Draft::new(Kind::GrantActivated)
            .fact("grant", &grant)
            .fact("clauses", ["a"]),
        Draft::new(Kind::DecisionDenied).fact("target", target("grant", grant.clone())),
        Draft::new(Kind::Queried).fact("target", target("grant", grant.clone())),
        Draft::new(Kind::SignedIn),
    ];
    let mut change = store.begin().await.unwrap();
    for draft in drafts {
        change.record(&world.sealed(draft)).await.unwrap();
    }
    change.commit().await.unwrap();
    before
}

async fn entries_are_found_by_what_is_linked(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let run = linked(store, world, &setting).await;
    let before = about(store, world, &setting, &run).await;
    let newest = store.newest_position().await.unwrap();
    let found = |filter: EntryFilter| async move {
        let found = store.entries_between(&filter, before, newest, 100).await;
        found.unwrap()
    };
    let all: Vec<Recorded> = found(EntryFilter::default()).await;
    assert_eq!(all.len(), 6);
    let about = store.resources_about(&all).await.unwrap();
    let own = BTreeSet::from([setting.resource.name.clone()]);
    let expected = [true, true, true, true, false, false];
    let told: Vec<bool> = about.iter().map(|resources| *resources == own).collect();
    assert_eq!(told, expected);
    assert!(
        about[4].is_empty(),
        "who looked at what is about no resource"
    );
    let filter = |change: &dyn Fn(&mut EntryFilter)| {
        let mut filter = EntryFilter::default();
        change(&mut filter);
        filter
    };
    let filters = [
        (
            filter(&|f| f.resource = Some(setting.resource.name.clone())),
            4,
        ),
        (filter(&|f| f.resource = Some(world.name("other"))), 0),
        (filter(&|f| f.grant = Some(setting.grant.id)), 3),
        (filter(&|f| f.run = Some(run.id)), 1),
        (filter(&|f| f.module = Some(setting.module.id)), 0),
        (filter(&|f| f.decision = Some(CallDecision::Denied)), 1),
        (filter(&|f| f.decision = Some(CallDecision::Allowed)), 2),
        (
            filter(&|f| f.kinds = vec![Kind::SignedIn, Kind::Queried]),
            2,
        ),
        (filter(&|f| f.until = Some(NOON)), 0),
    ];
    for (filter, count) in filters {
        let rows = found(filter.clone()).await;
        assert_eq!(rows.len(), count, "{filter:?}");
        // The same in memory, for those who share what was read once.
        let matching = all.iter().zip(&about);
        let matching = matching.filter(|(r, about)| filter.matches(&r.entry, about));
        let matching: Vec<Recorded> = matching.map(|(recorded, _)| recorded.clone()).collect();
        assert_eq!(matching, rows, "{filter:?}");
    }
    let any = EntryFilter::default();
    let first = store.entries_between(&any, before, before + 2, 100);
    assert_eq!(first.await.unwrap(), all[..2]);
}

async fn calls_are_found_over_all_runs(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let runs = [
        linked(store, world, &setting).await,
        linked(store, world, &setting).await,
    ];
    let mut change = store.begin().await.unwrap();
    for run in &runs {
        let calls: Vec<_> = (0..3).map(|number| world.call(number)).collect();
        change.put_calls(run.id, &calls).await.unwrap();
    }
    change.commit().await.unwrap();
    let of_unit = CallFilter {
        operator: Some(setting.organisation.id),
        ..CallFilter::default()
    };
    let all = store.calls_across(&of_unit, None, 100).await.unwrap();
    let places: Vec<_> = all
        .iter()
        .map(|found| (found.run, found.call.index))
        .collect();
    let mut expected: Vec<_> = runs
        .iter()
        .flat_map(|run| (0..3).map(|index| (run.id, index)))
        .collect();
    expected.sort_unstable();
    assert_eq!(places, expected);
    let after = store
        .calls_across(&of_unit, Some(places[3]), 1)
        .await
        .unwrap();
    assert_eq!(after, all[4..5]);
    let filter = |change: &dyn Fn(&mut CallFilter)| {
        let mut filter = of_unit.clone();
        change(&mut filter);
        filter
    };
    let filters = [
        (filter(&|f| f.run = Some(runs[0].id)), 3),
        (filter(&|f| f.grant = Some(setting.grant.id)), 6),
        (filter(&|f| f.module = Some(setting.module.id)), 6),
        (
            filter(&|f| f.resource = Some(setting.resource.name.clone())),
            6,
        ),
        (filter(&|f| f.resource = Some(world.name("other"))), 0),
        (filter(&|f| f.submitted_before = Some(NOON)), 0),
    ];
    for (filter, count) in filters {
        let found = store.calls_across(&filter, None, 100).await.unwrap();
        assert_eq!(found.len(), count, "{filter:?}");
    }
}

async fn a_unit_numbers_its_own_events(store: &Store, world: &World) {
    let units = [world.setting(store).await, world.setting(store).await];
    let due = |at: i64| NOON.plus_seconds(at);
    let mut events = Vec::new();
    let mut change = store.begin().await.unwrap();
    for (number, unit) in [(5, 0), (3, 1), (4, 0), (9, 0)] {
        let (unit, run) = (units[unit].organisation.id, RunId::new(&world.ids));
        events.push((unit, run));
        // Twice is once.
        for _ in 0..2 {
            change
                .put_unit_event_due(unit, run, CoarseStatus::Released, due(number))
                .await
                .unwrap();
        }
    }
    change.looked_at(77).await.unwrap();
    assert_eq!(change.tell_unit_events(due(5)).await.unwrap(), 3);
    change.commit().await.unwrap();
    assert_eq!(store.unit_events_position().await.unwrap(), 77);
    assert_eq!(store.unit_event_due().await.unwrap(), Some(due(9)));
    let event = |number, which: usize, at| UnitEvent {
        number,
        run: events[which].1,
        status: CoarseStatus::Released,
        at: due(at),
    };
    let [first, second] = units.each_ref().map(|unit| unit.organisation.id);
    let told = store.unit_events(first, 0, 100).await.unwrap();
    assert_eq!(told, [event(1, 2, 4), event(2, 0, 5)]);
    let told = store.unit_events(second, 0, 100).await.unwrap();
    assert_eq!(told, [event(1, 1, 3)], "others' events leave no gap");
    let mut change = store.begin().await.unwrap();
    let (unit, run) = events[0];
    change
        .put_unit_event_due(unit, run, CoarseStatus::Released, due(6))
        .await
        .unwrap();
    assert_eq!(
        change.tell_unit_events(due(20)).await.unwrap(),
        1,
        "what was told is not told again"
    );
    change.commit().await.unwrap();
    assert_eq!(
        store.unit_events(first, 2, 100).await.unwrap(),
        [event(3, 3, 9)]
    );
    assert_eq!(store.unit_events_newest(first).await.unwrap(), 3);
    assert_eq!(
        store
            .unit_events_newest(OrganisationId::new(&world.ids))
            .await
            .unwrap(),
        0
    );
}

async fn a_retrieval_is_kept_as_it_is(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let mut retrieval = Retrieval {
        id: RetrievalId::new(&world.ids),
        organisation: setting.organisation.id,
        requested_by: setting.account.id,
        requested_by_person: setting.person.id,
        requested_at: NOON,
        approval: "苏数调〔2026〕1号".into(),
        reason: "a case".into(),
        scope: EvidenceScope {
            since: Some(NOON),
            until: Some(NOON.plus_seconds(1)),
            ..EvidenceScope::default()
        },
        state: RetrievalState::Requested,
        signed_by: None,
        signed_by_person: None,
        signed_at: None,
        refused: None,
    };
    let mut change = store.begin().await.unwrap();
    change.put_retrieval(&retrieval).await.unwrap();
    assert!(matches!(
        change.commit().await,
        Err(StoreError::NotRecorded)
    ));
    for state in [
        RetrievalState::Requested,
        RetrievalState::Signed,
        RetrievalState::Refused,
    ] {
        retrieval.refused = (state == RetrievalState::Refused).then(|| EvidenceRefusal {
            by: retrieval.requested_by,
            by_person: retrieval.requested_by_person,
            at: retrieval.requested_at,
            reason: "the approval is another's".to_owned(),
        });
        retrieval.state = state;
        let mut change = store.begin().await.unwrap();
        change.put_retrieval(&retrieval).await.unwrap();
        world.commit(change).await.unwrap();
        let kept = store.retrieval(retrieval.id).await.unwrap();
        assert_eq!(kept.as_ref(), Some(&retrieval));
    }
    let own = Some(setting.organisation.id);
    assert_eq!(
        store.retrievals(own, Page::first(9)).await.unwrap(),
        [retrieval]
    );
    let none = Some(OrganisationId::new(&world.ids));
    assert_eq!(store.retrievals(none, Page::first(9)).await.unwrap(), []);
}

async fn a_token_stands_with_its_account(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let token = Token {
        id: TokenId::new(&world.ids),
        digest: Digest::of(b"a secret of its own"),
        account: setting.account.id,
        kind: TokenKind::Api,
        label: None,
        issued_at: NOON,
        expires_at: NOON.plus_seconds(10),
    };
    let mut change = store.begin().await.unwrap();
    change.put_token(&token).await.unwrap();
    world.commit(change).await.unwrap();
    let standing = store.standing(token.id, NOON).await.unwrap().unwrap();
    assert_eq!(
        (standing.token, standing.account, standing.organisation),
        (token.clone(), setting.account, setting.organisation)
    );
    let late = store.standing(token.id, token.expires_at).await.unwrap();
    assert_eq!(late, None);
    let mut change = store.begin().await.unwrap();
    change.remove_token(token.id).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(store.standing(token.id, NOON).await.unwrap(), None);
}
