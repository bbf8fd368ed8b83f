//! What a run was decided under, and how it is decided again.

use std::collections::BTreeMap;

use yunei_authority::{
    Authority, Capability, PolicyTexts, Principal, PrivacyStanding, Usage, UseQuestion,
};
use yunei_model::{
    Code, Digest, Grant, GrantState, Module, ModuleState, Refusal, Resource, ReviewOutcome, Run,
    Scenario,
};
use yunei_store::Change;

use super::original::Original;
use super::{Basis, Difference, Place};
use crate::claim::READS_PER_ROW_MAX;
use crate::prepared::Preparation;
use crate::review::APPROVALS_NEEDED;
use crate::{Domain, LifecycleError};

/// Names of changed things that are told at most.
const CHANGED_MAX: usize = 32;

/// What a replay is decided and judged under.
pub(super) struct Under {
    /// The policies of then, where they are others than now and were kept.
    authority: Option<Authority>,
    /// The profile's text.
    profile: String,
    pub(super) policies: Basis,
    pub(super) profiles: Basis,
}

/// All that the decision about a run looked at, as it was when the run was claimed.
struct Then {
    principal: Principal,
    grant: Grant,
    scenario: Scenario,
    resources: Vec<Resource>,
    module: Module,
    rows: u64,
    privacy: PrivacyStanding,
}

impl Domain {
    /// Keeps the texts in force, so that what is decided under them can be decided again when they are others.
    pub(crate) async fn keep_policy_texts(
        &self,
        change: &mut Change,
    ) -> Result<(), LifecycleError> {
        let texts = serde_json::to_string(self.authority.texts()).map_err(|_| {
            LifecycleError::Impossible {
                detail: "policies that are no JSON",
            }
        })?;
        change
            .keep_policy_text(self.authority.policy_set(), &texts)
            .await?;
        change
            .keep_policy_text(self.profile.digest(), &self.profile_text)
            .await?;
        Ok(())
    }

    pub(super) async fn under(&self, original: &Original) -> Result<Under, LifecycleError> {
        let (authority, policies) = self.policies_of(original.fact("policy_set")).await?;
        let (profile, profiles) = self.profile_of(original.fact("profile")).await?;
        Ok(Under {
            authority,
            profile,
            policies,
            profiles,
        })
    }

    async fn policies_of(
        &self,
        recorded: String,
    ) -> Result<(Option<Authority>, Basis), LifecycleError> {
        let present = self.authority.policy_set().to_string();
        let mut basis = Basis {
            under_recorded: recorded == present,
            recorded,
            present,
            changed: Vec::new(),
        };
        if basis.under_recorded {
            return Ok((None, basis));
        }
        let Some(text) = self.kept_text(&basis.recorded).await? else {
            return Ok((None, basis));
        };
        let texts: Option<PolicyTexts> = serde_json::from_str(&text).ok();
        let Some(texts) = texts else {
            return Ok((None, basis));
        };
        basis.changed = bounded(texts.files_changed(self.authority.texts()));
        // A release that no longer knows an action of then cannot load its policies.
        let authority = texts.load().ok();
        let authority = authority.filter(|a| a.policy_set().to_string() == basis.recorded);
        basis.under_recorded = authority.is_some();
        Ok((authority, basis))
    }

    async fn profile_of(&self, recorded: String) -> Result<(String, Basis), LifecycleError> {
        let present = self.profile.digest().to_string();
        let mut basis = Basis {
            under_recorded: recorded == present,
            recorded,
            present,
            changed: Vec::new(),
        };
        if basis.under_recorded {
            return Ok((self.profile_text.clone(), basis));
        }
        let Some(text) = self.kept_text(&basis.recorded).await? else {
            return Ok((self.profile_text.clone(), basis));
        };
        basis.changed = bounded(settings_changed(&text, &self.profile_text));
        basis.under_recorded = true;
        Ok((text, basis))
    }

    async fn kept_text(&self, digest: &str) -> Result<Option<String>, LifecycleError> {
        let Ok(digest) = digest.parse::<Digest>() else {
            return Ok(None);
        };
        Ok(self.store.policy_text(digest).await?)
    }

