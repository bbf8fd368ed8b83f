//! Budgets: set by the bureau, raised by two people.

use serde::Deserialize;
use yunei_authority::Action;
use yunei_ledger::{Draft, Kind};
use yunei_model::{BudgetId, BudgetState, Code, Name, PrivacyBudget, Refusal, State as _};
use yunei_store::{Change, Page};

use super::budget_target;
use crate::list::Listing;
use crate::stop::kept_reason;
use crate::{Actor, Domain, LifecycleError, Listed, Permit};

/// A budget to be set.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewPrivacyBudget {
    /// The population.
    pub population: Name,
    /// Greatest ε over everyone and all time.
    pub epsilon: f64,
    /// Greatest δ; zero allows no Gaussian noise.
    #[serde(default)]
    pub delta: f64,
    /// Why.
    pub reason: String,
}

impl Domain {
    /// Sets a population's budget. One that raises what is in force waits for a second person; any other is in force at once:
    /// one below what is spent stops further runs, and gives nothing back.
    ///
    /// # Errors
    /// Refused by policy; [`Code::NotFound`] when no resource is about the population; [`Code::BadRequest`] for numbers that are
    /// none, or without a reason.
    pub async fn set_privacy_budget(
        &self,
        actor: &Actor,
        new: NewPrivacyBudget,
    ) -> Result<PrivacyBudget, LifecycleError> {
        let wrong = |detail: String| Refusal::new(Code::BadRequest).detail(detail);
        let of = self.resources_about(&new.population).await?;
        let target = budget_target(&of, None);
        let permit = self
            .permit(actor, Action::SetPrivacyBudget, &target)
            .await?;
        if new.reason.trim().is_empty() {
            return Err(wrong("a reason is given in words".to_owned()).into());
        }
        let mut budget = PrivacyBudget {
            id: BudgetId::new(&*self.ids),
            population: new.population,
            epsilon: new.epsilon,
            delta: new.delta,
            reason: kept_reason(&new.reason),
            state: BudgetState::Proposed,
            set_by: actor.principal.account,
            set_by_person: actor.principal.person,
            set_at: self.clock.now(),
            signed_by: None,
            signed_by_person: None,
            signed_at: None,
        };
        if let Some(fault) = budget.fault() {
            return Err(wrong(fault).into());
        }
        let mut change = self.store.begin().await?;
        let before = change.privacy_budget_in_force(&budget.population).await?;
        let raises = before.as_ref().is_some_and(|before| budget.raises(before));
        let kind = if raises {
            change.put_privacy_budget(&budget).await?;
            Kind::PrivacyBudgetProposed
        } else {
            put_in_force(&mut change, &mut budget, before.clone()).await?;
            Kind::PrivacyBudgetSet
        };
        let draft = facts(&permit, kind, actor, &budget, before.as_ref());
        self.record(&mut change, draft.fact("reason", &budget.reason))
            .await?;
        self.commit(change).await?;
        Ok(budget)
    }

    /// Puts a raised budget in force, as the second person.
    ///
    /// # Errors
    /// Refused by policy: never one's own; [`Code::WrongState`] when it waits for nobody.
    pub async fn sign_privacy_budget(
        &self,
        actor: &Actor,
        id: BudgetId,
        reason: &str,
    ) -> Result<PrivacyBudget, LifecycleError> {
        let budget = self.store.privacy_budget(id).await?.ok_or(Code::NotFound)?;
        let of = self.resources_about(&budget.population).await?;
        let target = budget_target(&of, Some(budget.set_by_person));
        let permit = self
            .permit(actor, Action::SignPrivacyBudget, &target)
            .await?;
        if reason.trim().is_empty() {
            return Err(Refusal::new(Code::BadRequest)
                .detail("a reason is given in words")
                .into());
        }
        let mut change = self.store.begin().await?;
        let mut budget = change.privacy_budget(id).await?.ok_or(Code::NotFound)?;
        if budget.state != BudgetState::Proposed {
            return Err(Code::WrongState.into());
        }
        budget.signed_by = Some(actor.principal.account);
        budget.signed_by_person = Some(actor.principal.person);
        budget.signed_at = Some(self.clock.now());
        let before = change.privacy_budget_in_force(&budget.population).await?;
        put_in_force(&mut change, &mut budget, before.clone()).await?;
        let draft = facts(
            &permit,
            Kind::PrivacyBudgetSet,
            actor,
            &budget,
            before.as_ref(),
        )
        .fact("proposed_by", budget.set_by)
        .fact("reason", kept_reason(reason));
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(budget)
    }

    /// Budgets as they were set, of one population or of all that `actor` may see.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn privacy_budgets(
        &self,
        actor: &Actor,
        population: Option<&Name>,
        page: Page<BudgetId>,
    ) -> Result<Listed<PrivacyBudget, BudgetId>, LifecycleError> {
        self.permit(
            actor,
            Action::ViewPrivacyAccount,
            &yunei_authority::Target::Domain,
        )
        .await?;
        let populations = self.populations().await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let budgets = self.store.privacy_budgets(population, part).await?;
            listing.read(budgets.len());
            for budget in budgets {
                let of = populations.get(&budget.population);
                let target = budget_target(of.map_or(&[][..], Vec::as_slice), None);
                let sees = self.may(actor, Action::ViewPrivacyAccount, &target).await?;
                if !listing.look(budget.id, sees.then_some(budget)) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }
}

/// INVARIANT: one budget of a population is in force at a time, and the one before it is kept as superseded.
async fn put_in_force(
    change: &mut Change,
    budget: &mut PrivacyBudget,
    before: Option<PrivacyBudget>,
) -> Result<(), LifecycleError> {
    if let Some(mut before) = before {
        let next = before.state.step(BudgetState::Superseded);
        before.state = next.map_err(|_| Code::WrongState)?;
        change.put_privacy_budget(&before).await?;
    }
    let next = budget.state.step(BudgetState::InForce);
    budget.state = next.map_err(|_| Code::WrongState)?;
    change.put_privacy_budget(budget).await?;
    Ok(())
}

fn facts(
    permit: &Permit,
    kind: Kind,
    actor: &Actor,
    budget: &PrivacyBudget,
    before: Option<&PrivacyBudget>,
) -> Draft {
    permit
        .draft(kind, actor)
        .fact("budget", budget.id)
        .fact("population", &budget.population)
        .fact("epsilon", budget.epsilon.to_string())
        .fact("delta", format!("{:e}", budget.delta))
        .fact("epsilon_before", before.map(|b| b.epsilon.to_string()))
        .fact("delta_before", before.map(|b| format!("{:e}", b.delta)))
}
