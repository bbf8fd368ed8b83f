//! Recovery at start-up: an intent without outcome becomes `aborted`.

use yunei_ledger::{Draft, Kind};
use yunei_model::{Code, EndCause, RunState, State};
use yunei_store::{Page, RunFilter};

use crate::stop::run_facts;
use crate::{Domain, LifecycleError};

impl Domain {
    /// Ends what an interruption left open, says that the system started, and wakes the workers.
    ///
    /// # Errors
    /// The store failed.
    pub async fn recover(&self) -> Result<u64, LifecycleError> {
        let filter = RunFilter {
            states: vec![RunState::Running, RunState::Sealed],
            ..RunFilter::default()
        };
        let mut aborted = 0;
        loop {
            let runs = self
                .store
                .runs(&filter, Page::first(yunei_store::PAGE_ROWS_MAX))
                .await?;
            if runs.is_empty() {
                break;
            }
            let mut change = self.store.begin().await?;
            for mut run in runs {
                run.state = run
                    .state
                    .step(RunState::Aborted)
                    .map_err(|_| Code::WrongState)?;
                run.ended_at = Some(self.clock.now());
                run.end_cause = Some(EndCause::Interrupted);
                let draft = self
                    .close_trace(&mut change, &mut run, Draft::new(Kind::RunAborted))
                    .await?;
                change.put_run(&run).await?;
                let draft = run_facts(draft, &run);
                self.record(&mut change, draft).await?;
                self.destroy_output(&mut change, &run).await?;
                aborted += 1;
            }
            self.commit(change).await?;
        }
        self.record_alone(Draft::new(Kind::SystemStarted).fact("aborted", aborted))
            .await?;
        self.queued.notify_one();
        Ok(aborted)
    }
}
