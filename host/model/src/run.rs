//! Runs.

use serde::{Deserialize, Serialize};

use crate::transition::{names, states};
use crate::{
    AccountId, Digest, EditionOf, GrantId, LimitExceeded, ModuleId, Name, OrganisationId,
    Parameters, Period, PersonId, RunId, ScheduleId, SnapshotId, Timestamp,
};

states! {
    /// The life of a run.
    RunState {
        /// Accepted, waiting for a worker.
        Queued = "queued" => [Running, Failed, Stopped, Aborted],
        /// Its rooms are up.
        Running = "running" => [Sealed, Failed, Stopped, Aborted],
        /// The guest is done; its output is sealed and at the gate.
        Sealed = "sealed" => [Released, Withheld, InReview, Failed, Stopped, Aborted],
        /// Waits for two reviewers.
        InReview = "in-review" => [Released, Withheld, Stopped],
        /// Its table left the domain.
        Released = "released" => [],
        /// The gate or a reviewer kept it inside.
        Withheld = "withheld" => [],
        /// The module failed.
        Failed = "failed" => [],
        /// The bureau stopped it, or its grant ended.
        Stopped = "stopped" => [],
        /// The system was interrupted.
        Aborted = "aborted" => [],
    }
}

names! {
    /// What an operating unit sees of a run: nothing that data could have steered finely.
    CoarseStatus {
        /// Not at its end.
        InProgress = "in-progress",
        /// Released.
        Released = "released",
        /// Not released; the reason is the domain's.
        NotReleased = "not-released",
    }
}

impl RunState {
    /// The coarse status of this state. In review counts as in progress.
    #[must_use]
    pub fn coarse(self) -> CoarseStatus {
        match self {
            Self::Queued | Self::Running | Self::Sealed | Self::InReview => {
                CoarseStatus::InProgress
            }
            Self::Released => CoarseStatus::Released,
            Self::Withheld | Self::Failed | Self::Stopped | Self::Aborted => {
                CoarseStatus::NotReleased
            }
        }
    }
}

/// What started a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Trigger {
    /// A request.
    Request,
    /// A schedule.
    Schedule {
        /// The schedule.
        schedule: ScheduleId,
    },
    /// A replay of an earlier run.
    Replay {
        /// The earlier run.
        run: RunId,
    },
}

/// Why a run ended without a verdict; for those entitled alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum EndCause {
    /// The guest returned an error.
    GuestError {
        /// Keyed digest of its message, which may be rows: the message itself is sealed, for reviewers who open it. None for what an
        /// earlier version wrote.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        digest: Option<Digest>,
    },
    /// The guest trapped.
    Trap {
        /// Kind of trap, as wasmtime names it.
        trap: String,
    },
    /// A limit was passed.
    Limit {
        /// The limit.
        limit: LimitExceeded,
    },
    /// The guest asked for what its capability does not name.
    Denied {
        /// The clause that refused.
        clause: String,
    },
    /// A room ended unexpectedly.
    RoomLost {
        /// Which room.
        room: String,
        /// How it ended.
        status: String,
    },
    /// The grant was suspended or revoked, its term ended, or an amendment no longer gives what the run uses.
    GrantEnded {
        /// The grant's state; `amended` for the last.
        state: String,
    },
    /// Someone entitled stopped it.
    Stop {
        /// The reason given.
        reason: String,
    },
    /// The record could not be written: the run is stopped (fail closed).
    RecordFailed,
    /// The system was interrupted.
    Interrupted,
    /// The host failed.
    Host {
        /// What failed, without a value.
        detail: String,
    },
}

/// A run.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// Id.
    pub id: RunId,
    /// The operating unit.
    pub operator: OrganisationId,
    /// Account that submitted it.
    pub submitted_by: AccountId,
    /// Person behind that account.
    pub submitted_by_person: PersonId,
    /// Grant.
    pub grant: GrantId,
    /// Its version at submission.
    pub grant_version: u32,
    /// Module.
    pub module: ModuleId,
    /// Digest of the module.
    pub module_digest: Digest,
    /// Purpose.
    pub purpose: Name,
    /// Pinned snapshots, one per required resource in the manifest's order.
    pub snapshots: Vec<SnapshotId>,
    /// Parameters, complete.
    pub parameters: Parameters,
    /// What started it.
    pub trigger: Trigger,
    /// The period whose rows alone it reads; all rows when there is none. Public structure.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// The edition that it is to become.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edition: Option<EditionOf>,
    /// State.
    pub state: RunState,
    /// When it was accepted.
    pub submitted_at: Timestamp,
    /// When it was claimed.
    pub started_at: Option<Timestamp>,
    /// When it reached a final state.
    pub ended_at: Option<Timestamp>,
    /// Root of its trace tree.
    pub trace_root: Option<Digest>,
    /// Calls in the trace.
    pub calls: u64,
    /// Rows fed.
    pub rows_fed: u64,
    /// Why it ended, if without a verdict.
    pub end_cause: Option<EndCause>,
}
