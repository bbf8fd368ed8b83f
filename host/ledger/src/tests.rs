//! Entries, trees, traces, checkpoints.

use proptest::prelude::*;
use serde_json::json;
use yunei_model::{
    AccountId, Call, CallDecision, CallKind, CountingIds, Digest, EntryId, Name, OrganisationId,
    RunId, Timestamp,
};

use crate::*;

pub(crate) const AT_MICROS: i64 = 1_790_000_000_000_000;

pub(crate) fn sealed(draft: Draft, ids: &CountingIds, number: u64) -> Entry {
    let mut nonce = [7; NONCE_BYTES];
    nonce[..8].copy_from_slice(&number.to_be_bytes());
    let at = Timestamp::from_micros(AT_MICROS + i64::try_from(number).unwrap());
    Entry::seal(draft, EntryId::new(ids), nonce, at).unwrap()
}

pub(crate) fn call(index: u64, rows: u64) -> Call {
    Call {
        index,
        kind: CallKind::Batch,
        resource: Some(Name::parse("flights").unwrap()),
        fields: vec![Name::parse("carrier").unwrap()],
        rows,
        bytes: rows * 8,
        decision: CallDecision::Allowed,
        clause: None,
        argument_digest: None,
        at: Timestamp::from_micros(AT_MICROS),
        duration_us: 40,
    }
}

fn example() -> Entry {
    let ids = CountingIds::default();
    let draft = Draft::new(Kind::RunReleased)
        .actor(AccountId::new(&ids))
        .operator(OrganisationId::new(&ids))
        .fact(RUN, RunId::new(&ids))
        .fact(TRACE_ROOT, Digest::of(b""))
        .fact(CALLS, 0_u64)
        .fact("clause", None::<String>)
        .fact("rows", (1_u64 << 53) + 1)
        .fact("snapshots", vec!["a", "b"])
        .observed("duration_ms", 3);
    sealed(draft, &ids, 1)
}

#[test]
fn an_entry_has_the_bytes_that_were_agreed() {
    insta::assert_snapshot!(String::from_utf8(example().canonical().to_vec()).unwrap());
    insta::assert_snapshot!(example().leaf_hash());
}

#[test]
fn an_entry_reads_back_as_it_was_sealed() {
    let entry = example();
    let read = Entry::parse(entry.canonical()).unwrap();
    assert_eq!(read, entry);
    assert_eq!(read.at().as_micros(), AT_MICROS + 1);
    assert_eq!(read.run(), entry.run());
    assert!(read.run().is_some());
    assert_eq!(read.trace_root(), Some(Digest::of(b"")));
    assert_eq!(read.calls(), Some(0));
    assert_eq!(read.facts().get("clause"), None);
    assert_eq!(read.facts()["rows"], json!("9007199254740993"));
    assert_eq!(
        format!("{entry:?}"),
        format!("Entry(run-released {})", entry.id())
    );
}

fn refusal(draft: Draft) -> LedgerError {
    let ids = CountingIds::default();
    let at = Timestamp::from_micros(AT_MICROS);
    Entry::seal(draft, EntryId::new(&ids), [0; NONCE_BYTES], at).unwrap_err()
}

#[test]
fn a_fact_that_has_no_one_spelling_is_refused() {
    let draft = || Draft::new(Kind::Queried);
    assert!(matches!(
        refusal(draft().fact("share", 0.5)),
        LedgerError::Float { .. }
    ));
    assert!(matches!(
        refusal(draft().fact("deep", json!([{"a": 1.5}]))),
        LedgerError::Float { .. }
    ));
    assert!(matches!(
        refusal(draft().observed("share", 1.0)),
        LedgerError::Float { .. }
    ));
    assert!(matches!(
        refusal(draft().fact("list", vec![None::<u8>])),
        LedgerError::Absent { .. }
    ));
    assert!(matches!(
        refusal(draft().fact("Bad Name", 1)),
        LedgerError::FactName { .. }
    ));
    assert!(matches!(
        refusal(draft().fact("a", 1).fact("a", 2)),
        LedgerError::FactTwice { .. }
    ));
    assert!(matches!(
        refusal(draft().observed(AT, 2)),
        LedgerError::FactTwice { .. }
    ));
    let mut deep = json!(1);
    for _ in 1..FACT_DEPTH_MAX {
        deep = json!([deep]);
    }
    assert!(
        sealed(draft().fact("deep", &deep), &CountingIds::default(), 0)
            .facts()
            .contains_key("deep")
    );
    assert!(matches!(
        refusal(draft().fact("deep", json!([deep]))),
        LedgerError::Depth { .. }
    ));
}

