//! Exact releases: what each of them told, kept so that later ones are held against it.

use serde::{Deserialize, Serialize};

use crate::{Digest, Name, ReleaseId, Resource, RowSet, RunId};

/// What an exact release (route *recomputed* or *reviewed*) told about the rows of one resource. Public structure and digests alone:
/// the figures are in the release's table.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExactRelease {
    /// The release.
    pub release: ReleaseId,
    /// The run that it came of, which knows module, grant version and parameters.
    pub run: RunId,
    /// The output.
    pub output: Name,
    /// The rows that it is about.
    pub rows: RowSet,
    /// Whether the gate computed it from these rows. What a guest computed is beyond the audit.
    pub computed: bool,
    /// Digest of all that fixes the table but the rows: fields and bandings, aggregates, margins, what is done about failing cells,
    /// profile; for derived columns module and parameters too.
    pub structure: Digest,
    /// Digest of the table's JSON.
    pub table: Digest,
    /// The disclosure profile that it was judged by.
    pub profile: Digest,
    /// The resource as it was catalogued then, with those fields alone that the output is about.
    pub resource: Resource,
}

/// What an exact release would tell: all of it but the release itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExactCandidate {
    /// The run.
    pub run: RunId,
    /// The output.
    pub output: Name,
    /// The rows that it is about.
    pub rows: RowSet,
    /// Whether the gate computes it from these rows.
    pub computed: bool,
    /// As [`ExactRelease::structure`].
    pub structure: Digest,
    /// As [`ExactRelease::profile`].
    pub profile: Digest,
    /// As [`ExactRelease::resource`].
    pub resource: Resource,
}

impl ExactCandidate {
    /// What it told, once it has left as that release with that table.
    #[must_use]
    pub fn released(self, release: ReleaseId, table: Digest) -> ExactRelease {
        ExactRelease {
            release,
            run: self.run,
            output: self.output,
            rows: self.rows,
            computed: self.computed,
            structure: self.structure,
            table,
            profile: self.profile,
            resource: self.resource,
        }
    }
}
