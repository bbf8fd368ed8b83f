//! Suppression: what to blank beside the cells that failed, so that no linear combination of what is left gives one back.
//!
//! The attacker knows all that is public: the frame, every label, the equations between cells and margins, that
//! magnitudes are not negative, which cells are empty, and, to be safe, every released figure before it was rounded. What remains
//! unknown about a failed cell is an interval; this module makes sure that it is wide enough.
//!
//! Each failed cell gets two *moves*, one up and one down: sets of blank cells and directions along which all of them
//! could be shifted together without changing a released figure (Cox, *Network models for complementary cell suppression*, J.
//! Amer. Stat. Assoc. 90 (1995), for two dimensions; Giessing and Repsilber, *Tools and strategies to protect multiple tables with the
//! GHQUAR cell suppression engine*, LNCS 2316 (2002), for hypercubes in any number). A move that carries the whole
//! protection level by itself is a proof, over integers too. The least costly is sought; every move is then checked
//! against the equations by code that knows nothing of how it was found, and small tables are audited again over all equations at
//! once, in whole numbers where they count.

mod audit;
mod bound;
mod certificate;
pub(crate) mod counts;
mod cycle;
mod field;
mod hypercube;
pub(crate) mod levels;
mod optimum;
pub(crate) mod programme;
mod prune;
mod reach;

use crate::accumulate::Statistics;
use crate::judge::Proven;
use crate::profile::Profile;
use certificate::Move;
use field::{Demand, Field};

pub(crate) use field::COALITION;

pub use audit::{AUDIT_WORK_MAX, Bracket};

/// Cells × failed cells that the search looks at, at most; past that the table stays.
pub const SEARCH_WORK_MAX: usize = 400_000_000;

/// What is blanked, and what remains unknown.
pub(crate) struct Plan {
    /// Cells to blank beside those that failed.
    pub(crate) complementary: Vec<usize>,
    /// Intervals about the failed cells.
    pub(crate) brackets: Vec<Bracket>,
    /// How good the choice is.
    pub(crate) pattern: Pattern,
    /// What the moves prove to stay unknown of every blank cell.
    pub(crate) proven: Vec<Proven>,
}

/// How good a pattern of blanks is: what the cells that were blanked beside the failed ones cost, and what any pattern costs at least. A cell
/// costs `1 + log₂(1 + rows)`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pattern {
    /// Cost of the pattern.
    pub cost: f64,
    /// A proven bound: no pattern costs less.
    pub bound: f64,
}

impl Pattern {
    const NONE: Self = Self {
        cost: 0.0,
        bound: 0.0,
    };

    /// Whether no other pattern costs less.
    #[must_use]
    pub fn is_optimal(&self) -> bool {
        self.cost <= self.bound * (1.0 + 1e-9)
    }
}

/// Why failed cells cannot be protected.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unprotected {
    /// Past [`SEARCH_WORK_MAX`].
    TooLarge,
    /// No move carries the protection level.
    NoMove,
    /// A move did not stand up to the check.
    NotProven,
    /// What blank cells add up to does not pass, whatever further cell is blank.
    Together,
}

impl Unprotected {
    pub(crate) const fn reason(self) -> &'static str {
        match self {
            Self::TooLarge => "the table is too large to protect its blank cells",
            Self::NoMove => "blank cells could not be protected from the margins",
            Self::NotProven => "blank cells are not proven to stay unknown",
            Self::Together => "what blank cells add up to could not be protected from the margins",
        }
    }
}

/// Protects the failed cells (none of them empty).
pub(crate) fn protect(
    statistics: &Statistics,
    profile: &Profile,
    failed: &[usize],
) -> Result<Plan, Unprotected> {
    let lattice = statistics.lattice();
    if failed.is_empty() || !lattice.totals() {
        // Without margins no released figure says anything about another cell.
        return Ok(Plan {
            complementary: Vec::new(),
            brackets: Vec::new(),
            pattern: Pattern::NONE,
            proven: reach::unbounded(&Field::new(statistics, profile, failed)),
        });
    }
    if failed.len().saturating_mul(lattice.count()) > SEARCH_WORK_MAX {
        return Err(Unprotected::TooLarge);
    }
    let mut field = Field::new(statistics, profile, failed);
    let mut demands: Vec<Demand> = failed.iter().map(|cell| field.demand(*cell)).collect();
    // Those that need most go first: what they blank serves the rest for nothing.
    demands.sort_by(|a, b| b.weight().total_cmp(&a.weight()).then(a.cell.cmp(&b.cell)));
    let mut proofs = search(&mut field, &demands)?;
    prune::prune(&mut field, &demands, &mut proofs);
    let mut pattern = Pattern {
        cost: field.cost_of_pattern(),
        bound: bound::bound(&field),
    };
    if !pattern.is_optimal() {
        optimum::improve(&mut field, &demands, &mut proofs, &mut pattern);
    }
    for (demand, proof) in demands.iter().zip(&proofs) {
        if !proof.holds(&field, demand) {
            return Err(Unprotected::NotProven);
        }
    }
    let brackets = audit::audit(&field, &demands)?;
    Ok(Plan {
        complementary: field.complementary(),
        proven: reach::proven(&field, &demands, &proofs),
        brackets,
        pattern,
    })
}

/// The moves that prove one demand.
pub(crate) struct Proof {
    up: Move,
    /// There exactly when something is demanded downwards.
    down: Option<Move>,
}

impl Proof {
    /// The least costly moves for a demand, if there are any.
    fn find(field: &mut Field<'_>, demand: &Demand) -> Result<Self, Unprotected> {
        let up = shift(field, demand, true)?;
        blank(field, &up);
        let down = if demand.down.iter().any(|level| *level > 0.0) {
            let down = shift(field, demand, false)?;
            blank(field, &down);
            Some(down)
        } else {
            None
        };
        Ok(Self { up, down })
    }

    /// Whether both moves stand up to the check.
    fn holds(&self, field: &Field<'_>, demand: &Demand) -> bool {
        let down = self.down.as_ref();
        let needs_down = demand.down.iter().any(|level| *level > 0.0);
        self.up.proves(field, demand, true)
            && (!needs_down || down.is_some_and(|down| down.proves(field, demand, false)))
    }

    fn cells(&self) -> impl Iterator<Item = usize> + '_ {
        let down = self.down.iter().flat_map(Move::cells);
        self.up.cells().chain(down)
    }
}

/// Moves for every demand; blanks what they pass through.
fn search(field: &mut Field<'_>, demands: &[Demand]) -> Result<Vec<Proof>, Unprotected> {
    let found = demands.iter().map(|demand| Proof::find(field, demand));
    found.collect()
}

fn shift(field: &Field<'_>, demand: &Demand, upwards: bool) -> Result<Move, Unprotected> {
    let found = if field.lattice().axes() == 2 {
        cycle::cheapest(field, demand, upwards)
    } else {
        hypercube::cheapest(field, demand, upwards)
    };
    found.ok_or(Unprotected::NoMove)
}

fn blank(field: &mut Field<'_>, chosen: &Move) {
    for cell in chosen.cells() {
        field.blank(cell);
    }
}

#[cfg(test)]
mod tests;
