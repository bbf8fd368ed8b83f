//! Plans for outputs that no registered aggregate gives.

use yunei_model::{
    DerivedValue, Field, Manifest, Name, Output, Quantity, Regression, RegressionTerm,
};
use yunei_rooms::{ModelPlan, OutputPlan, OwnPlan, Source, TermPlan};

use super::{Columns, NO_FIELD, derived_position};
use crate::LifecycleError;

/// An output that is the module's own altogether: people decide, and the gate says what of it stands in the view as it is.
pub(super) fn looked_at(output: &Output, view: usize) -> OutputPlan {
    OutputPlan {
        name: output.name.clone(),
        view: Some(view),
        derived: false,
        subject: None,
        group: None,
        dimensions: Vec::new(),
        measures: Vec::new(),
        own: Vec::new(),
        model: None,
        look: true,
        totals: false,
        on_failure: output.on_failure,
        noise_key: None,
    }
}

/// Measures of the module's own.
pub(super) fn own(
    output: &Output,
    columns: &mut Columns<'_>,
) -> Result<Vec<OwnPlan>, LifecycleError> {
    let plan = |measure: &yunei_model::OwnMeasure| {
        Ok(OwnPlan {
            name: measure.name.clone(),
            title: measure.title.clone(),
            kind: measure.kind,
            column: columns.optional(measure.field.as_ref())?,
            percentile: measure.percentile,
        })
    };
    output.own.iter().map(plan).collect()
}

/// A regression that the gate fits.
pub(super) fn model(
    manifest: &Manifest,
    model: &Regression,
    columns: &mut Columns<'_>,
) -> Result<ModelPlan, LifecycleError> {
    let response = match &model.response {
        Quantity::Field { field } => Source::Column(columns.position(field)?),
        Quantity::Derived { derived } => Source::Derived(derived_position(manifest, derived)?),
    };
    let mut terms = Vec::with_capacity(model.terms.len());
    for term in &model.terms {
        terms.push(self::term(manifest, term, columns)?);
    }
    Ok(ModelPlan {
        kind: model.kind,
        intercept: model.intercept,
        response,
        terms,
    })
}

fn term(
    manifest: &Manifest,
    term: &RegressionTerm,
    columns: &mut Columns<'_>,
) -> Result<TermPlan, LifecycleError> {
    let name = term.name().clone();
    Ok(match term {
        RegressionTerm::Field { field } => TermPlan::Number {
            name,
            source: Source::Column(columns.position(field)?),
        },
        RegressionTerm::Banded {
            field,
            banding,
            reference,
        } => {
            let column = columns.position(field)?;
            let banding = known(columns, field)?.banding(banding).cloned();
            TermPlan::Banded {
                name,
                column,
                banding: banding.ok_or(NO_FIELD)?,
                reference: reference.clone(),
            }
        }
        RegressionTerm::Derived { derived, reference } => {
            let column = derived_position(manifest, derived)?;
            match manifest.derived.get(column).map(|d| &d.value) {
                Some(DerivedValue::Category { labels }) => TermPlan::Category {
                    name,
                    column,
                    labels: labels.clone(),
                    reference: reference.clone(),
                },
                _ => TermPlan::Number {
                    name,
                    source: Source::Derived(column),
                },
            }
        }
    })
}

fn known<'a>(columns: &'a Columns<'_>, name: &Name) -> Result<&'a Field, LifecycleError> {
    columns.resource.field(name).ok_or(NO_FIELD)
}
