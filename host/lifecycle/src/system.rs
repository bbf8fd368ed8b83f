//! The system itself, as those see it who run it: configuration and health, never data.

use serde::Serialize;
use yunei_authority::{Action, Target};
use yunei_model::{Limits, RunState, State as _};
use yunei_rooms::Probed;
use yunei_store::Emergency;

use crate::{Actor, Domain, LifecycleError};

/// What runs here, and how it is.
#[derive(Debug, Serialize)]
pub struct SystemView {
    /// Digest of the policies in force.
    pub policy_set: String,
    /// Digest of the disclosure profile in force.
    pub profile: String,
    /// Layers of lock-down that a room gets on this machine, by a room that was tried.
    pub containment: Probed,
    /// Limits of a run.
    pub limits: Limits,
    /// The emergency stop in force.
    pub emergency: Option<Emergency>,
    /// How many runs wait or are under way.
    pub queue: Queue,
    /// How long the record is.
    pub entries: u64,
    /// How much of it is under a signed checkpoint.
    pub covered: u64,
}

/// Runs that are not at their end, by state.
#[derive(Debug, Default, Serialize)]
pub struct Queue {
    /// Waiting for a worker.
    pub queued: u64,
    /// In the rooms.
    pub running: u64,
    /// At the gate.
    pub sealed: u64,
    /// Waiting for people.
    pub in_review: u64,
}

impl Domain {
    /// Configuration and health.
    ///
    /// # Errors
    /// Refused by policy, or the store failed.
    pub async fn system(&self, actor: &Actor) -> Result<SystemView, LifecycleError> {
        self.permit(actor, Action::ViewSystem, &Target::Domain)
            .await?;
        let containment = self
            .probed
            .get_or_init(|| yunei_rooms::probe(&self.program))
            .await;
        let mut queue = Queue::default();
        for (state, runs) in self.store.runs_by_state().await? {
            match state {
                RunState::Queued => queue.queued = runs,
                RunState::Running => queue.running = runs,
                RunState::Sealed => queue.sealed = runs,
                RunState::InReview => queue.in_review = runs,
                ended => debug_assert!(ended.is_final(), "a state that is neither open nor final"),
            }
        }
        Ok(SystemView {
            policy_set: self.authority.policy_set().to_string(),
            profile: self.profile.digest().to_string(),
            containment: containment.clone(),
            limits: self.limits.clone(),
            emergency: self.store.emergency().await?,
            queue,
            entries: self.record_size().await?,
            covered: *self.checkpointed.borrow(),
        })
    }
}
