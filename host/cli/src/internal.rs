//! What the program is when the program itself calls it: a room, or the compiling child.
//!
//! INVARIANT: decided from the arguments alone, before anything is read, opened or started: the rooms lock themselves in as
//! the only thread of a process that has done nothing yet.

use std::process::ExitCode;

/// Becomes what the arguments say, if they say so.
pub fn dispatch() -> Option<ExitCode> {
    let mut arguments = std::env::args_os().skip(1);
    let first = arguments.next()?;
    if first == yunei_sandbox::compiler::SUBCOMMAND {
        return Some(yunei_sandbox::compiler::main());
    }
    None
}
