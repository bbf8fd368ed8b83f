//! Organisations, accounts, appointments.

use serde::Deserialize;
use yunei_authority::{AccountTarget, Action, Target};
use yunei_ledger::Kind;
use yunei_model::{
    Account, AccountId, Appointment, Code, EndCause, Name, Organisation, OrganisationId,
    OrganisationKind, Person, PersonId, Role, Run, Text,
};
use yunei_store::{Page, RunFilter};

use crate::claim::ACCOUNT_CLAUSE;
use crate::list::Listing;
use crate::{Actor, Domain, LifecycleError, Listed};

/// An organisation to be registered.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewOrganisation {
    /// Name, unique.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// Kind.
    pub kind: OrganisationKind,
}

/// An account to be opened. Its password is in no debug output.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewAccount {
    /// Name to sign in with, unique.
    pub name: Name,
    /// Organisation, by name.
    pub organisation: Name,
    /// Password, of at least `sign_in::PASSWORD_CHARACTERS_MIN` characters.
    pub password: String,
    /// Another account of the same person, if there is one.
    #[serde(default)]
    pub same_person_as: Option<AccountId>,
}

impl std::fmt::Debug for NewAccount {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("NewAccount")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

impl Domain {
    /// Registers an organisation.
    ///
    /// # Errors
    /// Refused by policy, or the name is taken.
    pub async fn register_organisation(
        &self,
        actor: &Actor,
        new: NewOrganisation,
    ) -> Result<Organisation, LifecycleError> {
        let permit = self
            .permit(actor, Action::RegisterOrganisation, &Target::Domain)
            .await?;
        let organisation = Organisation {
            id: OrganisationId::new(&*self.ids),
            name: new.name,
            title: new.title,
            kind: new.kind,
        };
        let mut change = self.store.begin().await?;
        if change
            .organisation_by_name(&organisation.name)
            .await?
            .is_some()
        {
            return Err(Code::NameTaken.into());
        }
        change.put_organisation(&organisation).await?;
        let draft = permit
            .draft(Kind::OrganisationRegistered, actor)
            .fact("organisation", organisation.id)
            .fact("name", &organisation.name)
            .fact("kind", organisation.kind.as_str());
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(organisation)
    }

