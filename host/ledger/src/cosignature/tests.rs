use super::*;
use crate::{Checkpoint, SigningKey};
use yunei_model::Digest;

fn note(root: &[u8]) -> String {
    let key = SigningKey::from_seed("example.com/log", &[7; 32]).unwrap();
    let checkpoint = Checkpoint {
        origin: key.name().to_owned(),
        size: 9,
        root: Digest::of(root),
    };
    String::from_utf8(checkpoint.sign(&key).unwrap()).unwrap()
}

fn witness(seed: u8) -> CosigningKey {
    CosigningKey::from_seed(&format!("witness.example/{seed}"), &[seed; 32]).unwrap()
}

#[test]
fn what_is_signed_is_header_time_and_text() {
    let text =
        b"example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let signed = message(text, 1_679_315_147);
    assert_eq!(
        String::from_utf8(signed).unwrap(),
        "cosignature/v1\ntime 1679315147\nexample.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
    );
}

#[test]
fn a_cosignature_holds_over_its_note_and_no_other() {
    let key = witness(1);
    let made = key.cosign(note(b"a").as_bytes(), 1_700_000_000).unwrap();
    let merged = merge(&note(b"a"), &made, key.public()).unwrap();
    assert!(merged.starts_with(&note(b"a")), "the log's own line stays");
    let found = key.public().cosignature(merged.as_bytes()).unwrap();
    assert_eq!(found, Some(made.clone()));
    assert_eq!(
        witness(2).public().cosignature(merged.as_bytes()).unwrap(),
        None
    );
    merge(&note(b"b"), &made, key.public()).unwrap_err();
    let bare = key.public().cosignature(note(b"a").as_bytes()).unwrap();
    assert_eq!(bare, None, "nobody cosigned");
}

#[test]
fn a_changed_byte_of_a_cosignature_is_found() {
    let key = witness(1);
    let made = key.cosign(note(b"a").as_bytes(), 5).unwrap();
    let merged = merge(&note(b"a"), &made, key.public()).unwrap();
    let start = merged.rfind(' ').unwrap() + 1;
    let encoded = merged[start..].trim_end();
    let bytes = BASE64_STANDARD.decode(encoded).unwrap();
    for index in 4..bytes.len() {
        let mut other = bytes.clone();
        other[index] ^= 1;
        let forged = format!("{}{}\n", &merged[..start], BASE64_STANDARD.encode(other));
        key.public().cosignature(forged.as_bytes()).unwrap_err();
    }
}

#[test]
fn a_later_cosignature_takes_the_place_of_an_earlier_one() {
    let (one, two) = (witness(1), witness(2));
    let mut merged = note(b"a");
    for (key, at) in [(&one, 5), (&two, 6), (&one, 7)] {
        let made = key.cosign(merged.as_bytes(), at).unwrap();
        merged = merge(&merged, &made, key.public()).unwrap();
    }
    assert_eq!(merged.matches('\u{2014}').count(), 3, "log, two witnesses");
    let at = |key: &CosigningKey| {
        let found = key.public().cosignature(merged.as_bytes()).unwrap();
        found.map(|found| found.at_seconds)
    };
    assert_eq!((at(&one), at(&two)), (Some(7), Some(6)));
}

#[test]
fn keys_are_written_as_in_signed_notes() {
    let key = witness(3);
    let text = key.public().to_string();
    assert_eq!(
        &WitnessKey::parse(&format!(" {text}\n")).unwrap(),
        key.public()
    );
    assert!(
        text.starts_with("witness.example/3+") && text.contains("+B"),
        "{text}"
    );
    let log = SigningKey::from_seed("example.com/log", &[7; 32]).unwrap();
    for wrong in [
        "",
        "a+b",
        "a+00000000+BAAA",
        &log.verifier().to_string(),
        &text.replace("/3+", "/4+"),
    ] {
        assert!(WitnessKey::parse(wrong).is_err(), "{wrong}");
    }
    for name in ["", "a b", "a+b", "a\u{7}"] {
        assert!(CosigningKey::from_seed(name, &[1; 32]).is_err(), "{name}");
    }
}

#[test]
fn an_answer_is_one_of_lines() {
    let key = witness(1);
    let made = key.cosign(note(b"a").as_bytes(), 5).unwrap();
    let foreign = witness(2).cosign(note(b"a").as_bytes(), 5).unwrap();
    let both = format!("{}{}", foreign.line, made.line);
    assert_eq!(
        answered(&note(b"a"), &both, key.public()).unwrap(),
        Some(made.clone())
    );
    assert_eq!(
        answered(&note(b"a"), &foreign.line, key.public()).unwrap(),
        None
    );
    for wrong in ["", "nonsense\n", made.line.trim_end(), "\u{2014} x\n"] {
        assert!(
            answered(&note(b"a"), wrong, key.public()).is_err(),
            "{wrong}"
        );
    }
    answered(&note(b"b"), &made.line, key.public()).unwrap_err();
    answered(&note(b"a"), &foreign.line.repeat(17), key.public()).unwrap_err();
}

#[test]
fn times_beyond_the_range_are_refused() {
    assert!(witness(1).cosign(note(b"a").as_bytes(), u64::MAX).is_err());
    assert_eq!(parts(&[0xff; 72]), None);
}
