//! Identifiers: UUIDv7 newtypes, and where they come from.

use std::sync::atomic::{AtomicU64, Ordering};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{Clock, SystemClock, Timestamp};

macro_rules! ids {
    ($($(#[$meta:meta])* $name:ident),+ $(,)?) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id from `source`.
            pub fn new(source: &dyn IdSource) -> Self {
                Self(source.next())
            }

            /// The UUID behind the id.
            #[must_use]
            pub fn as_uuid(&self) -> &Uuid {
                &self.0
            }
        }

        impl From<Uuid> for $name {
            fn from(id: Uuid) -> Self {
                Self(id)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }

        impl std::str::FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )+};
}

ids! {
    /// An organisation.
    OrganisationId,
    /// A natural person, by reference alone.
    PersonId,
    /// An account that signs in.
    AccountId,
    /// A public data resource.
    ResourceId,
    /// An immutable snapshot of a resource.
    SnapshotId,
    /// An application scenario.
    ScenarioId,
    /// An application for a grant.
    ApplicationId,
    /// A source unit's consent.
    ConsentId,
    /// A grant; its versions share the id.
    GrantId,
    /// An uploaded module.
    ModuleId,
    /// A run.
    RunId,
    /// A release.
    ReleaseId,
    /// A review, of an algorithm or of an output.
    ReviewId,
    /// A standing approval.
    StandingId,
    /// A product.
    ProductId,
    /// An edition of a product.
    EditionId,
    /// A delivery of a released table.
    DeliveryId,
    /// A schedule.
    ScheduleId,
    /// An entry of the record.
    EntryId,
    /// One HTTP request.
    RequestId,
    /// A session or API token.
    TokenId,
    /// An alert.
    AlertId,
    /// An incident.
    IncidentId,
    /// An objection.
    ObjectionId,
    /// A quality ticket.
    TicketId,
    /// A drill.
    DrillId,
    /// A notification.
    NotificationId,
    /// A retrieval of evidence.
    RetrievalId,
    /// An authority's request for a stop.
    StopRequestId,
    /// A population's privacy budget, as set once.
    BudgetId,
}

impl ReleaseId {
    /// A new id that tells the moment `at` and no other: what an operating unit sees of a release is as coarse as the status
    /// of its run, and a UUIDv7 holds a time in milliseconds. Its random bits come from `source`.
    pub fn telling(at: Timestamp, source: &dyn IdSource) -> Self {
        Self(telling(at, source))
    }
}

impl EditionId {
    /// A new id that tells the moment `at` and no other, as [`ReleaseId::telling`].
    pub fn telling(at: Timestamp, source: &dyn IdSource) -> Self {
        Self(telling(at, source))
    }
}

fn telling(at: Timestamp, source: &dyn IdSource) -> Uuid {
    let mut random = [0_u8; 10];
    let next = source.next();
    if let Some(bits) = next.as_bytes().get(6..) {
        random.copy_from_slice(bits);
    }
    compose(at, &random)
}

/// Where ids come from; passed in, so that tests are repeatable.
pub trait IdSource: Send + Sync {
    /// The next UUIDv7.
    fn next(&self) -> Uuid;
}

/// UUIDv7 from the system clock and the operating system's random source.
#[derive(Debug, Clone, Copy, Default)]
pub struct RandomIds;

impl IdSource for RandomIds {
    fn next(&self) -> Uuid {
        let mut random = [0_u8; 10];
        // INVARIANT: the operating system's random source answers; without it no id may be handed out at all.
        #[expect(
            clippy::expect_used,
            reason = "without randomness no id is unique: stopping is the only safe answer"
        )]
        getrandom::fill(&mut random).expect("the operating system's random source answers");
        compose(SystemClock.now(), &random)
    }
}

/// Ids that count up from a seed, for tests.
#[derive(Debug, Default)]
pub struct CountingIds(AtomicU64);

impl IdSource for CountingIds {
    fn next(&self) -> Uuid {
        let count = self.0.fetch_add(1, Ordering::Relaxed);
        let mut random = [0_u8; 10];
        if let Some(tail) = random.get_mut(2..) {
            tail.copy_from_slice(&count.to_be_bytes());
        }
        compose(Timestamp::from_micros(0), &random)
    }
}

fn compose(at: Timestamp, random: &[u8; 10]) -> Uuid {
    let millis = u64::try_from(at.as_micros() / 1000).unwrap_or(0);
    uuid::Builder::from_unix_timestamp_millis(millis, random).into_uuid()
}
