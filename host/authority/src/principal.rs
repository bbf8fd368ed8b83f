//! Who asks.

use yunei_model::{
    Account, AccountId, Name, Organisation, OrganisationId, OrganisationKind, PersonId, Remit,
    Role, Timestamp,
};

/// Who asks, with the roles held at the moment of the question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// Account.
    pub account: AccountId,
    /// Person behind it.
    pub person: PersonId,
    /// Organisation that it acts for.
    pub organisation: OrganisationId,
    /// What that organisation is to the domain.
    pub kind: OrganisationKind,
    /// Whether the account is open; a closed one can do nothing.
    pub active: bool,
    /// Roles now held.
    pub roles: Vec<Role>,
    /// What the account covers as a regulator; an empty list means everything.
    pub remit: Remit,
}

impl Principal {
    /// The principal behind an account, as it stands at `at`.
    #[must_use]
    pub fn of(account: &Account, organisation: &Organisation, at: Timestamp) -> Self {
        let mut roles: Vec<Role> = account
            .appointments
            .iter()
            .map(|a| a.role)
            .filter(|role| account.holds(*role, at))
            .collect();
        roles.sort_unstable();
        roles.dedup();
        Self {
            account: account.id,
            person: account.person,
            organisation: account.organisation,
            kind: organisation.kind,
            active: account.active,
            roles,
            remit: remit(account, at),
        }
    }
}

/// The union of the remits of all regulator's appointments in force.
fn remit(account: &Account, at: Timestamp) -> Remit {
    let in_force = || {
        account.appointments.iter().filter(|a| {
            a.role == Role::Regulator && a.from <= at && a.until.is_none_or(|until| at < until)
        })
    };
    if in_force().any(|a| a.remit.resources.is_empty()) {
        return Remit::default();
    }
    let mut resources: Vec<Name> = in_force()
        .flat_map(|a| a.remit.resources.iter().cloned())
        .collect();
    resources.sort_unstable();
    resources.dedup();
    Remit { resources }
}
