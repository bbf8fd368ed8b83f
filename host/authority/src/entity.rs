//! Questions in Cedar's terms: principal, target and context as entities and facts.

use std::collections::HashSet;

use cedar_policy::{Context, Entities, Entity, EntityTypeName, EntityUid, Request};
use yunei_model::{OrganisationId, PersonId, Timestamp};

use crate::target::{
    AccountTarget, GrantTarget, ModuleTarget, RecordTarget, ReleaseTarget, ResourceTarget,
    RunTarget, ScenarioTarget, Target,
};
use crate::vocabulary::{Facts, Vocabulary, uid};
use crate::{Principal, ProductTarget};

/// Everything that Cedar needs for one decision.
#[derive(Debug)]
pub(crate) struct Scene {
    pub(crate) principal: EntityUid,
    pub(crate) resource: EntityUid,
    pub(crate) entities: Vec<Entity>,
    pub(crate) context: Facts,
}

/// What an evaluation could not be given; always a denial.
pub(crate) type SceneError = String;

impl Scene {
    /// The scene of a question about `target`.
    pub(crate) fn of(
        words: &Vocabulary,
        principal: &Principal,
        target: &Target,
        context: Facts,
    ) -> Result<Self, SceneError> {
        let asker = asker(words, principal)?;
        let (target, context) = Builder { words }.target(target, context)?;
        let resource = target
            .first()
            .map(Entity::uid)
            .ok_or_else(|| "a target has no entity".to_owned())?;
        let mut scene = Self {
            principal: asker.uid(),
            resource,
            entities: vec![asker],
            context,
        };
        scene.extend(target);
        Ok(scene)
    }

    /// Adds entities that are not there yet: an account may ask about itself, and is then taken as who asks.
    pub(crate) fn extend(&mut self, entities: impl IntoIterator<Item = Entity>) {
        for entity in entities {
            if self.entities.iter().all(|e| e.uid() != entity.uid()) {
                self.entities.push(entity);
            }
        }
    }

    /// Puts everything into Cedar's own form.
    pub(crate) fn set(self) -> Result<SetScene, SceneError> {
        Ok(SetScene {
            principal: self.principal,
            resource: self.resource,
            context: Context::from_pairs(self.context.into_inner()).map_err(|e| e.to_string())?,
            entities: Entities::from_entities(self.entities, None).map_err(|e| e.to_string())?,
        })
    }

    /// The request and the entities, checked against the schema: what [`Self::set`] leaves to the tests, since policies
    /// are validated against the same schema when they are loaded.
    #[cfg(test)]
    pub(crate) fn ask(
        self,
        action: EntityUid,
        schema: Option<&cedar_policy::Schema>,
    ) -> Result<(Request, Entities), SceneError> {
        let context = Context::from_pairs(self.context.into_inner()).map_err(|e| e.to_string())?;
        let request = Request::new(self.principal, action, self.resource, context, schema)
            .map_err(|e| e.to_string())?;
        let entities = Entities::from_entities(self.entities, schema).map_err(|e| e.to_string())?;
        Ok((request, entities))
    }
}

/// A scene in Cedar's own form: made once for a question, which may need several actions asked.
#[derive(Debug)]
pub(crate) struct SetScene {
    principal: EntityUid,
    resource: EntityUid,
    context: Context,
    entities: Entities,
}

impl SetScene {
    /// The request for one action.
    pub(crate) fn request(&self, action: EntityUid) -> Result<Request, SceneError> {
        Request::new(
            self.principal.clone(),
            action,
            self.resource.clone(),
            self.context.clone(),
            None,
        )
        .map_err(|e| e.to_string())
    }

    /// The entities.
    pub(crate) const fn entities(&self) -> &Entities {
        &self.entities
    }
}

/// The facts of every context.
pub(crate) fn moment(at: Timestamp, emergency: bool) -> Facts {
    Facts::default()
        .long("at", at.as_micros())
        .flag("emergency", emergency)
}

/// A module, as the context of a use names it.
pub(crate) fn module(words: &Vocabulary, module: &ModuleTarget) -> Result<Entity, SceneError> {
    Builder { words }.module(module)
}

