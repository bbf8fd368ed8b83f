//! Replay: a run that is over is run once more by the same rooms, and held against what the record says of it.
//!
//! A replay takes no quota, releases nothing and keeps nothing: its output is sealed under a key that nobody has. It is decided
//! as of the moment at which the run was claimed, under the policies and the profile of then where they were kept.

mod again;
mod basis;
mod checks;
mod compare;
mod original;
mod rooms;

use serde::Serialize;
use yunei_authority::{Action, Target};
use yunei_ledger::Kind;
use yunei_model::{Code, Decision, Digest, Name, RunId, SnapshotId, State as _};
use yunei_telemetry::span;

use crate::stop::run_facts;
use crate::{Actor, Domain, LifecycleError};
pub(crate) use compare::Heard;

/// Differences that one replay tells of at most: the first of each stage.
const DIFFERENCES_MAX: usize = 8;

/// What a replay found.
#[derive(Debug, Clone, Serialize)]
pub struct Replay {
    /// The run.
    pub run: RunId,
    /// Whether everything that was compared is the same.
    pub same: bool,
    /// Place of the gate's decision, or of the run's end, in the order of commits.
    pub position: u64,
    /// The same place as an index of the log; `None` until it is sequenced.
    pub index: Option<u64>,
    /// The policies that decided.
    pub policies: Basis,
    /// The disclosure profile that was applied.
    pub profile: Basis,
    /// Calls that were the same.
    pub calls: u64,
    /// Root of the replay's trace, if the guest came to its end.
    pub trace_root: Option<Digest>,
    /// Digest of the replay's sealed output, if there was one.
    pub output_digest: Option<Digest>,
    /// What the gate decided now, if it came to that.
    pub decision: Option<Decision>,
    /// What differs, the first first.
    pub differences: Vec<Difference>,
}

/// What a decision rested on, then and now.
#[derive(Debug, Clone, Serialize)]
pub struct Basis {
    /// Digest on the record.
    pub recorded: String,
    /// Digest of what is in force now.
    pub present: String,
    /// Whether the replay was decided under what was in force then.
    pub under_recorded: bool,
    /// What has changed since, by name: files of policies, settings of a profile.
    pub changed: Vec<String>,
}

impl Basis {
    /// Whether it is another one now.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.recorded != self.present
    }
}

/// One thing that differs. No row value and no figure of a check is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// Where.
    #[serde(flatten)]
    pub place: Place,
    /// What the record says.
    pub recorded: Option<String>,
    /// What the replay says.
    pub replayed: Option<String>,
}

/// Where a replay differs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "at", rename_all = "kebab-case")]
pub enum Place {
    /// The policies of then are not kept: it was decided under those of now.
    PolicySet,
    /// The profile of then is not kept: it was judged under that of now.
    Profile,
    /// The policies decide otherwise.
    UseDecision,
    /// The module is not the one that ran.
    Module,
    /// A part of a snapshot is missing, or is not what was imported.
    SnapshotPart {
        /// The snapshot.
        snapshot: SnapshotId,
        /// The part, counted from 0.
        part: usize,
    },
    /// The calls that the store keeps are not those that the record commits to.
    KeptCalls,
    /// One call.
    Call {
        /// Its index in the trace.
        index: u64,
        /// The first fact that differs.
        field: String,
    },
    /// The number of calls.
    Calls,
    /// The root of the trace.
    TraceRoot,
    /// How the guest ended.
    Ending,
    /// The sealed output.
    OutputDigest,
    /// The number of outputs that were judged.
    Outputs,
    /// The gate's verdict on one output.
    Verdict {
        /// The output.
        output: Name,
        /// What of it differs.
        field: &'static str,
    },
    /// The gate's verdict on one cell.
    Cell {
        /// The output.
        output: Name,
        /// The cell's labels.
        cell: Vec<String>,
        /// The rule, where one differs.
        rule: Option<Name>,
        /// What of it differs.
        field: &'static str,
    },
    /// The verdicts that the store keeps are not those that the record tells of.
    KeptVerdicts,
}

