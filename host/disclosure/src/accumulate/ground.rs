//! The state of every cell, and which cells the present subject has touched.

use super::slot::{Alike, RowSums, Slot, Units};

/// What is held of a cell whatever its measures: one line of the processor's cache, since every row meets it.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct CellState {
    /// The last subject that touched the cell, by its stamp.
    subject: u32,
    /// Where it stands among those touched.
    place: u32,
    /// Units that are in other inner cells too.
    shared: u32,
    rows: u64,
    /// Subjects so far.
    subjects: u64,
    /// Units, by how many rows they have.
    units: Units,
}

/// A cell's units in one channel of values: one line of the processor's cache, and apart from what rows add up to, since a margin
/// meets each unit and no row.
#[derive(Clone, Copy, Default)]
#[repr(align(64))]
struct UnitFigures {
    units: Units,
    alike: Alike,
}

/// A cell that the present subject touched.
#[derive(Clone, Copy)]
pub(super) struct TouchedCell {
    pub(super) cell: u32,
    /// Of an inner cell: which one.
    pub(super) index: u32,
    /// Rows of the subject in it.
    pub(super) rows: f64,
}

/// The cells that the present subject touched, and what it contributed to each, channel by channel. Small, and used again.
#[derive(Default)]
pub(super) struct Touched {
    cells: Vec<TouchedCell>,
    contributed: Vec<Option<f64>>,
}

impl Touched {
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.contributed.clear();
    }

    /// One more cell, with so many rows of the subject; its place. What the subject contributed is to be added.
    #[inline]
    fn push(&mut self, cell: u32, index: u32, rows: f64) -> u32 {
        // INVARIANT: no more cells are touched than there are, which fits 32 bits.
        let place = u32::try_from(self.cells.len()).unwrap_or(u32::MAX);
        self.cells.push(TouchedCell { cell, index, rows });
        place
    }

    pub(super) fn is_one(&self) -> bool {
        self.cells.len() == 1
    }

    /// Each cell with its contributions, `width` channels wide.
    pub(super) fn iter(&self, width: usize) -> impl Iterator<Item = (TouchedCell, &[Option<f64>])> {
        self.cells.iter().enumerate().map(move |(place, cell)| {
            let own = self.contributed.get(place * width..(place + 1) * width);
            (*cell, own.unwrap_or_default())
        })
    }
}

/// Which subject touched a margin last, and its place among those that this one touched.
#[derive(Clone, Copy, Default)]
struct Stamp {
    subject: u32,
    place: u32,
}

/// States and figures of every cell, margins included.
pub(super) struct Ground {
    /// Channels of values.
    width: usize,
    cells: Vec<CellState>,
    /// What rows add up to, channel by channel.
    sums: Vec<RowSums>,
    /// Units, channel by channel.
    figures: Vec<UnitFigures>,
    /// The last subject that touched each margin, and where it stands among those touched: close together, since a subject touches
    /// more margins than it has rows.
    stamps: Vec<Stamp>,
    /// The present subject's stamp; never that of a cell nobody touched, which is 0.
    subject: u32,
}

#[expect(
    clippy::indexing_slicing,
    reason = "every cell handed in is one of the lattice, and has one state and `width` figures; places are those of cells touched"
)]
impl Ground {
    pub(super) fn new(cells: usize, width: usize) -> Self {
        Self {
            width,
            cells: vec![CellState::default(); cells],
            sums: vec![RowSums::default(); cells * width],
            figures: vec![UnitFigures::default(); cells * width],
            stamps: vec![Stamp::default(); cells],
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
            self.stamps.fill(Stamp::default());
            self.subject = 1;
        }
    }

    /// A row that is nobody's. The sums of its cell.
    #[inline]
    pub(super) fn row(&mut self, cell: u32) -> &mut [RowSums] {
        self.cells[cell as usize].rows += 1;
        &mut self.sums[cell as usize * self.width..][..self.width]
    }

