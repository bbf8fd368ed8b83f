//! Outputs that two people let out and that did not leave yet: something stood between the second yes and the release.
//!
//! Whatever that was, a killed server or a reviewer who hung up, what they said holds for the judgement that they looked at. Nobody is
//! asked again: the run leaves by itself, by the same way, which counts the yes once more and holds the output against what left since.
//!
//! INVARIANT: a yes counts as long as whoever said it may decide about the run, by the policy that let them say it.

use tracing::Instrument as _;
use yunei_authority::{Action, Principal, Target};
use yunei_model::{Code, ReleaseReview, ReviewOutcome, Run, RunId, RunState};
use yunei_store::{PAGE_ROWS_MAX, Page, RunFilter};
use yunei_telemetry::span;

use crate::review::APPROVALS_NEEDED;
use crate::{Domain, LifecycleError};

/// Outputs that are told of at once; the next look finds further ones.
const APPROVED_MAX: usize = 256;

impl Domain {
    /// Runs that wait although enough people said yes to the judgement that holds; those that would wait for the witnesses' quorum are
    /// left out.
    ///
    /// # Errors
    /// The store failed.
    pub async fn approved(&self) -> Result<Vec<RunId>, LifecycleError> {
        let filter = RunFilter {
            states: vec![RunState::InReview],
            ..RunFilter::default()
        };
        let mut approved = Vec::new();
        let mut page = Page::first(PAGE_ROWS_MAX);
        loop {
            let runs = self.store.runs(&filter, page).await?;
            let Some(last) = runs.last().map(|run| run.id) else {
                return Ok(approved);
            };
            page = page.after(last);
            for run in runs {
                if self.is_approved(&run).await? && self.has_quorum(&run).await? {
                    approved.push(run.id);
                }
                if approved.len() >= APPROVED_MAX {
                    return Ok(approved);
                }
            }
        }
    }

    /// Releases a run that two people let out before, as their second yes would have.
    ///
    /// # Errors
    /// The host failed; the run waits on, with what people said.
    pub async fn release_approved(&self, id: RunId) -> Result<(), LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        if run.state != RunState::InReview {
            return Ok(());
        }
        let span = span!(STAGE, STAGE = "release", RUN_ID = %id);
        self.release_reviewed(run, None)
            .instrument(span)
            .await
            .map(drop)
    }

    async fn is_approved(&self, run: &Run) -> Result<bool, LifecycleError> {
        let reviews = self.store.release_reviews(run.id).await?;
        self.enough_yes(run, &reviews).await
    }

    /// Whether enough people said yes to a run who may still decide about it. Between a yes and the moment when the run leaves there may
    /// be days: whose account was closed since, who reviews no longer, or who has got an account in the unit that asked, says nothing.
    pub(crate) async fn enough_yes(
        &self,
        run: &Run,
        reviews: &[ReleaseReview],
    ) -> Result<bool, LifecycleError> {
        let yes = || {
            reviews
                .iter()
                .filter(|review| review.outcome == ReviewOutcome::Approved)
        };
        // Most runs wait for somebody to say anything at all.
        if (yes().count() as u64) < APPROVALS_NEEDED {
            return Ok(false);
        }
        let target = self.run_target(run).await?;
        let mut counted = 0;
        for review in yes() {
            let mut target = target.clone();
            // Asked as before it was said: nobody may decide twice.
            target.reviewers.remove(&review.person);
            let reviewer = self.reviewer_now(review).await?;
            let target = Target::Run(target);
            if self
                .may_now(&reviewer, Action::ReviewRelease, &target)
                .await?
            {
                counted += 1;
            }
        }
        Ok(counted >= APPROVALS_NEEDED)
    }

    /// Whoever gave a review, as they are by now.
    async fn reviewer_now(&self, review: &ReleaseReview) -> Result<Principal, LifecycleError> {
        let missing = |detail| LifecycleError::Impossible { detail };
        let account = self.store.account(review.reviewer).await?;
        let account = account.ok_or(missing("a review without its account"))?;
        let organisation = self.store.organisation(account.organisation).await?;
        let organisation = organisation.ok_or(missing("an account without organisation"))?;
        self.principal(&account, &organisation, self.clock.now())
            .await
    }
}
