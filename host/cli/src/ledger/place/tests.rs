//! Addresses of logs, and what is found in directories.

use yunei_ledger::{Finding, SigningKey};

use super::*;

#[test]
fn a_url_without_a_path_is_a_server_of_ours() {
    for (url, base, prefix) in [
        ("http://127.0.0.1:8700", "http://127.0.0.1:8700", "/log"),
        ("https://yunei.example/", "https://yunei.example", "/log"),
        (
            "https://logs.example/2026/a/",
            "https://logs.example",
            "/2026/a",
        ),
    ] {
        assert_eq!(server(url), (base, prefix.to_owned()));
    }
}

#[test]
fn what_does_not_belong_into_a_copy_is_told_by_its_path() {
    let key = SigningKey::from_seed("yunei.example/log", &[5; 32]).unwrap();
    let directory = tempfile::tempdir().unwrap();
    for path in [
        "tile/0/0",
        "notes.txt",
        "traces/x.jsonl",
        "traces/01890a5d-ac96-774b-bcce-b302099a8057.jsonl",
    ] {
        let path = directory.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, "no line").unwrap();
    }
    std::os::unix::fs::symlink("/etc", directory.path().join("tile/entries")).unwrap();
    let mut published = Published::new(key.verifier(), Scope::COPY);
    Copied(directory.path())
        .hand_in(&mut published, Scope::COPY)
        .unwrap();
    let report = published.finish();
    let strays: Vec<&str> = report
        .findings
        .iter()
        .filter_map(|finding| match finding {
            Finding::Stray { path, .. } => Some(path.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(
        strays,
        [
            "notes.txt",
            "tile/0/0",
            "tile/entries",
            "traces/01890a5d-ac96-774b-bcce-b302099a8057.jsonl",
            "traces/x.jsonl",
        ]
    );
    assert!(report.findings.contains(&Finding::NoCheckpoint));
}