/// The type of a target's entity.
pub(crate) fn type_of<'a>(words: &'a Vocabulary, target: &Target) -> &'a EntityTypeName {
    match target {
        Target::Domain => &words.domain,
        Target::Organisation(..) => &words.organisation,
        Target::Account(_) | Target::Appointment { .. } => &words.account,
        Target::Resource(_) => &words.resource,
        Target::Scenario(_) => &words.scenario,
        Target::Grant(_) | Target::Consent { .. } => &words.grant,
        Target::Module(_) => &words.module,
        Target::Run(_) => &words.run,
        Target::Release(_) => &words.release,
        Target::Product(_) => &words.product,
        Target::Record(_) | Target::Evidence { .. } | Target::PrivacyBudget { .. } => &words.record,
    }
}

fn entity(
    kind: &EntityTypeName,
    id: impl ToString,
    facts: Facts,
    parents: HashSet<EntityUid>,
) -> Result<Entity, SceneError> {
    Entity::new(uid(kind, id), facts.into_inner(), parents).map_err(|e| e.to_string())
}

fn asker(words: &Vocabulary, principal: &Principal) -> Result<Entity, SceneError> {
    let facts = Facts::default()
        .flag("active", principal.active)
        .one("person", &words.person, principal.person)
        .one("organisation", &words.organisation, principal.organisation)
        .many(
            "organisations",
            &words.organisation,
            &principal.organisations,
        )
        .one("kind", &words.kind, principal.kind)
        .flag("remitAll", principal.remit.resources.is_empty())
        .texts("remit", &principal.remit.resources);
    let roles = principal.roles.iter().map(|r| uid(&words.role, r));
    entity(&words.account, principal.account, facts, roles.collect())
}

struct Builder<'a> {
    words: &'a Vocabulary,
}

