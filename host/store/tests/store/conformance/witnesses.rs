//! Witnesses: cursors, cosigned checkpoints, and that cosignatures change nothing that a verification looks at.

use yunei_ledger::{CosigningKey, cosignature};
use yunei_store::{Store, StoreError, WitnessCursor};

use super::record::{checkpoint, key};
use crate::fixture::{NOON, World};

pub async fn cases(store: &Store, world: &World) {
    cursors_are_kept_by_key(store).await;
    cosignatures_come_onto_the_note(store, world).await;
}

async fn cursors_are_kept_by_key(store: &Store) {
    assert_eq!(store.witness_cursor("w+1+a").await.unwrap(), None);
    for (size, cosigned_at) in [(7, Some(NOON)), (5, None)] {
        let cursor = WitnessCursor { size, cosigned_at };
        let mut change = store.begin().await.unwrap();
        change.put_witness_cursor("w+1+a", &cursor).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(store.witness_cursor("w+1+a").await.unwrap(), Some(cursor));
    }
    assert_eq!(store.witness_cursor("w+1+b").await.unwrap(), None);
}

async fn cosignatures_come_onto_the_note(store: &Store, world: &World) {
    assert_eq!(store.newest_witnessed().await.unwrap(), None);
    let mut change = store.begin().await.unwrap();
    let entry = world.entry(yunei_ledger::Kind::SystemStarted);
    change.record(&entry).await.unwrap();
    change.commit().await.unwrap();
    let signed = checkpoint(store).await;
    let witness = CosigningKey::from_seed("witness.example/one", &[3; 32]).unwrap();
    let made = witness.cosign(signed.note.as_bytes(), 5).unwrap();
    let merged = cosignature::merge(&signed.note, &made, witness.public()).unwrap();
    let mut change = store.begin().await.unwrap();
    change
        .put_cosigned(signed.size, &merged, None)
        .await
        .unwrap();
    change.commit().await.unwrap();
    assert_eq!(store.newest_witnessed().await.unwrap(), None, "no quorum");
    let mut change = store.begin().await.unwrap();
    change
        .put_cosigned(signed.size, &merged, Some(NOON))
        .await
        .unwrap();
    change
        .put_cosigned(signed.size, &merged, None)
        .await
        .unwrap();
    change.commit().await.unwrap();
    let witnessed = store.newest_witnessed().await.unwrap().unwrap();
    assert_eq!(
        (witnessed.size, &witnessed.note),
        (signed.size, &merged),
        "a quorum is not lost again"
    );
    assert_eq!(
        store
            .checkpoint_of(signed.size)
            .await
            .unwrap()
            .unwrap()
            .note,
        merged
    );
    assert_eq!(store.checkpoint_of(signed.size + 1).await.unwrap(), None);
    assert!(store.verify(key().verifier(), &[]).await.unwrap().holds());
    let mut change = store.begin().await.unwrap();
    let absent = change.put_cosigned(signed.size + 1, &merged, None).await;
    assert!(matches!(absent, Err(StoreError::Absent { .. })));
}
