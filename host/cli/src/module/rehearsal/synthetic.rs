//! Synthetic rows of a resource: from its catalogue entry alone, never from data.
//!
//! Classes of a banding are drawn with weights 1, 1/2, 1/3 …, so that some cells have many subjects and some have few; amounts have a
//! long tail, so that one subject sometimes dominates. Rows refer to rows that are there. Nothing else is realistic, and nothing is learned from it about real data.

use std::collections::{BTreeMap, BTreeSet};

use yunei_model::{Banding, BandingKind, Field, FieldType, Name, Resource, Timestamp};

/// What rows are drawn from.
#[derive(Debug, Clone)]
pub struct Source {
    /// Rows.
    pub rows: u64,
    /// Data subjects.
    pub subjects: u64,
    /// Seed.
    pub seed: u64,
}

/// Rows, of a hundred, in which a field that may be absent is.
const ABSENT_PERCENT: u64 = 2;
/// Subjects of one group.
const SUBJECTS_PER_GROUP: u64 = 3;
/// 2026-01-01 in days since 1970.
const FIRST_DAY: i64 = 20_454;
/// Days of that year.
const YEAR_DAYS: u64 = 365;
const DAY_SECONDS: i64 = 86_400;
/// Greatest power of the long tail: amounts reach from 1 to 2¹⁴.
const TAIL_MAX: u64 = 14;

/// SplitMix64 (Steele, Lea, Flood, *Fast splittable pseudorandom number generators*, OOPSLA 2014).
struct Draw(u64);

impl Draw {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 when that is 0.
    fn below(&mut self, bound: u64) -> u64 {
        self.next().checked_rem(bound).unwrap_or(0)
    }

    /// A number in [0, 1).
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit a double")]
    fn unit(&mut self) -> f64 {
        (self.next() >> 32) as f64 / 4_294_967_296.0
    }

    /// A place among `count`, with weights 1, 1/2, 1/3 ….
    fn skewed(&mut self, count: usize) -> usize {
        let weight = |place: usize| 1.0 / f64::from(u32::try_from(place + 1).unwrap_or(u32::MAX));
        let total: f64 = (0..count).map(weight).sum();
        let mut left = self.unit() * total;
        for place in 0..count {
            left -= weight(place);
            if left < 0.0 {
                return place;
            }
        }
        0
    }

    /// An amount from 1 upwards with a long tail.
    fn amount(&mut self) -> u64 {
        let power = self.below(TAIL_MAX).min(self.below(TAIL_MAX));
        (1_u64 << power).saturating_add(self.below(1 << power))
    }
}

/// The keys of rows that others may refer to, by resource.
pub type Keys = BTreeMap<Name, Vec<Vec<String>>>;

/// The rows as comma-separated values with a heading. Rows refer to `keys`, and a resource with a key adds its own to them: of rows that
/// are drawn with the same key there is the first alone.
pub fn csv(resource: &Resource, source: &Source, keys: &mut Keys) -> String {
    let fields = &resource.schema.fields;
    let names: Vec<String> = fields.iter().map(|f| f.name.to_string()).collect();
    let mut text = names.join(",");
    text.push('\n');
    let mut draw = Draw(source.seed ^ hash(&resource.name));
    let mut known: BTreeSet<Vec<String>> = BTreeSet::new();
    for _ in 0..source.rows {
        let subject = draw.below(source.subjects);
        let values = fields.iter();
        let mut row: Vec<String> = values
            .map(|field| value(resource, field, subject, &mut draw))
            .collect();
        refer(resource, keys, &mut row, &mut draw);
        let key = at(resource, &resource.schema.key, &row);
        if !key.is_empty() && !known.insert(key) {
            continue;
        }
        let row: Vec<String> = row.iter().map(|value| quoted(value)).collect();
        text.push_str(&row.join(","));
        text.push('\n');
    }
    if !resource.schema.key.is_empty() {
        keys.insert(resource.name.clone(), known.into_iter().collect());
    }
    text
}

/// Makes a row refer to a row of each resource that is there already. Who it is about stays.
fn refer(resource: &Resource, keys: &Keys, row: &mut [String], draw: &mut Draw) {
    for reference in &resource.schema.references {
        let known = keys.get(&reference.resource).map_or(&[][..], Vec::as_slice);
        let place = usize::try_from(draw.below(known.len() as u64)).unwrap_or(0);
        let key = known.get(place).map_or(&[][..], Vec::as_slice);
        for (by, value) in reference.by.iter().zip(key) {
            let fields = &mut resource.schema.fields.iter();
            let place = fields.position(|field| &field.name == by);
            let about = Some(by) == resource.subject.as_ref();
            if let Some(found) = place.filter(|_| !about).and_then(|at| row.get_mut(at)) {
                found.clone_from(value);
            }
        }
    }
}

