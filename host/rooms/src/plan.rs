//! What a room is told to do: derived from a capability, and no more.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use yunei_catalog::ViewPlan;
use yunei_model::{
    Aggregate, Banding, Contribution, Derived, Digest, Limits, Name, OnFailure, OwnKind,
    PrivacyCharge, Recipient, RegressionKind, Table, Text, World,
};
use yunei_sandbox::ParameterValue;

use crate::lockdown::RoomLimits;

/// The feed's plan. The parts' descriptors come in the order of the views' parts, the ring's and the cell's socket first.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct FeedPlan {
    /// Granted tables.
    pub views: Vec<ViewPlan>,
    /// Whether SQL over them may be run.
    pub sql: bool,
    /// How the rows of a `per-subject` module are told apart.
    pub subjects: Option<SubjectsPlan>,
    /// Rows of one batch at most.
    pub batch_rows_max: usize,
    /// Limits of the process.
    pub limits: RoomLimits,
}

/// How the feed tells data subjects apart, in world `per-subject`. Nobody else sees who they are.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SubjectsPlan {
    /// The subject column alone of each granted table, unmasked, in the order of the tables; the same rows. The parts'
    /// descriptors come behind those of the tables.
    pub views: Vec<ViewPlan>,
    /// Limits of the guest: those of one subject's rows are kept here already.
    pub guest: Limits,
}

/// A granted table as the cell knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TablePlan {
    /// Resource.
    pub name: Name,
    /// Granted fields: name, type, nullable.
    pub fields: Vec<(Name, yunei_model::FieldType, bool)>,
}

/// The cell's plan. Descriptors: the feed's socket, the ring, the output, the component's artefact.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CellPlan {
    /// World of the module.
    pub world: World,
    /// Granted tables.
    pub tables: Vec<TablePlan>,
    /// Whether the query interface is linked.
    pub sql: bool,
    /// Names of the outputs that the manifest declares.
    pub outputs: Vec<Name>,
    /// Columns that a `per-row` module derives.
    pub derived: Vec<Derived>,
    /// What a `per-subject` module contributes to.
    pub contribution: Option<Contribution>,
    /// Parameters of the run, complete and typed.
    pub parameters: BTreeMap<Name, ParameterValue>,
    /// Limits of the guest.
    pub guest: Limits,
    /// Limits of the process.
    pub limits: RoomLimits,
}

/// The key of one sealed output.
#[derive(Clone, Serialize, Deserialize)]
pub struct SealKey(pub(crate) [u8; 32]);

impl SealKey {
    /// Takes 32 random bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey")
    }
}

/// A dimension as the gate computes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum DimensionPlan {
    /// A column of the view under a banding.
    Banded {
        /// Name in the table.
        name: Name,
        /// What people read.
        title: Option<Text>,
        /// Whether its classes are sensitive.
        sensitive: bool,
        /// Position in the view.
        column: usize,
        /// The banding.
        banding: Banding,
        /// The coarser bandings that it nests in, the next one first.
        coarser: Vec<Banding>,
    },
    /// A derived category.
    Derived {
        /// Name in the table.
        name: Name,
        /// Position among the derived columns.
        column: usize,
        /// Labels.
        labels: Vec<String>,
        /// Whether its classes are sensitive: whether the module may have derived them from something that is.
        sensitive: bool,
    },
}

/// Where a measure's values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// A column of the view.
    Column(usize),
    /// A derived column, clamped to its bounds.
    Derived(usize),
}

/// A measure as the gate computes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct MeasurePlan {
    /// Name in the table.
    pub name: Name,
    /// What people read.
    pub title: Option<Text>,
    /// Aggregate.
    pub aggregate: Aggregate,
    /// Values.
    pub values: Option<Source>,
    /// Denominator of a ratio: a column of the view.
    pub denominator: Option<usize>,
    /// Weight: a column of the view.
    pub weight: Option<usize>,
    /// Whether one of them is a fact about the data subject, which its rows repeat.
    #[serde(default)]
    pub of_subject: bool,
}

/// A term of a model as the gate computes it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum TermPlan {
    /// A number.
    Number {
        /// Name.
        name: Name,
        /// Values.
        source: Source,
    },
    /// A column of the view under a banding.
    Banded {
        /// Name.
        name: Name,
        /// Position in the view.
        column: usize,
        /// The banding.
        banding: Banding,
        /// The class without an indicator; the first by default.
        reference: Option<String>,
    },
    /// A derived category.
    Category {
        /// Name.
        name: Name,
        /// Position among the derived columns.
        column: usize,
        /// Labels.
        labels: Vec<String>,
        /// The label without an indicator; the first by default.
        reference: Option<String>,
    },
}

