//! `yunei serve`: everything put together.

mod data;
mod policies;
mod signals;
mod tasks;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use clap::Args;
use serde_json::json;
use tokio::net::TcpListener;
use yunei_lifecycle::{Domain, LifecycleError, Settings};
use yunei_model::{Limits, Name, RandomIds, SystemClock};
use yunei_store::StoreError;

use crate::caller::Caller;
use crate::exit::Exit;
use crate::failure::Input;
use crate::internal;
use crate::printer::Printer;

pub use data::LOG_KEY_FILE;
use policies::Policies;
use signals::Signals;
use tasks::Tasks;

/// Runs the domain over a data directory.
#[derive(Debug, Args)]
pub struct Serve {
    /// Data directory: made, for its owner alone, if it is not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// Where to listen: an address with a port, or a port of this machine alone; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8700", value_parser = listen)]
    listen: SocketAddr,

    /// Directory of policies: schema.cedarschema, *.cedar, disclosure/*.toml; by default those built in
    #[arg(long, value_name = "DIR")]
    policies: Option<PathBuf>,

    /// Disclosure profile that releases are held against
    #[arg(long, value_name = "NAME", default_value = policies::PROFILE_DEFAULT)]
    profile: Name,

    /// Runs at once
    #[arg(long, value_name = "N", default_value = "2", value_parser = workers)]
    workers: NonZeroUsize,

    /// Name of the transparency log; a log keeps the name of its first start
    #[arg(long, value_name = "NAME")]
    log_name: Option<String>,

    /// Milliseconds between two published checkpoints of the transparency log
    #[arg(long, value_name = "MS", default_value = "500", value_parser = cadence)]
    checkpoint_ms: Duration,

    /// Replaces the key that signs the transparency log before anything is served; see host/KEYS.md
    #[arg(long)]
    rotate_log_key: bool,

    /// What to log, to standard error: a level, or target=level, separated by commas
    #[arg(long, env = "YUNEI_LOG", value_name = "FILTER", default_value = yunei_telemetry::FILTER_DEFAULT)]
    log: String,
}

/// Most runs at once.
const WORKERS_MAX: usize = 256;

fn workers(text: &str) -> Result<NonZeroUsize, String> {
    let number = text
        .parse::<NonZeroUsize>()
        .ok()
        .filter(|number| number.get() <= WORKERS_MAX);
    number.ok_or_else(|| format!("1 to {WORKERS_MAX}"))
}

/// Shortest time between two published checkpoints, in milliseconds.
const CADENCE_MS_MIN: u64 = 10;

fn cadence(text: &str) -> Result<Duration, String> {
    let cadence = text.parse().ok().map(Duration::from_millis);
    let shortest = Duration::from_millis(CADENCE_MS_MIN);
    let longest = yunei_lifecycle::CADENCE_MAX;
    let cadence = cadence.filter(|cadence| (shortest..=longest).contains(cadence));
    cadence.ok_or_else(|| format!("{CADENCE_MS_MIN} to {}", longest.as_millis()))
}

/// An address with its port, or a port alone.
fn listen(text: &str) -> Result<SocketAddr, String> {
    let loopback = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let port = text.trim_start_matches(':').parse::<u16>().map(loopback);
    port.or_else(|_| text.parse())
        .map_err(|_| "an address with its port such as 127.0.0.1:8700, or a port".to_owned())
}

