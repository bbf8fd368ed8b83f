//! One rule held against one entry.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use yunei_ledger::{Entry, GRANT, Kind};
use yunei_model::{AccountId, AlertSubject, GrantId, Name, OrganisationId, Quota, Run, RunId};
use yunei_store::{EntryFilter, Page, Recorded, RunFilter, Usage};

use super::rule::within_hours;
use super::{AlertRule, Condition};
use crate::{Domain, LifecycleError};

/// Earlier runs that make a grant's history, at most.
pub(super) const HISTORY_RUNS_MAX: u64 = 50;
/// Runs whose refused calls are added up, at most.
const CALLING_RUNS_MAX: u32 = 100;
/// What a guest's run ends as.
const ENDS: [Kind; 4] = [
    Kind::RunSealed,
    Kind::RunFailed,
    Kind::RunStopped,
    Kind::RunAborted,
];

/// What a rule saw.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) subject: AlertSubject,
    pub(super) operator: Option<OrganisationId>,
    pub(super) run: Option<RunId>,
    pub(super) resources: BTreeSet<Name>,
    pub(super) figures: BTreeMap<Name, u64>,
}

impl Seen {
    pub(super) fn about(subject: AlertSubject) -> Self {
        Self {
            subject,
            operator: None,
            run: None,
            resources: BTreeSet::new(),
            figures: BTreeMap::new(),
        }
    }

    /// The same, with a count.
    pub(super) fn figure(mut self, name: &str, value: u64) -> Self {
        // The names are those below.
        if let Ok(name) = Name::parse(name) {
            self.figures.insert(name, value);
        }
        self
    }
}

impl Domain {
    pub(super) async fn evaluate(
        &self,
        rule: &AlertRule,
        recorded: &Recorded,
    ) -> Result<Option<Seen>, LifecycleError> {
        let entry = &recorded.entry;
        let seen = match &rule.when {
            Condition::Denied {
                count,
                window_seconds,
            } => self.denied(entry, *count, *window_seconds).await?,
            Condition::DeniedCalls {
                count,
                window_seconds,
            } => self.denied_calls(entry, *count, *window_seconds).await?,
            Condition::Volume {
                percent,
                runs_min,
                rows_min,
            } => self.volume(entry, *percent, *runs_min, *rows_min).await?,
            Condition::Hours {
                from,
                until,
                weekdays,
            } => {
                let submitted = entry.kind() == Kind::RunSubmitted;
                let outside = submitted && !within_hours(entry.at(), *from, *until, weekdays);
                let grant = grant_of(entry).filter(|_| outside);
                grant.map(|grant| Seen::about(AlertSubject::Grant(grant)))
            }
            Condition::Quota { percent } => self.quota(entry, *percent).await?,
            Condition::SignIn {
                count,
                window_seconds,
            } => {
                let kinds = [Kind::SignInFailed];
                let failed = self
                    .burst(entry, &kinds, None, *count, *window_seconds)
                    .await?;
                failed.map(|failed| {
                    Seen::about(AlertSubject::SignIn)
                        .figure("failures", failed)
                        .figure("bound", *count)
                })
            }
            Condition::Decoy {} => decoy(entry),
            Condition::WitnessFault { faults } => witness_fault(entry, faults),
            Condition::Containment { layers } => containment(entry, layers),
            // Brought about by time, not by an entry.
            Condition::CheckpointLag { .. }
            | Condition::WitnessLag { .. }
            | Condition::Verification { .. } => None,
        };
        match seen {
            Some(seen) => Ok(Some(self.placed(entry, seen).await?)),
            None => Ok(None),
        }
    }

