//! The rules for a model, and its table.
//!
//! Parameters are counted against data subjects, never against rows: rows of the same subject are no new observations.

use yunei_model::{
    CellVerdict, CheckedAxis, Checks, Column, Decision, Hint, Name, Overlaps, RegressionKind,
    Route, RuleFigure, Status, Table, Text, Value, Verdict,
};

use super::examine::Behind;
use super::{Design, Estimates, RegressionFault, Support, Term};
use crate::accumulate::Protection;
use crate::judge::Ledger;
use crate::profile::{Dominance, Profile, Rounding, Threshold};
use crate::rounding::{round_count, round_figure};
use crate::rules::{self, Contributions, Figure, real};

/// Residual share below which a linear model is the response itself.
const PERFECT_FIT: f64 = 1e-9;
/// What is said when people decide for no other reason than that this is a model.
const NOT_LINEAR: &str = "coefficients of a model are no sums of cells: no audit covers them";

/// Judges a model: withheld when a rule fails, else for people to decide; over nobody's data it leaves.
///
/// # Errors
/// Never: a model that could not be fitted is withheld with its fault as the reason.
#[must_use]
pub fn judge_regression(
    output: &Name,
    design: &Design,
    fitted: Result<(&Estimates, &Support), RegressionFault>,
    profile: &Profile,
) -> (Verdict, Option<Table>) {
    let mut verdict = Verdict {
        output: output.clone(),
        route: Route::Reviewed,
        profile: profile.name().clone(),
        profile_digest: profile.digest(),
        decision: Decision::Withhold,
        cells_total: design.columns().len() as u64,
        cells_released: 0,
        cells_failed: 0,
        cells_complementary: 0,
        cells: Vec::new(),
        hints: hints(design),
        reasons: Vec::new(),
        routine: false,
        overlaps: Overlaps::default(),
        checks: None,
    };
    let (estimates, support) = match fitted {
        Ok(fitted) => fitted,
        Err(fault) => {
            verdict.reasons.push(fault.to_string());
            return (verdict, None);
        }
    };
    let protected = support.protection == Protection::Subjects;
    if protected {
        verdict.cells = failures(design, estimates, support, profile);
        verdict.checks = checks(design, estimates, support, profile);
        verdict.cells_failed = verdict.cells.iter().filter(|c| !c.cell.is_empty()).count() as u64;
        if support.broken {
            verdict
                .reasons
                .push("a value or a sum is no finite number".to_owned());
        }
        if !verdict.cells.is_empty() {
            verdict.reasons.push("a rule for models failed".to_owned());
        }
        if !verdict.reasons.is_empty() {
            return (verdict, None);
        }
    }
    let rounding = profile.settings().rounding.filter(|_| protected);
    let Some(table) = table(design, estimates, rounding.as_ref()) else {
        verdict
            .reasons
            .push("the table could not be built".to_owned());
        return (verdict, None);
    };
    if protected {
        verdict.decision = Decision::Review;
        verdict.hints = vec![Hint::AwaitReview];
        verdict.reasons.push(NOT_LINEAR.to_owned());
        verdict.routine = true;
    } else {
        verdict.decision = Decision::Release;
        verdict.hints = Vec::new();
        verdict.cells_released = verdict.cells_total;
    }
    (verdict, Some(table))
}

/// Hints from the design alone: the same for every reason and for all data.
fn hints(design: &Design) -> Vec<Hint> {
    let classes = design
        .terms()
        .iter()
        .any(|t| matches!(t, Term::Classes { .. }));
    if classes {
        vec![Hint::CoarserBanding]
    } else {
        vec![Hint::StandardAggregate]
    }
}

/// Rules that did not pass: of the model as a whole first, then coefficient by coefficient.
fn failures(
    design: &Design,
    estimates: &Estimates,
    support: &Support,
    profile: &Profile,
) -> Vec<CellVerdict> {
    let mut failures = Vec::new();
    let whole = whole(design, estimates, support, profile);
    failures.extend(failure(Vec::new(), whole));
    for (column, behind) in design.columns().iter().zip(&support.columns) {
        let figures = coefficient(behind, profile);
        failures.extend(failure(column.labels(), figures));
    }
    failures
}