/// A regression that the gate fits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ModelPlan {
    /// Kind.
    pub kind: RegressionKind,
    /// Whether there is an intercept.
    pub intercept: bool,
    /// Response.
    pub response: Source,
    /// Terms.
    pub terms: Vec<TermPlan>,
}

/// A measure of the module's own.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OwnPlan {
    /// Name in the table.
    pub name: Name,
    /// What people read.
    pub title: Option<Text>,
    /// What it is.
    pub kind: OwnKind,
    /// Position of its field in the view, where the gate computes it.
    pub column: Option<usize>,
    /// Which percentile.
    pub percentile: Option<f64>,
}

/// What the gate does about one output.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OutputPlan {
    /// The output.
    pub name: Name,
    /// Position of its view in [`GatePlan::views`]; `None` when people must decide because the gate cannot compute it.
    pub view: Option<usize>,
    /// Whether the derived columns are part of it: route *reviewed* instead of *recomputed*.
    pub derived: bool,
    /// Subject column in the view.
    pub subject: Option<usize>,
    /// Subject group column in the view.
    pub group: Option<usize>,
    /// Dimensions.
    pub dimensions: Vec<DimensionPlan>,
    /// Measures.
    pub measures: Vec<MeasurePlan>,
    /// Measures of the module's own, instead.
    pub own: Vec<OwnPlan>,
    /// A regression, instead.
    pub model: Option<ModelPlan>,
    /// Whether it is the module's own altogether, and the view has what it is compared with.
    pub look: bool,
    /// Whether totals are wanted.
    pub totals: bool,
    /// What happens to a cell that fails.
    pub on_failure: OnFailure,
    /// Key of the noise on counts, of the resource's population; there for [`OnFailure::Perturb`] alone.
    pub noise_key: Option<SealKey>,
}

/// An output that revises an earlier edition of its period. Descriptors, after those of all outputs: the parts of `now`, then those
/// of each view in `before`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct RevisionPlan {
    /// The output.
    pub output: Name,
    /// Its view, once more: it is read beside each earlier one.
    pub now: ViewPlan,
    /// The same view of each earlier edition's snapshot, oldest first; none where the gate cannot compare, and people must.
    pub before: Vec<ViewPlan>,
    /// Rows of the table that are blank in an earlier edition, and stay so.
    pub blank: Vec<usize>,
}

/// An earlier release over the same rows, as the gate computes it anew.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct LinkedPlan {
    /// What it is, over the columns of the joint view.
    pub output: OutputPlan,
    /// What left.
    pub table: Table,
    /// The sealed output that its derived columns are in; `None` when it has none.
    pub sealed: Option<SealedPlan>,
    /// Whether each piece of the joint plan's cut is among its rows; nothing where there is no cut.
    pub pieces: Vec<bool>,
    /// Where it left over another snapshot: positions in [`GatePlan::views`] of its rows as they were then and as they are now. Unless
    /// both are the same rows in the same order, the two snapshots differ in them, and people decide.
    pub then_and_now: Option<(usize, usize)>,
}

/// How the rows of a joint view are told apart where its tables are over different periods. No output has derived columns then.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct CutPlan {
    /// The field that the periods are of.
    pub field: Name,
    /// Its position in the view.
    pub column: usize,
    /// One label per day that lies in a period, and one for all else.
    pub days: Banding,
    /// The piece that each label is in: days that no table tells apart are one piece.
    pub piece_of: Vec<u32>,
    /// Whether each piece is among the candidates' rows.
    pub candidates: Vec<bool>,
}

/// The sealed output of an earlier run. Its ciphertext is a descriptor of its own, after those of all parts.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SealedPlan {
    /// Its key.
    pub key: SealKey,
    /// Key of its digest.
    pub digest_key: SealKey,
    /// Its digest.
    pub digest: Digest,
    /// Bytes of its plaintext; what follows its ciphertext in the file is no part of it.
    pub bytes: u64,
    /// Derived columns in it.
    pub derived: DerivedPlan,
}

/// Outputs of the run and earlier releases about the same rows, or about periods that share rows with theirs: judged together.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct JointPlan {
    /// Position in [`GatePlan::views`] of the view that has the columns of all of them.
    pub view: usize,
    /// The outputs: positions in [`GatePlan::outputs`], and what they are over the columns of this view.
    pub candidates: Vec<(usize, OutputPlan)>,
    /// The earlier releases, none twice.
    pub released: Vec<LinkedPlan>,
    /// How rows are told apart, where not all of these tables are over the same ones.
    pub cut: Option<CutPlan>,
}

/// What one output is held against beside its own rules.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct EarlierPlan {
    /// The table of an earlier release of the same structure over the same rows: leaving again, it tells nothing new.
    pub repeats: Option<Table>,
    /// Earlier releases over the same rows that the gate cannot compute anew.
    pub beyond: u64,
    /// Earlier releases over rows that overlap with these.
    pub overlapping: u64,
    /// Whether it is, with the other outputs of the run, about a derived number and another column: the one may be the other under a mask,
    /// and what lies between the two nobody computes.
    pub masked: bool,
    /// Whether another output of the run is about data subjects that one of the two looks up: nothing judges the two together.
    #[serde(default)]
    pub looked_up_twice: bool,
}

