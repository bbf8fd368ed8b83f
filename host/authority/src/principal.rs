//! Who asks.

use std::collections::BTreeSet;

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
    /// Every organisation that the person has, or ever had, an account in; that one among them.
    pub organisations: BTreeSet<OrganisationId>,
    /// What the organisation that it acts for is to the domain.
    pub kind: OrganisationKind,
    /// Whether the account is open; a closed one can do nothing.
    pub active: bool,
    /// Roles now held.
    pub roles: Vec<Role>,
    /// What the account covers as a regulator; an empty list means everything.
    pub remit: Remit,
}

impl Principal {
    /// The principal behind an account, as it stands at `at`; `accounts` are all that its person has or had.
    #[must_use]
    pub fn of(
        account: &Account,
        organisation: &Organisation,
        accounts: &[Account],
        at: Timestamp,
    ) -> Self {
        let persons = accounts.iter().filter(|a| a.person == account.person);
        let mut organisations: BTreeSet<_> = persons.map(|a| a.organisation).collect();
        organisations.insert(account.organisation);
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
            organisations,
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
