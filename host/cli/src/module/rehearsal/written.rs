//! What a module writes itself, beside what the gate computes.
//!
//! In a real run nothing of what a guest wrote is read for an output that the gate computes. So the module is run once more, under a manifest
//! that declares each of its outputs as its own altogether, and beside them those that the gate computes, under other names. Such a run
//! waits for reviewers, and one of them opens it. The domain that it is played in has a profile without rules: the gate's figures are
//! exact, and none is blank.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;
use yunei_authority::{POLICIES, SCHEMA};
use yunei_model::{Language, Manifest, Name, OnFailure, OpenedOutput, Output, Table, Value, World};

use super::compared::{Agreement, Cells, Compared, compare};
use crate::failure::{Answered, Input};
use crate::printer::text;
use crate::sheet::{Sheet, number, visible};

/// A profile without rules. It is built in nowhere: no domain but that of a rehearsal has it.
const PROFILE: &str = include_str!("without-rules.toml");
/// Its name.
const PROFILE_NAME: &str = "without-rules";
/// Names of outputs that are tried at most until one is free.
const NAMES_MAX: usize = 4096;

/// A module under a manifest by which its own tables and the gate's can be seen side by side.
pub struct Dressed {
    /// The manifest.
    pub manifest: Manifest,
    /// The component with it.
    pub component: Vec<u8>,
    /// Each output that the gate computes, and the name under which it does.
    pairs: Vec<(Name, Name)>,
}

/// What came of it.
#[derive(Debug, Serialize)]
#[serde(tag = "state", rename_all = "kebab-case")]
pub enum Held {
    /// Both tables are there.
    Compared {
        /// Each output that the gate computes.
        outputs: Vec<Compared>,
    },
    /// The run did not come to it.
    NotCompared {
        /// How it ended, or what refused it.
        why: String,
    },
}

/// Puts policies with a profile that has no rules below `place`. Gives the profile's name, and where they are.
pub fn without_rules(place: &Path) -> anyhow::Result<(Name, PathBuf)> {
    let directory = place.join("policies");
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(directory.join("disclosure"))?;
        std::fs::write(directory.join("schema.cedarschema"), SCHEMA)?;
        for (file, text) in POLICIES {
            std::fs::write(directory.join(file), text)?;
        }
        let profile = directory.join(format!("disclosure/{PROFILE_NAME}.toml"));
        std::fs::write(profile, PROFILE)
    };
    write().context("cannot write policies for a while")?;
    let name = Name::parse(PROFILE_NAME).context("a profile's name")?;
    Ok((name, directory))
}

impl Dressed {
    /// Dresses a module; `None` where the gate computes no output of it from the data alone.
    pub fn of(manifest: &Manifest, component: &[u8]) -> anyhow::Result<Option<Self>> {
        if manifest.world != World::Analysis {
            return Ok(None);
        }
        let mut pairs = Vec::new();
        let mut computed = Vec::new();
        for output in &manifest.outputs {
            if manifest.is_recomputable(output) {
                let name = free(manifest, computed.len())?;
                pairs.push((output.name.clone(), name.clone()));
                computed.push(Output {
                    name,
                    // Rounded, noisy or merged figures would not be exact.
                    on_failure: OnFailure::Suppress,
                    ..output.clone()
                });
            }
        }
        if pairs.is_empty() {
            return Ok(None);
        }
        let outputs = manifest.outputs.iter().map(as_own).chain(computed);
        let dressed = Manifest {
            outputs: outputs.collect(),
            ..manifest.clone()
        };
        let text = toml::to_string(&dressed).context("a manifest that cannot be written")?;
        let component = yunei_module::with_manifest(component, &text)
            .map_err(|error| Input::new("the component cannot be dressed").because(error))?;
        Ok(Some(Self {
            manifest: dressed,
            component,
            pairs,
        }))
    }

    /// Holds both tables of each output against each other; `manifest` is the module's own.
    pub fn held(
        &self,
        manifest: &Manifest,
        ended: anyhow::Result<Result<OpenedOutput, String>>,
    ) -> anyhow::Result<Held> {
        let opened = match ended {
            Ok(Ok(opened)) => opened,
            Ok(Err(state)) => {
                let why = format!("the run ended as {state}");
                return Ok(Held::NotCompared { why });
            }
            // What the domain refuses is part of the story; whatever else went wrong is not.
            Err(error) => {
                let refused = error.downcast::<Answered>()?;
                let why = format!("{} ({})", refused.message, refused.code);
                return Ok(Held::NotCompared { why });
            }
        };
        let table = |name: &Name| -> Option<&Table> {
            let found = opened.tables.iter().find(|t| &t.output == name);
            found.map(|found| &found.table)
        };
        let mut outputs = Vec::new();
        for (written, computed) in &self.pairs {
            let mut declared = manifest.outputs.iter();
            let output = declared.find(|output| &output.name == written);
            let output = output.context("an output that the manifest does not have")?;
            let Some(gate) = table(computed) else {
                let why = format!("the gate has no table of `{written}`");
                return Ok(Held::NotCompared { why });
            };
            outputs.push(compare(output, table(written), gate));
        }
        Ok(Held::Compared { outputs })
    }
}

/// An output as the module's own altogether: without measures nobody computes it.
fn as_own(output: &Output) -> Output {
    Output {
        name: output.name.clone(),
        resource: output.resource.clone(),
        dimensions: Vec::new(),
        measures: Vec::new(),
        own: Vec::new(),
        model: None,
        totals: false,
        on_failure: OnFailure::Suppress,
    }
}

