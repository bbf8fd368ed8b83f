//! The attacks, one function each: what is run, and what the attacker makes of it.

mod atoms;
mod joins;
mod leaks;
mod linked;
mod masks;
mod models;
mod private;
mod tables;

use yunei_tests::{StoryError, Told};

use crate::panel::SECRET;
use crate::score::{Line, Outcome, Reach, Route};
use crate::stand::{Ended, Guest, Stand};
use crate::table::Table;

/// Attacks of one kind.
type Play = fn(&mut Stand<'_>) -> Told<Vec<Line>>;

/// The attacks by name. Each asks for rows of its own, once for every route.
pub const PLAYS: [(&str, Play); 34] = [
    ("small-cell", tables::small_cell),
    ("all-of-a-class", tables::all_of_a_class),
    ("extremes", tables::extremes),
    ("dominance", tables::dominance),
    ("duplicated-rows", tables::duplicated_rows),
    ("margins", tables::margins),
    ("combinations", tables::combinations),
    ("two-outputs", linked::two_outputs),
    ("two-units", linked::two_units),
    ("one-leaves", linked::one_leaves),
    ("row-filter", linked::row_filter),
    ("masked-mean", masks::masked_mean),
    ("weights", masks::weights),
    ("denominators", masks::denominators),
    ("indicators", masks::indicators),
    ("two-fields", masks::two_fields),
    ("two-fields-of-two-runs", masks::two_fields_of_two_runs),
    ("parameters", masks::parameters),
    ("copied-class", masks::copied_class),
    ("joined-mask", joins::mask),
    ("joined-snapshots", joins::snapshots),
    ("joined-filter", joins::filter),
    ("regressions", models::regressions),
    ("averaged-perturbation", models::averaged_perturbation),
    ("false-counts", leaks::false_counts),
    ("copies", leaks::copies),
    ("hidden-in-derived-values", leaks::hidden_in_derived_values),
    ("full-support", leaks::full_support),
    ("status", leaks::status),
    ("private-cells", private::cells),
    ("private-secrets", private::secrets),
    ("private-one-leaves", private::one_leaves),
    ("private-averages", private::averages),
    ("private-budget", private::after_the_budget),
];

/// What came of an attack, and what was seen.
type Verdict = (Outcome, String);

/// What came of one attack.
struct Found<'a> {
    attack: &'static str,
    profile: &'a str,
}

impl Found<'_> {
    fn line(&self, route: Route, (outcome, note): Verdict) -> Line {
        Line {
            attack: self.attack,
            route,
            profile: self.profile.to_owned(),
            outcome,
            note,
        }
    }

    /// Plays one run on rows of its own, and looks at its first table.
    fn played(
        &self,
        stand: &mut Stand<'_>,
        route: Route,
        (guest, manifest, way): (Guest, &str, &str),
        learn: impl FnOnce(&Stand<'_>, &Table) -> Verdict,
    ) -> Told<Line> {
        let mut rows = stand.rows()?;
        let ended = stand.play(&mut rows, 0, guest, manifest, way)?;
        let verdict = match left(route, ended)? {
            Ok(tables) => learn(stand, first(&tables)?),
            Err(kept) => kept,
        };
        Ok(self.line(route, verdict))
    }
}

fn attack<'a>(stand: &Stand<'a>, attack: &'static str) -> Found<'a> {
    Found {
        attack,
        profile: &stand.profile.name,
    }
}

/// The tables of a run that left by itself, or what kept them inside.
///
/// A run that was refused, or came to an end of its own, never reached the gate: it is an error, unless the attack says otherwise itself.
fn left(route: Route, ended: Ended) -> Told<Result<Vec<(String, Table)>, Verdict>> {
    let told = ended.told();
    match ended {
        Ended::Released(tables) => Ok(Ok(tables)),
        Ended::Withheld(_) => Ok(Err((Outcome::Caught, told))),
        Ended::InReview(_) => Ok(Err((asked(route), told))),
        Ended::Refused(_) | Ended::Other(_) => {
            Err(StoryError(format!("the attack never began: {told}")))
        }
    }
}

