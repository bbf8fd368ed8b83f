//! Certificates of releases: fetched by their operating unit, verified by us and without us, opened by an authority alone.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::Value;
use yunei_tests::{BUREAU, Client, REGULATOR, Server};

use crate::common::{RUN_WAIT_MAX, World, environment, guest, repository, text};
use crate::verifiers::{breaks, holds, name, others_on, program_as};

/// Files of one release, in the hands of its operating unit.
pub struct Hands {
    directory: tempfile::TempDir,
    pub release: String,
    key: String,
}

impl Hands {
    pub fn of(server: &Server, release: String) -> Self {
        Self {
            directory: tempfile::tempdir().expect("a directory"),
            release,
            key: server.log_key().to_owned(),
        }
    }

    pub fn place(&self, file: &str) -> PathBuf {
        self.directory.path().join(file)
    }

    /// What our verifier says, without a server.
    pub fn ours(&self, file: &Path, more: &[&str]) -> (bool, Value) {
        let verify = ["certificate", "verify", name(file), "--key", &self.key];
        program_as(None, None, &[&verify, more].concat())
    }

    /// What the verifier that is not ours says.
    pub fn others(&self, what: &str, file: &Path, more: &[&str]) -> (bool, Value) {
        let verify = [what, name(file), &self.key];
        others_on("certificate.py", &[&verify, more].concat())
    }

    /// Has someone fetch or open something.
    pub fn fetch(&self, server: &Server, who: &Client, what: &[&str], file: &str) -> (bool, Value) {
        let path = self.place(file);
        let arguments = [what, &["--out", name(&path)]].concat();
        program_as(Some(server), Some(who), &arguments)
    }
}

/// One run that was released, and the client of its operating unit.
fn released(world: &mut World) -> (Client, Hands) {
    let directory = repository().join("examples/bus-rides");
    let (unit, module, grant) = world.admitted(&guest("examples", "bus-rides"), &directory);
    let run = world.story.submit(&unit, &directory, &module, &grant);
    let run = text(&run.expect("an answer").served().expect("queued"), "id");
    world
        .story
        .wait_state(&run, &["released"], RUN_WAIT_MAX)
        .expect("released");
    let seen = world.story.wait_coarse(&unit, &run, RUN_WAIT_MAX);
    let release = seen.expect("a status")["releases"][0]
        .as_str()
        .expect("a release")
        .to_owned();
    (unit, Hands::of(&world.server, release))
}

/// Waits out the rest of an hour that is nearly over: after the full hour certificates are gathered, and prove another entry.
fn within_one_hour() {
    const HOUR_SECONDS: u64 = 3600;
    const REST_SECONDS_MIN: u64 = 180;
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    let rest = HOUR_SECONDS - now.expect("a clock").as_secs() % HOUR_SECONDS;
    if rest < REST_SECONDS_MIN {
        std::thread::sleep(Duration::from_secs(rest + 1));
    }
}

#[test]
fn a_certificate_is_verified_by_us_and_without_us() {
    let mut world = World::start();
    within_one_hour();
    let (unit, hands) = released(&mut world);
    let regulator = world.story.person(REGULATOR).expect("a regulator").clone();
    let release = hands.release.clone();
    let get = ["certificate", "get", &release];
    for (who, file) in [(&unit, "unit"), (&regulator, "authority")] {
        let (done, told) = hands.fetch(&world.server, who, &get, file);
        assert!(done, "{told}");
        // A receipt tells a place in the log, which its operating unit does not learn before the hour.
        assert_eq!(told["receipt"], file == "authority", "{told}");
    }
    let (unit_file, authority_file) = (hands.place("unit"), hands.place("authority"));
    for format in ["csv", "json", "parquet"] {
        let table = hands.place(format);
        let fetch = ["release", "fetch", &release, "--format", format];
        let (done, told) = hands.fetch(&world.server, &unit, &fetch, format);
        assert!(done, "{told}");
        let report = holds(hands.ours(&unit_file, &["--table", name(&table)]));
        assert_eq!(report["certificate"]["release"], release, "{report}");
        if format != "parquet" {
            let by_others = holds(hands.others("verify", &authority_file, &[name(&table)]));
            assert_eq!(by_others["digest"], report["digest"]);
        }
    }
    let report = holds(hands.ours(&authority_file, &["--recorded"]));
    let by_others = holds(hands.others("verify", &authority_file, &[]));
    assert_eq!(by_others["index"], report["index"]);
    assert_eq!(by_others["kind"], "run-released");
    breaks(hands.ours(&unit_file, &["--recorded"]));
    says_what_it_rests_on(&report["certificate"]);
    openings(&world, &hands, &unit, &regulator);
    tampered(&hands);
    world.assert_record_holds();
    of_before(&mut world, &hands);
}

