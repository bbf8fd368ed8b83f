//! Models: observations and residual degrees of freedom, counted where the spec lets them be.

use yunei_model::{Decision, Status};

use super::columns::Columns;
use super::published::Problem;
use super::report::{ModelReport, RuleReport, decision, finite, worse};
use super::spec::{ModelSpec, Spec};
use super::{ReviewError, Verdicts};
use crate::profile::Profile;
use crate::rules;

/// Holds every model against the rules.
pub(super) fn review(
    spec: &Spec,
    columns: &Columns,
    profile: &Profile,
    verdicts: &mut Verdicts,
) -> Result<Vec<ModelReport>, ReviewError> {
    spec.models
        .iter()
        .map(|model| one(spec, model, columns, profile, verdicts))
        .collect()
}

fn one(
    spec: &Spec,
    model: &ModelSpec,
    columns: &Columns,
    profile: &Profile,
    verdicts: &mut Verdicts,
) -> Result<ModelReport, ReviewError> {
    let counted = observations(spec, model, columns)?;
    let observations = counted.or(model.observations).unwrap_or(0);
    let residual = observations.saturating_sub(model.parameters);
    let mut decided = Decision::Release;
    let mut wrong = |what: &str| {
        verdicts.problem(Problem {
            code: "wrong-model",
            table: model.name.clone(),
            cell: None,
            measure: None,
            detail: what.to_owned(),
        });
        decided = Decision::Withhold;
    };
    if model.observations.is_some_and(|n| n != observations) {
        wrong("the microdata has another number of observations");
    }
    if model
        .residual_degrees_of_freedom
        .is_some_and(|given| given != residual)
    {
        wrong("the residual degrees of freedom are not observations less parameters");
    }
    let settings = profile.settings();
    let mut failed = Vec::new();
    if let Some(rule) = &settings.degrees_of_freedom {
        failed.push((
            "degrees-of-freedom",
            rules::degrees_of_freedom(residual, rule),
        ));
    }
    if let Some(rule) = &settings.model_size {
        failed.push((
            "model-size",
            rules::model_size(model.parameters, observations, rule),
        ));
    }
    failed.push((
        "threshold",
        rules::threshold(observations, &settings.threshold),
    ));
    failed.retain(|(_, figure)| figure.status != Status::Pass);
    for (rule, figure) in &failed {
        decided = worse(decided, decision(figure.status));
        verdicts.reason(format!("model `{}` does not pass `{rule}`", model.name));
    }
    verdicts.decide(decided);
    Ok(ModelReport {
        name: model.name.clone(),
        decision: decided,
        observations,
        parameters: model.parameters,
        residual_degrees_of_freedom: residual,
        failed: failed
            .into_iter()
            .map(|(rule, figure)| RuleReport {
                rule: rule.to_owned(),
                measure: None,
                status: figure.status,
                value: finite(figure.value),
                bound: figure.bound,
            })
            .collect(),
    })
}

/// Rows that have a value in every column of the model; none where it names no columns.
fn observations(
    spec: &Spec,
    model: &ModelSpec,
    columns: &Columns,
) -> Result<Option<u64>, ReviewError> {
    if model.columns.is_empty() {
        return Ok(None);
    }
    let mut kept = columns.rows_of(&spec.filter)?;
    let more = columns.rows_of(&model.filter)?;
    for (kept, more) in kept.iter_mut().zip(more) {
        *kept = *kept && more;
    }
    for name in &model.columns {
        let column = columns.column(name)?;
        for (row, kept) in kept.iter_mut().enumerate() {
            *kept = *kept && column.text(row).is_some();
        }
    }
    Ok(Some(kept.iter().filter(|kept| **kept).count() as u64))
}
