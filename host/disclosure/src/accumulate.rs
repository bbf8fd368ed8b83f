//! The accumulator: from rows, grouped by data subject, to the statistics of every cell, at scan speed.
//!
//! A row costs its own slots and nothing else. When a subject's rows end, what it contributed to each cell that it touched is
//! merged into that cell and the margins above it; sums are compensated, so that they do not depend on how rows are
//! cut into blocks, and margins are summed from inner cells in canonical order at the end.

mod block;
mod channels;
mod ground;
mod groups;
mod order;
mod reading;
mod slot;
mod statistics;
mod together;
mod values;
mod weights;

use thiserror::Error;

use crate::shape::{CELLS_MAX, Lattice, Shape};
use ground::{Ground, Touched};
use groups::Groups;
use order::Order;
use reading::Reading;
use weights::Weights;

pub use block::{Block, Input, Presence, SubjectRows};
pub(crate) use channels::{Mask, channels, complements, masked};
pub use order::SubjectKey;
use slot::Part;
pub(crate) use slot::Slot;
pub use statistics::Statistics;
pub(crate) use statistics::{Channel, ChannelRole, total_of};
pub(crate) use values::{Apart, VALUES_MAX};

/// Slots (cells × channels of figures) of one accumulator at most: about 230 MB.
pub const SLOTS_MAX: usize = 2_000_000;
/// Pairs of group and cell that are held to merge subjects by group, at most.
pub const GROUP_CELLS_MAX: usize = 4_000_000;
/// Subjects that are remembered under [`Arrangement::Grouped`], at most.
pub const SUBJECTS_REMEMBERED_MAX: usize = 1 << 26;
/// Pairs of inner cell and margin at most.
const MARGIN_LINKS_MAX: usize = 1 << 24;

/// Whose data the rows are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protection {
    /// Data subjects': every rule applies.
    Subjects,
    /// Nobody's (basis `non-personal`): no rule of support or dominance applies, and nothing is rounded.
    None,
}

/// How the rows of a subject stand together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrangement {
    /// Subjects rise: integers by value, texts by bytes. Checked row by row at no cost.
    Rising,
    /// Each subject's rows stand together, subjects in any order. Checked at the end, for 8 bytes per subject.
    Grouped,
}

/// Accumulates the statistics of every cell of a shape.
pub struct Accumulator {
    protection: Protection,
    channels: Vec<Channel>,
    inputs: usize,
    /// The cells of inner indices; none where every cell is an inner one.
    inner: Option<Vec<u32>>,
    margins: Vec<u32>,
    /// The cells that are counted, and those that the statistics are told of.
    lattice: Lattice,
    told: Lattice,
    /// Axes whose classes are sensitive.
    sensitive: Vec<usize>,
    weights: Weights,
    /// The present subject's group.
    group: Option<u32>,
    groups: Groups,
    order: Order,
    ground: Ground,
    touched: Touched,
    touched_margins: Touched,
}

impl Accumulator {
    /// An accumulator for rows whose subjects rise.
    ///
    /// # Errors
    /// [`AccumulateError::TooLarge`] past a limit.
    pub fn new(shape: &Shape, protection: Protection) -> Result<Self, AccumulateError> {
        Self::arranged(shape, protection, Arrangement::Rising)
    }

