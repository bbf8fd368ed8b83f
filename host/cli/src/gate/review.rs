//! `yunei gate review`: files in, a verdict out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::{Args, ValueEnum};
use yunei_disclosure::Profile;
use yunei_disclosure::review::{self, Report, ReviewError, Spec, TableReport, Tables};
use yunei_model::{Decision, Name};

use super::{columns, earlier, told};
use crate::caller::Caller;
use crate::exit::Exit;
use crate::failure::Input;
use crate::files;
use crate::printer;
use crate::serve::policies::{PROFILE_DEFAULT, built_in};

/// Reviews tables.
#[derive(Debug, Args)]
pub struct Review {
    /// The microdata, CSV or Parquet
    #[arg(long, value_name = "FILE")]
    microdata: PathBuf,

    /// A published table, CSV or Parquet; NAME=FILE where the spec has several. Without one, what may be published is computed
    #[arg(long, value_name = "[NAME=]FILE")]
    table: Vec<String>,

    /// What the columns mean and which tables are made of them, TOML
    #[arg(long, value_name = "FILE")]
    spec: PathBuf,

    /// A profile built in (yunei, acro, datashield, opensafely, opensafely-midpoint, sdctable), or the path of one
    #[arg(long, value_name = "NAME|FILE", default_value = PROFILE_DEFAULT)]
    profile: String,

    /// A directory of releases that are out already: NAME.toml with NAME.csv or NAME.parquet each
    #[arg(long, value_name = "DIR")]
    earlier: Option<PathBuf>,

    /// How to answer; `json` also by --json
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,

    /// Where to write the table that may be published, CSV; NAME=FILE where the spec has several
    #[arg(long, value_name = "[NAME=]FILE", conflicts_with = "table")]
    out: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For programs
    Json,
    /// For people
    Table,
}

impl Review {
    /// Reviews.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let spec = spec(&self.spec)?;
        let profile = profile(&self.profile)?;
        let files = named(&self.table, &spec)?;
        let outs = named(&self.out, &spec)?;
        let earlier = match &self.earlier {
            Some(directory) => earlier::read(directory)?,
            None => Vec::new(),
        };
        let mut wanted: BTreeSet<String> = spec.columns();
        earlier.iter().for_each(|e| wanted.extend(e.spec.columns()));
        let mut tables = Tables::new();
        for (name, file) in files {
            tables.insert(name, columns::read(&file, None)?);
        }
        let microdata = columns::read(&self.microdata, Some(&wanted))?;
        let report =
            review::review(&microdata, &spec, &profile, &tables, &earlier).map_err(refused)?;
        if self.format == Format::Json || caller.json {
            printer::line(&serde_json::to_string(&report)?)?;
        } else {
            printer::line(&told::text(&report, caller.language))?;
        }
        write(&report, &spec, &outs)?;
        Ok(match report.decision {
            Decision::Release => Exit::Done,
            Decision::Withhold => Exit::Refused,
            Decision::Review => Exit::Waits,
        })
    }
}

fn refused(error: ReviewError) -> Input {
    Input::new("the files cannot be reviewed")
        .coded(error.code())
        .because(error)
}

/// Reads a spec.
pub fn spec(path: &Path) -> Result<Spec, Input> {
    Spec::parse(&files::text(path)?).map_err(|error| {
        Input::new(format!("`{}` is no spec", path.display()))
            .coded(error.code())
            .because(error)
    })
}

/// A profile built in, or the one in a file.
fn profile(named: &str) -> Result<Profile, Input> {
    let name = Name::parse(named).ok();
    if let Some(text) = name.and_then(|name| built_in(&name).ok()) {
        return Profile::parse(&text).map_err(|error| {
            Input::new(format!("`{named}` is no profile"))
                .coded("profile")
                .because(error)
        });
    }
    let text = files::text(Path::new(named)).map_err(|error| {
        Input::new(format!("there is no profile `{named}`"))
            .coded("no-profile")
            .because(error)
    })?;
    Profile::parse(&text).map_err(|error| {
        Input::new(format!("`{named}` is no profile"))
            .coded("profile")
            .because(error)
    })
}

