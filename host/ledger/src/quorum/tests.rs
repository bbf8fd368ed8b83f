use super::*;
use crate::{Checkpoint, CosigningKey, SigningKey, cosignature};
use yunei_model::Digest;

fn key(seed: u8) -> CosigningKey {
    CosigningKey::from_seed(&format!("witness.example/{seed}"), &[seed; 32]).unwrap()
}

/// Witnesses `a`, `b`, … of which those in `outside` are outside, and what follows.
fn policy(count: u8, outside: &[u8], rest: &str) -> String {
    let mut text = "quorum = \"all-of-us\"\n".to_owned();
    for seed in 1..=count {
        let letter = char::from(b'a' + (seed - 1) % 26);
        let name = if seed > 26 {
            format!("w{seed}")
        } else {
            letter.to_string()
        };
        let public = key(seed).public().to_string();
        let outside = outside.contains(&seed);
        text.push_str(&format!(
            "[[witness]]\nname = \"{name}\"\nkey = \"{public}\"\naddress = \"http://127.0.0.1:1\"\noutside = {outside}\n"
        ));
    }
    text + rest
}

fn group(threshold: &str, members: &str) -> String {
    format!("[[group]]\nname = \"all-of-us\"\nthreshold = {threshold}\nmembers = [{members}]\n")
}

fn note(cosigners: &[u8]) -> String {
    let log = SigningKey::from_seed("example.com/log", &[9; 32]).unwrap();
    let checkpoint = Checkpoint {
        origin: log.name().to_owned(),
        size: 3,
        root: Digest::of(b"root"),
    };
    let mut note = String::from_utf8(checkpoint.sign(&log).unwrap()).unwrap();
    for seed in cosigners {
        let made = key(*seed)
            .cosign(note.as_bytes(), 100 + u64::from(*seed))
            .unwrap();
        note = cosignature::merge(&note, &made, key(*seed).public()).unwrap();
    }
    note
}

#[test]
fn a_quorum_takes_so_many_and_one_from_outside() {
    let quorum = Quorum::parse(&policy(3, &[3], &group("2", "\"a\", \"b\", \"c\""))).unwrap();
    assert_eq!((quorum.needed(), quorum.known()), (2, 3));
    let reached = |cosigners: &[u8]| quorum.status(note(cosigners).as_bytes()).reached;
    assert!(!reached(&[]) && !reached(&[3]), "too few");
    assert!(!reached(&[1, 2]), "nobody outside");
    assert!(reached(&[1, 3]) && reached(&[2, 3]) && reached(&[1, 2, 3]));
    assert!(!reached(&[3, 7]), "a stranger counts for nothing");
    let status = quorum.status(note(&[1, 3]).as_bytes());
    assert_eq!((status.valid, status.known, status.needed), (2, 3, 2));
    assert_eq!(status.newest_seconds(), Some(103));
}

#[test]
fn groups_stand_in_groups() {
    let rest = "[[group]]\nname = \"inner\"\nthreshold = \"any\"\nmembers = [\"a\", \"b\"]\n"
        .to_owned()
        + &group("\"all\"", "\"inner\", \"c\"");
    let quorum = Quorum::parse(&policy(4, &[3, 4], &rest)).unwrap();
    assert_eq!((quorum.needed(), quorum.known()), (2, 3), "d is no member");
    let reached = |cosigners: &[u8]| quorum.status(note(cosigners).as_bytes()).reached;
    assert!(reached(&[1, 3]) && reached(&[2, 3]));
    assert!(!reached(&[1, 2]) && !reached(&[3]) && !reached(&[1, 4]));
}

#[test]
fn a_line_that_does_not_hold_is_told() {
    let quorum = Quorum::parse(&policy(2, &[2], &group("1", "\"a\", \"b\""))).unwrap();
    let other = note(&[2]);
    let line = other.lines().last().unwrap();
    let forged = note(&[1]).replace("\n3\n", "\n4\n") + line + "\n";
    let status = quorum.status(forged.as_bytes());
    assert_eq!(
        (status.valid, status.reached, status.forged.len()),
        (0, false, 2)
    );
}

#[test]
fn what_cannot_be_reached_or_read_is_refused() {
    let of = |text: &str| Quorum::parse(text).unwrap_err();
    let members = "\"a\", \"b\"";
    assert!(matches!(
        of(&policy(2, &[], &group("1", members))),
        QuorumError::NobodyOutside
    ));
    assert!(matches!(
        of(&policy(3, &[3], &group("1", members))),
        QuorumError::NobodyOutside
    ));
    for threshold in ["0", "3"] {
        assert!(matches!(
            of(&policy(2, &[1], &group(threshold, members))),
            QuorumError::Threshold { .. }
        ));
    }
    assert!(matches!(
        of(&policy(2, &[1], &group("1", "\"a\", \"z\""))),
        QuorumError::Unknown { .. }
    ));
    assert!(matches!(
        of(&policy(2, &[1], &group("1", "\"a\", \"a\""))),
        QuorumError::Twice { .. }
    ));
    assert!(matches!(of(&policy(0, &[], "")), QuorumError::Count));
    assert!(matches!(of(&policy(33, &[1], "")), QuorumError::Count));
    assert!(matches!(of("nonsense"), QuorumError::Shape { .. }));
    let twice = policy(2, &[1], &group("1", members))
        .replace(&key(2).public().to_string(), &key(1).public().to_string());
    assert!(matches!(of(&twice), QuorumError::Twice { .. }));
    let wait = format!(
        "wait_seconds_max = 0\n{}",
        policy(2, &[1], &group("1", members))
    );
    assert!(matches!(of(&wait), QuorumError::Wait));
    assert!(matches!(
        of(&"#".repeat(POLICY_BYTES_MAX + 1)),
        QuorumError::TooLong
    ));
}

#[test]
fn grades_from_a_threshold_wait() {
    let text = policy(2, &[1], &group("1", "\"a\", \"b\""));
    let none = Quorum::parse(&text).unwrap();
    assert!(!none.guards(Grade::Core));
    let some = Quorum::parse(&format!("grade_from = \"g3\"\n{text}")).unwrap();
    assert!(!some.guards(Grade::G2) && some.guards(Grade::G3) && some.guards(Grade::Core));
}
