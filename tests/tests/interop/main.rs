//! The published log, looked at by an implementation of its formats that is not ours; and a log of that implementation, by ours.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod certificates;
mod classes;
#[path = "../common/mod.rs"]
mod common;
mod verifiers;
mod watch;

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use common::{RUN_WAIT_MAX, World, guest, program, repository, text};
use verifiers::{breaks, holds, name, others, ours};
use watch::Watch;
use yunei_tests::{REGULATOR, Server};

/// How a line of a checkpoint begins that is of a witness of these tests.
const COSIGNED: &str = "— witness.example/";
/// Longest wait for the log to be published, or to be cosigned.
const PUBLISH_WAIT_MAX: Duration = Duration::from_secs(180);

/// A published checkpoint that is the same for so long covers what was recorded before: one is signed soon after an entry, published at
/// the next beat, and published again at a later one with its cosignatures.
const SETTLED: Duration = Duration::from_secs(3);

/// A witnessed server after one run that was released. Gives the run.
fn released() -> (World, Watch, String) {
    let mut world = World::start();
    let watch = Watch::start(&mut world);
    let directory = repository().join("examples/bus-rides");
    let (unit, module, grant) = world.admitted(&guest("examples", "bus-rides"), &directory);
    let run = world.story.submit(&unit, &directory, &module, &grant);
    let run = text(&run.expect("an answer").served().expect("queued"), "id");
    world
        .story
        .wait_state(&run, &["released"], RUN_WAIT_MAX)
        .expect("released");
    await_published(&world);
    (world, watch, run)
}