impl Place {
    /// The place in one word.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::PolicySet => "policy-set",
            Self::Profile => "profile",
            Self::UseDecision => "use-decision",
            Self::Module => "module",
            Self::SnapshotPart { .. } => "snapshot-part",
            Self::KeptCalls => "kept-calls",
            Self::Call { .. } => "call",
            Self::Calls => "calls",
            Self::TraceRoot => "trace-root",
            Self::Ending => "ending",
            Self::OutputDigest => "output-digest",
            Self::Outputs => "outputs",
            Self::Verdict { .. } => "verdict",
            Self::Cell { .. } => "cell",
            Self::KeptVerdicts => "kept-verdicts",
        }
    }
}

impl Difference {
    fn new(place: Place, recorded: impl ToString, replayed: impl ToString) -> Self {
        Self {
            place,
            recorded: Some(recorded.to_string()),
            replayed: Some(replayed.to_string()),
        }
    }
}

impl Replay {
    fn differs(&mut self, difference: Difference) {
        self.same = false;
        if self.differences.len() < DIFFERENCES_MAX {
            self.differences.push(difference);
        }
    }
}

impl Domain {
    /// Runs a run that is over once more, inside, and says what differs from the record. Nothing is released and no quota is taken.
    ///
    /// # Errors
    /// Refused by policy; the run is not over, or never started; another replay is under way; the host failed.
    pub async fn replay(&self, actor: &Actor, id: RunId) -> Result<Replay, LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Run(self.run_target(&run).await?);
        let permit = self.permit(actor, Action::ReplayRun, &target).await?;
        let judged = run.state.is_final() || run.state == yunei_model::RunState::InReview;
        if !judged || run.started_at.is_none() {
            return Err(Code::WrongState.into());
        }
        let Ok(_alone) = self.replaying.try_lock() else {
            return Err(Code::TooManyRequests.into());
        };
        let span = span!(STAGE, STAGE = "replay", RUN_ID = %id);
        let replayed = tracing::Instrument::instrument(self.replay_run(run.clone()), span).await;
        let draft = run_facts(permit.draft(Kind::RunReplayed, actor), &run);
        let draft = match &replayed {
            Ok(replay) => replay_facts(draft, replay),
            Err(error) => draft
                .fact("result", "failed")
                .fact("code", error.code().as_str()),
        };
        self.record_alone(draft).await?;
        replayed
    }
}

/// What the record says of a replay: digests, places and names; no label of a cell.
fn replay_facts(draft: yunei_ledger::Draft, replay: &Replay) -> yunei_ledger::Draft {
    let differences: Vec<_> = replay
        .differences
        .iter()
        .map(|difference| {
            let (index, field) = match &difference.place {
                Place::Call { index, field } => (Some(*index), Some(field.clone())),
                Place::Verdict { field, .. } | Place::Cell { field, .. } => {
                    (None, Some((*field).to_owned()))
                }
                Place::SnapshotPart { snapshot, .. } => (None, Some(snapshot.to_string())),
                _ => (None, None),
            };
            serde_json::json!({ "at": difference.place.word(), "index": index, "field": field })
        })
        .collect();
    draft
        .fact("result", if replay.same { "same" } else { "differs" })
        .fact("position", replay.position)
        .fact("recorded_policy_set", &replay.policies.recorded)
        .fact("recorded_profile", &replay.profile.recorded)
        .fact("under_recorded_policies", replay.policies.under_recorded)
        .fact("under_recorded_profile", replay.profile.under_recorded)
        .fact("calls_same", replay.calls)
        .fact("replayed_root", replay.trace_root.map(|d| d.to_string()))
        .fact(
            "replayed_output",
            replay.output_digest.map(|d| d.to_string()),
        )
        .fact("differences", differences)
}

#[cfg(test)]
mod tests;
