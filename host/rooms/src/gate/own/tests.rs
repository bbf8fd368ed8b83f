use yunei_disclosure::{SubjectKey, SubjectRows};

use super::Subjects;

fn of(subject: i64, rows: usize) -> SubjectRows<'static> {
    let key = SubjectKey::Integer(subject.into());
    SubjectRows { key, rows }
}

#[test]
fn a_subject_that_names_many_groups_is_one() {
    let groups: Vec<SubjectKey<'_>> = (0..12).map(|group| SubjectKey::Integer(group)).collect();
    let mut subjects = Subjects::default();
    let numbers = subjects.number(&[of(7, 12)], &groups, 12);
    assert_eq!(numbers, [1; 12]);
    // It goes on in the next block, with other groups still.
    let further = subjects.number(&[of(7, 2), of(8, 1)], &groups[5..8], 3);
    assert_eq!(further[..2], [1, 1]);
    assert_ne!(further[2], 1);
}

#[test]
fn members_of_a_group_are_one_and_rows_of_nobody_are_none() {
    let group = [
        SubjectKey::Absent,
        SubjectKey::Text("a"),
        SubjectKey::Text("a"),
    ];
    let mut subjects = Subjects::default();
    // The first group that a subject's rows name is its own, though its first row names none.
    let numbers = subjects.number(&[of(1, 2), of(2, 1)], &group, 3);
    assert_eq!(numbers[0], numbers[2]);
    let nobody = SubjectRows {
        key: SubjectKey::Absent,
        rows: 1,
    };
    assert_eq!(subjects.number(&[nobody, of(3, 1)], &[], 3)[0], 0);
    let alone = subjects.number(&[of(1, 1), of(3, 1), of(4, 1)], &[], 3);
    assert_eq!(alone[0], numbers[0]);
    assert_ne!(alone[1], alone[2]);
}
