//! How the log is witnessed, as it is shown.

use serde::Serialize;
use yunei_authority::{Action, Target};
use yunei_ledger::QuorumStatus;
use yunei_model::{Grade, Name, Text, Timestamp};
use yunei_store::SignedCheckpoint;
use yunei_telemetry::metrics::WitnessStanding;

use super::{ROUND_MS_MAX, Witnessing};
use crate::{Actor, Domain, LifecycleError};

/// How far the log is witnessed.
#[derive(Debug, Clone, Serialize)]
pub struct WitnessingView {
    /// Whether there is a quorum policy. Without one nobody outside holds the log to what it said.
    pub configured: bool,
    /// Seconds since the oldest checkpoint was signed that is under no quorum; 0 when all are. Not for operating units: whatever
    /// tells when the log grows would tell them when their runs end.
    pub lag_s: Option<u64>,
    /// The newest checkpoint; not for operating units.
    pub newest: Option<CosignedView>,
    /// The newest checkpoint that has a quorum.
    pub witnessed: Option<CosignedView>,
    /// Grade from which releases wait for the quorum.
    pub grade_from: Option<Grade>,
    /// Seconds that they wait before their output is withheld.
    pub wait_seconds_max: Option<u64>,
    /// Each witness.
    pub witnesses: Vec<WitnessView>,
}

/// How far one checkpoint is witnessed.
#[derive(Debug, Clone, Serialize)]
pub struct CosignedView {
    /// Entries under it; not for operating units.
    pub size: Option<u64>,
    /// When the log signed it; not for operating units.
    pub signed_at: Option<Timestamp>,
    /// Witnesses whose cosignatures hold.
    pub valid: usize,
    /// Witnesses that the quorum is made from.
    pub known: usize,
    /// The fewest that make it.
    pub needed: usize,
    /// Whether one of the valid ones is outside bureau and host operator.
    pub outside: bool,
    /// Whether the quorum is reached.
    pub reached: bool,
}

/// How it stands with one witness.
#[derive(Debug, Clone, Serialize)]
pub struct WitnessView {
    /// Name in the policy.
    pub name: Name,
    /// Verifier key.
    pub key: String,
    /// Run by neither the bureau nor the operator of the host.
    pub outside: bool,
    /// Whether the quorum counts it.
    pub counted: bool,
    /// Whether its last answer was as it should be.
    pub answers: bool,
    /// Size of the newest checkpoint that it cosigned; not for operating units.
    pub size: Option<u64>,
    /// When it cosigned last, by its own clock; not for operating units.
    pub cosigned_at: Option<Timestamp>,
    /// Since when it has not answered as it should; not for operating units.
    pub failing_since: Option<Timestamp>,
    /// Why not, as a word.
    pub fault: Option<&'static str>,
    /// The same for people.
    pub explained: Option<Text>,
}

impl CosignedView {
    fn of(checkpoint: &SignedCheckpoint, status: &QuorumStatus, sizes: bool) -> Self {
        Self {
            size: sizes.then_some(checkpoint.size),
            signed_at: sizes.then_some(checkpoint.signed_at),
            valid: status.valid,
            known: status.known,
            needed: status.needed,
            outside: status.outside,
            reached: status.reached,
        }
    }
}

