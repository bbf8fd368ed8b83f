//! What a certificate says. All of it may be seen by the operating unit and by whoever it shows it to.
//!
//! Nothing in it was chosen by a guest but the table itself: neither the trace root nor a count of calls or rows is there, since a
//! module could steer those, and whoever wrote the module could read them back. They are among the commitments.

use serde::{Deserialize, Serialize};
use yunei_model::{
    Digest, GrantId, ModuleId, Name, Parameters, Period, ReleaseId, Route, RunId, SnapshotId, Text,
    Timestamp,
};

use super::Commitments;

/// The format that certificates are written in.
pub const CERTIFICATE_FORMAT: u32 = 1;

/// What a released table rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Certificate {
    /// [`CERTIFICATE_FORMAT`].
    pub format: u32,
    /// The log's name.
    pub log: String,
    /// The release.
    pub release: ReleaseId,
    /// Its run.
    pub run: RunId,
    /// From when on its operating unit could see that it was released; the exact moment is finer than what it may see.
    pub visible_from: Timestamp,
    /// The table.
    pub table: CertifiedTable,
    /// The module that was run.
    pub module: CertifiedModule,
    /// Parameters of the run.
    pub parameters: Parameters,
    /// Rows that the run could read, by resource.
    pub data: Vec<CertifiedRows>,
    /// The grant.
    pub grant: CertifiedGrant,
    /// Digest of the policies in force when it was released.
    pub policy_set: Digest,
    /// How the gate let it pass.
    pub gate: CertifiedGate,
    /// What ε bounds of it.
    pub privacy: Guarantee,
    /// Commitments to what stays inside.
    pub commitments: Commitments,
}

/// The released table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedTable {
    /// Name of the output.
    pub output: Name,
    /// Columns, in order.
    pub columns: Vec<CertifiedColumn>,
    /// Rows.
    pub rows: u64,
    /// Digest over the rows; see [`yunei_model::TableDigest`].
    pub digest: Digest,
}

/// A column: its heading is the name, or the title in either language.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedColumn {
    /// Name.
    pub name: Name,
    /// Title.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
}

/// The module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedModule {
    /// Id.
    pub id: ModuleId,
    /// Name and version, as its manifest says.
    pub name: Name,
    /// Version.
    pub version: String,
    /// Digest of the component.
    pub digest: Digest,
    /// Digest of the manifest's canonical JSON.
    pub manifest_digest: Digest,
}

/// The row set of one resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedRows {
    /// Resource.
    pub resource: Name,
    /// Snapshot.
    pub snapshot: SnapshotId,
    /// SHA-256 over the 32-byte digests of its parts, in order.
    pub snapshot_digest: Digest,
    /// Digest of the canonical JSON of the grant's row filter.
    pub filter_digest: Digest,
    /// The edition's period, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
}

/// The grant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedGrant {
    /// Id.
    pub id: GrantId,
    /// Version.
    pub version: u32,
    /// Purpose of use.
    pub purpose: Name,
}

/// How the gate let the table pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedGate {
    /// Route.
    pub route: Route,
    /// Disclosure profile.
    pub profile: Name,
    /// Digest of the profile's file.
    pub profile_digest: Digest,
    /// Rules of the profile that every cell was held against; none where people alone decided.
    pub rules: Vec<Name>,
    /// The outcome, as the table shows it.
    pub cells: CertifiedCells,
    /// Different people who said yes to this output; who they are is among the commitments.
    pub reviewers: u64,
}

/// The outcome of the rules, no finer than the table itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CertifiedCells {
    /// Rows in which no value is absent.
    pub passed: u64,
    /// Rows in which one is: a rule failed, or the figure would give a blank one back, or there is none.
    pub blank: u64,
}

/// What an ε bounds, and what it does not.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Guarantee {
    /// Whether the table is differentially private. If not, no ε covers it.
    pub differential: bool,
    /// ε, in decimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub epsilon: Option<String>,
    /// δ, in decimal digits.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub delta: Option<String>,
    /// How the noise was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mechanism: Option<String>,
    /// What the guarantee rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// Populations that the table is about.
    pub populations: Vec<Name>,
    /// Whether exact releases about one of them are allowed: no ε, of this table or of another, covers those.
    pub exact_beside: bool,
}
