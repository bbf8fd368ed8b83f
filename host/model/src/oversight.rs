//! Alerts, incidents, objections, quality tickets, drills, notifications.

use serde::{Deserialize, Serialize};

use crate::transition::{names, states};
use crate::{
    AccountId, AlertId, DrillId, GrantId, IncidentId, Name, NotificationId, ObjectionId,
    OrganisationId, RunId, StopRequestId, TicketId, Timestamp,
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

/// An alert raised by a rule over the record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// Id.
    pub id: AlertId,
    /// Rule.
    pub rule: Name,
    /// Level.
    pub level: AlertLevel,
    /// When.
    pub at: Timestamp,
    /// Who acknowledged it, and why.
    pub acknowledged: Option<(AccountId, String)>,
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
