//! Exports, calls over all runs, and retrieval of evidence.

use axum::body::Body;
use axum::http::Method;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use yunei_ledger::{Checkpoint, Entry, Proof, VerifierKey};
use yunei_model::Digest;

use crate::support::{Reply, Town, asked};

/// The part of the walk that is about these routes. There is a signed checkpoint.
pub async fn walk(town: &Town, auditor: &str) {
    export(town, auditor).await;
    town.get("/api/v1/calls?decision=denied&limit=5", auditor)
        .await
        .expect(200);
    retrieval(town, auditor).await;
}

fn lines(reply: &Reply) -> Vec<Value> {
    let text = String::from_utf8(reply.body.clone()).unwrap();
    let lines = text.lines();
    lines.map(|l| serde_json::from_str(l).unwrap()).collect()
}

async fn export(town: &Town, auditor: &str) {
    let path = "/api/v1/record/export?receipts=true";
    let reply = town.get(path, auditor).await.expect(200);
    assert_eq!(reply.headers["content-type"], "application/jsonl");
    let lines = lines(&reply);
    let head = &lines[0]["export"];
    let key = VerifierKey::parse(head["log_key"].as_str().unwrap()).unwrap();
    let note = head["checkpoint"]["note"].as_str().unwrap();
    let checkpoint = Checkpoint::open(note.as_bytes(), &key).unwrap();
    let (entries, end) = (&lines[1..lines.len() - 1], &lines[lines.len() - 1]);
    let count = entries.len() as u64;
    assert_eq!(
        end["export"],
        json!({ "complete": true, "entries": count, "calls": 0 })
    );
    assert_eq!(head["up_to"], count, "who may see all is given all");
    let mut proven = 0;
    for line in entries {
        // What a reader of the file has: the entry as JSON, made canonical again.
        let canonical = serde_json_canonicalizer(&line["entry"]);
        let entry = Entry::parse(&canonical).unwrap();
        let leaf: Digest = line["leaf_hash"].as_str().unwrap().parse().unwrap();
        assert_eq!(entry.leaf_hash(), leaf);
        let Some(hashes) = line["proof"].as_array() else {
            assert!(line["index"].as_u64().is_none_or(|i| i >= checkpoint.size));
            continue;
        };
        let hash = |text: &Value| {
            let bytes = STANDARD.decode(text.as_str().unwrap()).unwrap();
            Digest::from_bytes(bytes.try_into().unwrap())
        };
        let proof = Proof(hashes.iter().map(hash).collect());
        let index = line["index"].as_u64().unwrap();
        proof
            .verify_inclusion(leaf, index, checkpoint.size, checkpoint.root)
            .unwrap();
        proven += 1;
    }
    assert_eq!(proven, checkpoint.size);
    let path = "/api/v1/record/export?format=csv&kind=signed-in";
    let reply = town.get(path, auditor).await.expect(200);
    let text = String::from_utf8(reply.body).unwrap();
    let rows: Vec<&str> = text.lines().filter(|l| !l.starts_with('#')).collect();
    assert!(rows[0].starts_with("position,index,leaf_hash,id,kind,at,"));
    assert!(rows.len() > 2 && rows[1..].iter().all(|row| row.contains(",signed-in,")));
    assert!(text.lines().last().unwrap().contains("\"complete\":true"));
    let path = "/api/v1/record/export?format=xlsx";
    town.get(path, auditor).await.expect(400);
}

/// Members in the order of their names: all that canonical JSON asks of what an entry holds.
fn serde_json_canonicalizer(value: &Value) -> Vec<u8> {
    // The map of `serde_json` is sorted, and entries hold no number that is no integer.
    value.to_string().into_bytes()
}

