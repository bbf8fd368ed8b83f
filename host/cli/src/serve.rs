//! `yunei serve`: everything put together.

mod begin;
pub mod configuration;
mod data;
pub mod policies;
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
use yunei_lifecycle::{Alerting, Domain, LifecycleError, Recovered, Settings};
use yunei_model::{Limits, Name, RandomIds, SystemClock};
use yunei_store::StoreError;

use crate::caller::Caller;
use crate::exit::Exit;
use crate::failure::Input;
use crate::files;
use crate::internal;
use crate::printer::Printer;
use configuration::Configuration;

pub use begin::begin;
pub use data::{Directory, LOG_KEY_FILE, WITNESSES_FILE};
use policies::Policies;
pub use signals::Signals;
use tasks::{Beside, Tasks};

/// Runs the domain over a data directory.
#[derive(Debug, Args)]
pub struct Serve {
    /// Data directory: made, for its owner alone, if it is not there
    #[arg(long, value_name = "DIR")]
    data: PathBuf,

    /// Where to listen: an address with a port, or a port of this machine alone; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8700", value_parser = listen)]
    listen: SocketAddr,

    /// Where to serve metrics for Prometheus: an address of this machine alone with a port; not at all unless it is said
    #[arg(long, value_name = "ADDRESS", value_parser = metrics)]
    metrics: Option<SocketAddr>,

    /// Directory of policies: schema.cedarschema, *.cedar, disclosure/*.toml, alerts/*.toml; by default those built in
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

    /// Quorum policy of the log's witnesses; by default `witnesses.toml` in the data directory, if it is there
    #[arg(long, value_name = "FILE")]
    witnesses: Option<PathBuf>,

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
pub fn listen(text: &str) -> Result<SocketAddr, String> {
    let loopback = |port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port);
    let port = text.trim_start_matches(':').parse::<u16>().map(loopback);
    port.or_else(|_| text.parse())
        .map_err(|_| "an address with its port such as 127.0.0.1:8700, or a port".to_owned())
}

/// An address that nobody else's machine can reach.
fn metrics(text: &str) -> Result<SocketAddr, String> {
    let address = listen(text)?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("an address of this machine alone such as 127.0.0.1:8701: metrics tell too much for others".to_owned())
    }
}

/// What was opened.
struct Opened {
    domain: Arc<Domain>,
    listener: TcpListener,
    beside: Beside,
}

