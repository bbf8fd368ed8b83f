//! What each unit gave to each atom.

use super::atoms::Atoms;
use super::counted::Rows;

/// Rows, sorted so that those of one unit in one atom are together.
pub(super) struct Gifts {
    /// Atom, unit, row.
    rows: Vec<(u32, u32, usize)>,
}

impl Atoms {
    /// What the units gave.
    pub(super) fn gifts(&self, rows: &Rows) -> Gifts {
        let of_row = |(row, atom): &(usize, u32)| {
            let unit = rows.units.get(*row).copied()?;
            Some((*atom, unit, *row))
        };
        let mut rows: Vec<(u32, u32, usize)> = self.rows().iter().filter_map(of_row).collect();
        rows.sort_unstable();
        Gifts { rows }
    }
}

impl Gifts {
    /// Per atom, what all units but the two that gave most hold together; exactly nothing where there are no others. No gift is negative.
    pub(super) fn remainders(&self, atoms: usize, gift: &dyn Fn(usize) -> f64) -> Vec<f64> {
        let mut remainders = vec![0.0; atoms];
        for of_atom in self.rows.chunk_by(|a, b| a.0 == b.0) {
            let (mut first, mut second, mut rest) = (0.0_f64, 0.0_f64, 0.0_f64);
            for of_unit in of_atom.chunk_by(|a, b| a.1 == b.1) {
                let gave: f64 = of_unit.iter().map(|(_, _, row)| gift(*row)).sum();
                // Whoever is not among the two any more joins the others.
                rest += gave.min(second);
                second = gave.max(second).min(first);
                first = first.max(gave);
            }
            let atom = of_atom.first().map(|(atom, ..)| *atom as usize);
            if let Some(remainder) = atom.and_then(|atom| remainders.get_mut(atom)) {
                *remainder = rest;
            }
        }
        remainders
    }
}