    /// An accumulator for rows arranged in a given way.
    ///
    /// # Errors
    /// [`AccumulateError::TooLarge`] past a limit.
    pub fn arranged(
        shape: &Shape,
        protection: Protection,
        arrangement: Arrangement,
    ) -> Result<Self, AccumulateError> {
        let (lattice, told) = (Self::counted(shape)?, shape.lattice().clone());
        let mut channels = channels(shape);
        if protection == Protection::Subjects {
            channels.extend(complements(shape, &channels)?);
        }
        let links = Self::holds(shape)?;
        let inner = lattice.totals().then(|| lattice.inner_cells());
        let mut margins = Vec::with_capacity(links);
        for cell in inner.iter().flatten() {
            // INVARIANT: cells are below CELLS_MAX, so that they fit 32 bits.
            margins.extend(
                lattice
                    .margins_of(*cell as usize)
                    .map(|margin| u32::try_from(margin).unwrap_or(u32::MAX)),
            );
        }
        // Rows as such are the first channel, and the ground's own.
        let width = channels.len() - 1;
        Ok(Self {
            protection,
            inputs: shape.inputs().len(),
            inner,
            margins,
            group: None,
            groups: Groups::new(width),
            order: Order::new(arrangement),
            ground: Ground::new(lattice.count(), width),
            touched: Touched::default(),
            touched_margins: Touched::default(),
            sensitive: shape.sensitive_axes().collect(),
            weights: Weights::new(shape),
            told,
            lattice,
            channels,
        })
    }

    /// Whether the cells of a shape are few enough to be held: it follows from the shape alone. Answers the pairs of inner cell and margin.
    ///
    /// # Errors
    /// [`AccumulateError::TooLarge`] past a limit.
    pub fn holds(shape: &Shape) -> Result<usize, AccumulateError> {
        let lattice = Self::counted(shape)?;
        let figures = channels(shape);
        let between = complements(shape, &figures)?;
        let slots = lattice
            .count()
            .saturating_mul(figures.len() + between.len());
        let links = lattice.inner().saturating_mul(lattice.margins_per_cell());
        for (limit, name, asked) in [
            (SLOTS_MAX, "slots_max", slots),
            (MARGIN_LINKS_MAX, "margin_links_max", links),
        ] {
            if asked > limit {
                return Err(AccumulateError::TooLarge { name, limit, asked });
            }
        }
        Ok(links)
    }

    /// The cells to count: margins too where class disclosure asks who is in a line of a sensitive dimension, shown or not.
    fn counted(shape: &Shape) -> Result<Lattice, AccumulateError> {
        if shape.totals() || shape.sensitive_axes().next().is_none() {
            return Ok(shape.lattice().clone());
        }
        let sizes: Vec<usize> = shape.dimensions().iter().map(|d| d.labels.len()).collect();
        Lattice::new(&sizes, true).map_err(|_| AccumulateError::TooLarge {
            name: "cells_max",
            limit: CELLS_MAX,
            asked: CELLS_MAX + 1,
        })
    }

    /// One row: its subject, its inner cell, and one value for each of [`Shape::inputs`].
    ///
    /// # Errors
    /// [`AccumulateError`] when subjects are out of order, the cell does not exist, or columns are missing. After an error nothing
    /// that was accumulated may be used.
    pub fn row(
        &mut self,
        subject: SubjectKey<'_>,
        cell: usize,
        values: &[Option<f64>],
    ) -> Result<(), AccumulateError> {
        self.row_in_group(subject, SubjectKey::Absent, cell, values)
    }

    /// One row of a subject that belongs to a group; [`SubjectKey::Absent`] for none. A subject whose rows name several belongs to the first.
    ///
    /// # Errors
    /// As [`Self::row`].
    pub fn row_in_group(
        &mut self,
        subject: SubjectKey<'_>,
        group: SubjectKey<'_>,
        cell: usize,
        values: &[Option<f64>],
    ) -> Result<(), AccumulateError> {
        // INVARIANT: cells are below CELLS_MAX; one that is not is no cell.
        let cells = [u32::try_from(cell).unwrap_or(u32::MAX)];
        let columns: Vec<([f64; 1], [u8; 1])> = values
            .iter()
            .map(|value| ([value.unwrap_or(0.0)], [u8::from(value.is_some())]))
            .collect();
        let inputs: Vec<Input<'_>> = columns
            .iter()
            .map(|(values, bytes)| Input {
                values,
                presence: Presence::Bits { bytes, offset: 0 },
            })
            .collect();
        self.block(&Block {
            subjects: &[SubjectRows {
                key: subject,
                rows: 1,
            }],
            groups: &[group],
            cells: &cells,
            inputs: &inputs,
        })
    }