impl Domain {
    /// How far the log is witnessed: everyone may check, operating units without sizes.
    ///
    /// # Errors
    /// Refused by policy, or the store failed.
    pub async fn witnessing(&self, actor: &Actor) -> Result<WitnessingView, LifecycleError> {
        self.permit(actor, Action::VerifyRecord, &Target::Domain)
            .await?;
        let sizes = actor.operator().is_none();
        let Some(witnessing) = &self.witnessing else {
            return Ok(WitnessingView {
                configured: false,
                lag_s: None,
                newest: None,
                witnessed: None,
                grade_from: None,
                wait_seconds_max: None,
                witnesses: Vec::new(),
            });
        };
        let quorum = &witnessing.quorum;
        let cosigned = |checkpoint: &SignedCheckpoint| {
            CosignedView::of(
                checkpoint,
                &quorum.status(checkpoint.note.as_bytes()),
                sizes,
            )
        };
        let covered = *witnessing.witnessed.borrow();
        let newest = self.store.newest_checkpoint().await?;
        let witnessed = self.store.checkpoint_of(covered).await?;
        let lag_us = self.witness_lag_us().await?;
        let states = quorum.witnesses().iter();
        Ok(WitnessingView {
            configured: true,
            lag_s: sizes.then(|| u64::try_from(lag_us.unwrap_or(0)).unwrap_or(0) / 1_000_000),
            newest: newest.as_ref().filter(|_| sizes).map(&cosigned),
            witnessed: witnessed.as_ref().map(&cosigned),
            grade_from: quorum.grade_from(),
            wait_seconds_max: Some(quorum.wait_seconds_max()),
            witnesses: states
                .map(|witness| witnessing.view(witness, sizes))
                .collect(),
        })
    }

    /// Microseconds since the oldest checkpoint was signed that is under no quorum; `None` when all are, or no quorum is kept.
    pub(crate) async fn witness_lag_us(&self) -> Result<Option<i64>, LifecycleError> {
        let Some(witnessing) = &self.witnessing else {
            return Ok(None);
        };
        let covered = *witnessing.witnessed.borrow();
        let beyond = self.store.checkpoints(Some(covered), 1).await?;
        let now = self.clock.now().as_micros();
        Ok(beyond
            .first()
            .map(|oldest| now.saturating_sub(oldest.signed_at.as_micros())))
    }

    /// For how long the quorum has been behind while this process asked for it, in microseconds: neither the time in which it was
    /// down nor that before there was a policy is the witnesses'.
    pub(crate) async fn witness_delay_us(&self) -> Result<Option<i64>, LifecycleError> {
        let Some(witnessing) = &self.witnessing else {
            return Ok(None);
        };
        let up_us = self.clock.now().as_micros() - witnessing.opened_at.as_micros();
        Ok(self.witness_lag_us().await?.map(|lag| lag.min(up_us)))
    }

    /// How the witnesses stand, as metrics tell it; nothing without a quorum policy.
    pub(crate) async fn witness_standing(&self) -> Result<Option<WitnessStanding>, LifecycleError> {
        let Some(witnessing) = &self.witnessing else {
            return Ok(None);
        };
        let lag_us = self.witness_lag_us().await?.unwrap_or(0);
        // One that was signed a moment ago lacks cosignatures on any busy log: it counts once its round is over.
        let overdue = lag_us > i64::try_from(ROUND_MS_MAX).unwrap_or(i64::MAX) * 1000;
        let size = match overdue {
            true => *witnessing.target.borrow(),
            false => *witnessing.witnessed.borrow(),
        };
        let told = self.store.checkpoint_of(size).await?;
        let status = told.map(|told| witnessing.quorum.status(told.note.as_bytes()));
        Ok(Some(WitnessStanding {
            required: witnessing.quorum.needed() as u64,
            cosigned: status.map_or(0, |status| status.valid as u64),
            lag_us,
        }))
    }

    /// How many witnesses there are, and how many make the quorum; `None` without a quorum policy.
    #[must_use]
    pub fn witnesses_configured(&self) -> Option<(usize, usize)> {
        let witnessing = self.witnessing.as_ref()?;
        Some((witnessing.quorum.known(), witnessing.quorum.needed()))
    }
}

impl Witnessing {
    fn view(&self, witness: &yunei_ledger::Witness, sizes: bool) -> WitnessView {
        let state = self.state(&witness.name, |state| *state);
        WitnessView {
            name: witness.name.clone(),
            key: witness.key.to_string(),
            outside: witness.outside,
            counted: self.quorum.counts(&witness.name),
            answers: state.fault.is_none() && state.done > 0,
            size: sizes.then_some(state.cursor.size),
            cosigned_at: state.cursor.cosigned_at.filter(|_| sizes),
            failing_since: state.since.filter(|_| sizes),
            fault: state.fault.map(super::WitnessFault::as_str),
            explained: state.fault.map(super::WitnessFault::explained),
        }
    }
}
