//! Execution: feed and cell run, every call goes onto the record, the output is sealed.

use std::os::fd::{AsFd as _, BorrowedFd};
use std::pin::pin;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};
use tracing::Instrument;
use yunei_ledger::{Draft, Kind};
use yunei_model::{
    Code, Digest, EndCause, LimitExceeded, Name, Run, RunId, RunState, SealedOutput, State,
};
use yunei_rooms::{GateSession, RunningRooms, Session};
use yunei_store::Change;
use yunei_telemetry::span;

use crate::attend::{CallsTo, Ran};
use crate::claim::Claimed;
use crate::earlier::Audit;
use crate::laps::{Laps, took};
use crate::prepared::Prepared;
use crate::stop::run_facts;
use crate::{Domain, LifecycleError};

/// A run whose output is sealed and at the gate. Comes from [`Domain::execute`] alone.
#[derive(Debug)]
pub struct Sealed {
    pub(crate) run: Run,
    pub(crate) output: SealedOutput,
    pub(crate) gate: GateSession,
    /// Entries that must be under a signed checkpoint before anything of the run may leave.
    pub(crate) covered_from: u64,
    /// Outputs in which the gate saw a decoy record.
    pub(crate) decoys: Vec<Name>,
    /// Digest of what waits for people, sealed behind the cell's output.
    pub(crate) candidate: Option<Digest>,
    /// What the judgement rests on beside the output.
    pub(crate) audit: Audit,
    /// What another gate is started from, should something else leave meanwhile.
    pub(crate) prepared: Prepared,
}

impl Sealed {
    /// Says on the record where a decoy was seen; nothing when nowhere.
    pub(crate) fn decoy_facts(&self, draft: Draft) -> Draft {
        draft.fact("decoys", (!self.decoys.is_empty()).then_some(&self.decoys))
    }
}

/// Name of the file that a run's output is sealed in.
pub(crate) fn sealed_file(run: RunId) -> String {
    format!("{run}.sealed")
}

/// Name of the limit on how long a run takes.
pub(crate) const DURATION_LIMIT: &str = "duration_ms_max";

/// A gate that was started while the guest runs, and what its judgement will rest on.
struct Beside {
    gate: GateSession,
    audit: Audit,
}

/// Waits until the gate is started, and lets it compute whenever the feed has nothing to do; not beyond the guest's end. `None` when that
/// is no good one: there is nothing to judge.
async fn until_end(
    start: impl Future<Output = Result<Beside, LifecycleError>>,
    idle: &Notify,
    mut end: oneshot::Receiver<bool>,
) -> Result<Option<Beside>, LifecycleError> {
    let mut start = pin!(start);
    let mut beside = tokio::select! {
        started = &mut start => started?,
        well = &mut end => return match well {
            Ok(true) => start.await.map(Some),
            _ => Ok(None),
        },
    };
    loop {
        tokio::select! {
            () = idle.notified() => beside.gate.compute().await,
            lost = beside.gate.lost() => return Err(lost.into()),
            _end = &mut end => return Ok(Some(beside)),
        }
    }
}

/// The file that an output is sealed in. Gone with this, unless it is on the record.
pub(crate) struct SealedFile<'a> {
    domain: &'a Domain,
    name: String,
    kept: bool,
}

impl<'a> SealedFile<'a> {
    /// Of that name; there is none yet.
    pub(crate) const fn named(domain: &'a Domain, name: String) -> Self {
        let kept = false;
        Self { domain, name, kept }
    }

    /// An empty one. It is made durable when people are to open it: until then nothing outlasts the server that leads the run.
    fn create(&self) -> Result<std::fs::File, LifecycleError> {
        let mut options = cap_std::fs::OpenOptions::new();
        options.read(true).write(true).create(true).truncate(true);
        let file = self.domain.sealed.open_with(&self.name, &options);
        let file = file.map_err(LifecycleError::data("to make a sealed output"))?;
        Ok(file.into_std())
    }
}

impl Drop for SealedFile<'_> {
    fn drop(&mut self) {
        if !self.kept {
            // What stays behind is noise: its key is nowhere.
            let _gone = self.domain.sealed.remove_file(&self.name);
        }
    }
}

/// Rooms that are known to whoever may have to kill them, for as long as this lives.
pub(crate) struct Registered<'a> {
    domain: &'a Domain,
    run: RunId,
}

impl Registered<'_> {
    /// Has others known with them.
    fn add(&self, rooms: &RunningRooms) {
        let running = &self.domain.running;
        let mut running = running
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        let all = running
            .get(&self.run)
            .map_or_else(|| rooms.clone(), |known| known.and(rooms));
        running.insert(self.run, all);
    }
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        let mut running = self
            .domain
            .running
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        // The rooms die with their session; here they are only no longer to be found.
        running.remove(&self.run);
    }
}