/// A release that was made before there were certificates has none, and says so.
fn of_before(world: &mut World, hands: &Hands) {
    world.server.stop().expect("stopped in order");
    let forget = "import sqlite3, sys\n\
        with sqlite3.connect(sys.argv[1]) as database: database.execute('DELETE FROM certificates')";
    let database = world.server.data().join("yunei.db");
    let python = environment("aics-tlog").join("bin/python");
    let done = std::process::Command::new(python)
        .args(["-c", forget, name(&database)])
        .status();
    assert!(done.expect("python").success());
    world.server.restart().expect("started again");
    world.story.move_to(&world.server);
    let unit = world
        .story
        .operator_of(&repository().join("examples/bus-rides"));
    let path = format!("/releases/{}/certificate", hands.release);
    let answer = unit.expect("an operator").get(&path).expect("an answer");
    assert_eq!(answer.status, 404);
    assert_eq!(answer.json()["code"], "certificate-missing");
}

fn says_what_it_rests_on(certificate: &Value) {
    for digest in [
        &certificate["module"]["digest"],
        &certificate["module"]["manifest_digest"],
        &certificate["data"][0]["snapshot_digest"],
        &certificate["data"][0]["filter_digest"],
        &certificate["policy_set"],
        &certificate["gate"]["profile_digest"],
    ] {
        assert!(
            digest.as_str().is_some_and(|d| d.starts_with("sha256:")),
            "{certificate}"
        );
    }
    let gate = &certificate["gate"];
    assert_eq!(
        (&gate["route"], &gate["profile"]),
        (&"recomputed".into(), &"yunei".into())
    );
    let rules: Vec<&str> = gate["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert!(
        rules.contains(&"threshold") && rules.contains(&"suppression"),
        "{rules:?}"
    );
    let rows = certificate["table"]["rows"].as_u64().expect("rows");
    let cells = ["passed", "blank"].map(|of| gate["cells"][of].as_u64().expect("a count"));
    assert_eq!(cells[0] + cells[1], rows);
    // As many leaves as the table has rows, and three: their number tells nothing that the table does not.
    assert_eq!(certificate["commitments"]["count"], rows + 3);
    let privacy = &certificate["privacy"];
    assert_eq!(
        (&privacy["differential"], &privacy["exact_beside"]),
        (&false.into(), &true.into())
    );
    // What a module could steer is committed to, and not said.
    let said = certificate.to_string();
    for steered in ["trace_root", "\"calls\"", "rows_fed"] {
        assert!(!said.contains(steered), "{steered}");
    }
}

