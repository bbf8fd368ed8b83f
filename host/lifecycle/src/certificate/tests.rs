//! Gathering after the hour, and leaves whose number tells nothing.

use std::sync::Arc;

use yunei_ledger::CERTIFICATES;
use yunei_model::{
    BracketColumn, BracketOf, CellVerdict, Checks, Column, CountingIds, Decision, FixedClock,
    OrganisationId, RandomIds, RuleFigure, RunState, Status, Table, Trigger, Value,
};

use super::*;
use crate::alerts::tests::open;
use crate::{Alerting, Domain};

/// 13 minutes and 20 seconds into an hour.
const NOON: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);
const HOUR_SECONDS: i64 = 3600;

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn held(operator: OrganisationId, text: &str) -> HeldCertificate {
    HeldCertificate {
        release: ReleaseId::new(&RandomIds),
        operator,
        visible_from: NOON,
        text: text.to_owned(),
        figures: "[]".to_owned(),
        secret: vec![7; SECRET_BYTES],
        gathered_by: None,
    }
}

async fn gathered(domain: &Domain) -> Vec<Recorded> {
    let filter = EntryFilter {
        kinds: vec![Kind::CertificatesGathered],
        ..EntryFilter::default()
    };
    let entries = domain.store.entries(&filter, Page::first(100)).await;
    entries.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn certificates_are_gathered_after_the_hour_and_proven_after_the_next() {
    let place = tempfile::tempdir().unwrap();
    let clock = Arc::new(FixedClock::at(NOON));
    let alerting = Alerting::new(Vec::new(), Vec::new()).unwrap();
    let domain = open(place.path(), &clock, alerting).await;
    let units = [(); 2].map(|()| OrganisationId::new(&RandomIds));
    let all = [
        held(units[0], "one"),
        held(units[0], "two"),
        held(units[1], "three"),
    ];
    let mut change = domain.store.begin().await.unwrap();
    for held in &all {
        change.put_certificate(held).await.unwrap();
    }
    let draft = yunei_ledger::Draft::new(Kind::SystemStarted);
    domain.record(&mut change, draft).await.unwrap();
    domain.commit(change).await.unwrap();

    domain.gather_now().await.unwrap();
    assert_eq!(gathered(&domain).await.len(), 0, "the hour is not over");
    clock.advance_seconds(HOUR_SECONDS);
    domain.gather_now().await.unwrap();
    domain.gather_now().await.unwrap();
    let entries = gathered(&domain).await;
    assert_eq!(entries.len(), 2, "one for each unit, once");
    let held = domain.store.certificate(all[1].release).await;
    let held = held.unwrap().unwrap();
    let entry = domain.store.entry(held.gathered_by.unwrap()).await;
    let entry = entry.unwrap().unwrap();
    assert_eq!(entry.entry.operator(), Some(units[0]));
    let named = entry.entry.facts()[CERTIFICATES].as_array().unwrap();
    let mut digests = ["one", "two"].map(|text| Digest::of(text.as_bytes()).to_string());
    digests.sort();
    assert_eq!(named, &digests.map(serde_json::Value::from).to_vec());
    let members = entry.entry.facts().keys();
    assert_eq!(
        members.collect::<Vec<_>>(),
        [CERTIFICATES],
        "and nothing else"
    );

    domain.sequence_now().await.unwrap();
    let entry = domain.store.entry(entry.entry.id()).await.unwrap().unwrap();
    let early = domain.strangers_receipt(entry.clone()).await.unwrap();
    assert_eq!(early, None, "strangers see the log as of the hour");
    clock.advance_seconds(HOUR_SECONDS);
    let receipt = domain.strangers_receipt(entry).await.unwrap().unwrap();
    let proven = receipt.verify(&domain.log_key()).unwrap();
    assert_eq!(proven.entry.operator(), Some(units[0]));
}

fn table(values: Vec<Value>) -> Table {
    let label = |row: usize| Value::Text(format!("line {row}"));
    Table::new(vec![
        Column {
            name: name("line"),
            title: None,
            values: (0..values.len()).map(label).collect(),
        },
        Column {
            name: name("rides"),
            title: None,
            values,
        },
    ])
    .unwrap()
}

fn release() -> Release {
    let ids = CountingIds::default();
    Release {
        id: ReleaseId::new(&ids),
        run: yunei_model::RunId::new(&ids),
        output: name("rides"),
        route: Route::Recomputed,
        table: table(vec![Value::Integer(20), Value::Absent, Value::Integer(30)]),
        at: NOON,
    }
}

fn run() -> Run {
    let ids = CountingIds::default();
    Run {
        id: yunei_model::RunId::new(&ids),
        operator: OrganisationId::new(&ids),
        submitted_by: yunei_model::AccountId::new(&ids),
        submitted_by_person: yunei_model::PersonId::new(&ids),
        grant: yunei_model::GrantId::new(&ids),
        grant_version: 1,
        module: yunei_model::ModuleId::new(&ids),
        module_digest: Digest::of(b"module"),
        purpose: name("planning"),
        snapshots: Vec::new(),
        parameters: yunei_model::Parameters::new(),
        trigger: Trigger::Request,
        period: None,
        edition: None,
        state: RunState::Released,
        submitted_at: NOON,
        started_at: None,
        ended_at: None,
        trace_root: Some(Digest::of(b"trace")),
        calls: 5,
        rows_fed: 9,
        end_cause: None,
    }
}

fn verdict(cells: Vec<CellVerdict>) -> Verdict {
    serde_json::from_value(serde_json::json!({
        "output": "rides",
        "route": Route::Recomputed,
        "profile": "yunei",
        "profile_digest": Digest::of(b"profile"),
        "decision": Decision::Release,
        "cells_total": 3,
        "cells_released": 2,
        "cells_failed": 1,
        "cells_complementary": 0,
        "cells": cells,
        "hints": [],
        "reasons": [],
    }))
    .unwrap()
}

fn failing(label: &str) -> CellVerdict {
    let figure = RuleFigure {
        rule: name("threshold"),
        measure: None,
        status: Status::Fail,
        value: 3.0,
        bound: 10.0,
    };
    serde_json::from_value(serde_json::json!({
        "cell": [label],
        "status": Status::Fail,
        "suppressed": true,
        "failed": [figure],
    }))
    .unwrap()
}

#[test]
fn the_number_of_leaves_is_that_of_the_rows_whatever_failed() {
    let (run, release) = (run(), release());
    let of = |cells| figures::leaves(&run, &release, Some(&verdict(cells)), &[]).unwrap();
    let none = of(Vec::new());
    let one = of(vec![failing("line 1")]);
    let odd = of(vec![failing("line 1"), failing("nowhere")]);
    let rows = release.table.rows();
    for leaves in [&none, &one, &odd] {
        assert_eq!(leaves.len(), rows + figures::LEAVES_BEFORE);
    }
    assert_eq!(none[4]["verdict"], serde_json::Value::Null);
    assert_eq!(one[4]["verdict"]["failed"][0]["value"], 3.0);
    assert_eq!(odd[2]["unplaced"][0]["cell"][0], "nowhere");
    let without = figures::leaves(&run, &release, None, &[]).unwrap();
    assert_eq!(without.len(), none.len());
}

#[test]
fn a_rows_leaf_tells_every_rule_and_what_stays_unknown_in_as_many_leaves() {
    let (run, release) = (run(), release());
    let mut checks = Checks {
        cells: 2,
        primary: vec![1],
        ..Checks::default()
    };
    let threshold = [(0, Status::Pass, 20.0, 10.0), (1, Status::Fail, 3.0, 10.0)];
    checks.add_rule(name("threshold"), None, &threshold);
    let mut subjects = BracketColumn::new(BracketOf::Subjects, None);
    subjects.push(1, (3.0, Some(13.0)), (None, Some(13.0)));
    checks.brackets.push(subjects);
    let leaves = || {
        let failing = vec![failing("line 1")];
        figures::leaves(&run, &release, Some(&verdict(failing)), &[]).unwrap()
    };
    let kept = figures::with_checks(leaves(), None).unwrap();
    assert_eq!(kept, leaves(), "nothing to put in");
    let full = figures::with_checks(leaves(), Some(&checks)).unwrap();
    assert_eq!(full.len(), kept.len());
    assert_eq!(full[3]["rules"][0]["value"], 20.0);
    assert_eq!(full[3]["brackets"], serde_json::json!([]));
    assert_eq!(
        (&full[4]["blank"], &full[4]["verdict"]["status"]),
        (&"primary".into(), &"fail".into())
    );
    assert_eq!(full[4]["brackets"][0]["high"], 13.0);
    assert!(full[5].get("rules").is_none(), "no figures of that row");
    let root = |leaves: &[_]| {
        committed(leaves, &[7; SECRET_BYTES])
            .unwrap()
            .commitments()
            .unwrap()
            .root
    };
    assert_ne!(root(&kept), root(&full));
    checks.brackets[0].high = vec![Some(14.0)];
    let changed = figures::with_checks(leaves(), Some(&checks)).unwrap();
    assert_ne!(
        root(&changed),
        root(&full),
        "an interval that was changed is noticed"
    );
}

#[test]
fn salts_differ_by_leaf_and_by_certificate() {
    let salts = [(7_u8, 0_u64), (7, 1), (8, 0)];
    let salts = salts.map(|(secret, index)| salt(&[secret; SECRET_BYTES], index).unwrap());
    assert!(salts[0] != salts[1] && salts[0] != salts[2]);
    assert_eq!(salts[0], salt(&[7; SECRET_BYTES], 0).unwrap());
}