/// The values of a row's fields of those names.
fn at(resource: &Resource, names: &[Name], row: &[String]) -> Vec<String> {
    let fields = || resource.schema.fields.iter().zip(row);
    let value = |name: &Name| fields().find(|(field, _)| &field.name == name);
    let values = names.iter().filter_map(value);
    values.map(|(_, value)| value.clone()).collect()
}

fn value(resource: &Resource, field: &Field, subject: u64, draw: &mut Draw) -> String {
    let is = |name: &Option<Name>| name.as_ref() == Some(&field.name);
    if is(&resource.subject) {
        return identifier(field.kind, "subject", subject);
    }
    if is(&resource.subject_group) {
        return identifier(field.kind, "group", subject / SUBJECTS_PER_GROUP);
    }
    if field.nullable && draw.below(100) < ABSENT_PERCENT {
        return String::new();
    }
    match field.bandings.first() {
        Some(banding) => banded(banding, field.kind, draw),
        None => plain(field.kind, draw),
    }
}

fn identifier(kind: FieldType, what: &str, number: u64) -> String {
    match kind {
        FieldType::Text => format!("{what}-{number:07}"),
        _ => number.to_string(),
    }
}

/// A value that falls into a class of the banding.
fn banded(banding: &Banding, kind: FieldType, draw: &mut Draw) -> String {
    match &banding.kind {
        BandingKind::Values { values } => {
            let place = draw.skewed(values.len());
            values.get(place).cloned().unwrap_or_default()
        }
        BandingKind::Groups { groups } => {
            let group = groups.get(draw.skewed(groups.len()));
            let values = group
                .map(|group| group.values.as_slice())
                .unwrap_or_default();
            let place = usize::try_from(draw.below(values.len() as u64)).unwrap_or(0);
            values.get(place).cloned().unwrap_or_default()
        }
        BandingKind::Ranges { edges } => {
            let place = draw.skewed(edges.len().saturating_sub(1));
            let edge = |place: usize| edges.get(place).copied().unwrap_or(0.0);
            let (low, high) = (edge(place), edge(place + 1));
            number(kind, low + (high - low) * draw.unit(), low, draw)
        }
        BandingKind::Calendar { .. } => moment(kind, some_day(draw), draw),
        BandingKind::Days { from, days } => {
            let first = format!("{from}T00:00:00Z").parse::<Timestamp>();
            let first = first.map_or(FIRST_DAY, |at| at.as_micros() / (DAY_SECONDS * 1_000_000));
            let offset = draw.skewed(*days as usize);
            moment(
                kind,
                first.saturating_add(i64::try_from(offset).unwrap_or(0)),
                draw,
            )
        }
    }
}

fn plain(kind: FieldType, draw: &mut Draw) -> String {
    match kind {
        FieldType::Boolean => (draw.below(2) == 0).to_string(),
        FieldType::Int32 | FieldType::Int64 => draw.amount().to_string(),
        FieldType::Float64 | FieldType::Decimal => {
            format!("{}.{:02}", draw.amount(), draw.below(100))
        }
        FieldType::Text => format!("value-{}", draw.skewed(50)),
        FieldType::Date | FieldType::Timestamp => moment(kind, some_day(draw), draw),
    }
}

/// A number of a range, as its type has it: `low` where that has no fraction and rounding would leave the range.
fn number(kind: FieldType, value: f64, low: f64, draw: &mut Draw) -> String {
    match kind {
        FieldType::Int32 | FieldType::Int64 => format!("{:.0}", value.floor().max(low.ceil())),
        FieldType::Date | FieldType::Timestamp => {
            let day = format!("{:.0}", value.floor().max(low.ceil()));
            moment(kind, day.parse().unwrap_or(FIRST_DAY), draw)
        }
        FieldType::Decimal => format!("{value:.4}"),
        _ => value.to_string(),
    }
}

fn some_day(draw: &mut Draw) -> i64 {
    FIRST_DAY.saturating_add(i64::try_from(draw.below(YEAR_DAYS)).unwrap_or(0))
}

/// A moment of a day since 1970: a date, or a time of day in UTC+8.
fn moment(kind: FieldType, day: i64, draw: &mut Draw) -> String {
    let midnight = Timestamp::from_micros(day.saturating_mul(DAY_SECONDS * 1_000_000));
    if kind == FieldType::Date {
        return midnight.to_string().chars().take(10).collect();
    }
    let second = i64::try_from(draw.below(86_400)).unwrap_or(0) - 8 * 3600;
    midnight.plus_seconds(second).to_string()
}

fn quoted(text: &str) -> String {
    if text.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.to_owned()
    }
}

/// FNV-1a: so that two resources of one seed differ.
fn hash(name: &Name) -> u64 {
    name.as_str()
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        })
}

#[cfg(test)]
mod tests;
