//! Attendance: whatever the guest calls is on the record before, or soon after, it happens.

use yunei_ledger::TraceTree;
use yunei_model::{Call, Code, RunId, RunState};
use yunei_rooms::{Ending, Event, Layer, Session};
use yunei_store::Change;
use yunei_telemetry::span;

use crate::replay::Heard;
use crate::{Domain, LifecycleError};

/// Where calls go as they come.
pub(crate) enum CallsTo<'a> {
    /// Onto the record, as calls of this run.
    Record(RunId),
    /// To whoever compares them with those on the record.
    Compare(&'a mut Heard),
}

/// What came of feed and cell.
pub(crate) struct Ran {
    pub(crate) ending: Ending,
    pub(crate) trace: TraceTree,
    pub(crate) calls: u64,
    pub(crate) layers: Vec<(&'static str, Vec<Layer>)>,
    pub(crate) last: LastCalls,
}

/// What becomes durable together with the run's end: the last calls, and how long those before took.
#[derive(Default)]
pub(crate) struct LastCalls {
    calls: Vec<Call>,
    took: Vec<Call>,
}

impl Ran {
    /// Nobody waits for the guest's end.
    fn cut_short(trace: TraceTree, calls: u64) -> Self {
        Self {
            ending: Ending {
                cause: None,
                message: None,
                rows_fed: 0,
            },
            trace,
            calls,
            layers: Vec::new(),
            last: LastCalls::default(),
        }
    }
}

impl Domain {
    /// Puts calls where they belong as they come, and lets the guest go on.
    pub(crate) async fn attend(
        &self,
        session: &mut Session<'_>,
        mut calls_to: CallsTo<'_>,
    ) -> Result<Ran, LifecycleError> {
        let mut trace = TraceTree::default();
        let mut calls = 0;
        // What was asked is on record before it is done, so how long that took comes with a later group.
        let mut took = Vec::new();
        let mut last = Vec::new();
        loop {
            match session.next().await? {
                Event::Calls(group) => {
                    for call in &group {
                        let _call = span!(
                            HOST_CALL,
                            CALL_KIND = call.kind.as_str(),
                            CALL_INDEX = call.index,
                            DURATION_US = call.duration_us
                        )
                        .entered();
                        trace.push(call)?;
                    }
                    calls += group.len() as u64;
                    match &mut calls_to {
                        // Nobody waits for them: they become durable with what ends the run.
                        CallsTo::Record(_) if session.is_over() => last.extend(group),
                        CallsTo::Record(run) => self.keep_calls(*run, &group, &mut took).await?,
                        CallsTo::Compare(heard) => {
                            heard.take(self, &group).await?;
                            if heard.heard_enough() {
                                return Ok(Ran::cut_short(trace, calls));
                            }
                        }
                    }
                    took.extend(session.go_on().await?);
                }
                Event::Ended(ending) => {
                    return Ok(Ran {
                        ending,
                        trace,
                        calls,
                        layers: session.layers().to_vec(),
                        last: LastCalls { calls: last, took },
                    });
                }
            }
        }
    }

    /// Trace leaves become durable here; their root is part of the run's outcome entry.
    async fn keep_calls(
        &self,
        run: RunId,
        group: &[Call],
        took: &mut Vec<Call>,
    ) -> Result<(), LifecycleError> {
        for chunk in group.chunks(yunei_store::CALLS_GROUP_MAX) {
            let mut change = self.store.begin().await?;
            // INVARIANT: a run at its end has its trace root on the record; no call comes after it.
            if self
                .still(&mut change, run, RunState::Running)
                .await?
                .is_none()
            {
                return Err(Code::WrongState.into());
            }
            change.put_calls(run, chunk).await?;
            for call in took.drain(..) {
                change.put_observed(run, &call).await?;
            }
            change.commit().await?;
        }
        Ok(())
    }

    /// Makes the last calls durable, with the change that ends the run.
    pub(crate) async fn put_last(
        &self,
        change: &mut Change,
        run: RunId,
        last: &LastCalls,
    ) -> Result<(), LifecycleError> {
        for chunk in last.calls.chunks(yunei_store::CALLS_GROUP_MAX) {
            change.put_calls(run, chunk).await?;
        }
        for call in &last.took {
            change.put_observed(run, call).await?;
        }
        Ok(())
    }

    /// Makes the last calls durable where the host fails between the guest's end and the run's.
    pub(crate) async fn keep_last(
        &self,
        run: RunId,
        last: &LastCalls,
    ) -> Result<(), LifecycleError> {
        let mut change = self.store.begin().await?;
        if self
            .still(&mut change, run, RunState::Running)
            .await?
            .is_some()
        {
            self.put_last(&mut change, run, last).await?;
        }
        change.commit().await?;
        Ok(())
    }
}
