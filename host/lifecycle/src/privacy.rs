//! The privacy account of populations: what runs of `per-subject` modules are charged, and the budgets that the bureau sets.
//!
//! A run is charged when it is claimed, in the claim's own transaction and before any room is started: ε, or ρ, of its
//! manifest, to the population that its resources are about, whichever operating unit it belongs to. The charge is never given
//! back, and never reset by itself. A run that fails, is stopped, or is interrupted keeps its charge: how and when it ended may
//! already tell something, noise may have been drawn, and a charge that came back would let a module try again until it likes
//! what it gets.

mod budget;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use yunei_authority::{Action, PrivacyStanding, Target};
use yunei_model::{
    Code, GrantId, Module, ModuleId, Name, PrivacyBudget, PrivacyCharge, PrivacyCharged, Resource,
    Run, RunState, Text, World,
};
use yunei_privacy::{Spent, charge, epsilon_of, fits};
use yunei_store::{Change, PAGE_ROWS_MAX, Page, RunFilter};

use crate::{Actor, Domain, LifecycleError};

pub use budget::NewPrivacyBudget;

/// Resources that populations are gathered from at most.
const RESOURCES_MAX: usize = 100_000;
/// Units of account in one ε, and in one ρ.
const NANO: f64 = 1e9;
const PICO: f64 = 1e12;

/// What a population may lose of its privacy, and has lost.
#[derive(Debug, Clone, Serialize)]
pub struct PrivacyAccount {
    /// The population.
    pub population: Name,
    /// What people read.
    pub title: Text,
    /// Whether no exact release about it is allowed.
    pub private_only: bool,
    /// Resources about it.
    pub resources: BTreeSet<Name>,
    /// The budget in force, if it was ever set.
    pub budget: Option<PrivacyBudget>,
    /// Sum of ε over the releases with Laplace noise.
    pub spent_epsilon: f64,
    /// Sum of ρ over those with Gaussian noise.
    pub spent_rho: f64,
    /// ε of everything together at the budget's δ, as plain composition has it; none where there is no δ to tell it at.
    pub spent_together: Option<f64>,
    /// Whether what is spent is within the budget.
    pub within: bool,
}

/// Whether a run of a module would fit, in words as coarse as that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum PrivacyFit {
    /// It takes none of a privacy budget.
    NotPrivate,
    /// It would fit now.
    Fits,
    /// It would not.
    DoesNotFit,
}

/// [`PrivacyFit`], as it is answered.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct PrivacyFitView {
    /// Whether a run would fit.
    pub fit: PrivacyFit,
}

impl Domain {
    /// What the privacy budgets say to a run of `module`, beside all that was charged; while it is only submitted, beside all that
    /// is queued as well, so that a refusal tells nothing of when others' runs began.
    pub(crate) async fn privacy_standing(
        &self,
        module: &Module,
        resources: &[Resource],
        foreseen: bool,
    ) -> Result<PrivacyStanding, LifecycleError> {
        let mut standing = PrivacyStanding::default();
        let Some(charge) = charge_of(module) else {
            return Ok(standing);
        };
        for population in populations(module, resources) {
            let Some(budget) = self.store.privacy_budget_in_force(&population).await? else {
                standing.unset.insert(population);
                continue;
            };
            let mut spent = self.store.privacy_spent(&population).await?;
            if foreseen {
                spent = spent.plus(self.queued_charges(&population).await?);
            }
            if !fits(budget.epsilon, budget.delta, spent.plus(charge)) {
                standing.spent.insert(population);
            }
        }
        Ok(standing)
    }

    /// Charges a run in the change that claims it; that it fits was decided in the same change, and there is one writer.
    pub(crate) async fn charge_privacy(
        &self,
        change: &mut Change,
        run: &Run,
        module: &Module,
        resources: &[Resource],
    ) -> Result<Vec<PrivacyCharged>, LifecycleError> {
        let Some(charge) = charge_of(module) else {
            return Ok(Vec::new());
        };
        let mut charged = Vec::new();
        for population in populations(module, resources) {
            let one = PrivacyCharged {
                run: run.id,
                population,
                charge,
                at: self.clock.now(),
            };
            change.put_privacy_charge(&one).await?;
            charged.push(one);
        }
        Ok(charged)
    }

