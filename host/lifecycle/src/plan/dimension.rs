//! The dimensions of an output, as the gate computes them.

use yunei_model::{Banding, DerivedValue, Dimension, Field, FieldClass, Manifest, Name, Resource};
use yunei_rooms::DimensionPlan;

use super::{Columns, NO_FIELD, derived_position};
use crate::LifecycleError;

/// A dimension of an output; the columns that it reads are taken among `columns`.
pub(super) fn dimension_plan(
    manifest: &Manifest,
    dimension: &Dimension,
    columns: &mut Columns<'_>,
) -> Result<DimensionPlan, LifecycleError> {
    match dimension {
        Dimension::Banded { field, banding } => {
            let position = columns.position(field)?;
            let known = columns.resource.field(field).ok_or(NO_FIELD)?;
            let coarser = coarser(known, banding);
            let banding = known.banding(banding).cloned().ok_or(NO_FIELD)?;
            let title = Some(known.title.clone());
            let sensitive = known.class == FieldClass::Sensitive;
            Ok(DimensionPlan::Banded {
                name: field.clone(),
                title,
                sensitive,
                column: position,
                banding,
                coarser,
            })
        }
        Dimension::Derived { derived } => {
            let position = derived_position(manifest, derived)?;
            let labels = manifest.derived.get(position).and_then(|d| match &d.value {
                DerivedValue::Category { labels } => Some(labels.clone()),
                DerivedValue::Number { .. } => None,
            });
            let labels = labels.ok_or(LifecycleError::Impossible {
                detail: "a dimension that is no category",
            })?;
            Ok(DimensionPlan::Derived {
                name: derived.clone(),
                column: position,
                labels,
                sensitive: derives_from_sensitive(manifest, columns.resource),
            })
        }
    }
}

/// Whether a module that derives from rows may have seen a sensitive field. What it reads beside the resource is taken for one.
fn derives_from_sensitive(manifest: &Manifest, resource: &Resource) -> bool {
    let sensitive = |name: &Name| {
        let field = resource.field(name);
        field.is_none_or(|field| field.class == FieldClass::Sensitive)
    };
    manifest
        .resources
        .iter()
        .any(|required| required.name != resource.name || required.fields.iter().any(sensitive))
}

/// The bandings of a field that one of them nests in, the next coarser first.
fn coarser(field: &Field, banding: &Name) -> Vec<Banding> {
    let mut coarser: Vec<Banding> = Vec::new();
    let mut last = field.banding(banding);
    // Each banding at most once, however a field names them.
    while coarser.len() < field.bandings.len() {
        let within = last.and_then(|banding| banding.within.as_ref());
        last = within.and_then(|within| field.banding(within));
        match last {
            Some(next) => coarser.push(next.clone()),
            None => break,
        }
    }
    coarser
}
