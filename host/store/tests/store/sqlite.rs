//! What is SQLite's own: the lock, crashes, reading beside a server.

use std::path::Path;

use yunei_ledger::Kind;
use yunei_model::Name;
use yunei_store::{EntryFilter, Page, Store, StoreError};

use crate::conformance;
use crate::fixture::World;
use crate::tampering::execute;

async fn register(store: &Store, world: &World) {
    let mut change = store.begin().await.unwrap();
    change
        .put_organisation(&world.organisation())
        .await
        .unwrap();
    change
        .record(&world.entry(Kind::OrganisationRegistered))
        .await
        .unwrap();
    change.commit().await.unwrap();
}

/// Organisations and entries in a store: as many of the one as of the other, if no change was torn.
async fn counts(store: &Store) -> (usize, usize) {
    let organisations = store.organisations(Page::first(1000)).await.unwrap();
    let entries = store
        .entries(&EntryFilter::default(), Page::first(1000))
        .await
        .unwrap();
    (organisations.len(), entries.len())
}

/// What a crash leaves behind: the files as they are at this moment.
fn crash(directory: &Path) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    for file in ["yunei.db", "yunei.db-wal"] {
        std::fs::copy(directory.join(file), copy.path().join(file)).unwrap();
    }
    copy
}

#[tokio::test]
async fn a_second_server_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let first = Store::open(directory.path()).await.unwrap();
    let second = Store::open(directory.path()).await.unwrap_err();
    assert!(matches!(second, StoreError::InUse { .. }));
    assert!(second.to_string().contains("in use by another server"));
    // Not before the last clone and the last change are gone.
    let clone = first.clone();
    let change = clone.begin().await.unwrap();
    drop((first, clone));
    assert!(matches!(
        Store::open(directory.path()).await,
        Err(StoreError::InUse { .. })
    ));
    drop(change);
    Store::open(directory.path()).await.unwrap();
}

#[tokio::test]
async fn a_directory_that_is_not_there_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let nowhere = directory.path().join("nowhere");
    assert!(matches!(
        Store::open(&nowhere).await,
        Err(StoreError::Io { .. })
    ));
    assert!(matches!(
        Store::open_read_only(&nowhere).await,
        Err(StoreError::NoStore { .. })
    ));
    assert!(!nowhere.exists());
}

#[tokio::test]
async fn what_was_committed_survives_a_crash_and_nothing_else_does() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::default();
    let store = Store::open(directory.path()).await.unwrap();
    for _ in 0..3 {
        register(&store, &world).await;
    }
    let mut open = store.begin().await.unwrap();
    open.put_organisation(&world.organisation()).await.unwrap();
    open.record(&world.entry(Kind::OrganisationRegistered))
        .await
        .unwrap();
    let left = crash(directory.path());
    drop(open);
    let after = Store::open(left.path()).await.unwrap();
    assert_eq!(counts(&after).await, (3, 3));
    // And the record goes on where it was.
    register(&after, &world).await;
    let newest = after
        .entries(&EntryFilter::default(), Page::first(1).falling())
        .await
        .unwrap();
    assert_eq!(newest[0].position, 4);
}

#[tokio::test]
async fn a_torn_write_leaves_whole_changes_alone() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::default();
    let store = Store::open(directory.path()).await.unwrap();
    store.truncate_log().await.unwrap();
    let log = directory.path().join("yunei.db-wal");
    let mut lengths = Vec::new();
    for _ in 0..4 {
        register(&store, &world).await;
        lengths.push(std::fs::metadata(&log).unwrap().len());
    }
    let mut least = usize::MAX;
    for cut in (0..=*lengths.last().unwrap()).rev().step_by(3001) {
        let left = crash(directory.path());
        let log = std::fs::OpenOptions::new()
            .write(true)
            .open(left.path().join("yunei.db-wal"));
        log.unwrap().set_len(cut).unwrap();
        let after = Store::open(left.path()).await.unwrap();
        let (organisations, entries) = counts(&after).await;
        assert_eq!(organisations, entries);
        assert_eq!(
            entries,
            lengths.iter().filter(|length| **length <= cut).count(),
            "cut at {cut}"
        );
        least = least.min(entries);
    }
    assert_eq!(least, 0);
}