    /// Adds whose it is and which resources it concerns.
    async fn placed(&self, entry: &Entry, mut seen: Seen) -> Result<Seen, LifecycleError> {
        seen.operator = entry.operator();
        let run = match entry.run() {
            Some(id) => self.store.run(id).await?,
            None => None,
        };
        if let Some(run) = &run {
            seen.run = Some(run.id);
            let resources = self.resources_of(run).await?;
            seen.resources.extend(resources.into_iter().map(|r| r.name));
        } else if let Some(id) = grant_of(entry)
            && let Some(grant) = self.store.grant(id).await?
        {
            let names = grant.terms.resources.into_iter().map(|r| r.name);
            seen.resources.extend(names);
        }
        Ok(seen)
    }

    /// How many entries of these kinds (by that actor, if given) there were in the window that ends with `entry`, if `count` or more.
    async fn burst(
        &self,
        entry: &Entry,
        kinds: &[Kind],
        actor: Option<AccountId>,
        count: u64,
        window_seconds: u64,
    ) -> Result<Option<u64>, LifecycleError> {
        if !kinds.contains(&entry.kind()) {
            return Ok(None);
        }
        let filter = EntryFilter {
            kinds: kinds.to_vec(),
            actor,
            ..window(entry, window_seconds)
        };
        let page = Page::first(u32::try_from(count).unwrap_or(u32::MAX));
        let found = self.store.entries(&filter, page).await?.len() as u64;
        Ok((found >= count).then_some(found))
    }

    async fn denied(
        &self,
        entry: &Entry,
        count: u64,
        window_seconds: u64,
    ) -> Result<Option<Seen>, LifecycleError> {
        let kinds = [Kind::DecisionDenied, Kind::RunRefused];
        let Some(account) = entry.actor() else {
            return Ok(None);
        };
        let denied = self
            .burst(entry, &kinds, Some(account), count, window_seconds)
            .await?;
        Ok(denied.map(|denied| {
            Seen::about(AlertSubject::Account(account))
                .figure("denied", denied)
                .figure("bound", count)
        }))
    }

    async fn denied_calls(
        &self,
        entry: &Entry,
        count: u64,
        window_seconds: u64,
    ) -> Result<Option<Seen>, LifecycleError> {
        let (Some(operator), Some(run)) = (entry.operator(), entry.run()) else {
            return Ok(None);
        };
        if !ENDS.contains(&entry.kind()) || self.store.calls_denied(run).await? == 0 {
            return Ok(None);
        }
        let filter = EntryFilter {
            kinds: ENDS.to_vec(),
            operator: Some(operator),
            ..window(entry, window_seconds)
        };
        let page = Page::first(CALLING_RUNS_MAX).falling();
        let ended = self.store.entries(&filter, page).await?;
        let runs: BTreeSet<RunId> = ended.iter().filter_map(|r| r.entry.run()).collect();
        let mut denied = 0;
        for run in runs {
            denied += self.store.calls_denied(run).await?;
        }
        Ok((denied >= count).then(|| {
            Seen::about(AlertSubject::Operator(operator))
                .figure("denied", denied)
                .figure("bound", count)
        }))
    }

    async fn volume(
        &self,
        entry: &Entry,
        percent: u64,
        runs_min: u64,
        rows_min: u64,
    ) -> Result<Option<Seen>, LifecycleError> {
        let (Some(grant), Some(run)) = (grant_of(entry), entry.run()) else {
            return Ok(None);
        };
        let rows = entry.facts().get("rows_fed").and_then(Value::as_u64);
        let Some(rows) = rows.filter(|rows| ENDS.contains(&entry.kind()) && *rows >= rows_min)
        else {
            return Ok(None);
        };
        let history = self.history(grant, run).await?;
        let runs = history.len() as u64;
        let before: u64 = history.iter().map(|run| run.rows_fed).sum();
        // rows > percent / 100 × before / runs, without rounding.
        let more = u128::from(rows) * 100 * u128::from(runs);
        let unusual = runs >= runs_min && more > u128::from(percent) * u128::from(before);
        Ok(unusual.then(|| {
            Seen::about(AlertSubject::Grant(grant))
                .figure("rows", rows)
                .figure("mean", before / runs.max(1))
                .figure("runs", runs)
                .figure("bound_percent", percent)
        }))
    }

