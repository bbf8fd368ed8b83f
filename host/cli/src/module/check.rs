//! `yunei module check`: what admission would say, and on synthetic data what the gate would say, cell by cell.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};
use yunei_model::{
    Contribution, ContributionMeasure, Digest, Finding, Language, Limits, Manifest, Output, Route,
    World,
};
use yunei_sandbox::{Inspection, inspect};

use super::rehearsal::{Outcome, Rehearsal};
use crate::exit::Exit;
use crate::files;
use crate::printer::{Printer, text};
use crate::sheet::{Sheet, list, number};

/// Inspects one component as admission does.
#[derive(Debug, Args)]
pub struct Check {
    /// The component
    file: PathBuf,
    #[command(flatten)]
    rehearsal: Rehearsal,
}

impl Check {
    /// Inspects it.
    pub fn run(self, printer: Printer, language: Language) -> anyhow::Result<Exit> {
        let limits = Limits::default();
        // One byte more than is allowed, so that admission itself says that it is too many.
        let bytes = files::beginning(&self.file, limits.component_bytes_max.saturating_add(1))?;
        let inspection = inspect(&bytes, &limits);
        let admissible = inspection.findings.is_empty()
            && inspection.manifest.is_some()
            && inspection.world.is_some();
        let mut answer = json!({
            "admissible": admissible,
            "bytes": bytes.len(),
            "digest": Digest::of(&bytes),
            "world": inspection.world,
            "imports": inspection.imports,
            "findings": inspection.findings,
            "manifest": inspection.manifest,
        });
        let mut words = vec![told(&inspection, bytes.len() as u64, admissible)];
        let mut exit = if admissible {
            Exit::Done
        } else {
            Exit::Refused
        };
        if let Some(manifest) = inspection.manifest.as_ref().filter(|_| admissible)
            && self.rehearsal.is_wanted()
        {
            let outcomes = self
                .rehearsal
                .run(manifest, &bytes, |what| printer.aside(what))?;
            let rehearsals = outcomes.iter().map(Outcome::json);
            let rehearsals = Value::Array(rehearsals.collect());
            if let Some(answer) = answer.as_object_mut() {
                answer.insert("rehearsals".to_owned(), rehearsals);
            }
            for outcome in &outcomes {
                words.push(outcome.words(language)?);
                exit = exit.max(outcome.exit());
            }
            // For the author's benefit alone: what the gate decides does not depend on it, and neither does the exit code.
            let written = self
                .rehearsal
                .written(manifest, &bytes, |what| printer.aside(what))?;
            if let Some(answer) = answer.as_object_mut() {
                answer.insert("written".to_owned(), json!(written));
            }
            words.extend(written.map(|held| held.words(language)));
        }
        printer.say(&answer, &words.join("\n\n"))?;
        Ok(exit)
    }
}

fn told(inspection: &Inspection, bytes: u64, admissible: bool) -> String {
    let mut parts = Vec::new();
    if let Some(manifest) = &inspection.manifest {
        let mut sheet = manifest_facts(manifest);
        sheet
            .fact("imports", list(&inspection.imports))
            .fact("bytes", number(bytes));
        parts.push(text(&sheet));
    }
    if !inspection.findings.is_empty() {
        parts.push(text(&findings(&inspection.findings)));
    }
    parts.push(if admissible {
        "Admission would take it, provided that it compiles.".to_owned()
    } else {
        "Admission would refuse it.".to_owned()
    });
    parts.join("\n\n")
}

/// What a manifest says, and what becomes of its outputs.
pub fn manifest_facts(manifest: &Manifest) -> Sheet {
    let mut sheet = Sheet::facts();
    sheet
        .fact("module", format!("{} {}", manifest.name, manifest.version))
        .fact(
            "title",
            format!("{} · {}", manifest.title.zh, manifest.title.en),
        )
        .fact("author", &manifest.author)
        .fact("purpose", &manifest.purpose)
        .fact("world", manifest.world)
        .fact("bias", &manifest.bias);
    for required in &manifest.resources {
        sheet.fact(
            "reads",
            format!("{}: {}", required.name, list(&required.fields)),
        );
    }
    for parameter in &manifest.parameters {
        sheet.fact("parameter", &parameter.name);
    }
    for output in &manifest.outputs {
        sheet.fact("output", output_words(manifest, output));
    }
    if let Some(contribution) = &manifest.contribution {
        sheet.fact("contribution", contribution_words(contribution));
    }
    sheet
}

