//! Attacks on the private route.

use yunei_tests::Told;

use super::{Verdict, attack, both_left, caught, left, missed, number};
use crate::manifest::{PRIVATE_BOUND, per_subject};
use crate::panel::{self, SECRET};
use crate::score::{Line, Outcome, Route};
use crate::stand::{Ended, Guest, Rows, Stand};
use crate::table::Table;

/// ε of each run, as the manifests have it.
const EPSILON: f64 = 0.5;
/// Runs that a population's budget covers.
const RUNS: u8 = 4;
/// An attacker who chooses between two and is right this often has learnt it.
const SURE: f64 = 0.9;

/// Rows of an attack's own, whose population has a budget.
fn rows(stand: &mut Stand<'_>) -> Told<Rows> {
    let rows = stand.rows()?;
    stand.open_budget(&rows, EPSILON * f64::from(RUNS))?;
    Ok(rows)
}

fn play(stand: &mut Stand<'_>, rows: &mut Rows, unit: usize, way: &str) -> Told<Ended> {
    let manifest = per_subject("teller", EPSILON);
    stand.play(rows, unit, Guest::Teller, &manifest, way)
}

/// An attack's name, the guest's way to it, and what the figures tell.
type Way<'a> = (&'static str, &'a str, fn(&Table) -> Verdict);

/// Each attack by one run, and what its figures tell.
fn each(stand: &mut Stand<'_>, attacks: &[Way<'_>]) -> Told<Vec<Line>> {
    let mut lines = Vec::new();
    for (name, way, learn) in attacks {
        let found = attack(stand, name);
        let mut rows = rows(stand)?;
        let ended = play(stand, &mut rows, 0, way)?;
        let verdict = left(Route::Private, ended)?
            .and_then(|tables| super::first(&tables).cloned().map_err(|e| missed(&e.0)))
            .map_or_else(|kept| kept, |table| learn(&table));
        lines.push(found.line(Route::Private, verdict));
    }
    Ok(lines)
}

/// A cell that one person supports, one that one person dominates, and false contributions.
pub(super) fn cells(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    each(
        stand,
        &[
            ("small cell", "presence", one_run),
            ("dominance", "dominant", clamped),
            ("sum of an indicator", "indicator", present),
            (
                "a module that lies about its counts",
                "beyond-bounds",
                clamped,
            ),
        ],
    )
}

/// One person's secret in what a module contributes, keeps, fails by, or chooses.
pub(super) fn secrets(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    each(
        stand,
        &[
            (
                "one subject's secret under full support",
                "full-support",
                one_run,
            ),
            ("state kept from one subject to the next", "state", kept),
            ("a trap for one subject", "trap", one_run),
            (
                "input copied to output, low bits of a float",
                "low-bits",
                whole,
            ),
            (
                "input copied to output, choice of cells",
                "choice-of-cells",
                chosen,
            ),
        ],
    )
}

fn one_run(table: &Table) -> Verdict {
    told(table, 1.0)
}

/// The published scale of the noise.
fn scale(table: &Table) -> Result<f64, Verdict> {
    let scale = table.rows.first().and_then(|row| row.get(2)?.parse().ok());
    scale.ok_or_else(|| missed("a figure without the scale of its noise"))
}

/// How likely a guess within ten per cent of the secret is, by the published scale of the noise; `runs` are averaged.
fn told(table: &Table, runs: f64) -> Verdict {
    let scale = match scale(table) {
        Ok(scale) => scale,
        Err(missed) => return missed,
    };
    // Laplace: P(|X| ≤ t) = 1 − exp(−t/b). An average of n has about b/√n.
    let likely = 1.0 - (-0.1 * number(SECRET) / (scale / runs.sqrt())).exp();
    // With ε an adversary who asks a yes or no is right at most e^ε/(1 + e^ε) of the time; a guess this good must stay a rare one.
    let note = format!(
        "noise of scale {scale:.0}: a guess within 10 % succeeds {:.0} times of 100",
        likely * 100.0
    );
    let outcome = if likely < 0.5 {
        Outcome::Caught
    } else {
        Outcome::Missed
    };
    (outcome, note)
}

/// Every figure of the table.
fn figures(table: &Table) -> impl Iterator<Item = f64> {
    table.rows.iter().filter_map(|row| row.get(1)?.parse().ok())
}

/// Whether a contribution beyond the bounds was counted as it was.
fn clamped(table: &Table) -> Verdict {
    // Everybody at the bound would come to no more.
    let most = number(PRIVATE_BOUND) * 500.0;
    if figures(table).any(|figure| figure > most) {
        return missed("a contribution beyond its bounds was counted");
    }
    let (outcome, note) = told(table, 1.0);
    (outcome, format!("contributions are clamped; {note}"))
}

