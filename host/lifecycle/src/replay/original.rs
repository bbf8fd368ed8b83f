//! What the record says of a run.

use yunei_ledger::Kind;
use yunei_model::{Call, Digest, EndCause, Run, Verdict};
use yunei_store::{EntryFilter, Page, Recorded};

use super::{Difference, Place};
use crate::earlier::AUDITED_TO;
use crate::execute::DURATION_LIMIT;
use crate::{Domain, LifecycleError};

/// Entries of these kinds about one run that are read at most: each but one comes once.
const ENTRIES_MAX: u32 = 100;
/// What tells of a run up to the gate's decision about it.
const TOLD: [Kind; 9] = [
    Kind::RunClaimed,
    Kind::RunSealed,
    Kind::RunReleased,
    Kind::RunWithheld,
    Kind::RunInReview,
    Kind::RunJudgedAnew,
    Kind::RunFailed,
    Kind::RunStopped,
    Kind::RunAborted,
];

/// A run as the record has it.
pub(super) struct Original {
    pub(super) run: Run,
    pub(super) claimed: Recorded,
    pub(super) sealed: Option<Recorded>,
    /// The gate's decision, or the end that came before it.
    pub(super) outcome: Recorded,
    pub(super) verdicts: Vec<Verdict>,
}

/// How far a run went before it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reach {
    /// Its output was sealed: everything can be compared.
    Sealed,
    /// Its guest ended by itself: calls and ending can be compared.
    GuestEnded,
    /// Something outside ended it: its calls are the beginning of a whole trace.
    CutOff,
}

impl Original {
    pub(super) fn fact(&self, name: &str) -> String {
        fact(&self.claimed, name)
    }

    /// The root and number of calls that the record commits to.
    pub(super) fn trace(&self) -> (Option<Digest>, u64) {
        let told = self.sealed.as_ref().unwrap_or(&self.outcome);
        (
            told.entry.trace_root(),
            told.entry.calls().unwrap_or_default(),
        )
    }

    /// Up to which exact release the audit of then looked; runs from before there was one looked at none.
    pub(super) fn audited_to(&self) -> u64 {
        let told = self.outcome.entry.facts().get(AUDITED_TO);
        told.and_then(serde_json::Value::as_u64).unwrap_or(0)
    }

    pub(super) fn reach(&self) -> Reach {
        if self.sealed.is_some() {
            return Reach::Sealed;
        }
        match &self.run.end_cause {
            Some(EndCause::Limit { limit }) if limit.name == DURATION_LIMIT => Reach::CutOff,
            Some(
                EndCause::GuestError { .. }
                | EndCause::Trap { .. }
                | EndCause::Limit { .. }
                | EndCause::Denied { .. },
            ) => Reach::GuestEnded,
            _ => Reach::CutOff,
        }
    }
}

/// A fact that is text.
pub(super) fn fact(recorded: &Recorded, name: &str) -> String {
    let fact = recorded.entry.facts().get(name);
    fact.and_then(serde_json::Value::as_str)
        .unwrap_or_default()
        .to_owned()
}

impl Domain {
    pub(super) async fn original(&self, run: Run) -> Result<Original, LifecycleError> {
        let filter = EntryFilter {
            run: Some(run.id),
            kinds: TOLD.to_vec(),
            ..EntryFilter::default()
        };
        let entries = self
            .store
            .entries(&filter, Page::first(ENTRIES_MAX))
            .await?;
        let of = |kinds: &[Kind]| {
            let found = entries.iter().find(|r| kinds.contains(&r.entry.kind()));
            found.cloned()
        };
        let untold = LifecycleError::Impossible {
            detail: "a run without its entries",
        };
        // The first of these: what reviewers decided later is another decision.
        let outcome = of(&[
            Kind::RunReleased,
            Kind::RunWithheld,
            Kind::RunInReview,
            Kind::RunFailed,
            Kind::RunStopped,
            Kind::RunAborted,
        ]);
        // What was judged anew is held against the last judgement.
        let mut latest = entries.iter().rev();
        let anew = latest.find(|r| r.entry.kind() == Kind::RunJudgedAnew);
        let outcome = anew.cloned().or(outcome);
        // What waits for witnesses has neither yet, and goes on from its sealed output.
        let outcome = outcome.or_else(|| of(&[Kind::RunSealed]));
        let (Some(claimed), Some(outcome)) = (of(&[Kind::RunClaimed]), outcome) else {
            return Err(untold);
        };
        let mut verdicts = self.store.verdicts(run.id).await?;
        for verdict in &mut verdicts {
            verdict.checks = self.store.checks(run.id, &verdict.output).await?;
        }
        Ok(Original {
            claimed,
            outcome,
            sealed: of(&[Kind::RunSealed]),
            verdicts,
            run,
        })
    }

    /// Whether the calls that the store keeps are those that the record commits to.
    pub(super) async fn kept_calls_differ(
        &self,
        original: &Original,
    ) -> Result<Option<Difference>, LifecycleError> {
        let mut tree = yunei_ledger::TraceTree::default();
        loop {
            let page = yunei_store::PAGE_ROWS_MAX;
            let group: Vec<Call> = self
                .store
                .calls(original.run.id, tree.calls(), page)
                .await?;
            for call in &group {
                if tree.push(call).is_err() {
                    let place = Place::KeptCalls;
                    return Ok(Some(Difference::new(place, tree.calls(), call.index)));
                }
            }
            if group.is_empty() {
                break;
            }
        }
        let (root, calls) = original.trace();
        let Some(root) = root else {
            return Ok(None);
        };
        if tree.calls() != calls {
            let difference = Difference::new(Place::KeptCalls, calls, tree.calls());
            return Ok(Some(difference));
        }
        let kept = tree.root();
        Ok((kept != root).then(|| Difference::new(Place::KeptCalls, root, kept)))
    }
}
