//! The cells of a table: every combination of labels, groups and totals included.

use super::ReviewError;
use super::axis::Axis;
use crate::shape::CELLS_MAX;

/// Passes over the rows that one table may need at most: one per combination of layers.
pub const PASSES_MAX: usize = 4096;

/// The cells of a table, in mixed radix over the nodes of its axes, the last fastest.
#[derive(Debug)]
pub(super) struct Frame<'a> {
    pub(super) axes: Vec<&'a Axis>,
    strides: Vec<usize>,
    cells: usize,
}

/// One layer of each axis: cells that do not overlap.
#[derive(Debug)]
pub(super) struct Pass {
    /// Layer per axis.
    pub(super) layers: Vec<usize>,
    /// Cells of the frame, in mixed radix over the nodes of the layers.
    pub(super) cells: Vec<usize>,
}

impl<'a> Frame<'a> {
    pub(super) fn new(axes: Vec<&'a Axis>) -> Result<Self, ReviewError> {
        let mut cells = 1_usize;
        let mut strides = Vec::with_capacity(axes.len());
        for axis in axes.iter().rev() {
            strides.push(cells);
            cells = cells.saturating_mul(axis.nodes.len());
        }
        strides.reverse();
        if cells > CELLS_MAX {
            return Err(ReviewError::TooLarge {
                name: "cells_max",
                limit: CELLS_MAX,
                asked: cells,
            });
        }
        let passes = axes
            .iter()
            .fold(1_usize, |n, axis| n.saturating_mul(axis.layers.len()));
        if passes > PASSES_MAX {
            return Err(ReviewError::TooLarge {
                name: "passes_max",
                limit: PASSES_MAX,
                asked: passes,
            });
        }
        Ok(Self {
            axes,
            strides,
            cells,
        })
    }

    /// Number of cells.
    pub(super) const fn cells(&self) -> usize {
        self.cells
    }

    /// The cell with these nodes.
    pub(super) fn cell(&self, nodes: &[usize]) -> usize {
        nodes.iter().zip(&self.strides).map(|(n, s)| n * s).sum()
    }

    /// The node of a cell on an axis.
    pub(super) fn node(&self, cell: usize, axis: usize) -> usize {
        let extent = self.axes.get(axis).map_or(1, |a| a.nodes.len());
        self.strides.get(axis).map_or(0, |s| cell / s % extent)
    }

    /// The cell moved to another node on an axis.
    pub(super) fn moved(&self, cell: usize, axis: usize, node: usize) -> usize {
        let stride = self.strides.get(axis).copied().unwrap_or(0);
        (cell + node * stride).saturating_sub(self.node(cell, axis) * stride)
    }

    /// Whether a cell is of finest labels alone.
    pub(super) fn is_finest(&self, cell: usize) -> bool {
        let axes = self.axes.iter().enumerate();
        axes.into_iter()
            .all(|(axis, a)| self.node(cell, axis) < a.leaves)
    }

    /// The labels of a cell.
    pub(super) fn labels(&self, cell: usize) -> Vec<String> {
        self.axes
            .iter()
            .enumerate()
            .map(|(axis, a)| {
                a.nodes
                    .get(self.node(cell, axis))
                    .map_or_else(String::new, |node| node.label.clone())
            })
            .collect()
    }

    /// The finest cell of a row; none where the row is in no cell.
    pub(super) fn finest(&self, row: usize) -> Option<usize> {
        let mut cell = 0;
        for (axis, stride) in self.axes.iter().zip(&self.strides) {
            cell += axis.codes.get(row).copied().flatten()? as usize * stride;
        }
        Some(cell)
    }

    /// The cells that a finest cell is part of, itself included.
    pub(super) fn above(&self, finest: usize) -> Vec<usize> {
        let mut cells = vec![0_usize];
        for (axis, a) in self.axes.iter().enumerate() {
            let stride = self.strides.get(axis).copied().unwrap_or(0);
            let leaf = super::axis::narrow(self.node(finest, axis));
            let nodes: Vec<usize> = a.above(leaf).collect();
            cells = cells
                .iter()
                .flat_map(|cell| nodes.iter().map(move |node| cell + node * stride))
                .collect();
        }
        cells
    }

    /// The passes, the finest first.
    pub(super) fn passes(&self) -> Vec<Pass> {
        let mut combinations = vec![Vec::new()];
        for axis in &self.axes {
            combinations = combinations
                .iter()
                .flat_map(|chosen: &Vec<usize>| {
                    (0..axis.layers.len()).map(move |layer| {
                        let mut chosen = chosen.clone();
                        chosen.push(layer);
                        chosen
                    })
                })
                .collect();
        }
        combinations
            .into_iter()
            .map(|layers| self.pass(layers))
            .collect()
    }

    fn pass(&self, layers: Vec<usize>) -> Pass {
        let mut cells = vec![0_usize];
        for ((axis, layer), stride) in self.axes.iter().zip(&layers).zip(&self.strides) {
            let nodes = axis
                .layers
                .get(*layer)
                .map_or(&[][..], |l| l.nodes.as_slice());
            cells = cells
                .iter()
                .flat_map(|cell| nodes.iter().map(move |node| cell + node * stride))
                .collect();
        }
        Pass { layers, cells }
    }

    /// The cell of a row within a pass, in mixed radix over the nodes of its layers.
    pub(super) fn cell_in(&self, pass: &Pass, row: usize) -> Option<usize> {
        let mut index = 0;
        for (axis, layer) in self.axes.iter().zip(&pass.layers) {
            let layer = axis.layers.get(*layer)?;
            let leaf = axis.codes.get(row).copied().flatten()? as usize;
            let place = layer.of_leaf.get(leaf).copied().flatten()? as usize;
            index = index * layer.nodes.len() + place;
        }
        Some(index)
    }
}
