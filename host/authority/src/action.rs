//! The closed set of things that anyone can do.

use serde::{Deserialize, Serialize};

macro_rules! actions {
    ($($(#[$meta:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// What an account asks to do; the name is that of the policies, the record and the API.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Action { $($(#[$meta])* #[serde(rename = $text)] $variant),+ }

        impl Action {
            /// Every action.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The name in policies, record and API.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }
    };
}

actions! {
    /// Enter an organisation into the register. Target: the domain.
    RegisterOrganisation = "register-organisation",
    /// See an organisation, or the list of them.
    ViewOrganisation = "view-organisation",
    /// Open an account. Target: its organisation.
    CreateAccount = "create-account",
    /// See an account, or the list of them.
    ViewAccount = "view-account",
    /// Close an account.
    CloseAccount = "close-account",
    /// Give a role. Target: the appointment.
    Appoint = "appoint",
    /// End a role. Target: the appointment.
    EndAppointment = "end-appointment",
    /// See one's own account.
    ViewOwnAccount = "view-own-account",
    /// List and revoke one's own tokens.
    ManageOwnToken = "manage-own-token",
    /// Have an API token issued for one's own account.
    IssueToken = "issue-token",
    /// Revoke the tokens of any account.
    RevokeToken = "revoke-token",
    /// Lift the lock-out of an account after failed sign-ins.
    LiftLockOut = "lift-lock-out",
    /// Register the key that sealed outputs are opened to. Target: one's own account.
    RegisterReviewerKey = "register-reviewer-key",
    /// Confirm the new key of a reviewer. Target: the account.
    ConfirmReviewerKey = "confirm-reviewer-key",
    /// See configuration and health. Target: the domain.
    ViewSystem = "view-system",
    /// Register a resource in the catalogue. Target: the resource as it would be.
    RegisterResource = "register-resource",
    /// Import a snapshot of a resource.
    ImportSnapshot = "import-snapshot",
    /// See the catalogue, or one resource in it.
    ViewCatalogue = "view-catalogue",
    /// Propose a scenario. Target: the domain.
    ProposeScenario = "propose-scenario",
    /// Approve or reject a scenario.
    ApproveScenario = "approve-scenario",
    /// Close a scenario to new grants.
    CloseScenario = "close-scenario",
    /// See a scenario, or the list of them.
    ViewScenario = "view-scenario",
    /// Draft a grant, or a new version of one. Target: the grant as it would be.
    DraftGrant = "draft-grant",
    /// Consent for a source unit. Target: the consent.
    ConsentGrant = "consent-grant",
    /// Put a grant in force.
    ActivateGrant = "activate-grant",
    /// Suspend a grant.
    SuspendGrant = "suspend-grant",
    /// Put a suspended grant in force again.
    ResumeGrant = "resume-grant",
    /// End a grant.
    RevokeGrant = "revoke-grant",
    /// See a grant, or the list of them.
    ViewGrant = "view-grant",
    /// Upload a module. Target: the domain; the module is the principal's organisation's.
    UploadModule = "upload-module",
    /// See a module and its checks, or the list of them.
    ViewModule = "view-module",
    /// Review a module's algorithm.
    ReviewModule = "review-module",
    /// Take a module back.
    WithdrawModule = "withdraw-module",
    /// Draft a product. Target: the product as it would be.
    DraftProduct = "draft-product",
    /// See a product with its schedules and editions, or the list of them.
    ViewProduct = "view-product",
    /// Set up and end schedules of a product, and ask for one of its editions.
    OperateProduct = "operate-product",
    /// Take a product back.
    WithdrawProduct = "withdraw-product",
    /// Submit a run. Target: the grant; what the run would do is decided by [`crate::Authority::capability`].
    SubmitRun = "submit-run",
    /// See the coarse status of a run, or the list of them.
    ViewRun = "view-run",
    /// See trace and figures of a run.
    ViewRunDetail = "view-run-detail",
    /// Stop a run.
    StopRun = "stop-run",
    /// Replay a run.
    ReplayRun = "replay-run",
    /// See a released table, or the list of them.
    ViewRelease = "view-release",
    /// Decide about an output that waits for people. Target: the run.
    ReviewRelease = "review-release",
    /// Have an output leave that people let out. Target: the run, with what was said; asked of each of them whose yes counts.
    LetOutRelease = "let-out-release",
    /// Look at the sealed output under review. Target: the run.
    ViewSealedOutput = "view-sealed-output",
    /// Approve that later outputs like this one leave by themselves. Target: the run that was released.
    ApproveStanding = "approve-standing",
    /// Take a standing approval back, or see it. Target: the run that it began with.
    WithdrawStanding = "withdraw-standing",
    /// Fetch a released table in some format.
    FetchRelease = "fetch-release",
    /// Open figures that the certificate of a release commits to. Target: the release.
    OpenCertificate = "open-certificate",
    /// See one entry of the record, or query it.
    ViewRecord = "view-record",
    /// Ask for evidence. Target: the evidence as it would be.
    RequestEvidence = "request-evidence",
    /// Sign for evidence as the second person. Target: the evidence.
    SignEvidence = "sign-evidence",
    /// Refuse evidence with a reason, instead of signing for it. Target: the evidence.
    RefuseEvidence = "refuse-evidence",
    /// See who asked for which evidence, and who signed. Target: the evidence.
    ViewEvidence = "view-evidence",
    /// Retrieve evidence 调取. Target: the evidence.
    RetrieveEvidence = "retrieve-evidence",
    /// Check that the record is whole. Target: the domain.
    VerifyRecord = "verify-record",
    /// Set the privacy budget of a population, or propose to raise it. Target: the budget as it would be.
    SetPrivacyBudget = "set-privacy-budget",
    /// Sign for a raised privacy budget as the second person. Target: the budget.
    SignPrivacyBudget = "sign-privacy-budget",
    /// See what a population has spent of its privacy, or the list of accounts. Target: the budget, or the domain.
    ViewPrivacyAccount = "view-privacy-account",
    /// See an alert, or the list of them. Target: what the alert is about, as an entry of the record.
    ViewAlert = "view-alert",
    /// Take notice of an alert. Target: what the alert is about, as an entry of the record.
    AcknowledgeAlert = "acknowledge-alert",
    /// See what was used of a grant.
    ViewUsage = "view-usage",
    /// Ask the bureau for a stop. Target: the run, the grant or the domain.
    RequestStop = "request-stop",
    /// See the requests for stops. Target: the domain.
    ViewStopRequests = "view-stop-requests",
    /// Stop everything. Target: the domain.
    EmergencyStop = "emergency-stop",
    /// Lift the emergency stop. Target: the domain.
    LiftEmergency = "lift-emergency",
}

impl std::fmt::Display for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
