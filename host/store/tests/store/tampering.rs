//! Whoever changes the database behind the store's back is found out.

use std::path::Path;

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use yunei_ledger::{CALLS, Draft, Finding, Kind, RUN, TRACE_ROOT, TraceTree};
use yunei_model::RunId;
use yunei_store::Store;

use crate::conformance::{checkpoint, key};
use crate::fixture::World;

/// Runs a statement as someone with the file and a shell would.
pub async fn execute(directory: &Path, text: &str) {
    let path = directory.join("yunei.db");
    let options = sqlx::sqlite::SqliteConnectOptions::new()
        .filename(path)
        .foreign_keys(false);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let done = sqlx::query(AssertSqlSafe(text))
        .execute(&mut connection)
        .await
        .unwrap();
    assert!(done.rows_affected() > 0, "{text}");
    connection.close().await.unwrap();
}

/// Two checkpoints over a few entries, the last of which closes a run of three calls.
async fn record(directory: &Path) -> (Store, RunId) {
    let world = World::default();
    let store = Store::open(directory).await.unwrap();
    let setting = world.setting(&store).await;
    let run = world.ended_run(&store, &setting).await.id;
    for number in 2..6 {
        let mut change = store.begin().await.unwrap();
        let draft = Draft::new(Kind::Queried)
            .actor(setting.account.id)
            .fact("number", number);
        change.record(&world.sealed(draft)).await.unwrap();
        change.commit().await.unwrap();
    }
    checkpoint(&store).await;
    let calls: Vec<_> = (0..3).map(|n| world.call(n)).collect();
    let mut trace = TraceTree::default();
    calls.iter().for_each(|call| trace.push(call).unwrap());
    let draft = Draft::new(Kind::RunSealed).fact(RUN, run);
    let draft = draft.fact(TRACE_ROOT, trace.root()).fact(CALLS, 3);
    let mut change = store.begin().await.unwrap();
    change.put_calls(run, &calls).await.unwrap();
    change.record(&world.sealed(draft)).await.unwrap();
    change.commit().await.unwrap();
    checkpoint(&store).await;
    (store, run)
}

async fn findings(text: &str) -> Vec<Finding> {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = record(directory.path()).await;
    assert!(store.verify(key().verifier(), &[]).await.unwrap().holds());
    for statement in text.split("; ") {
        execute(directory.path(), statement).await;
    }
    store.verify(key().verifier(), &[]).await.unwrap().findings
}

#[tokio::test]
async fn a_changed_entry_is_found() {
    let found = findings(
        "UPDATE entries SET body = replace(body, '\"number\":3', '\"number\":4') WHERE log_index = 3",
    );
    assert_eq!(found.await, [Finding::Altered { index: 3 }]);
    let found = findings("UPDATE entries SET body = x'ff00ff' WHERE log_index = 2").await;
    assert!(
        matches!(
            found.as_slice(),
            [
                Finding::Malformed { index: 2, .. },
                Finding::Altered { index: 2 }
            ]
        ),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_removed_entry_is_found() {
    let found = findings("DELETE FROM entries WHERE log_index = 4").await;
    assert_eq!(found, [Finding::Missing { index: 4 }]);
}

#[tokio::test]
async fn an_added_entry_is_found() {
    let found = findings(
        "INSERT INTO entries (position, log_index, id, kind, actor, operator, run, made_at, body) SELECT 70, 7, 'x', kind, actor, operator, run, made_at, \
        replace(body, '\"number\":3', '\"number\":9') FROM entries WHERE log_index = 3",
    )
    .await;
    assert!(found.contains(&Finding::Added { index: 7 }), "{found:?}");
}

#[tokio::test]
async fn exchanged_entries_are_found() {
    let found = findings(
        "UPDATE entries SET log_index = log_index + 1000 WHERE log_index IN (2, 3); \
         UPDATE entries SET log_index = 1005 - log_index WHERE log_index > 1000",
    );
    let found = found.await;
    assert!(
        matches!(
            found.as_slice(),
            [Finding::Reordered {
                index: 2 | 3,
                expected: 2 | 3
            }]
        ),
        "{found:?}"
    );
    // An index below zero is no index: the two are gone from their places.
    let found = findings("UPDATE entries SET log_index = 0 - log_index WHERE log_index IN (2, 3)");
    let gone = [2, 3].map(|index| Finding::Missing { index });
    assert_eq!(found.await, gone);
}

#[tokio::test]
async fn an_entry_under_a_wrong_column_is_found() {
    for column in [
        "kind = 'signed-in'",
        "actor = NULL",
        "run = 'x'",
        "operator = 'x'",
        "made_at = 0",
        "id = 'x'",
    ] {
        let found = findings(&format!("UPDATE entries SET {column} WHERE log_index = 3")).await;
        assert_eq!(found, [Finding::Misfiled { index: 3 }], "{column}");
    }
}

#[tokio::test]
async fn a_changed_hash_is_found() {
    let found = findings("UPDATE log_hashes SET hash = zeroblob(32) WHERE position = 2").await;
    assert_eq!(found, [Finding::HashAltered { position: 2 }]);
    let found = findings("DELETE FROM log_hashes WHERE position = 4").await;
    assert_eq!(found, [Finding::HashAltered { position: 4 }]);
}

#[tokio::test]
async fn a_changed_trace_is_found() {
    for text in [
        "UPDATE calls SET facts = replace(facts, '\"rows\":10', '\"rows\":11') WHERE call_index = 1",
        "DELETE FROM calls WHERE call_index = 2",
        "UPDATE calls SET call_index = 9 - call_index",
    ] {
        let found = findings(text).await;
        assert!(
            found
                .iter()
                .any(|f| matches!(f, Finding::TraceMismatch { .. } | Finding::TraceGap { .. })),
            "{text}: {found:?}"
        );
    }
}

#[tokio::test]
async fn a_changed_checkpoint_is_found() {
    let found = findings("UPDATE checkpoints SET note = replace(note, 'yunei', 'Yunei')").await;
    assert!(
        matches!(
            found.as_slice(),
            [
                Finding::ForgedCheckpoint { .. },
                Finding::ForgedCheckpoint { .. }
            ]
        ),
        "{found:?}"
    );
}

#[tokio::test]
async fn a_tail_cut_off_with_its_checkpoint_is_found_by_a_witness() {
    let directory = tempfile::tempdir().unwrap();
    let (store, _) = record(directory.path()).await;
    let witnessed = store.newest_checkpoint().await.unwrap().unwrap();
    for text in [
        "DELETE FROM calls",
        "DELETE FROM entries WHERE log_index = 6",
        "DELETE FROM log_hashes WHERE position >= 10",
        "DELETE FROM checkpoints WHERE size = 7",
    ] {
        execute(directory.path(), text).await;
    }
    assert!(store.verify(key().verifier(), &[]).await.unwrap().holds());
    let note = witnessed.note.into_bytes();
    let report = store.verify(key().verifier(), &[note]).await.unwrap();
    assert_eq!(report.findings, [Finding::RootMismatch { from: 6, to: 7 }]);
}

#[tokio::test]
async fn an_entry_changed_before_it_is_sequenced_is_not_taken() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::default();
    let store = Store::open(directory.path()).await.unwrap();
    let mut change = store.begin().await.unwrap();
    change.record(&world.entry(Kind::Queried)).await.unwrap();
    change.commit().await.unwrap();
    execute(
        directory.path(),
        "UPDATE entries SET body = replace(body, 'queried', 'forgotten')",
    )
    .await;
    assert!(store.sequence(10).await.is_err());
    assert_eq!(store.log_head().await.unwrap().size, 0);
}
