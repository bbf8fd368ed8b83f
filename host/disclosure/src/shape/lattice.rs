//! Index arithmetic over the cells of a table and its margins.

use super::{CELLS_MAX, ShapeError};

/// The cells of a table in canonical order: mixed radix with the last axis fastest; on each axis the labels, then, with
/// totals, the margin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Lattice {
    axes: Vec<Axis>,
    inner: usize,
    count: usize,
    totals: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Axis {
    /// Labels, the margin not included.
    labels: usize,
    /// Steps along the axis: labels, and one more for the margin.
    extent: usize,
    stride: usize,
}

impl Lattice {
    pub(crate) fn new(sizes: &[usize], totals: bool) -> Result<Self, ShapeError> {
        if sizes.contains(&0) {
            return Err(ShapeError::NoLabels);
        }
        let mut axes = Vec::with_capacity(sizes.len());
        let (mut count, mut inner) = (1_usize, 1_usize);
        for labels in sizes.iter().rev().copied() {
            let extent = labels + usize::from(totals);
            axes.push(Axis {
                labels,
                extent,
                stride: count,
            });
            count = count
                .checked_mul(extent)
                .filter(|cells| *cells <= CELLS_MAX)
                .ok_or(ShapeError::TooManyCells)?;
            inner *= labels;
        }
        axes.reverse();
        Ok(Self {
            axes,
            inner,
            count,
            totals,
        })
    }

    pub(crate) const fn totals(&self) -> bool {
        self.totals
    }

    pub(crate) const fn inner(&self) -> usize {
        self.inner
    }

    pub(crate) const fn count(&self) -> usize {
        self.count
    }

    pub(crate) fn axes(&self) -> usize {
        self.axes.len()
    }

    pub(crate) fn labels(&self, axis: usize) -> usize {
        self.axes.get(axis).map_or(1, |a| a.labels)
    }

    pub(crate) fn extent(&self, axis: usize) -> usize {
        self.axes.get(axis).map_or(1, |a| a.extent)
    }

    /// The coordinate of a cell on an axis; equal to the number of labels in a margin.
    pub(crate) fn coordinate(&self, cell: usize, axis: usize) -> usize {
        self.axes
            .get(axis)
            .map_or(0, |a| cell / a.stride % a.extent)
    }

    /// Whether the cell is a margin of that axis.
    pub(crate) fn is_margin(&self, cell: usize, axis: usize) -> bool {
        self.axes
            .get(axis)
            .is_some_and(|a| cell / a.stride % a.extent == a.labels)
    }

    /// The cell moved to another coordinate on an axis.
    pub(crate) fn moved(&self, cell: usize, axis: usize, coordinate: usize) -> usize {
        self.axes.get(axis).map_or(cell, |a| {
            cell - (cell / a.stride % a.extent) * a.stride + coordinate * a.stride
        })
    }

    /// The cells of inner indices, in order.
    pub(crate) fn inner_cells(&self) -> Vec<u32> {
        (0..self.inner)
            .map(|index| {
                let (mut rest, mut cell) = (index, 0);
                for axis in self.axes.iter().rev() {
                    cell += rest % axis.labels * axis.stride;
                    rest /= axis.labels;
                }
                // INVARIANT: a cell is below CELLS_MAX.
                u32::try_from(cell).unwrap_or(u32::MAX)
            })
            .collect()
    }

    /// Margins that every inner cell is part of.
    pub(crate) fn margins_per_cell(&self) -> usize {
        if self.totals {
            (1 << self.axes.len()) - 1
        } else {
            0
        }
    }

    /// The margins that an inner cell is part of: one per non-empty set of axes.
    pub(crate) fn margins_of(&self, cell: usize) -> impl Iterator<Item = usize> + '_ {
        (1..=self.margins_per_cell()).map(move |set| {
            (0..self.axes.len())
                .filter(|axis| set >> axis & 1 == 1)
                .fold(cell, |cell, axis| self.moved(cell, axis, self.labels(axis)))
        })
    }
}
