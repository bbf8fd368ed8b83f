//! Merging subjects by household or enterprise group, whose members do not stand together.

use std::collections::HashMap;

use super::ground::Ground;
use super::slot::Part;
use super::{AccumulateError, GROUP_CELLS_MAX, SubjectKey};

#[derive(Debug, PartialEq, Eq, Hash)]
enum OwnedKey {
    Integer(i128),
    Text(String),
}

/// What each group has contributed to each cell so far.
pub(super) struct Groups {
    width: usize,
    known: HashMap<OwnedKey, u32>,
    places: HashMap<(u32, u32), u32>,
    /// Rows of each pair.
    rows: Vec<f64>,
    /// Contributions of each pair, channel by channel.
    runs: Vec<Option<Part>>,
}

impl Groups {
    pub(super) fn new(width: usize) -> Self {
        Self {
            width,
            known: HashMap::new(),
            places: HashMap::new(),
            rows: Vec::new(),
            runs: Vec::new(),
        }
    }

    /// The number of `group`; `None` means that the subject stands for itself.
    pub(super) fn enter(&mut self, group: SubjectKey<'_>) -> Result<Option<u32>, AccumulateError> {
        let key = match group {
            SubjectKey::Absent => return Ok(None),
            SubjectKey::Integer(integer) => OwnedKey::Integer(integer),
            SubjectKey::Text(text) => OwnedKey::Text(text.to_owned()),
        };
        let next = self.known.len();
        if next >= GROUP_CELLS_MAX {
            return Err(Self::too_large());
        }
        // INVARIANT: GROUP_CELLS_MAX fits 32 bits.
        let next = u32::try_from(next).unwrap_or(u32::MAX);
        Ok(Some(*self.known.entry(key).or_insert(next)))
    }

    /// Takes what a subject contributed to a cell.
    pub(super) fn merge(
        &mut self,
        group: u32,
        cell: u32,
        rows: f64,
        contributed: &[Option<Part>],
    ) -> Result<(), AccumulateError> {
        let next = self.places.len();
        if next >= GROUP_CELLS_MAX {
            return Err(Self::too_large());
        }
        // INVARIANT: GROUP_CELLS_MAX fits 32 bits.
        let next = u32::try_from(next).unwrap_or(u32::MAX);
        let place = *self.places.entry((group, cell)).or_insert(next);
        let start = place as usize * self.width;
        if place == next {
            self.rows.push(0.0);
            self.runs.resize(start + self.width, None);
        }
        if let Some(held) = self.rows.get_mut(place as usize) {
            *held += rows;
        }
        let runs = self.runs.iter_mut().skip(start);
        for (run, contribution) in runs.zip(contributed) {
            if let Some(contribution) = contribution {
                Part::take(run, *contribution);
            }
        }
        Ok(())
    }

    /// Counts every group's whole contribution. The order does not matter: units are counted and the largest kept.
    pub(super) fn finish(&self, ground: &mut Ground, is_inner: impl Fn(u32) -> bool) {
        let mut cells_of: HashMap<u32, u32> = HashMap::new();
        for (group, cell) in self.places.keys() {
            if is_inner(*cell) {
                *cells_of.entry(*group).or_insert(0) += 1;
            }
        }
        for (group, cell) in self.places.keys() {
            if is_inner(*cell) && cells_of.get(group).is_some_and(|cells| *cells > 1) {
                ground.share(*cell);
            }
        }
        for ((_, cell), place) in &self.places {
            let start = *place as usize * self.width;
            let rows = self.rows.get(*place as usize);
            let contributed = self.runs.get(start..start + self.width);
            if let (Some(rows), Some(contributed)) = (rows, contributed) {
                ground.merge(*cell, *rows, contributed);
            }
        }
    }

    const fn too_large() -> AccumulateError {
        AccumulateError::TooLarge {
            name: "group_cells_max",
            limit: GROUP_CELLS_MAX,
            asked: GROUP_CELLS_MAX + 1,
        }
    }
}
