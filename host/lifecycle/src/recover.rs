//! Recovery: an intent without outcome becomes `aborted`, at start-up or as soon as whoever led it on is lost. What waits loses nothing:
//! for people, or sealed for the witnesses' quorum, it waits on.

use yunei_ledger::{Draft, Kind};
use yunei_model::{Code, EndCause, Run, RunId, RunState, State};
use yunei_store::{Change, PAGE_ROWS_MAX, Page, RunFilter};

use crate::execute::sealed_file;
use crate::failing::cause_kind;
use crate::stop::run_facts;
use crate::{Domain, LifecycleError};

/// Runs that are left waiting for the quorum at most; further ones end as `aborted`.
const LEFT_WAITING_MAX: usize = 1024;

/// What recovery found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Recovered {
    /// Runs that an interruption left open, and that ended as `aborted`.
    pub aborted: u64,
    /// Runs that wait on for the witnesses' quorum: [`Domain::take_left_waiting`].
    pub waiting: u64,
}

impl Domain {
    /// Ends what an interruption left open, says that the system started, and wakes the workers.
    ///
    /// # Errors
    /// The store failed.
    pub async fn recover(&self) -> Result<Recovered, LifecycleError> {
        let filter = RunFilter {
            states: vec![RunState::Running, RunState::Sealed],
            ..RunFilter::default()
        };
        let mut aborted = 0;
        let mut waiting = Vec::new();
        let mut page = Page::first(PAGE_ROWS_MAX);
        loop {
            let runs = self.store.runs(&filter, page).await?;
            let Some(last) = runs.last().map(|run| run.id) else {
                break;
            };
            page = page.after(last);
            let mut change = self.store.begin().await?;
            for run in runs {
                let room = waiting.len() < LEFT_WAITING_MAX;
                if room && self.waits_for_quorum(&mut change, &run).await? {
                    waiting.push(run.id);
                    continue;
                }
                self.abort_one(&mut change, run, EndCause::Interrupted)
                    .await?;
                aborted += 1;
            }
            self.commit(change).await?;
        }
        let recovered = Recovered {
            aborted,
            waiting: waiting.len() as u64,
        };
        *self
            .left_waiting
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = waiting;
        let mut change = self.store.begin().await?;
        self.keep_policy_texts(&mut change).await?;
        let draft = Draft::new(Kind::SystemStarted)
            .fact("aborted", aborted)
            .fact("waiting", recovered.waiting)
            .fact("policy_set", self.authority.policy_set().to_string())
            .fact("profile", self.profile.digest().to_string());
        self.record(&mut change, self.witnessing_facts(draft))
            .await?;
        self.commit(change).await?;
        self.queued.notify_one();
        Ok(recovered)
    }

    /// Ends a run as `aborted`, with its cause, that nobody leads on any more, and kills its rooms if they are up. False when it was at
    /// its end, or waits for people.
    ///
    /// # Errors
    /// The store failed: the run is as it was.
    pub async fn interrupt(&self, id: RunId, cause: EndCause) -> Result<bool, LifecycleError> {
        self.kill_rooms(id);
        let mut change = self.store.begin().await?;
        let run = change.run(id).await?.ok_or(Code::NotFound)?;
        if !matches!(run.state, RunState::Running | RunState::Sealed) {
            return Ok(false);
        }
        self.abort_one(&mut change, run, cause).await?;
        self.commit(change).await?;
        Ok(true)
    }

    async fn abort_one(
        &self,
        change: &mut Change,
        mut run: Run,
        cause: EndCause,
    ) -> Result<(), LifecycleError> {
        if run.state == RunState::Running {
            // Nothing is sealed in it yet.
            let _gone = self.sealed.remove_file(sealed_file(run.id));
        }
        run.state = run
            .state
            .step(RunState::Aborted)
            .map_err(|_| Code::WrongState)?;
        run.ended_at = Some(self.clock.now());
        let kind_of_cause = cause_kind(&cause);
        run.end_cause = Some(cause);
        let draft = self
            .close_trace(change, &mut run, Draft::new(Kind::RunAborted))
            .await?;
        change.put_run(&run).await?;
        self.record(change, run_facts(draft, &run).fact("cause", kind_of_cause))
            .await?;
        self.destroy_output(change, &run).await
    }
}
