//! Every changed byte of a published log is found, and where; and so is everything missing, added or moved.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use yunei_model::{CountingIds, Digest, RunId};

use super::*;
use crate::tests::{call, sealed};
use crate::{
    CALLS, Checkpoint, Draft, Hashes, Kind, RUN, SigningKey, TRACE_ROOT, TraceTree, call_facts,
    log, tile,
};

const CHECKPOINT: &str = "checkpoint";
const TRACE: &str = "trace";

/// A published log as files, with the one trace that it has.
#[derive(Clone)]
struct Copy {
    files: BTreeMap<String, Vec<u8>>,
    run: RunId,
}

fn key() -> SigningKey {
    SigningKey::from_seed("yunei.example/log", &[5; 32]).unwrap()
}

fn signed(size: u64, leaves: &[Digest]) -> Vec<u8> {
    let mut hashes = Hashes::default();
    log::append(0, &leaves[..usize::try_from(size).unwrap()], &mut hashes).unwrap();
    let root = log::root(size, &hashes).unwrap();
    let origin = key().name().to_owned();
    Checkpoint { origin, size, root }.sign(&key()).unwrap()
}

fn files(entries: &[Vec<u8>]) -> BTreeMap<String, Vec<u8>> {
    let leaves: Vec<Digest> = entries.iter().map(|e| tree::leaf_hash(e)).collect();
    let mut hashes = Hashes::default();
    log::append(0, &leaves, &mut hashes).unwrap();
    let size = entries.len() as u64;
    let mut files = BTreeMap::from([(CHECKPOINT.to_owned(), signed(size, &leaves))]);
    for t in Tile::of_tree(size) {
        let first = usize::try_from(t.first()).unwrap();
        let bytes = match t.kind() {
            TileKind::Entries => {
                tile::bundle(&entries[first..first + usize::from(t.width())]).unwrap()
            }
            TileKind::Hashes(_) => {
                let hashes: Vec<Digest> = t.positions().map(|p| hashes.0[&p]).collect();
                tile::hash_tile(&hashes)
            }
        };
        files.insert(t.to_string(), bytes);
    }
    files
}

/// `count` entries, the last one closing a run of three calls.
fn copy(count: u64) -> Copy {
    let ids = CountingIds::default();
    let run = RunId::new(&ids);
    let mut trace = TraceTree::default();
    let mut facts = Vec::new();
    for n in 0..3 {
        trace.push(&call(n, n * 3)).unwrap();
        facts.extend(call_facts(&call(n, n * 3)).unwrap());
        facts.push(b'\n');
    }
    let close = Draft::new(Kind::RunSealed)
        .fact(RUN, run)
        .fact(TRACE_ROOT, trace.root())
        .fact(CALLS, 3);
    let mut drafts: Vec<_> = (1..count)
        .map(|n| Draft::new(Kind::Queried).fact("number", n))
        .collect();
    drafts.push(close);
    let entries: Vec<Vec<u8>> = (0..)
        .zip(drafts)
        .map(|(n, draft)| sealed(draft, &ids, n).canonical().to_vec())
        .collect();
    let mut files = files(&entries);
    files.insert(TRACE.to_owned(), facts);
    Copy { files, run }
}

/// `count` entries that are no entries of ours.
fn foreign(count: u32) -> Copy {
    let entries: Vec<Vec<u8>> = (0..count).map(|n| n.to_be_bytes()[2..].to_vec()).collect();
    Copy {
        files: files(&entries),
        run: RunId::new(&CountingIds::default()),
    }
}

const FOREIGN: Scope = Scope {
    foreign: true,
    ..Scope::COPY
};

fn verify(copy: &Copy, scope: Scope) -> Report {
    let key = key();
    let mut published = Published::new(key.verifier(), scope);
    if let Some(note) = copy.files.get(CHECKPOINT) {
        published.checkpoint(note);
    }
    let mut tiles: Vec<Tile> = copy.files.keys().filter_map(|p| p.parse().ok()).collect();
    tiles.sort_by_key(|t| (t.kind(), t.index(), Reverse(t.width())));
    for tile in tiles {
        published.tile(tile, &copy.files[&tile.to_string()]);
    }
    if let Some(trace) = copy.files.get(TRACE) {
        for (index, facts) in (0..).zip(trace.split_inclusive(|b| *b == b'\n')) {
            match facts.strip_suffix(b"\n") {
                Some(facts) => published.trace_leaf(copy.run, index, facts),
                None => published.stray(TRACE, "cut off"),
            }
        }
    }
    published.finish()
}

