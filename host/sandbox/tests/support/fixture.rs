//! The program that tests start: `compile` is the compiling child, `cell` runs one guest locked down like a cell.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::AsFd as _;
use std::process::ExitCode;

use rustix::process::Resource;
use yunei_model::{Code, Limits};
use yunei_sandbox::jail::{Argument, Jail, guest_calls};
use yunei_sandbox::{
    AnalysisHost, Authentic, Batch, Component, Engine, FieldInfo, GuestEnd, Interfaces, Level,
    OutputId, ParameterValue, ReaderId, Stop, Unserved, compiler, run_analysis,
};

fn main() -> ExitCode {
    match std::env::args().nth(1).as_deref() {
        Some(compiler::SUBCOMMAND) => compiler::main(),
        Some("cell") => cell().map_or_else(
            |error| {
                let _ = writeln!(std::io::stderr(), "{error}");
                ExitCode::from(2)
            },
            |()| ExitCode::SUCCESS,
        ),
        _ => ExitCode::from(64),
    }
}

/// Loads what standard input holds, locks itself in with nothing but [`guest_calls`] and writing, and runs it.
fn cell() -> Result<(), Box<dyn std::error::Error>> {
    let descriptor = std::io::stdin().as_fd().try_clone_to_owned()?;
    let code = Authentic::from_supervisor(File::from(descriptor))?;
    let engine = Engine::new()?;
    let component = Component::load(&engine, &code)?;
    drop(code);
    let mut calls = guest_calls();
    calls.push((libc::SYS_write, vec![vec![Argument::is(0, 1)]]));
    let jail = Jail {
        resources: vec![(Resource::Core, 0), (Resource::Nofile, 0)],
        calls,
        unknown: Vec::new(),
    };
    jail.enter()?;
    say(b"locked\n");
    let end = run_analysis(
        &engine,
        &component,
        Interfaces::ALL,
        Box::new(Nothing),
        &Limits::default(),
    );
    let mut line = serde_json::to_vec(&end.err().map(|end: GuestEnd| end.to_string()))?;
    line.push(b'\n');
    say(&line);
    Ok(())
}

fn say(line: &[u8]) {
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(line).and_then(|()| output.flush());
}

/// A host that grants nothing but an endless supply of notes.
struct Nothing;

impl AnalysisHost for Nothing {
    fn open(&mut self, _: &str) -> Result<Vec<FieldInfo>, Unserved> {
        Err(Code::GrantResource.into())
    }

    fn scan(&mut self, _: &str, _: &[u32]) -> Result<ReaderId, Unserved> {
        Err(Code::GrantField.into())
    }

    fn next(&mut self, _: ReaderId) -> Result<Option<Batch>, Unserved> {
        Ok(None)
    }

    fn sql(&mut self, _: &str) -> Result<ReaderId, Unserved> {
        Err(Code::GrantJoin.into())
    }

    fn close(&mut self, _: ReaderId) {}

    fn create_output(&mut self, _: &str, _: &[FieldInfo]) -> Result<OutputId, Unserved> {
        Err(Code::Forbidden.into())
    }

    fn append(&mut self, _: OutputId, _: Batch) -> Result<(), Unserved> {
        Err(Code::Forbidden.into())
    }

    fn note(&mut self, _: Level, _: &str) -> Result<(), Stop> {
        Ok(())
    }

    fn parameter(&mut self, _: &str) -> Result<Option<ParameterValue>, Stop> {
        Ok(None)
    }
}
