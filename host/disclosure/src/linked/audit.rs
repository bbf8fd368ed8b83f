//! The audit of linked tables: what all equations of all tables together leave unknown about each failed cell.
//!
//! It is the second look. The first are the shifts, each a proof by itself over integers; this one solves for the bounds and may only
//! refuse.

use super::solver::SOLVER_ATOMS_MAX;
use super::system::{Class, Party, System};
use super::target::Target;
use super::{LinkedBracket, Unlinked};
use crate::suppress::programme::{Programme, TOLERANCE};
use crate::suppress::{AUDIT_WORK_MAX, Bracket};

/// Brackets reach as far as this many times the demanded level.
const REACH: f64 = 4.0;

/// Brackets every failed cell of every table, where all of them together are small enough, and compares with what is demanded.
pub(super) fn audit(
    system: &System,
    parties: &[Party<'_>],
    targets: &[Target],
) -> Result<Vec<LinkedBracket>, Unlinked> {
    let cells: Vec<&Target> = targets.iter().filter(|t| t.class.is_some()).collect();
    let asked = |target: &&Target| {
        target
            .levels
            .iter()
            .filter(|(a, b)| a.max(*b) > 0.0)
            .count()
    };
    let programmes = cells.iter().map(asked).sum::<usize>() * 2;
    let work = system.atoms().saturating_mul(programmes);
    if system.atoms() > SOLVER_ATOMS_MAX || work > AUDIT_WORK_MAX {
        return Ok(Vec::new());
    }
    let mut brackets = Vec::new();
    for target in cells {
        for quantity in 0..system.quantities.len() {
            let (up, down) = (target.level(quantity, true), target.level(quantity, false));
            let scale = up.max(down);
            if scale <= 0.0 {
                continue;
            }
            let reach = Reach {
                system,
                target,
                quantity,
                scale,
            };
            let (above, below) = (reach.find(true)?, reach.find(false)?);
            let slip = TOLERANCE * scale;
            if above + slip < up || below + slip < down {
                return Err(Unlinked::NotProven);
            }
            take(&mut brackets, &reach, parties, (below, above));
        }
    }
    Ok(brackets)
}

/// Takes the bracket for every candidate's cell that the target is.
fn take(
    brackets: &mut Vec<LinkedBracket>,
    reach: &Reach<'_>,
    parties: &[Party<'_>],
    (below, above): (f64, f64),
) {
    let Some(quantity) = reach.system.quantities.get(reach.quantity) else {
        return;
    };
    let value: f64 = reach.target.atoms.iter().map(|a| quantity.at(*a)).sum();
    let class = reach.target.class;
    let class = class.and_then(|class| reach.system.classes.get(class as usize));
    let members = class.into_iter().flat_map(|class| &class.members);
    for (table, cell) in members {
        let Some(party) = parties.get(*table).filter(|p| p.is_candidate()) else {
            continue;
        };
        if !quantity.is_told_by(party) || quantity.told().is_none() {
            continue;
        }
        brackets.push(LinkedBracket {
            table: *table,
            bracket: Bracket {
                cell: *cell,
                measure: quantity.measure(party),
                low: value - below,
                high: value + above,
            },
        });
    }
}

struct Reach<'a> {
    system: &'a System,
    target: &'a Target,
    quantity: usize,
    scale: f64,
}

impl Reach<'_> {
    /// How far the target could lie above (or below) its value: over integers for counts, unless that is out of reach and the answer over
    /// the reals is not whole by itself; then the level that a shift has proven.
    fn find(&self, upwards: bool) -> Result<f64, Unlinked> {
        let quantity = self.system.quantities.get(self.quantity);
        let quantity = quantity.ok_or(Unlinked::NotProven)?;
        let counted = quantity.is_counted();
        let scale = if counted { 1.0 } else { self.scale };
        // In the eyes of everybody outside; respondents who know more are the shifts' matter.
        let floor = |(atom, _): (u32, &f64)| -(quantity.fall(atom, true) / scale);
        let known = self.system.classes.iter();
        let known = known.filter(|class| self.system.is_known(class, self.quantity));
        let line = |class: &Class| class.atoms.iter().map(|a| (*a as usize, 1.0)).collect();
        let programme = Programme {
            floors: (0_u32..).zip(&quantity.values).map(floor).collect(),
            lines: known.map(line).collect(),
            objective: self.target.atoms.iter().map(|a| *a as usize).collect(),
            reach_max: REACH * self.scale / scale,
            counted,
        };
        let reach = programme.reach(upwards);
        let reach = reach.map_err(|_| Unlinked::NotProven)?;
        if reach.reached {
            return Ok(reach.by * scale);
        }
        let proven = self.target.level(self.quantity, upwards);
        Ok((reach.by * scale).min(proven))
    }
}
