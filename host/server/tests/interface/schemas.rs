//! Schemas are written by hand: here they are held against the types that they tell of.

mod checks;
mod privacy;
mod products;

use std::collections::BTreeSet;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use yunei_lifecycle::{
    AlertView, Basis as DecisionBasis, CosignedView, Difference, FoundCall, IssuedToken,
    MessageView, NewAccount, NewGrant, NewOrganisation, NewProduct, NewRetrieval, NewScenario,
    NewSchedule, Place, Replay, RunRequest, WitnessFault, WitnessView, WitnessingView,
};
use yunei_model::*;

use crate::support::shape::fits;

fn document() -> Value {
    serde_json::to_value(yunei_server::document()).unwrap()
}

/// `full` has every property of the schema, and both the schema and the type take it; without what is
/// optional too; with something else neither does.
fn request<T: DeserializeOwned>(name: &str, full: Value) {
    let document = document();
    let schema = &document["components"]["schemas"][name];
    let told: BTreeSet<&String> = schema["properties"].as_object().unwrap().keys().collect();
    let given: BTreeSet<&String> = full.as_object().unwrap().keys().collect();
    assert_eq!(told, given, "{name}");
    fits(&document, schema, &full).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    let parsed = |value: &Value| serde_json::from_value::<T>(value.clone()).map(drop);
    parsed(&full).unwrap_or_else(|error| panic!("{name}: {error}"));
    let required: BTreeSet<&str> = schema["required"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    for field in full.as_object().unwrap().keys() {
        let mut without = full.clone();
        without.as_object_mut().unwrap().remove(field);
        let taken = parsed(&without).is_ok();
        assert_eq!(
            taken,
            !required.contains(field.as_str()),
            "{name} without `{field}`"
        );
    }
    let mut more = full;
    more["nonsense"] = json!(1);
    assert!(parsed(&more).is_err(), "{name} takes anything");
}

#[test]
fn requests_are_as_the_document_tells() {
    let id = "01890a5d-ac96-774b-bcce-b302099a8057";
    let title = json!({ "zh": "甲", "en": "a" });
    request::<NewOrganisation>(
        "NewOrganisation",
        json!({ "name": "a", "title": title, "kind": "operator" }),
    );
    request::<NewAccount>(
        "NewAccount",
        json!({ "name": "a", "organisation": "b", "password": "secret", "same_person_as": id }),
    );
    request::<NewScenario>(
        "NewScenario",
        json!({ "name": "a", "title": title, "purposes": ["planning"] }),
    );
    let terms = json!({
        "operator": id, "scenario": id, "purpose": "planning",
        "resource": [{
            "name": "rides", "fields": ["fare"], "snapshot": id,
            "filter": [{ "field": "fare", "comparison": "ge", "value": 2 }],
        }],
        "products": ["fares"], "join": true, "export": false,
        "parameter": [{ "name": "year", "type": "integer", "min": 1, "max": 2 }],
        "quota": { "runs": 1, "rows": 2, "released_cells": 3 },
        "binding": "as-of", "as_of": 5, "from": 1, "until": 9,
    });
    request::<GrantTerms>("GrantTerms", terms.clone());
    request::<NewGrant>("NewGrant", json!({ "amends": id, "terms": terms }));
    request::<GrantedResource>("GrantedResource", terms["resource"][0].clone());
    request::<Condition>("Condition", terms["resource"][0]["filter"][0].clone());
    request::<Quota>("Quota", terms["quota"].clone());
    let scope = json!({ "run": id, "since": 1, "until": 2, "operator": id, "resource": "rides" });
    request::<NewRetrieval>(
        "NewRetrieval",
        json!({ "approval": "1", "reason": "a case", "scope": scope }),
    );
    request::<EvidenceScope>("EvidenceScope", scope);
    request::<NewProduct>(
        "NewProduct",
        json!({
            "name": "daily-fares", "title": title, "grant": id, "module": id, "parameters": { "year": 1 },
            "period": "boarded_at", "cadence": "daily", "starts": "2026-03-02", "lateness_days": 1, "revision_days": 7,
        }),
    );
    request::<NewSchedule>(
        "NewSchedule",
        json!({ "trigger": { "kind": "cron", "expression": "0 6 * * *" } }),
    );
    request::<RunRequest>(
        "RunRequest",
        json!({ "module": id, "grant": id, "purpose": "planning", "parameters": { "year": 1 },
            "period": { "field": "day", "cadence": "daily", "day": "2026-03-02" } }),
    );
}

/// What the type writes is as the schema tells, and has every property that the schema has.
fn shown(name: &str, value: &impl Serialize) {
    let document = document();
    let schema = &document["components"]["schemas"][name];
    let value = serde_json::to_value(value).unwrap();
    fits(&document, schema, &value).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    let told: BTreeSet<&String> = schema["properties"].as_object().unwrap().keys().collect();
    let written: BTreeSet<&String> = value.as_object().unwrap().keys().collect();
    assert_eq!(told, written, "{name}");
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn text() -> Text {
    Text {
        zh: "甲".into(),
        en: "a".into(),
    }
}

const AT: Timestamp = Timestamp::from_micros(7);

#[test]
fn people_are_as_the_document_tells() {
    let (ids, at) = (RandomIds, AT);
    shown(
        "IssuedToken",
        &IssuedToken {
            id: TokenId::new(&ids),
            secret: "s".into(),
            expires_at: at,
        },
    );
    let remit = Remit {
        resources: vec![name("rides")],
    };
    let appointment = Appointment {
        role: Role::Regulator,
        from: at,
        until: Some(at),
        remit,
    };
    shown("Appointment", &appointment);
    shown("Remit", &appointment.remit);
    shown(
        "Account",
        &Account {
            id: AccountId::new(&ids),
            name: name("a"),
            person: PersonId::new(&ids),
            organisation: OrganisationId::new(&ids),
            appointments: vec![appointment],
            active: true,
        },
    );
}

#[test]
fn snapshots_and_calls_are_as_the_document_tells() {
    let (ids, at, digest) = (RandomIds, AT, Digest::of(b"x"));
    shown(
        "Snapshot",
        &Snapshot {
            id: SnapshotId::new(&ids),
            resource: ResourceId::new(&ids),
            schema_version: 1,
            parts: vec![Part {
                digest,
                rows: 1,
                bytes: 2,
            }],
            data_as_of: at,
            imported_at: at,
            supersedes: Some(SnapshotId::new(&ids)),
            onto: Some(SnapshotId::new(&ids)),
            file: Some(digest),
            sorted_by_subject: true,
            key: vec![name("at")],
        },
    );
    shown(
        "Part",
        &Part {
            digest,
            rows: 1,
            bytes: 2,
        },
    );
    let call = Call {
        index: 0,
        kind: CallKind::Scan,
        resource: Some(name("rides")),
        fields: vec![name("fare")],
        rows: 1,
        bytes: 2,
        decision: CallDecision::Denied,
        clause: Some("grant.field".into()),
        argument_digest: Some("00".into()),
        at,
        duration_us: 3,
    };
    shown("Call", &call);
    let run = RunId::new(&ids);
    shown("FoundCall", &FoundCall { run, call });
    shown(
        "Retrieval",
        &Retrieval {
            id: RetrievalId::new(&ids),
            organisation: OrganisationId::new(&ids),
            requested_by: AccountId::new(&ids),
            requested_by_person: PersonId::new(&ids),
            requested_at: at,
            approval: "1".into(),
            reason: "a case".into(),
            scope: EvidenceScope::default(),
            state: RetrievalState::Signed,
            signed_by: Some(AccountId::new(&ids)),
            signed_by_person: Some(PersonId::new(&ids)),
            signed_at: Some(at),
            refused: Some(EvidenceRefusal {
                by: AccountId::new(&ids),
                by_person: PersonId::new(&ids),
                at,
                reason: "the approval is another's".into(),
            }),
        },
    );
}

#[test]
fn reviews_are_as_the_document_tells() {
    let (ids, at) = (RandomIds, AT);
    shown(
        "Review",
        &ReleaseReview {
            id: ReviewId::new(&ids),
            reviewer: AccountId::new(&ids),
            person: PersonId::new(&ids),
            outcome: ReviewOutcome::Approved,
            reason: "it is fine".into(),
            at,
        },
    );
    shown(
        "Review",
        &AlgorithmReview {
            id: ReviewId::new(&ids),
            reviewer: AccountId::new(&ids),
            person: PersonId::new(&ids),
            outcome: ReviewOutcome::Rejected,
            reason: "it is not".into(),
            at,
        },
    );
    shown(
        "CertificateOpening",
        &yunei_ledger::Opening {
            format: yunei_ledger::OPENING_FORMAT,
            release: ReleaseId::new(&ids),
            certificate: Digest::of(b"certificate"),
            leaves: vec![yunei_ledger::OpenedLeaf {
                index: 3,
                content: "{}".into(),
                proof: yunei_ledger::Proof(vec![Digest::of(b"sibling")]),
            }],
        },
    );
    shown(
        "Finding",
        &Finding {
            check: "import-not-allowed".into(),
            detail: "wasi".into(),
        },
    );
}

#[test]
fn resources_are_as_the_document_tells() {
    let banding = Banding {
        name: name("hour"),
        kind: BandingKind::Calendar {
            unit: CalendarUnit::HourOfDay,
        },
        within: None,
    };
    let field = Field {
        name: name("fare"),
        title: text(),
        kind: FieldType::Decimal,
        unit: Some("CNY".into()),
        class: FieldClass::Ordinary,
        grade: Grade::G1,
        mask: Mask::Prefix { characters: 2 },
        nullable: true,
        bandings: vec![banding],
        of_subject: true,
        joined: None,
    };
    shown("Field", &field);
    let frame = Frame {
        name: name("hours"),
        axes: vec![(name("at"), name("hour"))],
    };
    let schema = SchemaVersion {
        version: 1,
        fields: vec![field],
        frames: vec![frame],
        key: vec![name("at")],
        references: vec![Reference {
            resource: name("lines"),
            by: vec![name("fare")],
            fields: [(name("stops"), name("stops"))].into(),
        }],
    };
    shown("Schema", &schema);
    let population = Population {
        name: name("riders"),
        title: text(),
        private_only: false,
    };
    shown("Population", &population);
    shown(
        "Resource",
        &Resource {
            id: ResourceId::new(&RandomIds),
            name: name("rides"),
            title: text(),
            description: text(),
            source_unit: OrganisationId::new(&RandomIds),
            population,
            basis: Basis::Statistical,
            subject: Some(name("card")),
            subject_group: None,
            grade: Grade::G2,
            licence: "CC0-1.0".into(),
            synthetic: true,
            schema,
        },
    );
}

#[test]
fn alerts_and_replays_are_as_the_document_tells() {
    let account = AccountId::new(&RandomIds);
    let acknowledged = Acknowledgement {
        account,
        reason: "seen".into(),
        at: AT,
    };
    shown("Acknowledgement", &acknowledged);
    shown("AlertSubject", &AlertSubject::Account(account));
    let alert = Alert {
        id: AlertId::new(&RandomIds),
        rule: name("denied"),
        level: AlertLevel::Warning,
        title: text(),
        advice: text(),
        subject: AlertSubject::SignIn,
        at: AT,
        position: Some(3),
        operator: Some(OrganisationId::new(&RandomIds)),
        run: Some(RunId::new(&RandomIds)),
        resources: [name("rides")].into(),
        figures: [(name("failures"), 3)].into(),
        acknowledged: Some(acknowledged),
    };
    let message = MessageView {
        webhook: name("duty"),
        state: MessageState::Dead,
        attempts: 20,
        answer: Some("status 503".into()),
    };
    shown("WebhookMessage", &message);
    let messages = vec![message];
    shown("Alert", &AlertView { alert, messages });
    let basis = DecisionBasis {
        recorded: "sha256:0".into(),
        present: "sha256:1".into(),
        under_recorded: true,
        changed: vec!["use.cedar".into()],
    };
    shown("Basis", &basis);
    let digest = Digest::of(b"");
    let replay = Replay {
        run: RunId::new(&RandomIds),
        same: false,
        position: 4,
        index: Some(3),
        policies: basis.clone(),
        profile: basis,
        calls: 2,
        trace_root: Some(digest),
        output_digest: Some(digest),
        decision: Some(Decision::Review),
        differences: vec![Difference {
            place: Place::Call {
                index: 2,
                field: "rows".into(),
            },
            recorded: Some("1".into()),
            replayed: Some("2".into()),
        }],
    };
    shown("Replay", &replay);
}

#[test]
fn witnessing_is_as_the_document_tells() {
    let cosigned = CosignedView {
        size: Some(5),
        signed_at: Some(Timestamp::from_micros(1)),
        valid: 2,
        known: 3,
        needed: 2,
        outside: true,
        reached: true,
    };
    shown("Cosigned", &cosigned);
    let witness = WitnessView {
        name: name("audit"),
        key: "witness.example/audit+00000000+BA".to_owned(),
        outside: true,
        counted: true,
        answers: false,
        size: None,
        cosigned_at: Some(Timestamp::from_micros(1)),
        failing_since: None,
        fault: Some(WitnessFault::Slow.as_str()),
        explained: Some(WitnessFault::Slow.explained()),
    };
    shown("Witness", &witness);
    let witnessing = WitnessingView {
        configured: true,
        lag_s: Some(0),
        newest: Some(cosigned),
        witnessed: None,
        grade_from: Some(Grade::G3),
        wait_seconds_max: Some(60),
        witnesses: vec![witness],
    };
    shown("Witnessing", &witnessing);
}