    /// Runs under the grant that began before this one, the newest first.
    async fn history(&self, grant: GrantId, run: RunId) -> Result<Vec<Run>, LifecycleError> {
        let filter = RunFilter {
            grant: Some(grant),
            ..RunFilter::default()
        };
        let page = Page::first(u32::try_from(HISTORY_RUNS_MAX).unwrap_or(u32::MAX));
        let page = page.after(run).falling();
        let runs = self.store.runs(&filter, page).await?;
        Ok(runs
            .into_iter()
            .filter(|run| run.trace_root.is_some())
            .collect())
    }

    async fn quota(&self, entry: &Entry, percent: u64) -> Result<Option<Seen>, LifecycleError> {
        let takes = [Kind::RunClaimed, Kind::RunSealed, Kind::RunReleased];
        let Some(id) = grant_of(entry).filter(|_| takes.contains(&entry.kind())) else {
            return Ok(None);
        };
        let Some(grant) = self.store.grant_standing(id).await? else {
            return Ok(None);
        };
        let used = self.store.usage(id).await?;
        let share = share_percent(&used, &grant.terms.quota);
        Ok((share >= percent).then(|| {
            Seen::about(AlertSubject::Grant(id))
                .figure("percent", share)
                .figure("bound_percent", percent)
        }))
    }
}

/// The greatest share that is used of any part of a quota, in percent, rounded down.
fn share_percent(used: &Usage, quota: &Quota) -> u64 {
    let share = |used: u64, quota: u64| {
        let percent = u128::from(used) * 100 / u128::from(quota.max(1));
        u64::try_from(percent).unwrap_or(u64::MAX)
    };
    share(used.runs, quota.runs)
        .max(share(used.rows, quota.rows))
        .max(share(used.released_cells, quota.released_cells))
}

fn window(entry: &Entry, seconds: u64) -> EntryFilter {
    let seconds = i64::try_from(seconds).unwrap_or(i64::MAX);
    let after = yunei_model::Timestamp::from_micros(entry.at().as_micros().saturating_add(1));
    EntryFilter {
        since: Some(entry.at().plus_seconds(-seconds)),
        until: Some(after),
        ..EntryFilter::default()
    }
}

fn grant_of(entry: &Entry) -> Option<GrantId> {
    entry.facts().get(GRANT)?.as_str()?.parse().ok()
}

fn decoy(entry: &Entry) -> Option<Seen> {
    let outputs = entry.facts().get("decoys")?.as_array()?;
    let run = entry.run()?;
    let seen = Seen::about(AlertSubject::Run(run));
    (!outputs.is_empty()).then(|| seen.figure("outputs", outputs.len() as u64))
}

/// One of these faults of a witness, whichever: the entry that raised the alert names both.
fn witness_fault(entry: &Entry, faults: &[Name]) -> Option<Seen> {
    let fault = (entry.kind() == Kind::WitnessFault).then(|| entry.facts().get("fault"))??;
    let watched = faults
        .iter()
        .any(|one| Some(one.as_str()) == fault.as_str());
    watched.then(|| Seen::about(AlertSubject::Log))
}

/// Rooms that a run says were up, each with its layers: one of them lacks a wanted layer.
fn containment(entry: &Entry, wanted: &[Name]) -> Option<Seen> {
    let run = entry.run()?;
    let rooms = entry.observed().get("layers")?.as_array()?;
    let lacking = rooms.iter().filter(|room| {
        let layers = room.get(1).and_then(Value::as_array);
        let has = |layer: &Name| {
            layers.is_some_and(|all| all.iter().any(|one| one.as_str() == Some(layer.as_str())))
        };
        !wanted.iter().all(has)
    });
    let lacking = lacking.count() as u64;
    let seen = Seen::about(AlertSubject::Run(run));
    (lacking > 0).then(|| seen.figure("rooms", lacking))
}
