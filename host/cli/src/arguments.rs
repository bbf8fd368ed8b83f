//! What the program can be told to do.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::caller::Caller;
use crate::exit::{self, Exit};
use crate::failure;
use crate::module;

/// The authorized operation domain for public data: modules come to the data, and only vetted results leave.
#[derive(Debug, Parser)]
#[command(name = "yunei", version, about, after_help = exit::HELP, max_term_width = 120)]
#[command(subcommand_required = true, arg_required_else_help = true, disable_help_subcommand = true)]
pub struct Arguments {
    #[command(flatten)]
    caller: Caller,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Modules: from an empty directory to an admitted component
    #[command(subcommand)]
    Module(module::Modules),
}

/// Does what the arguments say.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => return usage(&told),
    };
    let json = arguments.caller.json;
    let outcome = arguments.command.run(&arguments.caller);
    outcome.unwrap_or_else(|error| failure::tell(&error, json)).into()
}

/// What clap has to say: help and version are no failure.
fn usage(told: &clap::Error) -> ExitCode {
    // There is nobody left to tell if that fails.
    let _ = told.print();
    if told.use_stderr() { Exit::Input } else { Exit::Done }.into()
}

impl Command {
    fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        match self {
            Self::Module(modules) => modules.run(caller),
        }
    }
}

#[cfg(test)]
mod tests;
