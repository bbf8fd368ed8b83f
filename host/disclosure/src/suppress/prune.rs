//! Needless blanks: what an earlier move blanked, a later one may have made superfluous.

use super::field::{Demand, Field};
use super::{Proof, shift};

/// Cells × searches that taking back looks at, at most.
const PRUNE_WORK_MAX: usize = 40_000_000;

/// Shows again every complementary cell, dearest first, whose moves can all go through other blank cells.
pub(super) fn prune(field: &mut Field<'_>, demands: &[Demand], proofs: &mut [Proof]) {
    let mut cells = field.complementary();
    cells.sort_by(|a, b| field.price(*b).total_cmp(&field.price(*a)).then(a.cmp(b)));
    let mut work = PRUNE_WORK_MAX;
    field.freeze(true);
    for cell in cells {
        field.set_blank(cell, false);
        match reroute(field, cell, demands, proofs, &mut work) {
            Some(replaced) => {
                for (place, proof) in replaced {
                    if let Some(old) = proofs.get_mut(place) {
                        *old = proof;
                    }
                }
            }
            None => field.set_blank(cell, true),
        }
    }
    field.freeze(false);
}

/// Proofs in the place of those that pass through a cell which is shown now; `None` when one has no other way.
fn reroute(
    field: &Field<'_>,
    cell: usize,
    demands: &[Demand],
    proofs: &[Proof],
    work: &mut usize,
) -> Option<Vec<(usize, Proof)>> {
    let mut replaced = Vec::new();
    for (place, (demand, proof)) in demands.iter().zip(proofs).enumerate() {
        if !proof.cells().any(|passed| passed == cell) {
            continue;
        }
        *work = work.checked_sub(field.lattice().count())?;
        let up = shift(field, demand, true).ok()?;
        let down = match proof.down {
            Some(_) => Some(shift(field, demand, false).ok()?),
            None => None,
        };
        replaced.push((place, Proof { up, down }));
    }
    Some(replaced)
}