    /// What the runs that wait for a worker will be charged for a population.
    async fn queued_charges(&self, population: &Name) -> Result<Spent, LifecycleError> {
        let filter = RunFilter {
            states: vec![RunState::Queued],
            ..RunFilter::default()
        };
        let mut known: BTreeMap<ModuleId, Option<PrivacyCharge>> = BTreeMap::new();
        let mut sum = Spent::default();
        let mut page = Page::first(PAGE_ROWS_MAX);
        loop {
            let runs = self.store.runs(&filter, page).await?;
            for run in &runs {
                let charge = match known.get(&run.module) {
                    Some(charge) => *charge,
                    None => {
                        let charge = self.queued_charge(run, population).await?;
                        known.insert(run.module, charge);
                        charge
                    }
                };
                sum = sum.plus(charge.unwrap_or_default());
            }
            match runs.last() {
                Some(last) if runs.len() == PAGE_ROWS_MAX as usize => page = page.after(last.id),
                _ => return Ok(sum),
            }
        }
    }

    async fn queued_charge(
        &self,
        run: &Run,
        population: &Name,
    ) -> Result<Option<PrivacyCharge>, LifecycleError> {
        let module = self.store.module(run.module).await?;
        let Some((module, charge)) = module.and_then(|m| charge_of(&m).map(|charge| (m, charge)))
        else {
            return Ok(None);
        };
        let resources = self.resources_of(run).await?;
        let about = populations(&module, &resources).contains(population);
        Ok(about.then_some(charge))
    }

    /// Whether a run of a module would fit now. It tells an operating unit no more than a submission would.
    ///
    /// # Errors
    /// Refused by policy; [`Code::NotFound`] when grant or module are not there, or not `actor`'s to see.
    pub async fn privacy_fit(
        &self,
        actor: &Actor,
        grant: GrantId,
        module: ModuleId,
    ) -> Result<PrivacyFitView, LifecycleError> {
        let (grant, target) = self.standing_with_target(grant).await?;
        self.permit(actor, Action::ViewUsage, &Target::Grant(Box::new(target)))
            .await?;
        let module = self.store.module(module).await?.ok_or(Code::NotFound)?;
        let target = Target::Module((&module).into());
        self.permit(actor, Action::ViewModule, &target).await?;
        let resources = self.granted_resources(&grant.terms).await?;
        let standing = self.privacy_standing(&module, &resources, true).await?;
        let fit = match charge_of(&module) {
            None => PrivacyFit::NotPrivate,
            Some(_) if standing == PrivacyStanding::default() => PrivacyFit::Fits,
            Some(_) => PrivacyFit::DoesNotFit,
        };
        Ok(PrivacyFitView { fit })
    }

