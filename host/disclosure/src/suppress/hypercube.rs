//! Moves along hypercubes, in any number of dimensions.
//!
//! A failed cell and one partner coordinate on each axis span a hypercube of 2^d corners. Between two labels the shift changes
//! its sign; between a label and the margin it keeps it. Then every line of the table that meets the hypercube meets it in two
//! corners whose shifts cancel. With the margin as partner on every axis there is always such a hypercube.

use super::certificate::Move;
use super::field::{Demand, Field};

/// The hypercube that costs least, if one carries the demanded levels.
pub(super) fn cheapest(field: &Field<'_>, demand: &Demand, upwards: bool) -> Option<Move> {
    let mut search = Search {
        field,
        demand,
        levels: demand.levels(upwards),
        corners: vec![(demand.cell, upwards)],
        best: None,
        best_cost: f64::INFINITY,
    };
    if !upwards && !field.spares(demand.cell, demand.cell, search.levels) {
        return None;
    }
    search.extend(0, 0.0);
    search.best.map(Move::new)
}

struct Search<'a> {
    field: &'a Field<'a>,
    demand: &'a Demand,
    levels: &'a [f64],
    corners: Vec<(usize, bool)>,
    best: Option<Vec<(usize, bool)>>,
    best_cost: f64,
}

impl Search<'_> {
    /// Tries every partner on `axis` and goes on to the next; as deep as there are axes.
    fn extend(&mut self, axis: usize, cost: f64) {
        let lattice = self.field.lattice();
        if axis == lattice.axes() {
            if cost < self.best_cost {
                self.best_cost = cost;
                self.best = Some(self.corners.clone());
            }
            return;
        }
        let own = lattice.coordinate(self.demand.cell, axis);
        let margin = lattice.labels(axis);
        let known = self.corners.len();
        for partner in (0..lattice.extent(axis)).filter(|c| *c != own) {
            let keeps = own == margin || partner == margin;
            if let Some(added) = self.mirror(axis, partner, keeps, known, cost) {
                self.extend(axis + 1, added);
            }
            self.corners.truncate(known);
        }
    }

    /// Adds the corners across the axis, unless one cannot be or they cost too much.
    fn mirror(
        &mut self,
        axis: usize,
        partner: usize,
        keeps: bool,
        known: usize,
        cost: f64,
    ) -> Option<f64> {
        let mut cost = cost;
        for index in 0..known {
            let (corner, up) = *self.corners.get(index)?;
            let cell = self.field.lattice().moved(corner, axis, partner);
            let up = if keeps { up } else { !up };
            cost += self.field.cost(cell);
            let failed = self.demand.cell;
            let possible = self.field.passes(cell, failed)
                && (up || self.field.spares(cell, failed, self.levels));
            if !possible || cost >= self.best_cost {
                return None;
            }
            self.corners.push((cell, up));
        }
        Some(cost)
    }
}
