//! Whether the gate can compute what a manifest asks for.
//!
//! It follows from manifest and catalogue alone, so it is said at submission, and not by how a run ends.

use yunei_disclosure::{Accumulator, DesignError, PARAMETERS_MAX, Shape};
use yunei_model::{
    Aggregate, Derived, DerivedValue, Manifest, Measure, Name, Output, Regression, RegressionTerm,
    Resource,
};

/// Outputs that are named in one refusal at most.
const FAULTS_MAX: usize = 64;

/// Each output of a shape that the gate cannot compute, and why.
pub(crate) fn faults(manifest: &Manifest, resources: &[Resource]) -> Vec<String> {
    let fault = |output: &Output| {
        let resource = resources.iter().find(|r| r.name == output.resource)?;
        let read = |r: &&Resource| manifest.required(&r.name).is_some();
        let resource = resource.with_references(resources.iter().filter(read));
        let fault = fault(manifest, output, &resource)?;
        Some(format!("output `{}`: {fault}", output.name))
    };
    let outputs = manifest.outputs.iter();
    outputs.filter_map(fault).take(FAULTS_MAX).collect()
}

fn fault(manifest: &Manifest, output: &Output, resource: &Resource) -> Option<String> {
    if let Some(model) = &output.model {
        let count = parameters(model, resource, &manifest.derived);
        let error = DesignError::Parameters { count };
        return (count > PARAMETERS_MAX).then(|| error.to_string());
    }
    let output = supported(output)?;
    match Shape::of_output(&output, resource, &manifest.derived) {
        Ok(shape) => Accumulator::holds(&shape).err().map(|e| e.to_string()),
        Err(error) => Some(error.to_string()),
    }
}

/// The output as far as the gate computes it: a frame of the module's own has its support in each cell. None where people decide
/// about the whole.
fn supported(output: &Output) -> Option<Output> {
    if !output.measures.is_empty() {
        return Some(output.clone());
    }
    let support = Measure {
        name: Name::parse("support").ok()?,
        title: None,
        aggregate: Aggregate::Count,
        field: None,
        derived: None,
        denominator: None,
        weight: None,
    };
    (!output.own.is_empty()).then(|| Output {
        measures: vec![support],
        own: Vec::new(),
        ..output.clone()
    })
}

/// Parameters of a model, its intercept among them.
fn parameters(model: &Regression, resource: &Resource, derived: &[Derived]) -> usize {
    // One class is the reference, and of a banding the rest is no class.
    let terms = model.terms.iter().map(|term| match term {
        RegressionTerm::Field { .. } => 1,
        RegressionTerm::Banded { field, banding, .. } => {
            let banding = resource.field(field).and_then(|f| f.banding(banding));
            banding.map_or(0, |b| b.labels().len().saturating_sub(2))
        }
        RegressionTerm::Derived { derived: name, .. } => {
            let column = derived.iter().find(|d| &d.name == name);
            match column.map(|column| &column.value) {
                Some(DerivedValue::Category { labels }) => labels.len().saturating_sub(1),
                _ => 1,
            }
        }
    });
    usize::from(model.intercept) + terms.sum::<usize>()
}

#[cfg(test)]
mod tests;