#[test]
fn an_entry_may_be_as_long_as_its_limit_and_no_byte_longer() {
    let ids = CountingIds::default();
    let empty = sealed(Draft::new(Kind::Queried).fact("text", ""), &ids, 0)
        .canonical()
        .len();
    let room = ENTRY_BYTES_MAX - empty;
    let full = sealed(
        Draft::new(Kind::Queried).fact("text", "x".repeat(room)),
        &ids,
        0,
    );
    assert_eq!(full.canonical().len(), ENTRY_BYTES_MAX);
    assert!(Entry::parse(full.canonical()).is_ok());
    let over = refusal(Draft::new(Kind::Queried).fact("text", "x".repeat(room + 1)));
    assert!(matches!(over, LedgerError::TooLong { bytes } if bytes == ENTRY_BYTES_MAX + 1));
}

#[test]
fn another_spelling_of_an_entry_is_refused() {
    let text = String::from_utf8(example().canonical().to_vec()).unwrap();
    let others = [
        text.replacen(':', ": ", 1),
        text.replace("\"duration_ms\":3", "\"duration_ms\":3.0"),
        text.replace("\"duration_ms\":3", "\"duration_ms\":3,\"duration_ms\":3"),
        text.replace("\"duration_ms\":3", "\"duration_ms\":null"),
        text.replace("\"format\":1", "\"format\":2"),
        text.replace("\"format\":1", "\"extra\":1,\"format\":1"),
        text.replace("run-released", "run-rel\\u0065ased"),
        text.replace("run-released", "run-forgotten"),
        text.replace("0707", "07"),
        text.replace("9007199254740993\"", "9007199254740993\" ,\"z\":1.5")
            .replace("\" ,", "\","),
        format!("{text}\n"),
    ];
    for other in others {
        assert_ne!(other, text);
        assert!(Entry::parse(other.as_bytes()).is_err(), "{other}");
    }
}

#[test]
fn kinds_are_spelt_once() {
    for kind in Kind::ALL {
        assert_eq!(kind.as_str().parse::<Kind>().unwrap(), *kind);
        assert_eq!(serde_json::to_value(kind).unwrap(), json!(kind.as_str()));
    }
    assert!("run-forgotten".parse::<Kind>().is_err());
}

#[test]
fn the_empty_tree_has_the_root_of_nothing() {
    assert_eq!(TraceTree::default().root(), Digest::of(b""));
    assert_eq!(Frontier::default().root(), Digest::of(b""));
    assert_eq!(log::root(0, &Hashes::default()).unwrap(), Digest::of(b""));
}

/// RFC 6962, section 2.1, written down as the definition has it.
fn by_definition(leaves: &[Digest]) -> Digest {
    match leaves {
        [] => Digest::of(b""),
        [leaf] => *leaf,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(split);
            let mut bytes = vec![1];
            bytes.extend_from_slice(by_definition(left).as_bytes());
            bytes.extend_from_slice(by_definition(right).as_bytes());
            Digest::of(&bytes)
        }
    }
}

pub(crate) fn leaves(count: usize) -> Vec<Digest> {
    (0..count).map(|n| Digest::of(&n.to_be_bytes())).collect()
}

fn tree(leaves: &[Digest]) -> Tree {
    let mut tree = Tree::default();
    for leaf in leaves {
        tree.push(*leaf).unwrap();
    }
    tree
}

/// Appends in groups as a store does: each time with no more hashes than it was asked for.
fn grouped(leaves: &[Digest], groups: &[usize]) -> (Hashes, u64) {
    let (mut kept, mut size) = (Hashes::default(), 0_u64);
    let mut rest = leaves;
    for group in groups.iter().copied().chain([leaves.len()]) {
        let (now, later) = rest.split_at(group.min(rest.len()));
        let wanted = log::root_positions(size).unwrap();
        let mut fetched = Hashes(wanted.iter().map(|p| (*p, kept.0[p])).collect());
        for (position, hash) in log::append(size, now, &mut fetched).unwrap() {
            assert_eq!(kept.0.insert(position, hash), None);
        }
        size += now.len() as u64;
        rest = later;
    }
    assert_eq!(kept.0.len() as u64, log::stored_count(size));
    (kept, size)
}

