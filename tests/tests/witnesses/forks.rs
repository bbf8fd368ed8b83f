//! A witness cosigns one history of a log, however often it is killed.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde_json::json;
use yunei_tests::{Server, Witness};

use crate::common::program;
use crate::domain::{Domain, entry, has_fault, until};
use crate::liar::ask;
use crate::log::{Log, cosigned};

/// Times that the witness is killed, and more until it has cosigned enough.
const KILLS: u32 = 40;
const KILLS_MAX: u32 = 8 * KILLS;
/// Sizes that it has to cosign meanwhile.
const SIZES_MIN: usize = 11;
/// Entries of each branch.
const ENTRIES: usize = 400;

#[test]
fn a_second_server_with_the_same_key_is_refused_with_evidence() {
    let mut domain = Domain::start(2, 2);
    domain.until_cosigned(2);
    domain.server.stop().expect("stopped");
    let other = domain.directory.path().join("other");
    copy_all(domain.server.data(), &other);
    domain.server.restart().expect("restarted");
    for _ in 0..2 {
        domain.entry();
    }
    domain.until_cosigned(2);
    domain.server.stop().expect("stopped");
    // The same key, the same past, another present.
    let none: [&str; 0] = [];
    let fork = Server::start(&program(), &other, none).expect("a second server");
    let told = until(&fork, "a refusal", |told| {
        has_fault(told, "w1", "ahead") || has_fault(told, "w1", "refused")
    });
    assert_eq!(told["newest"]["reached"], json!(false), "{told:#}");
    for number in 0..8 {
        entry(&fork, &format!("fork-{number}"));
    }
    let told = until(&fork, "a fork", |told| {
        has_fault(told, "w1", "refused") && has_fault(told, "w2", "refused")
    });
    assert_eq!(told["newest"]["valid"], json!(0), "{told:#}");
    // Nothing is added to the evidence while it is read.
    drop(fork);
    for witness in &domain.witnesses {
        let evidence = std::fs::read_dir(witness.data().join("evidence")).expect("evidence");
        let pieces = evidence
            .flatten()
            .map(|file| std::fs::read_to_string(file.path()));
        let pieces: Vec<String> = pieces.map(|piece| piece.expect("a piece")).collect();
        assert!(!pieces.is_empty());
        for piece in pieces {
            assert!(
                piece.contains("COSIGNED BEFORE") && piece.contains("REFUSED REQUEST"),
                "{piece}"
            );
        }
    }
    // The first one is still the log.
    domain.server.restart().expect("restarted");
    domain.until_cosigned(2);
}

fn copy_all(from: &Path, to: &Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::create_dir_all(to).expect("a directory");
    let mode = std::fs::metadata(from)
        .expect("a mode")
        .permissions()
        .mode();
    std::fs::set_permissions(to, std::fs::Permissions::from_mode(mode)).expect("a mode");
    for found in std::fs::read_dir(from).expect("files").flatten() {
        let (path, to) = (found.path(), to.join(found.file_name()));
        if path.is_dir() {
            copy_all(&path, &to);
        } else {
            std::fs::copy(&path, &to).expect("copied");
        }
    }
}

/// Texts of checkpoints that the witness cosigned, by size.
type Cosigned = BTreeMap<usize, Vec<String>>;

/// Two branches of one log, signed by one key, ask at once, and the witness is killed again and again.
#[test]
fn however_often_it_is_killed_it_cosigns_one_history() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut log = Log::new("log.example/forked", 7);
    (0..5).for_each(|entry| log.push(&format!("both {entry}")));
    let branches = ["left", "right"].map(|name| {
        let mut branch = log.clone();
        (branch.size()..ENTRIES).for_each(|entry| branch.push(&format!("{name} {entry}")));
        branch
    });
    let key = directory.path().join("log.pub");
    std::fs::write(&key, log.public()).expect("a key");
    let data = directory.path().join("w");
    let witness = Witness::start(&program(), &data, "witness.example/w", &key);
    let mut witness = witness.expect("a witness");
    let (url, public) = (witness.url().to_owned(), witness.key().to_owned());
    let over = AtomicBool::new(false);
    let accepted: Mutex<Cosigned> = Mutex::default();
    let asks = |branch: &Log| {
        let mut known = 0;
        while !over.load(Ordering::Relaxed) && known < ENTRIES {
            // From where the witness is said to be, a little further; and now and then from nowhere.
            let size = known + 1 + known % 3;
            let size = size.min(ENTRIES);
            let (status, _, told) = ask(&url, branch.submission(known.min(size), size).as_bytes());
            match status {
                200 => {
                    let text = branch.text(size);
                    assert!(cosigned(&text, &told, &public).is_some(), "{told}");
                    accepted
                        .lock()
                        .expect("accepted")
                        .entry(size)
                        .or_default()
                        .push(text);
                    known = size;
                }
                409 => {
                    let stated: usize = told.trim().parse().expect("a size");
                    known = stated.min(ENTRIES);
                }
                // It is down, or refuses the branch.
                _ => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    };
    std::thread::scope(|scope| {
        for branch in &branches {
            scope.spawn(|| asks(branch));
        }
        kill_again_and_again(&mut witness, &accepted);
        over.store(true, Ordering::Relaxed);
    });
    let accepted = accepted.into_inner().expect("accepted");
    assert!(
        accepted.len() >= SIZES_MIN,
        "only {} sizes were cosigned",
        accepted.len()
    );
    holds_one_history(&accepted, &branches);
    println!(
        "{KILLS} kills, {} sizes cosigned, one history",
        accepted.len()
    );
}

/// Kills the witness at another moment of its work each time; later ones where it gets little done between two kills.
fn kill_again_and_again(witness: &mut Witness, accepted: &Mutex<Cosigned>) {
    for kill in 0..KILLS_MAX {
        if kill >= KILLS && accepted.lock().expect("accepted").len() >= SIZES_MIN {
            return;
        }
        let micros = 5_000 + u64::from(kill) * 7919 % 60_000;
        std::thread::sleep(Duration::from_micros(micros) * (1 + kill / KILLS));
        witness.kill_hard().expect("killed");
        witness.restart().expect("restarted");
    }
}

/// At each size one tree was cosigned, and all of them are of one branch.
fn holds_one_history(accepted: &Cosigned, branches: &[Log; 2]) {
    let branch_of =
        |text: &String, size: usize| branches.iter().position(|b| b.text(size) == *text);
    let mut branch = None;
    for (size, texts) in accepted {
        let mut texts = texts.clone();
        texts.dedup();
        assert_eq!(texts.len(), 1, "two trees of {size} entries were cosigned");
        if *size > 5 {
            let found = branch_of(&texts[0], *size);
            assert_eq!(
                *branch.get_or_insert(found),
                found,
                "the branch changed at {size}"
            );
        }
    }
}
