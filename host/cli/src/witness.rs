//! `yunei witness`: an authority's own process, which cosigns checkpoints of logs that it knows.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context as _;
use clap::{Args, Subcommand};
use serde_json::json;
use tokio::net::TcpListener;
use yunei_ledger::VerifierKey;
use yunei_model::SystemClock;
use yunei_witness::WitnessError;

use crate::caller::Caller;
use crate::exit::Exit;
use crate::failure::Input;
use crate::files;
use crate::printer::Printer;
use crate::serve::{Directory, Signals, begin, listen};

/// Runs a witness, or shows its key.
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub struct Witness {
    #[command(flatten)]
    stand: Option<Stand>,
    #[command(subcommand)]
    command: Option<Other>,
}

#[derive(Debug, Subcommand)]
enum Other {
    /// Shows the verifier key that goes into a quorum policy; makes key and name if there are none
    Key(Key),
}

#[derive(Debug, Args)]
struct Key {
    /// Directory of the witness: made, for its owner alone, if it is not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Name of the witness, such as witness.example/authority; a witness keeps the name of its first start
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
}

#[derive(Debug, Args)]
struct Stand {
    /// Directory of the witness: made, for its owner alone, if it is not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Name of the witness, such as witness.example/authority; a witness keeps the name of its first start
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Where to listen: an address with a port, or a port of this machine alone; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8710", value_parser = listen)]
    listen: SocketAddr,
    /// File with the public keys of a log, one a line; several are possible
    #[arg(long = "log-key", value_name = "FILE", required = true)]
    log_keys: Vec<PathBuf>,
    /// What to log, to standard error: a level, or target=level, separated by commas
    #[arg(long, env = "YUNEI_LOG", value_name = "FILTER", default_value = yunei_telemetry::FILTER_DEFAULT)]
    log: String,
}

impl Witness {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        match (self.command, self.stand) {
            (Some(Other::Key(key)), _) => key.show(caller.printer()),
            (None, Some(stand)) => stand.run(caller.printer()),
            (None, None) => Err(Input::new("a witness needs --data and --log-key").into()),
        }
    }
}

impl Key {
    fn show(&self, printer: Printer) -> anyhow::Result<Exit> {
        let directory = Directory::open(&self.data)?.handle()?;
        let key = yunei_witness::open_key(&directory, self.name.as_deref());
        let key = key.map_err(|error| cannot(error, &self.data))?;
        let told = json!({ "name": key.public().name(), "key": key.public().to_string() });
        printer.say(&told, &key.public().to_string())?;
        Ok(Exit::Done)
    }
}

impl Stand {
    fn run(self, printer: Printer) -> anyhow::Result<Exit> {
        let (_flushed_when_dropped, runtime) = begin("yunei-witness", &self.log)?;
        runtime.block_on(self.serve(printer))?;
        Ok(Exit::Done)
    }

    async fn serve(self, printer: Printer) -> anyhow::Result<()> {
        let mut signals = Signals::new()?;
        let mut keys = Vec::new();
        for path in &self.log_keys {
            keys.extend(log_keys(path)?);
        }
        let directory = Directory::open(&self.data)?.handle()?;
        let cannot = |error| cannot(error, &self.data);
        let key = yunei_witness::open_key(&directory, self.name.as_deref()).map_err(cannot)?;
        let witness = yunei_witness::Witness::open(&directory, key, keys, Arc::new(SystemClock));
        let witness = Arc::new(witness.map_err(cannot)?);
        let listener = TcpListener::bind(self.listen).await.map_err(|error| {
            Input::new(format!("cannot listen on {}", self.listen)).because(error)
        })?;
        let address = listener.local_addr().context("cannot listen")?;
        if !address.ip().is_loopback() {
            printer.aside("warning: others can reach this witness and it speaks plain HTTP; put a proxy with TLS in front of it");
        }
        let logs: Vec<_> = witness.logs().into_iter().collect();
        let told = json!({
            "url": format!("http://{address}"),
            "pid": std::process::id(),
            "key": witness.public().to_string(),
            "logs": logs.iter().map(|(origin, size)| json!({ "origin": origin, "size": size })).collect::<Vec<_>>(),
        });
        printer.say(
            &told,
            &format!("{} listens on http://{address}", witness.public().name()),
        )?;
        yunei_witness::serve(witness, listener, signals.next()).await?;
        Ok(())
    }
}

/// The keys in a file, one a line; empty lines and those that begin with `#` say nothing.
fn log_keys(path: &Path) -> anyhow::Result<Vec<VerifierKey>> {
    let text = files::text(path)?;
    let lines = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    let keys = lines.map(|line| {
        let what = || {
            format!(
                "`{}` holds something that is no public key of a log",
                path.display()
            )
        };
        VerifierKey::parse(line).map_err(|error| Input::new(what()).because(error).into())
    });
    keys.collect()
}

/// What is given wrong is an input that is wrong; anything else has failed.
fn cannot(error: WitnessError, directory: &Path) -> anyhow::Error {
    let what = format!("cannot run the witness in `{}`", directory.display());
    match error {
        error @ (WitnessError::InUse
        | WitnessError::Named { .. }
        | WitnessError::Nameless
        | WitnessError::Logs { .. }
        | WitnessError::Key { .. }
        | WitnessError::Ledger(_)) => Input::new(what).because(error).into(),
        error => anyhow::Error::from(error).context(what),
    }
}
