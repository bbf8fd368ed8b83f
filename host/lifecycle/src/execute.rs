//! Execution: feed and cell run, every call goes onto the record, the output is sealed.

use std::time::Duration;

use tracing::Instrument;
use yunei_ledger::{Draft, Kind, TraceTree};
use yunei_model::{
    Code, Digest, EndCause, LimitExceeded, Name, Run, RunId, RunState, SealedOutput, State,
};
use yunei_rooms::{Ending, Event, GateSession, GuestMessage, Layer, RunningRooms, Sealer, Session};
use yunei_store::Change;
use yunei_telemetry::{chain, event, span};

use crate::admit::write_once;
use crate::claim::Claimed;
use crate::earlier::Audit;
use crate::laps::{Laps, took};
use crate::prepared::Prepared;
use crate::replay::Heard;
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

/// Where calls go as they come.
pub(crate) enum CallsTo<'a> {
    /// Onto the record, as calls of this run.
    Record(RunId),
    /// To whoever compares them with those on the record.
    Compare(&'a mut Heard),
}

/// What came of feed and cell.
pub(crate) struct Ran {
    pub(crate) ending: Ending,
    pub(crate) trace: TraceTree,
    pub(crate) calls: u64,
    layers: Vec<(&'static str, Vec<Layer>)>,
}

impl Ran {
    /// Nobody waits for the guest's end.
    fn cut_short(trace: TraceTree, calls: u64) -> Self {
        Self {
            ending: Ending {
                cause: None,
                message: None,
                rows_fed: 0,
            },
            trace,
            calls,
            layers: Vec::new(),
        }
    }
}

/// Rooms that are known to whoever may have to kill them, for as long as this lives.
pub(crate) struct Registered<'a> {
    domain: &'a Domain,
    run: RunId,
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
        let limit = claimed.prepared.capability.limits().duration_ms_max;
        let deadline = Duration::from_millis(limit);
        let (mut session, rooms) = Session::start(&self.program, plan, &*self.clock).await?;
        laps.done("rooms");
        for (room, duration_us) in session.starts() {
            took(room, *duration_us);
        }
        let registered = self.register(id, rooms.clone());
        // A grant that ended between claim and start found no rooms to kill: it is asked once more.
        if self.ended_meanwhile(claimed.run()).await? {
            return Ok(None);
        }
        let attended = self.attend(&mut session, CallsTo::Record(id));
        let ran = match tokio::time::timeout(deadline, attended).await {
            Ok(Ok(ran)) => ran,
            Ok(Err(error)) => {
                // INVARIANT: what cannot be kept is not done: the guest gets no answer any more, before anything else is tried.
                rooms.kill();
                return Err(error);
            }
            Err(_) => {
                rooms.kill();
                let cause = LimitExceeded {
                    name: DURATION_LIMIT.into(),
                    limit,
                    current: limit,
                    requested: 1,
                };
                self.fail(&claimed, EndCause::Limit { limit: cause }, None)
                    .await?;
                return Ok(None);
            }
        };
        laps.done("guest");
        if let Some(cause) = ran.ending.cause.clone() {
            self.fail(&claimed, cause, Some(&ran)).await?;
            return Ok(None);
        }
        let span = span!(STAGE, STAGE = "seal");
        let sealed = self
            .seal_output(claimed, &session, ran)
            .instrument(span)
            .await;
        drop(registered);
        sealed
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

    /// Puts calls where they belong as they come, and lets the guest go on.
    pub(crate) async fn attend(
        &self,
        session: &mut Session<'_>,
        mut calls_to: CallsTo<'_>,
    ) -> Result<Ran, LifecycleError> {
        let mut trace = TraceTree::default();
        let mut calls = 0;
        // What was asked is on record before it is done, so how long that took comes with a later group.
        let mut took = Vec::new();
        loop {
            match session.next().await? {
                Event::Calls(group) => {
                    for call in &group {
                        let _call = span!(
                            HOST_CALL,
                            CALL_KIND = call.kind.as_str(),
                            CALL_INDEX = call.index,
                            DURATION_US = call.duration_us
                        )
                        .entered();
                        trace.push(call)?;
                    }
                    calls += group.len() as u64;
                    match &mut calls_to {
                        CallsTo::Record(run) => self.keep_calls(*run, &group, &mut took).await?,
                        CallsTo::Compare(heard) => {
                            heard.take(self, &group).await?;
                            if heard.heard_enough() {
                                return Ok(Ran::cut_short(trace, calls));
                            }
                        }
                    }
                    took.extend(session.go_on().await?);
                }
                Event::Ended(ending) => {
                    if let CallsTo::Record(run) = calls_to {
                        self.keep_took(run, &took).await?;
                    }
                    return Ok(Ran {
                        ending,
                        trace,
                        calls,
                        layers: session.layers().to_vec(),
                    });
                }
            }
        }
    }

