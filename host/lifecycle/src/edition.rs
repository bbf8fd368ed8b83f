//! Editions: which periods of a product are closed and due, and how a run becomes the edition of one.
//!
//! Which run is due follows from the calendar, the snapshots that there are, and what became of earlier runs as their operating
//! unit sees it: never from rows, and never sooner than a status shows.

use serde::Serialize;
use yunei_authority::{Action, Target};
use yunei_ledger::{Draft, Kind};
use yunei_model::{
    Code, Edition, EditionId, EditionOf, EndCause, Period, Product, ProductId, ProductState,
    REVISIONS_MAX, ReleaseId, Run, RunId, RunState, Snapshot, SnapshotId, State, Timestamp,
    Trigger, day_start,
};
use yunei_store::{Change, Page};

use crate::list::Listing;
use crate::product::{is_private, period_kind, product_facts};
use crate::submit::Occasion;
use crate::{Actor, Domain, LifecycleError, Listed, RunRequest, RunView};

/// Periods of a product that are looked at at most: more than ten years of days.
pub(crate) const PERIODS_LOOKED_AT_MAX: usize = 4096;
/// How often late rows of one period are looked for by schedule at most.
const REVISION_TRIES_MAX: usize = 3;
/// Runs of a `per-subject` module that one period is charged by schedule at most, should the first ones be interrupted.
const CHARGED_TRIES_MAX: usize = 3;

/// A run that a product is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct DueEdition {
    pub(crate) period: Period,
    pub(crate) revises: Option<EditionId>,
}

impl DueEdition {
    /// What a run for it is submitted as.
    pub(crate) fn occasion(self, product: &Product, trigger: Trigger) -> Occasion {
        let edition = EditionOf {
            product: product.id,
            revises: self.revises,
        };
        Occasion {
            trigger,
            period: Some(self.period),
            edition: Some(edition),
        }
    }
}

/// The snapshots that a run of a product would read now.
#[derive(Debug)]
pub(crate) struct Present {
    /// One per required resource, in the manifest's order.
    snapshots: Vec<SnapshotId>,
    /// Up to when the data of every resource that has the period's field are known.
    known_until: Timestamp,
    /// Whether each run is charged to a population's privacy.
    private: bool,
}

impl Present {
    /// Whether a run read these snapshots for a product as it is now, and came to an end that it would come to again.
    fn is_read_by(&self, product: &Product, run: &Run) -> bool {
        run.snapshots == self.snapshots && run.module == product.module && !may_be_tried_again(run)
    }

    /// Whether a period without edition was charged as often as a schedule may: once, and again after an interruption alone. A newer
    /// snapshot is no reason, since each try costs the whole population.
    fn is_charged_enough(&self, product: &Product, runs: &[Run]) -> bool {
        let charged = runs
            .iter()
            .filter(|run| run.started_at.is_some() && run.module == product.module);
        let ended = charged.clone().any(|run| !may_be_tried_again(run));
        self.private && (ended || charged.count() >= CHARGED_TRIES_MAX)
    }
}

/// An edition as its readers see it.
#[derive(Debug, Clone, Serialize)]
pub struct EditionView {
    /// Id.
    pub id: EditionId,
    /// Product.
    pub product: ProductId,
    /// First day of the period in Asia/Shanghai, `YYYY-MM-DD`.
    pub first_day: String,
    /// The period.
    pub period: Period,
    /// Run that it came of.
    pub run: RunId,
    /// Releases, one per output.
    pub releases: Vec<ReleaseId>,
    /// 0 for the first edition of its period, then 1, 2, 3 …
    pub revision: u32,
    /// Edition that it revises.
    pub revises: Option<EditionId>,
}

impl From<Edition> for EditionView {
    fn from(edition: Edition) -> Self {
        Self {
            id: edition.id,
            product: edition.product,
            first_day: edition.period.first_day().unwrap_or_default(),
            period: edition.period,
            run: edition.run,
            releases: edition.releases,
            revision: edition.revision,
            revises: edition.revises,
        }
    }
}