/// The tables of two runs, or what kept one of them inside: the worse of both, if neither left.
fn both_left(route: Route, one: Ended, other: Ended) -> Told<Result<(Table, Table), Verdict>> {
    let told = format!("the first: {}; the second: {}", one.told(), other.told());
    Ok(match (left(route, one)?, left(route, other)?) {
        (Ok(one), Ok(other)) => Ok((first(&one)?.clone(), first(&other)?.clone())),
        (Err((one, _)), Err((other, _))) => Err((one.max(other), told)),
        (Err((kept, _)), Ok(_)) | (Ok(_), Err((kept, _))) => Err((kept, told)),
    })
}

/// What it means that two people are asked: on a route where they decide everything, nothing was caught by that.
const fn asked(route: Route) -> Outcome {
    match route {
        Route::Recomputed | Route::Private => Outcome::Asked,
        Route::Reviewed => Outcome::OutOfReach(Reach::PeopleDecide),
    }
}

fn first(tables: &[(String, Table)]) -> Told<&Table> {
    let table = tables.first().map(|(_, table)| table);
    table.ok_or_else(|| StoryError("released without a table".to_owned()))
}

fn caught(note: &str) -> Verdict {
    (Outcome::Caught, note.to_owned())
}

fn missed(note: &str) -> Verdict {
    (Outcome::Missed, note.to_owned())
}

/// The worst of several verdicts, with what was seen in each.
fn worst(verdicts: &[(&str, Verdict)]) -> Verdict {
    let outcome = verdicts.iter().map(|(_, (outcome, _))| *outcome).max();
    let notes: Vec<String> = verdicts
        .iter()
        .map(|(name, (_, note))| format!("{name}: {note}"))
        .collect();
    (outcome.unwrap_or(Outcome::Caught), notes.join("; "))
}

/// Whether a cell is shown that must not be.
fn shown(figure: Option<f64>, told: &str) -> Verdict {
    figure.map_or_else(|| caught("the cell is blank"), |_| missed(told))
}

/// What an interval about the target's income gives away.
fn bracketed(bracket: (f64, f64)) -> Verdict {
    if gives_away(bracket, SECRET) {
        (
            Outcome::Missed,
            format!("the income is {}", width(bracket, SECRET)),
        )
    } else {
        caught("what is shown leaves the income wide open")
    }
}

/// What a difference of two figures, each rounded, tells of the target's income.
fn difference(stand: &Stand<'_>, of: Option<(f64, f64)>) -> Verdict {
    of.map_or_else(
        || caught("the cell is blank"),
        |(one, other)| {
            let slack = stand.profile.figure_slack(one) + stand.profile.figure_slack(other);
            bracketed((one - other - slack, one - other + slack))
        },
    )
}

/// Whether an interval gives a value away: narrower than a fifth of it, and with the value in it, so that its middle is within ten per cent.
fn gives_away((low, high): (f64, f64), value: i64) -> bool {
    let value = number(value);
    high - low < 0.2 * value && low <= 1.1 * value && high >= 0.9 * value
}

/// An interval in words: how wide it is, compared with the value.
fn width((low, high): (f64, f64), value: i64) -> String {
    if (high - low).is_finite() {
        format!(
            "known within {:.1} % of it",
            (high - low) / 2.0 / number(value) * 100.0
        )
    } else {
        "nothing but a lower end is known".to_owned()
    }
}

/// Where the attacker's programme has no solution, the attack is not scored as caught.
fn unsolved(error: &StoryError) -> Verdict {
    (
        Outcome::Missed,
        format!("counted as missed, because what it tells could not be worked out: {error}"),
    )
}

#[expect(clippy::cast_precision_loss, reason = "incomes are small")]
const fn number(value: i64) -> f64 {
    value as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_before_the_gate_is_not_a_catch() {
        let refused = Ended::Refused("module-refused".to_owned());
        assert!(left(Route::Recomputed, refused).is_err());
        assert!(left(Route::Reviewed, Ended::Other("failed".to_owned())).is_err());
        let waits = |route| {
            left(route, Ended::InReview(String::new()))
                .unwrap()
                .unwrap_err()
                .0
        };
        assert_eq!(waits(Route::Recomputed), Outcome::Asked);
        assert_eq!(
            waits(Route::Reviewed),
            Outcome::OutOfReach(Reach::PeopleDecide)
        );
    }

    #[test]
    fn an_interval_beside_the_value_gives_nothing_away() {
        assert!(gives_away(
            (SECRET as f64 - 1.0, SECRET as f64 + 1.0),
            SECRET
        ));
        assert!(!gives_away((0.0, 1.0), SECRET));
        assert!(!gives_away((0.0, f64::INFINITY), SECRET));
    }
}