/// Earlier releases about rows that overlap with an output's, to be compared with it for the people who decide. Descriptors, after those of
/// all revisions: the parts of `now`, then those of each view in `before`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SizesPlan {
    /// The output.
    pub output: Name,
    /// Its view, once more.
    pub now: ViewPlan,
    /// The same view of each earlier release's rows.
    pub before: Vec<ViewPlan>,
}

/// What the outputs of a run are held against beside their own rules: each other, and what left before.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AuditPlan {
    /// Earlier releases, in the order of the outputs; none means nothing.
    pub earlier: Vec<EarlierPlan>,
    /// Outputs that are judged together, with each other and with earlier releases.
    pub joint: Vec<JointPlan>,
    /// Outputs that go to people since other rows overlap with theirs.
    pub sizes: Vec<SizesPlan>,
}

/// Decoy records 诱饵 of a view's resource, by keyed digest: HMAC-SHA-256 over the subject's text or digits.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DecoyPlan {
    /// Key of the digests, of this resource alone.
    pub key: SealKey,
    /// Digests of the decoys.
    pub digests: Vec<Digest>,
}

/// Derived columns in the sealed output.
pub type DerivedPlan = Vec<Derived>;

/// What a gate sealed before, to be opened again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct KeptPlan {
    /// Digest of the cell's output.
    pub digest: Digest,
    /// Its length as plaintext; what follows its ciphertext in the file is the gate's candidate.
    pub bytes: u64,
    /// Digest of the gate's candidate; none where nothing waits for people: then there is what the module said of its error, and no more.
    pub candidate: Option<Digest>,
    /// What makes the candidate's key its own.
    pub salt: Option<Digest>,
}

/// What the gate does with the contributions of a `per-subject` module.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct PrivatePlan {
    /// The output.
    pub output: Name,
    /// Cells, measures, bounds.
    pub contribution: Contribution,
    /// What the run was charged: the noise keeps within it.
    pub charge: PrivacyCharge,
    /// For each view, whether its second column names the group that merges subjects; the first is the subject.
    pub groups: Vec<bool>,
    /// Whether exact releases about the population are allowed beside it.
    pub exact_beside: bool,
    /// Whether noise may be drawn: never for a replay.
    pub draws: bool,
}

/// Why the gate is started.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum GateMode {
    /// Seal what the cell wrote, then judge it. Descriptors: the cell's output, the ciphertext file, the parts, sealed outputs of earlier runs.
    Judge,
    /// Judge what was sealed before. Descriptors: the ciphertext file, the parts, sealed outputs of earlier runs.
    JudgeAgain {
        /// Digest that it was sealed with.
        digest: Digest,
        /// Bytes of its plaintext.
        bytes: u64,
        /// For an output that waits for people, and goes on to whatever the gate decides now: what makes the key of the new
        /// candidate its own. `None` for one that was about to leave, and has no candidate yet.
        waits: Option<Digest>,
    },
    /// Open a sealed output for a reviewer's eyes alone. Descriptors: the ciphertext file.
    Open {
        /// What was sealed.
        kept: KeptPlan,
        /// Whom it is encrypted to.
        recipient: Recipient,
    },
    /// Open a sealed output after two reviewers' yes. Descriptors: the ciphertext file.
    Release {
        /// What was sealed.
        kept: KeptPlan,
    },
}

/// The gate's plan.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct GatePlan {
    /// Why.
    pub mode: GateMode,
    /// Key of the sealed output.
    pub key: SealKey,
    /// Key of the output's digest: it outlives the sealing key, so that a replay can be held against the digest.
    pub digest_key: SealKey,
    /// Views over the parts: what the gate must check against, subject included.
    pub views: Vec<ViewPlan>,
    /// Decoys of the views' resources, in the order of the views.
    pub decoys: Vec<DecoyPlan>,
    /// Outputs.
    pub outputs: Vec<OutputPlan>,
    /// Outputs that revise earlier editions.
    pub revisions: Vec<RevisionPlan>,
    /// What the outputs are held against beside their own rules.
    #[serde(default)]
    pub audit: AuditPlan,
    /// What a `per-subject` module contributed; all views are its own then, and there are no other outputs.
    pub private: Option<PrivatePlan>,
    /// Derived columns that the sealed output holds.
    pub derived: DerivedPlan,
    /// The disclosure profile, as its file says.
    pub profile: String,
    /// Rows of a table at most.
    pub rows_max: u64,
    /// Limits of the process.
    pub limits: RoomLimits,
}
