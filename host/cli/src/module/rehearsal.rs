//! A rehearsal: the module runs over synthetic data in a domain of its own, which is made for it and goes away with it.
//!
//! It is the same program, the same rooms, the same policies and the same gate; only the data are made up, from the catalogue entries
//! alone. So the author sees what no author of a real run ever sees: each cell that failed, with the rules and their figures; and how the
//! tables that the module wrote stand to those that the gate computes.

mod compared;
mod domain;
mod stage;
mod synthetic;
mod told;
mod written;

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde_json::{Value, json};
use yunei_model::{Language, Manifest, Name};

use crate::exit::Exit;
use crate::failure::{Answered, Input};
use crate::files;
use stage::{Rehearsed, Stage};

/// Rows of synthetic data by default.
const ROWS_DEFAULT: u64 = 5_000;
/// Rows of synthetic data at most.
const ROWS_MAX: u64 = 2_000_000;
/// Profiles that one check holds a module against at most.
const PROFILES_MAX: usize = 8;

/// What a rehearsal is made of.
#[derive(Debug, Args)]
pub struct Rehearsal {
    /// Catalogue entry of a resource that the module reads; with one for each of them the module is run over synthetic data
    #[arg(long = "catalogue", value_name = "FILE")]
    catalogue: Vec<PathBuf>,
    /// Disclosure profile that the outputs are held against; several are possible
    #[arg(
        long = "profile",
        value_name = "NAME",
        default_value = "yunei",
        requires = "catalogue"
    )]
    profiles: Vec<Name>,
    /// Rows of synthetic data
    #[arg(long, value_name = "N", default_value_t = ROWS_DEFAULT, requires = "catalogue",
          value_parser = clap::value_parser!(u64).range(1..=ROWS_MAX))]
    rows: u64,
    /// Data subjects among them; a quarter of the rows by default
    #[arg(long, value_name = "N", requires = "catalogue")]
    subjects: Option<u64>,
    /// What the synthetic data are drawn from: the same seed gives the same data
    #[arg(long, value_name = "N", default_value_t = 1, requires = "catalogue")]
    seed: u64,
    /// Parameters of the run, in JSON
    #[arg(long, value_name = "JSON", requires = "catalogue")]
    parameters: Option<String>,
    /// Directory of policies, as `yunei serve` takes it
    #[arg(long, value_name = "DIR", requires = "catalogue")]
    policies: Option<PathBuf>,
}

/// What became of a module under one profile.
pub struct Outcome {
    profile: Name,
    ended: Result<Rehearsed, Answered>,
}

/// What is played: the same under each profile.
struct Play {
    entries: Vec<String>,
    parameters: Value,
    source: synthetic::Source,
}

impl Rehearsal {
    /// Whether it was asked for.
    pub const fn is_wanted(&self) -> bool {
        !self.catalogue.is_empty()
    }

    /// Rehearses the component under each profile.
    pub fn run(
        &self,
        manifest: &Manifest,
        component: &[u8],
        saying: impl Fn(&str),
    ) -> anyhow::Result<Vec<Outcome>> {
        if self.profiles.len() > PROFILES_MAX {
            return Err(Input::new(format!("at most {PROFILES_MAX} profiles")).into());
        }
        let play = self.play()?;
        let mut outcomes = Vec::new();
        for profile in &self.profiles {
            saying(&format!(
                "running it over {} synthetic rows, held against `{profile}`",
                self.rows
            ));
            let place = tempfile::tempdir().context("cannot make a directory for a while")?;
            let domain = domain::Domain::start(place.path(), profile, self.policies.as_deref())?;
            let ended = match play.on(&domain, manifest, component).play() {
                Ok(rehearsed) => Ok(rehearsed),
                // What the domain refuses is part of the story; whatever else went wrong is not.
                Err(error) => Err(error.downcast::<Answered>()?),
            };
            outcomes.push(Outcome {
                profile: profile.clone(),
                ended,
            });
        }
        Ok(outcomes)
    }

    /// Holds what the module writes against the gate's own exact figures, over the same rows; `None` where the gate computes no output of
    /// it, so that there is nothing to hold it against.
    pub fn written(
        &self,
        manifest: &Manifest,
        component: &[u8],
        saying: impl Fn(&str),
    ) -> anyhow::Result<Option<written::Held>> {
        let Some(dressed) = written::Dressed::of(manifest, component)? else {
            return Ok(None);
        };
        saying("running it once more, for what it writes itself");
        let place = tempfile::tempdir().context("cannot make a directory for a while")?;
        let (profile, policies) = written::without_rules(place.path())?;
        let domain = domain::Domain::start(place.path(), &profile, Some(&policies))?;
        let play = self.play()?;
        let stage = play.on(&domain, &dressed.manifest, &dressed.component);
        dressed.held(manifest, stage.open()).map(Some)
    }

    fn play(&self) -> anyhow::Result<Play> {
        let entries: Result<Vec<String>, Input> = self
            .catalogue
            .iter()
            .map(|path| files::text(path))
            .collect();
        let parameters: Value = match &self.parameters {
            Some(text) => serde_json::from_str(text)
                .map_err(|error| Input::new("--parameters is no JSON").because(error))?,
            None => json!({}),
        };
        let source = synthetic::Source {
            rows: self.rows,
            subjects: self.subjects.unwrap_or(self.rows.div_ceil(4)).max(1),
            seed: self.seed,
        };
        Ok(Play {
            entries: entries?,
            parameters,
            source,
        })
    }
}

impl Play {
    fn on<'a>(
        &'a self,
        domain: &'a domain::Domain,
        manifest: &'a Manifest,
        component: &'a [u8],
    ) -> Stage<'a> {
        Stage {
            domain,
            manifest,
            component,
            entries: &self.entries,
            parameters: &self.parameters,
            source: &self.source,
        }
    }
}

impl Outcome {
    /// As programs get it.
    pub fn json(&self) -> Value {
        match &self.ended {
            Ok(rehearsed) => json!({
                "profile": self.profile,
                "state": rehearsed.state(),
                "run": rehearsed.detail,
                "tables": rehearsed.tables,
                "hints": rehearsed.hints,
                "checks": rehearsed.checks,
            }),
            Err(refused) => json!({
                "profile": self.profile,
                "state": "refused",
                "code": refused.code,
                "message": refused.message,
                "details": refused.details,
                "clause": refused.clause,
            }),
        }
    }

    /// As people read it.
    pub fn words(&self, language: Language) -> anyhow::Result<String> {
        told::words(&self.profile, &self.ended, language)
    }

    /// How it ended, as a program learns.
    pub fn exit(&self) -> Exit {
        match &self.ended {
            Ok(rehearsed) => match rehearsed.state().as_str() {
                "released" => Exit::Done,
                "in-review" => Exit::Waits,
                _ => Exit::Refused,
            },
            Err(refused) => refused.exit(),
        }
    }
}