    /// Trace leaves become durable here; their root is part of the run's outcome entry.
    async fn keep_calls(
        &self,
        run: RunId,
        group: &[yunei_model::Call],
        took: &mut Vec<yunei_model::Call>,
    ) -> Result<(), LifecycleError> {
        for chunk in group.chunks(yunei_store::CALLS_GROUP_MAX) {
            let mut change = self.store.begin().await?;
            // INVARIANT: a run at its end has its trace root on the record; no call comes after it.
            if self
                .still(&mut change, run, RunState::Running)
                .await?
                .is_none()
            {
                return Err(Code::WrongState.into());
            }
            change.put_calls(run, chunk).await?;
            for call in took.drain(..) {
                change.put_observed(run, &call).await?;
            }
            change.commit().await?;
        }
        Ok(())
    }

    /// How long the last calls took; not worth failing a run for, and nothing is added to one at its end.
    async fn keep_took(
        &self,
        run: RunId,
        took: &[yunei_model::Call],
    ) -> Result<(), LifecycleError> {
        if took.is_empty() {
            return Ok(());
        }
        let mut change = self.store.begin().await?;
        let running = self.still(&mut change, run, RunState::Running).await?;
        if running.is_none() {
            return Ok(());
        }
        for call in took {
            change.put_observed(run, call).await?;
        }
        change.commit().await?;
        Ok(())
    }

