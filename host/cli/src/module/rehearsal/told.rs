//! A rehearsal in words.

use yunei_model::{Language, Name};

use super::stage::Rehearsed;
use crate::failure::Answered;
use crate::printer::read;
use crate::release;
use crate::run::detail;

/// What became of a module under one profile.
pub fn words(profile: &Name, ended: &Result<Rehearsed, Answered>) -> anyhow::Result<String> {
    let heading = format!("── on synthetic data, held against `{profile}` ──");
    let rehearsed = match ended {
        Ok(rehearsed) => rehearsed,
        Err(refused) => {
            let mut lines = vec![
                heading,
                format!("REFUSED: {} ({})", refused.message, refused.code),
            ];
            lines.extend(
                refused
                    .clause
                    .iter()
                    .map(|clause| format!("  clause {clause}")),
            );
            lines.extend(refused.details.iter().map(|detail| format!("  {detail}")));
            return Ok(lines.join("\n"));
        }
    };
    let mut parts = vec![heading, detail::one(read(&rehearsed.detail)?)];
    for (output, table) in &rehearsed.tables {
        parts.push(format!("{output}\n{}", release::text_of(table)?));
    }
    parts.push(outlook(&rehearsed.state(), rehearsed));
    Ok(parts.join("\n\n"))
}

/// What its author would learn of a real run like this.
fn outlook(state: &str, rehearsed: &Rehearsed) -> String {
    let end = match state {
        "released" => "Its operating unit would get the table.".to_owned(),
        "in-review" => "Two reviewers would decide.".to_owned(),
        "withheld" => {
            "Its operating unit would learn that it was not released, and no figure.".to_owned()
        }
        other => format!(
            "The run ended as {other}: its operating unit would learn that it was not released."
        ),
    };
    let hints = rehearsed.hints.iter();
    let hints = hints.map(|hint| format!("\n  hint: {}", hint.sentence(Language::En)));
    format!("{end}{}", hints.collect::<String>())
}
