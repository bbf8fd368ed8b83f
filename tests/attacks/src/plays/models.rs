//! Attacks by regressions, and by repeated perturbation.

use yunei_tests::Told;

use super::{attack, caught, left, missed, worst};
use crate::manifest::{COUNT, Output, analysis, per_row};
use crate::panel;
use crate::score::{Line, Route};
use crate::stand::{Ended, Guest, Stand};

/// What a linear model of the income has for its only term.
fn model(term: &str) -> String {
    format!(
        r#"
[output.model]
kind = "linear"
response = {{ field = "income" }}

[[output.model.term]]
{term}
"#
    )
}

/// What a design gives away: by an indicator of one person, by nearly as many parameters as people, by more than the gate fits.
pub(super) fn regressions(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    const TOLD: &str = "the model left by itself";
    let ended = |stand: &mut Stand<'_>, name: &str, field: &str, banding: &str| {
        let mut output = Output::of("table", &[], &[]);
        output.more = model(&format!("field = \"{field}\"\nbanding = \"{banding}\""));
        let mut rows = stand.rows()?;
        let manifest = analysis(name, &[output]);
        stand.play(&mut rows, 0, Guest::Copier, &manifest, "nothing")
    };
    let kept = |ended| {
        Ok::<_, yunei_tests::StoryError>(
            left(Route::Reviewed, ended)?.map_or_else(|kept| kept, |_| missed(TOLD)),
        )
    };
    let found = attack(stand, "a model with an indicator of one person");
    let one = kept(ended(stand, "one-person", "marked", "marked")?)?;
    let mut lines = vec![found.line(Route::Reviewed, one)];
    let found = attack(stand, "over-parameterised model");
    let saturated = kept(ended(stand, "saturated", "income", "few")?)?;
    let endless = match ended(stand, "endless", "income", "fine")? {
        ended @ Ended::Refused(_) => caught(&ended.told()),
        ended => kept(ended)?,
    };
    let both = [
        ("nearly as many parameters as people", saturated),
        ("more than the gate fits", endless),
    ];
    lines.push(found.line(Route::Reviewed, worst(&both)));
    Ok(lines)
}

/// The same perturbed table again and again, so that the noise averages out.
pub(super) fn averaged_perturbation(stand: &mut Stand<'_>) -> Told<Vec<Line>> {
    let found = attack(stand, "averaging repeated noise");
    let mut lines = Vec::new();
    for route in [Route::Recomputed, Route::Reviewed] {
        let verdict = repeated(stand, route)?;
        lines.push(found.line(route, verdict));
    }
    Ok(lines)
}

fn repeated(stand: &mut Stand<'_>, route: Route) -> Told<super::Verdict> {
    /// How often it is asked for.
    const TIMES: usize = 3;
    let mut rows = stand.rows_of(&panel::one_row_each())?;
    let trade = if route == Route::Reviewed {
        "class"
    } else {
        "trade"
    };
    let mut output = Output::of("table", &["district", trade], &[COUNT]);
    output.more = "on_failure = \"perturb\"".to_owned();
    let mut tables = Vec::new();
    for time in 0..TIMES {
        // Another module each time: the noise must follow from the people alone.
        let name = format!("perturbed-{time}");
        let output = [output.clone()];
        let (guest, manifest, way) = match route {
            Route::Reviewed => (Guest::Mirror, per_row(&name, &output), "income"),
            Route::Recomputed | Route::Private => {
                (Guest::Copier, analysis(&name, &output), "nothing")
            }
        };
        let ended = stand.play(&mut rows, time % 2, guest, &manifest, way)?;
        match left(route, ended)? {
            Ok(released) => tables.push(released),
            Err((outcome, note)) => {
                return Ok((outcome, format!("released {time} times; then: {note}")));
            }
        }
    }
    let same = tables.windows(2).all(|pair| pair.first() == pair.last());
    Ok(if same {
        caught("perturbed alike each time, for both units")
    } else {
        missed("the noise differs from time to time")
    })
}
