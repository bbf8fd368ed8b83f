//! What each may see of modules, runs and releases.

use serde::Serialize;
use yunei_authority::{Action, ReleaseTarget, RunTarget, Target};
use yunei_ledger::canonical_digest;
use yunei_model::{
    AlgorithmReview, Call, CoarseStatus, Code, Decision, Digest, Finding, GrantId, Hint, Manifest,
    Module, ModuleId, ModuleState, Name, Notice, OutputOverlaps, Overtaken, Release, ReleaseId,
    ReleaseReview, Resource, ReviewOutcome, Role, Route, Run, RunId, RunState, Text, Timestamp,
    Verdict,
};
use yunei_store::{Page, ReleaseFilter, RunFilter};

use crate::anew::asked_anew;
use crate::coarse::visible_status;
use crate::list::Listing;
use crate::{Actor, Domain, LifecycleError, Listed, bucket_end};

/// A module as its reader may see it.
#[derive(Debug, Clone, Serialize)]
pub struct ModuleView {
    /// Id.
    pub id: ModuleId,
    /// Digest of the component.
    pub digest: String,
    /// State.
    pub state: ModuleState,
    /// When it was uploaded.
    pub uploaded_at: Timestamp,
    /// Manifest.
    pub manifest: Option<Manifest>,
    /// Why admission refused.
    pub findings: Vec<Finding>,
    /// Imports.
    pub imports: Vec<String>,
    /// How many reviews there are; who said what is for the domain's own people.
    pub reviews_count: usize,
    /// Reviews.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub reviews: Vec<AlgorithmReview>,
}

impl ModuleView {
    pub(crate) fn of(module: Module, actor: &Actor) -> Self {
        let inside = [
            Role::Bureau,
            Role::Reviewer,
            Role::Regulator,
            Role::AuditAdministrator,
        ];
        let reviews_count = module.reviews.len();
        let (findings, imports) = module
            .admission
            .map(|a| (a.findings, a.imports))
            .unwrap_or_default();
        Self {
            id: module.id,
            digest: module.digest.to_string(),
            state: module.state,
            uploaded_at: module.uploaded_at,
            manifest: module.manifest,
            findings,
            imports,
            reviews_count,
            reviews: if inside.iter().any(|role| actor.holds(*role)) {
                module.reviews
            } else {
                Vec::new()
            },
        }
    }
}

/// A run as its operating unit sees it.
#[derive(Debug, Clone, Serialize)]
pub struct RunView {
    /// Id.
    pub id: RunId,
    /// Grant.
    pub grant: GrantId,
    /// Module.
    pub module: ModuleId,
    /// Purpose.
    pub purpose: Name,
    /// Coarse status, as of the end of the last bucket.
    pub status: CoarseStatus,
    /// When it was accepted.
    pub submitted_at: Timestamp,
    /// Releases, once the status shows them.
    pub releases: Vec<ReleaseId>,
    /// Hints, from manifest and public structure alone.
    pub hints: Vec<Hint>,
    /// What is told when it is submitted, of the unit's own things alone.
    pub notices: Vec<Notice>,
}

impl RunView {
    /// A run that was queued just now: the same whatever becomes of it.
    pub(crate) fn queued(run: &Run, notices: Vec<Notice>) -> Self {
        Self {
            id: run.id,
            grant: run.grant,
            module: run.module,
            purpose: run.purpose.clone(),
            status: CoarseStatus::InProgress,
            submitted_at: run.submitted_at,
            releases: Vec::new(),
            hints: Vec::new(),
            notices,
        }
    }
}

/// A run as supervision sees it.
#[derive(Debug, Clone, Serialize)]
pub struct RunDetail {
    /// The run.
    pub run: Run,
    /// Verdicts of the gate.
    pub verdicts: Vec<Verdict>,
    /// Earlier releases that lie across rows of an output, in numbers and in words; none for outputs across which none lies.
    pub overlaps: Vec<OutputOverlaps>,
    /// Reviews of its output.
    pub reviews: Vec<ReleaseReview>,
    /// Releases.
    pub releases: Vec<ReleaseId>,
    /// What the manifest declares, the grant gives, and the run used, by resource and field.
    pub use_of_fields: Vec<FieldUse>,
    /// Digest of the module's manifest as canonical JSON; none for a module without one.
    pub manifest_digest: Option<Digest>,
    /// Who approved the module's algorithm, and why.
    pub algorithm_reviews: Vec<AlgorithmReview>,
    /// Which judgement of the gate holds, from 1: a yes names it. None for a run that never waited for people.
    pub judgement: Option<u64>,
    /// Judgements that no longer hold, with what people had said about them.
    pub overtaken: Vec<Overtaken>,
    /// Why reviewers are asked anew, where they are.
    pub asked_anew: Option<Text>,
}