/// Whether what one call kept was in the contributions of those after it.
fn kept(table: &Table) -> Verdict {
    let scale = match scale(table) {
        Ok(scale) => scale,
        Err(missed) => return missed,
    };
    // Noise so large has one chance in twenty thousand; the incomes of all that come later would add up to far more.
    if figures(table).any(|figure| figure > 10.0 * scale) {
        return missed("what was kept was contributed for others");
    }
    told(table, 1.0)
}

/// Whether figures have low bits at all.
fn whole(table: &Table) -> Verdict {
    if figures(table).any(|figure| figure.fract() != 0.0) {
        return missed("figures have low bits of their own");
    }
    let (outcome, note) = told(table, 1.0);
    (outcome, format!("figures are whole steps; {note}"))
}

/// Whether somebody is there, who alone contributes the bound.
fn present(table: &Table) -> Verdict {
    of_two(table, 1.0)
}

/// Which of two cells the secret chose: they differ by the bound each.
fn chosen(table: &Table) -> Verdict {
    of_two(table, 2.0)
}

/// How likely the right one of two is guessed, that differ by the bound in so many cells: at most e^x/(1 + e^x), where x is the
/// difference over the scale of the noise.
fn of_two(table: &Table, cells: f64) -> Verdict {
    let scale = match scale(table) {
        Ok(scale) => scale,
        Err(missed) => return missed,
    };
    let likelihood = (cells * number(PRIVATE_BOUND) / scale).exp();
    let right = likelihood / (1.0 + likelihood);
    let note = format!(
        "noise of scale {scale:.0}: of two possibilities the right one is guessed {:.0} times of 100 at most",
        right * 100.0
    );
    let outcome = if right < SURE {
        Outcome::Caught
    } else {
        Outcome::Missed
    };
    (outcome, note)
}

/// The same contributions before and after one person has left.
pub(super) fn one_leaves(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "N against N − 1 rows");
    let mut rows = rows(stand)?;
    let before = play(stand, &mut rows, 0, "presence")?;
    stand.import(&mut rows, &panel::rows(false))?;
    let after = play(stand, &mut rows, 1, "presence")?;
    let verdict = both_left(Route::Private, before, after)?.map_or_else(
        |kept| kept,
        // The difference has the noise of both, which is more than that of one.
        |(before, _)| {
            let (outcome, note) = told(&before, 1.0);
            (
                outcome,
                format!("each for itself: {note}; the difference has the noise of both"),
            )
        },
    );
    Ok(vec![found.line(Route::Private, verdict)])
}

/// The same again, by one unit and by two in turn, until the budget is spent.
pub(super) fn averages(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let mut lines = Vec::new();
    for (name, units) in [
        ("averaging repeated noise", 1),
        ("colluding operating units", 2),
    ] {
        let found = attack(stand, name);
        let mut rows = rows(stand)?;
        let verdict = averaged(stand, &mut rows, units)?;
        lines.push(found.line(Route::Private, verdict));
    }
    Ok(lines)
}

fn averaged(stand: &mut Stand<'_>, rows: &mut Rows, units: usize) -> Told<Verdict> {
    let mut last = None;
    for run in 0..=RUNS {
        let ended = play(stand, rows, usize::from(run) % units, "presence")?;
        if let Ended::Refused(_) = ended {
            let averaged = last.map(|table| told(&table, f64::from(run)));
            let (outcome, note) = averaged.unwrap_or_else(|| caught("nothing to average"));
            let note = format!("{run} releases, then {}; averaged: {note}", ended.told());
            return Ok((outcome, note));
        }
        match left(Route::Private, ended)? {
            Ok(tables) => last = Some(super::first(&tables)?.clone()),
            Err(kept) => return Ok(kept),
        }
    }
    Ok(missed("the budget was never spent"))
}

/// Waiting for the budget to come back: another unit, another snapshot, another module.
pub(super) fn after_the_budget(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "waiting for a budget to reset");
    let mut rows = stand.rows()?;
    stand.open_budget(&rows, EPSILON)?;
    let only = play(stand, &mut rows, 0, "presence")?;
    let other = play(stand, &mut rows, 1, "presence")?;
    stand.import(&mut rows, &panel::rows(true))?;
    let later = play(stand, &mut rows, 0, "presence")?;
    let manifest = per_subject("teller-again", EPSILON);
    let again = stand.play(&mut rows, 0, Guest::Teller, &manifest, "presence")?;
    let ends = [
        ("another unit", other),
        ("a newer snapshot", later),
        ("another module", again),
    ];
    let note: Vec<String> = ends
        .iter()
        .map(|(name, ended)| format!("{name}: {}", ended.told()))
        .collect();
    let refused = ends
        .iter()
        .all(|(_, ended)| matches!(ended, Ended::Refused(_)));
    let began = matches!(only, Ended::Released(_));
    let outcome = if refused && began {
        Outcome::Caught
    } else {
        Outcome::Missed
    };
    Ok(vec![found.line(Route::Private, (outcome, note.join("; ")))])
}
