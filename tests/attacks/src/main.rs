//! Attacks on the release gate, carried out against the real program, with their score.
//!
//! Duty: for each profile start a domain, have two hostile operating units carry out every attack of the design, work out what they learnt, and print who won.
//!
//! Invariants: what the attacker knows comes from what an operating unit is given: refusals, statuses, released tables, and the public profile.
//! Whether an attack succeeded is computed from that, never told by the gate.
//!
//! Never: ship with Yunei; look into the domain's store.

mod attacker;
mod manifest;
mod panel;
mod plays;
mod profile;
mod score;
mod stand;
mod table;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use yunei_tests::{StoryError, Told};

use crate::profile::Profile;
use crate::score::Line;
use crate::stand::Stand;

/// Carries out every attack, and writes the score.
#[derive(Debug, Parser)]
struct Arguments {
    /// The program `yunei`.
    #[arg(long)]
    program: PathBuf,
    /// Where built guests lie.
    #[arg(long)]
    guests: PathBuf,
    /// The repository.
    #[arg(long)]
    repository: PathBuf,
    /// Only these profiles.
    #[arg(long)]
    profile: Vec<String>,
    /// Where the score is written as Markdown.
    #[arg(long)]
    out: Option<PathBuf>,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Told<()> {
    let mut profiles = Profile::all(&arguments.repository)?;
    if !arguments.profile.is_empty() {
        profiles.retain(|profile| arguments.profile.contains(&profile.name));
    }
    let mut lines: Vec<Line> = Vec::new();
    for profile in &profiles {
        let mut stand = Stand::start(
            &arguments.program,
            &arguments.guests,
            &arguments.repository,
            profile,
        )?;
        let played = plays::all(&mut stand)
            .map_err(|error| StoryError::new(format!("profile `{}`", profile.name), error))?;
        for line in &played {
            println!(
                "{:20} {:10} {:52} {:?}: {}",
                line.profile, line.route, line.attack, line.outcome, line.note
            );
        }
        lines.extend(played);
    }
    let names: Vec<String> = profiles
        .iter()
        .map(|profile| profile.name.clone())
        .collect();
    println!("\n{}", score::totals(&lines, &names));
    if let Some(out) = &arguments.out {
        let text = score::document(&lines, &names);
        std::fs::write(out, text).map_err(|error| StoryError::new(out.display(), error))?;
    }
    Ok(())
}
