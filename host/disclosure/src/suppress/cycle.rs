//! Moves along cycles, in two dimensions: the exact optimum among single cycles.
//!
//! A table with margins on two axes is a network (Cox 1995): lines are nodes, cells are arcs. An inner cell, and the grand
//! total, leads from its row to its column; a margin leads back. Shifting cells around a cycle, up along arcs and down against them,
//! changes no line's balance. The least costly cycle through the failed cell is a shortest path between its ends.

use super::certificate::Move;
use super::field::{Demand, Field};

/// The cycle that costs least, if one carries the demanded levels.
pub(super) fn cheapest(field: &Field<'_>, demand: &Demand, upwards: bool) -> Option<Move> {
    let levels = demand.levels(upwards);
    if !upwards && !field.spares(demand.cell, demand.cell, levels) {
        return None;
    }
    let network = Network::new(field);
    let (tail, head) = network.ends(demand.cell);
    // The shift runs through the failed cell from one end to the other, and must come back.
    let (start, goal) = if upwards { (head, tail) } else { (tail, head) };
    let mut steps = network.shortest(demand.cell, levels, start, goal)?;
    steps.push((demand.cell, upwards));
    Some(Move::new(steps))
}

struct Network<'a> {
    field: &'a Field<'a>,
    rows: usize,
    columns: usize,
}

/// How a node was reached.
#[derive(Clone, Copy)]
struct Reach {
    cost: f64,
    done: bool,
    from: usize,
    cell: usize,
    up: bool,
}

impl<'a> Network<'a> {
    fn new(field: &'a Field<'a>) -> Self {
        let lattice = field.lattice();
        Self {
            field,
            rows: lattice.extent(0),
            columns: lattice.extent(1),
        }
    }

    /// The nodes that a cell leads from and to. Rows come first, then columns.
    fn ends(&self, cell: usize) -> (usize, usize) {
        let lattice = self.field.lattice();
        let row = lattice.coordinate(cell, 0);
        let column = self.rows + lattice.coordinate(cell, 1);
        if lattice.is_margin(cell, 0) == lattice.is_margin(cell, 1) {
            (row, column)
        } else {
            (column, row)
        }
    }

    /// The cells at a node, with the node at their other end.
    fn at(&self, node: usize) -> impl Iterator<Item = (usize, usize)> + '_ {
        let (rows, columns) = (self.rows, self.columns);
        let is_row = node < rows;
        (0..if is_row { columns } else { rows }).map(move |step| {
            if is_row {
                (node * columns + step, rows + step)
            } else {
                (step * columns + (node - rows), step)
            }
        })
    }

    /// Dijkstra's algorithm over the dense network: every arc is looked at twice at most.
    #[expect(
        clippy::indexing_slicing,
        reason = "nodes come from `ends` and `at`, below the number of rows and columns"
    )]
    fn shortest(
        &self,
        failed: usize,
        levels: &[f64],
        start: usize,
        goal: usize,
    ) -> Option<Vec<(usize, bool)>> {
        let unreached = Reach {
            cost: f64::INFINITY,
            done: false,
            from: start,
            cell: failed,
            up: false,
        };
        let mut reach = vec![unreached; self.rows + self.columns];
        reach[start].cost = 0.0;
        for _ in 0..reach.len() {
            let node = (0..reach.len())
                .filter(|node| !reach[*node].done && reach[*node].cost.is_finite())
                .min_by(|a, b| reach[*a].cost.total_cmp(&reach[*b].cost))?;
            if node == goal {
                break;
            }
            reach[node].done = true;
            for (cell, next) in self.at(node) {
                if cell == failed || reach[next].done || !self.field.passes(cell, failed) {
                    continue;
                }
                let cost = reach[node].cost + self.field.cost(cell);
                let up = self.ends(cell).0 == node;
                if cost < reach[next].cost && (up || self.field.spares(cell, failed, levels)) {
                    reach[next] = Reach {
                        cost,
                        done: false,
                        from: node,
                        cell,
                        up,
                    };
                }
            }
        }
        let mut steps = Vec::new();
        let mut node = goal;
        while node != start && steps.len() < reach.len() {
            if !reach[node].cost.is_finite() {
                return None;
            }
            steps.push((reach[node].cell, reach[node].up));
            node = reach[node].from;
        }
        Some(steps)
    }
}
