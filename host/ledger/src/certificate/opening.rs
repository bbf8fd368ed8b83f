//! Salted commitments: a certificate holds the root of a tree, and whoever has the leaves can open one after another.
//!
//! There is one leaf for each row of the table, and a fixed number of others, so that their number tells nothing more than the table.
//! Each leaf is canonical JSON with a secret salt of its own, so that no leaf's hash can be guessed from what it may say.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use yunei_model::{Digest, ReleaseId};

use crate::{LedgerError, Proof, Tree, log, tree, value};

/// The format that openings are written in.
pub const OPENING_FORMAT: u32 = 1;
/// Longest opening in bytes.
pub const OPENING_BYTES_MAX: usize = 64 << 20;
/// Leaves of one certificate at most.
pub const LEAVES_COMMITTED_MAX: u64 = 1 << 21;
/// Bytes of a salt.
pub const SALT_BYTES: usize = 32;
/// Name of the member that holds a leaf's salt.
pub const SALT: &str = "salt";

/// What a certificate commits to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Commitments {
    /// Leaves.
    pub count: u64,
    /// Root of their tree (RFC 6962, SHA-256).
    pub root: Digest,
}

/// The figures that a certificate commits to. They stay inside.
#[derive(Default)]
pub struct CommittedFigures {
    tree: Tree,
    leaves: Vec<String>,
}

impl std::fmt::Debug for CommittedFigures {
    /// Without a figure.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CommittedFigures({})", self.leaves.len())
    }
}

/// Some leaves of a certificate, opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Opening {
    /// [`OPENING_FORMAT`].
    pub format: u32,
    /// The release.
    pub release: ReleaseId,
    /// Digest of the certificate.
    pub certificate: Digest,
    /// The leaves.
    pub leaves: Vec<OpenedLeaf>,
}

/// One leaf, opened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenedLeaf {
    /// Its place.
    pub index: u64,
    /// The leaf: canonical JSON with its salt.
    pub content: String,
    /// Its inclusion under the root.
    pub proof: Proof,
}

impl CommittedFigures {
    /// Adds the next leaf. `salt` comes from a cryptographic random source, or from a key that does, and is used once.
    ///
    /// # Errors
    /// [`LedgerError::OutOfTree`] beyond [`LEAVES_COMMITTED_MAX`], [`LedgerError::FactTwice`] when the content has a salt.
    pub fn push(
        &mut self,
        mut content: Map<String, Value>,
        salt: [u8; SALT_BYTES],
    ) -> Result<(), LedgerError> {
        let index = self.tree.size();
        if index >= LEAVES_COMMITTED_MAX {
            let size = LEAVES_COMMITTED_MAX;
            return Err(LedgerError::OutOfTree { index, size });
        }
        let salted = content.insert(SALT.to_owned(), Value::from(hex::encode(salt)));
        if salted.is_some() {
            return Err(LedgerError::FactTwice { name: SALT.into() });
        }
        let leaf = value::canonical("leaf", &content)?;
        self.tree.push(tree::leaf_hash(&leaf))?;
        let leaf = String::from_utf8(leaf).map_err(|_| LedgerError::NotCanonical)?;
        self.leaves.push(leaf);
        Ok(())
    }

    /// What a certificate says of them.
    ///
    /// # Errors
    /// [`LedgerError::Tree`] never happens on a whole tree.
    pub fn commitments(&self) -> Result<Commitments, LedgerError> {
        Ok(Commitments {
            count: self.tree.size(),
            root: self.tree.root()?,
        })
    }

    /// Opens one leaf.
    ///
    /// # Errors
    /// [`LedgerError::OutOfTree`] when there is none at `index`.
    pub fn open(&self, index: u64) -> Result<OpenedLeaf, LedgerError> {
        let size = self.tree.size();
        let proof = log::inclusion(size, index, &self.tree)?;
        let leaf = usize::try_from(index).ok().and_then(|i| self.leaves.get(i));
        let content = leaf.ok_or(LedgerError::OutOfTree { index, size })?.clone();
        Ok(OpenedLeaf {
            index,
            content,
            proof,
        })
    }
}

impl OpenedLeaf {
    /// Checks that a certificate commits to this leaf. Gives what it says.
    ///
    /// # Errors
    /// [`LedgerError::NotCommitted`].
    pub fn verify(&self, commitments: &Commitments) -> Result<Map<String, Value>, LedgerError> {
        let failed = LedgerError::NotCommitted { index: self.index };
        let leaf = tree::leaf_hash(self.content.as_bytes());
        let held =
            self.proof
                .verify_inclusion(leaf, self.index, commitments.count, commitments.root);
        let content = serde_json::from_str(&self.content);
        match (held, content) {
            (Ok(()), Ok(content)) => Ok(content),
            _ => Err(failed),
        }
    }
}
