//! Reviewers' keys: who may open a sealed output, and with what.
//!
//! The first key of an account holds at once: whoever signs in as the reviewer is trusted then as ever. A key that replaces
//! another ends it at once and holds only when the security administrator, another person, has confirmed it: whoever stole a
//! sign-in can stop a reviewer from reading, and cannot read.

use yunei_authority::{Action, Target};
use yunei_ledger::Kind;
use yunei_model::{AccountId, Code, Recipient, ReviewerKey};

use crate::{Actor, Domain, LifecycleError};

impl Domain {
    /// Registers the key that sealed outputs are opened to.
    ///
    /// # Errors
    /// Refused by policy: one's own account's alone, as a reviewer; [`Code::Conflict`] when it is that key already.
    pub async fn register_reviewer_key(
        &self,
        actor: &Actor,
        id: AccountId,
        recipient: Recipient,
    ) -> Result<ReviewerKey, LifecycleError> {
        let account = self.store.account(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Account(self.account_target(&account).await?);
        let permit = self
            .permit(actor, Action::RegisterReviewerKey, &target)
            .await?;
        let mut change = self.store.begin().await?;
        let before = change.reviewer_key(id).await?;
        if before.as_ref().is_some_and(|k| k.recipient == recipient) {
            return Err(Code::Conflict.into());
        }
        let key = ReviewerKey {
            account: id,
            person: account.person,
            recipient,
            registered_at: self.clock.now(),
            in_force: before.is_none(),
            confirmed_by: None,
        };
        change.put_reviewer_key(&key).await?;
        let draft = permit
            .draft(Kind::ReviewerKeyRegistered, actor)
            .fact("account", id)
            .fact("recipient", key.recipient.as_str())
            .fact("replaces", before.map(|k| k.recipient.to_string()))
            .fact("in_force", key.in_force);
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(key)
    }

    /// Confirms a key that replaced another; `recipient` says which, as its reviewer told it on another way.
    ///
    /// # Errors
    /// Refused by policy: never one's own; [`Code::Conflict`] when another key waits; [`Code::WrongState`] when none does.
    pub async fn confirm_reviewer_key(
        &self,
        actor: &Actor,
        id: AccountId,
        recipient: &Recipient,
    ) -> Result<ReviewerKey, LifecycleError> {
        let account = self.store.account(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Account(self.account_target(&account).await?);
        let permit = self
            .permit(actor, Action::ConfirmReviewerKey, &target)
            .await?;
        let mut change = self.store.begin().await?;
        let mut key = change.reviewer_key(id).await?.ok_or(Code::NotFound)?;
        if key.in_force {
            return Err(Code::WrongState.into());
        }
        if key.recipient != *recipient {
            return Err(Code::Conflict.into());
        }
        key.in_force = true;
        key.confirmed_by = Some(actor.principal.account);
        change.put_reviewer_key(&key).await?;
        let draft = permit
            .draft(Kind::ReviewerKeyConfirmed, actor)
            .fact("account", id)
            .fact("recipient", key.recipient.as_str());
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(key)
    }

    /// The key that an account registered last.
    ///
    /// # Errors
    /// Refused by policy; [`Code::NotFound`] when there is none.
    pub async fn reviewer_key(
        &self,
        actor: &Actor,
        id: AccountId,
    ) -> Result<ReviewerKey, LifecycleError> {
        let account = self.store.account(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Account(self.account_target(&account).await?);
        self.permit(actor, Action::ViewAccount, &target).await?;
        let key = self.store.reviewer_key(id).await?;
        Ok(key.ok_or(Code::NotFound)?)
    }

    /// Whom a sealed output is encrypted to when that account opens it.
    pub(crate) async fn recipient_of(
        &self,
        account: AccountId,
    ) -> Result<Recipient, LifecycleError> {
        let key = self.store.reviewer_key(account).await?;
        let key = key.ok_or(Code::ReviewerKeyMissing)?;
        if key.in_force {
            Ok(key.recipient)
        } else {
            Err(Code::ReviewerKeyUnconfirmed.into())
        }
    }
}
