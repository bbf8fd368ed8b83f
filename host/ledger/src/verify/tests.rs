//! Every change of the record is found, and where.

use proptest::prelude::*;
use proptest::sample::Index;
use yunei_model::{CountingIds, Digest, RunId};

use crate::tests::{call, sealed};
use crate::{
    CALLS, Checkpoint, Draft, Entry, Finding, Hashes, Kind, RUN, Report, SigningKey, TRACE_ROOT,
    TraceTree, Verification, call_facts, log, tree,
};

mod rotations;

/// A record as someone hands it in.
#[derive(Clone)]
struct Evidence {
    entries: Vec<(u64, Vec<u8>)>,
    stored: Vec<(u64, Digest)>,
    notes: Vec<Vec<u8>>,
    calls: Vec<(u64, Vec<u8>)>,
    run: RunId,
}

fn key() -> SigningKey {
    SigningKey::from_seed("yunei.example/log", &[5; 32]).unwrap()
}

fn note(size: u64, root: Digest) -> Vec<u8> {
    let origin = key().name().to_owned();
    Checkpoint { origin, size, root }.sign(&key()).unwrap()
}

/// `count` entries, the last one closing a run of five calls, with signed checkpoints at `sizes`.
fn evidence(count: u64, sizes: &[u64]) -> Evidence {
    let ids = CountingIds::default();
    let run = RunId::new(&ids);
    let mut trace = TraceTree::default();
    let calls: Vec<_> = (0..5).map(|n| call(n, n * 3)).collect();
    for call in &calls {
        trace.push(call).unwrap();
    }
    let close = Draft::new(Kind::RunSealed)
        .fact(RUN, run)
        .fact(TRACE_ROOT, trace.root())
        .fact(CALLS, 5);
    let mut drafts: Vec<_> = (1..count)
        .map(|n| Draft::new(Kind::Queried).fact("number", n))
        .collect();
    drafts.push(close);
    let entries: Vec<Entry> = drafts
        .into_iter()
        .zip(0..)
        .map(|(draft, n)| sealed(draft, &ids, n))
        .collect();
    let bodies = entries.iter().map(|e| e.canonical().to_vec());
    let (stored, notes) = logged(
        &entries.iter().map(Entry::leaf_hash).collect::<Vec<_>>(),
        sizes,
    );
    Evidence {
        entries: (0..).zip(bodies).collect(),
        stored,
        notes,
        calls: (0..)
            .zip(calls.iter().map(|c| call_facts(c).unwrap()))
            .collect(),
        run,
    }
}

fn logged(leaves: &[Digest], sizes: &[u64]) -> (Vec<(u64, Digest)>, Vec<Vec<u8>>) {
    let mut hashes = Hashes::default();
    let stored = log::append(0, leaves, &mut hashes).unwrap();
    let notes = sizes
        .iter()
        .map(|size| note(*size, log::root(*size, &hashes).unwrap()));
    (stored, notes.collect())
}

fn verify(evidence: &Evidence) -> Report {
    let key = key();
    let mut verification = Verification::new(key.verifier());
    for note in &evidence.notes {
        verification.checkpoint(note);
    }
    for (position, hash) in &evidence.stored {
        verification.stored_hash(*position, *hash);
    }
    for (index, body) in &evidence.entries {
        verification.entry(Some(*index), body);
    }
    for (index, facts) in &evidence.calls {
        verification.trace_leaf(evidence.run, *index, facts);
    }
    verification.finish()
}

fn renumber(evidence: &mut Evidence) {
    for (index, entry) in (0..).zip(&mut evidence.entries) {
        entry.0 = index;
    }
}

#[test]
fn an_untouched_record_holds() {
    let report = verify(&evidence(20, &[3, 8, 17]));
    assert_eq!(report.findings, []);
    assert!(report.holds());
    assert_eq!(
        (report.entries, report.covered, report.checkpoints),
        (20, 17, 3)
    );
    assert_eq!((report.runs, report.open_runs, report.calls), (1, 0, 5));
    let without_hashes = Evidence {
        stored: Vec::new(),
        ..evidence(20, &[3, 8, 17])
    };
    assert!(verify(&without_hashes).holds());
    let waiting = {
        let key = key();
        let mut verification = Verification::new(key.verifier());
        verification.entry(None, &evidence(1, &[]).entries[0].1);
        verification.finish()
    };
    assert_eq!((waiting.entries, waiting.pending), (0, 1));
}

