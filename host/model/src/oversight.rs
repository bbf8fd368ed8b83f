//! Alerts, incidents, objections, quality tickets, drills, notifications.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::transition::{names, states};
use crate::{
    AccountId, AlertId, DrillId, GrantId, IncidentId, Name, NotificationId, ObjectionId,
    OrganisationId, RunId, StopRequestId, Text, TicketId, Timestamp,
};

/// What an authority asks to be stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum StopTarget {
    /// Everything.
    Domain,
    /// A grant, and with it its runs.
    Grant {
        /// Which.
        grant: GrantId,
    },
    /// A run.
    Run {
        /// Which.
        run: RunId,
    },
}

/// An authority's request that the bureau stop something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopRequest {
    /// Id.
    pub id: StopRequestId,
    /// What is to be stopped.
    pub target: StopTarget,
    /// Why.
    pub reason: String,
    /// Who asks.
    pub account: AccountId,
    /// For which authority.
    pub organisation: OrganisationId,
    /// When.
    pub at: Timestamp,
}

names! {
    /// How loud an alert is.
    AlertLevel {
        /// Worth knowing.
        Notice = "notice",
        /// Worth looking.
        Warning = "warning",
        /// Act now.
        Critical = "critical",
    }
}

/// What an alert is about. While one is open, its rule raises no second one about the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "kebab-case")]
pub enum AlertSubject {
    /// An account.
    Account(AccountId),
    /// An operating unit.
    Operator(OrganisationId),
    /// A grant.
    Grant(GrantId),
    /// A run.
    Run(RunId),
    /// Sign-in as a whole: who fails to sign in is nobody yet.
    SignIn,
    /// The transparency log.
    Log,
    /// The record as a whole.
    Record,
}

impl std::fmt::Display for AlertSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Account(id) => write!(f, "account:{id}"),
            Self::Operator(id) => write!(f, "operator:{id}"),
            Self::Grant(id) => write!(f, "grant:{id}"),
            Self::Run(id) => write!(f, "run:{id}"),
            Self::SignIn => f.write_str("sign-in"),
            Self::Log => f.write_str("log"),
            Self::Record => f.write_str("record"),
        }
    }
}

/// An alert raised by a rule over the record. It holds counts and ids, and no row value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Id.
    pub id: AlertId,
    /// Rule.
    pub rule: Name,
    /// Level.
    pub level: AlertLevel,
    /// What the rule watches for.
    pub title: Text,
    /// What to do about it.
    pub advice: Text,
    /// What it is about.
    pub subject: AlertSubject,
    /// When.
    pub at: Timestamp,
    /// Place of the entry that raised it in the order of commits; none when the passing of time did.
    pub position: Option<u64>,
    /// The operating unit that it concerns, if one.
    pub operator: Option<OrganisationId>,
    /// The run that it concerns, if one.
    pub run: Option<RunId>,
    /// Resources that it concerns: whose remit covers one of them sees it.
    pub resources: BTreeSet<Name>,
    /// What was counted, and the bound that it was held against.
    pub figures: BTreeMap<Name, u64>,
    /// Who acknowledged it, and why; while nobody did it is open.
    pub acknowledged: Option<Acknowledgement>,
}

/// Somebody has taken notice of an alert, and says what came of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Who.
    pub account: AccountId,
    /// Why, in their words.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

names! {
    /// What became of a message to a webhook.
    MessageState {
        /// It waits for its turn, or for its next attempt.
        Waiting = "waiting",
        /// The receiver took it.
        Delivered = "delivered",
        /// It was tried as often as allowed.
        Dead = "dead",
    }
}

names! {
    /// Grades of an incident, with hours to report.
    IncidentGrade {
        /// Within one hour.
        Major = "major",
        /// Within two hours.
        Larger = "larger",
        /// Within four hours.
        General = "general",
    }
}

impl IncidentGrade {
    /// Hours until the report is due.
    #[must_use]
    pub const fn report_within_hours(self) -> i64 {
        match self {
            Self::Major => 1,
            Self::Larger => 2,
            Self::General => 4,
        }
    }
}

/// An incident.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Incident {
    /// Id.
    pub id: IncidentId,
    /// Grade.
    pub grade: IncidentGrade,
    /// When it was noticed.
    pub noticed_at: Timestamp,
    /// When it was reported.
    pub reported_at: Option<Timestamp>,
}

states! {
    /// The life of an objection 异议.
    ObjectionState {
        /// Received; its clock runs.
        Received = "received" => [Upheld, Dismissed],
        /// Upheld.
        Upheld = "upheld" => [],
        /// Dismissed.
        Dismissed = "dismissed" => [],
    }
}

/// An objection to data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// Id.
    pub id: ObjectionId,
    /// Resource.
    pub resource: Name,
    /// State.
    pub state: ObjectionState,
    /// When it must be answered.
    pub due_at: Timestamp,
}

/// A quality ticket back to the source unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct QualityTicket {
    /// Id.
    pub id: TicketId,
    /// Resource.
    pub resource: Name,
    /// Source unit.
    pub source_unit: OrganisationId,
    /// When it was answered.
    pub answered_at: Option<Timestamp>,
}

/// A drill with a measured outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drill {
    /// Id.
    pub id: DrillId,
    /// What was drilled.
    pub subject: Name,
    /// When.
    pub at: Timestamp,
    /// Measured milliseconds to the effect.
    pub effect_ms: Option<u64>,
}

/// A notification that waits for someone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// Id.
    pub id: NotificationId,
    /// Receiver.
    pub account: AccountId,
    /// What it is about.
    pub subject: Name,
    /// When.
    pub at: Timestamp,
    /// When it was read.
    pub read_at: Option<Timestamp>,
}
