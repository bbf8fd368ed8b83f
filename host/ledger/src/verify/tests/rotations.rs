//! Keys of before: whose they are is told by entries that the present key has signed over, and by no others.

use super::*;
use crate::{KEY_FROM, KEY_TO};

/// Entries of a log in which keys follow each other, and its leaf hashes.
struct Handed {
    entries: Vec<Entry>,
    leaves: Vec<Digest>,
}

fn own(seed: u8) -> SigningKey {
    SigningKey::from_seed(key().name(), &[seed; 32]).unwrap()
}

/// A log of `count` entries of which those at these places hand the signing over from a key to the next.
fn handed(count: u64, rotations: &[(u64, &SigningKey, &SigningKey)]) -> Handed {
    let ids = CountingIds::default();
    let told = |key: &SigningKey| key.verifier().to_string();
    let entries = (0..count).map(|n| {
        let rotation = rotations.iter().find(|(at, ..)| *at == n);
        let draft = match rotation {
            Some((_, from, to)) => Draft::new(Kind::LogKeyRotated)
                .fact(KEY_FROM, told(from))
                .fact(KEY_TO, told(to)),
            None => Draft::new(Kind::Queried).fact("number", n),
        };
        sealed(draft, &ids, n)
    });
    let entries: Vec<Entry> = entries.collect();
    let leaves = entries.iter().map(Entry::leaf_hash).collect();
    Handed { entries, leaves }
}

impl Handed {
    /// A checkpoint over the first entries, signed by a key.
    fn note(&self, size: u64, key: &SigningKey) -> Vec<u8> {
        let mut hashes = Hashes::default();
        let _stored = log::append(0, &self.leaves, &mut hashes).unwrap();
        let (origin, root) = (key.name().to_owned(), log::root(size, &hashes).unwrap());
        Checkpoint { origin, size, root }.sign(key).unwrap()
    }

    /// What whoever knows one key finds.
    fn verify(&self, key: &SigningKey, notes: &[Vec<u8>]) -> Report {
        let mut verification = Verification::new(key.verifier());
        for note in notes {
            verification.checkpoint(note);
        }
        for (index, entry) in (0..).zip(&self.entries) {
            verification.entry(Some(index), entry.canonical());
        }
        verification.finish()
    }
}

fn is_forged(report: &Report) -> bool {
    let forged = |finding: &Finding| matches!(finding, Finding::ForgedCheckpoint { .. });
    report.findings.iter().any(forged)
}

#[test]
fn checkpoints_of_keys_that_were_handed_over_hold() {
    let [first, second, third] = [own(1), own(2), own(3)];
    let log = handed(12, &[(3, &first, &second), (7, &second, &third)]);
    let notes = [
        log.note(2, &first),
        log.note(4, &first),
        log.note(4, &second),
        log.note(6, &second),
        log.note(8, &third),
        log.note(12, &third),
    ];
    let report = log.verify(&third, &notes);
    assert!(report.holds(), "{report:?}");
    assert_eq!((report.checkpoints, report.covered), (6, 12));
    // A key that has been handed over signs nothing of what follows.
    let late = log.note(9, &second);
    assert!(is_forged(
        &log.verify(&third, &[&notes[..], &[late]].concat())
    ));
}

#[test]
fn nobody_appoints_himself_a_key_of_before() {
    let [real, forger] = [own(1), own(9)];
    let log = handed(9, &[(8, &forger, &real)]);
    // The whole log is the forger's, and its last entry says that he signed before.
    let report = log.verify(&real, &[log.note(9, &forger)]);
    assert!(!report.holds() && is_forged(&report), "{report:?}");
    // He goes on where the real log ended.
    let notes = [log.note(5, &real), log.note(9, &forger)];
    let report = log.verify(&real, &notes);
    assert!(!report.holds() && is_forged(&report), "{report:?}");
    assert_eq!(report.covered, 5);
}