    /// The accounts of all populations that `actor` may see.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn privacy_accounts(
        &self,
        actor: &Actor,
    ) -> Result<Vec<PrivacyAccount>, LifecycleError> {
        self.permit(actor, Action::ViewPrivacyAccount, &Target::Domain)
            .await?;
        let mut seen = Vec::new();
        for (_, of) in self.populations().await? {
            let target = budget_target(&of, None);
            if self.may(actor, Action::ViewPrivacyAccount, &target).await? {
                seen.extend(self.account_of(&of).await?);
            }
        }
        Ok(seen)
    }

    /// The account of one population.
    ///
    /// # Errors
    /// [`Code::NotFound`] when no resource is about it, or it is not `actor`'s to see.
    pub async fn privacy_account(
        &self,
        actor: &Actor,
        population: &Name,
    ) -> Result<PrivacyAccount, LifecycleError> {
        let of = self.resources_about(population).await?;
        let target = budget_target(&of, None);
        self.permit(actor, Action::ViewPrivacyAccount, &target)
            .await?;
        let account = self.account_of(&of).await?;
        account.ok_or_else(|| Code::NotFound.into())
    }

    /// What runs were charged for a population, by run, after `after`: [`PAGE_ROWS_MAX`] at most.
    ///
    /// # Errors
    /// As [`Self::privacy_account`].
    pub async fn privacy_charges(
        &self,
        actor: &Actor,
        population: &Name,
        page: Page<yunei_model::RunId>,
    ) -> Result<crate::Listed<PrivacyCharged, yunei_model::RunId>, LifecycleError> {
        let of = self.resources_about(population).await?;
        let target = budget_target(&of, None);
        self.permit(actor, Action::ViewPrivacyAccount, &target)
            .await?;
        let limit = page.limit.clamp(1, PAGE_ROWS_MAX);
        let items = self
            .store
            .privacy_charges(population, page.after, limit)
            .await?;
        let full = items.len() == limit as usize;
        let next = items.last().map(|charged| charged.run).filter(|_| full);
        Ok(crate::Listed { items, next })
    }

    async fn account_of(&self, of: &[Resource]) -> Result<Option<PrivacyAccount>, LifecycleError> {
        let Some(first) = of.first() else {
            return Ok(None);
        };
        let population = first.population.clone();
        let budget = self.store.privacy_budget_in_force(&population.name).await?;
        let spent = self.store.privacy_spent(&population.name).await?;
        Ok(Some(PrivacyAccount {
            private_only: of.iter().any(|r| r.population.private_only),
            resources: of.iter().map(|r| r.name.clone()).collect(),
            spent_epsilon: in_units(spent.epsilon_nano, NANO),
            spent_rho: in_units(spent.rho_pico, PICO),
            spent_together: budget.as_ref().and_then(|b| together(spent, b.delta)),
            within: budget
                .as_ref()
                .is_some_and(|b| fits(b.epsilon, b.delta, spent)),
            budget,
            population: population.name,
            title: population.title,
        }))
    }

    /// Why a new resource cannot be about its population: whether exact releases are ruled out is said of the whole of it.
    pub(crate) async fn population_disagrees(
        &self,
        new: &Resource,
    ) -> Result<Option<String>, LifecycleError> {
        let known = self.populations().await?.remove(&new.population.name);
        let other = known
            .iter()
            .flatten()
            .find(|resource| resource.population.private_only != new.population.private_only);
        Ok(other.map(|other| {
            format!(
                "population `{}` is said by `{}` to be {}private-only",
                new.population.name,
                other.name,
                if other.population.private_only {
                    ""
                } else {
                    "not "
                },
            )
        }))
    }

    /// The resources about a population.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none.
    async fn resources_about(&self, population: &Name) -> Result<Vec<Resource>, LifecycleError> {
        let found = self.populations().await?.remove(population);
        found.ok_or_else(|| Code::NotFound.into())
    }

    /// All populations, with the resources about them.
    async fn populations(&self) -> Result<BTreeMap<Name, Vec<Resource>>, LifecycleError> {
        let mut populations: BTreeMap<Name, Vec<Resource>> = BTreeMap::new();
        let mut page = Page::first(PAGE_ROWS_MAX);
        let mut read = 0_usize;
        while read < RESOURCES_MAX {
            let resources = self.store.resources(page).await?;
            let last = resources.last().map(|resource| resource.id);
            let full = resources.len() == PAGE_ROWS_MAX as usize;
            read += resources.len();
            for resource in resources {
                let name = resource.population.name.clone();
                populations.entry(name).or_default().push(resource);
            }
            match last {
                Some(last) if full => page = page.after(last),
                _ => break,
            }
        }
        Ok(populations)
    }
}

/// What a run of the module is charged; nothing where it is no `per-subject` module.
pub(crate) fn charge_of(module: &Module) -> Option<PrivacyCharge> {
    let manifest = module.manifest.as_ref()?;
    let private = manifest.world == World::PerSubject;
    manifest
        .contribution
        .as_ref()
        .filter(|_| private)
        .map(charge)
}

/// The populations of the resources that a module reads.
fn populations(module: &Module, resources: &[Resource]) -> BTreeSet<Name> {
    let required = module.manifest.iter().flat_map(|m| &m.resources);
    let required: BTreeSet<&Name> = required.map(|required| &required.name).collect();
    let read = resources.iter().filter(|r| required.contains(&r.name));
    read.map(|r| r.population.name.clone()).collect()
}

fn budget_target(of: &[Resource], proposer: Option<yunei_model::PersonId>) -> Target {
    Target::PrivacyBudget {
        resources: of.iter().map(|r| r.name.clone()).collect(),
        proposer,
    }
}

/// ε of all charges together at δ: E + (R + 2·√(R·ln(1/δ))).
fn together(spent: Spent, delta: f64) -> Option<f64> {
    let pure = in_units(spent.epsilon_nano, NANO);
    if spent.rho_pico == 0 {
        return Some(pure);
    }
    (delta > 0.0).then(|| pure + epsilon_of(in_units(spent.rho_pico, PICO), delta))
}

#[expect(
    clippy::cast_precision_loss,
    reason = "for people to read; the account is in whole units"
)]
fn in_units(amount: u64, units: f64) -> f64 {
    amount as f64 / units
}

#[cfg(test)]
mod tests;