/// Waits until what is signed is published, too, with the cosignatures of both witnesses.
fn await_published(world: &World) {
    let regulator = world.story.person(REGULATOR).expect("a regulator");
    let signed = regulator.get("/record/checkpoint").expect("an answer");
    let signed = signed.served().expect("a checkpoint")["size"].as_u64();
    let file = world.server.data().join("log/checkpoint");
    let began = Instant::now();
    let (mut before, mut since) = (String::new(), began);
    loop {
        let note = std::fs::read_to_string(&file).unwrap_or_default();
        let published = note.lines().nth(1).and_then(|line| line.parse().ok());
        let cosigned = note.lines().filter(|line| line.starts_with(COSIGNED));
        let whole = published >= signed && cosigned.count() == 2;
        if note != before {
            since = Instant::now();
        }
        if whole && since.elapsed() > SETTLED {
            return;
        }
        assert!(began.elapsed() < PUBLISH_WAIT_MAX, "{note}");
        before = note;
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn others_verify_our_log_and_our_receipts() {
    let (world, watch, run) = released();
    let directory = tempfile::tempdir().expect("a directory");
    let place = |file: &str| directory.path().join(file);
    let key = world.server.log_key().to_owned();

    let copy = place("copy");
    let exported = holds(ours(
        Some(&world),
        &["export", "--to", name(&copy), "--key", &key],
    ));
    let size = exported["covered"].as_u64().expect("a size");
    assert!(exported["calls"].as_u64().expect("calls") > 3, "{exported}");
    let audited = holds(others(&watch.keys(&["audit", name(&copy), &key])));
    assert_eq!(audited["size"], size);
    assert_eq!(audited["witnesses"].as_array().map(Vec::len), Some(2));
    let verified = holds(ours(
        None,
        &watch.policy(&["verify", "--from", name(&copy), "--key", &key]),
    ));
    assert_eq!(verified["quorum"]["valid"], 2, "{verified}");
    assert_eq!(
        (&verified["covered"], &verified["runs"]),
        (&size.into(), &1.into())
    );
    let url = world.server.url().to_owned();
    holds(ours(
        Some(&world),
        &["verify", "--from", &url, "--key", &key],
    ));
    holds(ours(
        None,
        &["verify", "--from", name(world.server.data()), "--key", &key],
    ));

    receipts(&world, &watch, &run, directory.path(), &key);
    grown(&world, &copy, directory.path(), &key, size);
    tampered(&watch, &copy, &key);
    without_quorum(&world, &watch, &run, directory.path(), &key);
}

fn receipts(world: &World, watch: &Watch, run: &str, directory: &Path, key: &str) {
    let file = directory.join("call.tlog-proof");
    let fetched = ours(
        Some(world),
        &[
            "receipt",
            "fetch",
            "--run",
            run,
            "--call",
            "2",
            "--to",
            name(&file),
        ],
    );
    assert!(fetched.0, "{fetched:?}");
    let by_others = holds(others(&watch.keys(&["receipt", name(&file), key])));
    let by_us = holds(ours(
        None,
        &watch.policy(&["receipt", "verify", name(&file), "--key", key]),
    ));
    assert_eq!(by_us["quorum"]["valid"], 2, "{by_us}");
    assert_eq!(by_others["kind"], "run-sealed");
    assert_eq!(by_others["index"], by_us["index"]);
    assert_eq!(by_others["call"], by_us["call"]["facts"]);
    assert_eq!(by_us["call"]["index"], 2);

    let entry = text(&by_us["entry"], "id");
    let file = directory.join("entry.tlog-proof");
    let fetched = ours(
        Some(world),
        &["receipt", "fetch", "--entry", &entry, "--to", name(&file)],
    );
    assert!(fetched.0, "{fetched:?}");
    holds(others(&["receipt", name(&file), key]));
    let mut changed = std::fs::read_to_string(&file).expect("a receipt");
    let at = changed.find("\nindex ").expect("an index") + "\nindex ".len();
    changed.replace_range(at..=at, "9");
    std::fs::write(&file, changed).expect("a changed receipt");
    breaks(others(&["receipt", name(&file), key]));
    breaks(ours(
        None,
        &["receipt", "verify", name(&file), "--key", key],
    ));

    let unit = world
        .story
        .operator_of(&repository().join("examples/bus-rides"));
    let unit = unit.expect("an operator");
    for path in [
        format!("/record/{entry}/receipt"),
        format!("/runs/{run}/calls/2/receipt"),
    ] {
        let refused = unit.get(&path).expect("an answer");
        assert!([403, 404].contains(&refused.status), "{}", refused.status);
    }
}

/// The log grew meanwhile, and says how it begins with what it was.
fn grown(world: &World, copy: &Path, directory: &Path, key: &str, size: u64) {
    let later = directory.join("later");
    let exported = holds(ours(
        Some(world),
        &["export", "--to", name(&later), "--key", key],
    ));
    let to = exported["covered"].as_u64().expect("a size");
    assert!(to > size, "what is looked at is on the record");
    let regulator = world.story.person(REGULATOR).expect("a regulator");
    let path = format!("/log/consistency?from={size}&to={to}");
    let proof = regulator
        .get(&path)
        .expect("an answer")
        .served()
        .expect("a proof");
    let file = directory.join("consistency.json");
    std::fs::write(&file, proof.to_string()).expect("a proof");
    let (old, new) = (copy.join("checkpoint"), later.join("checkpoint"));
    holds(others(&[
        "consistency",
        name(&file),
        name(&old),
        name(&new),
        key,
    ]));
    holds(ours(
        None,
        &[
            "verify",
            "--from",
            name(&later),
            "--key",
            key,
            "--witnessed",
            name(&old),
        ],
    ));
    // What was there first lacks what came later.
    breaks(ours(
        None,
        &[
            "verify",
            "--from",
            name(copy),
            "--key",
            key,
            "--witnessed",
            name(&new),
        ],
    ));
}

/// While the witnesses stand still, a call that they have cosigned before keeps a receipt with their quorum; what comes later gets
/// one that the log alone has signed.
fn without_quorum(world: &World, watch: &Watch, run: &str, directory: &Path, key: &str) {
    for witness in &watch.witnesses {
        witness.pause().expect("standing still");
    }
    let regulator = world.story.person(REGULATOR).expect("a regulator");
    let path = format!("/record?run={run}");
    // Each look leaves an entry; the newest of all is that of the look before.
    let seen = |path: &str| regulator.get(path).expect("an answer").served();
    seen(&path).expect("a look");
    let latest = seen("/record?limit=1&order=falling").expect("entries");
    let latest = text(&latest["items"][0]["entry"], "id");
    let files = ["old", "new"].map(|of| directory.join(of).with_extension("tlog-proof"));
    let [old, new] = files.each_ref().map(|file| name(file));
    for what in [
        ["--run", run, "--call", "2", "--to", old].as_slice(),
        ["--entry", &latest, "--to", new].as_slice(),
    ] {
        let fetched = ours(Some(world), &[&["receipt", "fetch"], what].concat());
        assert!(fetched.0, "{fetched:?}");
    }
    let cosigned = holds(others(&watch.keys(&["receipt", old, key])));
    breaks(others(&watch.keys(&["receipt", new, key])));
    let signed = holds(others(&["receipt", new, key]));
    assert!(signed["size"].as_u64() > cosigned["size"].as_u64());
    let verify = |file| watch.policy(&["receipt", "verify", file, "--key", key]);
    holds(ours(None, &verify(old)));
    let unwitnessed = breaks(ours(None, &verify(new)));
    assert_eq!(unwitnessed["quorum"]["reached"], false, "{unwitnessed}");
    for witness in &watch.witnesses {
        witness.go_on().expect("going on");
    }
}

/// A byte in the middle of every file of a copy: both find it, and ours says where, unless it is in a cosignature, which the
/// policy misses then.
fn tampered(watch: &Watch, copy: &Path, key: &str) {
    let verify = || {
        ours(
            None,
            &watch.policy(&["verify", "--from", name(copy), "--key", key]),
        )
    };
    let files = files(copy);
    assert!(files.len() >= 4, "{files:?}");
    for file in files {
        let path = copy.join(&file);
        let whole = std::fs::read(&path).expect("a file");
        let mut changed = whole.clone();
        let middle = changed.len() / 2;
        changed[middle] ^= 1;
        std::fs::write(&path, changed).expect("a changed file");
        let report = breaks(verify());
        let found = report["findings"].as_array().map_or(0, Vec::len);
        let missed = name(&file) == "checkpoint" && report["quorum"]["reached"] == false;
        assert!(found > 0 || missed, "{report}");
        if !file.starts_with("traces") {
            breaks(others(&watch.keys(&["audit", name(copy), key])));
        }
        std::fs::write(&path, whole).expect("the file as it was");
    }
    holds(verify());
}

/// Paths of all files below a directory, from it on.
fn files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut waiting = vec![directory.to_owned()];
    while let Some(next) = waiting.pop() {
        for entry in std::fs::read_dir(next).expect("a directory").flatten() {
            let path = entry.path();
            if path.is_dir() {
                waiting.push(path);
            } else {
                found.push(path.strip_prefix(directory).expect("below").to_owned());
            }
        }
    }
    found.sort();
    found
}

#[test]
fn we_verify_a_log_that_others_made() {
    let directory = tempfile::tempdir().expect("a directory");
    for count in ["1", "255", "256", "700"] {
        let log = directory.path().join(count);
        let made = holds(others(&["make", name(&log), count]));
        let key = text(&made, "key");
        let verify = || {
            ours(
                None,
                &["verify", "--foreign", "--from", name(&log), "--key", &key],
            )
        };
        assert_eq!(holds(verify())["covered"].to_string(), count);
        let bundle = files(&log)
            .into_iter()
            .rfind(|path| name(path).contains("entries"));
        let bundle = log.join(bundle.expect("a bundle"));
        let whole = std::fs::read(&bundle).expect("a bundle");
        let mut changed = whole;
        *changed.last_mut().expect("a byte") ^= 1;
        std::fs::write(&bundle, changed).expect("a changed bundle");
        let report = breaks(verify());
        let last = count.parse::<u64>().expect("a number") - 1;
        assert_eq!(report["findings"][0]["what"], "altered", "{report}");
        assert_eq!(report["findings"][0]["index"], last, "{report}");
    }
}

#[test]
fn what_is_published_is_repaired_at_the_next_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let none: [&str; 0] = [];
    let mut server = Server::start(&program(), &data, none).expect("a server");
    let key = server.log_key().to_owned();
    let log = data.join("log");
    let secret = data.join("keys/log-signing.key");
    let mode = std::fs::metadata(&secret)
        .expect("the log's key")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600, "the log's key is its owner's alone");
    let mode = std::fs::metadata(data.join("keys"))
        .expect("keys")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    server.stop().expect("stopped in order");
    let verify = || {
        ours(
            None,
            &[
                "verify",
                "--from",
                name(&log),
                "--key",
                &key,
                "--without-calls",
            ],
        )
    };
    holds(verify());
    // One file changed, one gone, one cut off.
    let files = files(&log);
    for (number, file) in files.iter().enumerate() {
        let path = log.join(file);
        match number % 3 {
            0 => std::fs::write(&path, "changed").expect("a changed file"),
            1 => std::fs::remove_file(&path).expect("one file less"),
            _ => std::fs::File::options()
                .write(true)
                .open(&path)
                .and_then(|file| file.set_len(3))
                .expect("a shorter file"),
        }
    }
    assert!(!verify().0);
    server.restart().expect("started again");
    let began = Instant::now();
    while !verify().0 {
        assert!(began.elapsed() < PUBLISH_WAIT_MAX, "{:?}", verify());
        std::thread::sleep(Duration::from_millis(50));
    }
    server.stop().expect("stopped in order");
    holds(verify());
    std::fs::set_permissions(&secret, std::fs::Permissions::from_mode(0o640))
        .expect("another mode");
    let refused = server.restart().expect_err("a key that others can read");
    assert!(
        refused.to_string().contains("readable by others"),
        "{refused}"
    );
}

