//! Scenarios, grants, consents.

use serde::Deserialize;
use yunei_authority::{Action, GrantTarget, ScenarioTarget, Target, terms_errors};
use yunei_ledger::Kind;
use yunei_model::{
    Code, Consent, ConsentId, Grant, GrantId, GrantState, GrantTerms, Name, Refusal, Resource,
    Scenario, ScenarioId, ScenarioState, State, Text,
};
use yunei_store::Page;

use crate::grant_step::not_over;
use crate::list::Listing;
use crate::stop::kept_reason;
use crate::{Actor, Domain, LifecycleError, Listed};

/// A scenario to be proposed.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewScenario {
    /// Name, unique.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// Purposes that grants under it may have.
    pub purposes: Vec<Name>,
}

/// A grant, or an amendment of one, to be drafted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewGrant {
    /// The grant that it amends.
    #[serde(default)]
    pub amends: Option<GrantId>,
    /// Terms.
    pub terms: GrantTerms,
}

impl Domain {
    /// Proposes a scenario.
    ///
    /// # Errors
    /// Refused by policy, or the name is taken.
    pub async fn propose_scenario(
        &self,
        actor: &Actor,
        new: NewScenario,
    ) -> Result<Scenario, LifecycleError> {
        let permit = self
            .permit(actor, Action::ProposeScenario, &Target::Domain)
            .await?;
        let NewScenario {
            name,
            title,
            purposes,
        } = new;
        let id = ScenarioId::new(&*self.ids);
        let scenario = Scenario {
            id,
            name,
            title,
            purposes,
            state: ScenarioState::Proposed,
            proposer: Some(actor.principal.organisation),
        };
        let mut change = self.store.begin().await?;
        if change.scenario_by_name(&scenario.name).await?.is_some() {
            return Err(Code::NameTaken.into());
        }
        change.put_scenario(&scenario).await?;
        let draft = permit
            .draft(Kind::ScenarioProposed, actor)
            .fact("scenario", scenario.id)
            .fact("name", &scenario.name)
            .fact("purposes", &scenario.purposes);
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(scenario)
    }

    /// Approves a scenario: 无场景不授权.
    ///
    /// # Errors
    /// Refused by policy, or not in the state for it.
    pub async fn approve_scenario(
        &self,
        actor: &Actor,
        id: ScenarioId,
    ) -> Result<Scenario, LifecycleError> {
        let (action, kind) = (Action::ApproveScenario, Kind::ScenarioApproved);
        self.step_scenario(actor, id, action, ScenarioState::Approved, kind, "")
            .await
    }

    /// Closes a scenario to new grants; those that name it stay in force.
    ///
    /// # Errors
    /// Refused by policy, or not in the state for it.
    pub async fn close_scenario(
        &self,
        actor: &Actor,
        id: ScenarioId,
        reason: &str,
    ) -> Result<Scenario, LifecycleError> {
        let (action, kind) = (Action::CloseScenario, Kind::ScenarioClosed);
        self.step_scenario(actor, id, action, ScenarioState::Closed, kind, reason)
            .await
    }

