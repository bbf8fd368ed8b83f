//! The state of every cell, and which cells the present subject has touched.

use super::slot::{Alike, Part, RowSums, Slot, Units};

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

/// A cell's figures in one channel of values.
#[derive(Clone, Default)]
pub(super) struct Figures {
    pub(super) sums: RowSums,
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
    contributed: Vec<Option<Part>>,
}

impl Touched {
    pub(super) fn clear(&mut self) {
        self.cells.clear();
        self.contributed.clear();
    }

    pub(super) fn is_one(&self) -> bool {
        self.cells.len() == 1
    }

    /// Each cell with its contributions, `width` channels wide.
    pub(super) fn iter(
        &self,
        width: usize,
    ) -> impl Iterator<Item = (TouchedCell, &[Option<Part>])> {
        self.cells.iter().enumerate().map(move |(place, cell)| {
            let own = self.contributed.get(place * width..(place + 1) * width);
            (*cell, own.unwrap_or_default())
        })
    }
}

/// States and figures of every cell, margins included.
pub(super) struct Ground {
    /// Channels of values.
    width: usize,
    cells: Vec<CellState>,
    figures: Vec<Figures>,
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
            figures: vec![Figures::default(); cells * width],
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

    /// A row that is nobody's. The figures of its cell.
    #[inline]
    pub(super) fn row(&mut self, cell: u32) -> &mut [Figures] {
        self.cells[cell as usize].rows += 1;
        &mut self.figures[cell as usize * self.width..][..self.width]
    }

    /// A row of the present subject. The figures of its cell, and what the subject contributed to it so far.
    #[inline]
    pub(super) fn subjects_row<'a>(
        &'a mut self,
        cell: u32,
        index: u32,
        touched: &'a mut Touched,
    ) -> (&'a mut [Figures], &'a mut [Option<Part>]) {
        let width = self.width;
        self.cells[cell as usize].rows += 1;
        let so_far =
            self.cells[cell as usize].touch(self.subject, width, cell, index, touched, 1.0);
        (&mut self.figures[cell as usize * width..][..width], so_far)
    }

    /// Takes a margin among the cells touched, with some of the present subject's rows. What the subject contributed to it so far.
    #[inline]
    pub(super) fn touch<'a>(
        &mut self,
        margin: u32,
        rows: f64,
        touched: &'a mut Touched,
    ) -> &'a mut [Option<Part>] {
        self.cells[margin as usize].touch(self.subject, self.width, margin, 0, touched, rows)
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
    pub(super) fn merge(&mut self, cell: u32, rows: f64, contributed: &[Option<Part>]) {
        self.cells[cell as usize].units.unit(rows);
        let figures = &mut self.figures[cell as usize * self.width..][..self.width];
        for (figures, contribution) in figures.iter_mut().zip(contributed) {
            if let Some(contribution) = contribution {
                figures.units.unit(contribution.sum);
                figures.alike.unit(contribution);
            }
        }
    }

    /// Adds an inner cell's rows and sums to a margin's.
    pub(super) fn sum_on(&mut self, cell: u32, margin: u32) {
        self.cells[margin as usize].rows += self.cells[cell as usize].rows;
        for channel in 0..self.width {
            let from = self.figures[cell as usize * self.width + channel].sums;
            let onto = &mut self.figures[margin as usize * self.width + channel];
            onto.sums.sum_on(&from);
        }
    }

    /// The slots, rows first in each cell; the distinct subjects of each cell; the units of each that other cells share.
    pub(super) fn into_parts(self) -> (Vec<Slot>, Vec<u64>, Vec<u32>) {
        let mut slots = Vec::with_capacity(self.cells.len() + self.figures.len());
        for (place, cell) in self.cells.iter().enumerate() {
            slots.push(Slot::of_rows(cell.rows, &cell.units));
            let figures = &self.figures[place * self.width..][..self.width];
            slots.extend(
                figures
                    .iter()
                    .map(|own| Slot::new(&own.sums, &own.units, &own.alike)),
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
        rows: f64,
    ) -> &'a mut [Option<Part>] {
        if self.subject == subject {
            touched.cells[self.place as usize].rows += rows;
        } else {
            self.subject = subject;
            // INVARIANT: no more cells are touched than there are, which fits 32 bits.
            self.place = u32::try_from(touched.cells.len()).unwrap_or(u32::MAX);
            touched.cells.push(TouchedCell { cell, index, rows });
            let length = touched.contributed.len();
            touched.contributed.resize(length + width, None);
        }
        &mut touched.contributed[self.place as usize * width..][..width]
    }
}