#[test]
fn a_rotated_key_goes_on_where_the_old_one_ended() {
    let directory = tempfile::tempdir().expect("a directory");
    let data = directory.path().join("data");
    let none: [&str; 0] = [];
    let mut server = Server::start(&program(), &data, none).expect("a server");
    let old = server.log_key().to_owned();
    server.stop().expect("stopped in order");
    let (log, before) = (data.join("log"), directory.path().join("before"));
    std::fs::copy(log.join("checkpoint"), &before).expect("a checkpoint that is kept");
    let mut server = Server::start(&program(), &data, ["--rotate-log-key"]).expect("a server");
    let new = server.log_key().to_owned();
    server.stop().expect("stopped in order");
    assert_ne!(old, new);
    assert_eq!(
        std::fs::read_to_string(data.join("log.pub"))
            .expect("a key")
            .trim(),
        new
    );
    assert!(!data.join("keys/log-signing.next").exists());
    for key in [&old, &new] {
        holds(others(&["note", name(&data.join("log.handover")), key]));
    }
    for place in [name(&data), name(&log)] {
        let against = |key: &str| {
            let kept = name(&before);
            ours(
                None,
                &["verify", "--from", place, "--key", key, "--witnessed", kept],
            )
        };
        holds(against(&new));
        breaks(against(&old));
    }
    holds(others(&["audit", name(&log), &new]));
    breaks(others(&["audit", name(&log), &old]));
    let mut server = Server::start(&program(), &data, none).expect("a server under the new key");
    assert_eq!(server.log_key(), new);
    server.stop().expect("stopped in order");
    holds(ours(
        None,
        &["verify", "--from", name(&data), "--key", &new],
    ));
}