    async fn step_scenario(
        &self,
        actor: &Actor,
        id: ScenarioId,
        action: Action,
        next: ScenarioState,
        kind: Kind,
        reason: &str,
    ) -> Result<Scenario, LifecycleError> {
        let scenario = self.store.scenario(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Scenario(ScenarioTarget::from(&scenario));
        let permit = self.permit(actor, action, &target).await?;
        let mut change = self.store.begin().await?;
        let mut scenario = change.scenario(id).await?.ok_or(Code::NotFound)?;
        scenario.state = scenario.state.step(next).map_err(|_| Code::WrongState)?;
        change.put_scenario(&scenario).await?;
        let draft = permit
            .draft(kind, actor)
            .fact("scenario", id)
            .fact("reason", kept_reason(reason));
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(scenario)
    }

    /// Scenarios that `actor` may see.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn scenarios(
        &self,
        actor: &Actor,
        page: Page<ScenarioId>,
    ) -> Result<Listed<Scenario, ScenarioId>, LifecycleError> {
        self.permit(actor, Action::ViewScenario, &Target::Domain)
            .await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let scenarios = self.store.scenarios(part).await?;
            listing.read(scenarios.len());
            for scenario in scenarios {
                let target = Target::Scenario(ScenarioTarget::from(&scenario));
                let sees = self.may(actor, Action::ViewScenario, &target).await?;
                if !listing.look(scenario.id, sees.then_some(scenario)) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// Drafts a grant, or a new version of one.
    ///
    /// # Errors
    /// Refused by policy; [`Code::GrantInvalid`] with every fault of the terms; [`Code::WrongState`] when the grant was revoked or its
    /// term is over.
    pub async fn draft_grant(&self, actor: &Actor, new: NewGrant) -> Result<Grant, LifecycleError> {
        let scenario = self.store.scenario(new.terms.scenario).await?;
        let scenario = scenario
            .ok_or_else(|| Refusal::new(Code::GrantInvalid).detail("there is no such scenario"))?;
        let catalogue = self.granted_resources(&new.terms).await?;
        let faults = terms_errors(&new.terms, &catalogue);
        if !faults.is_empty() {
            let details = faults.iter().map(ToString::to_string).collect();
            return Err(Refusal {
                code: Code::GrantInvalid,
                clause: None,
                details,
            }
            .into());
        }
        let operator = self.store.organisation(new.terms.operator).await?;
        if operator.is_none_or(|o| o.kind != yunei_model::OrganisationKind::Operator) {
            return Err(Refusal::new(Code::GrantInvalid)
                .detail("there is no such operating unit")
                .into());
        }
        let (id, version) = match new.amends {
            Some(id) => {
                let newest = self.store.grant(id).await?.ok_or(Code::NotFound)?;
                if newest.terms.operator != new.terms.operator {
                    return Err(Refusal::new(Code::GrantInvalid)
                        .detail("an amendment is for the operating unit that has the grant")
                        .into());
                }
                (id, newest.version.saturating_add(1))
            }
            None => (GrantId::new(&*self.ids), 1),
        };
        let mut grant = Grant {
            id,
            version,
            state: GrantState::Draft,
            terms: new.terms,
        };
        let target = Target::Grant(Box::new(GrantTarget::of(
            &grant,
            &scenario,
            &catalogue,
            &[],
        )));
        let permit = self.permit(actor, Action::DraftGrant, &target).await?;
        let mut change = self.store.begin().await?;
        if let Some(newest) = change.grant(id).await? {
            not_over(&mut change, id).await?;
            // Two that were drafted at once are two versions.
            grant.version = newest.version.saturating_add(1);
        }
        change.put_grant(&grant).await?;
        let draft = permit
            .draft(Kind::GrantDrafted, actor)
            .operator(grant.terms.operator)
            .fact("grant", id)
            .fact("grant_version", grant.version)
            .fact("scenario", scenario.id)
            .fact("terms", terms_facts(&grant.terms));
        self.record(&mut change, draft).await?;
        self.remember(&mut change, actor, &grant).await?;
        self.commit(change).await?;
        Ok(grant)
    }

    /// A source unit consents to a grant, for one of its resources. The last consent makes the grant consented.
    ///
    /// # Errors
    /// Refused by policy, or not in the state for it.
    pub async fn consent_grant(
        &self,
        actor: &Actor,
        id: GrantId,
        resource: &Name,
    ) -> Result<Grant, LifecycleError> {
        let (grant, target) = self.grant_with_target(id).await?;
        let resource = self
            .store
            .resource_by_name(resource)
            .await?
            .ok_or(Code::NotFound)?;
        if grant.terms.resource(&resource.name).is_none() {
            return Err(Code::NotFound.into());
        }
        let target = Target::Consent {
            grant: Box::new(target),
            source_unit: resource.source_unit,
        };
        let permit = self.permit(actor, Action::ConsentGrant, &target).await?;
        let mut change = self.store.begin().await?;
        let mut grant = change.grant(id).await?.ok_or(Code::NotFound)?;
        if grant.state != GrantState::Draft {
            return Err(Code::WrongState.into());
        }
        not_over(&mut change, id).await?;
        let consent = Consent {
            id: ConsentId::new(&*self.ids),
            grant: id,
            grant_version: grant.version,
            resource: resource.name.clone(),
            source_unit: resource.source_unit,
            account: actor.principal.account,
            person: actor.principal.person,
            at: self.clock.now(),
        };
        change.put_consent(&consent).await?;
        let consents = change.consents(id, grant.version).await?;
        if grant
            .terms
            .resources
            .iter()
            .all(|r| consents.iter().any(|c| c.resource == r.name))
        {
            grant.state = grant
                .state
                .step(GrantState::Consented)
                .map_err(|_| Code::WrongState)?;
            change.put_grant(&grant).await?;
        }
        let draft = permit
            .draft(Kind::GrantConsented, actor)
            .operator(grant.terms.operator)
            .fact("grant", id)
            .fact("grant_version", grant.version)
            .fact("resource", &resource.name)
            .fact("state", grant.state.as_str());
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        Ok(grant)
    }

    /// Grants that `actor` may see, newest version of each.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn grants(
        &self,
        actor: &Actor,
        page: Page<GrantId>,
    ) -> Result<Listed<Grant, GrantId>, LifecycleError> {
        self.permit(actor, Action::ViewGrant, &Target::Domain)
            .await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let grants = self.store.grants(actor.operator(), part).await?;
            listing.read(grants.len());
            for grant in grants {
                let target = Target::Grant(Box::new(self.grant_target(&grant).await?));
                let sees = self.may(actor, Action::ViewGrant, &target).await?;
                if !listing.look(grant.id, sees.then_some(grant)) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// One grant, newest version.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, or it is not `actor`'s to see.
    pub async fn grant(&self, actor: &Actor, id: GrantId) -> Result<Grant, LifecycleError> {
        let (grant, target) = self.grant_with_target(id).await?;
        self.permit(actor, Action::ViewGrant, &Target::Grant(Box::new(target)))
            .await?;
        Ok(grant)
    }

    pub(crate) async fn grant_with_target(
        &self,
        id: GrantId,
    ) -> Result<(Grant, GrantTarget), LifecycleError> {
        let grant = self.store.grant(id).await?.ok_or(Code::NotFound)?;
        let target = self.grant_target(&grant).await?;
        Ok((grant, target))
    }

    /// The version of a grant that stands; of one that was never in force the newest.
    pub(crate) async fn standing_grant(&self, id: GrantId) -> Result<Grant, LifecycleError> {
        Ok(match self.store.grant_standing(id).await? {
            Some(standing) => standing,
            None => self.store.grant(id).await?.ok_or(Code::NotFound)?,
        })
    }

    /// The same as a target: an amendment that is not in force says nothing to what goes on under the grant.
    pub(crate) async fn standing_with_target(
        &self,
        id: GrantId,
    ) -> Result<(Grant, GrantTarget), LifecycleError> {
        let grant = self.standing_grant(id).await?;
        let target = self.grant_target(&grant).await?;
        Ok((grant, target))
    }

    pub(crate) async fn grant_target(&self, grant: &Grant) -> Result<GrantTarget, LifecycleError> {
        let scenario = self.store.scenario(grant.terms.scenario).await?;
        let scenario = scenario.ok_or(LifecycleError::Impossible {
            detail: "a grant without scenario",
        })?;
        let catalogue = self.granted_resources(&grant.terms).await?;
        let consents = self.store.consents(grant.id, grant.version).await?;
        Ok(GrantTarget::of(grant, &scenario, &catalogue, &consents))
    }

    pub(crate) async fn granted_resources(
        &self,
        terms: &GrantTerms,
    ) -> Result<Vec<Resource>, LifecycleError> {
        let mut resources = Vec::new();
        for granted in &terms.resources {
            resources.extend(self.store.resource_by_name(&granted.name).await?);
        }
        Ok(resources)
    }
}

/// The terms as facts: names, numbers, and conditions by field alone.
fn terms_facts(terms: &GrantTerms) -> serde_json::Value {
    let resources: Vec<_> = terms
        .resources
        .iter()
        .map(|r| {
            let filtered: Vec<&Name> = r.filter.iter().map(|c| &c.field).collect();
            serde_json::json!({ "name": r.name, "fields": r.fields, "filtered_by": filtered })
        })
        .collect();
    serde_json::json!({
        "purpose": terms.purpose,
        "resources": resources,
        "products": terms.products,
        "join": terms.join,
        "export": terms.export,
        "quota": terms.quota,
        "from": terms.from.as_micros(),
        "until": terms.until.as_micros(),
    })
}
