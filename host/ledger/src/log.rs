//! The Merkle log over entries, for hashes that are kept elsewhere.
//!
//! Whoever keeps them asks for the positions that a step needs, fetches those, and then takes the step. Each
//! step is a pure function, so a store may fetch as it likes. Positions are those of [`tlog_tiles`].

use std::cell::RefCell;

use tlog_tiles::{Hash, HashReader};
use yunei_model::Digest;

use crate::tree::{Reading, digest, hash, in_tree};
use crate::{HashSource, Hashes, LEAVES_MAX, LedgerError, Proof};

/// Position of the leaf hash at `index`.
#[must_use]
pub fn leaf_position(index: u64) -> u64 {
    tlog_tiles::stored_hash_index(0, index)
}

/// Number of stored hashes of a tree of `size` leaves.
#[must_use]
pub fn stored_count(size: u64) -> u64 {
    tlog_tiles::stored_hash_count(size)
}

/// Positions that [`root`] of a tree of `size` leaves needs, and [`append`] to it.
///
/// # Errors
/// [`LedgerError::OutOfTree`] beyond [`LEAVES_MAX`].
pub fn root_positions(size: u64) -> Result<Vec<u64>, LedgerError> {
    wanted(|reader| bounded(size).and_then(|()| Ok(tlog_tiles::tree_hash(size, reader)?)))
}

/// Root of the tree of `size` leaves; of none it is SHA-256 of nothing.
///
/// # Errors
/// [`LedgerError`] when a hash is missing.
pub fn root(size: u64, hashes: &impl HashSource) -> Result<Digest, LedgerError> {
    bounded(size)?;
    Ok(digest(tlog_tiles::tree_hash(size, &Reading(hashes))?))
}

/// Positions that [`inclusion`] needs.
///
/// # Errors
/// [`LedgerError::OutOfTree`] when there is no such leaf.
pub fn inclusion_positions(size: u64, index: u64) -> Result<Vec<u64>, LedgerError> {
    in_tree(index, size)?;
    wanted(|reader| Ok(tlog_tiles::prove_record(size, index, reader)?))
}

/// Proves that the tree of `size` leaves has the leaf at `index` (RFC 6962, section 2.1.1).
///
/// # Errors
/// [`LedgerError`] when there is no such leaf or a hash is missing.
pub fn inclusion(size: u64, index: u64, hashes: &impl HashSource) -> Result<Proof, LedgerError> {
    in_tree(index, size)?;
    let proof = tlog_tiles::prove_record(size, index, &Reading(hashes))?;
    Ok(Proof(proof.into_iter().map(digest).collect()))
}

/// Positions that [`consistency`] needs.
///
/// # Errors
/// [`LedgerError::OutOfTree`] when the earlier tree is empty or the larger one.
pub fn consistency_positions(earlier: u64, size: u64) -> Result<Vec<u64>, LedgerError> {
    earlier_in_tree(earlier, size)?;
    wanted(|reader| Ok(tlog_tiles::prove_tree(size, earlier, reader)?))
}

/// Proves that the tree of `size` leaves begins with that of `earlier` leaves (RFC 6962, section 2.1.2).
///
/// # Errors
/// [`LedgerError`] when the earlier tree is empty or the larger one, or a hash is missing.
pub fn consistency(
    earlier: u64,
    size: u64,
    hashes: &impl HashSource,
) -> Result<Proof, LedgerError> {
    earlier_in_tree(earlier, size)?;
    let proof = tlog_tiles::prove_tree(size, earlier, &Reading(hashes))?;
    Ok(Proof(proof.into_iter().map(digest).collect()))
}

/// Appends leaves to the tree of `size` leaves. Gives the new stored hashes with their positions.
/// `hashes` needs the [`root_positions`] of `size`, and afterwards has the new ones too.
///
/// # Errors
/// [`LedgerError`] when a hash is missing or the tree would get too large.
pub fn append(
    size: u64,
    leaves: &[Digest],
    hashes: &mut Hashes,
) -> Result<Vec<(u64, Digest)>, LedgerError> {
    let mut stored = Vec::with_capacity(leaves.len() * 2);
    for (index, leaf) in (size..).zip(leaves) {
        bounded(index.saturating_add(1))?;
        let made =
            tlog_tiles::stored_hashes_for_record_hash(index, hash(*leaf), &Reading(&*hashes))?;
        for (position, made) in (leaf_position(index)..).zip(made) {
            hashes.0.insert(position, digest(made));
            stored.push((position, digest(made)));
        }
    }
    Ok(stored)
}

const fn bounded(size: u64) -> Result<(), LedgerError> {
    if size <= LEAVES_MAX {
        Ok(())
    } else {
        Err(LedgerError::OutOfTree { index: size, size })
    }
}

const fn earlier_in_tree(earlier: u64, size: u64) -> Result<(), LedgerError> {
    match earlier.checked_sub(1) {
        Some(last) => in_tree(last, size),
        None => Err(LedgerError::OutOfTree { index: 0, size }),
    }
}

/// Notes the positions that are asked for, and answers with nothing of value.
#[derive(Default)]
struct Asking(RefCell<Vec<u64>>);

impl HashReader for Asking {
    fn read_hashes(&self, indexes: &[u64]) -> Result<Vec<Hash>, tlog_tiles::Error> {
        self.0.borrow_mut().extend_from_slice(indexes);
        Ok(vec![Hash::default(); indexes.len()])
    }
}

fn wanted<T>(
    step: impl FnOnce(&Asking) -> Result<T, LedgerError>,
) -> Result<Vec<u64>, LedgerError> {
    let asking = Asking::default();
    step(&asking)?;
    Ok(asking.0.into_inner())
}