impl Domain {
    /// Runs a claimed run up to its sealed output. `None` when it ended before: failed, stopped or aborted, as the record says.
    ///
    /// # Errors
    /// The host failed; the run is put to its end by `Domain::abandon` then.
    pub async fn execute(&self, claimed: Claimed) -> Result<Option<Sealed>, LifecycleError> {
        let run = claimed.run();
        let id = run.id;
        let span = span!(RUN, RUN_ID = %id, GRANT_ID = %run.grant, MODULE_ID = %run.module);
        match self.try_execute(claimed).instrument(span).await {
            Ok(sealed) => Ok(sealed),
            Err(error) => {
                self.give_up(id, &error).await;
                Err(error)
            }
        }
    }

    async fn try_execute(&self, claimed: Claimed) -> Result<Option<Sealed>, LifecycleError> {
        let mut laps = Laps::begin(&*self.clock);
        let plan = self.session_plan(&claimed.prepared).await?;
        laps.done("plan");
        let id = claimed.run().id;
        let (session, rooms) = Session::start(&self.program, plan, &*self.clock).await?;
        laps.done("rooms");
        for (room, duration_us) in session.starts() {
            took(room, *duration_us);
        }
        let registered = self.register(id, rooms.clone());
        // A grant that ended between claim and start found no rooms to kill: it is asked once more.
        if self.ended_meanwhile(claimed.run()).await? {
            return Ok(None);
        }
        let file = SealedFile::named(self, sealed_file(id));
        let guest = self.run_guest(&claimed, session, &rooms, &registered, &file);
        let Some((ran, gate)) = guest.await? else {
            return Ok(None);
        };
        laps.done("guest");
        let span = span!(STAGE, STAGE = "seal");
        let sealed = self.seal_output(claimed, gate, ran, file);
        let sealed = sealed.instrument(span).await;
        drop(registered);
        sealed
    }

    /// Leads the guest to its end, with the gate beside it. `None` when it did not end well, as the record says.
    async fn run_guest(
        &self,
        claimed: &Claimed,
        mut session: Session<'_>,
        rooms: &RunningRooms,
        registered: &Registered<'_>,
        file: &SealedFile<'_>,
    ) -> Result<Option<(Ran, Beside)>, LifecycleError> {
        let id = claimed.run().id;
        let limit = claimed.prepared.capability.limits().duration_ms_max;
        let deadline = Duration::from_millis(limit);
        let idle = session.feed_idle();
        let output = session.output().try_clone_to_owned();
        let output = output.map_err(LifecycleError::data("to hold an output open"))?;
        let (ended, end) = oneshot::channel();
        let attended = async {
            let attended = self.attend(&mut session, CallsTo::Record(id));
            let attended = tokio::time::timeout(deadline, attended).await;
            // INVARIANT: what cannot be kept is not done: the guest gets no answer any more, before anything else is tried.
            if !matches!(attended, Ok(Ok(_))) {
                rooms.kill();
            }
            let well = matches!(&attended, Ok(Ok(ran)) if ran.ending.cause.is_none());
            // A gate that failed to start hears nothing any more.
            let _gone = ended.send(well);
            attended.ok().transpose()
        };
        let beside = self.start_beside(&claimed.prepared, output.as_fd(), file, registered);
        let beside = until_end(beside, &idle, end);
        let (ran, gate) = match tokio::try_join!(attended, beside) {
            Ok(both) => both,
            Err(error) => {
                rooms.kill();
                // Whoever stopped the run has killed its gate too.
                let ended = self.ended_meanwhile(claimed.run()).await?;
                return if ended { Ok(None) } else { Err(error) };
            }
        };
        let (cause, ran) = match ran {
            Some(ran) => (ran.ending.cause.clone(), Some(ran)),
            None => (Some(past_deadline(limit)), None),
        };
        match (cause, ran, gate) {
            (None, Some(ran), Some(gate)) => Ok(Some((ran, gate))),
            (cause, ran, _) => {
                let cause = cause.unwrap_or(EndCause::Interrupted);
                self.fail(claimed, cause, ran.as_ref()).await?;
                Ok(None)
            }
        }
    }

    /// Starts the gate while the guest runs.
    async fn start_beside(
        &self,
        prepared: &Prepared,
        output: BorrowedFd<'_>,
        file: &SealedFile<'_>,
        registered: &Registered<'_>,
    ) -> Result<Beside, LifecycleError> {
        let mut laps = Laps::begin(&*self.clock);
        let (gate, rooms, audit) = self.start_gate(prepared, output, file).await?;
        registered.add(&rooms);
        laps.done("gate-start");
        Ok(Beside { gate, audit })
    }

