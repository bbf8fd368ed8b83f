//! Whether the bandings of a field are sound, and nest where they say so.

use yunei_model::{Banding, BandingKind, Field, FieldType, OTHER};

use super::CatalogueError;

/// Findings over the bandings of one field.
pub(super) fn check(field: &Field) -> Vec<CatalogueError> {
    let mut errors = Vec::new();
    for (index, banding) in field.bandings.iter().enumerate() {
        let earlier = field.bandings.iter().take(index);
        let reasons = [
            earlier
                .clone()
                .any(|b| b.name == banding.name)
                .then_some("stands twice"),
            unsound(banding),
            (!fits(&banding.kind, field.kind)).then_some("does not fit the field's type"),
            unnested(field, banding),
        ];
        errors.extend(
            reasons
                .into_iter()
                .flatten()
                .map(|reason| CatalogueError::Banding {
                    field: field.name.clone(),
                    banding: banding.name.clone(),
                    reason,
                }),
        );
    }
    errors
}

fn unsound(banding: &Banding) -> Option<&'static str> {
    match &banding.kind {
        BandingKind::Values { values } => {
            if values.is_empty() {
                return Some("has no value");
            }
        }
        BandingKind::Groups { groups } => {
            let mut values: Vec<&str> = groups
                .iter()
                .flat_map(|g| g.values.iter().map(String::as_str))
                .collect();
            let count = values.len();
            values.sort_unstable();
            values.dedup();
            if count == 0 || groups.iter().any(|g| g.values.is_empty()) {
                return Some("has a group without a value");
            }
            if values.len() != count {
                return Some("has groups that share a value");
            }
        }
        BandingKind::Ranges { edges } => {
            let rising = edges.iter().zip(edges.iter().skip(1)).all(|(a, b)| a < b);
            if edges.len() < 2 || !rising || edges.iter().any(|e| !e.is_finite()) {
                return Some("has edges that do not rise");
            }
        }
        BandingKind::Calendar { .. } => {}
        BandingKind::Days { from, days } => {
            if *days == 0 || crate::column::parse_date(from).is_none() {
                return Some("has no first day or no days");
            }
        }
    }
    let mut labels = banding.labels();
    // The last label is that of everything else; none that people wrote may look like it.
    labels.pop();
    let count = labels.len();
    let reserved = labels.iter().any(|l| l == OTHER || l.trim().is_empty());
    labels.sort_unstable();
    labels.dedup();
    if reserved {
        Some("has an empty label, or one that is reserved")
    } else if labels.len() != count {
        Some("has a label twice")
    } else {
        None
    }
}

const fn fits(kind: &BandingKind, field: FieldType) -> bool {
    match kind {
        BandingKind::Values { .. } | BandingKind::Groups { .. } => true,
        BandingKind::Ranges { .. } => !matches!(field, FieldType::Boolean | FieldType::Text),
        BandingKind::Calendar { .. } | BandingKind::Days { .. } => {
            matches!(field, FieldType::Date | FieldType::Timestamp)
        }
    }
}

/// A banding nests in another when each of its labels, `other` included, lies in one label of the other.
fn unnested(field: &Field, fine: &Banding) -> Option<&'static str> {
    let name = fine.within.as_ref()?;
    if name == &fine.name {
        return Some("nests in itself");
    }
    let Some(coarse) = field.banding(name) else {
        return Some("nests in a banding that the field does not have");
    };
    let nested = match (&fine.kind, &coarse.kind) {
        (BandingKind::Ranges { edges }, BandingKind::Ranges { edges: outer }) => {
            outer.iter().all(|edge| edges.contains(edge))
        }
        (
            BandingKind::Values { .. } | BandingKind::Groups { .. },
            BandingKind::Values { .. } | BandingKind::Groups { .. },
        ) => lists_nest(fine, coarse),
        _ => false,
    };
    (!nested).then_some("does not nest in the banding that it names")
}

fn lists_nest(fine: &Banding, coarse: &Banding) -> bool {
    let lists = |banding: &Banding| -> Vec<Vec<String>> {
        match &banding.kind {
            BandingKind::Values { values } => values.iter().map(|v| vec![v.clone()]).collect(),
            BandingKind::Groups { groups } => groups.iter().map(|g| g.values.clone()).collect(),
            _ => Vec::new(),
        }
    };
    let together = lists(fine).iter().all(|list| {
        let mut codes = list.iter().map(|value| coarse.code_of_text(value));
        let first = codes.next();
        codes.all(|code| Some(code) == first)
    });
    let covered = lists(coarse)
        .iter()
        .flatten()
        .all(|value| fine.code_of_text(value) != fine.other());
    together && covered
}
