//! Attacks on the private route.

use yunei_tests::Told;

use super::attack;
use crate::manifest::per_subject;
use crate::panel::SECRET;
use crate::score::{Line, Outcome};
use crate::stand::{Ended, Guest, Stand};
use crate::table::Table;

/// ε of each run, as the manifests have it.
pub const EPSILON: f64 = 0.5;
/// Runs that the population's budget covers.
pub const RUNS: usize = 8;

/// One subject's secret in what a module contributes, keeps, or fails by; then again and again until the budget is spent, and after it.
pub fn secrets_of_one_subject(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    stand.open_budget(EPSILON * f64::from(u8::try_from(RUNS).unwrap_or(u8::MAX)))?;
    let mut lines = Vec::new();
    for (name, way) in [
        ("one subject's secret under full support", "full-support"),
        ("state kept from one subject to the next", "state"),
        ("a trap for one subject", "trap"),
    ] {
        let found = attack(stand, name);
        let (outcome, note) = match play(stand, way)? {
            Ended::Released(tables) => told(&tables, 1.0),
            ended => (Outcome::Caught, ended.told()),
        };
        lines.push(found.line("private", outcome, note));
    }
    lines.push(averaged(stand)?);
    lines.push(after_the_budget(stand)?);
    Ok(lines)
}

fn play(stand: &mut Stand<'_>, way: &str) -> Told<Ended> {
    let manifest = per_subject("teller", EPSILON);
    stand.play(0, Guest::Teller, &manifest, way)
}

/// How likely a guess within ten per cent of the secret is, by the published scale of the noise; `runs` are averaged.
fn told(tables: &[(String, Table)], runs: f64) -> (Outcome, String) {
    let row = tables.first().and_then(|(_, table)| table.rows.first());
    let scale: Option<f64> = row.and_then(|row| row.get(2)?.parse().ok());
    let Some(scale) = scale else {
        return (
            Outcome::Missed,
            "a figure without the scale of its noise".to_owned(),
        );
    };
    #[expect(clippy::cast_precision_loss, reason = "incomes are small")]
    let secret = SECRET as f64;
    // Laplace: P(|X| ≤ t) = 1 − exp(−t/b). An average of n has about b/√n.
    let likely = 1.0 - (-0.1 * secret / (scale / runs.sqrt())).exp();
    // With ε an adversary who asks a yes or no is right at most e^ε/(1 + e^ε) of the time; a guess this good must stay a rare one.
    if likely < 0.5 {
        (
            Outcome::Caught,
            format!(
                "noise of scale {scale:.0}: a guess within 10 % succeeds {:.0} times of 100",
                likely * 100.0
            ),
        )
    } else {
        (
            Outcome::Missed,
            format!("noise of scale {scale:.0} leaves the secret open"),
        )
    }
}

/// The same again, until the budget is spent.
fn averaged(stand: &mut Stand<'_>) -> Told<Line> {
    let found = attack(stand, "averaging repeated noise");
    let mut all = Vec::new();
    let mut end = "the budget was never spent".to_owned();
    // Three runs are gone already.
    for _ in 0..=RUNS {
        match play(stand, "presence")? {
            Ended::Released(tables) => all.push(tables),
            ended => {
                end = ended.told();
                break;
            }
        }
    }
    let runs = u8::try_from(all.len()).map_or(f64::MAX, f64::from);
    let (outcome, note) = all
        .first()
        .map_or((Outcome::Caught, String::new()), |tables| {
            told(tables, runs.max(1.0))
        });
    let refused = all.len() + 3 <= RUNS;
    Ok(found.line(
        "private",
        if refused { outcome } else { Outcome::Missed },
        format!("{runs} releases, then {end}; averaged: {note}"),
    ))
}

/// Waiting for the budget to come back: another unit, another snapshot.
fn after_the_budget(stand: &mut Stand<'_>) -> Told<Line> {
    let found = attack(stand, "waiting for a budget to reset");
    let manifest = per_subject("teller-again", EPSILON);
    let other = stand.play(1, Guest::Teller, &manifest, "presence")?;
    stand.import(&crate::panel::rows(true), 3)?;
    let later = stand.play(0, Guest::Teller, &manifest, "presence")?;
    let note = format!(
        "another unit: {}; a newer snapshot: {}",
        other.told(),
        later.told()
    );
    let left = matches!(other, Ended::Released(_)) || matches!(later, Ended::Released(_));
    let outcome = if left {
        Outcome::Missed
    } else {
        Outcome::Caught
    };
    Ok(found.line("private", outcome, note))
}
