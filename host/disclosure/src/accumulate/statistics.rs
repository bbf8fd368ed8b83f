//! What the accumulator found, cell by cell.

use yunei_model::BracketOf;

use super::Protection;
use super::channels::Complement;
use super::slot::Slot;
use crate::rules::Contributions;
use crate::shape::Lattice;

/// What a channel sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ChannelRole {
    /// Rows.
    Rows,
    /// Values, or numerators, weighed where the measure is.
    Value,
    /// Denominators.
    Denominator,
    /// Weights alone.
    Weight,
    /// What lies between two figures, of one column or of two.
    Complement(Complement),
}

impl ChannelRole {
    /// Whether a channel in this role is what one in the other role, of the same measure in another shape, is.
    fn is(self, other: Self) -> bool {
        match (self, other) {
            (Self::Complement(own), Self::Complement(theirs)) => own.is_same_own(&theirs),
            _ => self == other,
        }
    }

    /// Whether it lies between two figures, and is none.
    pub(crate) const fn is_complement(self) -> bool {
        matches!(self, Self::Complement(_))
    }
}

impl ChannelRole {
    /// What the channel sums, as supervision reads it.
    pub(crate) const fn told(self) -> BracketOf {
        match self {
            Self::Rows => BracketOf::Rows,
            Self::Value => BracketOf::Sum,
            Self::Denominator => BracketOf::Denominator,
            Self::Weight => BracketOf::Weight,
            Self::Complement(_) => BracketOf::Complement,
        }
    }
}

/// One figure that is summed in every cell.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Channel {
    /// The measure that it belongs to.
    pub(crate) measure: Option<usize>,
    pub(crate) role: ChannelRole,
    /// Input column.
    pub(crate) value: Option<usize>,
    /// Another column that must be present too: a ratio takes rows with both.
    pub(crate) needs: Option<usize>,
    pub(crate) weight: Option<usize>,
}

impl Channel {
    /// The two measures that it lies between, where they are figures of two columns: it counts the rows in which these differ.
    pub(crate) const fn columns_apart(&self) -> Option<[usize; 2]> {
        match (self.role, self.measure, self.value) {
            (ChannelRole::Complement(complement), Some(one), None) => match complement.beside {
                Some(other) => Some([one, other]),
                None => None,
            },
            _ => None,
        }
    }

    pub(super) const fn rows() -> Self {
        Self {
            measure: None,
            role: ChannelRole::Rows,
            value: None,
            needs: None,
            weight: None,
        }
    }
}

/// The statistics of every cell, margins included. Holds figures that may not leave: it has no revealing `Debug`.
pub struct Statistics {
    protection: Protection,
    lattice: Lattice,
    channels: Vec<Channel>,
    slots: Vec<Slot>,
    subjects: Vec<u64>,
    shared: Vec<u32>,
    /// Units of all classes together, per sensitive axis and cell, where margins are counted and not told.
    lines: Vec<(usize, Vec<u64>)>,
    /// Whether each input is a weight, or weighed, and 0 or 1 in every row.
    masks: Vec<bool>,
}

impl std::fmt::Debug for Statistics {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Statistics({} cells)", self.lattice.count())
    }
}

impl Statistics {
    pub(super) const fn new(
        protection: Protection,
        lattice: Lattice,
        channels: Vec<Channel>,
        slots: Vec<Slot>,
        subjects: Vec<u64>,
        shared: Vec<u32>,
    ) -> Self {
        Self {
            protection,
            lattice,
            channels,
            slots,
            subjects,
            shared,
            lines: Vec::new(),
            masks: Vec::new(),
        }
    }

    pub(super) fn with_masks(mut self, masks: Vec<bool>) -> Self {
        self.masks = masks;
        self
    }

    /// The same over the inner cells alone, if that is all that `told` has, and who is in each line of the axes.
    pub(super) fn over(self, told: Lattice, axes: &[usize]) -> Self {
        if told == self.lattice {
            return self;
        }
        let inner = self.lattice.inner_cells();
        let line = |axis: usize| {
            let margin = |cell: &u32| {
                let total = self.lattice.labels(axis);
                self.units(self.lattice.moved(*cell as usize, axis, total))
            };
            (axis, inner.iter().map(margin).collect())
        };
        let lines = axes.iter().map(|axis| line(*axis)).collect();
        let width = self.channels.len();
        let own = |cell: &u32| {
            let first = *cell as usize * width;
            self.slots.get(first..first + width).unwrap_or_default()
        };
        let shared = |cell: &u32| self.shared.get(*cell as usize).copied().unwrap_or(0);
        Self {
            slots: inner.iter().flat_map(own).cloned().collect(),
            subjects: inner.iter().map(|c| self.subjects(*c as usize)).collect(),
            shared: inner.iter().map(shared).collect(),
            lines,
            lattice: told,
            protection: self.protection,
            channels: self.channels,
            masks: self.masks,
        }
    }

