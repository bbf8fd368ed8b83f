//! Files that are added to a snapshot, and those that are not.

use axum::body::Body;
use axum::http::Method;
use serde_json::Value;

use super::People;
use crate::support::{Town, asked};

/// Adds increments to `first`, which holds one file.
pub(super) async fn walk(town: &Town, people: &People, first: &Value) {
    let add = |onto: &str, day: u32, data: &'static str| {
        let query = format!("format=csv&data_as_of=2026-03-{day:02}T00:00:00%2B08:00&onto={onto}");
        let path = format!("/api/v1/resources/rides/snapshots?{query}");
        asked(Method::POST, &path, &people.sam)
            .body(Body::from(data))
            .unwrap()
    };
    let (monday, tuesday) = ("card,fare\nb,2.5\na,3\nb,1\n", "card,fare\na,4\nc,1\n");
    let refused = town.send(add("newest", 2, monday)).await.expect(409);
    assert_eq!(refused.code(), "import-twice");
    let refused = town.send(add("newest", 1, tuesday)).await.expect(422);
    assert_eq!(refused.code(), "onto-order");
    let nowhere = "01890000-0000-7000-8000-000000000000";
    let refused = town.send(add(nowhere, 3, tuesday)).await.expect(422);
    assert_eq!(refused.code(), "onto-unknown");

    let second = town
        .send(add("newest", 3, tuesday))
        .await
        .expect(201)
        .json();
    assert_eq!(second["parts"][0]["rows"], 5);
    assert_eq!(second["onto"], first["id"]);
    assert_eq!(second["supersedes"], first["id"]);
    // The same file once more: within the newest snapshot, and beside it upon the one before.
    let id = first["id"].as_str().unwrap();
    for onto in ["newest", id] {
        let refused = town.send(add(onto, 4, tuesday)).await.expect(409);
        assert_eq!(refused.code(), "import-twice", "{onto}");
    }
    let refused = town.send(add("newest", 4, monday)).await.expect(409);
    assert_eq!(refused.code(), "import-twice");
    // Another file upon the first: a branch, which replaces the second.
    let mended = town
        .send(add(id, 4, "card,fare\nd,9\n"))
        .await
        .expect(201)
        .json();
    assert_eq!(mended["parts"][0]["rows"], 4);
    assert_eq!(mended["onto"], first["id"]);
    assert_eq!(mended["supersedes"], second["id"]);
}
