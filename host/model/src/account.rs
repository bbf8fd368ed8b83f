//! Organisations, people, accounts and their appointments.

use serde::{Deserialize, Serialize};

use crate::transition::names;
use crate::{AccountId, Name, OrganisationId, PersonId, Text, Timestamp};

names! {
    /// What an organisation is to the domain.
    OrganisationKind {
        /// 数据主管部门.
        Bureau = "bureau",
        /// 运营单位.
        Operator = "operator",
        /// 数源单位.
        Source = "source",
        /// 网信部门.
        Cyberspace = "cyberspace",
        /// 公安机关.
        PublicSecurity = "public-security",
        /// 国家安全机关.
        StateSecurity = "state-security",
        /// 行业主管部门.
        Sector = "sector",
        /// Runs the system.
        Host = "host",
    }
}

/// An organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Organisation {
    /// Id.
    pub id: OrganisationId,
    /// Name, unique in the domain.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// Kind.
    pub kind: OrganisationKind,
}

/// A natural person: a reference that personnel files resolve, never more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Id.
    pub id: PersonId,
    /// Organisation.
    pub organisation: OrganisationId,
}

/// An account of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Id.
    pub id: AccountId,
    /// Name to sign in with.
    pub name: Name,
    /// Person behind it.
    pub person: PersonId,
    /// Organisation it acts for.
    pub organisation: OrganisationId,
    /// Roles now held.
    pub appointments: Vec<Appointment>,
    /// Whether it may sign in.
    pub active: bool,
}

impl Account {
    /// Whether the account holds `role` at `at`.
    #[must_use]
    pub fn holds(&self, role: Role, at: Timestamp) -> bool {
        self.appointments
            .iter()
            .any(|a| a.role == role && a.from <= at && a.until.is_none_or(|until| at < until))
    }
}

/// An identity that an outside issuer vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Issuer.
    pub issuer: String,
    /// Subject at the issuer.
    pub subject: String,
    /// Account.
    pub account: AccountId,
}

names! {
    /// What an account may do; Cedar says the rest.
    Role {
        /// The data bureau's officer.
        Bureau = "bureau",
        /// Reviews algorithms and outputs.
        Reviewer = "reviewer",
        /// Works for an operating unit.
        Operator = "operator",
        /// Writes modules for an operating unit.
        Developer = "developer",
        /// Works for a data source unit.
        Source = "source",
        /// Supervises for an authority.
        Regulator = "regulator",
        /// 系统管理员.
        SystemAdministrator = "system-administrator",
        /// 安全管理员.
        SecurityAdministrator = "security-administrator",
        /// 审计管理员.
        AuditAdministrator = "audit-administrator",
    }
}

impl Role {
    /// Roles of which one person holds one at most (GB/T 22239, level 3).
    pub const SEPARATED: [Self; 3] = [
        Self::SystemAdministrator,
        Self::SecurityAdministrator,
        Self::AuditAdministrator,
    ];
}

/// A role held for a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Appointment {
    /// Role.
    pub role: Role,
    /// From.
    pub from: Timestamp,
    /// Until, if set.
    pub until: Option<Timestamp>,
    /// What a regulator's appointment covers.
    #[serde(default)]
    pub remit: Remit,
}

/// What a regulator may look at; empty lists mean everything.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remit {
    /// Resources.
    #[serde(default)]
    pub resources: Vec<Name>,
}