#[test]
fn every_byte_of_an_entry_counts() {
    let whole = evidence(4, &[4]);
    for byte in 0..whole.entries[2].1.len() {
        let mut changed = whole.clone();
        changed.entries[2].1[byte] ^= 1;
        let report = verify(&changed);
        assert!(
            report.findings.contains(&Finding::Altered { index: 2 }),
            "byte {byte}: {report}"
        );
        assert!(report.findings.iter().all(|f| matches!(
            f,
            Finding::Altered { index: 2 }
                | Finding::Malformed { index: 2, .. }
                | Finding::IdTwice { .. }
        )));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn an_altered_entry_is_found(count in 2_u64..40, at in any::<Index>(), byte in any::<Index>(), bit in 0_u8..8) {
        let mut evidence = evidence(count, &[count / 2, count]);
        let at = at.index(evidence.entries.len());
        let body = &mut evidence.entries[at].1;
        let byte = byte.index(body.len());
        body[byte] ^= 1 << bit;
        let (index, half) = (at as u64, count / 2);
        assert!(verify(&evidence).findings.contains(&Finding::Altered { index }));
        // Without the log's hashes it is at least known between which checkpoints.
        evidence.stored.clear();
        let (from, to) = if index < half { (0, half) } else { (half, count) };
        assert!(verify(&evidence).findings.contains(&Finding::RootMismatch { from, to }));
    }

    #[test]
    fn a_missing_entry_is_found(count in 2_u64..40, at in any::<Index>(), renumbered in any::<bool>()) {
        let mut evidence = evidence(count, &[count]);
        let at = at.index(evidence.entries.len());
        evidence.entries.remove(at);
        if renumbered {
            renumber(&mut evidence);
        }
        let expected = Finding::Missing { index: at as u64 };
        assert_eq!(&verify(&evidence).findings, &[expected]);
        evidence.stored.clear();
        assert!(!verify(&evidence).holds());
    }

    #[test]
    fn an_added_entry_is_found(count in 2_u64..40, at in any::<Index>()) {
        let mut evidence = evidence(count, &[count]);
        let at = at.index(evidence.entries.len() + 1);
        let added = sealed(Draft::new(Kind::RunReleased), &CountingIds::default(), 999);
        evidence.entries.insert(at, (0, added.canonical().to_vec()));
        renumber(&mut evidence);
        let report = verify(&evidence);
        let index = at as u64;
        assert!(report.findings.contains(&Finding::Added { index }), "{}", report);
    }

    #[test]
    fn an_entry_copied_is_found(count in 2_u64..40, at in any::<Index>()) {
        let mut evidence = evidence(count, &[count]);
        let at = at.index(evidence.entries.len());
        let copy = evidence.entries[at].clone();
        evidence.entries.push(copy);
        renumber(&mut evidence);
        let report = verify(&evidence);
        assert!(report.findings.contains(&Finding::Added { index: count }), "{}", report);
        assert!(report.findings.iter().any(|f| matches!(f, Finding::IdTwice { index, .. } if *index == count)));
    }

    #[test]
    fn reordered_entries_are_found(count in 3_u64..40, one in any::<Index>(), two in any::<Index>()) {
        let mut evidence = evidence(count, &[count]);
        let (one, two) = (one.index(evidence.entries.len()), two.index(evidence.entries.len()));
        prop_assume!(one != two);
        evidence.entries.swap(one, two);
        renumber(&mut evidence);
        let report = verify(&evidence);
        assert!(!report.holds());
        let between = one.min(two) as u64..=one.max(two) as u64;
        assert!(report.findings.iter().all(|f| matches!(f, Finding::Reordered { index, expected }
            if between.contains(index) && between.contains(expected))), "{}", report);
        assert!(report.findings.iter().any(|f| matches!(f, Finding::Reordered { index, expected }
            if [one as u64, two as u64].contains(index) || [one as u64, two as u64].contains(expected))), "{}", report);
        evidence.stored.clear();
        assert!(!verify(&evidence).holds());
    }

    #[test]
    fn an_altered_hash_is_found(count in 2_u64..40, at in any::<Index>(), byte in 0_usize..32, gone in any::<bool>()) {
        let mut evidence = evidence(count, &[count]);
        let at = at.index(evidence.stored.len());
        let position = evidence.stored[at].0;
        if gone {
            evidence.stored.remove(at);
        } else {
            let mut bytes = *evidence.stored[at].1.as_bytes();
            bytes[byte] ^= 1;
            evidence.stored[at].1 = Digest::from_bytes(bytes);
        }
        assert_eq!(verify(&evidence).findings, &[Finding::HashAltered { position }]);
    }

    #[test]
    fn a_forged_checkpoint_is_found(count in 2_u64..20, at in any::<Index>(), bit in 0_u8..8) {
        let mut evidence = evidence(count, &[1, count]);
        let at = at.index(evidence.notes[1].len());
        evidence.notes[1][at] ^= 1 << bit;
        let report = verify(&evidence);
        assert!(matches!(report.findings.as_slice(), [Finding::ForgedCheckpoint { number: 1, .. }]), "{}", report);
    }

    #[test]
    fn history_written_anew_is_found(count in 4_u64..40, at in any::<Index>()) {
        let mut evidence = evidence(count, &[count / 2, count]);
        let at = at.index(evidence.entries.len());
        evidence.entries[at].1 = sealed(Draft::new(Kind::Queried), &CountingIds::default(), 998).canonical().to_vec();
        let leaves: Vec<_> = evidence.entries.iter().map(|(_, body)| tree::leaf_hash(body)).collect();
        evidence.stored = logged(&leaves, &[]).0;
        let (index, half) = (at as u64, count / 2);
        let (from, to) = if index < half { (0, half) } else { (half, count) };
        assert!(verify(&evidence).findings.contains(&Finding::RootMismatch { from, to }));
    }

    #[test]
    fn a_changed_trace_is_found(at in 0_usize..5, byte in any::<Index>(), how in 0..4) {
        let mut evidence = evidence(6, &[6]);
        match how {
            0 => {
                let byte = byte.index(evidence.calls[at].1.len());
                evidence.calls[at].1[byte] ^= 1;
            }
            1 => drop(evidence.calls.remove(at)),
            2 => evidence.calls.push((5, call_facts(&call(5, 1)).unwrap())),
            _ => {
                let other = (at + 1) % 5;
                let facts = evidence.calls[at].1.clone();
                evidence.calls[at].1 = std::mem::replace(&mut evidence.calls[other].1, facts);
            }
        }
        let report = verify(&evidence);
        let run = evidence.run;
        assert!(report.findings.iter().any(
            |f| matches!(f, Finding::TraceMismatch { index: 5, run: found, .. } if *found == run)), "{}", report);
    }
}

#[test]
fn a_record_cut_short_below_its_checkpoint_is_found() {
    let mut cut = evidence(10, &[4, 10]);
    cut.entries.truncate(7);
    let gone: Vec<_> = (7..10).map(|index| Finding::Missing { index }).collect();
    let report = verify(&cut);
    assert!(
        gone.iter().all(|finding| report.findings.contains(finding)),
        "{report}"
    );
    cut.stored
        .truncate(usize::try_from(log::stored_count(7)).unwrap());
    let found = verify(&cut).findings;
    assert!(
        found.contains(&Finding::RootMismatch { from: 4, to: 10 }),
        "{found:?}"
    );
}

#[test]
fn two_histories_under_one_key_are_a_fork() {
    let mut forked = evidence(6, &[6]);
    forked.notes.push(note(6, Digest::of(b"another history")));
    assert!(
        verify(&forked)
            .findings
            .contains(&Finding::Fork { size: 6 })
    );
}

#[test]
fn an_index_that_skips_is_found() {
    let mut skipped = evidence(6, &[6]);
    skipped.entries[5].0 = 9;
    let expected = Finding::Misnumbered {
        index: 9,
        expected: 5,
    };
    assert_eq!(verify(&skipped).findings, std::slice::from_ref(&expected));
    skipped.stored.clear();
    assert_eq!(verify(&skipped).findings, [expected]);
}

#[test]
fn a_report_keeps_its_limit_and_counts_on() {
    let mut report = Report::default();
    for index in 0..2 * crate::FINDINGS_MAX as u64 {
        report.add(Finding::Missing { index });
    }
    assert_eq!(report.findings.len(), crate::FINDINGS_MAX);
    assert_eq!(report.findings_total, 2 * crate::FINDINGS_MAX as u64);
    assert!(report.to_string().ends_with("1000 more findings\n"));
}
