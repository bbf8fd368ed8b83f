//! Attacks by several tables: of one run, of two units, of two days.

use yunei_tests::Told;

use super::{Atoms, attack, gives_away, unsolved, width};
use crate::attacker::Knowledge;
use crate::manifest::{INCOME, Output, analysis};
use crate::panel::{self, SECRET};
use crate::score::{Line, Outcome};
use crate::stand::{Ended, Guest, Stand};
use crate::table::Table;

/// Incomes by district, without a margin.
fn by_district(name: &'static str) -> Output {
    Output::of(name, &["district"], &[INCOME])
}

/// The same, apart by a mark that one person has.
fn by_mark(name: &'static str) -> Output {
    Output::of(name, &["district", "marked"], &[INCOME])
}

/// What two tables together say of the marked person.
fn together(stand: &Stand<'_>, tables: &[(&[&str], &Table)]) -> Told<(Outcome, String)> {
    let atoms = Atoms::of_the_panel();
    let mut knowledge = Knowledge::of(atoms.people.len());
    for (dimensions, table) in tables {
        atoms.learn(&mut knowledge, stand, table, dimensions, "income");
    }
    let bracket = match knowledge.bracket(&atoms.with(&["marked"], &["1"])) {
        Ok(bracket) => bracket,
        Err(error) => return Ok(unsolved(&error)),
    };
    Ok(if gives_away(bracket, SECRET) {
        (
            Outcome::Missed,
            format!("both together: the income is {}", width(bracket, SECRET)),
        )
    } else {
        (
            Outcome::Caught,
            "both left, and together leave the income wide open".to_owned(),
        )
    })
}

/// Two outputs of one run.
pub fn two_outputs(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "linked tables over shared margins");
    let manifest = analysis("two-outputs", &[by_district("table"), by_mark("other")]);
    let (outcome, note) = match stand.play(0, Guest::Copier, &manifest, "plain")? {
        Ended::Released(tables) => {
            let (marked, plain): (Vec<_>, Vec<_>) = tables
                .iter()
                .map(|(_, table)| table)
                .partition(|table| table.columns.iter().any(|column| column == "Marked"));
            match (plain.first(), marked.first()) {
                (Some(a), Some(b)) => {
                    together(stand, &[(&["district"], a), (&["district", "marked"], b)])?
                }
                _ => (Outcome::Caught, "not both tables left".to_owned()),
            }
        }
        ended => (Outcome::Caught, ended.told()),
    };
    Ok(vec![found.line("recomputed", outcome, note)])
}

/// One table for each of two units, who put them together.
pub fn two_units(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "colluding operating units");
    let first = analysis(
        "collusion-one",
        &[Output::of("table", &["trade"], &[INCOME])],
    );
    let second = analysis(
        "collusion-two",
        &[Output::of("table", &["trade", "marked"], &[INCOME])],
    );
    let one = stand.play(0, Guest::Copier, &first, "plain")?;
    let two = stand.play(1, Guest::Copier, &second, "plain")?;
    let (outcome, note) = match (one, two) {
        (Ended::Released(one), Ended::Released(two)) => match (one.first(), two.first()) {
            (Some((_, a)), Some((_, b))) => {
                together(stand, &[(&["trade"], a), (&["trade", "marked"], b)])?
            }
            _ => (Outcome::Caught, "not both tables left".to_owned()),
        },
        (one, two) => (
            Outcome::Caught,
            format!("the first: {}; the second: {}", one.told(), two.told()),
        ),
    };
    Ok(vec![found.line("recomputed", outcome, note)])
}

/// The same table before and after one person has left.
pub fn one_leaves(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "N against N − 1 rows");
    let manifest = analysis("one-leaves", &[by_district("table")]);
    let before = stand.play(0, Guest::Copier, &manifest, "plain")?;
    stand.import(&panel::rows(false), 2)?;
    let after = stand.play(1, Guest::Copier, &manifest, "plain")?;
    let (outcome, note) = match (before, after) {
        (Ended::Released(before), Ended::Released(after)) => {
            let west = |tables: &[(String, Table)]| {
                tables
                    .first()
                    .and_then(|(_, t)| t.figure(&["west"], "income"))
            };
            match (west(&before), west(&after)) {
                (Some(before), Some(after)) => {
                    let slack =
                        stand.profile.figure_slack(before) + stand.profile.figure_slack(after);
                    let bracket = (before - after - slack, before - after + slack);
                    if gives_away(bracket, SECRET) {
                        (
                            Outcome::Missed,
                            format!("the difference: the income is {}", width(bracket, SECRET)),
                        )
                    } else {
                        (Outcome::Caught, "the difference is too wide".to_owned())
                    }
                }
                _ => (Outcome::Caught, "a cell is blank".to_owned()),
            }
        }
        (before, after) => (
            Outcome::Caught,
            format!("before: {}; after: {}", before.told(), after.told()),
        ),
    };
    Ok(vec![found.line("recomputed", outcome, note)])
}