    /// Hands the output to the gate, which seals it; puts trace root and digest on the record.
    async fn seal_output(
        &self,
        claimed: Claimed,
        session: &Session<'_>,
        ran: Ran,
    ) -> Result<Option<Sealed>, LifecycleError> {
        let id = claimed.run().id;
        let mut laps = Laps::begin(&*self.clock);
        let file = sealed_file(id);
        let (mut gate, rooms, audit) = self.start_gate(&claimed.prepared, session, &file).await?;
        let registered = self.register(id, rooms);
        laps.done("gate-start");
        let (digest, bytes) = gate.sealed().await?;
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
        run.state = run
            .state
            .step(RunState::Sealed)
            .map_err(|_| Code::WrongState)?;
        note_trace(&mut run, &ran);
        change.put_run(&run).await?;
        change
            .put_sealed_output(&output, &file, &claimed.wrapped_key)
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
        // While the gate computes, the log catches up.
        self.ask_for_checkpoint();
        laps.done("seal-commit");
        drop(registered);
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

    /// Starts a gate over what the cell wrote; the ciphertext goes into `file` among the sealed outputs.
    pub(crate) async fn start_gate(
        &self,
        prepared: &Prepared,
        session: &Session<'_>,
        file: &str,
    ) -> Result<(GateSession, RunningRooms, Audit), LifecycleError> {
        write_once(&self.sealed, file, b"")?;
        let mut options = cap_std::fs::OpenOptions::new();
        options.read(true).write(true);
        let ciphertext = self
            .sealed
            .open_with(file, &options)
            .map_err(LifecycleError::data("to make a sealed output"))?
            .into_std();
        let (plan, parts, audit) = self.gate_plan(prepared).await?;
        let output = session.output();
        let (gate, rooms) =
            GateSession::judge(&self.program, plan, output, ciphertext, &parts).await?;
        Ok((gate, rooms, audit))
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

    /// Puts a run to `failed`, unless something else ended it first. What its guest said of that is sealed.
    async fn fail(
        &self,
        claimed: &Claimed,
        cause: EndCause,
        ran: Option<&Ran>,
    ) -> Result<(), LifecycleError> {
        let id = claimed.run().id;
        let message = ran.and_then(|ran| ran.ending.message.as_ref());
        let output = match message {
            Some(message) => Some(self.seal_message(&claimed.prepared, message)?),
            None => None,
        };
        let mut change = self.store.begin().await?;
        let Some(mut run) = self.still(&mut change, id, RunState::Running).await? else {
            return Ok(());
        };
        run.state = run
            .state
            .step(RunState::Failed)
            .map_err(|_| Code::WrongState)?;
        run.ended_at = Some(self.clock.now());
        run.end_cause = Some(cause.clone());
        if let Some(ran) = ran {
            run.rows_fed = ran.ending.rows_fed;
        }
        let draft = self
            .close_trace(&mut change, &mut run, Draft::new(Kind::RunFailed))
            .await?;
        change.put_run(&run).await?;
        self.edition_failed(&mut change, &run).await?;
        if let Some(output) = &output {
            change
                .put_sealed_output(output, &sealed_file(id), &claimed.wrapped_key)
                .await?;
        }
        let digest = output.map(|output| output.digest.to_string());
        let draft = run_facts(draft, &run)
            .fact("cause", cause_kind(&cause))
            .fact("output_digest", digest)
            .observed("layers", ran.map(|ran| &ran.layers));
        self.record(&mut change, draft).await?;
        self.commit(change).await
    }

    /// Keeps what a guest said of its error as the run's sealed output: it may be rows, so it stands nowhere else.
    fn seal_message(
        &self,
        prepared: &Prepared,
        message: &GuestMessage,
    ) -> Result<SealedOutput, LifecycleError> {
        let sealer = Sealer::new(&prepared.key, &prepared.digest_key);
        let sealed = message.sealed(&sealer)?;
        let run = prepared.run.id;
        write_once(&self.sealed, &sealed_file(run), &sealed.ciphertext)?;
        Ok(SealedOutput {
            run,
            digest: sealed.digest,
            bytes: sealed.bytes,
        })
    }

    /// Puts a run to its end after the host itself failed. When that fails too, whoever leads the run interrupts it.
    pub(crate) async fn give_up(&self, id: RunId, error: &LifecycleError) {
        if error.end_cause() == EndCause::RecordFailed {
            event!(ERROR, RECORD_FAILED, RUN_ID = %id, CAUSE = %chain(error));
        }
        if let Err(second) = self.abandon(id, error).await {
            event!(ERROR, STAGE_FAILED, STAGE = "abandon", RUN_ID = %id, CAUSE = %chain(&second));
        }
    }

    async fn abandon(&self, id: RunId, error: &LifecycleError) -> Result<(), LifecycleError> {
        let mut change = self.store.begin().await?;
        let Some(mut run) = change.run(id).await?.filter(|run| !run.state.is_final()) else {
            return Ok(());
        };
        let next = if run.state == RunState::InReview {
            RunState::Withheld
        } else {
            RunState::Failed
        };
        run.state = run.state.step(next).map_err(|_| Code::WrongState)?;
        run.ended_at = Some(self.clock.now());
        let cause = error.end_cause();
        let kind_of_cause = cause_kind(&cause);
        run.end_cause = Some(cause);
        let kind = if next == RunState::Failed {
            Kind::RunFailed
        } else {
            Kind::RunWithheld
        };
        let draft = self
            .close_trace(&mut change, &mut run, Draft::new(kind))
            .await?;
        change.put_run(&run).await?;
        self.edition_failed(&mut change, &run).await?;
        self.record(
            &mut change,
            run_facts(draft, &run).fact("cause", kind_of_cause),
        )
        .await?;
        self.destroy_output(&mut change, &run).await?;
        self.commit(change).await
    }
}

fn note_trace(run: &mut Run, ran: &Ran) {
    run.trace_root = Some(ran.trace.root());
    run.calls = ran.calls;
    run.rows_fed = ran.ending.rows_fed;
}

/// The kind of a cause: the record has no message of a guest.
pub(crate) fn cause_kind(cause: &EndCause) -> serde_json::Value {
    serde_json::to_value(cause)
        .ok()
        .and_then(|v| v.get("kind").cloned())
        .unwrap_or_default()
}
