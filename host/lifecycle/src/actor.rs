//! Who asks, and what policy says to it.

use serde_json::json;
use yunei_authority::{Action, Judgement, Principal, Question, Target};
use yunei_ledger::{Draft, Kind};
use yunei_model::{Account, Digest, Organisation, OrganisationId, Role, Timestamp, TokenId};
use yunei_telemetry::{event, span};

use crate::{Domain, LifecycleError, Once, RequestTrace};

/// Someone who is signed in, with the roles held at this moment. Comes from [`Domain::authenticate`] alone.
#[derive(Debug, Clone)]
pub struct Actor {
    pub(crate) principal: Principal,
    pub(crate) token: TokenId,
    pub(crate) trace: RequestTrace,
    /// Set where the request counts once.
    pub(crate) once: Option<Once>,
}

impl Domain {
    /// The principal behind an account as it stands at `at`, with every organisation of its person.
    pub(crate) async fn principal(
        &self,
        account: &Account,
        organisation: &Organisation,
        at: Timestamp,
    ) -> Result<Principal, LifecycleError> {
        let accounts = self.store.accounts_of_person(account.person).await?;
        Ok(Principal::of(account, organisation, &accounts, at))
    }
}

impl Actor {
    /// Who it is.
    #[must_use]
    pub const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Whether a role is held now.
    #[must_use]
    pub fn holds(&self, role: Role) -> bool {
        self.principal.roles.contains(&role)
    }

    /// The token that it came with.
    #[must_use]
    pub const fn token(&self) -> TokenId {
        self.token
    }

    /// The operating unit that it works for, if it is one.
    #[must_use]
    pub fn operator(&self) -> Option<OrganisationId> {
        (self.principal.kind == yunei_model::OrganisationKind::Operator)
            .then_some(self.principal.organisation)
    }
}

/// Policy's yes to one question. Comes from `Domain::permit` alone, and goes onto the record with what it permitted.
#[derive(Debug, Clone)]
pub struct Permit {
    action: Action,
    clauses: Vec<String>,
    policy_set: Digest,
}

impl Permit {
    /// A draft of an entry about what was permitted: who, by which clauses of which policies, in which request.
    #[must_use]
    pub(crate) fn draft(&self, kind: Kind, actor: &Actor) -> Draft {
        actor
            .trace
            .observe(Draft::new(kind))
            .actor(actor.principal.account)
            .operator(actor.operator())
            .fact("action", self.action.as_str())
            .fact("clauses", &self.clauses)
            .fact("policy_set", self.policy_set.to_string())
    }
}

impl Domain {
    /// Asks policy. A denial is on the record before it is answered, and so is a read that policy wants there.
    ///
    /// # Errors
    /// The refusal, or a record that cannot be written.
    pub(crate) async fn permit(
        &self,
        actor: &Actor,
        action: Action,
        target: &Target,
    ) -> Result<Permit, LifecycleError> {
        let judgement = self.judge(&actor.principal, action, target).await?;
        for error in &judgement.errors {
            event!(ERROR, POLICY_FAILED, ACTION = action.as_str(), CAUSE = %error);
        }
        if let Some(refusal) = judgement.refusal() {
            let draft = actor
                .trace
                .observe(Draft::new(Kind::DecisionDenied))
                .actor(actor.principal.account)
                .operator(actor.operator())
                .fact("action", action.as_str())
                .fact("clauses", &judgement.clauses)
                .fact("policy_set", judgement.policy_set.to_string());
            self.record_alone(about(draft, target)).await?;
            return Err(refusal.into());
        }
        let permit = Permit {
            action,
            clauses: judgement.clauses,
            policy_set: judgement.policy_set,
        };
        if judgement.recorded {
            self.record_alone(about(permit.draft(Kind::Queried, actor), target))
                .await?;
        }
        Ok(permit)
    }

    /// Whether policy lets `actor` see `target`, without a trace: for items of a list that was permitted itself.
    pub(crate) async fn may(
        &self,
        actor: &Actor,
        action: Action,
        target: &Target,
    ) -> Result<bool, LifecycleError> {
        self.may_now(&actor.principal, action, target).await
    }

    /// The same of somebody who does not ask, at this moment.
    pub(crate) async fn may_now(
        &self,
        principal: &Principal,
        action: Action,
        target: &Target,
    ) -> Result<bool, LifecycleError> {
        Ok(self.judge(principal, action, target).await?.allowed)
    }

    async fn judge(
        &self,
        principal: &Principal,
        action: Action,
        target: &Target,
    ) -> Result<Judgement, LifecycleError> {
        let emergency = self.store.emergency().await?.is_some();
        let question = Question {
            principal,
            action,
            target,
            at: self.clock.now(),
            emergency,
        };
        let _decide = span!(DECIDE, ACTION = action.as_str()).entered();
        Ok(self.authority.decide(&question))
    }
}

/// The same draft, saying what it is about: ids alone.
fn about(draft: Draft, target: &Target) -> Draft {
    let (kind, id) = match target {
        Target::Domain => return draft,
        Target::Organisation(id, _) => ("organisation", id.to_string()),
        Target::Account(account) | Target::Appointment { account, .. } => {
            ("account", account.id.to_string())
        }
        Target::Resource(resource) => ("resource", resource.id.to_string()),
        Target::Scenario(scenario) => ("scenario", scenario.id.to_string()),
        Target::Grant(grant) | Target::Consent { grant, .. } => ("grant", grant.id.to_string()),
        Target::Module(module) => ("module", module.id.to_string()),
        Target::Run(run) => ("run", run.id.to_string()),
        Target::Release(release) => ("release", release.id.to_string()),
        Target::Product(product) => ("product", product.id.to_string()),
        Target::Record(_) | Target::PrivacyBudget { .. } => return draft,
        Target::Evidence { approval, .. } => ("approval", approval.clone()),
    };
    draft.fact("target", json!({ "kind": kind, "id": id }))
}
