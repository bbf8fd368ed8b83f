//! The slots of every cell, and which cells the present subject has touched.

use super::slot::{RowSums, Slot, Units};

#[derive(Clone, Copy, Default)]
struct CellState {
    /// The last subject that touched the cell, by its stamp.
    subject: u32,
    /// Where it stands among those touched.
    place: u32,
    /// Subjects so far.
    subjects: u64,
}

/// The cells that the present subject touched, and what it contributed to each, channel by channel. Small, and used again.
#[derive(Default)]
pub(super) struct Touched {
    /// Cell, and for inner cells their index.
    cells: Vec<(u32, u32)>,
    contributed: Vec<Option<f64>>,
}

impl Touched {
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.contributed.clear();
    }

    pub(super) fn is_one(&self) -> bool {
        self.cells.len() == 1
    }

    /// Cell, index and contributions of each, `width` channels wide.
    pub(super) fn iter(&self, width: usize) -> impl Iterator<Item = (u32, u32, &[Option<f64>])> {
        let contributed = self.contributed.chunks_exact(width);
        let cells = self.cells.iter().zip(contributed);
        cells.map(|((cell, index), contributed)| (*cell, *index, contributed))
    }
}

/// Sums, units and states of every cell, margins included.
pub(super) struct Ground {
    width: usize,
    sums: Vec<RowSums>,
    units: Vec<Units>,
    cells: Vec<CellState>,
    /// Units of each inner cell that are in other inner cells too.
    shared: Vec<u32>,
    /// The present subject's stamp; never that of a cell nobody touched, which is 0.
    subject: u32,
}

#[expect(
    clippy::indexing_slicing,
    reason = "every cell handed in is one of the lattice, and has one state and `width` slots; places are those of cells touched"
)]
impl Ground {
    pub(super) fn new(cells: usize, width: usize) -> Self {
        Self {
            width,
            sums: vec![RowSums::default(); cells * width],
            units: vec![Units::default(); cells * width],
            cells: vec![CellState::default(); cells],
            shared: vec![0; cells],
            subject: 1,
        }
    }

    pub(super) fn next_subject(&mut self) {
        self.subject = self.subject.wrapping_add(1);
        if self.subject == 0 {
            // All stamps are used: the cells forget theirs.
            for state in &mut self.cells {
                state.subject = 0;
            }
            self.subject = 1;
        }
    }

    #[inline]
    pub(super) fn sums(&mut self, cell: u32) -> &mut [RowSums] {
        &mut self.sums[cell as usize * self.width..][..self.width]
    }

    /// Takes the cell among those touched. Its sums, and what the subject contributed to it so far.
    #[inline]
    pub(super) fn touch<'a>(
        &'a mut self,
        cell: u32,
        index: u32,
        touched: &'a mut Touched,
    ) -> (&'a mut [RowSums], &'a mut [Option<f64>]) {
        let width = self.width;
        let state = &mut self.cells[cell as usize];
        if state.subject != self.subject {
            state.subject = self.subject;
            // INVARIANT: no more cells are touched than there are, which fits 32 bits.
            state.place = u32::try_from(touched.cells.len()).unwrap_or(u32::MAX);
            touched.cells.push((cell, index));
            let length = touched.contributed.len();
            touched.contributed.resize(length + width, None);
        }
        let so_far = &mut touched.contributed[state.place as usize * width..][..width];
        (&mut self.sums[cell as usize * width..][..width], so_far)
    }

    /// Counts the subject in the cell.
    #[inline]
    pub(super) fn count(&mut self, cell: u32) {
        self.cells[cell as usize].subjects += 1;
    }

    /// Counts a unit of the cell that is in other cells too.
    #[inline]
    pub(super) fn share(&mut self, cell: u32) {
        let shared = &mut self.shared[cell as usize];
        *shared = shared.saturating_add(1);
    }

    /// Counts a unit with all that it contributed to the cell.
    #[inline]
    pub(super) fn merge(&mut self, cell: u32, contributed: &[Option<f64>]) {
        let units = &mut self.units[cell as usize * self.width..][..self.width];
        for (units, contribution) in units.iter_mut().zip(contributed) {
            if let Some(contribution) = contribution {
                units.unit(*contribution);
            }
        }
    }

    /// Adds an inner cell's rows and sums to a margin's.
    pub(super) fn sum_on(&mut self, cell: u32, margin: u32) {
        for channel in 0..self.width {
            let from = self.sums[cell as usize * self.width + channel];
            self.sums[margin as usize * self.width + channel].sum_on(&from);
        }
    }

    /// The slots, the distinct subjects of each cell, and the units of each that other cells share.
    pub(super) fn into_parts(self) -> (Vec<Slot>, Vec<u64>, Vec<u32>) {
        let slots = self.sums.iter().zip(&self.units);
        let slots = slots.map(|(sums, units)| Slot::new(sums, units)).collect();
        let subjects = self.cells.iter().map(|cell| cell.subjects).collect();
        (slots, subjects, self.shared)
    }
}
