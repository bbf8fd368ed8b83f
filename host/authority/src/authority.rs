//! The loaded policies, and the decisions they make.

use std::collections::BTreeMap;

use cedar_policy::{
    ActionConstraint, Authorizer, Decision, Effect, EntityTypeName, EntityUid, Policy, PolicyId,
    PolicySet, Schema, ValidationMode, Validator,
};
use yunei_model::{Code, Digest, Language};

use crate::entity::{Scene, SceneError, SetScene, moment, type_of};
use crate::vocabulary::{Vocabulary, uid};
use crate::{Action, DEFAULT_DENY, EVALUATION_ERROR, Judgement, PolicyError, Question};

/// The action of [`Authority::capability`]; nobody asks for it by itself.
pub(crate) const USE_GRANT: &str = "use-grant";

/// The loaded policies.
#[derive(Debug)]
pub struct Authority {
    pub(crate) words: Vocabulary,
    rules: BTreeMap<Action, Rules>,
    pub(crate) use_grant: Rules,
    clauses: BTreeMap<String, Clause>,
    policy_set: Digest,
}

/// The policies that can apply to one action, and the types of target that the schema gives it.
#[derive(Debug)]
pub(crate) struct Rules {
    action: EntityUid,
    policies: PolicySet,
    permits: PolicySet,
    targets: Vec<EntityTypeName>,
}

/// What the annotations of a policy say.
#[derive(Debug)]
struct Clause {
    code: Option<Code>,
    recorded: bool,
    advice: String,
    advice_zh: Option<String>,
}

/// What Cedar answered.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) allowed: bool,
    pub(crate) clauses: Vec<String>,
    pub(crate) errors: Vec<String>,
}

impl Authority {
    /// Loads a schema and policies, given by file name and text.
    ///
    /// # Errors
    /// [`PolicyError`] when anything does not parse, does not pass strict validation (warnings count as errors),
    /// or lacks an annotation that it must have: `@id` and `@advice` on every policy, `@code` on every `forbid`.
    pub fn new(schema: &str, policies: &[(&str, &str)]) -> Result<Self, PolicyError> {
        let (parsed_schema, warnings) =
            Schema::from_cedarschema_str(schema).map_err(|source| PolicyError::Schema {
                source: Box::new(source),
            })?;
        let mut findings: Vec<String> = warnings.map(|w| w.to_string()).collect();
        let mut clauses = BTreeMap::new();
        let mut set = PolicySet::new();
        for (file, text) in policies {
            add_file(&mut set, &mut clauses, file, text)?;
        }
        let result = Validator::new(parsed_schema.clone()).validate(&set, ValidationMode::Strict);
        findings.extend(result.validation_errors().map(ToString::to_string));
        findings.extend(result.validation_warnings().map(ToString::to_string));
        if !findings.is_empty() {
            return Err(PolicyError::Invalid { findings });
        }
        let words = Vocabulary::new()?;
        let mut rules = BTreeMap::new();
        for action in Action::ALL {
            let own = Rules::of(&words, &parsed_schema, &set, action.as_str())?;
            rules.insert(*action, own);
        }
        Ok(Self {
            use_grant: Rules::of(&words, &parsed_schema, &set, USE_GRANT)?,
            words,
            rules,
            clauses,
            policy_set: digest(schema, policies),
        })
    }

    /// The policies of this release, as they stand in `policies/`.
    ///
    /// # Errors
    /// [`PolicyError`], never in a release that passed its tests.
    pub fn builtin() -> Result<Self, PolicyError> {
        Self::new(crate::SCHEMA, crate::POLICIES)
    }

    /// Digest of schema and policies: goes on the record with each decision.
    #[must_use]
    pub const fn policy_set(&self) -> Digest {
        self.policy_set
    }

    /// Ids of all policies, sorted.
    pub fn clauses(&self) -> impl Iterator<Item = &str> {
        self.clauses.keys().map(String::as_str)
    }

    /// What a clause says, for people. English where a clause has no Chinese sentence.
    #[must_use]
    pub fn advice(&self, clause: &str, language: Language) -> Option<&str> {
        let clause = self.clauses.get(clause)?;
        match (language, &clause.advice_zh) {
            (Language::Zh, Some(advice)) => Some(advice),
            _ => Some(&clause.advice),
        }
    }