/// Every rule of every coefficient, and after them those of the model as a whole.
fn checks(
    design: &Design,
    estimates: &Estimates,
    support: &Support,
    profile: &Profile,
) -> Option<Checks> {
    let of_each = support.columns.iter().map(|b| coefficient(b, profile));
    let whole = whole(design, estimates, support, profile);
    let mut ledger = Ledger::default();
    for (cell, figures) in of_each.chain([whole]).enumerate() {
        if !ledger.begin(cell) {
            break;
        }
        for (rule, figure) in figures {
            ledger.note(rule, None, &figure);
        }
    }
    let labels = design.columns().iter().map(|c| c.labels().join(" "));
    Some(ledger.along(CheckedAxis {
        name: Name::parse("coefficient").ok()?,
        labels: labels.chain(["(model)".to_owned()]).collect(),
    }))
}

fn failure(cell: Vec<String>, figures: Vec<(&str, Figure)>) -> Option<CellVerdict> {
    let failed: Vec<RuleFigure> = figures
        .into_iter()
        .filter(|(_, figure)| figure.status != Status::Pass)
        .filter_map(|(rule, figure)| {
            Some(RuleFigure {
                rule: Name::parse(rule).ok()?,
                measure: None,
                status: figure.status,
                value: told(figure.value),
                bound: told(figure.bound),
            })
        })
        .collect();
    (!failed.is_empty()).then_some(CellVerdict {
        cell,
        status: Status::Fail,
        suppressed: false,
        failed,
    })
}

/// A figure as JSON can tell it.
const fn told(figure: f64) -> f64 {
    if figure.is_finite() { figure } else { f64::MAX }
}

/// The rules for the model as a whole.
fn whole(
    design: &Design,
    estimates: &Estimates,
    support: &Support,
    profile: &Profile,
) -> Vec<(&'static str, Figure)> {
    let settings = profile.settings();
    let parameters = design.columns().len() as u64;
    let mut figures = vec![("threshold", at_least(support.units, &settings.threshold))];
    if let Some(rule) = &settings.degrees_of_freedom {
        let residual = support.units.saturating_sub(parameters);
        figures.push((
            "degrees-of-freedom",
            rules::degrees_of_freedom(residual, rule),
        ));
    }
    if let Some(rule) = &settings.model_size {
        let figure = rules::model_size(parameters, support.units, rule);
        figures.push(("model-size", figure));
    }
    // Whatever the profile: as many parameters as subjects tell each subject's response.
    let spare = support.units.saturating_sub(parameters);
    figures.push(("saturated", held(spare == 0, real(spare), 1.0)));
    if design.kind() == RegressionKind::Linear {
        let unexplained = 1.0 - estimates.r_squared;
        let perfect = unexplained.is_nan() || unexplained < PERFECT_FIT;
        figures.push(("perfect-fit", held(perfect, unexplained, PERFECT_FIT)));
    }
    if let Some((events, others)) = support.events {
        figures.push(("events", at_least(events, &settings.threshold)));
        figures.push(("events", at_least(others, &settings.threshold)));
    }
    figures
}

/// The rules for one coefficient: subjects on either side of an indicator, subjects whose number differs from most, and that
/// neither the information on it nor the response that it sums comes from a few.
fn coefficient(behind: &Behind, profile: &Profile) -> Vec<(&'static str, Figure)> {
    let settings = profile.settings();
    let sides = behind.inside.iter().chain(&behind.outside);
    let mut figures: Vec<_> = sides
        .map(|units| ("indicator", at_least(*units, &settings.threshold)))
        .collect();
    let bound = real(settings.threshold.minimum);
    let effective = effective_units(&behind.information);
    let fails = settings.threshold.fails.fails(effective, bound);
    figures.push(("information", held(fails, effective, bound)));
    let dominance = settings.dominance.unwrap_or(INFORMATION);
    figures.push((
        "information",
        rules::dominance(&behind.information, &dominance),
    ));
    if let Some(contributions) = &behind.contributions {
        if let Some(rule) = &settings.dominance {
            figures.push(("dominance", rules::dominance(contributions, rule)));
        }
        if let Some(rule) = &settings.p_percent {
            figures.push(("p-percent", rules::p_percent(contributions, rule)));
        }
        if let Some(rule) = &settings.prior_posterior {
            figures.push((
                "prior-posterior",
                rules::prior_posterior(contributions, rule),
            ));
        }
    }
    figures
}