    pub(crate) fn register(&self, run: RunId, rooms: RunningRooms) -> Registered<'_> {
        let mut running = self
            .running
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        running.insert(run, rooms);
        Registered { domain: self, run }
    }

    async fn ended_meanwhile(&self, run: &Run) -> Result<bool, LifecycleError> {
        Ok(self
            .store
            .run(run.id)
            .await?
            .is_none_or(|r| r.state != RunState::Running))
    }

    /// Has the gate seal the output; puts trace root and digest on the record.
    async fn seal_output(
        &self,
        claimed: Claimed,
        beside: Beside,
        ran: Ran,
        mut file: SealedFile<'_>,
    ) -> Result<Option<Sealed>, LifecycleError> {
        let id = claimed.run().id;
        let mut laps = Laps::begin(&*self.clock);
        let Beside { mut gate, audit } = beside;
        let (digest, bytes) = match gate.seal().await {
            Ok(sealed) => sealed,
            Err(error) => {
                self.keep_last(id, &ran.last).await?;
                return Err(error.into());
            }
        };
        laps.done("seal");
        let output = SealedOutput {
            run: id,
            digest,
            bytes,
        };

        let mut change = self.store.begin().await?;
        let Some(mut run) = self.still(&mut change, id, RunState::Running).await? else {
            return Ok(None);
        };
        self.put_last(&mut change, id, &ran.last).await?;
        run.state = run
            .state
            .step(RunState::Sealed)
            .map_err(|_| Code::WrongState)?;
        note_trace(&mut run, &ran);
        change.put_run(&run).await?;
        change
            .put_sealed_output(&output, &file.name, &claimed.wrapped_key)
            .await?;
        let mut layers = ran.layers.clone();
        layers.push(("gate", gate.layers().to_vec()));
        let draft = run_facts(Draft::new(Kind::RunSealed), &run)
            .fact(yunei_ledger::TRACE_ROOT, ran.trace.root().to_string())
            .fact(yunei_ledger::CALLS, ran.calls)
            .fact("rows_fed", ran.ending.rows_fed)
            .fact("output_digest", digest.to_string())
            .observed("layers", layers);
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        file.kept = true;
        // While the gate computes, the log catches up.
        self.ask_for_checkpoint();
        laps.done("seal-commit");
        let covered_from = self.record_size().await?;
        Ok(Some(Sealed {
            run,
            output,
            gate,
            covered_from,
            decoys: Vec::new(),
            candidate: None,
            audit,
            prepared: claimed.prepared,
        }))
    }

    /// Starts a gate over what the cell writes; the ciphertext goes into `file` among the sealed outputs.
    pub(crate) async fn start_gate(
        &self,
        prepared: &Prepared,
        output: BorrowedFd<'_>,
        file: &SealedFile<'_>,
    ) -> Result<(GateSession, RunningRooms, Audit), LifecycleError> {
        let ciphertext = file.create()?;
        let (plan, parts, audit) = self.gate_plan(prepared).await?;
        let (gate, rooms) =
            GateSession::judge(&self.program, plan, output, ciphertext, &parts).await?;
        Ok((gate, rooms, audit))
    }

    /// Makes a sealed output durable: from now on it outlasts the server.
    pub(crate) async fn make_durable(&self, file: &str) -> Result<(), LifecycleError> {
        let failed = LifecycleError::data("to keep a sealed output");
        let file = self.sealed.open(file).map_err(&failed)?.into_std();
        let synced = tokio::task::spawn_blocking(move || file.sync_all()).await;
        let synced = synced.map_err(|_| LifecycleError::Impossible {
            detail: "a thread that broke while it kept a sealed output",
        })?;
        synced.map_err(failed)
    }

    /// Entries committed so far.
    pub(crate) async fn record_size(&self) -> Result<u64, LifecycleError> {
        let newest = self
            .store
            .entries(
                &yunei_store::EntryFilter::default(),
                yunei_store::Page::first(1).falling(),
            )
            .await?;
        Ok(newest.first().map_or(0, |r| r.position))
    }

    /// The run, if it is still in `state`; what stopped it meanwhile is on the record already.
    pub(crate) async fn still(
        &self,
        change: &mut Change,
        id: RunId,
        state: RunState,
    ) -> Result<Option<Run>, LifecycleError> {
        Ok(change.run(id).await?.filter(|run| run.state == state))
    }
}

/// The end of a run that took too long.
fn past_deadline(limit: u64) -> EndCause {
    let limit = LimitExceeded {
        name: DURATION_LIMIT.into(),
        limit,
        current: limit,
        requested: 1,
    };
    EndCause::Limit { limit }
}

fn note_trace(run: &mut Run, ran: &Ran) {
    run.trace_root = Some(ran.trace.root());
    run.calls = ran.calls;
    run.rows_fed = ran.ending.rows_fed;
}