proptest! {
    #[test]
    fn the_root_does_not_depend_on_grouping(
        count in 0_usize..200, groups in prop::collection::vec(0_usize..40, 0..12),
    ) {
        let leaves = leaves(count);
        let expected = by_definition(&leaves);
        let mut frontier = Frontier::default();
        leaves.iter().for_each(|leaf| frontier.push(*leaf));
        let (hashes, size) = grouped(&leaves, &groups);
        assert_eq!(size, count as u64);
        assert_eq!(frontier.root(), expected);
        assert_eq!(tree(&leaves).root().unwrap(), expected);
        assert_eq!(log::root(size, &hashes).unwrap(), expected);
    }

    #[test]
    fn a_proof_holds_for_its_leaf_and_place_alone(count in 1_usize..100, pick in any::<prop::sample::Index>(), other in 0_u64..110) {
        let leaves = leaves(count);
        let (index, size) = (pick.index(count) as u64, count as u64);
        let (hashes, _) = grouped(&leaves, &[]);
        let wanted = log::inclusion_positions(size, index).unwrap();
        let fetched = Hashes(wanted.iter().map(|p| (*p, hashes.0[p])).collect());
        let proof = log::inclusion(size, index, &fetched).unwrap();
        let root = by_definition(&leaves);
        let leaf = leaves[pick.index(count)];
        assert!(proof.verify_inclusion(leaf, index, size, root).is_ok());
        assert!(proof.verify_inclusion(Digest::of(b"other"), index, size, root).is_err());
        assert!(proof.verify_inclusion(leaf, index, size, Digest::of(b"other")).is_err());
        if other != index {
            assert!(proof.verify_inclusion(leaf, other, size, root).is_err());
        }
        let long = Proof(vec![root; 1000]);
        assert!(long.verify_inclusion(leaf, index, size, root).is_err());
    }

    #[test]
    fn a_later_tree_proves_its_beginning_and_no_other(count in 1_usize..100, pick in any::<prop::sample::Index>()) {
        let leaves = leaves(count);
        let (earlier, size) = (pick.index(count) as u64 + 1, count as u64);
        let (hashes, _) = grouped(&leaves, &[]);
        let proof = log::consistency(earlier, size, &hashes).unwrap();
        let old = by_definition(&leaves[..=pick.index(count)]);
        let root = by_definition(&leaves);
        assert!(proof.verify_consistency(earlier, old, size, root).is_ok());
        assert!(proof.verify_consistency(earlier, Digest::of(b"fork"), size, root).is_err());
        if earlier < size {
            assert!(proof.verify_consistency(earlier, old, size, Digest::of(b"fork")).is_err());
        }
    }

    #[test]
    fn any_byte_of_a_checkpoint_counts(at in any::<prop::sample::Index>(), bit in 0_u8..8) {
        let key = SigningKey::from_seed("yunei.example/log", &[3; 32]).unwrap();
        let checkpoint = Checkpoint { origin: key.name().into(), size: 20, root: Digest::of(b"root") };
        let mut note = checkpoint.sign(&key).unwrap();
        assert_eq!(Checkpoint::open(&note, key.verifier()).unwrap(), checkpoint);
        let at = at.index(note.len());
        note[at] ^= 1 << bit;
        assert!(Checkpoint::open(&note, key.verifier()).is_err());
    }
}

#[test]
fn what_is_not_in_the_tree_is_an_error_and_no_panic() {
    let tree = tree(&leaves(5));
    assert!(log::inclusion(5, 5, &tree).is_err());
    assert!(log::inclusion(9, 0, &tree).is_err());
    assert!(log::inclusion(u64::MAX, 1, &tree).is_err());
    assert!(log::consistency(0, 5, &tree).is_err());
    assert!(log::consistency(6, 5, &tree).is_err());
    assert!(log::root(u64::MAX, &tree).is_err());
    assert!(log::root(9, &tree).is_err());
    assert!(log::append(7, &leaves(1), &mut Hashes::default()).is_err());
    assert!(log::append(LEAVES_MAX, &leaves(1), &mut Hashes::default()).is_err());
}

