//! Which weights are masks: 0 or 1 in every row.

use super::Input;
use crate::shape::Shape;

/// Per input whether it has been 0 or 1 so far; nothing of inputs that neither weigh nor are weighed.
pub(super) struct Weights {
    inputs: Vec<Option<bool>>,
}

impl Weights {
    pub(super) fn new(shape: &Shape) -> Self {
        let weighed = |measure: usize| shape.measures().get(measure).is_some_and(|m| m.weighted);
        let slots = shape.inputs().into_iter();
        Self {
            inputs: slots
                .map(|slot| weighed(slot.measure).then_some(true))
                .collect(),
        }
    }

    /// Takes a block: a column is looked at until it has another value.
    pub(super) fn take(&mut self, inputs: &[Input<'_>]) {
        let open = self.inputs.iter_mut().zip(inputs);
        for (known, input) in open.filter(|(known, _)| **known == Some(true)) {
            let mut rows = input.values.iter().enumerate();
            let is_mask = |value: f64| value == 0.0 || value.total_cmp(&1.0).is_eq();
            *known = Some(rows.all(|(row, value)| is_mask(*value) || !input.presence.at(row)));
        }
    }

    /// The inputs that are masks.
    pub(super) fn into_masks(self) -> Vec<bool> {
        self.inputs
            .into_iter()
            .map(|known| known == Some(true))
            .collect()
    }
}
