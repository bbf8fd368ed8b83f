//! Cell keys: the sum of the record keys of the distinct subjects in each cell.

use crate::shape::{Lattice, Shape};

/// Keys of the cells of a table, margins included, gathered row by row beside an [`crate::Accumulator`].
///
/// A *record key* is 32 bits that belong to a subject: the caller derives it from the subject under a key of the population which no
/// guest, parameter or replay chooses. A *cell key* is the sum of the record keys of the distinct subjects in the cell, modulo 2³²: the
/// same subjects always make the same key, whatever table they stand in (Fraser and Wooton, *A proposed method for confidentialising
/// tabular output to protect against differencing*, UNECE work session on statistical data confidentiality, 2005).
pub struct CellKeys {
    lattice: Lattice,
    inner: Vec<u32>,
    keys: Vec<u32>,
    /// The last subject that each cell was touched by; 0 is nobody.
    stamps: Vec<u32>,
    stamp: u32,
    record_key: u32,
}

impl std::fmt::Debug for CellKeys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "CellKeys({} cells)", self.lattice.count())
    }
}

impl CellKeys {
    /// Keys of the cells of a shape that nobody is in yet.
    #[must_use]
    pub fn new(shape: &Shape) -> Self {
        let lattice = shape.lattice().clone();
        Self {
            inner: lattice.inner_cells(),
            keys: vec![0; lattice.count()],
            stamps: vec![0; lattice.count()],
            stamp: 0,
            record_key: 0,
            lattice,
        }
    }

    /// The next subject begins: all of a subject's rows stand together, as the accumulator checks.
    pub fn subject(&mut self, record_key: u32) {
        if self.stamp == u32::MAX {
            self.stamps.fill(0);
            self.stamp = 0;
        }
        self.stamp += 1;
        self.record_key = record_key;
    }

    /// A row of the present subject in an inner cell, as [`Shape::cell`] counts. A cell that does not exist is the accumulator's to refuse.
    pub fn row(&mut self, inner: usize) {
        let Some(cell) = self.inner.get(inner).map(|cell| *cell as usize) else {
            return;
        };
        if !self.touch(cell) {
            // All margins were touched together with it.
            return;
        }
        for set in 1..=self.lattice.margins_per_cell() {
            let margin = (0..self.lattice.axes())
                .filter(|axis| set >> axis & 1 == 1)
                .fold(cell, |cell, axis| {
                    self.lattice.moved(cell, axis, self.lattice.labels(axis))
                });
            self.touch(margin);
        }
    }

    /// Adds the subject's key unless it was added before. Whether it was added now.
    fn touch(&mut self, cell: usize) -> bool {
        let (Some(stamp), Some(key)) = (self.stamps.get_mut(cell), self.keys.get_mut(cell)) else {
            return false;
        };
        if *stamp == self.stamp {
            return false;
        }
        *stamp = self.stamp;
        *key = key.wrapping_add(self.record_key);
        true
    }

    /// The key of a cell of the table.
    pub(super) fn at(&self, cell: usize) -> u32 {
        self.keys.get(cell).copied().unwrap_or(0)
    }

    pub(super) const fn lattice(&self) -> &Lattice {
        &self.lattice
    }
}
