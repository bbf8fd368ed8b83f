//! Tiles: the log as static files, in the C2SP format tlog-tiles.
//!
//! A hash tile has 256 hashes of one level, an entry bundle the 256 entries under the hash tile of level 0 with the same index.
//! The rightmost ones may be partial: then their width is part of their path.

use std::fmt;
use std::str::FromStr;

use yunei_model::Digest;

use crate::{ENTRY_BYTES_MAX, Frontier, LEAVES_MAX, LedgerError};

/// Hashes of a full hash tile, and entries of a full bundle.
pub const TILE_WIDTH: u16 = 256;
/// Bytes of the longest entry bundle: every entry has its length, in two bytes, before it.
pub const BUNDLE_BYTES_MAX: usize = TILE_WIDTH as usize * (2 + ENTRY_BYTES_MAX);
/// Bytes of a hash.
const HASH_BYTES: usize = 32;
/// Binary levels of the tree that one level of tiles spans.
const LEVEL_HEIGHT: u32 = 8;
/// Highest level that a tree of [`LEAVES_MAX`] leaves has tiles of.
const LEVEL_MAX: u8 = 5;
/// First element of every path.
const ROOT: &str = "tile/";
/// Name of the level of entries.
const ENTRIES: &str = "entries";

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of the tree: level 0 has leaf hashes, each further level one hash for each full tile below.
    Hashes(u8),
    /// Entries.
    Entries,
}

/// Which tile: written as its path, such as `tile/0/x001/234.p/5`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Tile {
    kind: TileKind,
    index: u64,
    width: u16,
}

impl Tile {
    /// The tile of that kind, index within its level, and width.
    ///
    /// # Errors
    /// [`LedgerError::NotTile`] when no tree has it.
    pub fn new(kind: TileKind, index: u64, width: u16) -> Result<Self, LedgerError> {
        let tile = Self { kind, index, width };
        let level_fits = !matches!(kind, TileKind::Hashes(level) if level > LEVEL_MAX);
        let fits = level_fits && (1..=TILE_WIDTH).contains(&width) && index <= LEAVES_MAX;
        if fits && tile.end().is_some_and(|end| end <= LEAVES_MAX) {
            Ok(tile)
        } else {
            Err(LedgerError::NotTile)
        }
    }

    /// What it holds.
    #[must_use]
    pub const fn kind(self) -> TileKind {
        self.kind
    }

    /// Its index within its level.
    #[must_use]
    pub const fn index(self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds.
    #[must_use]
    pub const fn width(self) -> u16 {
        self.width
    }

    /// Whether it can grow no more.
    #[must_use]
    pub const fn is_full(self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The number, within its level, of its first hash or entry.
    #[must_use]
    pub const fn first(self) -> u64 {
        self.index.saturating_mul(TILE_WIDTH as u64)
    }

    /// Number of entries of the smallest tree that has it.
    #[must_use]
    pub const fn size_min(self) -> u64 {
        match self.end() {
            Some(end) => end,
            None => u64::MAX,
        }
    }

    /// The full tile in the same place.
    #[must_use]
    pub const fn full(self) -> Self {
        Self {
            width: TILE_WIDTH,
            ..self
        }
    }

    /// The first entry under the hash with that number within the level.
    #[must_use]
    pub const fn entry_under(self, number: u64) -> u64 {
        number << self.height()
    }

    /// Positions of its hashes among the stored hashes of the tree; of an entry bundle, those of its leaf hashes.
    pub fn positions(self) -> impl Iterator<Item = u64> {
        // INVARIANT: at most 40, since the level is at most [`LEVEL_MAX`].
        let height = u8::try_from(self.height()).unwrap_or(u8::MAX);
        let first = self.first();
        (first..first.saturating_add(u64::from(self.width)))
            .map(move |number| tlog_tiles::stored_hash_index(height, number))
    }

    /// All tiles of a tree of `size` entries, of every level and of entries; those of level 0 come first.
    pub fn of_tree(size: u64) -> impl Iterator<Item = Self> {
        Self::grown(0, size)
    }

    /// Tiles that a tree of `size` entries has and one of `earlier` had not, or not as wide.
    pub fn grown(earlier: u64, size: u64) -> impl Iterator<Item = Self> {
        let hashes = (0..=LEVEL_MAX).map(TileKind::Hashes);
        hashes
            .chain([TileKind::Entries])
            .flat_map(move |kind| Self::of_level(kind, earlier, size))
    }

    fn of_level(kind: TileKind, earlier: u64, size: u64) -> impl Iterator<Item = Self> {
        let width = u64::from(TILE_WIDTH);
        let height = height(kind);
        let (had, has) = (earlier >> height, size >> height);
        let last = if had == has { 0 } else { has.div_ceil(width) };
        (had / width..last).filter_map(move |index| {
            let width = has.saturating_sub(index * width).min(width);
            Self::new(kind, index, u16::try_from(width).ok()?).ok()
        })
    }

    const fn height(self) -> u32 {
        height(self.kind)
    }

    const fn end(self) -> Option<u64> {
        let Some(last) = self.first().checked_add(self.width as u64) else {
            return None;
        };
        let end = last << self.height();
        if end >> self.height() == last {
            Some(end)
        } else {
            None
        }
    }
}

const fn height(kind: TileKind) -> u32 {
    match kind {
        TileKind::Hashes(level) => LEVEL_HEIGHT * level as u32,
        TileKind::Entries => 0,
    }
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Hashes(level) => write!(f, "{ROOT}{level}/")?,
            TileKind::Entries => write!(f, "{ROOT}{ENTRIES}/")?,
        }
        let mut groups = vec![self.index % 1000];
        let mut rest = self.index / 1000;
        while rest > 0 {
            groups.push(rest % 1000);
            rest /= 1000;
        }
        while let Some(group) = groups.pop() {
            if groups.is_empty() {
                write!(f, "{group:03}")?;
            } else {
                write!(f, "x{group:03}/")?;
            }
        }
        if !self.is_full() {
            write!(f, ".p/{}", self.width)?;
        }
        Ok(())
    }
}