/// Declared, granted, used: one field of one resource.
#[derive(Debug, Clone, Serialize)]
pub struct FieldUse {
    /// Resource.
    pub resource: Name,
    /// Field.
    pub field: Name,
    /// The manifest declares it.
    pub declared: bool,
    /// The grant gives it.
    pub granted: bool,
    /// The run read it.
    pub used: bool,
}

/// A release as a list shows it.
#[derive(Debug, Clone, Serialize)]
pub struct ReleaseView {
    /// Id.
    pub id: ReleaseId,
    /// Run.
    pub run: RunId,
    /// Output.
    pub output: Name,
    /// Route.
    pub route: Route,
    /// When it left.
    pub at: Timestamp,
    /// Rows of the table.
    pub rows: usize,
}

impl From<&Release> for ReleaseView {
    fn from(release: &Release) -> Self {
        Self {
            id: release.id,
            run: release.run,
            output: release.output.clone(),
            route: release.route,
            at: release.at,
            rows: release.table.rows(),
        }
    }
}

impl Domain {
    /// Runs that `actor` may see, coarsely.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn runs(
        &self,
        actor: &Actor,
        page: Page<RunId>,
    ) -> Result<Listed<RunView, RunId>, LifecycleError> {
        self.permit(actor, Action::ViewRun, &Target::Domain).await?;
        let filter = RunFilter {
            operator: actor.operator(),
            ..RunFilter::default()
        };
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let runs = self.store.runs(&filter, part).await?;
            listing.read(runs.len());
            for run in runs {
                let id = run.id;
                let target = Target::Run(self.run_target(&run).await?);
                let seen = if self.may(actor, Action::ViewRun, &target).await? {
                    Some(self.coarse_view(run).await?)
                } else {
                    None
                };
                if !listing.look(id, seen) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// One run, coarsely.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, or it is not `actor`'s to see.
    pub async fn run(&self, actor: &Actor, id: RunId) -> Result<RunView, LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        self.permit(
            actor,
            Action::ViewRun,
            &Target::Run(self.run_target(&run).await?),
        )
        .await?;
        self.coarse_view(run).await
    }

    /// One run, with trace root, verdicts and figures: for supervision alone.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn run_detail(&self, actor: &Actor, id: RunId) -> Result<RunDetail, LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        self.permit(
            actor,
            Action::ViewRunDetail,
            &Target::Run(self.run_target(&run).await?),
        )
        .await?;
        self.detail_of(run).await
    }

    /// Host calls of a run, from the one with index `from`; `next` is the index to go on from.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn calls(
        &self,
        actor: &Actor,
        id: RunId,
        from: u64,
        limit: u32,
    ) -> Result<Listed<Call, u64>, LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        self.permit(
            actor,
            Action::ViewRunDetail,
            &Target::Run(self.run_target(&run).await?),
        )
        .await?;
        let mut listing = Listing::new(Page::first(limit).after(from.checked_sub(1)));
        while let Some(part) = listing.part() {
            let from = part.after.map_or(0, |last: u64| last.saturating_add(1));
            let calls = self.store.calls(id, from, part.limit).await?;
            listing.read(calls.len());
            for call in calls {
                if !listing.look(call.index, Some(call)) {
                    break;
                }
            }
        }
        let Listed { items, next } = listing.listed();
        let next = next.map(|last| last.saturating_add(1));
        Ok(Listed { items, next })
    }

    /// Releases that `actor` may see, of one run or of all.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn releases(
        &self,
        actor: &Actor,
        run: Option<RunId>,
        page: Page<ReleaseId>,
    ) -> Result<Listed<ReleaseView, ReleaseId>, LifecycleError> {
        self.permit(actor, Action::ViewRelease, &Target::Domain)
            .await?;
        let filter = ReleaseFilter {
            operator: actor.operator(),
            run,
        };
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let releases = self.store.releases(&filter, part).await?;
            listing.read(releases.len());
            for release in releases {
                let seen = self.release_view(actor, &release).await?;
                if !listing.look(release.id, seen) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// What `actor` sees of a release, if anything.
    async fn release_view(
        &self,
        actor: &Actor,
        release: &Release,
    ) -> Result<Option<ReleaseView>, LifecycleError> {
        let run = self.store.run(release.run).await?.ok_or(Code::NotFound)?;
        let status = visible_status(&run, self.clock.now());
        if actor.operator().is_some() && status != CoarseStatus::Released {
            return Ok(None);
        }
        let target = Target::Release(ReleaseTarget::of(release, self.run_target(&run).await?));
        if !self.may(actor, Action::ViewRelease, &target).await? {
            return Ok(None);
        }
        let mut view = ReleaseView::from(release);
        if actor.operator().is_some() {
            // The exact moment would be finer than the buckets of the status.
            view.at = self.visible_from(&run).unwrap_or(view.at);
        }
        Ok(Some(view))
    }

    async fn coarse_view(&self, run: Run) -> Result<RunView, LifecycleError> {
        let now = self.clock.now();
        let status = visible_status(&run, now);
        let mut releases = Vec::new();
        let mut hints = Vec::new();
        if status == CoarseStatus::Released {
            releases = self
                .store
                .releases_of_run(run.id)
                .await?
                .iter()
                .map(|r| r.id)
                .collect();
        }
        if status == CoarseStatus::NotReleased {
            // The same hints for every run of the module that was kept inside, whatever kept it.
            hints = self.structural_hints(&run).await?;
        }
        Ok(RunView {
            id: run.id,
            grant: run.grant,
            module: run.module,
            purpose: run.purpose,
            status,
            submitted_at: run.submitted_at,
            releases,
            hints,
            notices: Vec::new(),
        })
    }

    /// Hints from the manifest, and from the catalogue entries of what it reads.
    async fn structural_hints(&self, run: &Run) -> Result<Vec<Hint>, LifecycleError> {
        let module = self.store.module(run.module).await?;
        let Some(manifest) = module.and_then(|m| m.manifest) else {
            return Ok(Vec::new());
        };
        let catalogue = self.resources_of(run).await?;
        Ok(manifest.hints(&run.trigger, Decision::Withhold, &catalogue))
    }

    pub(crate) async fn detail_of(&self, run: Run) -> Result<RunDetail, LifecycleError> {
        let mut verdicts = self.store.verdicts(run.id).await?;
        let told =
            |verdict: &mut Verdict| std::mem::take(&mut verdict.overlaps).told(&verdict.output);
        let overlaps = verdicts.iter_mut().filter_map(told).collect();
        let reviews = self.store.release_reviews(run.id).await?;
        let releases = self
            .store
            .releases_of_run(run.id)
            .await?
            .iter()
            .map(|r| r.id)
            .collect();
        let use_of_fields = self.use_of_fields(&run).await?;
        let module = self.store.module(run.module).await?;
        let manifest = module.as_ref().and_then(|module| module.manifest.as_ref());
        let manifest_digest = manifest.map(canonical_digest).transpose()?;
        let mut algorithm_reviews = module.map(|module| module.reviews).unwrap_or_default();
        algorithm_reviews.retain(|review| review.outcome == ReviewOutcome::Approved);
        let judgement = self.store.judgement(run.id).await?;
        let overtaken = self.store.overtaken_judgements(run.id).await?;
        Ok(RunDetail {
            verdicts,
            overlaps,
            reviews,
            releases,
            use_of_fields,
            manifest_digest,
            algorithm_reviews,
            judgement: judgement.map(|judgement| judgement.number),
            asked_anew: asked_anew(&overtaken).filter(|_| run.state == RunState::InReview),
            overtaken,
            run,
        })
    }

    async fn use_of_fields(&self, run: &Run) -> Result<Vec<FieldUse>, LifecycleError> {
        let grant = self
            .store
            .grant_version(run.grant, run.grant_version)
            .await?;
        let manifest = self
            .store
            .module(run.module)
            .await?
            .and_then(|m| m.manifest);
        let (Some(grant), Some(manifest)) = (grant, manifest) else {
            return Ok(Vec::new());
        };
        let calls = self
            .store
            .calls(run.id, 0, yunei_store::PAGE_ROWS_MAX)
            .await?;
        let used = |resource: &Name, field: &Name| {
            calls
                .iter()
                .any(|c| c.resource.as_ref() == Some(resource) && c.fields.contains(field))
        };
        let mut uses = Vec::new();
        for granted in &grant.terms.resources {
            let declared = manifest
                .required(&granted.name)
                .map(|r| r.fields.as_slice())
                .unwrap_or_default();
            let missing = declared
                .iter()
                .filter(|field| !granted.fields.contains(field));
            for field in granted.fields.iter().chain(missing) {
                uses.push(FieldUse {
                    resource: granted.name.clone(),
                    field: field.clone(),
                    declared: declared.contains(field),
                    granted: granted.fields.contains(field),
                    used: used(&granted.name, field),
                });
            }
        }
        Ok(uses)
    }

    /// The resources that a run reads, from its pinned snapshots.
    pub(crate) async fn resources_of(&self, run: &Run) -> Result<Vec<Resource>, LifecycleError> {
        let mut resources = Vec::new();
        for id in &run.snapshots {
            let snapshot = self.store.snapshot(*id).await?;
            let snapshot = snapshot.ok_or(LifecycleError::Impossible {
                detail: "a run without its snapshot",
            })?;
            resources.extend(self.store.resource(snapshot.resource).await?);
        }
        Ok(resources)
    }

    pub(crate) async fn run_target(&self, run: &Run) -> Result<RunTarget, LifecycleError> {
        let resources = self.resources_of(run).await?;
        let reviews = self.store.release_reviews(run.id).await?;
        Ok(RunTarget::of(run, &resources, &reviews))
    }

    /// When what happened to a run becomes visible to its operating unit.
    #[must_use]
    pub fn visible_from(&self, run: &Run) -> Option<Timestamp> {
        run.ended_at
            .map(|ended| bucket_end(run.submitted_at, ended))
    }
}
