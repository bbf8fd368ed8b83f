//! The published log: who sees how much of it, what its answers look like, and that its receipts hold.

use std::time::Duration;

use axum::body::Body;
use axum::http::Method;
use serde_json::Value;
use yunei_ledger::{Checkpoint, Proof, Receipt, Tile, TileKind, VerifierKey, tile};
use yunei_model::Digest;

use crate::support::{Reply, Town, asked};

const NOWHERE: &str = "01890a5d-ac96-774b-bcce-b302099a8057";

async fn key(town: &Town) -> VerifierKey {
    let key = town
        .get("/api/v1/log/key", "")
        .await
        .expect(200)
        .text("key");
    VerifierKey::parse(&key).unwrap()
}

/// The published checkpoint, once there is one of at least that size.
async fn checkpoint(town: &Town, token: &str, size: u64) -> Checkpoint {
    let key = key(town).await;
    for _ in 0..12_000 {
        let reply = town.get("/log/checkpoint", token).await;
        if reply.status.is_success() {
            assert_eq!(reply.headers["content-type"], "text/plain; charset=utf-8");
            assert_eq!(reply.headers["cache-control"], "no-store");
            let checkpoint = Checkpoint::open(&reply.body, &key).unwrap();
            if checkpoint.size >= size {
                return checkpoint;
            }
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("no checkpoint of {size} entries is published");
}

/// Calls every route of the log, as someone who may read the record and as someone of an operating unit.
pub async fn walk(town: &Town, auditor: &str, alice: &str) {
    let head = checkpoint(town, auditor, 10).await;
    for tile in Tile::of_tree(head.size) {
        let path = format!("/log/{tile}");
        let reply = town.get(&path, auditor).await.expect(200);
        assert_eq!(reply.headers["content-type"], "application/octet-stream");
        let on_disk = std::fs::read(town.path().join("log").join(tile.to_string()));
        match tile.kind() {
            TileKind::Hashes(_) => {
                // Unless the log grew meanwhile, and a wider one took the place of the file.
                if let Ok(on_disk) = on_disk {
                    assert_eq!(reply.body, on_disk);
                }
                hidden(town.get(&path, "").await);
                hidden(town.get(&path, alice).await);
            }
            TileKind::Entries => {
                // Reading it made the log grow, and a wider bundle took the place of this one.
                let (entries, whole) = tile::read_bundle(&reply.body, tile.width());
                assert!(whole && entries.len() == usize::from(tile.width()));
                town.get(&path, "").await.expect(401);
                hidden(town.get(&path, alice).await);
                assert_eq!(town.last_entry().await["kind"], "decision-denied");
            }
        }
    }
    for path in [
        "/log/checkpoint",
        "/log/tile/0/999",
        "/log/tile/0/0",
        "/log/tile/9/000",
        "/log/tile/entries",
        "/log/tile/../keys",
    ] {
        hidden(town.get(path, "").await);
    }
    town.get("/log/checkpoint", "no token").await.expect(401);
    hidden(town.get("/log/checkpoint", alice).await);
    consistency(town, auditor, &head).await;
    receipt(town, auditor, alice).await;
    let call = format!("/api/v1/runs/{NOWHERE}/calls/0/receipt");
    town.get(&call, auditor).await.expect(404);
}

fn hidden(reply: Reply) {
    reply.expect(404);
}

async fn consistency(town: &Town, auditor: &str, head: &Checkpoint) {
    let later = checkpoint(town, auditor, head.size + 1).await;
    let of = |from, to| format!("/api/v1/log/consistency?from={from}&to={to}");
    let reply = town
        .get(&of(head.size, later.size), auditor)
        .await
        .expect(200);
    let proof: Vec<Digest> = serde_json::from_value(reply.json()["proof"].clone()).unwrap();
    Proof(proof)
        .verify_consistency(head.size, head.root, later.size, later.root)
        .unwrap();
    town.get(&of(0, 1), auditor).await.expect(400);
    town.get(&of(3, 2), auditor).await.expect(400);
    town.get(&of(1, 1 << 30), auditor).await.expect(404);
    town.get(&of(1, 2), "").await.expect(404);
}

async fn receipt(town: &Town, auditor: &str, alice: &str) {
    let newest: Value = town.last_entry().await;
    let path = format!("/api/v1/record/{}/receipt", newest["id"].as_str().unwrap());
    let reply = town.get(&path, auditor).await.expect(200);
    assert_eq!(reply.headers["content-type"], "text/plain; charset=utf-8");
    let text = String::from_utf8(reply.body).unwrap();
    let proven = Receipt::parse(&text)
        .unwrap()
        .verify(&key(town).await)
        .unwrap();
    assert_eq!(
        proven.entry.id().to_string(),
        newest["id"].as_str().unwrap()
    );
    let denied = town.get(&path, alice).await;
    assert!(!denied.status.is_success());
    let unknown = format!("/api/v1/record/{NOWHERE}/receipt");
    town.get(&unknown, auditor).await.expect(404);
}

#[tokio::test]
async fn a_full_tile_is_kept_for_ever_and_a_partial_one_is_not() {
    let town = Town::found().await;
    town.organisation("audit", "bureau").await;
    let auditor = town
        .appoint("auditor", "audit", "audit-administrator")
        .await;
    let (stop, stopping) = tokio::sync::watch::channel(false);
    let domain = town.domain.clone();
    let sequencer = tokio::spawn(async move { domain.run_sequencer(stopping).await });
    for _ in 0..256 {
        // Every look at the record is on it.
        let query = asked(Method::GET, "/api/v1/record?limit=1", &auditor);
        town.send(query.body(Body::empty()).unwrap())
            .await
            .expect(200);
    }
    checkpoint(&town, &auditor, 257).await;
    let kept = async |path: &str| {
        let reply = town.get(path, &auditor).await.expect(200);
        reply.headers["cache-control"].to_str().unwrap().to_owned()
    };
    assert_eq!(
        kept("/log/tile/0/000").await,
        "private, max-age=31536000, immutable"
    );
    assert_eq!(
        kept("/log/tile/entries/000").await,
        "private, max-age=31536000, immutable"
    );
    assert_eq!(kept("/log/tile/1/000.p/1").await, "private, max-age=60");
    // Narrower tiles of before are not kept as files, and served all the same.
    assert!(!town.path().join("log/tile/0/000.p").exists());
    assert!(!town.path().join("log/tile/entries/000.p").exists());
    assert_eq!(kept("/log/tile/0/000.p/9").await, "private, max-age=60");
    stop.send_replace(true);
    sequencer.await.unwrap();
}
