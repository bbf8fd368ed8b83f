//! What the program can be told to do.

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::caller::Caller;
use crate::exit::{self, Exit};
use crate::failure;
use crate::{
    alert, catalog, certificate, doctor, emergency, gate, grant, ledger, module, privacy, product,
    release, replay, retrieval, run, scenario, serve, system, user, witness,
};

/// The authorized operation domain for public data: modules come to the data, and only vetted results leave.
#[derive(Debug, Parser)]
#[command(name = "yunei", version, after_help = exit::HELP, max_term_width = 120)]
#[command(
    subcommand_required = true,
    arg_required_else_help = true,
    disable_help_subcommand = true
)]
pub struct Arguments {
    #[command(flatten)]
    caller: Caller,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs the domain over a data directory
    Serve(serve::Serve),
    /// Runs a witness: cosigns checkpoints of logs that it knows
    Witness(witness::Witness),
    /// Signs in; people, organisations, roles, tokens
    #[command(subcommand)]
    User(user::User),
    /// The public data catalogue: resources and snapshots
    #[command(subcommand)]
    Catalog(catalog::Catalog),
    /// Application scenarios: no grant without one
    #[command(subcommand)]
    Scenario(scenario::Scenarios),
    /// Grants: who may use what, for which purpose, until when
    #[command(subcommand)]
    Grant(grant::Grants),
    /// Modules: from an empty directory to an admitted component
    #[command(subcommand)]
    Module(module::Modules),
    /// Products: a module's outputs again and again, over closed periods
    #[command(subcommand)]
    Product(product::Products),
    /// Runs of modules under grants
    #[command(subcommand)]
    Run(run::Runs),
    /// Runs a run once more, inside, and holds it against the record
    Replay(replay::Replay),
    /// Released tables, and outputs that wait for reviewers
    #[command(subcommand)]
    Release(release::Releases),
    /// The release gate's rules, on files
    #[command(subcommand)]
    Gate(gate::Gate),
    /// Privacy budgets of populations, and what is spent of them
    #[command(subcommand)]
    Privacy(privacy::Privacy),
    /// Certificates of released tables: what they rest on, and whether that holds
    #[command(subcommand)]
    Certificate(certificate::Certificates),
    /// The record: read it, and verify it
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    /// Alerts that the rules over the record raised
    #[command(subcommand)]
    Alert(alert::Alerts),
    /// Evidence for an authority 调取: asked for, signed by a second person, fetched
    #[command(subcommand)]
    Retrieval(retrieval::Retrievals),
    /// The emergency stop
    #[command(subcommand)]
    Emergency(emergency::Emergency),
    /// Shows what runs on the server, and how it is
    System,
    /// Says what this machine lacks for a domain, and what to do about it
    Doctor(doctor::Doctor),
}

/// Does what the arguments say.
pub fn run() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(told) => return usage(&told),
    };
    let json = arguments.caller.json;
    let outcome = arguments.command.run(&arguments.caller);
    outcome
        .unwrap_or_else(|error| failure::tell(&error, json))
        .into()
}

/// What clap has to say: help and version are no failure.
fn usage(told: &clap::Error) -> ExitCode {
    // There is nobody left to tell if that fails.
    let _ = told.print();
    if told.use_stderr() {
        Exit::Input
    } else {
        Exit::Done
    }
    .into()
}

impl Command {
    fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        match self {
            Self::Serve(serve) => serve.run(caller),
            Self::Witness(witness) => witness.run(caller),
            Self::User(user) => user.run(caller),
            Self::Catalog(catalog) => catalog.run(caller),
            Self::Scenario(scenarios) => scenarios.run(caller),
            Self::Grant(grants) => grants.run(caller),
            Self::Module(modules) => modules.run(caller),
            Self::Product(products) => products.run(caller),
            Self::Run(runs) => runs.run(caller),
            Self::Replay(replay) => replay.run(caller),
            Self::Release(releases) => releases.run(caller),
            Self::Gate(gate) => gate.run(caller),
            Self::Privacy(privacy) => privacy.run(caller),
            Self::Certificate(certificates) => certificates.run(caller),
            Self::Ledger(ledger) => ledger.run(caller),
            Self::Alert(alerts) => alerts.run(caller),
            Self::Retrieval(retrievals) => retrievals.run(caller),
            Self::Emergency(emergency) => emergency.run(caller),
            Self::System => system::run(caller),
            Self::Doctor(doctor) => doctor.run(caller),
        }
    }
}

#[cfg(test)]
mod tests;