impl Builder<'_> {
    /// The entities of a target, itself first, and the context that goes with it.
    fn target(&self, target: &Target, moment: Facts) -> Result<(Vec<Entity>, Facts), SceneError> {
        let words = self.words;
        Ok(match target {
            Target::Domain => (
                vec![entity(
                    &words.domain,
                    "domain",
                    Facts::default(),
                    HashSet::new(),
                )?],
                moment,
            ),
            Target::Organisation(id, kind) => {
                let facts = Facts::default().one("kind", &words.kind, kind);
                (
                    vec![entity(&words.organisation, id, facts, HashSet::new())?],
                    moment,
                )
            }
            Target::Account(account) => (vec![self.account(account)?], moment),
            Target::Appointment {
                account,
                role,
                held,
                remit_named,
            } => (
                vec![self.account(account)?],
                moment
                    .one("role", &words.role, role)
                    .many("held", &words.role, held)
                    .flag("remitNamed", *remit_named),
            ),
            Target::Resource(resource) => (vec![self.resource(resource)?], moment),
            Target::Scenario(scenario) => (vec![self.scenario(scenario)?], moment),
            Target::Grant(grant) => (self.grant(grant)?, moment),
            Target::Consent { grant, source_unit } => (
                self.grant(grant)?,
                moment.one("sourceUnit", &words.organisation, source_unit),
            ),
            Target::Module(module) => (vec![self.module(module)?], moment),
            Target::Run(run) => (vec![self.run(run)?], moment),
            Target::Release(release) => (vec![self.release(release)?], moment),
            Target::Product(product) => (vec![self.product(product)?], moment),
            Target::Record(record) => (vec![self.record(record)?], moment),
            Target::Evidence {
                record,
                approval,
                second_signer,
                requested,
            } => {
                let context = moment.text("approval", approval.trim());
                let context = self.signed(context, *second_signer, *requested);
                (vec![self.record(record)?], context)
            }
            Target::PrivacyBudget {
                resources,
                proposer,
            } => {
                let record = RecordTarget {
                    operator: None,
                    resources: resources.clone(),
                };
                let context = match proposer {
                    Some(person) => moment.one("proposer", &words.person, person),
                    None => moment,
                };
                (vec![self.record(&record)?], context)
            }
        })
    }

    /// The context of evidence, with those who signed for it and asked for it.
    fn signed(
        &self,
        context: Facts,
        second_signer: Option<PersonId>,
        requested: Option<(PersonId, OrganisationId)>,
    ) -> Facts {
        let words = self.words;
        let context = match second_signer {
            Some(person) => context.one("secondSigner", &words.person, person),
            None => context,
        };
        match requested {
            Some((person, organisation)) => context.one("requester", &words.person, person).one(
                "requestedBy",
                &words.organisation,
                organisation,
            ),
            None => context,
        }
    }

    fn account(&self, account: &AccountTarget) -> Result<Entity, SceneError> {
        let words = self.words;
        let facts = Facts::default()
            .flag("active", account.active)
            .one("person", &words.person, account.person)
            .one("organisation", &words.organisation, account.organisation)
            .many("organisations", &words.organisation, [account.organisation])
            .one("kind", &words.kind, account.kind)
            .flag("remitAll", false)
            .texts("remit", [""; 0]);
        entity(&words.account, account.id, facts, HashSet::new())
    }

    fn resource(&self, resource: &ResourceTarget) -> Result<Entity, SceneError> {
        let words = self.words;
        let facts = Facts::default()
            .one("sourceUnit", &words.organisation, resource.source_unit)
            .one("grade", &words.grade, resource.grade);
        entity(&words.resource, resource.id, facts, HashSet::new())
    }

    fn scenario(&self, scenario: &ScenarioTarget) -> Result<Entity, SceneError> {
        let words = self.words;
        let facts = Facts::default()
            .one("state", &words.scenario_state, scenario.state)
            .texts("purposes", &scenario.purposes);
        let facts = match scenario.proposer {
            Some(proposer) => facts.one("proposer", &words.organisation, proposer),
            None => facts,
        };
        entity(&words.scenario, scenario.id, facts, HashSet::new())
    }

    fn grant(&self, grant: &GrantTarget) -> Result<Vec<Entity>, SceneError> {
        let words = self.words;
        let facts = Facts::default()
            .one("state", &words.grant_state, grant.state)
            .one("operator", &words.organisation, grant.operator)
            .one("scenario", &words.scenario, grant.scenario.id)
            .text("purpose", &grant.purpose)
            .texts("resources", &grant.resources)
            .texts("fields", &grant.fields)
            .many("sourceUnits", &words.organisation, &grant.source_units)
            .flag("consented", grant.consented)
            .flag("join", grant.join)
            .flag("export", grant.export)
            .long("from", grant.from.as_micros())
            .long("until", grant.until.as_micros())
            .count("quotaRuns", grant.quota_runs)
            .count("quotaRows", grant.quota_rows)
            .count("quotaCells", grant.quota_cells)
            .texts("exposedFields", &grant.exposed_fields)
            .texts("importantFields", &grant.important_fields)
            .texts("coreFields", &grant.core_fields);
        Ok(vec![
            entity(&words.grant, grant.id, facts, HashSet::new())?,
            self.scenario(&grant.scenario)?,
        ])
    }

    fn module(&self, module: &ModuleTarget) -> Result<Entity, SceneError> {
        let words = self.words;
        let facts = Facts::default()
            .one("operator", &words.organisation, module.operator)
            .one("submitter", &words.person, module.submitter)
            .one("state", &words.module_state, module.state)
            .texts("resources", &module.resources)
            .many("reviewers", &words.person, &module.reviewers)
            .count("approvals", module.approvals);
        entity(&words.module, module.id, facts, HashSet::new())
    }

    fn run(&self, run: &RunTarget) -> Result<Entity, SceneError> {
        let words = self.words;
        let facts = Facts::default()
            .one("operator", &words.organisation, run.operator)
            .one("submitter", &words.person, run.submitter)
            .one("state", &words.run_state, run.state)
            .texts("resources", &run.resources)
            .many("sourceUnits", &words.organisation, &run.source_units)
            .many("reviewers", &words.person, &run.reviewers)
            .count("approvals", run.approvals);
        entity(&words.run, run.id, facts, HashSet::new())
    }

    fn release(&self, release: &ReleaseTarget) -> Result<Entity, SceneError> {
        let words = self.words;
        let facts = Facts::default()
            .one("operator", &words.organisation, release.operator)
            .one("submitter", &words.person, release.submitter)
            .texts("resources", &release.resources)
            .many("reviewers", &words.person, &release.reviewers);
        entity(&words.release, release.id, facts, HashSet::new())
    }

    fn product(&self, product: &ProductTarget) -> Result<Entity, SceneError> {
        let words = self.words;
        let facts = Facts::default()
            .one("operator", &words.organisation, product.operator)
            .one("submitter", &words.person, product.submitter)
            .one("state", &words.product_state, product.state)
            .texts("resources", &product.resources)
            .many("sourceUnits", &words.organisation, &product.source_units);
        entity(&words.product, product.id, facts, HashSet::new())
    }

    fn record(&self, record: &RecordTarget) -> Result<Entity, SceneError> {
        let words = self.words;
        let facts = Facts::default().texts("resources", &record.resources);
        let facts = match record.operator {
            Some(operator) => facts.one("operator", &words.organisation, operator),
            None => facts,
        };
        entity(&words.record, "entry", facts, HashSet::new())
    }
}
