//! Linked tables that are described cell by cell: proofs that what is blank stays unknown, and blanks that make it so.

use super::Unlinked;
use super::path::{self, Open, Steps};
use super::protect;
use super::quantity::Quantity;
use super::system::System;
use super::target::Target;

pub(crate) use super::system::given::{Coordinates, GivenCell};

/// Steps that the search for paths takes in one review at most.
const STEPS_MAX: u64 = 40_000_000;

/// A quantity over the atoms.
pub(crate) struct GivenQuantity {
    /// Whether it moves in whole numbers.
    pub(crate) counted: bool,
    /// One value per atom, none negative.
    pub(crate) values: Vec<f64>,
}

/// What must stay unknown of some atoms in one quantity.
pub(crate) struct Aim {
    /// The atoms, rising.
    pub(crate) atoms: Vec<u32>,
    /// The quantity.
    pub(crate) quantity: usize,
    /// So far up they must be able to lie, together.
    pub(crate) up: f64,
    /// So far down.
    pub(crate) down: f64,
}

/// Tables, described.
pub(crate) struct Given {
    system: System,
    open: Vec<Option<Open>>,
    steps: Steps,
}

impl Given {
    /// Tables over these atoms. None past a limit.
    pub(crate) fn new(
        cells: Vec<GivenCell>,
        quantities: Vec<GivenQuantity>,
        coordinates: Coordinates,
    ) -> Option<Self> {
        let quantities: Vec<Quantity> = quantities
            .into_iter()
            .map(|given| Quantity::given(given.counted, given.values))
            .collect();
        let open = quantities.iter().map(|_| None).collect();
        Some(Self {
            system: System::given(cells, quantities, coordinates).ok()?,
            open,
            steps: Steps::new(STEPS_MAX),
        })
    }

    /// Whether a shift of whole numbers is found, and stands up to the check, for each level that is asked for: nobody can rule
    /// out that the atoms lie so far from what they are, nor two respondents of any other cell who put together what they know.
    pub(crate) fn proves(&mut self, aim: &Aim) -> bool {
        let Some(slot) = self.open.get_mut(aim.quantity) else {
            return false;
        };
        let open = slot.get_or_insert_with(|| Open::new(&self.system, aim.quantity));
        let target = target(&self.system, aim);
        [true, false].into_iter().all(|upwards| {
            target.level(aim.quantity, upwards) <= 0.0
                || path::seek(&self.system, open, &target, upwards, &mut self.steps)
                    .is_some_and(|shift| shift.proves(&self.system, &target))
        })
    }

    /// The cells to blank beside those that are, so that every aim is proven.
    ///
    /// # Errors
    /// Why that was not reached, in words.
    pub(crate) fn protect(mut self, aims: &[Aim]) -> Result<Vec<(usize, usize)>, &'static str> {
        let blank: Vec<bool> = self.system.classes.iter().map(|c| c.blank).collect();
        let mut targets: Vec<Target> = aims.iter().map(|aim| target(&self.system, aim)).collect();
        protect::hold(&mut self.system, &mut targets).map_err(Unlinked::reason)?;
        let classes = self.system.classes.iter().zip(blank);
        let more = classes.filter(|(class, before)| class.blank && !before);
        Ok(more.flat_map(|(class, _)| class.members.clone()).collect())
    }
}

fn target(system: &System, aim: &Aim) -> Target {
    let mut levels = vec![(0.0, 0.0); system.quantities.len()];
    if let Some(level) = levels.get_mut(aim.quantity) {
        *level = (aim.up, aim.down);
    }
    Target {
        atoms: aim.atoms.clone(),
        class: None,
        levels,
    }
}
