//! Attacks by regressions, by extremes of a module's own, and by repeated perturbation.

use yunei_tests::Told;

use super::attack;
use crate::manifest::{COUNT, Output, analysis};
use crate::score::{Line, Outcome};
use crate::stand::{Ended, Guest, Stand};

/// A model with an indicator of one person.
const ONE_PERSON: &str = r#"
[output.model]
kind = "linear"
response = { field = "income" }

[[output.model.term]]
field = "marked"
banding = "marked"
"#;

/// A model with nearly as many parameters as people.
const SATURATED: &str = r#"
[output.model]
kind = "linear"
response = { field = "income" }

[[output.model.term]]
field = "income"
banding = "few"
"#;

/// A model with more parameters than the gate fits.
const ENDLESS: &str = r#"
[output.model]
kind = "linear"
response = { field = "income" }

[[output.model.term]]
field = "income"
banding = "fine"
"#;

/// What a design gives away.
pub fn regressions(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "a model with an indicator of one person");
    let ended = modelled(stand, "one-person", ONE_PERSON)?;
    let mut lines = vec![found.line("reviewed", by_people(&ended), ended.told())];
    let found = attack(stand, "over-parameterised model");
    let fitted = modelled(stand, "saturated", SATURATED)?;
    let endless = modelled(stand, "endless", ENDLESS)?;
    // The worse of both counts.
    let outcome = match (by_people(&fitted), by_people(&endless)) {
        (Outcome::Missed, _) | (_, Outcome::Missed) => Outcome::Missed,
        (Outcome::OutOfReach, _) | (_, Outcome::OutOfReach) => Outcome::OutOfReach,
        _ => Outcome::Caught,
    };
    let note = format!(
        "{}; with more parameters than the gate fits: {}",
        fitted.told(),
        endless.told()
    );
    lines.push(found.line("reviewed", outcome, note));
    Ok(lines)
}

fn modelled(stand: &mut Stand<'_>, name: &str, design: &'static str) -> Told<Ended> {
    let mut output = Output::of("table", &[], &[]);
    output.more = design;
    stand.play(0, Guest::Copier, &analysis(name, &[output]), "nothing")
}

/// Minimum and maximum as measures of the module's own.
pub fn own_extremes(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "minimum and maximum");
    let mut output = Output::of("table", &["trade"], &[]);
    output.more = r#"
[[output.own]]
name = "figure"
kind = "maximum"
field = "income"
"#;
    let manifest = analysis("own-extremes", &[output]);
    let ended = stand.play(0, Guest::Copier, &manifest, "nothing")?;
    Ok(vec![found.line(
        "reviewed",
        by_people(&ended),
        ended.told(),
    )])
}

fn by_people(ended: &Ended) -> Outcome {
    match ended {
        Ended::Released(_) => Outcome::Missed,
        Ended::InReview => Outcome::OutOfReach,
        _ => Outcome::Caught,
    }
}

/// The same perturbed table again and again, so that the noise averages out.
pub fn averaged_perturbation(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    /// How often it is asked for.
    const TIMES: usize = 4;
    let found = attack(stand, "averaging repeated noise");
    let mut output = Output::of("table", &["district", "trade"], &[COUNT]);
    output.more = "on_failure = \"perturb\"";
    let mut tables = Vec::new();
    for time in 0..TIMES {
        // Another module each time: the noise must follow from the people alone.
        let manifest = analysis(&format!("perturbed-{time}"), &[output.clone()]);
        match stand.play(time % 2, Guest::Copier, &manifest, "nothing")? {
            Ended::Released(released) => tables.push(released),
            ended => {
                return Ok(vec![found.line(
                    "recomputed",
                    Outcome::Caught,
                    ended.told(),
                )]);
            }
        }
    }
    let same = tables.windows(2).all(|pair| pair.first() == pair.last());
    Ok(vec![if same {
        found.line(
            "recomputed",
            Outcome::Caught,
            "perturbed alike each time, for both units",
        )
    } else {
        found.line(
            "recomputed",
            Outcome::Missed,
            "the noise differs from time to time",
        )
    }])
}