    /// Units of all classes of an axis together; `None` where nobody asked for them.
    pub(crate) fn units_of_line(&self, cell: usize, axis: usize) -> Option<u64> {
        if self.lattice.totals() {
            let total = self.lattice.labels(axis);
            return Some(self.units(self.lattice.moved(cell, axis, total)));
        }
        let (_, units) = self.lines.iter().find(|(line, _)| *line == axis)?;
        units.get(cell).copied()
    }

    /// Whether an input that weighs, or is weighed, is 0 or 1 in every row.
    pub(crate) fn is_mask(&self, input: usize) -> bool {
        self.masks.get(input).copied().unwrap_or(false)
    }

    /// Whose data it was.
    #[must_use]
    pub const fn protection(&self) -> Protection {
        self.protection
    }

    /// Rows in a cell of the table (by row of the table, margins included).
    #[must_use]
    pub fn rows(&self, cell: usize) -> u64 {
        self.slot(cell, 0).map_or(0, |slot| slot.rows)
    }

    /// Distinct data subjects in a cell.
    #[must_use]
    pub fn subjects(&self, cell: usize) -> u64 {
        self.subjects.get(cell).copied().unwrap_or(0)
    }

    /// What counts as n: subjects or, where a catalogue names groups, groups, whichever are fewer.
    #[must_use]
    pub fn units(&self, cell: usize) -> u64 {
        self.slot(cell, 0)
            .map_or(0, |slot| slot.units)
            .min(self.subjects(cell))
    }

    /// Units of an inner cell that are in no other inner cell: so many could be away, or more be there, without a trace elsewhere.
    pub(crate) fn exclusive_units(&self, cell: usize) -> u64 {
        let shared = self.shared.get(cell).copied().unwrap_or(0);
        self.units(cell).saturating_sub(u64::from(shared))
    }

    /// Whether every unit is in one inner cell alone. Otherwise a fact about the unit stands in several cells, and these are equations
    /// about the same unknowns.
    #[must_use]
    pub fn units_are_apart(&self) -> bool {
        self.shared.iter().all(|shared| *shared == 0)
    }

    /// The same channels over one cell.
    pub(super) fn of_one_cell(&self, lattice: Lattice, slots: Vec<Slot>, subjects: u64) -> Self {
        let mut one = Self::new(
            self.protection,
            lattice,
            self.channels.clone(),
            slots,
            vec![subjects],
            vec![0],
        );
        one.masks.clone_from(&self.masks);
        one
    }

    pub(crate) fn channels(&self) -> &[Channel] {
        &self.channels
    }

    pub(crate) const fn lattice(&self) -> &Lattice {
        &self.lattice
    }

    pub(crate) fn slot(&self, cell: usize, channel: usize) -> Option<&Slot> {
        if channel >= self.channels.len() {
            return None;
        }
        self.slots.get(cell * self.channels.len() + channel)
    }

    /// The contributions to a cell in a channel.
    pub(crate) fn contributions(&self, cell: usize, channel: usize) -> Contributions {
        self.slot(cell, channel).map_or(
            Contributions {
                largest: [0.0; 3],
                units: 0,
                total: 0.0,
            },
            |slot| Contributions {
                largest: slot.largest,
                units: slot.units,
                total: slot.total(),
            },
        )
    }

    /// The channel of a measure in a role.
    pub(crate) fn channel_of(&self, measure: usize, role: ChannelRole) -> Option<usize> {
        self.channels
            .iter()
            .position(|c| c.measure == Some(measure) && c.role.is(role))
    }

    /// Whether a value or sum somewhere is no finite number.
    pub(crate) fn is_broken(&self) -> bool {
        self.slots
            .iter()
            .any(|slot| slot.broken || !slot.total().is_finite())
    }
}

/// The total of a slot.
pub(crate) fn total_of(slot: &Slot) -> f64 {
    slot.total()
}