/// Flips every `step`th byte of every file: each is found, and where it is said to be is where it was.
fn flip_all(copy: &Copy, scope: Scope, step: usize) {
    for (path, bytes) in &copy.files {
        for place in (0..bytes.len()).step_by(step) {
            let mut changed = copy.clone();
            changed.files.get_mut(path).unwrap()[place] ^= 1 << (place % 8);
            let report = verify(&changed, scope);
            let told = report.findings.iter().any(|finding| match finding {
                Finding::ForgedCheckpoint { .. } | Finding::NoCheckpoint => path == CHECKPOINT,
                Finding::TraceMismatch { .. } => path == TRACE,
                Finding::TileAltered { path: told, .. }
                | Finding::TileMalformed { path: told, .. } => told == path,
                Finding::Altered { index } => {
                    let bundle = Tile::new(TileKind::Entries, index / 256, 1).unwrap();
                    path.starts_with(bundle.to_string().trim_end_matches(".p/1"))
                }
                _ => false,
            });
            assert!(told, "{path} byte {place}: {:?}", report.findings);
        }
    }
}

#[test]
fn an_untouched_copy_holds() {
    for count in [1, 2, 7] {
        let report = verify(&copy(count), Scope::COPY);
        assert_eq!(report.findings, []);
        assert_eq!((report.entries, report.covered), (count, count));
        assert_eq!((report.runs, report.calls), (1, 3));
    }
    for count in [1, 255, 256, 257, 512, 700] {
        let report = verify(&foreign(count), FOREIGN);
        assert_eq!(report.findings, [], "{count}");
        assert_eq!(report.entries, u64::from(count));
    }
    assert!(!verify(&foreign(3), Scope::COPY).holds());
}

#[test]
fn every_changed_byte_is_found_and_where() {
    flip_all(&copy(5), Scope::COPY, 1);
    flip_all(&foreign(9), FOREIGN, 1);
}

#[test]
fn changed_bytes_are_found_on_every_level() {
    flip_all(&foreign(258), FOREIGN, 37);
}

#[test]
fn every_file_that_is_gone_is_missed() {
    for (copy, scope) in [(copy(5), Scope::COPY), (foreign(600), FOREIGN)] {
        for path in copy.files.keys() {
            let mut changed = copy.clone();
            changed.files.remove(path);
            let report = verify(&changed, scope);
            let told = report.findings.iter().any(|finding| match finding {
                Finding::TileMissing { path: told } => told == path,
                Finding::NoCheckpoint => path == CHECKPOINT,
                Finding::TraceMismatch { .. } => path == TRACE,
                _ => false,
            });
            assert!(told, "{path}: {:?}", report.findings);
        }
    }
}

/// The same log with other entries in its bundles; tiles and checkpoint are those of before.
fn with_entries(count: u32, change: impl FnOnce(&mut Vec<Vec<u8>>)) -> Vec<Finding> {
    let mut copy = foreign(count);
    let mut entries: Vec<Vec<u8>> = (0..count).map(|n| n.to_be_bytes()[2..].to_vec()).collect();
    change(&mut entries);
    copy.files.retain(|path, _| !path.contains("entries"));
    let others = files(&entries);
    copy.files.extend(
        others
            .into_iter()
            .filter(|(path, _)| path.contains("entries")),
    );
    verify(&copy, FOREIGN).findings
}

#[test]
fn entries_missing_added_and_moved_are_told_by_index() {
    let missing = with_entries(300, |entries| drop(entries.remove(7)));
    assert!(
        missing.contains(&Finding::Missing { index: 7 }),
        "{missing:?}"
    );
    let added = with_entries(300, |entries| entries.insert(9, b"more".to_vec()));
    assert!(added.contains(&Finding::Added { index: 9 }), "{added:?}");
    let last = with_entries(10, |entries| entries.push(b"more".to_vec()));
    assert!(last.contains(&Finding::Added { index: 10 }), "{last:?}");
    let moved = with_entries(300, |entries| entries.swap(3, 4));
    assert_eq!(moved.len(), 1, "{moved:?}");
    assert!(matches!(moved[0], Finding::Reordered { .. }), "{moved:?}");
    let altered = with_entries(300, |entries| entries[260] = b"x".to_vec());
    assert_eq!(altered, [Finding::Altered { index: 260 }]);
}

