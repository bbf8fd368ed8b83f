//! Certificates say what they rest on, and whatever is changed of one is found and named.

use serde_json::{Map, Value as Json, json};
use yunei_model::{
    Column, CountingIds, Digest, GrantId, ModuleId, Name, Parameters, Period, ReleaseId, Route,
    RunId, Scalar, SnapshotId, Table, Text, Timestamp, Value,
};

use super::*;
use crate::tests::sealed;
use crate::{Checkpoint, Draft, Entry, Hashes, log};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn key() -> SigningKey {
    SigningKey::from_seed("yunei.example/log", &[5; 32]).unwrap()
}

fn table() -> Table {
    let title = Text {
        zh: "线路".into(),
        en: "Line".into(),
    };
    let text = |label: &str| Value::Text(label.to_owned());
    Table::new(vec![
        Column {
            name: name("line"),
            title: Some(title),
            values: vec![text("1"), text("=2"), text("all")],
        },
        Column {
            name: name("mean"),
            title: None,
            values: vec![Value::Number(1.5), Value::Absent, Value::Number(2e21)],
        },
    ])
    .unwrap()
}

fn presented(table: &Table) -> PresentedTable {
    PresentedTable {
        headings: vec!["Line".into(), "mean".into()],
        rows: table.rows() as u64,
        digest: table.digest(),
    }
}

/// Leaves about three rows, each with a figure that could be guessed.
fn figures() -> CommittedFigures {
    let mut figures = CommittedFigures::default();
    for row in 0..3_u8 {
        let content = json!({ "leaf": "row", "row": row, "value": 3 });
        let Json::Object(content) = content else {
            panic!("an object");
        };
        figures.push(content, [row + 1; SALT_BYTES]).unwrap();
    }
    figures
}

fn certificate() -> Certificate {
    let (ids, table) = (CountingIds::default(), table());
    let columns = table.columns().iter().map(|column| CertifiedColumn {
        name: column.name.clone(),
        title: column.title.clone(),
    });
    Certificate {
        format: CERTIFICATE_FORMAT,
        log: key().name().to_owned(),
        release: ReleaseId::new(&ids),
        run: RunId::new(&ids),
        visible_from: Timestamp::from_micros(1_700_000_000_000_000),
        table: CertifiedTable {
            output: name("rides"),
            columns: columns.collect(),
            rows: 3,
            digest: table.digest(),
        },
        module: CertifiedModule {
            id: ModuleId::new(&ids),
            name: name("rides-per-line"),
            version: "1.0 测试".into(),
            digest: Digest::of(b"component"),
            manifest_digest: Digest::of(b"manifest"),
        },
        parameters: Parameters::from([(name("share"), Scalar::Number(2.0))]),
        data: vec![CertifiedRows {
            resource: name("rides"),
            snapshot: SnapshotId::new(&ids),
            snapshot_digest: Digest::of(b"parts"),
            filter_digest: Digest::of(b"[]"),
            period: Some(Period {
                field: name("day"),
                from: Timestamp::from_micros(1),
                until: Timestamp::from_micros(2),
            }),
        }],
        grant: CertifiedGrant {
            id: GrantId::new(&ids),
            version: 2,
            purpose: name("planning"),
        },
        policy_set: Digest::of(b"policies"),
        gate: CertifiedGate {
            route: Route::Recomputed,
            profile: name("yunei"),
            profile_digest: Digest::of(b"profile"),
            rules: vec![name("threshold"), name("p-percent")],
            cells: CertifiedCells {
                passed: 2,
                blank: 1,
            },
            reviewers: 0,
        },
        privacy: Guarantee {
            differential: false,
            epsilon: None,
            delta: None,
            mechanism: None,
            conditions: Vec::new(),
            populations: vec![name("riders")],
            exact_beside: true,
        },
        commitments: figures().commitments().unwrap(),
    }
}

/// A signed certificate with the receipt of an entry of that kind that names `digest`.
fn recorded(kind: Kind, text: &str, digest: Digest) -> CertificateFile {
    let ids = CountingIds::default();
    let entries: Vec<Entry> = (0..7)
        .map(|n| {
            let draft = if n == 3 {
                Draft::new(kind).fact(CERTIFICATES, [digest.to_string()])
            } else {
                Draft::new(Kind::Queried).fact("number", n)
            };
            sealed(draft, &ids, n)
        })
        .collect();
    let leaves: Vec<_> = entries.iter().map(Entry::leaf_hash).collect();
    let mut hashes = Hashes::default();
    log::append(0, &leaves, &mut hashes).unwrap();
    let checkpoint = Checkpoint {
        origin: key().name().to_owned(),
        size: 7,
        root: log::root(7, &hashes).unwrap(),
    };
    let receipt = Receipt {
        entry: entries[3].canonical().to_vec(),
        call: None,
        index: 3,
        proof: log::inclusion(7, 3, &hashes).unwrap(),
        checkpoint: String::from_utf8(checkpoint.sign(&key()).unwrap()).unwrap(),
    };
    CertificateFile::sign(text, &key())
        .unwrap()
        .with(Some(receipt))
}

