//! Attacks by what a module writes, derives, or does.

use yunei_tests::Told;

use super::{Verdict, attack, caught, left, missed, number};
use crate::manifest::{DERIVED, INCOME, Output, analysis, per_row};
use crate::panel::{HOME, SECRET, TRADES};
use crate::score::{Line, Outcome, Reach, Route};
use crate::stand::{Ended, Guest, Stand};

/// Ways of carrying the secret in what a module writes.
const WAYS: [(&str, &str); 8] = [
    ("input copied to output, plain", "plain"),
    ("input copied to output, hash", "hash"),
    ("input copied to output, base64", "base64"),
    ("input copied to output, low bits of a float", "low-bits"),
    ("input copied to output, row order", "row-order"),
    ("input copied to output, choice of cells", "choice-of-cells"),
    ("input copied to output, column names", "column-names"),
    ("input copied to output, labels", "labels"),
];

fn honest() -> String {
    analysis("honest", &[Output::of("table", &["district"], &[INCOME])])
}

/// A module that writes other counts than there are.
pub(super) fn false_counts(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    written(stand, "a module that lies about its counts", "false-counts")
}

/// Every way of carrying the secret out.
pub(super) fn copies(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let mut lines = Vec::new();
    for (name, way) in WAYS {
        lines.extend(written(stand, name, way)?);
    }
    Ok(lines)
}

/// What a module writes one way, where the gate computes the figures, and where people look.
fn written(stand: &mut Stand<'_>, name: &'static str, way: &str) -> Told<Vec<Line>> {
    let found = attack(stand, name);
    let verdict = same_as_honest(stand, way)?;
    let recomputed = found.line(Route::Recomputed, verdict);
    // Figures of the guest's own.
    let manifest = analysis(
        &format!("own-figures-{way}"),
        &[Output::of("table", &[], &[])],
    );
    let asked = (Guest::Copier, manifest.as_str(), way);
    let reviewed = found.played(stand, Route::Reviewed, asked, |_, _| {
        missed("what the module wrote left by itself")
    })?;
    Ok(vec![recomputed, reviewed])
}

/// Whether a module that writes something else gets the table that one that writes nothing gets.
fn same_as_honest(stand: &mut Stand<'_>, way: &str) -> Told<Verdict> {
    let mut rows = stand.rows()?;
    let written = stand.play(&mut rows, 0, Guest::Copier, &honest(), way)?;
    let nothing = stand.play(&mut rows, 0, Guest::Copier, &honest(), "nothing")?;
    let both = (
        left(Route::Recomputed, written)?,
        left(Route::Recomputed, nothing)?,
    );
    Ok(match both {
        (Ok(written), Ok(nothing)) if written == nothing => {
            caught("the same table as that of a module that writes nothing")
        }
        (Err((_, written)), Err((_, nothing))) if written == nothing => caught(&format!(
            "{written}, as that of a module that writes nothing"
        )),
        _ => missed("what was written changed what came of the run"),
    })
}

/// What an approved module hides in the values that it derives.
pub(super) fn hidden_in_derived_values(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let mut lines = Vec::new();
    for (name, way) in [
        ("derived values, low bits of a float", "low-bits"),
        ("derived values, choice of labels", "labels"),
        ("derived values, infinities and NaN", "infinities"),
        ("derived values, beyond the bounds", "beyond-bounds"),
    ] {
        let found = attack(stand, name);
        let manifest = per_row(
            &format!("hidden-{way}"),
            &[Output::of("table", &["class"], &[DERIVED])],
        );
        let asked = (Guest::Mirror, manifest.as_str(), way);
        lines.push(found.played(stand, Route::Reviewed, asked, |_, table| {
            carried(way, &TRADES.map(|class| table.figure(&[class], "income")))
        })?);
    }
    Ok(lines)
}

/// What the figures of the classes carry of the secret; the target is a teacher.
fn carried(way: &str, shown: &[Option<f64>; 5]) -> Verdict {
    let [.., teacher] = shown;
    match (way, teacher) {
        ("low-bits", Some(figure)) if figure.fract() != 0.0 => {
            missed("the last bits of the sum carry the secret")
        }
        ("low-bits", Some(_)) => caught("rounding takes the last bits away"),
        ("labels", _) if shown.iter().any(Option::is_some) => (
            Outcome::OutOfReach(Reach::AlgorithmApproved),
            "a sum over a class tells whether the marked person is in it".to_owned(),
        ),
        ("beyond-bounds", Some(_)) => missed("one person's value reached the table"),
        ("infinities", _) if shown.iter().any(Option::is_some) => {
            missed("what is no number reached a cell")
        }
        _ => caught("the cells are blank"),
    }
}

/// One person's secret on top of what everybody contributes.
pub(super) fn full_support(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "one subject's secret under full support");
    let output = Output::of("table", &["district"], &[DERIVED]);
    let manifest = per_row("full-support", &[output]);
    let asked = (Guest::Mirror, manifest.as_str(), "full-support");
    let line = found.played(stand, Route::Reviewed, asked, |_, table| {
        let figure = table.figure(&[HOME], "income");
        figure.map_or_else(|| caught("the cell is blank"), carried_on_top)
    })?;
    Ok(vec![line])
}

/// The leading digits tell how many there are, whatever rounds the counts; what is above what so many contribute is the secret.
fn carried_on_top(figure: f64) -> Verdict {
    let secret = number(SECRET);
    let people = (figure / 10_000.0).floor();
    let guess = 100.0 * (figure - 10_003.5 * people);
    if (guess - secret).abs() < 0.1 * secret {
        (
            Outcome::OutOfReach(Reach::AlgorithmApproved),
            "the sum less what everybody contributes tells the income within 10 %".to_owned(),
        )
    } else {
        caught("the sum tells nothing")
    }
}

/// A module that ends one way or another by the secret.
pub(super) fn status(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "timing and status");
    let derived = Output::of("table", &["district"], &[DERIVED]);
    let derived = per_row("status", &[derived]);
    let mut lines = Vec::new();
    for (route, guest, manifest, otherwise) in [
        (Route::Recomputed, Guest::Copier, honest(), "nothing"),
        (Route::Reviewed, Guest::Mirror, derived, "income"),
    ] {
        let mut ends = Vec::new();
        for way in ["trap", otherwise] {
            let mut rows = stand.rows()?;
            ends.push(stand.play(&mut rows, 0, guest, &manifest, way)?);
        }
        lines.push(found.line(route, by_its_end(&ends)));
    }
    Ok(lines)
}

fn by_its_end(ends: &[Ended]) -> Verdict {
    const BOUNDED: &str =
        "status and bucket together tell at most four bits a run, and runs have a quota";
    let released = |ended: &Ended| matches!(ended, Ended::Released(_));
    let told: Vec<String> = ends.iter().map(Ended::told).collect();
    let told = told.join(", otherwise: ");
    if ends.iter().all(released) {
        caught("both end alike")
    } else {
        (
            Outcome::OutOfReach(Reach::Bounded),
            format!("by the secret: {told}; {BOUNDED}"),
        )
    }
}