#[tokio::test]
async fn a_store_open_for_reading_changes_nothing_on_disk() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::default();
    let store = Store::open(directory.path()).await.unwrap();
    register(&store, &world).await;
    // Beside a server, it sees what is committed.
    let beside = Store::open_read_only(directory.path()).await.unwrap();
    assert_eq!(counts(&beside).await, (1, 1));
    register(&store, &world).await;
    assert_eq!(counts(&beside).await, (2, 2));
    assert!(matches!(beside.begin().await, Err(StoreError::ReadOnly)));
    assert!(matches!(
        beside.sequence(1).await,
        Err(StoreError::ReadOnly)
    ));
    beside.close().await;
    store.close().await;
    drop(store);
    // Without one, not a byte and not a file differs afterwards, even where nothing could be written.
    let files = || {
        let mut files: Vec<_> = std::fs::read_dir(directory.path())
            .unwrap()
            .map(|file| file.unwrap().path())
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect();
        files.sort();
        files
    };
    let before = files();
    let alone = Store::open_read_only(directory.path()).await.unwrap();
    assert_eq!(counts(&alone).await, (2, 2));
    assert!(
        alone
            .verify(conformance::key().verifier(), &[])
            .await
            .unwrap()
            .holds()
    );
    alone.close().await;
    assert_eq!(files(), before);
}

#[tokio::test]
async fn a_store_of_another_version_is_told() {
    let directory = tempfile::tempdir().unwrap();
    drop(Store::open(directory.path()).await.unwrap());
    let newest = "UPDATE _sqlx_migrations SET version = 9999 \
                  WHERE version = (SELECT MAX(version) FROM _sqlx_migrations)";
    crate::tampering::execute(directory.path(), newest).await;
    let reading = Store::open_read_only(directory.path()).await;
    assert!(matches!(
        reading,
        Err(StoreError::Schema {
            found: 9999,
            expected
        }) if expected < 9999
    ));
    assert!(matches!(
        Store::open(directory.path()).await,
        Err(StoreError::Migration(_))
    ));
}

#[tokio::test]
async fn nobody_else_can_read_the_files() {
    use std::os::unix::fs::PermissionsExt as _;
    let directory = tempfile::tempdir().unwrap();
    let store = Store::open(directory.path()).await.unwrap();
    register(&store, &World::default()).await;
    for file in std::fs::read_dir(directory.path()).unwrap() {
        let file = file.unwrap();
        assert_eq!(
            file.metadata().unwrap().permissions().mode() & 0o077,
            0,
            "{file:?}"
        );
    }
}

#[tokio::test]
async fn a_destroyed_key_is_in_no_file() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::default();
    let store = Store::open(directory.path()).await.unwrap();
    let setting = world.setting(&store).await;
    let run = world.ended_run(&store, &setting).await.id;
    let key = b"a key that nobody may find again";
    let sealed = yunei_model::SealedOutput {
        run,
        digest: yunei_model::Digest::of(b"sealed"),
        bytes: 1,
    };
    let mut change = store.begin().await.unwrap();
    change
        .put_sealed_output(&sealed, "file", key)
        .await
        .unwrap();
    world.commit(change).await.unwrap();
    let found = || {
        std::fs::read_dir(directory.path()).unwrap().any(|file| {
            let bytes = std::fs::read(file.unwrap().path()).unwrap();
            bytes.windows(key.len()).any(|window| window == key)
        })
    };
    assert!(found());
    let mut change = store.begin().await.unwrap();
    change
        .destroy_sealed_output(run, crate::fixture::NOON)
        .await
        .unwrap();
    world.commit(change).await.unwrap();
    store.truncate_log().await.unwrap();
    assert!(!found());
}

#[tokio::test]
async fn what_was_written_before_it_was_searched_by_is_filled_in() {
    let directory = tempfile::tempdir().unwrap();
    let world = World::default();
    let store = Store::open(directory.path()).await.unwrap();
    let setting = world.setting(&store).await;
    let run = conformance::queries::linked(&store, &world, &setting).await;
    conformance::queries::about(&store, &world, &setting, &run).await;
    let of = |resource: &Name| EntryFilter {
        resource: Some(resource.clone()),
        ..EntryFilter::default()
    };
    let filter = of(&setting.resource.name);
    let found = store.entries(&filter, Page::first(100)).await.unwrap();
    assert_eq!(found.len(), 4);
    store.close().await;
    drop(store);
    // As an older program left it.
    for text in [
        "UPDATE entries SET grant_id = NULL, module = NULL, resource = NULL, decision = NULL",
        "DELETE FROM resource_links",
        "DELETE FROM counters WHERE name = 'filled-0030'",
    ] {
        execute(directory.path(), text).await;
    }
    let store = Store::open(directory.path()).await.unwrap();
    let again = store.entries(&filter, Page::first(100)).await.unwrap();
    assert_eq!(again, found);
    assert!(
        store
            .verify(conformance::key().verifier(), &[])
            .await
            .unwrap()
            .findings
            .is_empty()
    );
}
