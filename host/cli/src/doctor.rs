//! `yunei doctor`: what this machine lacks for a domain, and what to do about it.

mod collectors;
mod look;

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;
use serde_json::{Value, json};

use crate::caller::Caller;
use crate::exit::Exit;
use crate::printer::text;
use crate::sheet::Sheet;

/// Looks at this machine.
#[derive(Debug, Args)]
pub struct Doctor {
    /// Data directory to look at, too
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
}

/// How something was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// As it should be.
    Ok,
    /// Not needed by everyone.
    Optional,
    /// Without it nothing runs.
    Missing,
}

/// One thing that was looked at.
#[derive(Debug, Serialize)]
pub struct Finding {
    /// The thing.
    pub thing: &'static str,
    /// How it is.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What to do; empty when nothing needs doing.
    pub advice: String,
}

impl Finding {
    /// As it should be.
    pub fn ok(thing: &'static str, found: impl Into<String>) -> Self {
        Self {
            thing,
            state: State::Ok,
            found: found.into(),
            advice: String::new(),
        }
    }

    /// Missing, with what to do about it.
    pub fn missing(
        thing: &'static str,
        found: impl Into<String>,
        advice: impl Into<String>,
    ) -> Self {
        Self {
            thing,
            state: State::Missing,
            found: found.into(),
            advice: advice.into(),
        }
    }

    /// The same, where it is not needed by everyone.
    pub fn optional(self) -> Self {
        let state = if self.state == State::Missing {
            State::Optional
        } else {
            self.state
        };
        Self { state, ..self }
    }
}

impl Doctor {
    /// Looks, and says.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let mut findings = vec![look::kernel()];
        findings.extend(look::lock());
        findings.extend([
            look::compiler(),
            look::shared_memory(),
            look::memory(),
            look::guests(),
            look::server(caller),
        ]);
        if let Some(data) = &self.data {
            findings.extend(look::data(data));
            findings.extend(collectors::look(data));
        }
        let lacks = findings
            .iter()
            .any(|finding| finding.state == State::Missing);
        let told = json!({ "fit": !lacks, "findings": findings });
        caller
            .printer()
            .show(&told, |_: Value| words(&findings, lacks))?;
        Ok(if lacks { Exit::Failed } else { Exit::Done })
    }
}

fn words(findings: &[Finding], lacks: bool) -> String {
    let mut sheet = Sheet::new(["", "thing", "found", "what to do"]);
    for finding in findings {
        let mark = match finding.state {
            State::Ok => "ok",
            State::Optional => "–",
            State::Missing => "MISSING",
        };
        sheet.row([
            mark.to_owned(),
            finding.thing.to_owned(),
            finding.found.clone(),
            finding.advice.clone(),
        ]);
    }
    let verdict = if lacks {
        "This machine cannot run a domain as it is."
    } else {
        "This machine can run a domain."
    };
    format!("{}\n\n{verdict}", text(&sheet))
}

#[cfg(test)]
mod tests;
