//! Moves, and the check that one proves what is claimed.

use std::collections::BTreeMap;

use super::field::{Demand, Field};

/// Cells that could be shifted together by one amount: `true` up, `false` down.
#[derive(Debug)]
pub(super) struct Move {
    steps: Vec<(usize, bool)>,
}

impl Move {
    pub(super) const fn new(steps: Vec<(usize, bool)>) -> Self {
        Self { steps }
    }

    pub(super) fn cells(&self) -> impl Iterator<Item = usize> + '_ {
        self.steps.iter().map(|(cell, _)| *cell)
    }

    /// Each cell that moves, and whether upwards.
    pub(super) fn steps(&self) -> &[(usize, bool)] {
        &self.steps
    }

    /// Whether the move proves that the attacker cannot rule out the demanded levels.
    ///
    /// Every cell is blank, not known to be empty or to those in it, and there once; the failed one goes the right way; those that go down can;
    /// and on every line of the table the shifts cancel: `Σ labels − margin` stays what it is. Along an integral
    /// level all values stay integral.
    pub(super) fn proves(&self, field: &Field<'_>, demand: &Demand, upwards: bool) -> bool {
        let lattice = field.lattice();
        let levels = demand.levels(upwards);
        let mut lines: BTreeMap<(usize, usize), i64> = BTreeMap::new();
        let mut seen = Vec::with_capacity(self.steps.len());
        for (cell, up) in &self.steps {
            let open = field.is_blank(*cell) && field.passes(*cell, demand.cell);
            if !open || !(*up || field.spares(*cell, demand.cell, levels)) {
                return false;
            }
            seen.push(*cell);
            for axis in 0..lattice.axes() {
                let coefficient = if lattice.is_margin(*cell, axis) {
                    -1
                } else {
                    1
                };
                let shift = if *up { coefficient } else { -coefficient };
                *lines
                    .entry((axis, lattice.moved(*cell, axis, 0)))
                    .or_insert(0) += shift;
            }
        }
        seen.sort_unstable();
        let distinct = seen.windows(2).all(|pair| pair.first() != pair.last());
        distinct
            && self.steps.contains(&(demand.cell, upwards))
            && lines.values().all(|shift| *shift == 0)
    }
}
