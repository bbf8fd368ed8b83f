//! Models: observations and residual degrees of freedom, counted where the spec lets them be.

use std::collections::BTreeSet;

use yunei_model::{Decision, Status};

use super::columns::Columns;
use super::counted::Rows;
use super::published::Problem;
use super::report::{ModelReport, RuleReport, decision, finite, worse};
use super::spec::{ModelSpec, Spec};
use super::{ReviewError, Verdicts};
use crate::profile::{Profile, Settings};
use crate::rules::{self, Figure};

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
    let counted = counted(spec, model, columns)?;
    let observations = counted.map(|counted| counted.rows);
    let observations = observations.or(model.observations).unwrap_or(0);
    let residual = observations.saturating_sub(model.parameters);
    // Many rows of one unit are one observation of it.
    let units = counted.map_or(observations, |counted| counted.units);
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
    let failed = failed(model, units, profile.settings());
    for (rule, figure) in &failed {
        decided = worse(decided, decision(figure.status));
        verdicts.reason(format!("model `{}` does not pass `{rule}`", model.name));
    }
    if counted.is_none() {
        decided = worse(decided, Decision::Review);
        verdicts.reason(format!(
            "model `{}` names no columns: its observations were not counted",
            model.name
        ));
    }
    verdicts.decide(decided);
    Ok(ModelReport {
        name: model.name.clone(),
        decision: decided,
        observations,
        units: counted.map(|counted| counted.units),
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

/// The rules that a model over so many units does not pass.
fn failed(model: &ModelSpec, units: u64, settings: &Settings) -> Vec<(&'static str, Figure)> {
    let mut figures = Vec::new();
    if let Some(rule) = &settings.degrees_of_freedom {
        let residual = units.saturating_sub(model.parameters);
        figures.push((
            "degrees-of-freedom",
            rules::degrees_of_freedom(residual, rule),
        ));
    }
    if let Some(rule) = &settings.model_size {
        figures.push((
            "model-size",
            rules::model_size(model.parameters, units, rule),
        ));
    }
    figures.push(("threshold", rules::threshold(units, &settings.threshold)));
    figures.retain(|(_, figure)| figure.status != Status::Pass);
    figures
}

/// What a model was estimated from.
#[derive(Debug, Clone, Copy)]
struct Counted {
    rows: u64,
    /// Distinct subjects, merged by group.
    units: u64,
}

/// Rows that have a value in every column of the model, and their units; none where it names no columns.
fn counted(
    spec: &Spec,
    model: &ModelSpec,
    columns: &Columns,
) -> Result<Option<Counted>, ReviewError> {
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
    let rows = Rows::new(spec, columns, &kept)?;
    let of_row = |row: &usize| rows.units.get(*row).copied();
    let units: BTreeSet<u32> = rows.order.iter().filter_map(of_row).collect();
    Ok(Some(Counted {
        rows: rows.order.len() as u64,
        units: units.len() as u64,
    }))
}
