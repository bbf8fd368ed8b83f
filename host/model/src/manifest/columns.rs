//! What a manifest may not say of the columns that its module derives, and of those of its tables.

use super::{Derived, DerivedValue, Output};
use crate::regression::no_measure;
use crate::{Name, OTHER, Resource};

/// What is wrong with derived columns: names, bounds, labels.
pub(super) fn derived_faults(derived: &[Derived]) -> Vec<String> {
    let names = derived.iter().map(|column| &column.name);
    let mut faults: Vec<String> = twice(names)
        .map(|name| format!("the derived column `{name}` is there twice"))
        .collect();
    for column in derived {
        let name = &column.name;
        match &column.value {
            DerivedValue::Number { min, max } => {
                // Bounds that are no numbers would bound nothing.
                if !(min.is_finite() && max.is_finite() && min <= max) {
                    faults.push(format!(
                        "the bounds of the derived number `{name}` are finite, and the least is not above the greatest"
                    ));
                }
            }
            DerivedValue::Category { labels } => {
                if labels.is_empty() {
                    faults.push(format!("the derived category `{name}` has no label"));
                }
                if labels.iter().any(|l| l == OTHER || l.trim().is_empty()) {
                    faults.push(format!(
                        "the derived category `{name}` has an empty label, or one that is reserved"
                    ));
                }
                let labels = twice(labels.iter()).map(|label| {
                    format!("the derived category `{name}` has the label `{label}` twice")
                });
                faults.extend(labels);
            }
        }
    }
    faults
}

/// What is wrong with the names of outputs, and of the columns of each.
pub(super) fn name_faults(outputs: &[Output]) -> Vec<String> {
    let mut faults: Vec<String> = twice(outputs.iter().map(|output| &output.name))
        .map(|name| format!("the output `{name}` is there twice"))
        .collect();
    for output in outputs {
        let dimensions = output.dimensions.iter().map(super::Dimension::name);
        let columns = dimensions.chain(output.measures.iter().map(|m| &m.name));
        let columns = twice(columns)
            .map(|column| format!("output `{}`: column `{column}` is there twice", output.name));
        // A frame of the module's own says the same of its own columns.
        faults.extend(columns.filter(|_| output.own.is_empty()));
    }
    faults
}

/// Fields that measures add up, divide by, or weigh with, and of which no figure may be made.
pub(super) fn measured_faults(output: &Output, resource: &Resource) -> Vec<String> {
    let fields = output
        .measures
        .iter()
        .flat_map(|m| m.field.iter().chain(&m.denominator).chain(&m.weight));
    fields
        .filter_map(|field: &Name| no_measure(field, resource))
        .collect()
}

/// Those that came before.
fn twice<'a, T: PartialEq + 'a>(
    all: impl Iterator<Item = &'a T> + Clone,
) -> impl Iterator<Item = &'a T> {
    let before = all.clone();
    all.enumerate()
        .filter(move |(place, one)| before.clone().take(*place).any(|known| known == *one))
        .map(|(_, one)| one)
}

#[cfg(test)]
mod tests;