#[test]
fn a_checkpoint_is_a_note_that_other_tools_read() {
    let key = SigningKey::from_seed("yunei.example/log", &[3; 32]).unwrap();
    let checkpoint = Checkpoint {
        origin: key.name().into(),
        size: 20,
        root: Digest::of(b"root"),
    };
    insta::assert_snapshot!(String::from_utf8(checkpoint.sign(&key).unwrap()).unwrap());
    insta::assert_snapshot!(key.verifier());
    let read = VerifierKey::parse(&key.verifier().to_string()).unwrap();
    assert_eq!(read.name(), "yunei.example/log");
    let other = SigningKey::from_seed("yunei.example/log", &[4; 32]).unwrap();
    assert!(Checkpoint::open(&checkpoint.sign(&key).unwrap(), other.verifier()).is_err());
    let foreign = Checkpoint {
        origin: "another/log".into(),
        ..checkpoint
    };
    assert!(foreign.sign(&key).is_err());
    assert!(SigningKey::from_seed("two words", &[3; 32]).is_err());
    assert!(!format!("{key:?}").contains(&"03".repeat(4)));
}

#[test]
fn a_trace_is_over_facts_alone() {
    let mut early = call(0, 9);
    let mut late = early.clone();
    late.at = late.at.plus_seconds(60);
    late.duration_us = 9;
    let (mut one, mut two) = (TraceTree::default(), TraceTree::default());
    one.push(&early).unwrap();
    two.push(&late).unwrap();
    assert_eq!(one.root(), two.root());
    early.rows = 10;
    let mut three = TraceTree::default();
    three.push(&early).unwrap();
    assert_ne!(one.root(), three.root());
    assert!(matches!(
        one.push(&call(2, 1)),
        Err(LedgerError::CallOrder { expected: 1, .. })
    ));
    insta::assert_snapshot!(String::from_utf8(call_facts(&late).unwrap()).unwrap());
}

/// What a call's members come to by way of a general value, as entries are written.
fn by_value(call: &Call, observed: bool) -> Vec<u8> {
    let normal = value::normalise("call", serde_json::to_value(call).unwrap());
    let Some(serde_json::Value::Object(mut members)) = normal.unwrap() else {
        panic!("a call is an object");
    };
    members.retain(|name, _| ["at", "duration_us"].contains(&name.as_str()) == observed);
    value::canonical("call", &members).unwrap()
}

#[test]
fn a_call_is_written_in_its_one_spelling() {
    let plain = call(3, 9);
    let texts = [
        "",
        "grant.fields",
        "\u{0}\u{1f}\u{7f}\t\r\n\u{8}\u{c}\"\\/",
        "城市 😀 \u{2028}\u{fffd}",
    ];
    let mut calls = vec![plain.clone()];
    for text in texts {
        let mut told = plain.clone();
        told.clause = Some(text.to_owned());
        told.argument_digest = Some(text.to_owned());
        told.decision = CallDecision::Denied;
        calls.push(told);
    }
    for kind in CallKind::ALL {
        calls.push(Call {
            kind: *kind,
            resource: None,
            fields: Vec::new(),
            ..plain.clone()
        });
    }
    for number in [0, INTEGER_MAX - 1, INTEGER_MAX, INTEGER_MAX + 1, u64::MAX] {
        let mut large = plain.clone();
        (large.index, large.rows, large.bytes) = (number, number, number);
        large.duration_us = number;
        for at in [number.cast_signed(), number.cast_signed().wrapping_neg()] {
            large.at = Timestamp::from_micros(at);
            calls.push(large.clone());
        }
    }
    for call in &calls {
        assert_eq!(call_facts(call).unwrap(), by_value(call, false));
        assert_eq!(call_observed(call).unwrap(), by_value(call, true));
    }
}

#[test]
fn a_call_is_proven_and_reads_back() {
    let mut calls: Vec<Call> = (0..7).map(|n| call(n, n * 100)).collect();
    calls[3].rows = u64::MAX;
    calls[3].clause = Some("grant-field".into());
    calls[3].resource = None;
    let mut trace = TraceTree::default();
    for call in &calls {
        trace.push(call).unwrap();
        let (facts, observed) = (call_facts(call).unwrap(), call_observed(call).unwrap());
        assert_eq!(&call_from(&facts, &observed).unwrap(), call);
        assert!(call_from(&facts, b"{}").is_err());
    }
    for call in &calls {
        let proof = trace.proof(call.index).unwrap();
        assert!(verify_call(call, &proof, 7, trace.root()).is_ok());
        let mut other = call.clone();
        other.rows = 1;
        assert!(verify_call(&other, &proof, 7, trace.root()).is_err());
    }
    assert!(trace.proof(7).is_err());
}
