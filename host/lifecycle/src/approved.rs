//! Outputs that two people let out and that did not leave yet: something stood between the second yes and the release.
//!
//! Whatever that was, a killed server or a reviewer who hung up, what they said holds for the judgement that they looked at. Nobody is
//! asked again: the run leaves by itself, by the same way, which counts the yes once more and holds the output against what left since.

use tracing::Instrument as _;
use yunei_model::{Code, ReviewOutcome, Run, RunId, RunState};
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
        let yes = reviews
            .iter()
            .filter(|review| review.outcome == ReviewOutcome::Approved);
        Ok(yes.count() as u64 >= APPROVALS_NEEDED)
    }
}
