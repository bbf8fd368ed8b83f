//! Decides what a run may do under its grant: at submission, and again at claim.

use std::collections::BTreeSet;

use yunei_model::{
    Code, Grant, Language, Limits, Module, Name, Parameters, Refusal, Resource, Scenario,
    Timestamp, World,
};

use crate::authority::Outcome;
use crate::entity::{Scene, module, moment};
use crate::need::Need;
use crate::vocabulary::Facts;
use crate::{Authority, Capability, GrantTarget, ModuleTarget, Principal, Target};

/// Details of one refusal at most; what is left out is counted in the last one.
pub const DETAILS_MAX: usize = 64;

/// What has been used of a grant, without the run in question.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Runs.
    pub runs: u64,
    /// Rows fed.
    pub rows: u64,
    /// Cells released.
    pub released_cells: u64,
}

/// What the privacy budgets of the populations say to a run of a `per-subject` module; for any other there is nothing to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PrivacyStanding {
    /// Populations without a budget.
    pub unset: BTreeSet<Name>,
    /// Populations whose budget does not cover this run beside all that were charged.
    pub spent: BTreeSet<Name>,
}

/// May this run do what its module asks for?
///
/// The answer assumes nothing about an earlier one: at claim the same question is asked with what is true then.
#[derive(Debug, Clone, Copy)]
pub struct UseQuestion<'a> {
    /// Who submitted the run, with the roles held now.
    pub principal: &'a Principal,
    /// The grant, in its newest version.
    pub grant: &'a Grant,
    /// The grant's scenario.
    pub scenario: &'a Scenario,
    /// Catalogue entries of the resources that grant and manifest name, those that exist.
    pub resources: &'a [Resource],
    /// The module.
    pub module: &'a Module,
    /// Purpose that the submission states.
    pub purpose: &'a Name,
    /// Parameters that the submission gives.
    pub parameters: &'a Parameters,
    /// What has been used of the grant.
    pub usage: Usage,
    /// Rows of the snapshots that the run would read.
    pub rows_requested: u64,
    /// What the privacy budgets say.
    pub privacy: &'a PrivacyStanding,
    /// When.
    pub at: Timestamp,
    /// Whether an emergency stop is in force.
    pub emergency: bool,
    /// Limits that the host sets for the run.
    pub limits: &'a Limits,
}

impl Authority {
    /// Decides what a run may do under its grant.
    ///
    /// # Errors
    /// [`Refusal`] with the code of the weightiest clause that forbids, that clause, and every reason there is:
    /// each ungranted resource and field by name. A grant or module of another operating unit is refused without details.
    pub fn capability(&self, question: &UseQuestion<'_>) -> Result<Capability, Refusal> {
        let need = question.module.manifest.as_ref().map(|manifest| {
            Need::of(
                manifest,
                question.grant,
                question.resources,
                question.parameters,
            )
        });
        let need = need.unwrap_or_default();
        let mut target =
            GrantTarget::of(question.grant, question.scenario, question.resources, &[]);
        // INVARIANT: what the catalogue no longer has cannot be used, granted or not.
        target
            .resources
            .retain(|name| question.resources.iter().any(|r| &r.name == name));
        let outcome = self
            .use_scene(question, &need, target.clone())
            .map_or_else(Outcome::error, |scene| self.use_grant.decide(scene));
        match &question.module.manifest {
            Some(manifest) if outcome.allowed => {
                let (parameters, clauses) = (need.parameters, outcome.clauses);
                let policy_set = self.policy_set();
                Ok(Capability::granted(
                    question, manifest, parameters, policy_set, clauses,
                ))
            }
            // INVARIANT: what has no manifest asks for nothing that could be granted.
            None if outcome.allowed => {
                Err(Refusal::new(Code::ModuleNotAdmitted).by("module.admitted"))
            }
            _ => Err(self.use_refusal(question, &need, &target, &outcome)),
        }
    }

