//! The record in the order of commits, its log and its verification.

use yunei_ledger::{
    CALLS, Checkpoint, Draft, Frontier, Kind, Published, RUN, Scope, SigningKey, TRACE_ROOT, Tile,
    TileKind, TraceTree, tile,
};
use yunei_store::{EntryFilter, Page, SignedCheckpoint, Store, StoreError};

use crate::fixture::{NOON, World};

pub async fn cases(store: &Store, world: &World) {
    entries_are_found_by_what_they_are_about(store, world).await;
    positions_follow_commits(store, world).await;
    the_log_grows_and_proves(store, world).await;
    the_record_holds(store, world).await;
}

pub fn key() -> SigningKey {
    SigningKey::from_seed("yunei.example/log", &[9; 32]).unwrap()
}

/// Sequences all that waits and signs a checkpoint over it.
pub async fn checkpoint(store: &Store) -> SignedCheckpoint {
    while !store.unsequenced(1).await.unwrap().is_empty() {
        store.sequence(5).await.unwrap();
    }
    let head = store.log_head().await.unwrap();
    let origin = key().name().to_owned();
    let note = Checkpoint {
        origin,
        size: head.size,
        root: head.root,
    };
    let signed = SignedCheckpoint {
        size: head.size,
        note: String::from_utf8(note.sign(&key()).unwrap()).unwrap(),
        signed_at: NOON,
    };
    store.put_checkpoint(&signed).await.unwrap();
    signed
}

async fn entries_are_found_by_what_they_are_about(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let run = world.ended_run(store, &setting).await.id;
    let (actor, operator) = (setting.account.id, setting.organisation.id);
    let submitted = Draft::new(Kind::RunSubmitted)
        .actor(actor)
        .operator(operator)
        .fact(RUN, run);
    let entries = [
        world.sealed(submitted),
        world.entry_of_run(Kind::RunFailed, run),
    ];
    let mut change = store.begin().await.unwrap();
    for entry in &entries {
        change.record(entry).await.unwrap();
    }
    change.commit().await.unwrap();
    let any = EntryFilter::default;
    let of_run = |kinds: &[Kind]| EntryFilter {
        run: Some(run),
        kinds: kinds.to_vec(),
        ..any()
    };
    let with = |change: fn(&mut EntryFilter)| {
        let mut filter = of_run(&[]);
        change(&mut filter);
        filter
    };
    let (mut of_actor, mut of_operator) = (any(), any());
    of_actor.actor = Some(actor);
    of_operator.operator = Some(operator);
    let filters = [
        (of_actor, 1),
        (of_operator, 1),
        (of_run(&[]), 2),
        (of_run(&[Kind::RunFailed]), 1),
        (of_run(&[Kind::RunFailed, Kind::RunSubmitted]), 2),
        (of_run(&[Kind::RunReleased]), 0),
        (with(|f| f.since = Some(NOON)), 2),
        (with(|f| f.since = Some(NOON.plus_seconds(1))), 0),
        (with(|f| f.until = Some(NOON)), 0),
    ];
    for (filter, count) in filters {
        let found = store.entries(&filter, Page::first(9)).await.unwrap();
        assert_eq!(found.len(), count, "{filter:?}");
    }
}

async fn positions_follow_commits(store: &Store, world: &World) {
    let all = EntryFilter::default();
    let newest = store.entries(&all, Page::first(1).falling()).await.unwrap();
    let before = newest[0].position;
    let tasks = (0..6).map(|_| async {
        let entries = [world.entry(Kind::SignedIn), world.entry(Kind::SignedOut)];
        let mut change = store.begin().await.unwrap();
        for entry in &entries {
            change.record(entry).await.unwrap();
        }
        change.commit().await.unwrap();
        entries.map(|entry| entry.id())
    });
    let groups = futures::future::join_all(tasks).await;
    let after = store
        .entries(&all, Page::first(100).after(before))
        .await
        .unwrap();
    let positions: Vec<_> = after.iter().map(|r| r.position).collect();
    assert_eq!(positions, (before + 1..before + 13).collect::<Vec<_>>());
    for group in groups {
        let at = after.iter().position(|r| r.entry.id() == group[0]).unwrap();
        assert_eq!(after[at + 1].entry.id(), group[1]);
    }
}