    /// A block of rows.
    ///
    /// # Errors
    /// As [`Self::row`], and when columns differ in length.
    pub fn block(&mut self, block: &Block<'_>) -> Result<(), AccumulateError> {
        let rows = block.cells.len();
        if block.inputs.len() != self.inputs {
            return Err(self.wrong_columns(block.inputs.len()));
        }
        let subjects_fit = match self.protection {
            Protection::Subjects => {
                let held = block
                    .subjects
                    .iter()
                    .try_fold(0_usize, |held, subject| held.checked_add(subject.rows));
                held == Some(rows)
            }
            Protection::None => true,
        };
        let groups_fit = block.groups.is_empty() || block.groups.len() == rows;
        if !subjects_fit || !groups_fit || block.inputs.iter().any(|i| i.values.len() != rows) {
            return Err(AccumulateError::Ragged { rows });
        }
        self.weights.take(block.inputs);
        let readings: Vec<Reading<'_>> = self
            .channels
            .iter()
            .skip(1)
            .map(|channel| channel.reading(block.inputs))
            .collect();
        if self.protection == Protection::None {
            for (row, cell) in block.cells.iter().enumerate() {
                self.add_unprotected(*cell, row, &readings)?;
            }
            return Ok(());
        }
        let mut first = 0;
        for subject in block.subjects {
            let rows = first..first + subject.rows;
            first = rows.end;
            let group = || {
                let groups = block.groups.get(rows.clone()).unwrap_or_default();
                let named = groups.iter().find(|group| **group != SubjectKey::Absent);
                named.copied().unwrap_or_default()
            };
            self.enter(subject.key, group)?;
            let cells = block.cells.get(rows.clone()).unwrap_or_default();
            for (row, cell) in rows.zip(cells) {
                self.add(*cell, row, &readings)?;
            }
        }
        Ok(())
    }

    /// Ends the last subject and sums the margins.
    ///
    /// # Errors
    /// [`AccumulateError::NotGrouped`] when a subject came back under [`Arrangement::Grouped`].
    pub fn finish(mut self) -> Result<Statistics, AccumulateError> {
        self.end_subject()?;
        self.order.finish()?;
        let lattice = &self.lattice;
        let is_inner =
            |cell: u32| (0..lattice.axes()).all(|axis| !lattice.is_margin(cell as usize, axis));
        self.groups.finish(&mut self.ground, is_inner);
        self.sum_margins();
        let (slots, subjects, shared) = self.ground.into_parts();
        let counted = Statistics::new(
            self.protection,
            self.lattice,
            self.channels,
            slots,
            subjects,
            shared,
        );
        Ok(counted
            .over(self.told, &self.sensitive)
            .with_masks(self.weights.into_masks()))
    }

    const fn wrong_columns(&self, given: usize) -> AccumulateError {
        AccumulateError::Columns {
            expected: self.inputs,
            given,
        }
    }

