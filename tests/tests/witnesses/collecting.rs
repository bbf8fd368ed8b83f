//! Cosignatures are collected from whoever is there, and from nobody who lies.

use std::process::Command;
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yunei_tests::quorum_policy;

use crate::common::program;
use crate::domain::{Domain, has_fault, of};
use crate::liar::{Liar, Lie};
use crate::log::cosigned;

/// How long the log goes on without a quorum.
const WITHOUT: Duration = Duration::from_secs(2);

fn newest(told: &Value) -> u64 {
    told["newest"]["size"].as_u64().expect("a size")
}

#[test]
fn some_are_down_or_slow_and_come_back() {
    let mut domain = Domain::start(3, 2);
    domain.until_cosigned(3);
    // One down: the others make the quorum.
    domain.witnesses[0].kill_hard().expect("killed");
    domain.entry();
    let told = domain.until("two of three", |told| {
        told["newest"]["valid"] == json!(2)
            && has_fault(told, "w1", "unreached")
            && told["lag_s"] == json!(0)
    });
    assert_eq!(told["newest"]["reached"], json!(true), "{told:#}");
    // And one that stands still: no quorum, and the log goes on.
    domain.witnesses[1].pause().expect("paused");
    let before = newest(&told);
    let began = Instant::now();
    while began.elapsed() < WITHOUT {
        domain.entry();
    }
    let told = domain.until("a lag", |told| told["lag_s"].as_u64() >= Some(1));
    assert!(
        newest(&told) > before,
        "the sequencer waits for nobody: {told:#}"
    );
    assert_eq!(told["newest"]["reached"], json!(false), "{told:#}");
    assert_eq!(told["witnessed"]["reached"], json!(true), "{told:#}");
    domain.until("it is too slow", |told| has_fault(told, "w2", "slow"));
    // Back.
    domain.witnesses[1].go_on().expect("on");
    domain.until_cosigned(2);
    domain.witnesses[0].restart().expect("restarted");
    domain.entry();
    let told = domain.until_settled(3);
    assert_eq!(of(&told, "w1")["fault"], Value::Null, "{told:#}");
    // A cosignature on the newest checkpoint is what an independent verifier says it is.
    domain.server.stop().expect("stopped");
    let policy = domain.server.data().join("witnesses.toml");
    let verified = verify(&domain, &policy);
    assert_eq!(verified["quorum"]["valid"], json!(3), "{verified:#}");
    assert_eq!(verified["holds"], json!(true), "{verified:#}");
    let stranger = domain.directory.path().join("stranger.toml");
    let mut named = domain.named();
    named.truncate(2);
    named[1].key = liar_key(&domain);
    std::fs::write(&stranger, quorum_policy(&named, 1, "")).expect("a policy");
    let verified = verify(&domain, &stranger);
    assert_eq!(
        verified["holds"],
        json!(false),
        "nobody outside of that policy cosigned: {verified:#}"
    );
}

/// The key of a witness that nobody asks.
fn liar_key(domain: &Domain) -> String {
    let shown = Command::new(program())
        .args([
            "witness",
            "key",
            "--name",
            "witness.example/nobody",
            "--data",
        ])
        .arg(domain.directory.path().join("nobody"))
        .output()
        .expect("a key");
    String::from_utf8(shown.stdout)
        .expect("text")
        .trim()
        .to_owned()
}

fn verify(domain: &Domain, policy: &std::path::Path) -> Value {
    let verified = Command::new(program())
        .args(["--json", "ledger", "verify", "--data"])
        .arg(domain.server.data())
        .arg("--policy")
        .arg(policy)
        .output()
        .expect("verified");
    serde_json::from_slice(&verified.stdout).expect("a report")
}