async fn retrieval(town: &Town, auditor: &str) {
    town.organisation("police", "public-security").await;
    town.organisation("cyber", "cyberspace").await;
    let paul = town.appoint("paul", "police", "regulator").await;
    let petra = town.appoint("petra", "police", "regulator").await;
    let carl = town.appoint("carl", "cyber", "regulator").await;
    let path = "/api/v1/retrievals";
    let new = |approval: &str, scope: Value| json!({ "approval": approval, "reason": "a case", "scope": scope });
    let span = json!({ "since": 1, "until": 4_000_000_000_000_000_i64 });
    let number = "锡公调〔2026〕7号";
    for (wrong, status) in [
        (new(number, json!({ "since": 1 })), 400),
        (new(&"x".repeat(101), span.clone()), 400),
        (new(number, json!({ "run": crate::walk::NOWHERE })), 404),
        (
            json!({ "approval": number, "reason": " ", "scope": span }),
            400,
        ),
    ] {
        let reply = town.post(path, &paul, &wrong).await;
        assert_eq!(reply.status.as_u16(), status, "{wrong}");
    }
    let reply = town.post(path, &paul, &new(" ", span.clone())).await;
    assert_eq!(reply.expect(403).text("clause"), "evidence.approval");
    town.post(path, auditor, &new(number, span.clone()))
        .await
        .expect(403);
    let made = town.post(path, &paul, &new(number, span)).await.expect(201);
    let one = format!("{path}/{}", made.text("id"));
    let (package, sign) = (format!("{one}/package"), format!("{one}/signature"));
    let early = town.get(&package, &paul).await.expect(403);
    assert_eq!(early.text("clause"), "evidence.second-signature");
    let reason = json!({ "reason": "checked" });
    let own = town.post(&sign, &paul, &reason).await.expect(403);
    assert_eq!(own.text("clause"), "evidence.not-own");
    town.post(&sign, &carl, &reason).await.expect(403);
    let signed = town.post(&sign, &petra, &reason).await.expect(200);
    assert_eq!(signed.text("state"), "signed");
    town.post(&sign, &petra, &reason).await.expect(409);
    let refusal = format!("{one}/refusal");
    town.post(&refusal, &petra, &reason).await.expect(409);
    refused(town, [&paul, &petra, &carl]).await;
    town.get(&one, &carl).await.expect(403);
    town.get(&one, auditor).await.expect(200);
    for (who, count) in [(&paul, 3), (&carl, 0)] {
        let list = town.get(path, who).await.expect(200).json();
        assert_eq!(list["items"].as_array().unwrap().len(), count);
    }
    let theirs = town.get(&package, &carl).await.expect(403);
    assert_eq!(theirs.text("clause"), "evidence.requester");
    let lines = lines(&town.get(&package, &paul).await.expect(200));
    assert_eq!(lines[0]["export"]["retrieval"]["approval"], number);
    assert_eq!(lines[0]["export"]["retrieval"], signed.json());
    let kinds: Vec<&str> = lines
        .iter()
        .filter_map(|l| l["entry"]["kind"].as_str())
        .collect();
    assert_eq!(
        kinds.last(),
        Some(&"evidence-retrieved"),
        "that it was handed over is on the record before its first byte"
    );
    assert!(kinds.contains(&"evidence-requested") && kinds.contains(&"evidence-signed"));
    assert_eq!(lines.last().unwrap()["export"]["complete"], true);
}

/// One that another refuses, and one that its requester takes back: for good, with the reason.
async fn refused(town: &Town, [paul, petra, carl]: [&str; 3]) {
    let path = "/api/v1/retrievals";
    let span = json!({ "since": 1, "until": 4_000_000_000_000_000_i64 });
    let new = json!({ "approval": "锡公调〔2026〕8号", "reason": "a case", "scope": span });
    for who in [petra, paul] {
        let made = town.post(path, paul, &new).await.expect(201);
        let one = format!("{path}/{}", made.text("id"));
        let refusal = format!("{one}/refusal");
        let reason = json!({ "reason": "the approval is of another case" });
        town.post(&refusal, carl, &reason).await.expect(403);
        let silent = json!({ "reason": " " });
        town.post(&refusal, petra, &silent).await.expect(400);
        let told = town.post(&refusal, who, &reason).await.expect(200);
        assert_eq!(told.text("state"), "refused");
        assert_eq!(told.json()["refused"]["reason"], reason["reason"]);
        assert_eq!(town.get(&one, paul).await.expect(200).json(), told.json());
        let late = town.post(&format!("{one}/signature"), petra, &reason).await;
        assert_eq!(late.expect(409).code(), "wrong-state");
        town.post(&refusal, who, &reason).await.expect(409);
        let package = town.get(&format!("{one}/package"), paul).await.expect(403);
        assert_eq!(package.text("clause"), "evidence.second-signature");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_export_that_is_not_read_holds_its_place() {
    let town = Town::found().await;
    let auditor = town.appoint("auditor", "host", "audit-administrator").await;
    let open = || {
        let request = asked(Method::GET, "/api/v1/record/export", &auditor);
        town.open(request.body(Body::empty()).unwrap())
    };
    let (first, second) = (open().await, open().await);
    // An account has two at once.
    let third = town.get("/api/v1/record/export", &auditor).await;
    assert_eq!(third.expect(429).code(), "too-many-requests");
    drop((first, second));
    assert_eq!(open().await.status(), 200);
}
