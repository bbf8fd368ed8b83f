//! `yunei release`: tables that left, and outputs that wait for people.

mod open;
mod standing;
mod table;

use std::io::{IsTerminal as _, Write as _};
use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;
use yunei_model::{Format, Name, ReleaseId, Route, RunId, Timestamp};

use crate::caller::Caller;
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::Input;
use crate::files::Aside;
use crate::module::Opinion;
use crate::page::{self, Part};
use crate::printer::{self, read};
use crate::run::detail;
use crate::sheet::{Sheet, number, time};

pub use open::decrypt;

/// Releases.
#[derive(Debug, Subcommand)]
pub enum Releases {
    /// Lists released tables
    List {
        /// Of this run alone
        #[arg(long, value_name = "ID")]
        run: Option<RunId>,
        #[command(flatten)]
        part: Part,
    },
    /// Shows a released table
    Show {
        /// Id of the release
        release: ReleaseId,
    },
    /// Fetches a released table as a file; the delivery goes onto the record
    Fetch(Fetch),
    /// Lists outputs that wait for one's decision
    Queue {
        #[command(flatten)]
        part: Part,
    },
    /// Opens a sealed output, as a reviewer, with one's own identity; that goes onto the record
    Open(open::Open),
    /// Outputs that leave without being asked about
    #[command(subcommand)]
    Standing(standing::StandingApprovals),
    /// Decides about a sealed output: two people release it, one keeps it inside
    Review(Review),
}

/// A table to be fetched.
#[derive(Debug, Args)]
pub struct Fetch {
    /// Id of the release
    release: ReleaseId,
    /// csv, parquet, xlsx or json
    #[arg(long, default_value = "csv")]
    format: Format,
    /// Where it goes; by default to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// A decision about an output.
#[derive(Debug, Args)]
pub struct Review {
    /// Id of the run
    run: RunId,
    #[command(flatten)]
    opinion: Opinion,
    /// Number of the judgement that was looked at, where the queue names another one than the first
    #[arg(long, value_name = "NUMBER")]
    judgement: Option<u64>,
}

/// A release as a list has it.
#[derive(Debug, Deserialize)]
struct Listed {
    id: ReleaseId,
    run: RunId,
    output: Name,
    route: Route,
    at: Timestamp,
    rows: u64,
}

impl Releases {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let client = caller.client()?;
        let printer = caller.printer();
        match self {
            Self::List { run, part } => page::show(
                printer,
                &part,
                || client.get("/releases").query("run", run),
                sheet,
            )?,
            Self::Show { release } => {
                let mut bytes = Vec::new();
                fetch(&client, caller, release, Format::Json, &mut bytes)?;
                let table = serde_json::from_slice(&bytes)?;
                printer.show(&table, |released: table::Released| released.text())?;
            }
            Self::Fetch(wanted) => wanted.run(caller, &client)?,
            Self::Queue { part } => {
                page::show(printer, &part, || client.get("/reviews"), detail::queue)?;
            }
            Self::Open(open) => open.run(caller)?,
            Self::Standing(standing) => standing.run(caller)?,
            Self::Review(review) => {
                let ask = client.post(format!("/runs/{}/reviews", review.run));
                let mut body = review.opinion.body();
                if let (Some(judgement), Some(body)) = (review.judgement, body.as_object_mut()) {
                    body.insert("judgement".to_owned(), json!(judgement));
                }
                let reviewed = ask.json(&body)?;
                printer.show(&reviewed, detail::one)?;
                return Ok(detail::exit(&read(&reviewed)?));
            }
        }
        Ok(Exit::Done)
    }
}

impl Fetch {
    fn run(self, caller: &Caller, client: &Client) -> anyhow::Result<()> {
        let Some(path) = self.out else {
            let binary = matches!(self.format, Format::Parquet | Format::Xlsx);
            if binary && std::io::stdout().is_terminal() {
                return Err(Input::new(format!(
                    "{} is not for terminals: say where it goes with --out",
                    self.format
                ))
                .into());
            }
            let mut bytes = Vec::new();
            fetch(client, caller, self.release, self.format, &mut bytes)?;
            return printer::bytes(&bytes);
        };
        let mut aside = Aside::begin(&path)?;
        let bytes = fetch(client, caller, self.release, self.format, aside.file())?;
        aside.file().flush()?;
        aside.finish()?;
        let told =
            json!({ "release": self.release, "format": self.format, "file": path, "bytes": bytes });
        caller.printer().say(
            &told,
            &format!("wrote {} bytes to `{}`", number(bytes), path.display()),
        )
    }
}

/// A released table in JSON, in words.
pub fn text_of(table: &serde_json::Value) -> anyhow::Result<String> {
    Ok(read::<table::Released>(table)?.text())
}

fn fetch(
    client: &Client,
    caller: &Caller,
    release: ReleaseId,
    format: Format,
    place: &mut dyn std::io::Write,
) -> anyhow::Result<u64> {
    let ask = client.get(format!("/releases/{release}/table"));
    ask.query("format", Some(format))
        .query("titles", Some(caller.language))
        .copy_to(place)
}

fn sheet(releases: Vec<Listed>) -> Sheet {
    let mut sheet = Sheet::new(["id", "output", "route", "rows", "released", "run"]);
    for release in releases {
        sheet.row([
            release.id.to_string(),
            release.output.to_string(),
            release.route.to_string(),
            number(release.rows),
            time(release.at),
            release.run.to_string(),
        ]);
    }
    sheet.numbers(3);
    sheet
}