    fn use_scene(
        &self,
        question: &UseQuestion<'_>,
        need: &Need,
        target: GrantTarget,
    ) -> Result<Scene, String> {
        let words = &self.words;
        let module_target = ModuleTarget::from(question.module);
        let manifest = question.module.manifest.as_ref();
        let world = manifest.map_or(World::Analysis, |m| m.world);
        let context: Facts = moment(question.at, question.emergency)
            .text("purpose", question.purpose)
            .one("module", &words.module, module_target.id)
            .text("modulePurpose", manifest.map_or("", |m| m.purpose.as_str()))
            .one("world", &words.world, world)
            .texts("resources", &need.resources)
            .texts("fields", &need.fields)
            .flag("several", need.resources.len() > 1)
            .texts("withheldFields", &need.withheld_fields)
            .texts("exposedFields", &need.exposed_fields)
            .texts("coreFields", &need.core_fields)
            .many("bases", &words.basis, &need.bases)
            .texts("privateOnly", &need.private_only)
            .flag("severalPopulations", need.populations.len() > 1)
            .texts("unsubjected", &need.unsubjected)
            .texts("privacyUnset", &question.privacy.unset)
            .texts("privacySpent", &question.privacy.spent)
            .texts("lineageFaults", &need.lineage_faults)
            .texts("parameterFaults", &need.parameter_faults)
            .count("runsUsed", question.usage.runs)
            .count("rowsUsed", question.usage.rows)
            .count("rowsRequested", question.rows_requested)
            .count("cellsUsed", question.usage.released_cells);
        let target = Target::Grant(Box::new(target));
        let mut scene = Scene::of(words, question.principal, &target, context)?;
        scene.extend([module(words, &module_target)?]);
        Ok(scene)
    }

    fn use_refusal(
        &self,
        question: &UseQuestion<'_>,
        need: &Need,
        target: &GrantTarget,
        outcome: &Outcome,
    ) -> Refusal {
        let mut clauses: Vec<(Code, &str)> = outcome
            .clauses
            .iter()
            .map(|clause| (self.code(clause), clause.as_str()))
            .collect();
        // What is another's looks as if it did not exist: that is said first, and nothing besides.
        clauses.sort_by_key(|(code, clause)| (code.status() != 404, *code, *clause));
        let Some((code, clause)) = clauses.first() else {
            return Refusal::new(Code::Internal);
        };
        let mut refusal = Refusal::new(*code).by(*clause);
        if code.status() == 404 || *code == Code::Internal {
            return refusal;
        }
        refusal.details = clauses
            .iter()
            .flat_map(|(_, clause)| self.details(question, need, target, clause))
            .collect();
        let left_out = refusal.details.len().saturating_sub(DETAILS_MAX);
        if left_out > 0 {
            refusal.details.truncate(DETAILS_MAX.saturating_sub(1));
            refusal
                .details
                .push(format!("and {} more", left_out.saturating_add(1)));
        }
        refusal
    }

    /// What a clause has against this use: named where names help, and otherwise what the clause says.
    fn details(
        &self,
        question: &UseQuestion<'_>,
        need: &Need,
        target: &GrantTarget,
        clause: &str,
    ) -> Vec<String> {
        let named = |names: &mut dyn Iterator<Item = String>, what: &str| -> Vec<String> {
            names.map(|name| what.replace("{}", &name)).collect()
        };
        let mut details = match clause {
            "grant.resources" => {
                let missing = need.resources.difference(&target.resources);
                missing
                    .map(|name| missing_resource(question.grant, name))
                    .collect()
            }
            "grant.fields" => named(
                &mut need.fields.difference(&target.fields).cloned(),
                "field `{}` is not granted",
            ),
            "use.withheld-fields" => named(
                &mut need.withheld_fields.iter().cloned(),
                "field `{}` is fed to no module",
            ),
            "negative.use-identifiers" => named(
                &mut need.exposed_fields.iter().cloned(),
                "field `{}` is a direct identifier without a mask",
            ),
            "negative.use-core" => named(
                &mut need.core_fields.iter().cloned(),
                "field `{}` is core data",
            ),
            "use.private-only" => named(
                &mut need.private_only.iter().map(ToString::to_string),
                "resource `{}` allows no exact release",
            ),
            "use.private-subject" => named(
                &mut need.unsubjected.iter().map(ToString::to_string),
                "resource `{}` names no data subject",
            ),
            "privacy.unset" => named(
                &mut question.privacy.unset.iter().map(ToString::to_string),
                "population `{}` has no privacy budget",
            ),
            "privacy.spent" => named(
                &mut question.privacy.spent.iter().map(ToString::to_string),
                "the privacy budget of population `{}` does not cover this run",
            ),
            "use.purpose" => vec![format!(
                "the grant's purpose is `{}`; the run states `{}`, the module `{}`",
                target.purpose,
                question.purpose,
                question
                    .module
                    .manifest
                    .as_ref()
                    .map_or("", |m| m.purpose.as_str()),
            )],
            "use.lineage" => need.lineage_faults.clone(),
            "grant.parameters" => need.parameter_faults.clone(),
            _ => Vec::new(),
        };
        if details.is_empty() {
            let advice = self.advice(clause, Language::En);
            details.extend(advice.map(str::to_owned));
        }
        details
    }
}

fn missing_resource(grant: &Grant, name: &Name) -> String {
    if grant.terms.resource(name).is_some() {
        format!("resource `{name}` is no longer in the catalogue")
    } else {
        format!("resource `{name}` is not granted")
    }
}