/// Figures open to authorities, which is on the record, and to nobody else.
fn openings(world: &World, hands: &Hands, unit: &Client, regulator: &Client) {
    let open = [
        "certificate",
        "open",
        &hands.release,
        "--whole",
        "--row",
        "0",
    ];
    let (done, told) = hands.fetch(&world.server, unit, &open, "refused");
    assert!(!done, "{told}");
    let (done, told) = hands.fetch(&world.server, regulator, &open, "opening");
    assert!(done, "{told}");
    assert_eq!(told["leaves"], 4);
    let opening = hands.place("opening");
    let certificate = hands.place("unit");
    let report = holds(hands.ours(&certificate, &["--opening", name(&opening)]));
    let root = report["opened"][0]["trace_root"]
        .as_str()
        .expect("a trace root");
    let by_others = holds(hands.others("opening", &certificate, &[name(&opening)]));
    assert_eq!(by_others["leaves"], 4);
    let run = text(&report["certificate"], "run");
    every_rule(&report["opened"][3], (unit, regulator), &run);
    let entries = world.story.entries(&run).expect("entries");
    let of_kind = |kind: &str| {
        let found = entries.iter().find(|e| e["entry"]["kind"] == kind);
        found.unwrap_or_else(|| panic!("an entry `{kind}`"))["entry"]["facts"].clone()
    };
    assert_eq!(of_kind("run-sealed")["trace_root"], root);
    let opened = of_kind("certificate-opened");
    assert_eq!(opened["leaves"]["opened"], 4, "{opened}");
    assert_eq!(opened["certificate"], report["digest"]);
    // Another figure, and another salt.
    let whole = std::fs::read_to_string(&opening).expect("an opening");
    let salt = whole.find("salt").expect("a salt") + "salt\\\":\\\"".len();
    let mut other_salt = whole.clone();
    let digit = if &whole[salt..=salt] == "0" { "1" } else { "0" };
    other_salt.replace_range(salt..=salt, digit);
    let other_figure = whole.replacen("\\\"calls\\\":", "\\\"calls\\\":1", 1);
    for changed in [other_salt, other_figure] {
        assert_ne!(changed, whole);
        std::fs::write(&opening, changed).expect("a changed opening");
        let report = breaks(hands.ours(&certificate, &["--opening", name(&opening)]));
        assert_eq!(failed(&report), ["opening"], "{report}");
        breaks(hands.others("opening", &certificate, &[name(&opening)]));
    }
    let bureau = world.story.person(BUREAU).expect("the bureau");
    let (done, told) = hands.fetch(&world.server, bureau, &open[..3], "all");
    assert!(done, "{told}");
    brackets(&hands.place("all"));
}

/// Of every blank cell that somebody is in, what stays unknown is told, and is no narrower than was asked for.
fn brackets(opening: &Path) {
    let opening = std::fs::read_to_string(opening).expect("an opening");
    let opening: Value = serde_json::from_str(&opening).expect("an opening");
    let mut blanks = 0;
    for leaf in opening["leaves"].as_array().expect("leaves").iter().skip(3) {
        let leaf = leaf["content"].as_str().expect("a leaf");
        let leaf: Value = serde_json::from_str(leaf).expect("a leaf");
        let zero = leaf["rules"][0]["value"].as_f64().expect("subjects");
        let blank = leaf["blank"].as_str().expect("whether it is blank");
        blanks += usize::from(blank != "no");
        let brackets = leaf["brackets"].as_array().expect("brackets");
        assert_eq!(brackets.is_empty(), blank == "no" || zero == 0.0, "{leaf}");
        for bracket in brackets {
            let end = |name: &str| bracket[name].as_f64();
            let low = end("low").expect("a lower end");
            assert!(end("high").is_none_or(|high| low <= high), "{bracket}");
            assert!(
                end("high_needed")
                    .is_none_or(|needed| end("high").is_none_or(|high| high >= needed)),
                "{bracket}"
            );
            assert!(
                end("low_needed").is_none_or(|needed| low <= needed),
                "{bracket}"
            );
        }
    }
    assert!(blanks > 0, "blank cells are in the table");
}

