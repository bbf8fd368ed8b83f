//! A rehearsal in words.

use yunei_model::{Hint, Language, Name};

use super::stage::Rehearsed;
use crate::failure::Answered;
use crate::printer::{read, text};
use crate::release;
use crate::run::checks::{self, Words};
use crate::run::detail::{self, Shown};

/// What became of a module under one profile.
pub fn words(
    profile: &Name,
    ended: &Result<Rehearsed, Answered>,
    language: Language,
) -> anyhow::Result<String> {
    let say = |zh: &str, en: &str| match language {
        Language::Zh => zh.to_owned(),
        Language::En => en.to_owned(),
    };
    let heading = say(
        &format!("── 在合成数据上，按规则集 `{profile}` ──"),
        &format!("── on synthetic data, held against `{profile}` ──"),
    );
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
    let shown: Shown = read(&rehearsed.detail)?;
    let mut parts = vec![heading, text(&detail::course(&shown))];
    parts.extend(detail::fields(&shown));
    for verdict in shown.verdicts() {
        parts.push(text(&detail::verdict_facts(verdict)));
        let found = rehearsed.checks.iter();
        let found = found.into_iter().find(|c| c.output == *verdict.output());
        match found {
            Some(checked) => parts.push(checks::story(checked, Words(language))),
            None => parts.extend(detail::cells_of(verdict)),
        }
    }
    for (output, table) in &rehearsed.tables {
        parts.push(format!("{output}\n{}", release::text_of(table)?));
    }
    parts.push(outlook(&rehearsed.state(), rehearsed, language));
    Ok(parts.join("\n\n"))
}

/// What its author would learn of a real run like this.
fn outlook(state: &str, rehearsed: &Rehearsed, language: Language) -> String {
    let (zh, en) = match state {
        "released" => (
            "运营单位将得到此表。".to_owned(),
            "Its operating unit would get the table.".to_owned(),
        ),
        "in-review" => (
            "须由两名审核员决定。".to_owned(),
            "Two reviewers would decide.".to_owned(),
        ),
        "withheld" => (
            "运营单位只会得知未获出域，不会得到任何数值。".to_owned(),
            "Its operating unit would learn that it was not released, and no figure.".to_owned(),
        ),
        other => (
            format!("运行以 {other} 结束：运营单位只会得知未获出域。"),
            format!(
                "The run ended as {other}: its operating unit would learn that it was not released."
            ),
        ),
    };
    let (end, mark) = match language {
        Language::Zh => (zh, "提示："),
        Language::En => (en, "hint: "),
    };
    let hints = rehearsed.hints.iter();
    let told = |hint: &Hint| format!("\n  {mark}{}", hint.sentence(language));
    format!("{end}{}", hints.map(told).collect::<String>())
}