fn whole() -> CertificateFile {
    let text = certificate().text().unwrap();
    recorded(
        Kind::CertificatesGathered,
        &text,
        Digest::of(text.as_bytes()),
    )
}

fn opening(leaves: &[u64]) -> Opening {
    let figures = figures();
    Opening {
        format: OPENING_FORMAT,
        release: certificate().release,
        certificate: whole().digest().unwrap(),
        leaves: leaves.iter().map(|i| figures.open(*i).unwrap()).collect(),
    }
}

fn verify(file: &str, table: Option<&PresentedTable>, openings: &[String]) -> CertificateReport {
    Presented {
        file,
        key: key().verifier(),
        table,
        quorum: None,
        openings,
        inclusion_needed: true,
    }
    .verify()
}

fn failed(report: &CertificateReport) -> Vec<Step> {
    assert!(!report.holds);
    let failed = report.steps.iter().filter(|taken| taken.holds == Held::No);
    failed.map(|taken| taken.step).collect()
}

#[test]
fn a_certificate_holds_with_its_table_its_receipt_and_its_openings() {
    let opened = serde_json::to_string(&opening(&[0, 2])).unwrap();
    let report = verify(&whole().to_text(), Some(&presented(&table())), &[opened]);
    assert!(report.holds, "{report:?}");
    let told = report.certificate.unwrap().text().unwrap();
    assert_eq!(told, certificate().text().unwrap());
    assert_eq!((report.index, report.size), (Some(3), Some(7)));
    assert_eq!(report.opened.len(), 2);
    let looked = report.steps.iter().filter(|s| s.holds == Held::Yes);
    assert_eq!(looked.count(), 5);
    insta::assert_snapshot!(certificate().text().unwrap());
}

#[test]
fn every_changed_byte_of_a_file_is_found() {
    let text = whole().to_text().into_bytes();
    for place in 0..text.len() {
        let mut changed = text.clone();
        changed[place] ^= 1;
        let holds =
            std::str::from_utf8(&changed).is_ok_and(|changed| verify(changed, None, &[]).holds);
        assert!(!holds, "byte {place}");
    }
}

/// Every leaf of the JSON, changed to another value of its type.
fn changes(value: &Json) -> Vec<Json> {
    match value {
        Json::Object(members) => members
            .iter()
            .flat_map(|(key, member)| {
                changes(member).into_iter().map(move |changed| {
                    let mut object: Map<String, Json> = members.clone();
                    object.insert(key.clone(), changed);
                    Json::Object(object)
                })
            })
            .collect(),
        Json::Array(items) => (0..items.len())
            .flat_map(|at| {
                changes(&items[at]).into_iter().map(move |changed| {
                    let mut list = items.clone();
                    list[at] = changed;
                    Json::Array(list)
                })
            })
            .collect(),
        Json::Bool(truth) => vec![json!(!truth)],
        Json::Number(number) => vec![json!(number.as_f64().unwrap() + 1.0)],
        Json::String(text) => {
            // Another text of the same shape: a digit changed where there is one, a letter otherwise.
            let Some(at) = text.rfind(|c: char| c.is_ascii_alphanumeric()) else {
                return vec![json!(format!("{text}1"))];
            };
            let other = if &text[at..=at] == "1" { "2" } else { "1" };
            vec![json!(format!("{}{other}{}", &text[..at], &text[at + 1..]))]
        }
        Json::Null => Vec::new(),
    }
}

#[test]
fn every_changed_field_is_found_by_the_signature_and_by_the_record() {
    let file = whole();
    let text = certificate().text().unwrap();
    let body: Json = serde_json::from_str(text.lines().nth(1).unwrap()).unwrap();
    let changes = changes(&body);
    assert!(changes.len() > 40, "{}", changes.len());
    for changed in changes {
        let line = String::from_utf8(value::canonical("test", &changed).unwrap()).unwrap();
        let forged = format!("{HEADING}\n{line}\n");
        let note = file.note.replace(&text, &forged);
        assert_ne!(note, file.note);
        // As it stands: the signature is of another text.
        let receipt = file.receipt.as_ref().unwrap().to_text();
        let report = verify(&format!("{note}{receipt}"), None, &[]);
        assert!(!report.holds && report.certificate.is_none(), "{line}");
        // Signed anew by whoever has the log's key: the record names another.
        if let Ok(signed) = CertificateFile::sign(&forged, &key()) {
            let signed = signed.with(file.receipt.clone());
            let report = verify(&signed.to_text(), None, &[]);
            assert_eq!(failed(&report), [Step::Inclusion], "{line}");
        }
    }
}

