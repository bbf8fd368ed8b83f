//! The rules that the contribution of a `per-subject` module must keep.

use crate::Contribution;

/// Fixed cells of one module at most.
pub const CONTRIBUTION_CELLS_MAX: usize = 4096;
/// Measures of one module at most.
pub const CONTRIBUTION_MEASURES_MAX: usize = 32;
/// Figures that a module asks for at most: cells times measures.
pub const CONTRIBUTION_FIGURES_MAX: usize = 16_384;
/// Values that one data subject gives at most: cells that it may touch, times measures.
pub const CONTRIBUTION_VALUES_MAX: usize = 256;
/// Bytes of a cell's label at most.
pub const CONTRIBUTION_LABEL_BYTES_MAX: usize = 200;

impl Contribution {
    /// Position of the default cell among the cells.
    #[must_use]
    pub fn default_position(&self) -> Option<usize> {
        let default = self.default_cell.as_ref()?;
        self.cells.iter().position(|cell| cell == default)
    }

    /// Every rule that it breaks, in words.
    pub(crate) fn broken_rules(&self) -> Vec<String> {
        let mut broken = self.broken_sizes();
        for (position, label) in self.cells.iter().enumerate() {
            if label.trim().is_empty() || label.len() > CONTRIBUTION_LABEL_BYTES_MAX {
                broken.push(format!(
                    "contribution: the label of cell {position} is empty, or longer than {CONTRIBUTION_LABEL_BYTES_MAX} bytes"
                ));
            }
            if self.cells.iter().take(position).any(|other| other == label) {
                broken.push(format!("contribution: cell `{label}` is there twice"));
            }
        }
        for (position, measure) in self.measures.iter().enumerate() {
            let name = &measure.name;
            let (min, max, default) = (measure.min, measure.max, measure.default);
            if !(min.is_finite() && max.is_finite() && default.is_finite()) {
                broken.push(format!(
                    "contribution: measure `{name}` has a bound or default that is no finite number"
                ));
            } else if !(min <= default && default <= max) {
                broken.push(format!(
                    "contribution: measure `{name}` needs min ≤ default ≤ max"
                ));
            }
            if default != 0.0 && self.default_cell.is_none() {
                broken.push(format!(
                    "contribution: measure `{name}` has a default, and no `default_cell` says where it counts"
                ));
            }
            if self.measures.iter().take(position).any(|m| &m.name == name) {
                broken.push(format!("contribution: measure `{name}` is there twice"));
            }
        }
        if self.default_cell.is_some() && self.default_position().is_none() {
            broken.push("contribution: `default_cell` is none of the cells".to_owned());
        }
        broken
    }

    fn broken_sizes(&self) -> Vec<String> {
        let mut broken = Vec::new();
        let mut within = |what: &str, found: usize, most: usize| {
            if found == 0 || found > most {
                broken.push(format!(
                    "contribution: {what}: {found}, and 1 to {most} are possible"
                ));
            }
        };
        let (cells, measures) = (self.cells.len(), self.measures.len());
        let touched = usize::try_from(self.cells_per_subject).unwrap_or(usize::MAX);
        within("cells", cells, CONTRIBUTION_CELLS_MAX);
        within("measures", measures, CONTRIBUTION_MEASURES_MAX);
        within("cells_per_subject", touched, cells.max(1));
        if cells.saturating_mul(measures) > CONTRIBUTION_FIGURES_MAX {
            broken.push(format!(
                "contribution: cells times measures may be {CONTRIBUTION_FIGURES_MAX} at most"
            ));
        }
        if touched.saturating_mul(measures) > CONTRIBUTION_VALUES_MAX {
            broken.push(format!(
                "contribution: cells_per_subject times measures may be {CONTRIBUTION_VALUES_MAX} at most"
            ));
        }
        broken
    }
}

#[cfg(test)]
mod tests;