#[test]
fn lies_are_not_kept() {
    let mut domain = Domain::without_policy(3);
    let liar = Liar::before(domain.witnesses[2].url());
    let mut named = domain.named();
    named[2].address.clone_from(&liar.url);
    domain.restart_under(&quorum_policy(&named, 2, ""));
    domain.until_cosigned(3);
    let same = |status, kind, text: &str| Lie::Same(status, kind, text.to_owned());
    let other = domain.witnesses[1].url().to_owned();
    let lies = [
        (
            "another tree's cosignature",
            same(200, "text/plain", &liar.heard()),
            "forged",
        ),
        (
            "an endless answer",
            same(200, "text/plain", &"x".repeat(5 << 20)),
            "malformed",
        ),
        (
            "garbage",
            same(200, "text/plain", "\u{0}\u{1}nonsense"),
            "forged",
        ),
        ("no size", same(409, "text/plain", "seven\n"), "malformed"),
        (
            "a log that is longer",
            same(409, "text/x.tlog.size", "999999999\n"),
            "ahead",
        ),
        ("a redirection", same(302, "text/plain", ""), "malformed"),
        ("a refusal", same(422, "text/plain", "no\n"), "refused"),
        (
            "not this log",
            same(404, "text/plain", "no\n"),
            "unknown-log",
        ),
        ("a failure", same(500, "text/plain", "no\n"), "busy"),
    ];
    for (what, lie, fault) in lies {
        liar.tell(lie);
        domain.entry();
        let told = domain.until(what, |told| {
            has_fault(told, "w3", fault) && told["newest"]["valid"].as_u64() >= Some(2)
        });
        assert_eq!(told["newest"]["valid"], json!(2), "{what}: {told:#}");
        assert_eq!(told["newest"]["reached"], json!(true), "{what}: {told:#}");
    }
    // With another witness's key, which cosigned this very checkpoint: a stranger's word.
    liar.tell(Lie::Of(other));
    domain.entry();
    domain.until("a foreign key", |told| {
        has_fault(told, "w3", "forged") || has_fault(told, "w3", "contradiction")
    });
    liar.tell(Lie::Truth);
    domain.entry();
    domain.until_cosigned(3);
}

#[test]
fn a_witness_that_was_rolled_back_is_taken_along_again() {
    let mut domain = Domain::start(2, 2);
    let told = domain.until_cosigned(2);
    let early = of(&told, "w2")["size"].as_u64();
    let (now, kept) = (
        domain.witnesses[1].data().join("logs"),
        domain.directory.path().join("kept"),
    );
    domain.witnesses[1].stop().expect("stopped");
    copy(&now, &kept);
    domain.witnesses[1].restart().expect("restarted");
    for _ in 0..3 {
        domain.entry();
    }
    // Whether all is cosigned is asked once something new is.
    domain.until("something new at it", |told| {
        of(told, "w2")["size"].as_u64() > early
    });
    domain.until_cosigned(2);
    domain.witnesses[1].kill_hard().expect("killed");
    copy(&kept, &now);
    domain.witnesses[1].restart().expect("restarted");
    domain.entry();
    domain.until_cosigned(2);
}

fn copy(from: &std::path::Path, to: &std::path::Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for file in std::fs::read_dir(from).expect("files").flatten() {
        std::fs::copy(file.path(), to.join(file.file_name())).expect("copied");
    }
}

#[test]
fn without_a_policy_it_is_said_plainly() {
    let mut domain = Domain::without_policy(0);
    domain.server.restart().expect("restarted");
    let told = domain.told();
    assert_eq!(told["configured"], json!(false));
    let doctor = Command::new(program())
        .args(["doctor", "--data"])
        .arg(domain.server.data())
        .output()
        .expect("a doctor");
    let said = String::from_utf8_lossy(&doctor.stdout).into_owned();
    assert!(
        said.contains("none: there is no `witnesses.toml`"),
        "{said}"
    );
}

#[test]
fn cosignatures_hold_by_an_implementation_of_the_tests_own() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut log = crate::log::Log::new("log.example/own", 7);
    (0..9).for_each(|entry| log.push(&entry.to_string()));
    let key = directory.path().join("log.pub");
    std::fs::write(&key, log.public()).expect("a key");
    let data = directory.path().join("w");
    let witness = yunei_tests::Witness::start(&program(), &data, "witness.example/w", &key);
    let witness = witness.expect("a witness");
    for (old, size) in [(0, 3), (3, 4), (4, 9)] {
        let (status, _, line) =
            crate::liar::ask(witness.url(), log.submission(old, size).as_bytes());
        assert_eq!(status, 200, "{line}");
        assert!(
            cosigned(&log.text(size), &line, witness.key()).is_some(),
            "{line}"
        );
        assert!(cosigned(&log.text(size - 1), &line, witness.key()).is_none());
    }
    let (status, kind, size) = crate::liar::ask(witness.url(), log.submission(3, 9).as_bytes());
    assert_eq!(
        (status, kind.as_str(), size.as_str()),
        (409, "text/x.tlog.size", "9\n")
    );
    let long = "x".repeat(80_000);
    assert_eq!(crate::liar::ask(witness.url(), long.as_bytes()).0, 413);
}