    /// Decides about the run once more, as of the moment of its claim.
    pub(super) async fn decide_as_then(
        &self,
        original: &Original,
        under: &Under,
    ) -> Result<Result<Preparation, Difference>, LifecycleError> {
        let run = &original.run;
        let then = self.then(run).await?;
        if then.module.digest != run.module_digest {
            let (recorded, kept) = (run.module_digest, then.module.digest);
            return Ok(Err(Difference::new(Place::Module, recorded, kept)));
        }
        let authority = under.authority.as_ref().unwrap_or(&self.authority);
        let decided = authority.capability(&then.question(self, run));
        let recorded = original.claimed.entry.facts().get("clauses").cloned();
        let capability: Capability = match decided {
            Ok(capability) => capability,
            Err(refusal) => return Ok(Err(refused(recorded, &refusal))),
        };
        let clauses = serde_json::json!(capability.clauses());
        if recorded
            .as_ref()
            .is_some_and(|recorded| *recorded != clauses)
        {
            let recorded = recorded.unwrap_or_default();
            return Ok(Err(Difference::new(Place::UseDecision, recorded, clauses)));
        }
        Ok(Ok(Preparation {
            run: run.clone(),
            rows_reserved: then.rows.saturating_mul(READS_PER_ROW_MAX),
            module: then.module,
            capability,
            resources: then.resources,
            profile: under.profile.clone(),
            audited_to: Some(original.audited_to()),
            draws: false,
        }))
    }

    async fn then(&self, run: &Run) -> Result<Then, LifecycleError> {
        let impossible = |detail| LifecycleError::Impossible { detail };
        let at = run.started_at.ok_or(Code::WrongState)?;
        let account = self.store.account(run.submitted_by).await?;
        let mut account = account.ok_or(impossible("a run without its submitter"))?;
        // What was closed, ended or taken back since was open, in force and admitted when the run was claimed.
        account.active = true;
        let organisation = self.store.organisation(account.organisation).await?;
        let organisation = organisation.ok_or(impossible("an account without organisation"))?;
        let grant = self
            .store
            .grant_version(run.grant, run.grant_version)
            .await?;
        let mut grant = grant.ok_or(impossible("a run without its grant"))?;
        grant.state = GrantState::Active;
        let scenario = self.store.scenario(grant.terms.scenario).await?;
        let scenario = scenario.ok_or(impossible("a grant without scenario"))?;
        let module = self.store.module(run.module).await?;
        let mut module = module.ok_or(impossible("a run without its module"))?;
        module.reviews.retain(|review| review.at <= at);
        let approvals = module
            .reviews
            .iter()
            .filter(|review| review.outcome == ReviewOutcome::Approved)
            .count() as u64;
        module.state = if approvals >= APPROVALS_NEEDED {
            ModuleState::Approved
        } else {
            ModuleState::Admitted
        };
        let mut rows = 0_u64;
        for id in &run.snapshots {
            rows += self.store.snapshot(*id).await?.map_or(0, |s| s.rows());
        }
        Ok(Then {
            principal: self.principal(&account, &organisation, at).await?,
            resources: self.granted_resources(&grant.terms).await?,
            grant,
            scenario,
            module,
            rows,
            privacy: PrivacyStanding::default(),
        })
    }
}

impl Then {
    fn question<'a>(&'a self, domain: &'a Domain, run: &'a Run) -> UseQuestion<'a> {
        UseQuestion {
            principal: &self.principal,
            grant: &self.grant,
            scenario: &self.scenario,
            resources: &self.resources,
            module: &self.module,
            purpose: &run.purpose,
            parameters: &run.parameters,
            // A replay takes nothing of the quota, whatever others have used of it since.
            usage: Usage::default(),
            rows_requested: self.rows.saturating_mul(READS_PER_ROW_MAX),
            // Nor of a privacy budget: its noise is not drawn again.
            privacy: &self.privacy,
            at: run.started_at.unwrap_or(run.submitted_at),
            emergency: false,
            limits: &domain.limits,
        }
    }
}

fn refused(recorded: Option<serde_json::Value>, refusal: &Refusal) -> Difference {
    let clause = refusal.clause.clone().unwrap_or_default();
    Difference {
        place: Place::UseDecision,
        recorded: recorded.map(|clauses| format!("allowed by {clauses}")),
        replayed: Some(format!("refused by {clause}")),
    }
}

fn bounded(mut names: Vec<String>) -> Vec<String> {
    names.truncate(CHANGED_MAX);
    names
}

/// Paths of the settings of two profiles that differ.
pub(super) fn settings_changed(then: &str, now: &str) -> Vec<String> {
    let flat = |text: &str| {
        let mut settings = BTreeMap::new();
        if let Ok(table) = text.parse::<toml::Table>() {
            flatten("", &toml::Value::Table(table), &mut settings);
        }
        settings
    };
    let (then, now) = (flat(then), flat(now));
    let names = then.keys().chain(now.keys());
    let changed: std::collections::BTreeSet<&String> = names
        .filter(|name| then.get(*name) != now.get(*name))
        .collect();
    changed.into_iter().cloned().collect()
}

fn flatten(path: &str, value: &toml::Value, into: &mut BTreeMap<String, String>) {
    match value {
        toml::Value::Table(table) => {
            for (name, value) in table {
                let separator = if path.is_empty() { "" } else { "." };
                flatten(&format!("{path}{separator}{name}"), value, into);
            }
        }
        other => {
            into.insert(path.to_owned(), other.to_string());
        }
    }
}
