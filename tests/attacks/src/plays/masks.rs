//! Attacks by values that act as conditionals: weights of 0 and 1, absent values, indicators, copies of a sensitive class, two columns
//! that differ for one person.

use yunei_tests::Told;

use super::{Found, Verdict, attack, both_left, caught, difference, missed, shown, worst};
use crate::manifest::{
    COUNT, DERIVED, INCOME, Measure, Output, analysis, per_row, per_row_of_health,
};
use crate::panel::{DECLARED, HOME};
use crate::score::{Line, Route};
use crate::stand::{Guest, Stand};
use crate::table::Table;

/// Income of those who work.
const EARNED: Measure = ("earned", "sum", "field = \"income\"\nweight = \"working\"");
/// Income for each hour of work.
const HOURLY: Measure = (
    "hourly",
    "ratio",
    "field = \"income\"\ndenominator = \"hours\"",
);
/// What everybody declares: the income, but for one person.
const SALARY: Measure = ("salary", "sum", "field = \"salary\"");

/// Plays one recomputed table, and looks at what it shows.
fn recomputed(
    stand: &mut Stand<'_>,
    found: &Found<'_>,
    (name, output): (&str, Output),
    learn: impl FnOnce(&Stand<'_>, &Table) -> Verdict,
) -> Told<Line> {
    let manifest = analysis(name, &[output]);
    let asked = (Guest::Copier, manifest.as_str(), "plain");
    found.played(stand, Route::Recomputed, asked, learn)
}

/// Plays one table of what a module derives one way.
fn derived(
    stand: &mut Stand<'_>,
    found: &Found<'_>,
    (name, way, output): (&str, &str, Output),
    learn: impl FnOnce(&Stand<'_>, &Table) -> Verdict,
) -> Told<Line> {
    let manifest = per_row(name, &[output]);
    let asked = (Guest::Mirror, manifest.as_str(), way);
    found.played(stand, Route::Reviewed, asked, learn)
}

/// A field that is 1 for one person only, as weight and as dimension; and its product with the income, derived.
pub(super) fn masked_mean(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    const TOLD: &str = "the mean is one person's income";
    let found = attack(stand, "0/1 mask × column, then mean");
    let weighted: Measure = ("mean", "mean", "field = \"income\"\nweight = \"marked\"");
    let weighted = Output::of("table", &["district"], &[weighted]);
    let divided: Measure = ("mean", "mean", "field = \"income\"");
    let divided = Output::of("table", &["marked"], &[divided]);
    let mut verdicts = Vec::new();
    for (name, output, cell) in [
        ("as a weight", weighted, HOME),
        ("as a dimension", divided, "1"),
    ] {
        let module = name.replace(' ', "-");
        let line = recomputed(stand, &found, (&module, output), |_, table| {
            shown(table.figure(&[cell], "mean"), TOLD)
        })?;
        verdicts.push((name, (line.outcome, line.note)));
    }
    let product: Measure = ("mean", "mean", "derived = \"figure\"");
    let product = Output::of("table", &["district"], &[product]);
    let asked = ("masked-product", "mask", product);
    let line = derived(stand, &found, asked, |_, table| {
        shown(
            table.figure(&[HOME], "mean"),
            "the mean times the number of people is one person's income",
        )
    })?;
    Ok(vec![found.line(Route::Recomputed, worst(&verdicts)), line])
}

/// The income of all, and of all but one.
pub(super) fn weights(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "complement of a mask as weight");
    let output = Output::of("table", &["district"], &[INCOME, EARNED]);
    let line = recomputed(stand, &found, ("weights", output), |stand, table| {
        let figure = |column: &str| table.figure(&[HOME], column);
        difference(stand, figure("income").zip(figure("earned")))
    })?;
    Ok(vec![line])
}

/// The income of all, and a ratio that leaves out the one whose hours are absent.
pub(super) fn denominators(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "absent denominator");
    let hours: Measure = ("hours", "sum", "field = \"hours\"");
    let output = Output::of("table", &["district"], &[INCOME, HOURLY, hours]);
    let line = recomputed(stand, &found, ("denominators", output), |stand, table| {
        let figure = |column: &str| table.figure(&[HOME], column);
        let others = figure("hourly").zip(figure("hours"));
        let others = others.map(|(hourly, hours)| hourly * hours);
        difference(stand, figure("income").zip(others))
    })?;
    Ok(vec![line])
}

