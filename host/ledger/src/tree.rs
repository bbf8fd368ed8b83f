//! RFC 6962 Merkle trees: in memory, compact, and over hashes kept elsewhere.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use tlog_tiles::{Hash, HashReader};
use yunei_model::Digest;

use crate::LedgerError;

/// Leaves of one tree at most.
pub const LEAVES_MAX: u64 = 1 << 40;
/// Hashes of one proof at most: twice the height of the highest tree.
const PROOF_HASHES_MAX: usize = 96;

/// SHA-256 of a zero byte and `bytes` (RFC 6962, section 2.1).
#[must_use]
pub(crate) fn leaf_hash(bytes: &[u8]) -> Digest {
    digest(tlog_tiles::record_hash(bytes))
}

pub(crate) const fn digest(hash: Hash) -> Digest {
    Digest::from_bytes(hash.0)
}

pub(crate) fn hash(digest: Digest) -> Hash {
    Hash(*digest.as_bytes())
}

/// Where the stored hashes of a tree are read from, by position (see [`tlog_tiles::stored_hash_index`]).
pub trait HashSource {
    /// The hash at that position, if it is there.
    fn stored_hash(&self, position: u64) -> Option<Digest>;
}

/// Some of a tree's stored hashes by position, as fetched from wherever they are kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hashes(pub BTreeMap<u64, Digest>);

impl HashSource for Hashes {
    fn stored_hash(&self, position: u64) -> Option<Digest> {
        self.0.get(&position).copied()
    }
}

/// Lets `tlog_tiles` read from a [`HashSource`].
pub(crate) struct Reading<'s, S>(pub(crate) &'s S);

impl<S: HashSource> HashReader for Reading<'_, S> {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        // INVARIANT: as many hashes as positions, or an error: `tlog_tiles` counts on it.
        let found = indexes.iter().map(|position| self.0.stored_hash(*position));
        found
            .map(|found| found.map(hash))
            .collect::<Option<Vec<_>>>()
            .ok_or(tlog_tiles::Error::IndexesNotInTree)
    }
}

/// A tree with all of its hashes in memory, able to prove.
#[derive(Debug, Clone, Default)]
pub struct Tree {
    hashes: Vec<Digest>,
    size: u64,
}

impl HashSource for Tree {
    fn stored_hash(&self, position: u64) -> Option<Digest> {
        self.hashes.get(usize::try_from(position).ok()?).copied()
    }
}

impl Tree {
    /// Adds a leaf by its leaf hash.
    ///
    /// # Errors
    /// [`LedgerError::OutOfTree`] beyond [`LEAVES_MAX`].
    pub fn push(&mut self, leaf: Digest) -> Result<(), LedgerError> {
        if self.size >= LEAVES_MAX {
            return Err(LedgerError::OutOfTree {
                index: self.size,
                size: self.size,
            });
        }
        let hashes =
            tlog_tiles::stored_hashes_for_record_hash(self.size, hash(leaf), &Reading(self))?;
        self.hashes.extend(hashes.into_iter().map(digest));
        self.size += 1;
        Ok(())
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// All stored hashes, by position.
    #[must_use]
    pub fn stored(&self) -> &[Digest] {
        &self.hashes
    }

    /// Root of all leaves.
    ///
    /// # Errors
    /// [`LedgerError::Tree`] never happens on a whole tree.
    pub fn root(&self) -> Result<Digest, LedgerError> {
        crate::log::root(self.size, self)
    }
}

/// The right edge of a tree: enough to go on adding leaves and to know the root.
#[derive(Debug, Clone, Default)]
pub struct Frontier {
    /// Complete subtrees from left to right with their heights, each lower than the one before.
    subtrees: Vec<(u32, Digest)>,
    size: u64,
}

impl Frontier {
    /// Adds a leaf by its leaf hash.
    pub fn push(&mut self, leaf: Digest) {
        let mut node = (0, leaf);
        while let Some((height, left)) = self.subtrees.pop_if(|(height, _)| *height == node.0) {
            node = (height + 1, parent(left, node.1));
        }
        self.subtrees.push(node);
        self.size = self.size.saturating_add(1);
    }

    /// Number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// Root of all leaves so far; of none it is SHA-256 of nothing.
    #[must_use]
    pub fn root(&self) -> Digest {
        let mut subtrees = self.subtrees.iter().rev().map(|(_, node)| *node);
        subtrees.next().map_or_else(
            || digest(tlog_tiles::EMPTY_HASH),
            |last| subtrees.fold(last, |right, left| parent(left, right)),
        )
    }
}

fn parent(left: Digest, right: Digest) -> Digest {
    digest(tlog_tiles::node_hash(hash(left), hash(right)))
}

/// The hashes that prove a leaf's place in a tree, or an earlier tree's in a later one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Proof(pub Vec<Digest>);

impl Proof {
    /// Checks that a tree of `size` leaves with that `root` has `leaf` at `index` (RFC 6962, section 2.1.1).
    ///
    /// # Errors
    /// [`LedgerError`] when the proof does not hold.
    pub fn verify_inclusion(
        &self,
        leaf: Digest,
        index: u64,
        size: u64,
        root: Digest,
    ) -> Result<(), LedgerError> {
        let proof = self.checked(index, size)?;
        Ok(tlog_tiles::check_record(
            &proof,
            size,
            hash(root),
            index,
            hash(leaf),
        )?)
    }

    /// Checks that the tree of `size` leaves begins with that of `earlier_size` (RFC 6962, section 2.1.2).
    ///
    /// # Errors
    /// [`LedgerError`] when the proof does not hold, or the earlier tree is empty or larger.
    pub fn verify_consistency(
        &self,
        earlier_size: u64,
        earlier_root: Digest,
        size: u64,
        root: Digest,
    ) -> Result<(), LedgerError> {
        let proof = self.checked(earlier_size.saturating_sub(1), size)?;
        Ok(tlog_tiles::check_tree(
            &proof,
            size,
            hash(root),
            earlier_size,
            hash(earlier_root),
        )?)
    }

    fn checked(&self, index: u64, size: u64) -> Result<Vec<Hash>, LedgerError> {
        in_tree(index, size)?;
        if self.0.len() > PROOF_HASHES_MAX {
            return Err(tlog_tiles::Error::InvalidProof.into());
        }
        Ok(self.0.iter().copied().map(hash).collect())
    }
}

/// Checks that `index` is a leaf of a tree of `size` leaves, and the tree not too large.
pub(crate) const fn in_tree(index: u64, size: u64) -> Result<(), LedgerError> {
    if index < size && size <= LEAVES_MAX {
        Ok(())
    } else {
        Err(LedgerError::OutOfTree { index, size })
    }
}