/// `[NAME=]FILE` by the tables of the spec.
fn named(given: &[String], spec: &Spec) -> Result<Vec<(String, PathBuf)>, Input> {
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    for text in given {
        let split = text
            .split_once('=')
            .filter(|(name, _)| spec.tables.iter().any(|table| table.name == *name));
        let (name, file) = match (split, spec.tables.as_slice()) {
            (Some((name, file)), _) => (name.to_owned(), PathBuf::from(file)),
            (None, [only]) => (only.name.clone(), PathBuf::from(text)),
            (None, _) => {
                let what = format!("`{text}` does not say which table of the spec it is");
                return Err(Input::new(what).coded("no-table"));
            }
        };
        if found.iter().any(|(known, _)| *known == name) {
            return Err(Input::new(format!("table `{name}` is given twice")).coded("table-twice"));
        }
        found.push((name, file));
    }
    Ok(found)
}

/// Writes the tables that may be published, if they may.
fn write(report: &Report, spec: &Spec, outs: &[(String, PathBuf)]) -> anyhow::Result<()> {
    if report.decision != Decision::Release {
        return Ok(());
    }
    for (name, path) in outs {
        let Some(table) = report.tables.iter().find(|table| &table.name == name) else {
            continue;
        };
        let described = spec.tables.iter().find(|table| &table.name == name);
        let bytes = match described.and_then(|table| table.across.as_deref()) {
            Some(across) => crosstab(table, across)?,
            None => csv(table)?,
        };
        files::write(path, &bytes)?;
    }
    Ok(())
}

fn csv(table: &TableReport) -> anyhow::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let measures = table.cells.first().map_or(&[][..], |cell| &cell.figures);
    let heading = table
        .dimensions
        .iter()
        .chain(measures.iter().map(|figure| &figure.measure));
    writer.write_record(heading)?;
    for cell in &table.cells {
        let figures = cell.figures.iter().map(|figure| {
            figure
                .shown
                .map_or_else(String::new, |shown| shown.to_string())
        });
        writer.write_record(cell.cell.iter().cloned().chain(figures))?;
    }
    writer.into_inner().context("cannot write the table")
}

/// The labels of one dimension across the heading, a row for each combination of the others.
fn crosstab(table: &TableReport, across: &str) -> anyhow::Result<Vec<u8>> {
    let place = table.dimensions.iter().position(|name| name == across);
    let place = place.context("the table has no such dimension")?;
    let down = |labels: &[String]| -> Vec<String> {
        let others = labels.iter().enumerate().filter(|(axis, _)| *axis != place);
        others.map(|(_, label)| label.clone()).collect()
    };
    let mut over: Vec<String> = Vec::new();
    let mut known: BTreeSet<&String> = BTreeSet::new();
    let mut rows: Vec<Vec<String>> = Vec::new();
    let mut places: BTreeMap<Vec<String>, usize> = BTreeMap::new();
    for cell in &table.cells {
        let label = cell.cell.get(place).context("a cell lacks a label")?;
        if known.insert(label) {
            over.push(label.clone());
        }
        let labels = down(&cell.cell);
        let row = *places.entry(labels).or_insert_with_key(|labels| {
            rows.push(labels.clone());
            rows.len() - 1
        });
        // Cells come in canonical order, so that those of a row come in the order of the heading.
        let shown = cell.figures.first().and_then(|figure| figure.shown);
        let row = rows.get_mut(row).context("a row is not there")?;
        row.push(shown.map_or_else(String::new, |shown| shown.to_string()));
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(down(&table.dimensions).into_iter().chain(over))?;
    for row in rows {
        writer.write_record(row)?;
    }
    writer.into_inner().context("cannot write the table")
}
