//! Attacks by what a module writes, derives, or does.

use yunei_tests::Told;

use super::attack;
use crate::manifest::{INCOME, Output, analysis, per_row};
use crate::panel::SECRET;
use crate::score::{Line, Outcome};
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

fn honest() -> Output {
    Output::of("table", &["district"], &[INCOME])
}

/// A module that writes other counts than there are.
pub fn false_counts(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "a module that lies about its counts");
    let line = same_as_honest(stand, "false-counts")?;
    let mut lines = vec![found.line("recomputed", line.0, line.1)];
    let ended = stand.play(0, Guest::Copier, &unlabelled("lies"), "false-counts")?;
    lines.push(found.line("reviewed", people(&ended), ended.told()));
    Ok(lines)
}

/// Every way of carrying the secret out, where the gate computes the figures, and where people look.
pub fn copies(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let mut lines = Vec::new();
    for (name, way) in WAYS {
        let found = attack(stand, name);
        let (outcome, note) = same_as_honest(stand, way)?;
        lines.push(found.line("recomputed", outcome, note));
        let ended = stand.play(0, Guest::Copier, &unlabelled(way), way)?;
        lines.push(found.line("reviewed", people(&ended), ended.told()));
    }
    Ok(lines)
}

/// Figures of the guest's own: people decide.
fn unlabelled(name: &str) -> String {
    analysis(
        &format!("own-figures-{name}"),
        &[Output::of("table", &[], &[])],
    )
}

/// Where two people decide, software holds nothing but that nobody else does.
fn people(ended: &Ended) -> Outcome {
    match ended {
        Ended::Released(_) => Outcome::Missed,
        Ended::InReview => Outcome::OutOfReach,
        _ => Outcome::Caught,
    }
}

/// Whether a module that writes something else gets the table that one that writes nothing gets.
fn same_as_honest(stand: &mut Stand<'_>, way: &str) -> Told<(Outcome, String)> {
    let manifest = analysis("honest", &[honest()]);
    let written = stand.play(0, Guest::Copier, &manifest, way)?;
    let nothing = stand.play(0, Guest::Copier, &manifest, "nothing")?;
    Ok(match (written, nothing) {
        (Ended::Released(written), Ended::Released(nothing)) if written == nothing => (
            Outcome::Caught,
            "the same table as that of a module that writes nothing".to_owned(),
        ),
        (Ended::Released(_), Ended::Released(_)) => (
            Outcome::Missed,
            "what was written changed the table".to_owned(),
        ),
        (written, nothing) => (
            Outcome::Caught,
            format!("{}; writing nothing: {}", written.told(), nothing.told()),
        ),
    })
}

/// What an approved module hides in the values that it derives.
pub fn hidden_in_derived_values(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let mut lines = Vec::new();
    for (name, way) in [
        ("derived values, low bits of a float", "low-bits"),
        ("derived values, choice of labels", "labels"),
        ("derived values, infinities and NaN", "infinities"),
        ("derived values, beyond the bounds", "beyond-bounds"),
    ] {
        let found = attack(stand, name);
        let output = Output::of(
            "table",
            &["class"],
            &[("figure", "sum", "derived = \"figure\"")],
        );
        let manifest = per_row(&format!("hidden-{way}"), &[output]);
        let (outcome, note) = match stand.play(0, Guest::Mirror, &manifest, way)? {
            Ended::Released(tables) => {
                let shown = |class| {
                    tables
                        .first()
                        .and_then(|(_, t)| t.figure(&[class], "figure"))
                };
                let classes = ["baker", "clerk", "driver", "farmer", "teacher"];
                carried(way, &classes.map(shown))
            }
            ended => (Outcome::Caught, ended.told()),
        };
        lines.push(found.line("reviewed", outcome, note));
    }
    Ok(lines)
}

/// What the figures of the classes carry of the secret; the target is a teacher.
fn carried(way: &str, shown: &[Option<f64>; 5]) -> (Outcome, String) {
    let [.., teacher] = shown;
    match way {
        "low-bits" => match teacher {
            Some(figure) if figure.fract() != 0.0 => (
                Outcome::Missed,
                "the last bits of the sum carry the secret".to_owned(),
            ),
            Some(_) => (Outcome::Caught, "rounding takes the last bits away".to_owned()),
            None => (Outcome::Caught, "the cells are blank".to_owned()),
        },
        "labels" if shown.iter().any(Option::is_some) => (
            Outcome::OutOfReach,
            "a sum over a class tells whether the marked person is in it; two people approved the algorithm"
                .to_owned(),
        ),
        "labels" => (Outcome::Caught, "the cells are blank".to_owned()),
        "beyond-bounds" => match teacher {
            Some(_) => (
                Outcome::Missed,
                "a value beyond its bounds reached the table".to_owned(),
            ),
            None => (Outcome::Caught, "the cells are blank".to_owned()),
        },
        _ if shown.iter().any(Option::is_some) => (
            Outcome::Missed,
            "what is no number reached a cell".to_owned(),
        ),
        _ => (Outcome::Caught, "no class has a figure".to_owned()),
    }
}

/// One person's secret on top of what everybody contributes.
pub fn full_support(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "one subject's secret under full support");
    let measures = [("figure", "sum", "derived = \"figure\"")];
    let output = Output::of("table", &["district"], &measures);
    let manifest = per_row("full-support", &[output]);
    let (outcome, note) = match stand.play(0, Guest::Mirror, &manifest, "full-support")? {
        Ended::Released(tables) => {
            let table = tables.first();
            match table.and_then(|(_, table)| table.figure(&["west"], "figure")) {
                Some(figure) => carried_on_top(figure),
                None => (Outcome::Caught, "the cell is blank".to_owned()),
            }
        }
        ended => (Outcome::Caught, ended.told()),
    };
    Ok(vec![found.line("reviewed", outcome, note)])
}

/// The leading digits tell how many there are, whatever rounds the counts; what is above what so many contribute is the secret.
fn carried_on_top(figure: f64) -> (Outcome, String) {
    #[expect(clippy::cast_precision_loss, reason = "incomes are small")]
    let secret = SECRET as f64;
    let people = (figure / 10_000.0).floor();
    let guess = 100.0 * (figure - 10_003.5 * people);
    if (guess - secret).abs() < 0.1 * secret {
        (
            Outcome::OutOfReach,
            "the sum less what everybody contributes tells the income within 10 %; two people approved the algorithm"
                .to_owned(),
        )
    } else {
        (Outcome::Caught, "the sum tells nothing".to_owned())
    }
}

/// A module that ends one way or another by the secret.
pub fn status(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "timing and status");
    let manifest = analysis("status", &[honest()]);
    let by_secret = stand.play(0, Guest::Copier, &manifest, "trap")?;
    let otherwise = stand.play(0, Guest::Copier, &manifest, "nothing")?;
    let (outcome, note) = match (by_secret, otherwise) {
        (Ended::Released(_), Ended::Released(_)) => {
            (Outcome::Caught, "both end alike".to_owned())
        }
        _ => (
            Outcome::OutOfReach,
            "one bit was told by whether the run is released; status and bucket together tell at most four bits a run, and runs have a quota"
                .to_owned(),
        ),
    };
    Ok(vec![found.line("recomputed", outcome, note)])
}