    /// Goes on to a subject; `group` finds the first that the rows at hand name.
    #[inline]
    fn enter<'a>(
        &mut self,
        subject: SubjectKey<'_>,
        group: impl FnOnce() -> SubjectKey<'a>,
    ) -> Result<(), AccumulateError> {
        if !self.order.is_same(subject) {
            self.end_subject()?;
            self.order.step(subject)?;
            self.ground.next_subject();
            self.group = None;
        }
        // A subject belongs to the first group that its rows name, so that what it contributed is never split.
        if self.group.is_none() {
            self.group = self.groups.enter(group())?;
        }
        Ok(())
    }

    /// The cell of an inner index.
    #[inline]
    fn cell(&self, index: u32) -> Result<u32, AccumulateError> {
        let cell = match &self.inner {
            Some(inner) => inner.get(index as usize).copied(),
            None => Some(index).filter(|cell| (*cell as usize) < self.lattice.count()),
        };
        cell.ok_or(AccumulateError::NoCell {
            cell: index as usize,
        })
    }

    #[inline]
    fn add(
        &mut self,
        index: u32,
        row: usize,
        readings: &[Reading<'_>],
    ) -> Result<(), AccumulateError> {
        let cell = self.cell(index)?;
        let (sums, so_far) = self.ground.subjects_row(cell, index, &mut self.touched);
        for ((reading, sums), so_far) in readings.iter().zip(sums).zip(so_far) {
            if let Some(contribution) = reading.add(sums, row) {
                Part::take(so_far, contribution);
            }
        }
        Ok(())
    }

    #[inline]
    fn add_unprotected(
        &mut self,
        index: u32,
        row: usize,
        readings: &[Reading<'_>],
    ) -> Result<(), AccumulateError> {
        let cell = self.cell(index)?;
        for (reading, sums) in readings.iter().zip(self.ground.row(cell)) {
            reading.add(sums, row);
        }
        Ok(())
    }

    /// Merges what the subject contributed into its cells and their margins.
    fn end_subject(&mut self) -> Result<(), AccumulateError> {
        let width = self.channels.len() - 1;
        let margins_per_cell = self.lattice.margins_per_cell();
        let (ground, groups, group) = (&mut self.ground, &mut self.groups, self.group);
        let mut count = |ground: &mut Ground, cell, rows, contributed: &[Option<Part>]| {
            ground.count(cell);
            match group {
                Some(group) => groups.merge(group, cell, rows, contributed),
                None => {
                    ground.merge(cell, rows, contributed);
                    Ok(())
                }
            }
        };
        let alone = self.touched.is_one();
        for (touched, contributed) in self.touched.iter(width) {
            count(ground, touched.cell, touched.rows, contributed)?;
            if !alone && group.is_none() {
                ground.share(touched.cell);
            }
            let first = touched.index as usize * margins_per_cell;
            let margins = self.margins.get(first..first + margins_per_cell);
            for margin in margins.unwrap_or_default() {
                if alone {
                    count(ground, *margin, touched.rows, contributed)?;
                    continue;
                }
                let rows = touched.rows;
                ground.touch(*margin, rows, contributed, &mut self.touched_margins);
            }
        }
        for (margin, contributed) in self.touched_margins.iter(width) {
            count(ground, margin.cell, margin.rows, contributed)?;
        }
        self.touched.clear();
        self.touched_margins.clear();
        Ok(())
    }

    fn sum_margins(&mut self) {
        let margins_per_cell = self.lattice.margins_per_cell();
        for (index, cell) in self.inner.iter().flatten().enumerate() {
            let first = index * margins_per_cell;
            let margins = self.margins.get(first..first + margins_per_cell);
            for margin in margins.unwrap_or_default() {
                self.ground.sum_on(*cell, *margin);
            }
        }
    }
}

/// Why rows cannot be accumulated. No row's value is in it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccumulateError {
    /// Past a limit.
    #[error("`{name}` is limited to {limit}: {asked} were asked for")]
    TooLarge {
        /// The limit's name.
        name: &'static str,
        /// The limit.
        limit: usize,
        /// Asked for.
        asked: usize,
    },
    /// A subject's rows do not stand together.
    #[error("the rows are not grouped by data subject: subject {subject} is out of order")]
    NotGrouped {
        /// How many subjects came before it.
        subject: u64,
    },
    /// A cell that the shape does not have.
    #[error("there is no cell {cell}")]
    NoCell {
        /// The index.
        cell: usize,
    },
    /// Another number of columns than the shape's measures need.
    #[error("the measures need {expected} columns, {given} were given")]
    Columns {
        /// Needed.
        expected: usize,
        /// Given.
        given: usize,
    },
    /// Columns of different lengths.
    #[error("a column of the block does not have {rows} rows")]
    Ragged {
        /// Rows of the block.
        rows: usize,
    },
}

#[cfg(test)]
mod tests;