impl Serve {
    /// Serves until it is told to stop.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let (_flushed_when_dropped, runtime) = begin("yunei", &self.log)?;
        let served = runtime.block_on(self.serve(caller.printer()));
        // Whoever wants it to stop at once does not wait for an import that is under way.
        runtime.shutdown_background();
        served.map(|()| Exit::Done)
    }

    async fn serve(self, printer: Printer) -> anyhow::Result<()> {
        // From here on a signal stops the server in order, however early it comes.
        let signals = Signals::new()?;
        let Opened {
            domain,
            listener,
            beside,
        } = self.open().await?;
        let bootstrap = domain.bootstrap().await;
        let bootstrap = bootstrap.context("cannot make the first accounts")?;
        let recovered = domain.recover().await.context("cannot recover")?;
        let address = listener.local_addr().context("cannot listen")?;
        if !address.ip().is_loopback() {
            printer.aside(
                "warning: others can reach this server and it speaks plain HTTP; put a proxy with TLS in front of it",
            );
        }
        let files = bootstrap.iter().flat_map(|made| &made.files);
        let files: Vec<PathBuf> = files.map(|file| self.data.join(file)).collect();
        let announced = Announced {
            url: format!("http://{address}"),
            metrics_url: beside.metrics_url()?,
            files: &files,
            recovered,
        };
        announced.tell(printer, &domain)?;
        let tasks = Tasks::start(&domain, listener, self.workers, beside);
        tasks
            .until(signals, || {
                printer.aside("stopping; once more to stop at once")
            })
            .await
    }

    async fn open(&self) -> anyhow::Result<Opened> {
        // Before anything is made: whoever mistyped an argument finds no directory afterwards.
        let policies = Policies::read(self.policies.as_deref(), &self.profile)?;
        let directory = data::Directory::open(&self.data)?;
        let handle = directory.handle()?;
        let configuration = Configuration::read(&handle)?;
        let collectors = configuration.collectors(&handle)?;
        let webhooks = configuration.webhooks(&handle)?;
        let alerting = Alerting::new(policies.alerts.clone(), webhooks)
            .map_err(|error| Input::new("cannot use the rules of alerts").because(error))?;
        let domain = Domain::open(self.settings(&directory, policies)?).await;
        let domain = domain.map_err(|error| cannot_open(error, &self.data))?;
        let mut domain = domain.with_alerts(alerting);
        if self.rotate_log_key {
            let handed_over = domain.rotate_log_key().await;
            let handed_over = handed_over.context("cannot replace the log's key")?;
            directory.renew_log_key(&domain.log_key().to_string(), &handed_over)?;
        }
        let listener = bind(self.listen).await?;
        let metrics = match self.metrics {
            Some(address) => Some(bind(address).await?),
            None => None,
        };
        directory.keep_log_key(&domain.log_key().to_string())?;
        Ok(Opened {
            domain: Arc::new(domain),
            listener,
            beside: Beside {
                metrics,
                collectors,
            },
        })
    }

    /// The quorum policy that was given, or else the one in the data directory.
    fn witnesses(&self) -> anyhow::Result<Option<String>> {
        let usual = self.data.join(WITNESSES_FILE);
        let path = match &self.witnesses {
            Some(path) => path,
            None if usual.exists() => &usual,
            None => return Ok(None),
        };
        Ok(Some(files::text(path)?))
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
            witnesses: self.witnesses()?,
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

async fn bind(address: SocketAddr) -> Result<TcpListener, Input> {
    let bound = TcpListener::bind(address).await;
    bound.map_err(|error| Input::new(format!("cannot listen on {address}")).because(error))
}

/// Whether anybody outside holds the log to what it said.
fn witnesses_told(domain: &Domain) -> String {
    match domain.witnesses_configured() {
        Some((known, needed)) => format!("{needed} of {known} witnesses make the log's quorum"),
        None => format!(
            "no witnesses: nobody outside holds the log to what it said; see `{WITNESSES_FILE}`"
        ),
    }
}

/// What a server says when it is up.
struct Announced<'a> {
    url: String,
    metrics_url: Option<String>,
    files: &'a [PathBuf],
    recovered: Recovered,
}

impl Announced<'_> {
    fn tell(&self, printer: Printer, domain: &Domain) -> anyhow::Result<()> {
        let told = json!({
            "url": self.url,
            "metrics_url": self.metrics_url,
            "pid": std::process::id(),
            "token_files": self.files,
            "aborted_runs": self.recovered.aborted,
            "waiting_runs": self.recovered.waiting,
            "log_key": domain.log_key().to_string(),
            "profile": domain.profile().name(),
            "witnesses": domain.witnesses_configured().map(|(known, needed)| json!({ "known": known, "needed": needed })),
        });
        printer.aside(&witnesses_told(domain));
        for file in self.files {
            printer.aside(&format!(
                "first start: a token is in `{}`; it is shown nowhere else",
                file.display()
            ));
        }
        let Recovered { aborted, waiting } = self.recovered;
        if aborted > 0 {
            printer.aside(&format!(
                "{aborted} runs that were interrupted ended as aborted"
            ));
        }
        if waiting > 0 {
            printer.aside(&format!("{waiting} sealed runs wait on for the witnesses"));
        }
        if let Some(url) = &self.metrics_url {
            printer.aside(&format!("metrics are at {url}"));
        }
        printer.say(&told, &format!("listening on {}", self.url))
    }
}

#[cfg(test)]
mod tests;
