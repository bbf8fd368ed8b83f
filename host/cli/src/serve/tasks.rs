//! The tasks of a server, and the order in which they stop.

use std::num::NonZeroUsize;
use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use yunei_lifecycle::Domain;
use yunei_server::ServerError;
use yunei_worker::WorkerError;

use super::signals::Signals;

/// The tasks.
///
/// INVARIANT: they stop in this order: requests and runs first; then the sequencer, which both may wait for, and the live stream; then the domain.
pub struct Tasks {
    domain: Arc<Domain>,
    serving: Serving,
    stop: watch::Sender<bool>,
    sequencer: JoinHandle<()>,
    stream: JoinHandle<()>,
    sequencer_stop: watch::Sender<bool>,
}

/// What serves, each until it has ended.
struct Serving {
    server: Option<JoinHandle<Result<(), ServerError>>>,
    worker: Option<JoinHandle<Result<(), WorkerError>>>,
}

impl Tasks {
    /// Starts all of them.
    pub fn start(domain: &Arc<Domain>, listener: TcpListener, workers: NonZeroUsize) -> Self {
        let (stop, stopped) = watch::channel(false);
        let (sequencer_stop, sequencer_stopped) = watch::channel(false);
        let sequencer = tokio::spawn({
            let domain = Arc::clone(domain);
            async move { domain.run_sequencer(sequencer_stopped).await }
        });
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
            sequencer,
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
        self.sequencer_stop.send_replace(true);
        let sequenced = self.sequencer.await.context("the sequencer broke");
        let told = self.stream.await.context("the live stream broke");
        let shut = self
            .domain
            .shut_down()
            .await
            .context("cannot shut down in order");
        rest.and(sequenced).and(told).and(shut)
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

/// Is over once `stop` is true.
async fn over(mut stop: watch::Receiver<bool>) {
    // Nobody left who could say so means the same.
    let _ = stop.wait_for(|stop| *stop).await;
}
