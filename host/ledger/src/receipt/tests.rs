//! Receipts prove what they say, and every changed byte is found.

use yunei_model::{CountingIds, RunId};

use super::*;
use crate::tests::{call, sealed};
use crate::{CALLS, Draft, Hashes, Kind, RUN, SigningKey, TRACE_ROOT, TraceTree, call_facts, log};

fn key() -> SigningKey {
    SigningKey::from_seed("yunei.example/log", &[5; 32]).unwrap()
}

/// Receipts of the fourth of seven entries, and of the third of five calls that it commits to.
fn receipts() -> (Receipt, Receipt) {
    let ids = CountingIds::default();
    let run = RunId::new(&ids);
    let mut trace = TraceTree::default();
    let calls: Vec<_> = (0..5).map(|n| call(n, n * 3)).collect();
    for call in &calls {
        trace.push(call).unwrap();
    }
    let entries: Vec<Entry> = (0..7)
        .map(|n| {
            let draft = if n == 3 {
                Draft::new(Kind::RunSealed)
                    .fact(RUN, run)
                    .fact(TRACE_ROOT, trace.root())
                    .fact(CALLS, 5)
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
    let plain = Receipt {
        entry: entries[3].canonical().to_vec(),
        call: None,
        index: 3,
        proof: log::inclusion(7, 3, &hashes).unwrap(),
        checkpoint: String::from_utf8(checkpoint.sign(&key()).unwrap()).unwrap(),
    };
    let of_call = Receipt {
        call: Some(CallProof {
            facts: call_facts(&calls[2]).unwrap(),
            calls: 5,
            proof: trace.proof(2).unwrap(),
        }),
        ..plain.clone()
    };
    (plain, of_call)
}

#[test]
fn a_receipt_proves_its_entry_and_its_call() {
    let (plain, of_call) = receipts();
    for receipt in [&plain, &of_call] {
        let text = receipt.to_text();
        assert!(text.starts_with("c2sp.org/tlog-proof@v1\nextra "));
        let read = Receipt::parse(&text).unwrap();
        assert_eq!(&read, receipt);
        let proven = read.verify(key().verifier()).unwrap();
        assert_eq!((proven.index, proven.checkpoint.size), (3, 7));
        assert_eq!(proven.entry.kind(), Kind::RunSealed);
        assert_eq!(proven.call.is_some(), receipt.call.is_some());
    }
    let (index, facts) = of_call.verify(key().verifier()).unwrap().call.unwrap();
    assert_eq!((index, &facts["rows"]), (2, &serde_json::json!(6)));
    let another = SigningKey::from_seed("yunei.example/log", &[6; 32]).unwrap();
    assert!(plain.verify(another.verifier()).is_err());
}

#[test]
fn every_changed_byte_is_found() {
    for receipt in [receipts().0, receipts().1] {
        let text = receipt.to_text().into_bytes();
        for place in 0..text.len() {
            for flip in [0x01, 0x20, 0x80] {
                let mut changed = text.clone();
                changed[place] ^= flip;
                let holds = std::str::from_utf8(&changed)
                    .ok()
                    .and_then(|text| Receipt::parse(text).ok())
                    .is_some_and(|receipt| receipt.verify(key().verifier()).is_ok());
                assert!(!holds, "byte {place} ^ {flip:#x}");
            }
        }
    }
}

#[test]
fn a_call_of_another_place_or_trace_is_refused() {
    let (plain, of_call) = receipts();
    let mut other = of_call.clone();
    other.call.as_mut().unwrap().calls = 6;
    assert!(other.verify(key().verifier()).is_err());
    let mut other = of_call.clone();
    other.call.as_mut().unwrap().facts = call_facts(&call(3, 9)).unwrap();
    assert!(other.verify(key().verifier()).is_err());
    // An entry that commits to no trace proves no call.
    let ids = CountingIds::default();
    let other = sealed(Draft::new(Kind::Queried), &ids, 1);
    assert!(of_call.call.unwrap().verify(&other).is_err());
    assert!(plain.verify(key().verifier()).is_ok());
}