    /// Decides. Whatever goes wrong on the way is a denial.
    pub fn decide(&self, question: &Question<'_>) -> Judgement {
        let context = moment(question.at, question.emergency);
        let scene = Scene::of(&self.words, question.principal, question.target, context)
            .and_then(Scene::set);
        let scene = match &scene {
            Ok(scene) => Ok(scene),
            Err(error) => Err(error.as_str()),
        };
        let outcome = self.ask(scene, question, question.action, |rules| &rules.policies);
        let visible = outcome.allowed
            || match question.target.viewing() {
                None => true,
                Some(view) if view == question.action => false,
                Some(view) => {
                    self.ask(scene, question, view, |rules| &rules.policies)
                        .allowed
                }
            };
        Judgement {
            allowed: outcome.allowed,
            denial: self.denial(scene, question, &outcome),
            visible,
            recorded: outcome.allowed && outcome.clauses.iter().any(|c| self.recorded(c)),
            policy_set: self.policy_set,
            clauses: outcome.clauses,
            errors: outcome.errors,
        }
    }

    fn ask(
        &self,
        scene: Result<&SetScene, &str>,
        question: &Question<'_>,
        action: Action,
        policies: fn(&Rules) -> &PolicySet,
    ) -> Outcome {
        let Some(rules) = self.rules.get(&action) else {
            return Outcome::error(format!("no rules are loaded for `{action}`"));
        };
        if !rules
            .targets
            .contains(type_of(&self.words, question.target))
        {
            return Outcome::error(format!("`{action}` does not apply to this target"));
        }
        match scene {
            Ok(scene) => rules.evaluate(scene, policies(rules)),
            Err(error) => Outcome::error(error.to_owned()),
        }
    }

    /// Code and clause that a client is told first: by the order of the codes. Why a policy forbids is told to those
    /// alone whom another one permits: who is not entitled at all learns that, and no state of the target.
    fn denial(
        &self,
        scene: Result<&SetScene, &str>,
        question: &Question<'_>,
        outcome: &Outcome,
    ) -> Option<(Code, String)> {
        if outcome.allowed {
            return None;
        }
        let permitted = || {
            self.ask(scene, question, question.action, |rules| &rules.permits)
                .allowed
        };
        if outcome.errors.is_empty() && !permitted() {
            return Some((Code::Forbidden, DEFAULT_DENY.to_owned()));
        }
        outcome
            .clauses
            .iter()
            .map(|clause| (self.code(clause), clause.clone()))
            .min()
    }

    /// The code of a clause that denied.
    pub(crate) fn code(&self, clause: &str) -> Code {
        if clause == EVALUATION_ERROR {
            return Code::Internal;
        }
        let clause = self.clauses.get(clause);
        clause.and_then(|c| c.code).unwrap_or(Code::Forbidden)
    }

    fn recorded(&self, clause: &str) -> bool {
        self.clauses.get(clause).is_some_and(|c| c.recorded)
    }
}

impl Rules {
    fn of(
        words: &Vocabulary,
        schema: &Schema,
        set: &PolicySet,
        action: &str,
    ) -> Result<Self, PolicyError> {
        let action_uid = uid(&words.action, action);
        let targets: Vec<EntityTypeName> = schema
            .resources_for_action(&action_uid)
            .into_iter()
            .flatten()
            .cloned()
            .collect();
        if targets.is_empty() {
            return Err(PolicyError::Action {
                action: action.to_owned(),
            });
        }
        // A policy whose scope names other actions cannot be satisfied: leaving it out changes no decision.
        let applies = |policy: &Policy| match policy.action_constraint() {
            ActionConstraint::Any => true,
            ActionConstraint::Eq(one) => one == action_uid,
            ActionConstraint::In(several) => several.contains(&action_uid),
        };
        let subset = |permits_only: bool| {
            let chosen = set
                .policies()
                .filter(|p| applies(p) && (!permits_only || p.effect() == Effect::Permit));
            PolicySet::from_policies(chosen.cloned()).map_err(|source| PolicyError::IdTwice {
                policy: action.to_owned(),
                source: Box::new(source),
            })
        };
        Ok(Self {
            policies: subset(false)?,
            permits: subset(true)?,
            action: action_uid,
            targets,
        })
    }

