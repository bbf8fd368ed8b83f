//! Kinds of entries: a closed set.

use serde::{Deserialize, Serialize};

use crate::LedgerError;

macro_rules! kinds {
    ($($(#[$meta:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// What an entry tells of. A kind never changes its meaning.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Kind { $($(#[$meta])* #[serde(rename = $text)] $variant),+ }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in record, store and API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for Kind {
            type Err = LedgerError;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text { $($text => Ok(Self::$variant),)+ _ => Err(LedgerError::UnknownKind) }
            }
        }
    };
}

kinds! {
    /// An organisation was registered.
    OrganisationRegistered = "organisation-registered",
    /// An account was created.
    AccountCreated = "account-created",
    /// An account was closed.
    AccountClosed = "account-closed",
    /// An account was given a role.
    RoleAppointed = "role-appointed",
    /// An account lost a role.
    RoleEnded = "role-ended",
    /// Someone signed in.
    SignedIn = "signed-in",
    /// Someone tried to sign in and failed.
    SignInFailed = "sign-in-failed",
    /// An account name failed to sign in so often that it is locked out for a while.
    SignInLocked = "sign-in-locked",
    /// A lock-out was lifted.
    SignInUnlocked = "sign-in-unlocked",
    /// Someone signed out.
    SignedOut = "signed-out",
    /// An API token was issued.
    TokenIssued = "token-issued",
    /// An API token was revoked.
    TokenRevoked = "token-revoked",
    /// A resource was catalogued.
    ResourceRegistered = "resource-registered",
    /// A snapshot was imported.
    SnapshotImported = "snapshot-imported",
    /// A scenario was proposed.
    ScenarioProposed = "scenario-proposed",
    /// A scenario was approved.
    ScenarioApproved = "scenario-approved",
    /// A scenario was closed to new grants.
    ScenarioClosed = "scenario-closed",
    /// A version of a grant was drafted.
    GrantDrafted = "grant-drafted",
    /// A source unit consented to a grant.
    GrantConsented = "grant-consented",
    /// A grant came into force.
    GrantActivated = "grant-activated",
    /// A grant was suspended.
    GrantSuspended = "grant-suspended",
    /// A suspended grant was resumed.
    GrantResumed = "grant-resumed",
    /// A grant was revoked.
    GrantRevoked = "grant-revoked",
    /// A grant's term ended.
    GrantExpired = "grant-expired",
    /// A module was uploaded.
    ModuleUploaded = "module-uploaded",
    /// Admission refused a module.
    ModuleRefused = "module-refused",
    /// A module was admitted.
    ModuleAdmitted = "module-admitted",
    /// One person reviewed a module's algorithm.
    ModuleReviewed = "module-reviewed",
    /// A module's algorithm stands approved.
    ModuleApproved = "module-approved",
    /// A module's algorithm was rejected.
    ModuleRejected = "module-rejected",
    /// A module was withdrawn.
    ModuleWithdrawn = "module-withdrawn",
    /// A product was drafted.
    ProductDrafted = "product-drafted",
    /// A product was taken back, and its schedules with it.
    ProductWithdrawn = "product-withdrawn",
    /// The first edition of a product went through the reviewers' hands.
    ProductReviewed = "product-reviewed",
    /// A product was given another module; people decide about its next edition again.
    ProductChanged = "product-changed",
    /// A schedule of a product was set up.
    ScheduleSet = "schedule-set",
    /// A schedule was ended.
    ScheduleEnded = "schedule-ended",
    /// A schedule waits for a privacy budget to cover its next run.
    SchedulePaused = "schedule-paused",
    /// A schedule that waited goes on.
    ScheduleResumed = "schedule-resumed",
    /// A schedule took a step; what it submitted has entries of its own.
    ScheduleStepped = "schedule-stepped",
    /// An edition of a product left the domain.
    EditionReleased = "edition-released",
    /// A run was accepted.
    RunSubmitted = "run-submitted",
    /// A run was refused.
    RunRefused = "run-refused",
    /// A run was claimed: the intent before the effect.
    RunClaimed = "run-claimed",
    /// A run's output was sealed.
    RunSealed = "run-sealed",
    /// A run's table left the domain.
    RunReleased = "run-released",
    /// Certificates of an operating unit's releases, gathered after the hour so that their place tells nothing.
    CertificatesGathered = "certificates-gathered",
    /// Figures that a certificate commits to were opened to an authority.
    CertificateOpened = "certificate-opened",
    /// A run's output was kept inside.
    RunWithheld = "run-withheld",
    /// A run's output waits for reviewers.
    RunInReview = "run-in-review",
    /// The gate judged an output anew that waits for reviewers, since something else left meanwhile; they are asked anew.
    RunJudgedAnew = "run-judged-anew",
    /// An output that may leave waits for the witnesses' quorum.
    ReleaseAwaitsQuorum = "release-awaits-quorum",
    /// A run failed.
    RunFailed = "run-failed",
    /// A run was stopped.
    RunStopped = "run-stopped",
    /// A run was interrupted.
    RunAborted = "run-aborted",
    /// A run was replayed, and held against the record.
    RunReplayed = "run-replayed",
    /// Someone looked at a release or at an output under review.
    ReleaseViewed = "release-viewed",
    /// A reviewer registered the key that sealed outputs are opened to.
    ReviewerKeyRegistered = "reviewer-key-registered",
    /// The security administrator confirmed a reviewer's new key.
    ReviewerKeyConfirmed = "reviewer-key-confirmed",
    /// One person approved that later outputs leave without being asked about.
    StandingApproved = "standing-approved",
    /// A standing approval was taken back.
    StandingWithdrawn = "standing-withdrawn",
    /// A standing approval came to its end by itself.
    StandingEnded = "standing-ended",
    /// A reviewer decided about an output.
    ReleaseReviewed = "release-reviewed",
    /// The key of a sealed output was destroyed.
    SealedOutputDestroyed = "sealed-output-destroyed",
    /// A released table was handed over.
    Delivered = "delivered",
    /// An authority queried.
    Queried = "queried",
    /// An authority asked for evidence.
    EvidenceRequested = "evidence-requested",
    /// A second person signed for evidence.
    EvidenceSigned = "evidence-signed",
    /// Evidence was refused, or its request taken back.
    EvidenceRefused = "evidence-refused",
    /// Evidence was handed over.
    EvidenceRetrieved = "evidence-retrieved",
    /// A population's privacy budget came into force.
    PrivacyBudgetSet = "privacy-budget-set",
    /// Someone proposed to raise a population's privacy budget.
    PrivacyBudgetProposed = "privacy-budget-proposed",
    /// Policy denied something.
    DecisionDenied = "decision-denied",
    /// A collector of traces refused spans for good; they are set aside.
    CollectorRefused = "collector-refused",
    /// An authority asked for a stop.
    StopRequested = "stop-requested",
    /// Everything was stopped.
    EmergencyStop = "emergency-stop",
    /// The emergency stop was lifted.
    EmergencyLifted = "emergency-lifted",
    /// A rule over the record raised an alert.
    AlertRaised = "alert-raised",
    /// Someone took notice of an alert.
    AlertAcknowledged = "alert-acknowledged",
    /// A witness cannot be reached for long, or does not do what it should.
    WitnessFault = "witness-fault",
    /// A witness is as it should be again.
    WitnessRecovered = "witness-recovered",
    /// The key that signs checkpoints was replaced.
    LogKeyRotated = "log-key-rotated",
    /// The system started.
    SystemStarted = "system-started",
    /// The system stopped in order.
    SystemStopped = "system-stopped",
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
