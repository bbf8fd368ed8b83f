//! The tasks of a server, and the order in which they stop.

use std::num::NonZeroUsize;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use yunei_lifecycle::{Collector, Domain};
use yunei_server::ServerError;
use yunei_telemetry::event;
use yunei_worker::WorkerError;

use super::signals::Signals;

/// The tasks.
///
/// INVARIANT: they stop in this order: requests, runs, alerts, webhooks and schedules first; then the sequencer and the witnesses' rounds, which all
/// of them may wait for, the live stream, and the collectors, which go on from their cursors at the next start; then the domain.
pub struct Tasks {
    domain: Arc<Domain>,
    serving: Serving,
    stop: watch::Sender<bool>,
    /// Rules over the record, webhooks, and schedules.
    watching: [JoinHandle<()>; 3],
    sequencer: JoinHandle<()>,
    witnesses: JoinHandle<()>,
    collectors: Vec<JoinHandle<()>>,
    metrics: Option<JoinHandle<()>>,
    stream: JoinHandle<()>,
    sequencer_stop: watch::Sender<bool>,
}

/// What goes on beside requests and runs.
pub struct Beside {
    /// Where metrics are served.
    pub metrics: Option<TcpListener>,
    /// Where traces go.
    pub collectors: Vec<Collector>,
}

impl Beside {
    /// Where metrics are served.
    pub fn metrics_url(&self) -> anyhow::Result<Option<String>> {
        let Some(listener) = &self.metrics else {
            return Ok(None);
        };
        let address = listener.local_addr().context("cannot listen")?;
        Ok(Some(format!("http://{address}/metrics")))
    }
}

/// What serves, each until it has ended.
struct Serving {
    server: Option<JoinHandle<Result<(), ServerError>>>,
    worker: Option<JoinHandle<Result<(), WorkerError>>>,
}

impl Tasks {
    /// Starts all of them.
    pub fn start(
        domain: &Arc<Domain>,
        listener: TcpListener,
        workers: NonZeroUsize,
        beside: Beside,
    ) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (sequencer_stop, sequencer_stopped) = watch::channel(false);
        let sequencer = tokio::spawn({
            let domain = Arc::clone(domain);
            let stopped = sequencer_stopped.clone();
            async move { domain.run_sequencer(stopped).await }
        });
        let collectors = beside.collectors.into_iter().map(|collector| {
            let (domain, stopped) = (Arc::clone(domain), sequencer_stopped.clone());
            tokio::spawn(async move { domain.run_collector(collector, stopped).await })
        });
        let metrics = beside.metrics.map(|listener| {
            let (domain, stopped) = (Arc::clone(domain), sequencer_stopped.clone());
            tokio::spawn(serve_metrics(domain, listener, stopped))
        });
        let alerts = tokio::spawn({
            let (domain, stopped) = (Arc::clone(domain), stopped.clone());
            async move { domain.run_alerts(stopped).await }
        });
        let schedules = tokio::spawn({
            let (domain, stopped) = (Arc::clone(domain), stopped.clone());
            async move { domain.run_scheduler(stopped).await }
        });
        let webhooks = tokio::spawn(Arc::clone(domain).run_webhooks(stopped.clone()));
        let witnesses = tokio::spawn(Arc::clone(domain).run_witnesses(sequencer_stopped.clone()));
        let stream = tokio::spawn({
            let (domain, stopped) = (Arc::clone(domain), sequencer_stop.subscribe());
            async move { domain.run_stream(stopped).await }
        });
        let work = yunei_worker::work(Arc::clone(domain), workers, over(stopped.clone()));
        let serve = yunei_server::serve(Arc::clone(domain), listener, over(stopped));
        let serving = Serving {
            server: Some(tokio::spawn(serve)),
            worker: Some(tokio::spawn(work)),
        };
        Self {
            domain: Arc::clone(domain),
            serving,
            stop,
            watching: [alerts, webhooks, schedules],
            sequencer,
            witnesses,
            collectors: collectors.collect(),
            metrics,
            stream,
            sequencer_stop,
        }
    }

    /// Lets them work until the first signal or the first failure, and stops them in order; a second signal ends that at once.
    pub async fn until(
        mut self,
        mut signals: Signals,
        stopping: impl FnOnce(),
    ) -> anyhow::Result<()> {
        let ended = tokio::select! {
            () = signals.next() => Ok(()),
            ended = self.serving.first_end() => ended,
        };
        stopping();
        tokio::select! {
            rest = self.stop() => ended.and(rest),
            () = signals.next() => Err(anyhow!("stopped at once; what was running ends as aborted at the next start")),
        }
    }

    async fn stop(self) -> anyhow::Result<()> {
        self.stop.send_replace(true);
        let rest = self.serving.rest().await;
        for watching in self.watching {
            watching
                .await
                .context("the alerts or the schedules broke")?;
        }
        self.sequencer_stop.send_replace(true);
        let mut sequenced = self.sequencer.await.context("the sequencer broke");
        for beside in self.collectors.into_iter().chain(self.metrics) {
            let ended = beside.await.context("a task beside the server broke");
            sequenced = sequenced.and(ended);
        }
        let witnessed = self.witnesses.await.context("the witnesses' rounds broke");
        let told = self.stream.await.context("the live stream broke");
        let shut = self
            .domain
            .shut_down()
            .await
            .context("cannot shut down in order");
        rest.and(sequenced).and(witnessed).and(told).and(shut)
    }
}

impl Serving {
    /// Waits until either ends, which it does by itself only when something failed.
    async fn first_end(&mut self) -> anyhow::Result<()> {
        let (Some(server), Some(worker)) = (&mut self.server, &mut self.worker) else {
            return Ok(());
        };
        tokio::select! {
            ended = server => {
                self.server = None;
                ended.context("the server broke")?.context("the server failed")
            }
            ended = worker => {
                self.worker = None;
                ended.context("the worker broke")?.context("the worker failed")
            }
        }
    }

    /// Waits for those that have not ended.
    async fn rest(self) -> anyhow::Result<()> {
        let server = match self.server {
            Some(server) => server
                .await
                .context("the server broke")?
                .context("the server failed"),
            None => Ok(()),
        };
        let worker = match self.worker {
            Some(worker) => worker
                .await
                .context("the worker broke")?
                .context("the worker failed"),
            None => Ok(()),
        };
        server.and(worker)
    }
}

/// Serves metrics. A domain without metrics goes on: whoever watches it sees that they are gone.
async fn serve_metrics(domain: Arc<Domain>, listener: TcpListener, stopped: watch::Receiver<bool>) {
    let served = yunei_server::serve_metrics(domain, listener, over(stopped)).await;
    if let Err(error) = served {
        event!(ERROR, METRICS_FAILED, CAUSE = %error);
    }
}

/// Is over once `stop` is true.
async fn over(mut stop: watch::Receiver<bool>) {
    // Nobody left who could say so means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}
