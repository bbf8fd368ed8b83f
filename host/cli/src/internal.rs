//! What the program is when the program itself calls it: a room, the compiling child, or the doctor's probe.
//!
//! INVARIANT: decided from the arguments alone, before anything is read, opened or started: the rooms lock themselves in as
//! the only thread of a process that has done nothing yet.

use std::io::Write as _;
use std::path::PathBuf;
use std::process::ExitCode;

use yunei_rooms::PROBE;

/// The argument that makes the program a room; the room's name follows.
const ROOM: &str = "room";
/// The program as it runs now, whatever has been put in its file's place since.
const RUNNING: &str = "/proc/self/exe";

/// Becomes what the arguments say, if they say so.
pub fn dispatch() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next()?;
    if first == ROOM {
        let outcome = match arguments.next()?.to_str()? {
            "feed" => yunei_rooms::feed::main(),
            "cell" => yunei_rooms::cell::main(),
            "gate" => yunei_rooms::gate::main(),
            _ => return None,
        };
        // The room has told the supervisor already why it failed.
        return Some(outcome.map_or(ExitCode::FAILURE, |()| ExitCode::SUCCESS));
    }
    if first == yunei_sandbox::compiler::SUBCOMMAND {
        return Some(yunei_sandbox::compiler::main());
    }
    (first == PROBE).then(probe)
}

/// The program to start rooms and compiling children from: the very one that runs, so that a server whose file was replaced
/// never talks to rooms of another version.
pub fn program() -> std::io::Result<PathBuf> {
    let running = PathBuf::from(RUNNING);
    if running.exists() {
        Ok(running)
    } else {
        std::env::current_exe()
    }
}

/// Locks itself in as a room does, and says which layers are in force, in JSON.
fn probe() -> ExitCode {
    let probed = yunei_rooms::probe_here();
    // There is nobody left to tell if that fails.
    let _ = writeln!(std::io::stdout(), "{}", serde_json::json!(probed));
    if probed.failed.is_some() {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}