impl FromStr for Tile {
    type Err = LedgerError;

    /// Reads a path; any other spelling than the one that [`fmt::Display`] writes is refused.
    fn from_str(text: &str) -> Result<Self, LedgerError> {
        parse(text)
            .filter(|tile| tile.to_string() == text)
            .ok_or(LedgerError::NotTile)
    }
}

fn parse(text: &str) -> Option<Tile> {
    let (kind, rest) = text.strip_prefix(ROOT)?.split_once('/')?;
    let kind = match kind {
        ENTRIES => TileKind::Entries,
        level => TileKind::Hashes(level.parse().ok()?),
    };
    let (groups, width) = match rest.split_once(".p/") {
        Some((groups, width)) => (groups, width.parse().ok()?),
        None => (rest, TILE_WIDTH),
    };
    let mut index = 0_u64;
    for group in groups.split('/') {
        let digits: u64 = group.trim_start_matches('x').parse().ok()?;
        index = index.checked_mul(1000)?.checked_add(digits)?;
    }
    Tile::new(kind, index, width).ok()
}

/// The bytes of a hash tile.
#[must_use]
pub fn hash_tile(hashes: &[Digest]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| *hash.as_bytes()).collect()
}

/// The hashes of a hash tile of that width.
///
/// # Errors
/// [`LedgerError::NotTile`] when it has another length.
pub fn read_hash_tile(bytes: &[u8], width: u16) -> Result<Vec<Digest>, LedgerError> {
    let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
    if !rest.is_empty() || hashes.len() != usize::from(width) {
        return Err(LedgerError::NotTile);
    }
    Ok(hashes.iter().copied().map(Digest::from_bytes).collect())
}

/// The bytes of an entry bundle: each entry after its length in two bytes, the higher one first.
///
/// # Errors
/// [`LedgerError::TooLong`] for an entry that has more bytes than that can say.
pub fn bundle<E: AsRef<[u8]>>(
    entries: impl IntoIterator<Item = E>,
) -> Result<Vec<u8>, LedgerError> {
    let mut bytes = Vec::new();
    for entry in entries {
        let entry = entry.as_ref();
        let length =
            u16::try_from(entry.len()).map_err(|_| LedgerError::TooLong { bytes: entry.len() })?;
        bytes.extend_from_slice(&length.to_be_bytes());
        bytes.extend_from_slice(entry);
    }
    Ok(bytes)
}

/// Entries of a bundle, as far as they can be told apart; `true` when it is whole and has `width` of them.
#[must_use]
pub fn read_bundle(mut bytes: &[u8], width: u16) -> (Vec<&[u8]>, bool) {
    let mut entries = Vec::with_capacity(usize::from(width));
    while entries.len() < usize::from(width) {
        let Some((length, rest)) = bytes.split_first_chunk::<2>() else {
            return (entries, false);
        };
        let Some((entry, rest)) = rest.split_at_checked(usize::from(u16::from_be_bytes(*length)))
        else {
            return (entries, false);
        };
        entries.push(entry);
        bytes = rest;
    }
    (entries, bytes.is_empty())
}

/// Hashes of the next level of tiles: one for each full tile of these.
#[must_use]
pub fn level_above(hashes: &[Digest]) -> Vec<Digest> {
    hashes
        .chunks_exact(usize::from(TILE_WIDTH))
        .map(|tile| {
            let mut tree = Frontier::default();
            tile.iter().for_each(|hash| tree.push(*hash));
            tree.root()
        })
        .collect()
}

#[cfg(test)]
mod tests;
