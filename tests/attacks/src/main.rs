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
    /// Only these kinds of attacks.
    #[arg(long)]
    attack: Vec<String>,
    /// Where the score is written as Markdown.
    #[arg(long, conflicts_with = "attack")]
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
    let known: Vec<&str> = plays::PLAYS.iter().map(|(name, _)| *name).collect();
    let unknown = |name: &&String| !known.contains(&name.as_str());
    if let Some(unknown) = arguments.attack.iter().find(unknown) {
        return Err(StoryError(format!(
            "there is no attack `{unknown}`; there are {}",
            known.join(", ")
        )));
    }
    let mut profiles = Profile::all(&arguments.repository)?;
    if !arguments.profile.is_empty() {
        profiles.retain(|profile| arguments.profile.contains(&profile.name));
    }
    let lines = carried_out(arguments, &profiles)?;
    for line in &lines {
        println!(
            "{:20} {:10} {:52} {:?}: {}",
            line.profile,
            line.route.word(),
            line.attack,
            line.outcome,
            line.note
        );
    }
    let names: Vec<String> = profiles
        .iter()
        .map(|profile| profile.name.clone())
        .collect();
    println!("\n{}", score::totals(&lines, &names));
    if let Some(out) = &arguments.out {
        let text = score::document(&lines, &names)?;
        std::fs::write(out, text).map_err(|error| StoryError::new(out.display(), error))?;
    }
    Ok(())
}

/// Every chosen attack under every profile, in order.
///
/// Domains know nothing of each other, and wait for buckets most of the time.
fn carried_out(arguments: &Arguments, profiles: &[Profile]) -> Told<Vec<Line>> {
    let played: Vec<Told<Vec<Line>>> = std::thread::scope(|scope| {
        let playing: Vec<_> = profiles
            .iter()
            .map(|profile| scope.spawn(|| attacked(arguments, profile)))
            .collect();
        let ended = playing.into_iter().map(|thread| {
            thread
                .join()
                .unwrap_or_else(|_| Err(StoryError("an attack ended in a panic".to_owned())))
        });
        ended.collect()
    });
    let mut lines = Vec::new();
    for played in played {
        lines.extend(played?);
    }
    Ok(lines)
}

/// Every chosen attack under one profile.
fn attacked(arguments: &Arguments, profile: &Profile) -> Told<Vec<Line>> {
    let chosen = |name: &str| {
        arguments.attack.is_empty() || arguments.attack.iter().any(|attack| attack == name)
    };
    let mut stand = Stand::start(
        &arguments.program,
        &arguments.guests,
        &arguments.repository,
        profile,
    )?;
    let mut lines = Vec::new();
    for (name, play) in plays::PLAYS.iter().filter(|(name, _)| chosen(name)) {
        let played = play(&mut stand).map_err(|error| {
            StoryError::new(format!("profile `{}`, `{name}`", profile.name), error)
        })?;
        lines.extend(played);
    }
    Ok(lines)
}
