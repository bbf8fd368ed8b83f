//! `yunei catalog`: the public data catalogue.

mod told;

use std::path::{Path, PathBuf};

use clap::{Args, Subcommand, ValueEnum};
use yunei_model::{Name, Resource, Snapshot, Timestamp};

use crate::caller::Caller;
use crate::exit::Exit;
use crate::failure::Input;
use crate::files;
use crate::page::{self, Part};

/// Seconds that an import may take.
const IMPORT_SECONDS_MAX: u64 = 4 * 3600;

/// The catalogue.
#[derive(Debug, Subcommand)]
pub enum Catalog {
    /// Registers a resource from its catalogue entry
    Register {
        /// The entry, in TOML
        file: PathBuf,
    },
    /// Imports a file as a new snapshot of a resource
    Import(Import),
    /// Lists resources
    List(Part),
    /// Shows a resource, field by field
    Show {
        /// Name of the resource
        resource: Name,
    },
    /// Lists a resource's snapshots
    Snapshots {
        /// Name of the resource
        resource: Name,
        #[command(flatten)]
        part: Part,
    },
}

/// A file to be imported.
#[derive(Debug, Args)]
pub struct Import {
    /// Name of the resource
    resource: Name,
    /// The file
    file: PathBuf,
    /// What the file is; by default its ending says so
    #[arg(long)]
    format: Option<FileKind>,
    /// Encoding of a CSV file
    #[arg(long)]
    encoding: Option<Encoding>,
    /// What separates the values of a CSV file
    #[arg(long)]
    delimiter: Option<Delimiter>,
    /// The state of the world that the data tell of, such as 2026-03-02T00:00:00+08:00
    #[arg(long, value_name = "TIME")]
    data_as_of: Timestamp,
    /// Adds the file's rows to those of a snapshot, `newest` or its id, instead of standing alone
    #[arg(long, value_name = "SNAPSHOT")]
    onto: Option<String>,
}

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FileKind {
    /// Comma-separated values with a header line
    Csv,
    /// Parquet without nested columns
    Parquet,
}

/// Encodings.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Encoding {
    /// UTF-8
    #[value(name = "utf-8")]
    Utf8,
    /// GB 18030
    #[value(name = "gb18030")]
    Gb18030,
}

/// Delimiters.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Delimiter {
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// A tabulator
    Tab,
    /// `|`
    Bar,
}

impl Catalog {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let printer = caller.printer();
        let client = caller.client()?;
        match self {
            Self::Register { file } => {
                let entry = files::text(&file)?;
                let ask = client.post("/resources");
                let resource = ask.bytes(
                    "text/plain; charset=utf-8",
                    entry.len() as u64,
                    &mut entry.as_bytes(),
                )?;
                printer.show(&resource, |resource: Resource| told::one(&resource))?;
            }
            Self::Import(import) => import.run(caller)?,
            Self::List(part) => {
                page::show(printer, &part, || client.get("/resources"), told::list_of)?
            }
            Self::Show { resource } => {
                let resource = client.get(format!("/resources/{resource}")).send()?;
                printer.show(&resource, |resource: Resource| told::one(&resource))?;
            }
            Self::Snapshots { resource, part } => {
                let path = format!("/resources/{resource}/snapshots");
                page::show(printer, &part, || client.get(&path), told::snapshots)?;
            }
        }
        Ok(Exit::Done)
    }
}

impl Import {
    fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let format = self.format.map_or_else(|| kind_of(&self.file), Ok)?;
        if format == FileKind::Parquet && (self.encoding.is_some() || self.delimiter.is_some()) {
            return Err(Input::new("--encoding and --delimiter are of CSV files alone").into());
        }
        let (mut file, length) = files::open(&self.file)?;
        let client = caller.client()?;
        let ask = client
            .post(format!("/resources/{}/snapshots", self.resource))
            .query("format", Some(word(format)))
            .query("encoding", self.encoding.map(word))
            .query("delimiter", self.delimiter.map(word))
            .query("data_as_of", Some(self.data_as_of))
            .query("onto", self.onto.as_deref())
            .waiting(IMPORT_SECONDS_MAX);
        let snapshot = ask.bytes("application/octet-stream", length, &mut file)?;
        caller
            .printer()
            .sheet(&snapshot, |snapshot: Snapshot| told::snapshot(&snapshot))
    }
}

/// What a file's ending says.
fn kind_of(path: &Path) -> Result<FileKind, Input> {
    let ending = path
        .extension()
        .and_then(|ending| ending.to_str())
        .map(str::to_ascii_lowercase);
    match ending.as_deref() {
        Some("csv" | "txt") => Ok(FileKind::Csv),
        Some("parquet" | "pq") => Ok(FileKind::Parquet),
        _ => Err(Input::new(format!(
            "say with --format what `{}` is",
            path.display()
        ))),
    }
}

/// The word for a value, as arguments and queries have it.
fn word(value: impl ValueEnum) -> String {
    value
        .to_possible_value()
        .map(|value| value.get_name().to_owned())
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