    /// Asks Cedar, all policies.
    pub(crate) fn decide(&self, scene: Scene) -> Outcome {
        scene.set().map_or_else(Outcome::error, |scene| {
            self.evaluate(&scene, &self.policies)
        })
    }

    /// Asks Cedar. Any evaluation error is a denial, whatever the other policies say.
    fn evaluate(&self, scene: &SetScene, policies: &PolicySet) -> Outcome {
        let request = match scene.request(self.action.clone()) {
            Ok(request) => request,
            Err(error) => return Outcome::error(error),
        };
        let response = Authorizer::new().is_authorized(&request, policies, scene.entities());
        let errors: Vec<String> = response
            .diagnostics()
            .errors()
            .map(ToString::to_string)
            .collect();
        if !errors.is_empty() {
            return Outcome {
                allowed: false,
                clauses: vec![EVALUATION_ERROR.to_owned()],
                errors,
            };
        }
        let mut clauses: Vec<String> = response
            .diagnostics()
            .reason()
            .map(|id: &PolicyId| AsRef::<str>::as_ref(id).to_owned())
            .collect();
        clauses.sort_unstable();
        if clauses.is_empty() {
            clauses.push(DEFAULT_DENY.to_owned());
        }
        Outcome {
            allowed: response.decision() == Decision::Allow,
            clauses,
            errors,
        }
    }
}

impl Outcome {
    pub(crate) fn error(error: SceneError) -> Self {
        Self {
            allowed: false,
            clauses: vec![EVALUATION_ERROR.to_owned()],
            errors: vec![error],
        }
    }
}

fn add_file(
    set: &mut PolicySet,
    clauses: &mut BTreeMap<String, Clause>,
    file: &str,
    text: &str,
) -> Result<(), PolicyError> {
    let parsed: PolicySet = text.parse().map_err(|source| PolicyError::Syntax {
        file: file.to_owned(),
        source: Box::new(source),
    })?;
    if parsed.templates().next().is_some() {
        return Err(PolicyError::Template {
            file: file.to_owned(),
        });
    }
    for policy in parsed.policies() {
        let lacks = |policy: &str, annotation| PolicyError::NoAnnotation {
            file: file.to_owned(),
            policy: policy.to_owned(),
            annotation,
        };
        let id = policy
            .annotation("id")
            .filter(|id| !id.is_empty())
            .ok_or_else(|| lacks(policy.id().as_ref(), "id"))?;
        let advice = policy
            .annotation("advice")
            .ok_or_else(|| lacks(id, "advice"))?;
        let code = code_of(policy, id)?;
        if code.is_none() && policy.effect() == Effect::Forbid {
            return Err(lacks(id, "code"));
        }
        set.add(policy.new_id(PolicyId::new(id)))
            .map_err(|source| PolicyError::IdTwice {
                policy: id.to_owned(),
                source: Box::new(source),
            })?;
        let clause = Clause {
            code,
            recorded: policy.annotation("record") == Some("true"),
            advice: advice.to_owned(),
            advice_zh: policy.annotation("advice_zh").map(str::to_owned),
        };
        clauses.insert(id.to_owned(), clause);
    }
    Ok(())
}

fn code_of(policy: &Policy, id: &str) -> Result<Option<Code>, PolicyError> {
    let Some(value) = policy.annotation("code") else {
        return Ok(None);
    };
    match Code::ALL.iter().find(|code| code.as_str() == value) {
        Some(code) => Ok(Some(*code)),
        None => Err(PolicyError::Annotation {
            policy: id.to_owned(),
            annotation: "code",
            value: value.to_owned(),
        }),
    }
}

/// Digest over the schema and the files in the order of their names, each with its length before it.
fn digest(schema: &str, policies: &[(&str, &str)]) -> Digest {
    let files: BTreeMap<&str, &str> = policies.iter().copied().collect();
    let mut bytes = Vec::new();
    for text in std::iter::once(schema).chain(files.iter().flat_map(|(name, text)| [*name, *text]))
    {
        bytes.extend_from_slice(&(text.len() as u64).to_be_bytes());
        bytes.extend_from_slice(text.as_bytes());
    }
    Digest::of(&bytes)
}