    /// A row of the present subject. The sums of its cell, and what the subject contributed to it so far.
    #[inline]
    pub(super) fn subjects_row<'a>(
        &'a mut self,
        cell: u32,
        index: u32,
        touched: &'a mut Touched,
    ) -> (&'a mut [RowSums], &'a mut [Option<f64>]) {
        let width = self.width;
        self.cells[cell as usize].rows += 1;
        let so_far = self.cells[cell as usize].touch(self.subject, width, cell, index, touched);
        (&mut self.sums[cell as usize * width..][..width], so_far)
    }

    /// Takes what the present subject contributed to an inner cell into one of its margins.
    #[inline]
    pub(super) fn touch(
        &mut self,
        margin: u32,
        rows: f64,
        contributed: &[Option<f64>],
        touched: &mut Touched,
    ) {
        let stamp = &mut self.stamps[margin as usize];
        if stamp.subject != self.subject {
            stamp.subject = self.subject;
            stamp.place = touched.push(margin, 0, rows);
            touched.contributed.extend_from_slice(contributed);
            return;
        }
        touched.cells[stamp.place as usize].rows += rows;
        let so_far = &mut touched.contributed[stamp.place as usize * self.width..][..self.width];
        for (so_far, more) in so_far.iter_mut().zip(contributed) {
            if let Some(more) = more {
                *so_far = Some(so_far.unwrap_or(0.0) + more);
            }
        }
    }

    /// Counts the subject in the cell.
    #[inline]
    pub(super) fn count(&mut self, cell: u32) {
        self.cells[cell as usize].subjects += 1;
    }

    /// Counts a unit of the cell that is in other cells too.
    #[inline]
    pub(super) fn share(&mut self, cell: u32) {
        let shared = &mut self.cells[cell as usize].shared;
        *shared = shared.saturating_add(1);
    }

    /// Counts a unit with all that it contributed to the cell: its rows, and each channel.
    #[inline]
    pub(super) fn merge(&mut self, cell: u32, rows: f64, contributed: &[Option<f64>]) {
        self.cells[cell as usize].units.unit(rows);
        let figures = &mut self.figures[cell as usize * self.width..][..self.width];
        for (figures, contribution) in figures.iter_mut().zip(contributed) {
            if let Some(contribution) = contribution {
                figures.units.unit(*contribution);
                figures.alike.unit(*contribution, rows);
            }
        }
    }

    /// Adds an inner cell's rows and sums to a margin's.
    pub(super) fn sum_on(&mut self, cell: u32, margin: u32) {
        self.cells[margin as usize].rows += self.cells[cell as usize].rows;
        for channel in 0..self.width {
            let from = self.sums[cell as usize * self.width + channel];
            self.sums[margin as usize * self.width + channel].sum_on(&from);
        }
    }

    /// The slots, rows first in each cell; the distinct subjects of each cell; the units of each that other cells share.
    pub(super) fn into_parts(self) -> (Vec<Slot>, Vec<u64>, Vec<u32>) {
        let mut slots = Vec::with_capacity(self.cells.len() + self.figures.len());
        for (place, cell) in self.cells.iter().enumerate() {
            slots.push(Slot::of_rows(cell.rows, &cell.units));
            let figures = &self.figures[place * self.width..][..self.width];
            let sums = &self.sums[place * self.width..][..self.width];
            slots.extend(
                sums.iter()
                    .zip(figures)
                    .map(|(sums, own)| Slot::new(sums, &own.units, &own.alike)),
            );
        }
        let subjects = self.cells.iter().map(|cell| cell.subjects).collect();
        let shared = self.cells.iter().map(|cell| cell.shared).collect();
        (slots, subjects, shared)
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "the place of a cell touched is among those touched"
)]
impl CellState {
    #[inline]
    fn touch<'a>(
        &mut self,
        subject: u32,
        width: usize,
        cell: u32,
        index: u32,
        touched: &'a mut Touched,
    ) -> &'a mut [Option<f64>] {
        if self.subject == subject {
            touched.cells[self.place as usize].rows += 1.0;
        } else {
            self.subject = subject;
            self.place = touched.push(cell, index, 1.0);
            let length = touched.contributed.len();
            touched.contributed.resize(length + width, None);
        }
        &mut touched.contributed[self.place as usize * width..][..width]
    }
}
