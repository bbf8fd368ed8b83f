//! Witnessing: every checkpoint goes to every witness of the quorum policy, and their cosignatures come back onto its note.
//!
//! The sequencer is never waited for and never waits: rounds follow it. A round asks all witnesses for the same checkpoint, since only
//! cosignatures over the same one make a quorum. Each witness has a task of its own with one request at a time, so that one which is
//! slow, down or lying holds up none of the others. Whatever a witness answers is verified before it is kept.

mod again;
mod fault;
mod release;
mod view;
mod visit;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use yunei_ledger::{Draft, Kind, Quorum};
use yunei_model::{Digest, Name, Timestamp};
use yunei_outbound::{Address, Client};
use yunei_store::{Store, WitnessCursor};
use yunei_telemetry::event;

pub use fault::WitnessFault;
pub use release::AwaitsQuorum;
pub use view::{CosignedView, WitnessView, WitnessingView};

use crate::{Domain, LifecycleError};

/// Seconds that one request to a witness takes at most.
const REQUEST_SECONDS_MAX: u64 = 5;
/// Milliseconds after which the next round begins although this one has no quorum.
const ROUND_MS_MAX: u64 = 3000;
/// Milliseconds that witnesses beyond the quorum have in a round, so that all who can cosign the same checkpoint do.
const LAST_MS_MAX: u64 = 250;
/// Milliseconds until a witness that failed is asked again; doubled with every further failure.
const PAUSE_MS: u64 = 100;
/// Milliseconds until then at most.
const PAUSE_MS_MAX: u64 = 2000;
/// Failures in a row after which the record says that a witness cannot be reached. What proves a wrong is recorded at once.
const FAILURES_RECORDED: u32 = 5;
/// Milliseconds between two such entries about one witness at least: whoever lies in turns does not fill the record.
const RECORD_PAUSE_MS: i64 = 30_000;

/// The witnesses of a domain.
#[derive(Debug)]
pub(crate) struct Witnessing {
    pub(crate) quorum: Quorum,
    /// Digest of the policy file: whoever takes it away or changes it leaves that on the record, at the next start.
    policy: Digest,
    addresses: Vec<Address>,
    client: Client,
    states: Mutex<BTreeMap<Name, WitnessState>>,
    /// Size of the checkpoint that all witnesses are asked for.
    target: watch::Sender<u64>,
    /// Size of the newest checkpoint that has a quorum by the policy in force.
    pub(crate) witnessed: watch::Sender<u64>,
    /// Since when this process has its checkpoints witnessed.
    opened_at: Timestamp,
    /// Rises with every outcome of a request.
    answered: watch::Sender<u64>,
}

/// How it stands with one witness.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct WitnessState {
    cursor: WitnessCursor,
    /// Size of the checkpoint that it was asked for last, and answered.
    done: u64,
    fault: Option<WitnessFault>,
    failures: u32,
    since: Option<Timestamp>,
    recorded: bool,
    recorded_at: Option<Timestamp>,
}

impl Witnessing {
    /// Reads a quorum policy, and what the store knows of its witnesses.
    pub(crate) async fn open(
        policy: &str,
        store: &Store,
        now: Timestamp,
    ) -> Result<Self, LifecycleError> {
        let wrong = |detail: String| LifecycleError::Policy { detail };
        let quorum = Quorum::parse(policy).map_err(|error| {
            let cause = std::error::Error::source(&error);
            wrong(cause.map_or_else(|| error.to_string(), |cause| format!("{error}: {cause}")))
        })?;
        let mut addresses = Vec::new();
        let mut states = BTreeMap::new();
        for witness in quorum.witnesses() {
            let address: Result<Address, _> = witness.address.parse();
            addresses.push(address.map_err(|error| wrong(error.to_string()))?);
            let cursor = store.witness_cursor(&witness.key.to_string()).await?;
            let state = WitnessState {
                cursor: cursor.unwrap_or_default(),
                ..WitnessState::default()
            };
            states.insert(witness.name.clone(), state);
        }
        // Under another policy it may have had a quorum that is none now.
        let newest = store.newest_witnessed().await?;
        let newest = newest.filter(|newest| quorum.status(newest.note.as_bytes()).reached);
        Ok(Self {
            quorum,
            policy: Digest::of(policy.as_bytes()),
            addresses,
            client: Client::new(REQUEST_SECONDS_MAX),
            states: Mutex::new(states),
            target: watch::Sender::new(0),
            witnessed: watch::Sender::new(newest.map_or(0, |newest| newest.size)),
            opened_at: now,
            answered: watch::Sender::new(0),
        })
    }

    /// Looks at the state of one witness, or changes it.
    fn state<T>(&self, name: &Name, with: impl FnOnce(&mut WitnessState) -> T) -> T {
        let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        with(states.entry(name.clone()).or_default())
    }

    /// Whether every witness that is not failing has answered for the checkpoint of that size.
    fn all_answered(&self, size: u64) -> bool {
        let states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
        states
            .values()
            .all(|state| state.done >= size || state.fault.is_some())
    }
}

impl Domain {
    /// Has every checkpoint witnessed until `stop` turns true. Without a quorum policy there is nothing to do.
    pub async fn run_witnesses(self: Arc<Self>, mut stop: watch::Receiver<bool>) {
        let Some(witnessing) = &self.witnessing else {
            return;
        };
        let mut tasks = JoinSet::new();
        for index in 0..witnessing.addresses.len() {
            let (domain, mut stop) = (Arc::clone(&self), stop.clone());
            tasks.spawn(async move {
                tokio::select! {
                    () = domain.attend_witness(index) => {}
                    _ = stop.wait_for(|stop| *stop) => {}
                }
            });
        }
        tokio::select! {
            () = self.rounds(witnessing) => {}
            _ = stop.wait_for(|stop| *stop) => {}
        }
        while tasks.join_next().await.is_some() {}
    }

