//! Attacks by one table.

use yunei_tests::Told;

use super::{Atoms, Found, attack, gives_away, unsolved, width};
use crate::attacker::Knowledge;
use crate::manifest::{COUNT, INCOME, Output, analysis, per_row};
use crate::panel::{DOMINANT_INCOME, DUPLICATES, SECRET};
use crate::score::{Line, Outcome};
use crate::stand::{Ended, Guest, Stand};
use crate::table::Table;

/// Total of what is derived.
const DERIVED: (&str, &str, &str) = ("income", "sum", "derived = \"figure\"");

/// Plays the same table on both routes that show figures: over fields, and over what a module derives.
fn both(
    stand: &mut Stand<'_>,
    found: &Found<'_>,
    fields: &[Output],
    derived: &[Output],
    learn: impl Fn(&Stand<'_>, &Table, &str) -> Told<(Outcome, String)>,
) -> Told<Vec<Line>> {
    let mut lines = Vec::new();
    let name = found.attack.replace(' ', "-");
    for (route, guest, manifest, way, trade) in [
        (
            "recomputed",
            Guest::Copier,
            analysis(&name, fields),
            "plain",
            "trade",
        ),
        (
            "reviewed",
            Guest::Mirror,
            per_row(&name, derived),
            "income",
            "class",
        ),
    ] {
        let (outcome, note) = match stand.play(0, guest, &manifest, way)? {
            Ended::Released(tables) => match tables.first() {
                Some((_, table)) => learn(stand, table, trade)?,
                None => (Outcome::Caught, "released without a table".to_owned()),
            },
            ended => (Outcome::Caught, ended.told()),
        };
        lines.push(found.line(route, outcome, note));
    }
    Ok(lines)
}

/// Two teachers in the west.
pub fn small_cell(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "small cell");
    let fields = Output::of("table", &["district", "trade"], &[COUNT, INCOME]);
    let derived = Output::of("table", &["district", "class"], &[COUNT, DERIVED]);
    both(stand, &found, &[fields], &[derived], |_, table, _| {
        let cell = ["west", "teacher"];
        Ok(
            match (table.figure(&cell, "people"), table.figure(&cell, "income")) {
                (None, None) => (Outcome::Caught, "the cell is blank".to_owned()),
                _ => (
                    Outcome::Missed,
                    "the cell of two people is shown".to_owned(),
                ),
            },
        )
    })
}

/// Every farmer is ill.
pub fn all_of_a_class(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "0 or 100 %");
    let fields = Output::of("table", &["trade", "health"], &[COUNT]).with_totals();
    let manifest = analysis("all-of-a-class", &[fields]);
    let (outcome, note) = match stand.play(0, Guest::Copier, &manifest, "plain")? {
        Ended::Released(tables) => {
            let shown = |labels: &[&str]| {
                tables
                    .first()
                    .and_then(|(_, table)| table.figure(labels, "people"))
            };
            let (ill, healthy) = (shown(&["farmer", "ill"]), shown(&["farmer", "healthy"]));
            let all = shown(&["farmer", "total"]);
            if ill.is_some() && (healthy == Some(0.0) || ill == all) {
                (
                    Outcome::Missed,
                    "the table says that every farmer is ill".to_owned(),
                )
            } else {
                (
                    Outcome::Caught,
                    "the class that all farmers are in is blank".to_owned(),
                )
            }
        }
        ended => (Outcome::Caught, ended.told()),
    };
    Ok(vec![found.line("recomputed", outcome, note)])
}

/// The greatest income.
pub fn extremes(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "minimum and maximum");
    let mut lines = Vec::new();
    for (aggregate, more) in [
        ("maximum", "field = \"income\""),
        ("minimum", "field = \"income\""),
    ] {
        let output = Output::of("table", &["trade"], &[("figure", aggregate, more)]);
        let manifest = analysis(&format!("extremes-{aggregate}"), &[output]);
        let (outcome, note) = match stand.play(0, Guest::Copier, &manifest, "plain")? {
            Ended::Released(tables) => {
                let greatest = tables
                    .first()
                    .and_then(|(_, t)| t.figure(&["baker"], "figure"));
                match greatest {
                    Some(_) => (Outcome::Missed, format!("the {aggregate} is shown")),
                    None => (Outcome::Caught, format!("the {aggregate} is blank")),
                }
            }
            ended => (Outcome::Caught, format!("{aggregate}: {}", ended.told())),
        };
        lines.push((outcome, note));
    }
    let outcome = lines.iter().map(|(outcome, _)| *outcome).max();
    let notes: Vec<&str> = lines.iter().map(|(_, note)| note.as_str()).collect();
    Ok(vec![found.line(
        "recomputed",
        outcome.unwrap_or(Outcome::Caught),
        notes.join("; "),
    )])
}