/// What each data subject gives at most, and what becomes of it.
fn contribution_words(contribution: &Contribution) -> String {
    let bounded = |m: &ContributionMeasure| format!("{} ({} to {})", m.name, m.min, m.max);
    format!(
        "{} in at most {} of {} cells for each data subject; route {}: noise of ε {} is added",
        list(contribution.measures.iter().map(bounded)),
        contribution.cells_per_subject,
        contribution.cells.len(),
        Route::Private,
        contribution.epsilon,
    )
}

fn output_words(manifest: &Manifest, output: &Output) -> String {
    let by = list(output.dimensions.iter().map(|dimension| dimension.name()));
    let by = if by.is_empty() {
        String::new()
    } else {
        format!(" by {by}")
    };
    let measures = list(
        output
            .measures
            .iter()
            .map(|m| format!("{} ({})", m.name, m.aggregate)),
    );
    format!(
        "{}: {measures}{by}; {}",
        output.name,
        fate(manifest, output)
    )
}

/// What the gate does with an output, as far as its manifest tells.
fn fate(manifest: &Manifest, output: &Output) -> String {
    match manifest.world {
        _ if output.model.is_some() => format!(
            "route {}: the gate fits it itself, and two people decide about each run",
            Route::Reviewed
        ),
        World::PerRow => format!(
            "route {}: once two people have approved the algorithm, the gate checks it alone",
            Route::Reviewed
        ),
        World::Analysis if manifest.is_recomputable(output) => {
            format!("route {}: the gate computes it itself", Route::Recomputed)
        }
        World::Analysis if !output.own.is_empty() => format!(
            "route {}: the gate checks each cell, and two people decide about each run",
            Route::Reviewed
        ),
        World::Analysis => format!(
            "route {}: two people decide about each run",
            Route::Reviewed
        ),
        World::PerSubject => format!("route {}: noise is added", Route::Private),
    }
}

/// Findings, each with what mends it.
pub fn findings(findings: &[Finding]) -> Sheet {
    let mut sheet = Sheet::new(["check", "found", "what to do"]);
    for finding in findings {
        sheet.row([
            finding.check.clone(),
            finding.detail.clone(),
            advice(&finding.check).to_owned(),
        ]);
    }
    sheet
}

/// What mends a finding of that check.
fn advice(check: &str) -> &'static str {
    match check {
        "wasi-import" => {
            "build for wasm32-unknown-unknown with the SDK: a module has no clock, file, socket or randomness"
        }
        "import-not-allowed" => {
            "import the interfaces of `yunei:guest` alone; leave out what pulls in the other"
        }
        "export-not-allowed" => "export the function of one world and nothing else",
        "world-missing" => "call `yunei_guest::analysis!`, `per_row!` or `per_subject!` once",
        "world-ambiguous" | "world-mismatch" => {
            "one module lives in one world: keep one entry point, and build with the domain's version of the SDK"
        }
        "manifest-missing" | "manifest-twice" => {
            "build with `yunei module build`, which puts `module.toml` inside, once"
        }
        "manifest-world" => "say in `module.toml` the world whose macro is called",
        "manifest-malformed" | "manifest-rule" | "manifest-too-large" => {
            "mend `module.toml` and build again"
        }
        "manifest-resources" => "read what the manifest declares: `yunei_guest::open` or `sql`",
        "manifest-outputs" => "write what the manifest declares: `yunei_guest::write`",
        "core-module" => "make a component of it: `yunei module build` does",
        "not-wasm" | "malformed" | "invalid" | "interface-unreadable" => {
            "build it again; the file may be cut short"
        }
        check if check.starts_with("too-") => {
            "make it smaller: fewer dependencies, `opt-level = \"s\"`, `lto = true`, `strip = true`"
        }
        _ => "",
    }
}

#[cfg(test)]
mod tests;