/// A name that no output of the manifest has: the one for that place, or a later one.
fn free(manifest: &Manifest, place: usize) -> anyhow::Result<Name> {
    // Steps as wide as there are outputs: two places never come to one name.
    let width = manifest.outputs.len().max(1);
    let mut numbers = (0..NAMES_MAX).map(|step| place + step * width);
    let taken = |name: &Name| manifest.outputs.iter().any(|o| &o.name == name);
    let name = numbers.find_map(|number| {
        let name = Name::parse(&format!("computed-{number}")).ok();
        name.filter(|name| !taken(name))
    });
    name.context("every name for an output is taken")
}

impl Held {
    /// As people read it.
    pub fn words(&self, language: Language) -> String {
        let say = Say(language);
        let mut parts = vec![
            say.of(
                "── 模块自行写出的表，与闸在同一合成数据上的精确数值对照 ──",
                "── what the module wrote, held against the gate's own exact figures over the same rows ──",
            )
            .to_owned(),
        ];
        match self {
            Self::Compared { outputs } => {
                parts.extend(outputs.iter().map(|output| say.output(output)));
            }
            Self::NotCompared { why } => parts.push(format!(
                "{}{}",
                say.of("无从对照：", "nothing to compare: "),
                visible(why)
            )),
        }
        parts.push(
            say.of(
                "真实运行中闸不读模块为这些输出写的内容：由闸自行计算，模块写的一律丢弃。",
                "In a real run the gate reads nothing of what a module writes for these outputs: it computes them itself, and throws that away.",
            )
            .to_owned(),
        );
        parts.join("\n\n")
    }
}

/// Words in the reader's language.
#[derive(Clone, Copy)]
struct Say(Language);

impl Say {
    const fn of<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self.0 {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    fn output(self, compared: &Compared) -> String {
        let cells = number(compared.cells);
        let said = match compared.agreement {
            Agreement::Agrees => self
                .of("与闸的表一致（{} 个单元）", "agrees with the gate's table ({} cells)")
                .replace("{}", &cells),
            Agreement::Differs => self
                .of("与闸的表不一致（闸有 {} 个单元）", "differs from the gate's table (which has {} cells)")
                .replace("{}", &cells),
            Agreement::OtherColumns => self
                .of(
                    "缺少维度列，无法逐格对照",
                    "lacks columns of dimensions, so that no cell can be held against another",
                )
                .to_owned(),
            Agreement::NothingWritten => self
                .of(
                    "模块未写；闸照样计算此表，无须写",
                    "the module wrote nothing; the gate computes the table anyway, and nothing need be written",
                )
                .to_owned(),
        };
        let mut lines = vec![format!("{}: {said}", compared.output)];
        lines.extend(self.columns(compared));
        let kinds = [
            (self.of("缺少的单元", "cells missing"), &compared.missing),
            (
                self.of("闸没有的单元", "cells that the gate does not have"),
                &compared.surplus,
            ),
            (
                self.of("写了不止一次的单元", "cells written more than once"),
                &compared.repeated,
            ),
        ];
        lines.extend(
            kinds
                .into_iter()
                .filter(|(_, cells)| cells.count > 0)
                .map(|(what, cells)| format!("  {what}: {}", listed(cells))),
        );
        if compared.differing > 0 {
            let what = self.of("不同的数值", "figures that differ");
            lines.push(format!("  {what}: {}", number(compared.differing)));
            lines.push(text(&self.differing(compared)));
        }
        lines.join("\n")
    }

    fn columns(self, compared: &Compared) -> Vec<String> {
        let names = |names: &[Name]| {
            let names: Vec<String> = names.iter().map(ToString::to_string).collect();
            names.join(", ")
        };
        let mut lines = Vec::new();
        if !compared.columns_missing.is_empty() {
            let what = self.of("缺少的列", "columns missing");
            lines.push(format!("  {what}: {}", names(&compared.columns_missing)));
        }
        if !compared.columns_surplus.is_empty() {
            let what = self.of("闸没有的列", "columns that the gate does not have");
            lines.push(format!("  {what}: {}", names(&compared.columns_surplus)));
        }
        for (written, gate) in &compared.columns_renamed {
            let what = self.of("按位置视为", "taken by its place for");
            lines.push(format!("  {written}: {what} {gate}"));
        }
        lines
    }

    fn differing(self, compared: &Compared) -> Sheet {
        let dimensions = compared.dimensions.iter().map(ToString::to_string);
        let mut heading: Vec<String> = dimensions.collect();
        let width = heading.len();
        heading.push(self.of("指标", "measure").to_owned());
        heading.push(self.of("模块写的", "written").to_owned());
        heading.push(self.of("闸算的", "the gate's").to_owned());
        let mut sheet = Sheet::of(heading);
        for differing in &compared.first {
            let mut row: Vec<String> = differing.cell.iter().map(|label| visible(label)).collect();
            row.push(differing.column.to_string());
            row.push(shown(&differing.written));
            row.push(shown(&differing.gate));
            sheet.cells(row);
        }
        sheet.numbers(width + 1);
        sheet.numbers(width + 2);
        sheet
    }
}

/// How many cells, and the first of them.
fn listed(cells: &Cells) -> String {
    let named = cells.first.iter().map(|cell| {
        let labels: Vec<String> = cell.iter().map(|label| visible(label)).collect();
        labels.join(" / ")
    });
    let named: Vec<String> = named.collect();
    let more = cells.count > named.len() as u64;
    let more = if more { "; …" } else { "" };
    format!("{} ({}{more})", number(cells.count), named.join("; "))
}

fn shown(value: &Value) -> String {
    match value {
        Value::Absent => "·".to_owned(),
        Value::Integer(integer) => integer.to_string(),
        // All digits: two figures that differ must not look alike.
        Value::Number(number) => number.to_string(),
        Value::Text(text) => visible(text),
    }
}

#[cfg(test)]
mod tests;
