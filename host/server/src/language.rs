//! The language of sentences: what `Accept-Language` prefers.

use http::HeaderMap;
use http::header::ACCEPT_LANGUAGE;
use yunei_model::Language;

/// Ranges of the header that are looked at.
const RANGES_MAX: usize = 16;

/// The language that the client prefers (RFC 9110, 12.5.4); Chinese where it prefers none of ours.
pub(crate) fn preferred(headers: &HeaderMap) -> Language {
    let text = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let mut best: Option<(f32, Language)> = None;
    for range in text.split(',').take(RANGES_MAX) {
        let Some((language, quality)) = understood(range) else {
            continue;
        };
        // Of equal wishes the first counts.
        if quality > 0.0 && best.is_none_or(|(most, _)| quality > most) {
            best = Some((quality, language));
        }
    }
    best.map_or(Language::Zh, |(_, language)| language)
}

fn understood(range: &str) -> Option<(Language, f32)> {
    let mut parts = range.split(';');
    let tag = parts.next()?.trim();
    let primary = tag.split('-').next()?;
    let language = match primary {
        "*" => Language::Zh,
        _ if primary.eq_ignore_ascii_case("zh") => Language::Zh,
        _ if primary.eq_ignore_ascii_case("en") => Language::En,
        _ => return None,
    };
    let quality = match parts.next() {
        None => 1.0,
        Some(weight) => weight.trim().strip_prefix("q=")?.parse().ok()?,
    };
    Some((language, quality))
}

#[cfg(test)]
mod tests;
