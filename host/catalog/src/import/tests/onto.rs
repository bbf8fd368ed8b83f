//! Files that are added to a snapshot.

use std::os::unix::fs::PermissionsExt as _;

use yunei_model::{Code, Resource, Snapshot, Timestamp};

use super::{SORTED, contents};
use crate::testing::{CSV, Desk, RIDES_CSV, rides, rides_parquet};
use crate::{ImportError, ImportFormat, ImportTerms};

const AS_OF: Timestamp = Timestamp::from_micros(5);

fn add(
    desk: &Desk,
    text: &str,
    onto: Option<&Snapshot>,
    resource: &Resource,
) -> Result<Snapshot, ImportError> {
    desk.put("increment.csv", text);
    let terms = ImportTerms {
        format: CSV,
        data_as_of: AS_OF,
        onto,
    };
    desk.import_as("increment.csv", &terms, resource)
}

/// `RIDES_CSV` cut into files of one row each.
fn increments() -> Vec<String> {
    let (head, rows) = RIDES_CSV.split_once('\n').unwrap();
    rows.lines().map(|row| format!("{head}\n{row}\n")).collect()
}

#[test]
fn files_added_one_after_the_other_are_the_snapshot_of_one_file() {
    let desk = Desk::new();
    let mut snapshot: Option<Snapshot> = None;
    for (rows, text) in (1..).zip(increments()) {
        let next = add(&desk, &text, snapshot.as_ref(), &rides()).unwrap();
        assert_eq!(next.rows(), rows);
        assert_eq!(next.onto, snapshot.as_ref().map(|earlier| earlier.id));
        assert_eq!(next.file, Some(yunei_model::Digest::of(text.as_bytes())));
        if let Some(earlier) = &snapshot {
            // What it was added to is still there, as it was.
            desk.vault.verify(earlier).unwrap();
        }
        snapshot = Some(next);
    }
    let snapshot = snapshot.unwrap();
    assert_eq!(contents(&desk, &snapshot), SORTED);
    assert_eq!(snapshot.digest(), desk.csv(RIDES_CSV).unwrap().digest());
}

#[test]
fn many_rows_of_many_subjects_are_the_same_too() {
    let desk = Desk::new();
    let head = RIDES_CSV.lines().next().unwrap();
    let day = |day: u32| -> String {
        let rows = (0..70_000_u32).map(|n| {
            let ride = day * 70_000 + n;
            // Subjects come back every day, in another order.
            let card = n.wrapping_mul(2_654_435_761).wrapping_add(day) % 977;
            format!("K{card:04},,{}.25,2024-02-29,,,,,{ride}\n", n % 9)
        });
        rows.collect()
    };
    let mut snapshot: Option<Snapshot> = None;
    for number in 0..3 {
        let text = format!("{head}\n{}", day(number));
        snapshot = Some(add(&desk, &text, snapshot.as_ref(), &rides()).unwrap());
    }
    let whole = format!("{head}\n{}{}{}", day(0), day(1), day(2));
    let whole = add(&desk, &whole, None, &rides()).unwrap();
    let snapshot = snapshot.unwrap();
    assert_eq!(snapshot.rows(), 210_000);
    assert_eq!(snapshot.digest(), whole.digest());
    assert!(snapshot.sorted_by_subject);
}

#[test]
fn a_resource_without_subject_gets_its_rows_in_the_order_of_files() {
    let desk = Desk::new();
    let mut resource = rides();
    resource.subject = None;
    resource.basis = yunei_model::Basis::NonPersonal;
    let mut snapshot: Option<Snapshot> = None;
    for text in increments().iter().rev() {
        snapshot = Some(add(&desk, text, snapshot.as_ref(), &resource).unwrap());
    }
    let rides: Vec<String> = contents(&desk, &snapshot.unwrap())
        .iter()
        .map(|line| line.rsplit('|').next().unwrap().to_owned())
        .collect();
    assert_eq!(rides, ["4", "3", "2", "1"]);
}

#[test]
fn formats_may_differ_between_increments() {
    let desk = Desk::new();
    let first = desk.csv(RIDES_CSV).unwrap();
    desk.put("rides.parquet", rides_parquet(|_| {}));
    let terms = ImportTerms {
        format: ImportFormat::Parquet,
        data_as_of: AS_OF,
        onto: Some(&first),
    };
    let both = desk.import_as("rides.parquet", &terms, &rides()).unwrap();
    assert_eq!(both.rows(), 8);
}

#[test]
fn what_does_not_fit_is_refused_with_its_code_and_keeps_nothing() {
    let desk = Desk::new();
    let first = desk.csv(RIDES_CSV).unwrap();
    let kept = desk.files();
    let text = &increments()[0];
    let refused = |onto: &Snapshot, text: &str| {
        let code = add(&desk, text, Some(onto), &rides()).unwrap_err().code();
        assert_eq!(desk.files(), kept);
        code
    };
    let mut other = first.clone();
    other.resource = yunei_model::ResourceId::new(&yunei_model::RandomIds);
    assert_eq!(refused(&other, text), Code::OntoUnknown);
    let mut other = first.clone();
    other.schema_version = 2;
    assert_eq!(refused(&other, text), Code::OntoSchema);
    let mut other = first.clone();
    other.data_as_of = Timestamp::from_micros(6);
    assert_eq!(refused(&other, text), Code::OntoOrder);
    let head = format!("{}\n", text.lines().next().unwrap());
    assert_eq!(refused(&first, &head), Code::ImportEmpty);
    let fewer = "card,age\nA1,2\n";
    assert_eq!(refused(&first, fewer), Code::ImportHeader);
}

#[test]
fn a_damaged_snapshot_is_not_added_to() {
    let desk = Desk::new();
    let first = desk.csv(RIDES_CSV).unwrap();
    let file = desk.kept.path().join(&desk.files()[0]);
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[10] ^= 1;
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&file, bytes).unwrap();
    let error = add(&desk, &increments()[0], Some(&first), &rides()).unwrap_err();
    assert_eq!(error.code(), Code::SnapshotCorrupt);
}