    /// One round after the other: the newest checkpoint, until it has its quorum or its time is over.
    async fn rounds(&self, witnessing: &Witnessing) {
        let mut covered = self.checkpointed.subscribe();
        let mut witnessed = witnessing.witnessed.subscribe();
        let mut answered = witnessing.answered.subscribe();
        let mut asked = 0;
        loop {
            let Ok(size) = covered
                .wait_for(|covered| *covered > asked)
                .await
                .map(|size| *size)
            else {
                return;
            };
            asked = size;
            witnessing.target.send_replace(size);
            let quorum = witnessed.wait_for(|witnessed| *witnessed >= size);
            let in_time = timeout(Duration::from_millis(ROUND_MS_MAX), quorum).await;
            let reached = in_time.is_ok_and(|reached| reached.is_ok());
            if reached {
                event!(DEBUG, QUORUM_REACHED, CHECKPOINT_SIZE = size);
                let last = answered.wait_for(|_| witnessing.all_answered(size));
                // Whoever is later than that comes along in the next round.
                let _late = timeout(Duration::from_millis(LAST_MS_MAX), last).await;
            }
        }
    }

    /// Asks one witness for every round's checkpoint, until the end of all rounds.
    async fn attend_witness(&self, index: usize) {
        let Some(witnessing) = &self.witnessing else {
            return;
        };
        let mut target = witnessing.target.subscribe();
        let mut done = 0;
        let mut failures = 0_u32;
        loop {
            let Ok(size) = target.wait_for(|size| *size > done).await.map(|size| *size) else {
                return;
            };
            match self.visit(witnessing, index, size).await {
                Ok(()) => {
                    done = size;
                    failures = 0;
                    self.witness_answered(witnessing, index, size).await;
                }
                Err(fault) => {
                    failures = failures.saturating_add(1);
                    self.witness_failed(witnessing, index, fault).await;
                    sleep(pause(failures)).await;
                }
            }
        }
    }

    async fn witness_answered(&self, witnessing: &Witnessing, index: usize, size: u64) {
        let Some(witness) = witnessing.quorum.witnesses().get(index) else {
            return;
        };
        let before = witnessing.state(&witness.name, |state| {
            let before = *state;
            *state = WitnessState {
                cursor: state.cursor,
                done: size,
                recorded_at: state.recorded_at,
                ..WitnessState::default()
            };
            before
        });
        witnessing
            .answered
            .send_modify(|count| *count = count.wrapping_add(1));
        if before.fault.is_some() {
            event!(INFO, WITNESS_RECOVERED, WITNESS = %witness.name);
        }
        if before.recorded {
            let draft = Draft::new(Kind::WitnessRecovered).fact("witness", &witness.name);
            self.record_or_tell(draft).await;
        }
    }

    async fn witness_failed(&self, witnessing: &Witnessing, index: usize, fault: WitnessFault) {
        let Some(witness) = witnessing.quorum.witnesses().get(index) else {
            return;
        };
        let now = self.clock.now();
        let (other, record) = witnessing.state(&witness.name, |state| {
            let other = state.fault != Some(fault);
            state.failures = state.failures.saturating_add(1);
            state.fault = Some(fault);
            state.since = state.since.or(Some(now));
            // Once until it is well again; and once more when a proof of a wrong comes after mere silence.
            let record = if fault.is_wrong() {
                other || !state.recorded
            } else {
                !state.recorded && state.failures >= FAILURES_RECORDED
            };
            let lately = |at: Timestamp| now.millis_since(at) < RECORD_PAUSE_MS;
            let record = record && !state.recorded_at.is_some_and(lately);
            if record {
                state.recorded = true;
                state.recorded_at = Some(now);
            }
            (other, record)
        });
        witnessing
            .answered
            .send_modify(|count| *count = count.wrapping_add(1));
        if other {
            event!(WARN, WITNESS_FAULT, WITNESS = %witness.name, CODE = fault.as_str());
        }
        if record {
            let draft = Draft::new(Kind::WitnessFault)
                .fact("witness", &witness.name)
                .fact("witness_key", witness.key.to_string())
                .fact("outside", witness.outside)
                .fact("fault", fault.as_str());
            self.record_or_tell(draft).await;
        }
    }

    /// What the record says of the quorum policy at every start: its digest, or that there is none.
    pub(crate) fn witnessing_facts(&self, draft: Draft) -> Draft {
        match &self.witnessing {
            None => draft.fact("witnesses", 0_u64),
            Some(witnessing) => draft
                .fact("witnesses", witnessing.quorum.known())
                .fact("witnesses_needed", witnessing.quorum.needed())
                .fact("quorum_policy", witnessing.policy.to_string()),
        }
    }

    /// Witnessing goes on when the record cannot be written: what runs wait for fails elsewhere, and closed.
    async fn record_or_tell(&self, draft: Draft) {
        if let Err(error) = self.record_alone(draft).await {
            event!(ERROR, RECORD_FAILED, CAUSE = %error);
        }
    }
}

fn pause(failures: u32) -> Duration {
    let factor = 1_u64 << failures.saturating_sub(1).min(16);
    Duration::from_millis(PAUSE_MS.saturating_mul(factor).min(PAUSE_MS_MAX))
}
