//! What a module asks for, laid beside what the catalogue says.

use std::collections::BTreeSet;

use yunei_model::{
    Basis, Field, Grade, Grant, Manifest, Mask, Name, Output, Parameter, Parameters, Resource,
};

use crate::target::field_name;

/// What a run of a module would need. Fields are written `resource.field`.
#[derive(Debug, Default)]
pub(crate) struct Need {
    /// Resources read.
    pub(crate) resources: BTreeSet<Name>,
    /// Fields that the guest reads, or that outputs are made of.
    pub(crate) fields: BTreeSet<String>,
    /// Of the guest's fields, those whose mask withholds them.
    pub(crate) withheld_fields: BTreeSet<String>,
    /// Of the guest's fields, direct identifiers without a mask.
    pub(crate) exposed_fields: BTreeSet<String>,
    /// Fields of core data.
    pub(crate) core_fields: BTreeSet<String>,
    /// Release bases of the resources.
    pub(crate) bases: BTreeSet<Basis>,
    /// Resources about populations that allow no exact release.
    pub(crate) private_only: BTreeSet<Name>,
    /// Populations that the resources are about.
    pub(crate) populations: BTreeSet<Name>,
    /// Resources that name no data subject.
    pub(crate) unsubjected: BTreeSet<Name>,
    /// What is wrong with the lineage of outputs.
    pub(crate) lineage_faults: Vec<String>,
    /// What is wrong with the parameters.
    pub(crate) parameter_faults: Vec<String>,
    /// The parameters, bound; empty when there are faults.
    pub(crate) parameters: Parameters,
}

impl Need {
    /// What a run of `manifest` with `given` parameters would need.
    pub(crate) fn of(
        manifest: &Manifest,
        grant: &Grant,
        catalogue: &[Resource],
        given: &Parameters,
    ) -> Self {
        let mut need = Self::default();
        for required in &manifest.resources {
            need.resources.insert(required.name.clone());
            let resource = catalogue.iter().find(|r| r.name == required.name);
            if let Some(resource) = resource {
                need.bases.insert(resource.basis);
                need.populations.insert(resource.population.name.clone());
                if resource.subject.is_none() {
                    need.unsubjected.insert(resource.name.clone());
                }
                if resource.population.private_only {
                    need.private_only.insert(resource.name.clone());
                }
            }
            for name in &required.fields {
                need.guest_field(&required.name, name, resource);
            }
        }
        for output in &manifest.outputs {
            let resource = catalogue.iter().find(|r| r.name == output.resource);
            for (of, name) in lineage(output, resource) {
                need.field(of, name, catalogue.iter().find(|r| &r.name == of));
            }
            if let Some(resource) = resource {
                let read = |r: &&Resource| manifest.required(&r.name).is_some();
                let joined = resource.with_references(catalogue.iter().filter(read));
                let faults = join_faults(manifest, output, resource, catalogue);
                if faults.is_empty() {
                    need.lineage_faults
                        .extend(Manifest::lineage_errors(output, &joined));
                }
                need.lineage_faults.extend(faults);
            }
        }
        match bind(&manifest.parameters, &grant.terms.parameters, given) {
            Ok(parameters) => need.parameters = parameters,
            Err(faults) => need.parameter_faults = faults,
        }
        need
    }

    fn guest_field(&mut self, resource: &Name, name: &Name, known: Option<&Resource>) {
        self.field(resource, name, known);
        let Some((known, field)) = found(known, name) else {
            return;
        };
        if field.mask == Mask::Withhold {
            self.withheld_fields.insert(field_name(resource, name));
        }
        if known.exposes_identifier(field) {
            self.exposed_fields.insert(field_name(resource, name));
        }
    }

    fn field(&mut self, resource: &Name, name: &Name, known: Option<&Resource>) {
        self.fields.insert(field_name(resource, name));
        if let Some((known, field)) = found(known, name)
            && field.grade.max(known.grade) >= Grade::Core
        {
            self.core_fields.insert(field_name(resource, name));
        }
    }
}

fn found<'a>(resource: Option<&'a Resource>, name: &Name) -> Option<(&'a Resource, &'a Field)> {
    let resource = resource?;
    Some((resource, resource.field(name)?))
}

/// The fields that an output is made of, each with its resource: one that rows get by a reference is of the other resource, and so made of
/// the fields that refer to it.
pub(crate) fn lineage<'a>(
    output: &'a Output,
    resource: Option<&'a Resource>,
) -> impl Iterator<Item = (&'a Name, &'a Name)> {
    output.fields().flat_map(move |name| {
        let origin = resource.and_then(|resource| resource.origin(name));
        let own = origin.is_none().then_some(name).into_iter();
        let by = origin.into_iter().flat_map(|(r, _)| &r.by);
        let own = own.chain(by).map(|field| (&output.resource, field));
        own.chain(origin.map(|(r, field)| (&r.resource, field)))
    })
}

/// Why the resource of an output cannot be joined with those that its fields come from.
fn join_faults(
    manifest: &Manifest,
    output: &Output,
    resource: &Resource,
    catalogue: &[Resource],
) -> Vec<String> {
    let mut faults = Vec::new();
    for name in output.fields() {
        let Some((reference, _)) = resource.origin(name) else {
            continue;
        };
        let of = &reference.resource;
        let other = catalogue.iter().find(|r| &r.name == of);
        let fault = match other.filter(|_| manifest.required(of).is_some()) {
            Some(other) => resource.reference_fault(reference, other),
            None => Some(format!(
                "`{name}` of output `{}` comes from `{of}`, which the module does not read",
                output.name
            )),
        };
        if let Some(fault) = fault.filter(|fault| !faults.contains(fault)) {
            faults.push(fault);
        }
    }
    faults
}

/// Completes and checks parameters: declared by the manifest, narrowed by the grant, whose defaults come first.
fn bind(
    declared: &[Parameter],
    narrowed: &[Parameter],
    given: &Parameters,
) -> Result<Parameters, Vec<String>> {
    let mut given = given.clone();
    let applies = |n: &&Parameter| declared.iter().any(|d| d.name == n.name);
    for parameter in narrowed.iter().filter(applies) {
        if let Some(default) = &parameter.default {
            given
                .entry(parameter.name.clone())
                .or_insert_with(|| default.clone());
        }
    }
    let bound = Parameter::bind(declared, &given).map_err(|e| vec![e.to_string()])?;
    let faults: Vec<String> = narrowed
        .iter()
        .filter(|n| bound.get(&n.name).is_some_and(|value| !n.admits(value)))
        .map(|n| format!("parameter `{}` is outside what the grant allows", n.name))
        .collect();
    if faults.is_empty() {
        Ok(bound)
    } else {
        Err(faults)
    }
}