#[test]
fn another_key_another_entry_and_no_receipt_are_named() {
    let file = whole();
    let other = SigningKey::from_seed(key().name(), &[6; 32]).unwrap();
    let text = certificate().text().unwrap();
    let forged = CertificateFile::sign(&text, &other).unwrap();
    let report = verify(&forged.with(file.receipt.clone()).to_text(), None, &[]);
    assert_eq!(failed(&report), [Step::Signature]);
    let foreign = SigningKey::from_seed("other.example/log", &[5; 32]).unwrap();
    assert!(CertificateFile::sign(&text, &foreign).is_err());
    // An entry that names another certificate, and one of a kind that certifies nothing.
    let digest = Digest::of(text.as_bytes());
    for (kind, digest) in [
        (Kind::CertificatesGathered, Digest::of(b"another")),
        (Kind::Queried, digest),
    ] {
        let report = verify(&recorded(kind, &text, digest).to_text(), None, &[]);
        assert_eq!(failed(&report), [Step::Inclusion]);
    }
    let released = recorded(Kind::RunReleased, &text, digest).to_text();
    assert!(verify(&released, None, &[]).holds);
    let bare = file.clone().with(None).to_text();
    assert_eq!(failed(&verify(&bare, None, &[])), [Step::Inclusion]);
    let signing = key();
    let mut lenient = Presented {
        file: &bare,
        key: signing.verifier(),
        table: None,
        quorum: None,
        openings: &[],
        inclusion_needed: false,
    };
    assert!(lenient.verify().holds);
    // A checkpoint is no certificate, and a certificate no checkpoint.
    let checkpoint = file.receipt.as_ref().unwrap().checkpoint.clone();
    lenient.file = &checkpoint;
    assert_eq!(failed(&lenient.verify()), [Step::Form]);
    assert!(Checkpoint::open(file.note.as_bytes(), key().verifier()).is_err());
}

#[test]
fn another_table_is_named() {
    let file = whole().to_text();
    let good = presented(&table());
    assert!(verify(&file, Some(&good), &[]).holds);
    let by_name = ["线路", "mean"].map(str::to_owned).to_vec();
    let heading = |headings: Vec<String>| PresentedTable {
        headings,
        ..good.clone()
    };
    assert!(verify(&file, Some(&heading(by_name)), &[]).holds);
    let mut columns = table().columns().to_vec();
    columns[1].values[0] = Value::Number(1.500_000_000_000_000_2);
    let changed = presented(&Table::new(columns).unwrap());
    let fewer = PresentedTable {
        rows: 2,
        ..good.clone()
    };
    let swapped = heading(vec!["mean".into(), "Line".into()]);
    let narrower = heading(vec!["Line".into()]);
    for table in [changed, fewer, swapped, narrower] {
        assert_eq!(failed(&verify(&file, Some(&table), &[])), [Step::Table]);
    }
}

#[test]
fn an_opening_with_another_salt_figure_place_or_certificate_is_named() {
    let file = whole().to_text();
    let changed = |change: fn(&mut Opening)| {
        let mut opening = opening(&[1]);
        change(&mut opening);
        let text = serde_json::to_string(&opening).unwrap();
        failed(&verify(&file, None, &[text]))
    };
    let salt = changed(|o| o.leaves[0].content = o.leaves[0].content.replace("020202", "020203"));
    let figure = changed(|o| {
        let content = &mut o.leaves[0].content;
        *content = content.replace("\"value\":3", "\"value\":4");
        assert!(content.contains("\"value\":4"));
    });
    let place = changed(|o| o.leaves[0].index = 2);
    let proof = changed(|o| o.leaves[0].proof.0[0] = Digest::of(b"other"));
    let other = changed(|o| o.certificate = Digest::of(b"other"));
    let release = changed(|o| {
        let ids = CountingIds::default();
        o.release = (0..9).map(|_| ReleaseId::new(&ids)).last().unwrap();
    });
    let nothing = changed(|o| o.leaves.clear());
    for named in [salt, figure, place, proof, other, release, nothing] {
        assert_eq!(named, [Step::Opening]);
    }
    let nonsense = verify(&file, None, &["{}".to_owned()]);
    assert_eq!(failed(&nonsense), [Step::Opening]);
}

#[test]
fn equal_figures_are_committed_to_differently() {
    let mut roots = Vec::new();
    for salt in [1, 2] {
        let mut figures = CommittedFigures::default();
        figures.push(Map::new(), [salt; SALT_BYTES]).unwrap();
        roots.push(figures.commitments().unwrap().root);
        assert_eq!(format!("{figures:?}"), "CommittedFigures(1)");
    }
    assert_ne!(roots[0], roots[1]);
    let mut salted = Map::new();
    salted.insert(SALT.to_owned(), json!("mine"));
    let mut figures = CommittedFigures::default();
    assert!(figures.push(salted, [1; SALT_BYTES]).is_err());
    assert!(figures.open(0).is_err());
}