    /// Organisations that `actor` may see.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn organisations(
        &self,
        actor: &Actor,
        page: Page<OrganisationId>,
    ) -> Result<Listed<Organisation, OrganisationId>, LifecycleError> {
        self.permit(actor, Action::ViewOrganisation, &Target::Domain)
            .await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let organisations = self.store.organisations(part).await?;
            listing.read(organisations.len());
            for organisation in organisations {
                let target = Target::from(&organisation);
                let sees = self.may(actor, Action::ViewOrganisation, &target).await?;
                if !listing.look(organisation.id, sees.then_some(organisation)) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// Opens an account without a role.
    ///
    /// # Errors
    /// Refused by policy, the name is taken, or the password is too short.
    pub async fn create_account(
        &self,
        actor: &Actor,
        new: NewAccount,
    ) -> Result<Account, LifecycleError> {
        let organisation = self
            .store
            .organisation_by_name(&new.organisation)
            .await?
            .ok_or(Code::NotFound)?;
        let permit = self
            .permit(actor, Action::CreateAccount, &Target::from(&organisation))
            .await?;
        let hash = self.hash_password(&new.password)?;
        let mut change = self.store.begin().await?;
        if change.account_by_name(&new.name).await?.is_some() {
            return Err(Code::NameTaken.into());
        }
        let person = match new.same_person_as {
            Some(other) => change.account(other).await?.ok_or(Code::NotFound)?.person,
            None => {
                let person = Person {
                    id: PersonId::new(&*self.ids),
                    organisation: organisation.id,
                };
                change.put_person(&person).await?;
                person.id
            }
        };
        let account = Account {
            id: AccountId::new(&*self.ids),
            name: new.name,
            person,
            organisation: organisation.id,
            appointments: Vec::new(),
            active: true,
        };
        change.put_account(&account).await?;
        change.put_password_hash(account.id, &hash).await?;
        let draft = permit
            .draft(Kind::AccountCreated, actor)
            .fact("account", account.id)
            .fact("person", person)
            .fact("organisation", organisation.id);
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(account)
    }

    /// Accounts that `actor` may see.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn accounts(
        &self,
        actor: &Actor,
        page: Page<AccountId>,
    ) -> Result<Listed<Account, AccountId>, LifecycleError> {
        self.permit(actor, Action::ViewAccount, &Target::Domain)
            .await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let accounts = self.store.accounts(None, part).await?;
            listing.read(accounts.len());
            for account in accounts {
                let target = Target::Account(self.account_target(&account).await?);
                let sees = self.may(actor, Action::ViewAccount, &target).await?;
                if !listing.look(account.id, sees.then_some(account)) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// Gives an account a role.
    ///
    /// # Errors
    /// Refused by policy: not one's own, the three administrators apart, roles in their kind of organisation.
    pub async fn appoint(
        &self,
        actor: &Actor,
        id: AccountId,
        appointment: Appointment,
    ) -> Result<Account, LifecycleError> {
        let account = self.store.account(id).await?.ok_or(Code::NotFound)?;
        let target = self.appointment_target(&account, &appointment).await?;
        let permit = self.permit(actor, Action::Appoint, &target).await?;
        let mut change = self.store.begin().await?;
        let mut account = change.account(id).await?.ok_or(Code::NotFound)?;
        account.appointments.push(appointment.clone());
        change.put_account(&account).await?;
        let draft = permit
            .draft(Kind::RoleAppointed, actor)
            .fact("account", id)
            .fact("role", appointment.role.as_str())
            .fact("from", appointment.from.as_micros())
            .fact(
                "until",
                appointment.until.map(yunei_model::Timestamp::as_micros),
            )
            .fact("remit", &appointment.remit.resources);
        self.record(&mut change, draft).await?;
        self.remember(&mut change, actor, &account).await?;
        self.commit(change).await?;
        Ok(account)
    }

    /// Closes an account: it may do nothing any more, its tokens end, and so do its runs.
    ///
    /// # Errors
    /// Refused by policy, or it is closed.
    pub async fn close_account(
        &self,
        actor: &Actor,
        id: AccountId,
        reason: &str,
    ) -> Result<Account, LifecycleError> {
        let account = self.store.account(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Account(self.account_target(&account).await?);
        let permit = self.permit(actor, Action::CloseAccount, &target).await?;
        let mut change = self.store.begin().await?;
        let mut account = change.account(id).await?.ok_or(Code::NotFound)?;
        if !account.active {
            return Err(Code::WrongState.into());
        }
        account.active = false;
        change.put_account(&account).await?;
        let tokens = change.remove_tokens(id).await?;
        let draft = permit
            .draft(Kind::AccountClosed, actor)
            .fact("account", id)
            .fact("tokens", tokens)
            .fact("reason", crate::stop::kept_reason(reason));
        self.record(&mut change, draft).await?;
        let runs = RunFilter {
            operator: Some(account.organisation),
            ..RunFilter::default()
        };
        let submitted = |run: &Run| run.submitted_by == id;
        let cause = EndCause::Denied {
            clause: ACCOUNT_CLAUSE.to_owned(),
        };
        let by = Some((actor, &permit));
        let stopped = self
            .stop_runs(&mut change, runs, submitted, &cause, by)
            .await?;
        self.commit(change).await?;
        self.kill_all(&stopped);
        Ok(account)
    }

    /// Ends a role of an account, from now on.
    ///
    /// # Errors
    /// Refused by policy; [`Code::WrongState`] when the role is not held.
    pub async fn end_appointment(
        &self,
        actor: &Actor,
        id: AccountId,
        role: Role,
        reason: &str,
    ) -> Result<Account, LifecycleError> {
        let now = self.clock.now();
        let account = self.store.account(id).await?.ok_or(Code::NotFound)?;
        let over = Appointment {
            role,
            from: now,
            until: Some(now),
            remit: yunei_model::Remit::default(),
        };
        let target = self.appointment_target(&account, &over).await?;
        let permit = self.permit(actor, Action::EndAppointment, &target).await?;
        let mut change = self.store.begin().await?;
        let mut account = change.account(id).await?.ok_or(Code::NotFound)?;
        let mut ended = false;
        for held in &mut account.appointments {
            if held.role == role && held.until.is_none_or(|until| now < until) {
                held.until = Some(now);
                ended = true;
            }
        }
        if !ended {
            return Err(Code::WrongState.into());
        }
        change.put_account(&account).await?;
        let draft = permit
            .draft(Kind::RoleEnded, actor)
            .fact("account", id)
            .fact("role", role.as_str())
            .fact("reason", crate::stop::kept_reason(reason));
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(account)
    }

    async fn appointment_target(
        &self,
        account: &Account,
        appointment: &Appointment,
    ) -> Result<Target, LifecycleError> {
        let now = self.clock.now();
        let held: Vec<Role> = self
            .store
            .accounts_of_person(account.person)
            .await?
            .iter()
            .flat_map(|a| {
                a.appointments
                    .iter()
                    .filter(|held| held.until.is_none_or(|until| now < until))
            })
            .map(|a| a.role)
            .collect();
        Ok(Target::Appointment {
            account: self.account_target(account).await?,
            role: appointment.role,
            held,
            remit_named: !appointment.remit.resources.is_empty(),
        })
    }

    pub(crate) async fn account_target(
        &self,
        account: &Account,
    ) -> Result<AccountTarget, LifecycleError> {
        let organisation = self.store.organisation(account.organisation).await?;
        let organisation = organisation.ok_or(LifecycleError::Impossible {
            detail: "an account without organisation",
        })?;
        Ok(AccountTarget {
            id: account.id,
            person: account.person,
            organisation: account.organisation,
            kind: organisation.kind,
            active: account.active,
        })
    }
}