impl Domain {
    /// Editions of a product that `actor` may see; none before the status of its run shows it.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is no such product, or it is not `actor`'s to see.
    pub async fn editions(
        &self,
        actor: &Actor,
        product: ProductId,
        page: Page<EditionId>,
    ) -> Result<Listed<EditionView, EditionId>, LifecycleError> {
        self.visible_product(actor, product).await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let editions = self.store.editions(product, part).await?;
            listing.read(editions.len());
            for edition in editions {
                let run = self.store.run(edition.run).await?;
                let seen = run.is_some_and(|run| self.is_visible(&run));
                let id = edition.id;
                if !listing.look(id, seen.then(|| EditionView::from(edition))) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// Asks for the edition of the period that a day lies in, or for its revision.
    ///
    /// # Errors
    /// Refused by policy; [`Code::PeriodOpen`] before the period is closed; [`Code::EditionTried`] when the snapshots of now
    /// were read for it already, or a run for it is under way; as [`Domain::submit`].
    pub async fn request_edition(
        &self,
        actor: &Actor,
        id: ProductId,
        day: &str,
    ) -> Result<RunView, LifecycleError> {
        let product = self.store.product(id).await?.ok_or(Code::NotFound)?;
        self.may_operate(actor, &product).await?;
        let at = day_start(day).ok_or(Code::BadRequest)?;
        let period =
            Period::around(&product.period, product.cadence, at).ok_or(Code::BadRequest)?;
        let present = self.present(&product).await?.ok_or(Code::NoSnapshot)?;
        let closes_at = period.closes_at(product.lateness_days);
        if period.from < product.starts || present.known_until < closes_at {
            return Err(Code::PeriodOpen.into());
        }
        let editions = self.store.editions_of_period(id, period.from).await?;
        let runs = self.store.runs_of_period(id, period.from).await?;
        let read = |run: &Run| present.is_read_by(&product, run);
        let tried = runs.iter().any(|run| !self.is_visible(run) || read(run));
        let whole = editions.len() > REVISIONS_MAX
            || !self.may_be_revised(&product, &editions, &present).await?;
        if tried || whole {
            return Err(Code::EditionTried.into());
        }
        let due = DueEdition {
            period,
            revises: editions.last().map(|edition| edition.id),
        };
        let occasion = due.occasion(&product, Trigger::Request);
        let request = self.request_of(&product).await?;
        let submission = self.submission_on(actor, request, occasion).await?;
        let decided = self.decide(submission).await?;
        self.enqueue(decided).await
    }

    /// Whether `actor` may operate a product that stands.
    pub(crate) async fn may_operate(
        &self,
        actor: &Actor,
        product: &Product,
    ) -> Result<crate::Permit, LifecycleError> {
        let target = Target::Product(self.product_target(product).await?);
        let permit = self.permit(actor, Action::OperateProduct, &target).await?;
        if product.state == ProductState::Withdrawn {
            return Err(Code::WrongState.into());
        }
        Ok(permit)
    }

    /// What each run of a product asks for.
    pub(crate) async fn request_of(&self, product: &Product) -> Result<RunRequest, LifecycleError> {
        let grant = self.standing_grant(product.grant).await?;
        Ok(RunRequest {
            module: product.module,
            grant: product.grant,
            purpose: grant.terms.purpose,
            parameters: product.parameters.clone(),
            period: None,
        })
    }

    /// The runs that a product is due now, oldest period first, `limit` at most.
    ///
    /// A closed period without edition is due, unless a run for it is under way or the snapshots of now were read for it already.
    /// One with an edition is due a revision `revision_days` after it was closed, and again as much later, unless there is no newer snapshot.
    pub(crate) async fn editions_due(
        &self,
        product: &Product,
        limit: usize,
    ) -> Result<Vec<DueEdition>, LifecycleError> {
        let mut due = Vec::new();
        let Some(present) = self.present(product).await? else {
            return Ok(due);
        };
        let mut next = Period::around(&product.period, product.cadence, product.starts);
        for _ in 0..PERIODS_LOOKED_AT_MAX {
            let Some(period) = next.take() else { break };
            let closes_at = period.closes_at(product.lateness_days);
            if closes_at > present.known_until || due.len() >= limit {
                break;
            }
            next = period.next(product.cadence);
            due.extend(self.due_of(product, period, &present).await?);
        }
        Ok(due)
    }

    async fn due_of(
        &self,
        product: &Product,
        period: Period,
        present: &Present,
    ) -> Result<Option<DueEdition>, LifecycleError> {
        let editions = self
            .store
            .editions_of_period(product.id, period.from)
            .await?;
        let Some(newest) = editions.last() else {
            let runs = self.store.runs_of_period(product.id, period.from).await?;
            let read = |run: &Run| present.is_read_by(product, run);
            let waits = present.is_charged_enough(product, &runs)
                || runs.iter().any(|run| !self.is_visible(run) || read(run));
            let revises = None;
            return Ok((!waits).then_some(DueEdition { period, revises }));
        };
        let Some(revision_days) = product.revision_days else {
            return Ok(None);
        };
        let first = period.closes_at(product.lateness_days.saturating_add(revision_days));
        if present.known_until < first
            || editions.len() > REVISIONS_MAX
            || !self.may_be_revised(product, &editions, present).await?
        {
            return Ok(None);
        }
        let runs = self.store.runs_of_period(product.id, period.from).await?;
        let tries = runs
            .iter()
            .filter(|run| is_revision(run) && !may_be_tried_again(run))
            .count();
        let days = u32::try_from(tries)
            .unwrap_or(u32::MAX)
            .saturating_add(1)
            .saturating_mul(revision_days)
            .saturating_add(product.lateness_days);
        let read = |run: &Run| present.is_read_by(product, run);
        let waits = tries >= REVISION_TRIES_MAX
            || present.known_until < period.closes_at(days)
            || runs.iter().any(|run| !self.is_visible(run) || read(run));
        let revises = Some(newest.id);
        Ok((!waits).then_some(DueEdition { period, revises }))
    }

    /// Whether the editions of a period may have a revision. Noise is drawn once for each period: a second draw over almost the same rows
    /// would be charged as much again and tell more than one edition may. And two modules' tables are not held against each other.
    async fn may_be_revised(
        &self,
        product: &Product,
        editions: &[Edition],
        present: &Present,
    ) -> Result<bool, LifecycleError> {
        let Some(newest) = editions.last() else {
            return Ok(true);
        };
        let run = self.store.run(newest.run).await?;
        let same = run.is_some_and(|run| run.module == product.module);
        Ok(same && !present.private)
    }

    /// The snapshots that a run of a product would read now; nothing as long as one is missing.
    async fn present(&self, product: &Product) -> Result<Option<Present>, LifecycleError> {
        let module = self.store.module(product.module).await?;
        let manifest = module.and_then(|m| m.manifest);
        let Some(manifest) = manifest else {
            return Ok(None);
        };
        let grant = self.standing_grant(product.grant).await?;
        let mut present = Present {
            snapshots: Vec::new(),
            known_until: self.clock.now(),
            private: is_private(&manifest),
        };
        for required in &manifest.resources {
            let Some(snapshot) = self.bound_snapshot(&grant, &required.name).await? else {
                return Ok(None);
            };
            present.snapshots.push(snapshot.id);
            if self.tells_period(product, &snapshot).await? {
                present.known_until = present.known_until.min(snapshot.data_as_of);
            }
        }
        Ok(Some(present))
    }

    async fn tells_period(
        &self,
        product: &Product,
        snapshot: &Snapshot,
    ) -> Result<bool, LifecycleError> {
        let resource = self.store.resource(snapshot.resource).await?;
        Ok(resource.is_some_and(|r| period_kind(&r, &product.period).is_some()))
    }

    /// Whether the end of a run has come, and its operating unit sees it.
    pub(crate) fn is_visible(&self, run: &Run) -> bool {
        run.state.is_final()
            && self
                .visible_from(run)
                .is_none_or(|from| from <= self.clock.now())
    }

    /// Why a run may not become the edition any more that it was to be, read within the change.
    pub(crate) async fn edition_hindered(
        &self,
        change: &mut Change,
        run: &Run,
    ) -> Result<Option<EndCause>, LifecycleError> {
        let (Some(edition), Some(period)) = (run.edition, &run.period) else {
            return Ok(None);
        };
        let stop = |reason: &str| {
            Ok(Some(EndCause::Stop {
                reason: reason.to_owned(),
            }))
        };
        let product = change.product(edition.product).await?;
        let Some(product) = product.filter(|p| p.state != ProductState::Withdrawn) else {
            return stop("the product was withdrawn");
        };
        if product.module != run.module {
            return stop("the product has another module");
        }
        let editions = change
            .editions_of_period(edition.product, period.from)
            .await?;
        if editions.last().map(|e| e.id) != edition.revises {
            return stop("another edition of the period came before it");
        }
        Ok(None)
    }

    /// Refuses a second run for a period while another is under way, read within the change.
    pub(crate) async fn refuse_second(
        &self,
        change: &mut Change,
        run: &Run,
    ) -> Result<(), LifecycleError> {
        let (Some(edition), Some(period)) = (run.edition, &run.period) else {
            return Ok(());
        };
        let runs = change.runs_of_period(edition.product, period.from).await?;
        if runs.iter().any(|other| !other.state.is_final()) {
            return Err(Code::EditionTried.into());
        }
        Ok(())
    }

    /// Makes a released run the edition that it was to become, within the change that releases it.
    pub(crate) async fn publish_edition(
        &self,
        change: &mut Change,
        run: &Run,
        releases: &[ReleaseId],
    ) -> Result<(), LifecycleError> {
        let (Some(of), Some(period)) = (run.edition, &run.period) else {
            return Ok(());
        };
        let product = change.product(of.product).await?;
        let mut product = product.ok_or(LifecycleError::Impossible {
            detail: "an edition without its product",
        })?;
        let earlier = change.editions_of_period(product.id, period.from).await?;
        let seen_from = self.visible_from(run).unwrap_or_else(|| self.clock.now());
        let edition = Edition {
            id: EditionId::telling(seen_from, &*self.ids),
            product: product.id,
            period: period.clone(),
            run: run.id,
            releases: releases.to_vec(),
            revision: u32::try_from(earlier.len()).unwrap_or(u32::MAX),
            revises: of.revises,
            at: self.clock.now(),
        };
        change.put_edition(&edition).await?;
        let draft = product_facts(Draft::new(Kind::EditionReleased), &product)
            .fact("edition", edition.id)
            .fact("run", run.id)
            .fact("period", period_facts(period))
            .fact("revision", edition.revision)
            .fact("revises", edition.revises);
        self.record(change, draft).await?;
        let reviewed = !change.release_reviews(run.id).await?.is_empty();
        if reviewed && product.state == ProductState::Drafted {
            product.state = product
                .state
                .step(ProductState::Reviewed)
                .map_err(|_| Code::WrongState)?;
            product.first_reviewed = Some(run.id);
            change.put_product(&product).await?;
            let draft = product_facts(Draft::new(Kind::ProductReviewed), &product)
                .fact("edition", edition.id);
            self.record(change, draft).await?;
        }
        Ok(())
    }

    /// The earlier editions of the period that a run would revise, oldest first, with the runs that they came of. As of any later
    /// moment the same: editions that came after the one that it revises are not among them.
    pub(crate) async fn editions_revised(
        &self,
        run: &Run,
    ) -> Result<Vec<(Edition, Run)>, LifecycleError> {
        let (Some(edition), Some(period)) = (run.edition, &run.period) else {
            return Ok(Vec::new());
        };
        let Some(revises) = edition.revises else {
            return Ok(Vec::new());
        };
        let all = self
            .store
            .editions_of_period(edition.product, period.from)
            .await?;
        let count = all.iter().position(|e| e.id == revises);
        let count = count.ok_or(LifecycleError::Impossible {
            detail: "a revision of an edition that is not there",
        })?;
        let mut revised = Vec::new();
        for edition in all.into_iter().take(count + 1) {
            let run = self.store.run(edition.run).await?;
            let run = run.ok_or(LifecycleError::Impossible {
                detail: "an edition without its run",
            })?;
            revised.push((edition, run));
        }
        Ok(revised)
    }
}

/// A period as the record tells it.
pub(crate) fn period_facts(period: &Period) -> serde_json::Value {
    serde_json::json!({
        "field": period.field,
        "from": period.from.as_micros(),
        "until": period.until.as_micros(),
    })
}

/// Whether a run ended without anybody's judgement of its output: the same may be tried again of the same snapshots.
fn may_be_tried_again(run: &Run) -> bool {
    matches!(run.state, RunState::Stopped | RunState::Aborted)
}

fn is_revision(run: &Run) -> bool {
    run.edition.is_some_and(|edition| edition.revises.is_some())
}
