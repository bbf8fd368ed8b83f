//! Attacks through a registered join: what another resource says of each row.

use yunei_tests::Told;

use super::{attack, both_left, difference, left, shown, worst};
use crate::manifest::{INCOME, Measure, Output, analysis, joined};
use crate::panel::HOME;
use crate::score::{Line, Route};
use crate::stand::{Guest, Stand};

/// A list whose field tells one row from all others: as a dimension, as a sum, and its complement as a weight.
pub(super) fn mask(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "join: a field that singles one row out");
    let others: Measure = ("others", "sum", "field = \"income\"\nweight = \"unlisted\"");
    let listed: Measure = ("listed", "sum", "field = \"listed\"");
    let mut verdicts = Vec::new();
    for (name, output) in [
        (
            "as a dimension",
            Output::of("table", &["listed"], &[INCOME]),
        ),
        ("as a sum", Output::of("table", &["district"], &[listed])),
        (
            "as a weight",
            Output::of("table", &["district"], &[INCOME, others]),
        ),
    ] {
        let manifest = joined(&analysis(&name.replace(' ', "-"), &[output]));
        let mut rows = stand.joined_rows()?;
        let ended = stand.play(&mut rows, 0, Guest::Copier, &manifest, "nothing")?;
        let verdict = match left(Route::Recomputed, ended)? {
            Err(kept) => kept,
            Ok(tables) => {
                let table = super::first(&tables)?;
                match name {
                    "as a dimension" => shown(
                        table.figure(&["1"], "income"),
                        "one person's income is shown",
                    ),
                    "as a sum" => shown(
                        table.figure(&[HOME], "listed"),
                        "the sum counts a single person",
                    ),
                    _ => difference(
                        stand,
                        table
                            .figure(&[HOME], "income")
                            .zip(table.figure(&[HOME], "others")),
                    ),
                }
            }
        };
        verdicts.push((name, verdict));
    }
    Ok(vec![found.line(Route::Recomputed, worst(&verdicts))])
}

/// Incomes by where desks are.
fn by_floor(name: &str) -> String {
    joined(&analysis(
        name,
        &[Output::of("table", &["floor"], &[INCOME])],
    ))
}

/// The same table over two snapshots of the list, between which one desk moved.
pub(super) fn snapshots(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "join: two snapshots of what is looked up");
    let mut rows = stand.joined_rows()?;
    let one = stand.play(&mut rows, 0, Guest::Copier, &by_floor("before"), "nothing")?;
    stand.import_list(&mut rows)?;
    let other = stand.play(&mut rows, 1, Guest::Copier, &by_floor("after"), "nothing")?;
    let verdict = both_left(Route::Recomputed, one, other)?.map_or_else(
        |kept| kept,
        |(before, after)| {
            // The one is on one of two floors before.
            let on = |floor: &str| {
                let figures = before
                    .figure(&[floor], "income")
                    .zip(after.figure(&[floor], "income"));
                difference(stand, figures)
            };
            on("lower").max(on("middle"))
        },
    );
    Ok(vec![found.line(Route::Recomputed, verdict)])
}

/// The same table where another grant's filter leaves one desk out of the list.
pub(super) fn filter(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "join: a row filter on what is looked up");
    let mut rows = stand.joined_rows()?;
    stand.narrow(&mut rows, 1, ("listed", "eq", "0"))?;
    let one = stand.play(&mut rows, 0, Guest::Copier, &by_floor("all"), "nothing")?;
    let other = stand.play(
        &mut rows,
        1,
        Guest::Copier,
        &by_floor("filtered"),
        "nothing",
    )?;
    let verdict = both_left(Route::Recomputed, one, other)?.map_or_else(
        |kept| kept,
        |(all, filtered)| {
            let on = |floor: &str| {
                let figures = all
                    .figure(&[floor], "income")
                    .zip(filtered.figure(&[floor], "income"));
                difference(stand, figures)
            };
            on("lower").max(on("middle"))
        },
    );
    Ok(vec![found.line(Route::Recomputed, verdict)])
}
