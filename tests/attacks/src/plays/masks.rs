//! Attacks by values that act as conditionals: weights of 0 and 1, absent values, indicators, copies of a sensitive class.

use yunei_tests::Told;

use super::{Found, attack};
use crate::manifest::{COUNT, INCOME, Output, analysis, per_row_of_health};
use crate::panel::SECRET;
use crate::score::{Line, Outcome};
use crate::stand::{Ended, Guest, Stand};
use crate::table::Table;

/// Where the target lives.
const HOME: &str = "west";
/// Income of those who work.
const EARNED: (&str, &str, &str) = ("earned", "sum", "field = \"income\"\nweight = \"working\"");
/// Income for each hour of work.
const HOURLY: (&str, &str, &str) = (
    "hourly",
    "ratio",
    "field = \"income\"\ndenominator = \"hours\"",
);

/// Plays one recomputed table, and looks at what it shows.
fn play(
    stand: &mut Stand<'_>,
    found: &Found<'_>,
    output: Output,
    learn: impl Fn(&Table) -> (Outcome, String),
) -> Told<Line> {
    let name = found.attack.replace(|c: char| !c.is_ascii_lowercase(), "-");
    let manifest = analysis(name.trim_matches('-'), &[output]);
    let (outcome, note) = match stand.play(0, Guest::Copier, &manifest, "plain")? {
        Ended::Released(tables) => match tables.first() {
            Some((_, table)) => learn(table),
            None => (Outcome::Caught, "released without a table".to_owned()),
        },
        ended => (Outcome::Caught, ended.told()),
    };
    Ok(found.line("recomputed", outcome, note))
}

/// What a difference of two figures tells of the target's income.
fn difference(learnt: Option<f64>) -> (Outcome, String) {
    #[expect(clippy::cast_precision_loss, reason = "incomes are small")]
    let secret = SECRET as f64;
    match learnt {
        None => (Outcome::Caught, "the cell is blank".to_owned()),
        Some(learnt) if (learnt - secret).abs() < secret / 10.0 => (
            Outcome::Missed,
            "the difference of two figures is one person's income".to_owned(),
        ),
        Some(_) => (Outcome::Caught, "the difference tells nothing".to_owned()),
    }
}

/// The income of all, and of all but one.
pub fn weights(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "complement of a mask as weight");
    let output = Output::of("table", &["district"], &[INCOME, EARNED]);
    let line = play(stand, &found, output, |table| {
        let figure = |column: &str| table.figure(&[HOME], column);
        difference(
            figure("income")
                .zip(figure("earned"))
                .map(|(all, earned)| all - earned),
        )
    })?;
    Ok(vec![line])
}

/// The income of all, and a ratio that leaves out the one whose hours are absent.
pub fn denominators(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "absent denominator");
    let hours = ("hours", "sum", "field = \"hours\"");
    let output = Output::of("table", &["district"], &[INCOME, HOURLY, hours]);
    let line = play(stand, &found, output, |table| {
        let figure = |column: &str| table.figure(&[HOME], column);
        let all = figure("income").zip(figure("hourly")).zip(figure("hours"));
        difference(all.map(|((income, hourly), hours)| income - hourly * hours))
    })?;
    Ok(vec![line])
}

/// The sum of a field that one person has, and of one that one person lacks.
pub fn indicators(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "sum of an indicator");
    let mut worst = (Outcome::Caught, Vec::new());
    for (field, measure) in [
        ("one has it", ("marked", "sum", "field = \"marked\"")),
        ("one lacks it", ("working", "sum", "field = \"working\"")),
    ] {
        let column = measure.0;
        let output = Output::of("table", &["district"], &[measure]);
        let line = play(stand, &found, output, |table| {
            match table.figure(&[HOME], column) {
                Some(_) => (Outcome::Missed, "the sum counts a single person".to_owned()),
                None => (Outcome::Caught, "the cell is blank".to_owned()),
            }
        })?;
        worst.0 = worst.0.max(line.outcome);
        worst.1.push(format!("{field}: {}", line.note));
    }
    Ok(vec![found.line("recomputed", worst.0, worst.1.join("; "))])
}

/// A derived category that is a copy of everybody's health.
pub fn copied_class(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "sensitive field copied to a derived category");
    let output = Output::of("table", &["trade", "class"], &[COUNT]);
    let manifest = per_row_of_health("copied-class", &[output]);
    let (outcome, note) = match stand.play(0, Guest::Mirror, &manifest, "income")? {
        Ended::Released(tables) => {
            let shown = |class: &str| {
                let table = tables.first();
                table.and_then(|(_, table)| table.figure(&["farmer", class], "people"))
            };
            if shown("ill").is_some() {
                let note = "the table says that every farmer is ill";
                (Outcome::Missed, note.to_owned())
            } else {
                let note = "the class that all farmers are in is blank";
                (Outcome::Caught, note.to_owned())
            }
        }
        ended => (Outcome::Caught, ended.told()),
    };
    Ok(vec![found.line("reviewed", outcome, note)])
}
