//! Attacks by one table.

use yunei_tests::Told;

use super::atoms::Atoms;
use super::{Found, Verdict, attack, bracketed, caught, missed, number, shown, unsolved, worst};
use crate::manifest::{COUNT, DERIVED, INCOME, Measure, Output, analysis, per_row};
use crate::panel::{DOMINANT_INCOME, DUPLICATES};
use crate::score::{Line, Outcome, Route};
use crate::stand::{Ended, Guest, Stand};
use crate::table::Table;

/// Plays the same table on both routes that show figures: over fields, and over what a module derives.
fn both(
    stand: &mut Stand<'_>,
    found: &Found<'_>,
    fields: Output,
    derived: Output,
    learn: impl Fn(&Stand<'_>, &Table) -> Verdict,
) -> Told<Vec<Line>> {
    let name = found
        .attack
        .replace(|c: char| !c.is_ascii_alphanumeric(), "-");
    let name = format!("table-{}", name.trim_matches('-'));
    let manifest = analysis(&name, &[fields]);
    let asked = (Guest::Copier, manifest.as_str(), "plain");
    let recomputed = found.played(stand, Route::Recomputed, asked, &learn)?;
    let manifest = per_row(&name, &[derived]);
    let asked = (Guest::Mirror, manifest.as_str(), "income");
    let reviewed = found.played(stand, Route::Reviewed, asked, &learn)?;
    Ok(vec![recomputed, reviewed])
}

/// Two teachers in the west.
pub(super) fn small_cell(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "small cell");
    let fields = Output::of("table", &["district", "trade"], &[COUNT, INCOME]);
    let derived = Output::of("table", &["district", "class"], &[COUNT, DERIVED]);
    both(stand, &found, fields, derived, |_, table| {
        let cell = ["west", "teacher"];
        let figure = table.figure(&cell, "people");
        let figure = figure.or_else(|| table.figure(&cell, "income"));
        shown(figure, "the cell of two people is shown")
    })
}

/// Every farmer is ill.
pub(super) fn all_of_a_class(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "0 or 100 %");
    let fields = Output::of("table", &["trade", "health"], &[COUNT]).with_totals();
    // What is derived makes it a table of the reviewed route; the counts are those of fields.
    let derived = Output::of("table", &["class", "health"], &[COUNT, DERIVED]).with_totals();
    both(stand, &found, fields, derived, |_, table| {
        let people = |labels: &[&str]| table.figure(labels, "people");
        let (ill, healthy) = (people(&["farmer", "ill"]), people(&["farmer", "healthy"]));
        if ill.is_some() && (healthy == Some(0.0) || ill == people(&["farmer", "total"])) {
            missed("the table says that every farmer is ill")
        } else {
            caught("the class that all farmers are in is blank")
        }
    })
}

/// The least and the greatest income, as a figure of the gate's and as one of the module's own.
pub(super) fn extremes(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "minimum and maximum");
    let mut verdicts = Vec::new();
    for aggregate in ["maximum", "minimum"] {
        let measure: Measure = ("figure", aggregate, "field = \"income\"");
        let output = Output::of("table", &["trade"], &[measure]);
        let manifest = analysis(&format!("extremes-{aggregate}"), &[output]);
        let mut rows = stand.rows()?;
        let ended = stand.play(&mut rows, 0, Guest::Copier, &manifest, "plain")?;
        // There is no such aggregate: the manifest is refused for that.
        let verdict = if matches!(ended, Ended::Refused(_)) {
            caught(&ended.told())
        } else {
            missed(&ended.told())
        };
        verdicts.push((aggregate, verdict));
    }
    let mut lines = vec![found.line(Route::Recomputed, worst(&verdicts))];
    let mut output = Output::of("table", &["trade"], &[]);
    output.more = r#"
[[output.own]]
name = "figure"
kind = "maximum"
field = "income"
"#
    .to_owned();
    let manifest = analysis("own-extremes", &[output]);
    let asked = (Guest::Copier, manifest.as_str(), "nothing");
    lines.push(found.played(stand, Route::Reviewed, asked, |_, table| {
        shown(table.figure(&["baker"], "figure"), "the maximum is shown")
    })?);
    Ok(lines)
}

/// One baker has nearly all of the bakers' income.
pub(super) fn dominance(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "dominance");
    let fields = Output::of("table", &["trade"], &[INCOME]);
    let derived = Output::of("table", &["class"], &[DERIVED]);
    both(stand, &found, fields, derived, |_, table| {
        dominated(table.figure(&["baker"], "income"), DOMINANT_INCOME)
    })
}

/// One driver has nearly all of the drivers' income, in many rows.
pub(super) fn duplicated_rows(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "duplicated rows defeating dominance");
    let fields = Output::of("table", &["trade"], &[COUNT, INCOME]);
    let derived = Output::of("table", &["class"], &[COUNT, DERIVED]);
    let (times, income) = DUPLICATES;
    let all = income * i64::try_from(times).unwrap_or(0);
    both(stand, &found, fields, derived, |_, table| {
        dominated(table.figure(&["driver"], "income"), all)
    })
}

fn dominated(shown: Option<f64>, value: i64) -> Verdict {
    let value = number(value);
    match shown {
        Some(total) if (total - value) / value < 0.35 => (
            Outcome::Missed,
            format!(
                "the total tells the largest income within {:.0} %",
                (total - value) / value * 100.0
            ),
        ),
        Some(_) => caught("the total tells nobody's income"),
        None => caught("the cell is blank"),
    }
}

/// The margins less the other cells.
pub(super) fn margins(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "subtraction from margins");
    let fields = Output::of("table", &["district", "trade"], &[INCOME]).with_totals();
    let derived = Output::of("table", &["district", "class"], &[DERIVED]).with_totals();
    both(stand, &found, fields, derived, |stand, table| {
        of_one_cell(stand, table, &["district", "trade"], &["west", "teacher"])
    })
}

/// Every linear combination of a table in three dimensions.
pub(super) fn combinations(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "any linear combination");
    let dimensions = ["district", "trade", "health"];
    let fields = Output::of("table", &dimensions, &[INCOME]).with_totals();
    let derived = Output::of("table", &["district", "class", "health"], &[DERIVED]).with_totals();
    both(stand, &found, fields, derived, |stand, table| {
        of_one_cell(stand, table, &dimensions, &["west", "teacher", "ill"])
    })
}

/// What the attacker's linear programme leaves about a cell.
fn of_one_cell(stand: &Stand<'_>, table: &Table, dimensions: &[&str], cell: &[&str]) -> Verdict {
    let atoms = Atoms::of_the_panel();
    let mut knowledge = atoms.knowledge();
    atoms.learn(&mut knowledge, stand, table, dimensions, "income");
    match knowledge.bracket(&atoms.with(dimensions, cell)) {
        Ok(bracket) => bracketed(bracket),
        Err(error) => unsolved(&error),
    }
}
