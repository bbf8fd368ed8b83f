use std::io::{Read as _, Seek as _, SeekFrom};

use yunei_model::{Column, FieldType, Overlaps, Route, Value};

use super::*;
use crate::cell::{Frame, StoredColumn};
use crate::lockdown::RoomLimits;
use crate::{GateMode, OutputPlan, SealKey};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn table(value: i64) -> Table {
    Table::new(vec![Column {
        name: name("n"),
        title: None,
        values: vec![Value::Integer(value)],
    }])
    .unwrap()
}

fn verdict(output: &str, decision: Decision) -> Verdict {
    Verdict {
        output: name(output),
        route: Route::Reviewed,
        profile: name("yunei"),
        profile_digest: Digest::of(b"profile"),
        decision,
        cells_total: 1,
        cells_released: 0,
        cells_failed: 0,
        cells_complementary: 0,
        cells: Vec::new(),
        hints: Vec::new(),
        reasons: Vec::new(),
        routine: false,
        overlaps: Overlaps::default(),
        checks: None,
    }
}

fn plan() -> GatePlan {
    GatePlan {
        mode: GateMode::Judge,
        key: SealKey::from_bytes([7; 32]),
        digest_key: SealKey::from_bytes([8; 32]),
        views: Vec::new(),
        decoys: Vec::new(),
        outputs: vec![OutputPlan {
            name: name("own"),
            view: Some(0),
            derived: false,
            subject: None,
            group: None,
            dimensions: Vec::new(),
            measures: Vec::new(),
            own: Vec::new(),
            model: None,
            look: true,
            totals: false,
            on_failure: yunei_model::OnFailure::Suppress,
            noise_key: None,
        }],
        audit: crate::AuditPlan::default(),
        revisions: Vec::new(),
        private: None,
        derived: Vec::new(),
        profile: String::new(),
        rows_max: 100,
        limits: RoomLimits {
            address_space_bytes_max: 1 << 30,
            file_bytes_max: 1 << 20,
            cpu_seconds_max: 60,
        },
    }
}

fn file() -> File {
    rustix::fs::memfd_create("gate-review-test", rustix::fs::MemfdFlags::CLOEXEC)
        .unwrap()
        .into()
}

/// What a module wrote: a table of one number under each name, and a note.
fn written(outputs: &[(&str, i64)]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut write = |frame: &Frame| {
        let body = postcard::to_stdvec(frame).unwrap();
        bytes.extend((body.len() as u64).to_le_bytes());
        bytes.extend(body);
    };
    for (number, (output, value)) in outputs.iter().enumerate() {
        let create = Frame::Create {
            name: name(output),
            fields: vec![(name("n"), FieldType::Int64)],
        };
        let append = Frame::Append {
            output: u32::try_from(number).unwrap(),
            rows: 1,
            columns: vec![StoredColumn {
                kind: FieldType::Int64,
                validity: None,
                values: value.to_le_bytes().to_vec(),
                text: None,
            }],
        };
        write(&create);
        write(&append);
    }
    bytes
}

/// Seals what a module wrote, sets the verdicts' tables aside behind it, and gives the file with what was kept.
fn kept(module: &[u8], outputs: Judged) -> (File, KeptPlan) {
    let plan = plan();
    let mut file = file();
    let sealer = Sealer::new(&plan.key, &plan.digest_key);
    file.write_all(&sealer.seal(module).unwrap()).unwrap();
    let (told, candidate) = set_aside(&plan, outputs, None, &mut file).unwrap();
    assert!(told.iter().all(|(_, table)| table.is_none()));
    let kept = KeptPlan {
        digest: sealer.digest(module).unwrap(),
        bytes: module.len() as u64,
        candidate: Some(candidate.unwrap()),
        salt: None,
    };
    (file, kept)
}

#[test]
fn what_the_gate_computed_leaves_as_the_gate_computed_it() {
    let module = written(&[("computed", 666), ("own", 5), ("undeclared", 7)]);
    let outputs = vec![
        (verdict("computed", Decision::Release), Some(table(1))),
        (verdict("risky", Decision::Review), Some(table(2))),
        (verdict("own", Decision::Review), None),
        // Nothing of the module's stands in for what the gate has no table of.
        (verdict("undeclared", Decision::Review), None),
    ];
    let (file, kept) = kept(&module, outputs);
    let opened = open(&plan(), &kept, file).unwrap();
    let seen: Vec<_> = opened
        .tables
        .iter()
        .map(|t| (t.output.as_str(), t.figures, t.table.clone()))
        .collect();
    assert_eq!(
        seen,
        [
            ("computed", Figures::Gate, table(1)),
            ("risky", Figures::Gate, table(2)),
            ("own", Figures::Module, table(5)),
        ]
    );
}