/// One baker has nearly all of the bakers' income.
pub fn dominance(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "dominance");
    let fields = Output::of("table", &["trade"], &[INCOME]);
    let derived = Output::of("table", &["class"], &[DERIVED]);
    both(stand, &found, &[fields], &[derived], |_, table, _| {
        Ok(dominated(
            table.figure(&["baker"], "income"),
            DOMINANT_INCOME,
        ))
    })
}

/// One driver has nearly all of the drivers' income, in many rows.
pub fn duplicated_rows(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "duplicated rows defeating dominance");
    let fields = Output::of("table", &["trade"], &[COUNT, INCOME]);
    let derived = Output::of("table", &["class"], &[COUNT, DERIVED]);
    let (times, income) = DUPLICATES;
    let all = income * i64::try_from(times).unwrap_or(0);
    both(stand, &found, &[fields], &[derived], |_, table, _| {
        Ok(dominated(table.figure(&["driver"], "income"), all))
    })
}

fn dominated(shown: Option<f64>, value: i64) -> (Outcome, String) {
    #[expect(clippy::cast_precision_loss, reason = "incomes are small")]
    let value = value as f64;
    match shown {
        Some(total) if (total - value) / value < 0.35 => (
            Outcome::Missed,
            format!(
                "the total tells the largest income within {:.0} %",
                (total - value) / value * 100.0
            ),
        ),
        Some(_) => (
            Outcome::Caught,
            "the total tells nobody's income".to_owned(),
        ),
        None => (Outcome::Caught, "the cell is blank".to_owned()),
    }
}

/// The margins less the other cells.
pub fn margins(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "subtraction from margins");
    let fields = Output::of("table", &["district", "trade"], &[INCOME]).with_totals();
    let derived = Output::of("table", &["district", "class"], &[DERIVED]).with_totals();
    both(stand, &found, &[fields], &[derived], |stand, table, _| {
        bracketed(stand, table, &["district", "trade"], &["west", "teacher"])
    })
}

/// Every linear combination of a table in three dimensions.
pub fn combinations(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "any linear combination");
    let dimensions = ["district", "trade", "health"];
    let fields = Output::of("table", &dimensions, &[INCOME]).with_totals();
    let derived = Output::of("table", &["district", "class", "health"], &[DERIVED]).with_totals();
    both(stand, &found, &[fields], &[derived], |stand, table, _| {
        bracketed(stand, table, &dimensions, &["west", "teacher", "ill"])
    })
}

/// What the attacker's linear programme leaves about a cell.
fn bracketed(
    stand: &Stand<'_>,
    table: &Table,
    dimensions: &[&str],
    cell: &[&str],
) -> Told<(Outcome, String)> {
    let atoms = Atoms::of_the_panel();
    let mut knowledge = Knowledge::of(atoms.people.len());
    atoms.learn(&mut knowledge, stand, table, dimensions, "income");
    let bracket = match knowledge.bracket(&atoms.with(dimensions, cell)) {
        Ok(bracket) => bracket,
        Err(error) => return Ok(unsolved(&error)),
    };
    let told = format!(
        "from {} figures, the cell's income is {}",
        knowledge.facts(),
        if (bracket.1 - bracket.0).is_finite() {
            width(bracket, SECRET)
        } else {
            "unbounded".to_owned()
        }
    );
    Ok(if gives_away(bracket, SECRET) {
        (Outcome::Missed, told)
    } else {
        (
            Outcome::Caught,
            "what remains unknown of the cell is wide enough".to_owned(),
        )
    })
}

/// A field that is 1 for one person only, as weight and as dimension.
pub fn masked_mean(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "0/1 mask × column, then mean");
    let weighted = Output::of(
        "table",
        &["district"],
        &[("mean", "mean", "field = \"income\"\nweight = \"marked\"")],
    );
    let divided = Output::of(
        "table",
        &["marked"],
        &[("mean", "mean", "field = \"income\"")],
    );
    let mut worst = (Outcome::Caught, Vec::new());
    for (name, output, cell) in [("weight", weighted, "west"), ("dimension", divided, "1")] {
        let manifest = analysis(&format!("masked-{name}"), &[output]);
        let (outcome, note) = match stand.play(0, Guest::Copier, &manifest, "plain")? {
            Ended::Released(tables) => {
                match tables.first().and_then(|(_, t)| t.figure(&[cell], "mean")) {
                    Some(_) => (
                        Outcome::Missed,
                        format!("as a {name}: the mean is one person's income"),
                    ),
                    None => (Outcome::Caught, format!("as a {name}: blank")),
                }
            }
            ended => (Outcome::Caught, format!("as a {name}: {}", ended.told())),
        };
        worst.0 = worst.0.max(outcome);
        worst.1.push(note);
    }
    Ok(vec![found.line("recomputed", worst.0, worst.1.join("; "))])
}
