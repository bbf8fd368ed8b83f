//! Terms of a grant against the catalogue.

use yunei_model::{GrantError, GrantTerms, Resource};

/// Everything that is wrong with the terms of a grant, by themselves and against the catalogue:
/// inverted or overlong term, unknown resources, unknown fields in grant or row filter.
#[must_use]
pub fn terms_errors(terms: &GrantTerms, catalogue: &[Resource]) -> Vec<GrantError> {
    let mut errors = terms.check().err().unwrap_or_default();
    for granted in &terms.resources {
        let Some(resource) = catalogue.iter().find(|r| r.name == granted.name) else {
            errors.push(GrantError::UnknownResource {
                resource: granted.name.clone(),
            });
            continue;
        };
        let named = granted
            .fields
            .iter()
            .chain(granted.filter.iter().map(|c| &c.field));
        for field in named {
            let error = GrantError::UnknownField {
                resource: granted.name.clone(),
                field: field.clone(),
            };
            if resource.field(field).is_none() && !errors.contains(&error) {
                errors.push(error);
            }
        }
    }
    errors
}
