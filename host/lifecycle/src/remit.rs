//! What of the record one actor may see: decided by policy, entry by entry, and asked anew as soon as it may have changed.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

use tokio::time::Instant;
use yunei_authority::{Action, Question, RecordTarget, Target};
use yunei_model::{Code, Name, OrganisationId, Timestamp};
use yunei_store::Recorded;

use crate::{Actor, Domain, LifecycleError};

/// Milliseconds after which a reader's token, account and roles are looked at again, if anything was recorded meanwhile.
/// With the pause of the tail it keeps a revocation's effect within a second.
pub(crate) const CHECK_MS: u64 = 700;
/// Seconds that a decision is remembered for at most, whatever else stays the same.
const DECISION_SECONDS_MAX: u64 = 10;
/// Different kinds of entries whose decisions are remembered at most; then they are asked again.
const SHAPES_MAX: usize = 4096;

/// What policy looks at in an entry: the operating unit and the resources that it is about.
type Shape = (Option<OrganisationId>, BTreeSet<Name>);

/// Decisions about entries of the record for one actor.
///
/// INVARIANT: a decision is remembered for the same principal, the same shape of entry and the same emergency alone.
#[derive(Debug)]
pub(crate) struct Remit {
    decided: HashMap<Shape, bool>,
    emergency: bool,
    begun: Instant,
}

impl Remit {
    pub(crate) fn new(emergency: bool) -> Self {
        Self {
            decided: HashMap::new(),
            emergency,
            begun: Instant::now(),
        }
    }

    /// Forgets what was decided, if something is otherwise now.
    pub(crate) fn turn(&mut self, emergency: bool, changed: bool) {
        let old = self.begun.elapsed() > Duration::from_secs(DECISION_SECONDS_MAX);
        if changed || old || emergency != self.emergency || self.decided.len() > SHAPES_MAX {
            *self = Self::new(emergency);
        }
    }

    /// Whether `actor` may see an entry that is about `resources`.
    pub(crate) fn sees(
        &mut self,
        domain: &Domain,
        actor: &Actor,
        recorded: &Recorded,
        resources: &BTreeSet<Name>,
    ) -> bool {
        let shape = (recorded.entry.operator(), resources.clone());
        if let Some(sees) = self.decided.get(&shape) {
            return *sees;
        }
        let target = Target::Record(RecordTarget {
            operator: shape.0,
            resources: shape.1.clone(),
        });
        let sees = self.permits(domain, actor, Action::ViewRecord, &target);
        self.decided.insert(shape, sees);
        sees
    }

    /// Whether policy permits something, without a trace.
    pub(crate) fn permits(
        &self,
        domain: &Domain,
        actor: &Actor,
        action: Action,
        target: &Target,
    ) -> bool {
        let question = Question {
            principal: &actor.principal,
            action,
            target,
            at: domain.clock.now(),
            emergency: self.emergency,
        };
        domain.authority.decide(&question).allowed
    }
}

/// Someone who reads for longer than one request: whether the token still holds, and which roles it brings.
#[derive(Debug)]
pub(crate) struct Reader {
    pub(crate) actor: Actor,
    checked: Instant,
    /// How far the record had come then.
    recorded: u64,
    /// The first moment at which time alone may change something: the token ends, or a role begins or ends.
    until: Timestamp,
}

impl Reader {
    /// A reader who was authenticated just now; looked at again at once.
    pub(crate) fn new(actor: Actor) -> Self {
        Self {
            actor,
            checked: Instant::now(),
            recorded: 0,
            until: Timestamp::from_micros(0),
        }
    }

    /// When it is looked at next.
    pub(crate) fn due(&self) -> Instant {
        self.checked + Duration::from_millis(CHECK_MS)
    }

    /// Looks at token, account and roles again, if that is due and something may have changed since: no state changes
    /// without an entry, so nothing has while the record stands at `recorded`, but for what time brings. True when the
    /// principal is another one now.
    ///
    /// # Errors
    /// [`Code::NotSignedIn`] once the token or the account no longer holds.
    pub(crate) async fn check(
        &mut self,
        domain: &Domain,
        recorded: u64,
    ) -> Result<bool, LifecycleError> {
        let now = domain.clock.now();
        let first = self.until.as_micros() == 0;
        if !first && Instant::now() < self.due() {
            return Ok(false);
        }
        self.checked = Instant::now();
        if !first && recorded == self.recorded && now < self.until {
            return Ok(false);
        }
        let standing = domain.store.standing(self.actor.token, now).await?;
        let standing = standing
            .filter(|standing| standing.account.active)
            .ok_or(Code::NotSignedIn)?;
        let principal = domain
            .principal(&standing.account, &standing.organisation, now)
            .await?;
        let turns = standing.account.appointments.iter();
        let turns = turns.flat_map(|a| [Some(a.from), a.until]).flatten();
        let next = turns.filter(|turn| *turn > now).min();
        self.until = next.map_or(standing.token.expires_at, |turn| {
            turn.min(standing.token.expires_at)
        });
        self.recorded = recorded;
        let changed = principal != self.actor.principal;
        self.actor.principal = principal;
        Ok(changed)
    }
}