/// Who may make up how much of the information where the profile has no dominance rule: the two largest, nine tenths (ACRO).
const INFORMATION: Dominance = Dominance {
    contributors: 2,
    share: 0.9,
    fails: crate::profile::Ceiling::AtOrAbove,
};

/// How many equal subjects would give as concentrated a sum, at least: `X² / (x₁² + x₂² + x₃(X − x₁ − x₂))`.
///
/// Kish's effective number is `X² / Σ xᵢ²`; with the three largest known, no xᵢ behind them is larger than x₃, so that the bound
/// holds (Kish, *Survey Sampling*, 1965).
fn effective_units(sum: &Contributions) -> f64 {
    let [first, second, third] = sum.largest;
    let squares = first * first + second * second + third * sum.remainder();
    if squares > 0.0 {
        sum.total * sum.total / squares
    } else {
        0.0
    }
}

fn at_least(units: u64, rule: &Threshold) -> Figure {
    let (value, bound) = (real(units), real(rule.minimum));
    held(rule.fails.fails(value, bound), value, bound)
}

const fn held(fails: bool, value: f64, bound: f64) -> Figure {
    let status = if fails { Status::Fail } else { Status::Pass };
    Figure {
        status,
        value,
        bound,
    }
}

/// The table: a row per coefficient, then the figures of the whole, named in brackets as no term can be.
fn table(design: &Design, estimates: &Estimates, rounding: Option<&Rounding>) -> Option<Table> {
    let digits = rounding.and_then(|r| r.figure_digits);
    let figure = |figure: f64| {
        let rounded = digits.map_or(figure, |digits| round_figure(figure, digits));
        if rounded.is_finite() {
            Value::Number(rounded + 0.0)
        } else {
            Value::Absent
        }
    };
    let rows = rounding.map_or(estimates.rows, |r| round_count(estimates.rows, r));
    let residual = rows.saturating_sub(design.columns().len() as u64);
    let count = |count: u64| i64::try_from(count).map_or(Value::Absent, Value::Integer);
    let mut columns: [Vec<Value>; 4] = Default::default();
    let mut row = |values: [Value; 4]| {
        for (column, value) in columns.iter_mut().zip(values) {
            column.push(value);
        }
    };
    let parameters = estimates.coefficients.iter().zip(&estimates.errors);
    for (column, (coefficient, error)) in design.columns().iter().zip(parameters) {
        let mut labels = column.labels().into_iter().map(Value::Text);
        let term = labels.next().unwrap_or(Value::Absent);
        let class = labels.next().unwrap_or(Value::Absent);
        row([term, class, figure(*coefficient), figure(*error)]);
    }
    let mut whole = |name: &str, value: Value| {
        row([
            Value::Text(name.to_owned()),
            Value::Absent,
            value,
            Value::Absent,
        ]);
    };
    whole("(observations)", count(rows));
    whole("(residual degrees of freedom)", count(residual));
    whole("(r-squared)", figure(estimates.r_squared));
    if let Some(error) = estimates.residual_error {
        whole("(residual standard error)", figure(error));
    }
    let headings = [
        ("term", "项", "Term"),
        ("class", "类别", "Class"),
        ("estimate", "估计值", "Estimate"),
        ("standard-error", "标准误", "Standard error"),
    ];
    let columns = headings.into_iter().zip(columns);
    let columns: Option<Vec<Column>> = columns
        .map(|((name, zh, en), values)| {
            Some(Column {
                name: Name::parse(name).ok()?,
                title: Some(Text {
                    zh: zh.to_owned(),
                    en: en.to_owned(),
                }),
                values,
            })
        })
        .collect();
    Table::new(columns?).ok()
}