#[test]
fn no_table_is_told_unless_all_leave_now() {
    let mut nothing = file();
    let leaves = vec![(verdict("a", Decision::Release), Some(table(1)))];
    let (told, candidate) = set_aside(&plan(), leaves, None, &mut nothing).unwrap();
    assert!(candidate.is_none() && told[0].1 == Some(table(1)));
    for decision in [Decision::Withhold, Decision::Review] {
        let outputs = vec![
            (verdict("a", Decision::Release), Some(table(1))),
            (verdict("b", decision), Some(table(2))),
        ];
        let (told, candidate) = set_aside(&plan(), outputs, None, &mut file()).unwrap();
        assert!(told.iter().all(|(_, table)| table.is_none()), "{decision}");
        assert_eq!(candidate.is_some(), decision == Decision::Review);
    }
    let (told, candidate) = set_aside(&plan(), Vec::new(), None, &mut nothing).unwrap();
    assert!(told.is_empty() && candidate.is_none());
    assert_eq!(nothing.metadata().unwrap().len(), 0);
}

/// What waits for people goes on waiting, whatever the gate decides now, and no key seals two candidates.
#[test]
fn what_is_judged_anew_has_a_candidate_of_its_own() {
    let outputs = || vec![(verdict("a", Decision::Release), Some(table(1)))];
    let salts = [b"one", b"two"].map(|salt| Digest::of(salt));
    let sealed = salts.map(|salt| {
        let mut file = file();
        let (told, candidate) = set_aside(&plan(), outputs(), Some(&salt), &mut file).unwrap();
        assert!(candidate.is_some() && told.iter().all(|(_, table)| table.is_none()));
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(0)).unwrap();
        file.read_to_end(&mut bytes).unwrap();
        bytes
    });
    assert_ne!(sealed[0], sealed[1]);
}

#[test]
fn what_is_not_what_was_kept_does_not_open() {
    let module = written(&[("own", 5)]);
    let outputs = || vec![(verdict("own", Decision::Review), None)];
    let (file, right) = kept(&module, outputs());
    for wrong in [
        KeptPlan {
            digest: right.candidate.unwrap(),
            ..right.clone()
        },
        KeptPlan {
            candidate: Some(right.digest),
            ..right.clone()
        },
        KeptPlan {
            candidate: None,
            ..right.clone()
        },
        KeptPlan {
            bytes: right.bytes + 1,
            ..right.clone()
        },
        KeptPlan {
            bytes: u64::MAX,
            ..right.clone()
        },
        KeptPlan {
            salt: Some(right.digest),
            ..right.clone()
        },
    ] {
        assert!(
            open(&plan(), &wrong, file.try_clone().unwrap()).is_err(),
            "{wrong:?}"
        );
    }
    let mut other = plan();
    other.key = SealKey::from_bytes([9; 32]);
    assert!(open(&other, &right, file.try_clone().unwrap()).is_err());
    assert!(open(&plan(), &right, file).is_ok());
}

#[test]
fn the_reviewer_alone_can_read_it() {
    let opened = OpenedOutput {
        tables: vec![OpenedTable {
            output: name("own"),
            figures: Figures::Module,
            table: table(424_242),
        }],
        notes: vec!["a note".to_owned()],
    };
    let (hers, theirs) = (
        age::x25519::Identity::generate(),
        age::x25519::Identity::generate(),
    );
    let recipient = Recipient::parse(&hers.to_public().to_string()).unwrap();
    let text = encrypt(&opened, &recipient).unwrap();
    assert!(text.starts_with("-----BEGIN AGE ENCRYPTED FILE-----"));
    let read = |identity: &age::x25519::Identity| -> Option<OpenedOutput> {
        let armoured = age::armor::ArmoredReader::new(text.as_bytes());
        let decryptor = age::Decryptor::new(armoured).unwrap();
        let identity: &dyn age::Identity = identity;
        let mut bytes = Vec::new();
        decryptor
            .decrypt(std::iter::once(identity))
            .ok()?
            .read_to_end(&mut bytes)
            .ok()?;
        serde_json::from_slice(&bytes).ok()
    };
    assert_eq!(read(&hers), Some(opened));
    assert_eq!(read(&theirs), None);
}

/// Of a run that failed there is what its module said, for reviewers, and nothing that could leave.
#[test]
fn a_message_is_opened_as_a_note_and_never_as_a_table() {
    let plan = plan();
    let sealer = Sealer::new(&plan.key, &plan.digest_key);
    let sealed = crate::GuestMessage::of("the fare of 7 is 812")
        .sealed(&sealer)
        .unwrap();
    let shown = String::from_utf8_lossy(&sealed.ciphertext).into_owned();
    assert!(!shown.contains("812"));
    let mut file = file();
    file.write_all(&sealed.ciphertext).unwrap();
    let kept = KeptPlan {
        digest: sealed.digest,
        bytes: sealed.bytes,
        candidate: None,
        salt: None,
    };
    let opened = open(&plan, &kept, file).unwrap();
    assert_eq!(opened.tables, []);
    assert_eq!(opened.notes, ["Error: the fare of 7 is 812"]);
}
