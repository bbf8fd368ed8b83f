//! Comparing what was found in every cell, passed or not. Which cell and which rule differ is told; no figure is.

use yunei_model::{CheckedCell, Checks, Name, RuleFigure};

use super::{Difference, Place};

/// The first cell in which the gate finds otherwise. Runs from before there were checks have none to compare.
pub(super) fn checks_differ(
    output: &Name,
    then: &Checks,
    now: Option<&Checks>,
) -> Option<Difference> {
    let whole = |field| Difference {
        place: Place::Verdict {
            output: output.clone(),
            field,
        },
        recorded: None,
        replayed: None,
    };
    let Some(now) = now else {
        return Some(whole("checks"));
    };
    // The columns are compared as they are; cells are only made of them to tell which one differs.
    if is_same(then, now) {
        return None;
    }
    let cell = (0..then.cells.max(now.cells)).find_map(|row| {
        let (then, now) = (then.cell(row), now.cell(row));
        match (&then, &now) {
            (Some(recorded), Some(replayed)) => cell_differs(output, recorded, replayed),
            (Some(only), None) | (None, Some(only)) => Some(place(output, only, None, "checks")),
            (None, None) => None,
        }
    });
    Some(cell.unwrap_or_else(|| whole("checks")))
}

/// Whether all is the same, to the last bit.
fn is_same(then: &Checks, now: &Checks) -> bool {
    let bits = |value: Option<f64>| value.map(f64::to_bits);
    let alike = |a: &[Option<f64>], b: &[Option<f64>]| {
        a.len() == b.len() && a.iter().zip(b).all(|(a, b)| bits(*a) == bits(*b))
    };
    then == now
        && then
            .rules
            .iter()
            .zip(&now.rules)
            .all(|(a, b)| alike(&a.values, &b.values) && a.bound.to_bits() == b.bound.to_bits())
}

fn cell_differs(
    output: &Name,
    recorded: &CheckedCell,
    replayed: &CheckedCell,
) -> Option<Difference> {
    if recorded.cell != replayed.cell || recorded.blank != replayed.blank {
        return Some(place(output, recorded, None, "blank"));
    }
    let told = |figure: &RuleFigure| {
        let bits = [figure.value.to_bits(), figure.bound.to_bits()];
        (
            figure.rule.clone(),
            figure.measure.clone(),
            figure.status,
            bits,
        )
    };
    let figures = recorded.rules.iter().zip(&replayed.rules);
    if let Some((figure, _)) = figures.into_iter().find(|(a, b)| told(a) != told(b)) {
        return Some(place(output, recorded, Some(figure.rule.clone()), "value"));
    }
    if recorded.rules.len() != replayed.rules.len() {
        return Some(place(output, recorded, None, "rules"));
    }
    (recorded.brackets != replayed.brackets).then(|| place(output, recorded, None, "brackets"))
}

fn place(output: &Name, cell: &CheckedCell, rule: Option<Name>, field: &'static str) -> Difference {
    Difference {
        place: Place::Cell {
            output: output.clone(),
            cell: cell.cell.clone(),
            rule,
            field,
        },
        recorded: None,
        replayed: None,
    }
}