async fn the_log_grows_and_proves(store: &Store, world: &World) {
    let first = checkpoint(store).await;
    assert!(first.size > 5);
    for _ in 0..7 {
        let mut change = store.begin().await.unwrap();
        change.record(&world.entry(Kind::Queried)).await.unwrap();
        change.commit().await.unwrap();
    }
    assert_eq!(store.unsequenced(100).await.unwrap().len(), 7);
    let second = checkpoint(store).await;
    assert_eq!(second.size, first.size + 7);
    assert_eq!(
        store.newest_checkpoint().await.unwrap().as_ref(),
        Some(&second)
    );
    assert_eq!(
        store.checkpoints(None, 9).await.unwrap(),
        [first.clone(), second.clone()]
    );
    assert_eq!(
        store.checkpoints(Some(first.size), 9).await.unwrap(),
        std::slice::from_ref(&second)
    );
    let twice = store.put_checkpoint(&second).await;
    assert!(matches!(twice, Err(StoreError::Taken { .. })));
    let open = |signed: &SignedCheckpoint| {
        Checkpoint::open(signed.note.as_bytes(), key().verifier()).unwrap()
    };
    let (old, new) = (open(&first), open(&second));
    let grown = store.consistency_proof(old.size, new.size).await.unwrap();
    grown
        .verify_consistency(old.size, old.root, new.size, new.root)
        .unwrap();
    let newest = store
        .entries(&EntryFilter::default(), Page::first(3).falling())
        .await
        .unwrap();
    for recorded in newest {
        let index = recorded.index.unwrap();
        let proof = store.inclusion_proof(index, new.size).await.unwrap();
        proof
            .verify_inclusion(recorded.entry.leaf_hash(), index, new.size, new.root)
            .unwrap();
    }
    assert!(store.inclusion_proof(new.size, new.size).await.is_err());
    published(store, &second, new.root).await;
    // Nothing waits, so nothing changes.
    assert_eq!(
        store.sequence(100).await.unwrap(),
        store.log_head().await.unwrap()
    );
}

/// What is published follows from the record, and verifies by itself.
async fn published(store: &Store, newest: &SignedCheckpoint, root: yunei_model::Digest) {
    let (key, scope) = (
        key(),
        Scope {
            traces: false,
            ..Scope::COPY
        },
    );
    let mut published = Published::new(key.verifier(), scope);
    published.checkpoint(newest.note.as_bytes());
    let mut leaves = Frontier::default();
    for tile in Tile::of_tree(newest.size) {
        let bytes = store.tile(tile).await.unwrap().unwrap();
        if tile.kind() == TileKind::Hashes(0) {
            let hashes = tile::read_hash_tile(&bytes, tile.width()).unwrap();
            hashes.into_iter().for_each(|hash| leaves.push(hash));
        }
        published.tile(tile, &bytes);
    }
    assert_eq!(leaves.root(), root);
    assert_eq!(published.finish().findings, []);
    for kind in [TileKind::Hashes(0), TileKind::Entries] {
        let beyond = Tile::new(kind, newest.size / 256 + 1, 1).unwrap();
        assert_eq!(store.tile(beyond).await.unwrap(), None);
    }
    let at = async |at| store.checkpoint_before(at).await.unwrap();
    assert_eq!(at(NOON).await, None);
    assert_eq!(at(NOON.plus_seconds(1)).await.as_ref(), Some(newest));
}

async fn the_record_holds(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let run = world.ended_run(store, &setting).await.id;
    let mut trace = TraceTree::default();
    let calls: Vec<_> = (0..300).map(|n| world.call(n)).collect();
    calls.iter().for_each(|call| trace.push(call).unwrap());
    let draft = Draft::new(Kind::RunSealed).fact(RUN, run);
    let draft = draft.fact(TRACE_ROOT, trace.root()).fact(CALLS, 300);
    let mut change = store.begin().await.unwrap();
    change.put_calls(run, &calls).await.unwrap();
    change.record(&world.sealed(draft)).await.unwrap();
    change.commit().await.unwrap();
    let signed = checkpoint(store).await;
    let mut change = store.begin().await.unwrap();
    change
        .record(&world.entry(Kind::SystemStopped))
        .await
        .unwrap();
    change.commit().await.unwrap();
    let report = store
        .verify(key().verifier(), &[signed.note.into_bytes()])
        .await
        .unwrap();
    assert_eq!(report.findings, []);
    assert_eq!(
        (report.entries, report.covered, report.pending),
        (signed.size, signed.size, 1)
    );
    assert_eq!((report.runs, report.checkpoints), (1, 4));
    assert!(report.calls >= 300);
}
