//! Whose turn it is, and the calls of a trace.

use yunei_model::{Run, RunId, RunState};
use yunei_store::{CALLS_GROUP_MAX, Page, RunFilter, Store, StoreError};

use crate::fixture::{NOON, World};

pub async fn cases(store: &Store, world: &World) {
    turns_go_by_operating_unit(store, world).await;
    a_unit_that_floods_does_not_starve_another(store, world).await;
    a_run_is_claimed_once(store, world).await;
    calls_are_kept_in_order(store, world).await;
    what_ended_lately_is_found(store, world).await;
}

async fn what_ended_lately_is_found(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let ended = |state, at: Option<i64>| Run {
        ended_at: at.map(|at| NOON.plus_seconds(at)),
        ..world.run(&setting, state, 1)
    };
    let (old, late) = (
        ended(RunState::Failed, Some(10)),
        ended(RunState::Released, Some(20)),
    );
    let (queued, waiting) = (
        ended(RunState::Queued, None),
        ended(RunState::InReview, None),
    );
    let counted = |runs: Vec<(RunState, u64)>, of| {
        let found = runs.into_iter().find(|(state, _)| *state == of);
        found.map_or(0, |(_, runs)| runs)
    };
    let before = counted(store.runs_by_state().await.unwrap(), RunState::InReview);
    queue(store, world, &[&old, &late, &queued, &waiting]).await;
    let since = NOON.plus_seconds(10);
    let found = async |page| {
        let runs = store.runs_ended_after(setting.grant.id, since, page).await;
        let runs: Vec<RunId> = runs.unwrap().iter().map(|run| run.id).collect();
        runs
    };
    let mut wanted = vec![late.id, queued.id, waiting.id];
    wanted.sort_unstable();
    assert_eq!(found(Page::first(9)).await, wanted);
    let rest = found(Page::first(9).after(wanted[0])).await;
    assert_eq!(rest, wanted[1..]);
    let after = counted(store.runs_by_state().await.unwrap(), RunState::InReview);
    assert_eq!(after, before + 1);
    // What waited has ended now, long ago.
    let gone = Run {
        state: RunState::Withheld,
        ended_at: Some(NOON),
        ..waiting
    };
    queue(store, world, &[&gone]).await;
    assert!(!found(Page::first(9)).await.contains(&gone.id));
    end(store, world, queued.id).await;
}

/// Claims the next run as a worker does.
async fn claim(store: &Store, world: &World, started: i64) -> Option<RunId> {
    let mut change = store.begin().await.unwrap();
    let mut run = change.claim_next_run().await.unwrap()?;
    assert_eq!(run.state, RunState::Queued);
    run.state = RunState::Running;
    run.started_at = Some(NOON.plus_seconds(started));
    change.put_run(&run).await.unwrap();
    world.commit(change).await.unwrap();
    Some(run.id)
}

async fn end(store: &Store, world: &World, id: RunId) {
    let mut change = store.begin().await.unwrap();
    let mut run = change.run(id).await.unwrap().unwrap();
    run.state = RunState::Failed;
    change.put_run(&run).await.unwrap();
    world.commit(change).await.unwrap();
}

async fn queue(store: &Store, world: &World, runs: &[&Run]) {
    let mut change = store.begin().await.unwrap();
    for run in runs {
        change.put_run(run).await.unwrap();
    }
    world.commit(change).await.unwrap();
}

async fn turns_go_by_operating_unit(store: &Store, world: &World) {
    let (one, two) = (world.setting(store).await, world.setting(store).await);
    let run = |setting, at| world.run(setting, RunState::Queued, at);
    let (a, b, c) = (run(&one, 1), run(&one, 2), run(&one, 3));
    let (x, y) = (run(&two, 4), run(&two, 5));
    queue(store, world, &[&c, &y, &b, &x, &a]).await;
    // The oldest; then the unit with none running; then the unit served longest ago.
    let mut turns = Vec::new();
    for at in 10..15 {
        turns.push(claim(store, world, at).await.unwrap());
    }
    assert_eq!(turns, [a.id, x.id, b.id, y.id, c.id]);
    assert_eq!(claim(store, world, 20).await, None);
    let filter = RunFilter {
        operator: Some(one.organisation.id),
        states: vec![RunState::Running, RunState::Sealed],
        ..RunFilter::default()
    };
    assert_eq!(store.runs(&filter, Page::first(9)).await.unwrap().len(), 3);
    for id in turns {
        end(store, world, id).await;
    }
    assert_eq!(store.runs(&filter, Page::first(9)).await.unwrap(), []);
}

async fn a_unit_that_floods_does_not_starve_another(store: &Store, world: &World) {
    let (flood, other) = (world.setting(store).await, world.setting(store).await);
    let many: Vec<_> = (0..6)
        .map(|at| world.run(&flood, RunState::Queued, at))
        .collect();
    let late = world.run(&other, RunState::Queued, 50);
    queue(
        store,
        world,
        &many.iter().chain([&late]).collect::<Vec<_>>(),
    )
    .await;
    // One worker, so that nobody has a run going when it claims.
    let mut turns = Vec::new();
    for at in 100..107 {
        let id = claim(store, world, at).await.unwrap();
        end(store, world, id).await;
        turns.push(id);
    }
    assert_eq!(turns[..3], [many[0].id, late.id, many[1].id]);
}

async fn a_run_is_claimed_once(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let runs: Vec<_> = (0..8)
        .map(|at| world.run(&setting, RunState::Queued, at))
        .collect();
    queue(store, world, &runs.iter().collect::<Vec<_>>()).await;
    let claims = (0..12).map(|at| claim(store, world, at));
    let mut claimed: Vec<_> = futures::future::join_all(claims)
        .await
        .into_iter()
        .flatten()
        .collect();
    claimed.sort();
    assert_eq!(claimed, runs.iter().map(|run| run.id).collect::<Vec<_>>());
    for id in claimed {
        end(store, world, id).await;
    }
}

async fn calls_are_kept_in_order(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let run = world.ended_run(store, &setting).await.id;
    let calls: Vec<_> = (0..CALLS_GROUP_MAX as u64 + 1)
        .map(|n| world.call(n))
        .collect();
    let mut change = store.begin().await.unwrap();
    let over = change.put_calls(run, &calls).await;
    assert!(matches!(over, Err(StoreError::Limit(limit)) if limit.limit == CALLS_GROUP_MAX as u64));
    let (group, rest) = calls.split_at(CALLS_GROUP_MAX);
    change.put_calls(run, group).await.unwrap();
    change.put_calls(run, rest).await.unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.calls_kept(run).await.unwrap(), calls.len() as u64);
    let mut read = store.calls(run, 0, 1000).await.unwrap();
    read.extend(store.calls(run, 1000, 1000).await.unwrap());
    assert_eq!(read, calls);
    let mut change = store.begin().await.unwrap();
    let again = change.put_calls(run, rest).await;
    assert!(matches!(again, Err(StoreError::Taken { thing: "call" })));
    drop(change);
    let mut change = store.begin().await.unwrap();
    let nowhere = change.put_calls(RunId::new(&world.ids), rest).await;
    assert!(matches!(
        nowhere,
        Err(StoreError::Dangling { thing: "call" })
    ));
}