#[test]
fn a_log_rebuilt_over_a_changed_entry_is_a_fork() {
    let (old, mut new) = (copy(6), copy(6));
    let mut entries: Vec<Vec<u8>> = (0..6_u32).map(|n| n.to_be_bytes().to_vec()).collect();
    let honest = files(&entries);
    entries[2] = b"changed".to_vec();
    new.files = files(&entries);
    assert!(verify(&new, FOREIGN).holds(), "by itself it holds");
    let key = key();
    let against = |note: &[u8]| {
        let mut published = Published::new(key.verifier(), FOREIGN);
        published.checkpoint(&new.files[CHECKPOINT]);
        published.checkpoint(note);
        for (path, bytes) in &new.files {
            if let Ok(tile) = path.parse() {
                published.tile(tile, bytes);
            }
        }
        published.finish().findings
    };
    let fork = against(&honest[CHECKPOINT]);
    assert!(fork.contains(&Finding::Fork { size: 6 }), "{fork:?}");
    let leaves: Vec<Digest> = (0..6_u32)
        .map(|n| tree::leaf_hash(&n.to_be_bytes()))
        .collect();
    let earlier = against(&signed(4, &leaves));
    assert!(
        earlier.contains(&Finding::RootMismatch { from: 0, to: 4 }),
        "{earlier:?}"
    );
    assert_eq!(against(&signed(2, &leaves)), []);
    assert_ne!(old.files[CHECKPOINT], honest[CHECKPOINT]);
}

#[test]
fn what_grows_meanwhile_is_no_finding_unless_it_must_not_grow() {
    let (early, late) = (foreign(255), foreign(300));
    let mut mixed = late.clone();
    mixed
        .files
        .insert(CHECKPOINT.to_owned(), early.files[CHECKPOINT].clone());
    let growing = Scope {
        growing: true,
        ..FOREIGN
    };
    assert_eq!(verify(&mixed, growing).findings, []);
    let report = verify(&mixed, FOREIGN);
    assert!(
        report.findings.contains(&Finding::Added { index: 299 }),
        "{report}"
    );
}

#[test]
fn a_key_of_before_is_trusted_as_far_as_the_log_tells() {
    let old = SigningKey::from_seed("yunei.example/log", &[6; 32]).unwrap();
    let ids = CountingIds::default();
    let drafts = (0..6_u32).map(|n| match n {
        3 => Draft::new(Kind::LogKeyRotated)
            .fact(crate::KEY_FROM, old.verifier().to_string())
            .fact(crate::KEY_TO, key().verifier().to_string()),
        _ => Draft::new(Kind::Queried).fact("number", n),
    });
    let entries: Vec<Vec<u8>> = (0..)
        .zip(drafts)
        .map(|(n, draft)| sealed(draft, &ids, n).canonical().to_vec())
        .collect();
    let files = files(&entries);
    let leaves: Vec<Digest> = entries.iter().map(|e| tree::leaf_hash(e)).collect();
    let head = |size: u64| {
        let mut hashes = Hashes::default();
        log::append(0, &leaves[..usize::try_from(size).unwrap()], &mut hashes).unwrap();
        Checkpoint {
            origin: old.name().to_owned(),
            size,
            root: log::root(size, &hashes).unwrap(),
        }
    };
    let current = key();
    let against = |note: &[u8], with: &SigningKey| {
        let mut published = Published::new(with.verifier(), Scope::COPY);
        published.checkpoint(&files[CHECKPOINT]);
        published.checkpoint(note);
        for (path, bytes) in &files {
            if let Ok(tile) = path.parse() {
                published.tile(tile, bytes);
            }
        }
        published.finish().findings
    };
    let handed_over = head(4).sign_by(&[&old, &current]).unwrap();
    for with in [&old, &current] {
        assert_eq!(
            Checkpoint::open(&handed_over, with.verifier())
                .unwrap()
                .size,
            4
        );
    }
    for size in [1, 3, 4] {
        assert_eq!(against(&head(size).sign(&old).unwrap(), &current), []);
    }
    assert_eq!(against(&handed_over, &current), []);
    let beyond = against(&head(5).sign(&old).unwrap(), &current);
    assert!(
        matches!(beyond[..], [Finding::ForgedCheckpoint { number: 1, .. }]),
        "{beyond:?}"
    );
    // Another history of the old key is a fork, and the old key says nothing of what came after it.
    let mut forked = head(2);
    forked.root = Digest::of(b"another");
    assert_ne!(against(&forked.sign(&old).unwrap(), &current), []);
    assert_ne!(against(&handed_over, &old), []);
}
