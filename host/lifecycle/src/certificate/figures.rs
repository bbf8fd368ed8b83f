//! What a certificate commits to without saying it: one leaf for each row of the table, and three before them.

use serde_json::{Map, Value, json};
use yunei_model::{CellVerdict, Checks, Release, ReleaseReview, Run, Verdict};

use crate::LifecycleError;

/// Leaves before those of the rows.
pub(super) const LEAVES_BEFORE: usize = 3;

/// A leaf without its salt.
pub(super) type Leaf = Map<String, Value>;

/// The leaves of a certificate. Their number is that of the table's rows and [`LEAVES_BEFORE`], whatever the checks found.
pub(super) fn leaves(
    run: &Run,
    release: &Release,
    verdict: Option<&Verdict>,
    reviews: &[ReleaseReview],
) -> Result<Vec<Leaf>, LifecycleError> {
    let people = reviews.iter().map(|review| {
        json!({
            "reviewer": review.reviewer,
            "person": review.person,
            "outcome": review.outcome,
            "at": review.at,
        })
    });
    let people: Vec<Value> = people.collect();
    let mut leaves = Vec::with_capacity(LEAVES_BEFORE + release.table.rows());
    leaves.extend([
        json!({
            "leaf": "run",
            "trace_root": run.trace_root,
            "calls": run.calls,
            "rows_fed": run.rows_fed,
            "submitted_by": run.submitted_by,
        }),
        json!({ "leaf": "people", "reviews": people }),
    ]);
    let cells = verdict.map(|v| v.cells.as_slice()).unwrap_or_default();
    let (rows, unplaced) = placed(release, cells);
    leaves.push(json!({
        "leaf": "verdict",
        "decision": verdict.map(|v| v.decision),
        "cells": verdict.map(|v| v.cells_total),
        "failed": verdict.map(|v| v.cells_failed),
        "complementary": verdict.map(|v| v.cells_complementary),
        "reasons": verdict.map(|v| v.reasons.clone()),
        "unplaced": unplaced,
    }));
    let overlaps = verdict.map(|v| &v.overlaps).filter(|o| !o.is_empty());
    if let (Some(overlaps), Some(Value::Object(leaf))) = (overlaps, leaves.last_mut()) {
        leaf.insert("overlaps".to_owned(), json!(overlaps));
    }
    for (row, verdict) in rows.into_iter().enumerate() {
        leaves.push(json!({ "leaf": "row", "row": row, "verdict": verdict }));
    }
    let objects = leaves.into_iter().map(|leaf| match leaf {
        Value::Object(leaf) => Ok(leaf),
        _ => Err(LifecycleError::Impossible {
            detail: "a leaf that is no object",
        }),
    });
    objects.collect()
}

/// Puts what the gate found in every cell into the leaves of the rows: all rules that apply, and what stays unknown of blank cells. They are
/// kept once, with the verdict, and put in each time that the leaves are made.
pub(super) fn with_checks(
    mut leaves: Vec<Leaf>,
    checks: Option<&Checks>,
) -> Result<Vec<Leaf>, LifecycleError> {
    let Some(checks) = checks else {
        return Ok(leaves);
    };
    let told = |value: Result<Value, serde_json::Error>| {
        value.map_err(|_| LifecycleError::Impossible {
            detail: "checks that are no JSON",
        })
    };
    for (leaf, row) in leaves.iter_mut().skip(LEAVES_BEFORE).zip(0_u32..) {
        let Some(cell) = checks.cell(row) else {
            continue;
        };
        leaf.insert("blank".to_owned(), told(serde_json::to_value(cell.blank))?);
        leaf.insert("rules".to_owned(), told(serde_json::to_value(cell.rules))?);
        let brackets = told(serde_json::to_value(cell.brackets))?;
        leaf.insert("brackets".to_owned(), brackets);
    }
    Ok(leaves)
}

/// The verdict on each row of the table, as the labels in its first columns say; `None` where nothing failed. What has no row is
/// given besides.
fn placed<'v>(
    release: &Release,
    cells: &'v [CellVerdict],
) -> (Vec<Option<&'v CellVerdict>>, Vec<&'v CellVerdict>) {
    let table = &release.table;
    let mut by_labels: std::collections::HashMap<Vec<String>, &CellVerdict> =
        cells.iter().map(|cell| (cell.cell.clone(), cell)).collect();
    let width = cells.first().map_or(0, |cell| cell.cell.len());
    let label = |row: usize, column: &yunei_model::Column| match column.values.get(row) {
        Some(yunei_model::Value::Text(label)) => label.clone(),
        _ => String::new(),
    };
    let rows = (0..table.rows()).map(|row| {
        let columns = table.columns().iter().take(width);
        let labels: Vec<String> = columns.map(|column| label(row, column)).collect();
        by_labels.remove(&labels)
    });
    let rows: Vec<Option<&CellVerdict>> = rows.collect();
    let mut unplaced: Vec<&CellVerdict> = by_labels.into_values().collect();
    unplaced.sort_by(|a, b| a.cell.cmp(&b.cell));
    (rows, unplaced)
}
