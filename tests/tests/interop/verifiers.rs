//! The two verifiers: one that others wrote, and ours.

use std::path::Path;
use std::process::Command;

use serde_json::Value;
use yunei_tests::{Client, REGULATOR, Server};

use crate::common::{World, environment, program, repository};

/// Runs the implementation of others. Gives whether it is content, and what it says.
pub fn others(arguments: &[&str]) -> (bool, Value) {
    others_on("log.py", arguments)
}

/// Runs a script that uses nothing of ours.
pub fn others_on(script: &str, arguments: &[&str]) -> (bool, Value) {
    let python = environment("aics-tlog").join("bin").join("python");
    let output = Command::new(&python)
        .arg(repository().join("tests/interop").join(script))
        .args(arguments)
        .output()
        .unwrap_or_else(|error| panic!("`cargo xtask setup` makes {}: {error}", python.display()));
    told(&output)
}

/// Runs `yunei ledger …`. Gives whether it is content, and what it says.
pub fn ours(world: Option<&World>, arguments: &[&str]) -> (bool, Value) {
    let regulator = world.map(|world| world.story.person(REGULATOR).expect("a regulator"));
    let server = world.map(|world| &world.server);
    program_as(server, regulator, &[&["ledger"], arguments].concat())
}

/// Runs `yunei …`, as someone of the domain that a server serves. Gives whether it is content, and what it says.
pub fn program_as(
    server: Option<&Server>,
    who: Option<&Client>,
    arguments: &[&str],
) -> (bool, Value) {
    let mut command = Command::new(program());
    command.arg("--json").args(arguments);
    command.env_remove("YUNEI_TOKEN");
    if let (Some(server), Some(who)) = (server, who) {
        command.env("YUNEI_URL", server.url());
        command.env("YUNEI_TOKEN", who.token().expect("a token"));
    }
    told(&command.output().expect("the program"))
}

fn told(output: &std::process::Output) -> (bool, Value) {
    let line = String::from_utf8_lossy(&output.stdout);
    let said = serde_json::from_str(line.trim()).unwrap_or_else(|_| {
        let errors = String::from_utf8_lossy(&output.stderr);
        Value::String(format!("{line}{errors}"))
    });
    (output.status.success(), said)
}

/// What a verifier that is content says.
pub fn holds((content, said): (bool, Value)) -> Value {
    assert!(content, "{said}");
    assert_eq!(said["holds"], true, "{said}");
    said
}

/// What a verifier that is not content says.
pub fn breaks((content, said): (bool, Value)) -> Value {
    assert!(!content, "{said}");
    assert_eq!(said["holds"], false, "{said}");
    said
}

/// A path as an argument.
pub fn name(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