impl Serve {
    /// Serves until it is told to stop.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let telemetry = yunei_telemetry::Settings::new(
            "yunei",
            env!("CARGO_PKG_VERSION"),
            Arc::new(SystemClock),
            Arc::new(RandomIds),
        );
        let _flushed_when_dropped = yunei_telemetry::init(telemetry.filter(&self.log))
            .map_err(|error| Input::new("cannot log as it was told").because(error))?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("cannot start")?;
        let served = runtime.block_on(self.serve(caller.printer()));
        // Whoever wants it to stop at once does not wait for an import that is under way.
        runtime.shutdown_background();
        served.map(|()| Exit::Done)
    }

    async fn serve(self, printer: Printer) -> anyhow::Result<()> {
        // From here on a signal stops the server in order, however early it comes.
        let signals = Signals::new()?;
        let (domain, listener) = self.open().await?;
        let bootstrap = domain.bootstrap().await;
        let bootstrap = bootstrap.context("cannot make the first accounts")?;
        let aborted = domain.recover().await.context("cannot recover")?;
        let address = listener.local_addr().context("cannot listen")?;
        if !address.ip().is_loopback() {
            printer.aside(
                "warning: others can reach this server and it speaks plain HTTP; put a proxy with TLS in front of it",
            );
        }
        let files = bootstrap.iter().flat_map(|made| &made.files);
        let files: Vec<PathBuf> = files.map(|file| self.data.join(file)).collect();
        announce(
            printer,
            &format!("http://{address}"),
            &files,
            aborted,
            &domain,
        )?;
        let tasks = Tasks::start(&domain, listener, self.workers);
        tasks
            .until(signals, || {
                printer.aside("stopping; once more to stop at once")
            })
            .await
    }

    async fn open(&self) -> anyhow::Result<(Arc<Domain>, TcpListener)> {
        // Before anything is made: whoever mistyped an argument finds no directory afterwards.
        let policies = Policies::read(self.policies.as_deref(), &self.profile)?;
        let directory = data::Directory::open(&self.data)?;
        let domain = Domain::open(self.settings(&directory, policies)?).await;
        let mut domain = domain.map_err(|error| cannot_open(error, &self.data))?;
        if self.rotate_log_key {
            let handed_over = domain.rotate_log_key().await;
            let handed_over = handed_over.context("cannot replace the log's key")?;
            directory.renew_log_key(&domain.log_key().to_string(), &handed_over)?;
        }
        let listener = TcpListener::bind(self.listen).await.map_err(|error| {
            Input::new(format!("cannot listen on {}", self.listen)).because(error)
        })?;
        directory.keep_log_key(&domain.log_key().to_string())?;
        Ok((Arc::new(domain), listener))
    }

    fn settings(
        &self,
        directory: &data::Directory,
        policies: Policies,
    ) -> anyhow::Result<Settings> {
        Ok(Settings {
            data: directory.handle()?,
            data_path: self.data.clone(),
            program: internal::program().context("cannot tell which program this is")?,
            authority: policies.authority,
            profile: policies.profile,
            log_name: directory.log_name(self.log_name.as_deref())?,
            cadence: self.checkpoint_ms,
            limits: Limits::default(),
            keys: Arc::new(directory.keys()?),
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
        })
    }
}

/// A directory that another server has is an argument that is wrong; anything else has failed.
fn cannot_open(error: LifecycleError, directory: &std::path::Path) -> anyhow::Error {
    let what = format!("cannot open the domain in `{}`", directory.display());
    match error {
        LifecycleError::Store(error @ (StoreError::InUse { .. } | StoreError::Schema { .. })) => {
            Input::new(what).because(error).into()
        }
        error @ LifecycleError::Policy { .. } => Input::new(what).because(error).into(),
        error => anyhow::Error::from(error).context(what),
    }
}

fn announce(
    printer: Printer,
    url: &str,
    files: &[PathBuf],
    aborted: u64,
    domain: &Domain,
) -> anyhow::Result<()> {
    let told = json!({
        "url": url,
        "pid": std::process::id(),
        "token_files": files,
        "aborted_runs": aborted,
        "log_key": domain.log_key().to_string(),
        "profile": domain.profile().name(),
    });
    for file in files {
        printer.aside(&format!(
            "first start: a token is in `{}`; it is shown nowhere else",
            file.display()
        ));
    }
    if aborted > 0 {
        printer.aside(&format!(
            "{aborted} runs that were interrupted ended as aborted"
        ));
    }
    printer.say(&told, &format!("listening on {url}"))
}

#[cfg(test)]
mod tests;