/// The sum of a column that one person has, and of one that one person lacks.
pub(super) fn indicators(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    const TOLD: &str = "the sum counts a single person";
    let found = attack(stand, "sum of an indicator");
    let mut verdicts = Vec::new();
    for (name, field) in [("one has it", "marked"), ("one lacks it", "working")] {
        let more = if field == "marked" {
            "field = \"marked\""
        } else {
            "field = \"working\""
        };
        let output = Output::of("table", &["district"], &[("figure", "sum", more)]);
        let line = recomputed(stand, &found, (field, output), |_, table| {
            shown(table.figure(&[HOME], "figure"), TOLD)
        })?;
        verdicts.push((name, (line.outcome, line.note)));
    }
    let mut lines = vec![found.line(Route::Recomputed, worst(&verdicts))];
    let mut verdicts = Vec::new();
    for (name, way) in [("one has it", "marked"), ("one lacks it", "unmarked")] {
        let output = Output::of("table", &["district"], &[("figure", "sum", DERIVED.2)]);
        let line = derived(stand, &found, (way, way, output), |_, table| {
            shown(table.figure(&[HOME], "figure"), TOLD)
        })?;
        verdicts.push((name, (line.outcome, line.note)));
    }
    lines.push(found.line(Route::Reviewed, worst(&verdicts)));
    Ok(lines)
}

/// What is left of the target's income where what it declares is known.
fn less_declared(stand: &Stand<'_>, of: Option<(f64, f64)>) -> Verdict {
    let declared = super::number(DECLARED);
    difference(stand, of.map(|(income, other)| (income + declared, other)))
}

/// Two columns of one table that are the same but for one person: two fields, or a field and what a module derives of it.
pub(super) fn two_fields(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "two columns that differ for one person");
    let output = Output::of("table", &["district"], &[INCOME, SALARY]);
    let fields = recomputed(stand, &found, ("two-fields", output), |stand, table| {
        let figure = |column: &str| table.figure(&[HOME], column);
        less_declared(stand, figure("income").zip(figure("salary")))
    })?;
    let copied: Measure = ("figure", "sum", DERIVED.2);
    let output = Output::of("table", &["district"], &[INCOME, copied]);
    let asked = ("field-and-copy", "but-one", output);
    let copies = derived(stand, &found, asked, |stand, table| {
        let figure = |column: &str| table.figure(&[HOME], column);
        difference(stand, figure("income").zip(figure("figure")))
    })?;
    Ok(vec![fields, copies])
}

/// The same, each column in a run of its own.
pub(super) fn two_fields_of_two_runs(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "two columns that differ for one person, in two runs");
    let mut rows = stand.rows()?;
    let income = analysis(
        "field-one",
        &[Output::of("table", &["district"], &[INCOME])],
    );
    let salary = analysis(
        "field-two",
        &[Output::of("table", &["district"], &[SALARY])],
    );
    let one = stand.play(&mut rows, 0, Guest::Copier, &income, "plain")?;
    let other = stand.play(&mut rows, 1, Guest::Copier, &salary, "plain")?;
    let verdict = both_left(Route::Recomputed, one, other)?.map_or_else(
        |kept| kept,
        |(one, other)| {
            let figures = (one.figure(&[HOME], "income")).zip(other.figure(&[HOME], "salary"));
            less_declared(stand, figures)
        },
    );
    let mut lines = vec![found.line(Route::Recomputed, verdict)];
    let mut rows = stand.rows()?;
    let copy = per_row(
        "copy-of-a-field",
        &[Output::of("table", &["district"], &[DERIVED])],
    );
    let one = stand.play(&mut rows, 0, Guest::Copier, &income, "plain")?;
    let other = stand.play(&mut rows, 1, Guest::Mirror, &copy, "but-one")?;
    let verdict = both_left(Route::Reviewed, one, other)?
        .map_or_else(|kept| kept, |tables| of_home(stand, &tables));
    lines.push(found.line(Route::Reviewed, verdict));
    Ok(lines)
}

/// One approved module under two parameters, whose figures differ by one person.
pub(super) fn parameters(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "one module under two parameters");
    let output = Output::of("table", &["district"], &[DERIVED]);
    let manifest = per_row("sweep", &[output]);
    let mut rows = stand.rows()?;
    let one = stand.play(&mut rows, 0, Guest::Mirror, &manifest, "income")?;
    let other = stand.play(&mut rows, 0, Guest::Mirror, &manifest, "but-one")?;
    let verdict = both_left(Route::Reviewed, one, other)?
        .map_or_else(|kept| kept, |tables| of_home(stand, &tables));
    Ok(vec![found.line(Route::Reviewed, verdict)])
}

/// What the incomes at the target's home in two tables differ by.
fn of_home(stand: &Stand<'_>, (one, other): &(Table, Table)) -> Verdict {
    let figure = |table: &Table| table.figure(&[HOME], "income");
    difference(stand, figure(one).zip(figure(other)))
}

/// A derived category that is a copy of everybody's health.
pub(super) fn copied_class(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "sensitive field copied to a derived category");
    let output = Output::of("table", &["trade", "class"], &[COUNT]);
    let manifest = per_row_of_health("copied-class", &[output]);
    let asked = (Guest::Mirror, manifest.as_str(), "income");
    let line = found.played(stand, Route::Reviewed, asked, |_, table| {
        if table.figure(&["farmer", "ill"], "people").is_some() {
            missed("the table says that every farmer is ill")
        } else {
            caught("the class that all farmers are in is blank")
        }
    })?;
    Ok(vec![line])
}
