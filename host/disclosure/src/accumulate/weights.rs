//! What kind of weights there are: masks, which are 0 or 1 in every row, and those that are all of one size.

use super::Input;
use crate::shape::Shape;

/// What an input that weighs, or is weighed, is like over all rows.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Weight {
    /// Whether it is 0 or 1.
    pub(crate) mask: bool,
    /// The least and the greatest that it is but for 0, by amount; ∞ and 0 where it is nothing else.
    least: f64,
    greatest: f64,
}

impl Weight {
    const NONE: Self = Self {
        mask: true,
        least: f64::INFINITY,
        greatest: 0.0,
    };

    fn take(&mut self, value: f64) {
        let amount = value.abs();
        if amount > 0.0 {
            self.least = self.least.min(amount);
            self.greatest = self.greatest.max(amount);
        }
        self.mask &= value == 0.0 || value.total_cmp(&1.0).is_eq();
    }

    /// How many times the least is in the greatest; 0 where there is none.
    pub(crate) fn span(&self) -> f64 {
        if self.greatest > 0.0 {
            self.greatest / self.least
        } else {
            0.0
        }
    }
}

/// Per input; nothing of inputs that neither weigh nor are weighed.
pub(super) struct Weights {
    inputs: Vec<Option<Weight>>,
}

impl Weights {
    pub(super) fn new(shape: &Shape) -> Self {
        let weighed = |measure: usize| shape.measures().get(measure).is_some_and(|m| m.weighted);
        let slots = shape.inputs().into_iter();
        Self {
            inputs: slots
                .map(|slot| weighed(slot.measure).then_some(Weight::NONE))
                .collect(),
        }
    }

    /// Takes a block.
    pub(super) fn take(&mut self, inputs: &[Input<'_>]) {
        for (known, input) in self.inputs.iter_mut().zip(inputs) {
            let Some(known) = known else { continue };
            let rows = input.values.iter().enumerate();
            rows.filter(|(row, _)| input.presence.at(*row))
                .for_each(|(_, value)| known.take(*value));
        }
    }

    /// What the inputs are like.
    pub(super) fn into_kinds(self) -> Vec<Option<Weight>> {
        self.inputs
    }
}