/// A row's leaf has every rule with its figure, passed or not: those that supervision reads of the run, and an operating unit does not.
fn every_rule(leaf: &Value, (unit, regulator): (&Client, &Client), run: &str) {
    let rules = leaf["rules"].as_array().expect("rules");
    let of = |rule: &str| rules.iter().find(|figure| figure["rule"] == rule);
    // A cell without anybody has the rule about zeros, every other one the threshold.
    let (rule, bound) = of("threshold")
        .map(|rule| (rule, 10))
        .or_else(|| of("zero").map(|rule| (rule, 1)))
        .unwrap_or_else(|| panic!("a rule about support: {leaf}"));
    assert!(
        rule["value"].is_number() && rule["bound"] == bound,
        "{leaf}"
    );
    let path = format!("/runs/{run}/checks?output=rides&limit=1");
    let answer = regulator.get(&path).expect("an answer");
    assert_eq!(answer.status, 200);
    let page = answer.json();
    // A certificate writes whole numbers without a point.
    let figures = |rules: &Value| -> Vec<(String, Option<f64>, Option<f64>)> {
        let rules = rules.as_array().expect("rules").iter();
        rules
            .map(|r| (text(r, "rule"), r["value"].as_f64(), r["bound"].as_f64()))
            .collect()
    };
    assert_eq!(figures(&page["items"][0]["rules"]), figures(&leaf["rules"]));
    assert_eq!(page["items"][0]["blank"], leaf["blank"]);
    assert_eq!(
        (&page["items"][0]["row"], &page["next"]),
        (&0.into(), &1.into())
    );
    let words = page["words"].as_array().expect("words");
    assert!(
        words
            .iter()
            .any(|w| w["word"] == "threshold" && w["title"]["zh"] == "最小频数"),
        "{words:?}"
    );
    let answer = unit.get(&path).expect("an answer");
    assert_ne!(
        answer.status, 200,
        "an operating unit reads no figure of a check"
    );
}

fn failed(report: &Value) -> Vec<&str> {
    let steps = report["steps"].as_array().expect("steps").iter();
    let failed = steps.filter(|step| step["holds"] == "no");
    failed
        .map(|step| step["step"].as_str().expect("a step"))
        .collect()
}

/// Titles are the certificate's, and beside the table nothing stands.
fn retitled(hands: &Hands, file: &std::path::Path) {
    let table = hands.place("json");
    let json = std::fs::read(&table).expect("a table");
    let json: Value = serde_json::from_slice(&json).expect("JSON");
    let put = |changed: &Value| std::fs::write(&table, changed.to_string()).expect("a table");
    let mut other = json.clone();
    other["columns"][0]["title"] = "deaths by crime".into();
    put(&other);
    let report = breaks(hands.ours(file, &["--table", name(&table)]));
    assert_eq!(failed(&report), ["table"], "{report}");
    assert!(report.to_string().contains("deaths by crime"), "{report}");
    breaks(hands.others("verify", file, &[name(&table)]));
    let mut more = json.clone();
    more["notes"] = "the figures are deaths".into();
    put(&more);
    let (done, told) = hands.ours(file, &["--table", name(&table)]);
    assert!(
        !done && told.to_string().contains("no table in JSON"),
        "{told}"
    );
    breaks(hands.others("verify", file, &[name(&table)]));
    put(&json);
    holds(hands.ours(file, &["--table", name(&table)]));
}

/// A figure of the table, and bytes all over the file: both find it.
fn tampered(hands: &Hands) {
    let (file, table) = (hands.place("authority"), hands.place("csv"));
    let csv = std::fs::read_to_string(&table).expect("a table");
    let at = csv.rfind(|c: char| c.is_ascii_digit()).expect("a figure");
    let mut changed = csv.clone();
    let digit = if &csv[at..=at] == "1" { "2" } else { "1" };
    changed.replace_range(at..=at, digit);
    std::fs::write(&table, changed).expect("a changed table");
    let report = breaks(hands.ours(&file, &["--table", name(&table)]));
    assert_eq!(failed(&report), ["table"], "{report}");
    breaks(hands.others("verify", &file, &[name(&table)]));
    std::fs::write(&table, csv).expect("the table as it was");
    retitled(hands, &file);
    let whole = std::fs::read(&file).expect("a certificate");
    let other = hands.place("changed");
    for part in 1..8 {
        let mut changed = whole.clone();
        let place = changed.len() * part / 8;
        changed[place] ^= 1;
        std::fs::write(&other, changed).expect("a changed certificate");
        breaks(hands.ours(&other, &[]));
        breaks(hands.others("verify", &other, &[]));
    }
}
