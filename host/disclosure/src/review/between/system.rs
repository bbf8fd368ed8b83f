//! Figures of one column under weights, over several tables: whether they could be solved for its values.

use yunei_model::Name;

use super::super::counted::Rows;
use super::super::measured::Numbers;
use super::{Table, is_same};
use crate::accumulate::{Accumulator, Protection, Statistics};
use crate::judge;
use crate::profile::Settings;
use crate::shape::{MEASURES_MAX, Measure, Shape};

/// A measure that tables show, and what it reads.
struct Shown<'a> {
    measure: &'a Measure,
    inputs: &'a [Numbers],
    /// Whether a table under review shows it.
    own: bool,
}

/// Whether tables sum a column under weights that could be solved for its values. Each by itself is looked at elsewhere. Where they show more measures
/// than one table may have, and weigh any, nobody has looked.
pub(super) fn is_solved(tables: &[Table<'_, '_>], rows: &Rows, settings: &Settings) -> bool {
    if tables.len() < 2 {
        return false;
    }
    let shown = shown(tables);
    let weighs = |shown: &Shown<'_>| shown.measure.weighted;
    if shown.iter().filter(|shown| weighs(shown)).count() == 0 {
        return false;
    }
    if shown.len() > MEASURES_MAX {
        return true;
    }
    let own: Vec<bool> = shown.iter().map(|shown| shown.own).collect();
    let is_new = |measure: usize| own.get(measure).copied().unwrap_or(true);
    let counted = counted(&shown, tables, rows);
    counted.is_none_or(|(shape, statistics)| {
        judge::is_system(&statistics, &shape, settings, |_| true, is_new)
    })
}

/// The measures of all tables, each once.
fn shown<'a>(tables: &'a [Table<'_, '_>]) -> Vec<Shown<'a>> {
    let mut shown: Vec<Shown<'a>> = Vec::new();
    for table in tables {
        for measured in &table.counted.measures {
            let (measure, inputs) = (&measured.shape, measured.inputs.as_slice());
            let known = shown.iter_mut().find(|known| {
                known.measure.aggregate == measure.aggregate
                    && known.measure.weighted == measure.weighted
                    && known.inputs.len() == inputs.len()
                    && known.inputs.iter().zip(inputs).all(|(a, b)| is_same(a, b))
            });
            match known {
                Some(known) => known.own |= table.own,
                None => shown.push(Shown {
                    measure,
                    inputs,
                    own: table.own,
                }),
            }
        }
    }
    shown
}

/// All rows of all tables in one cell; none past a limit.
fn counted(
    shown: &[Shown<'_>],
    tables: &[Table<'_, '_>],
    rows: &Rows,
) -> Option<(Shape, Statistics)> {
    let mut measures = Vec::with_capacity(shown.len());
    let (mut inputs, mut columns) = (Vec::<&Numbers>::new(), Vec::new());
    for (place, shown) in shown.iter().enumerate() {
        let mut measure = shown.measure.clone();
        measure.name = Name::parse(&format!("m{place}")).ok()?;
        measures.push(measure);
        for input in shown.inputs {
            let known = inputs.iter().position(|known| is_same(known, input));
            columns.push(known.unwrap_or(inputs.len()));
            inputs.push(input);
        }
    }
    let shape = Shape::new(Vec::new(), measures, false)
        .ok()?
        .reading(columns);
    let mut accumulator = Accumulator::new(&shape, Protection::Subjects).ok()?;
    let mut values = vec![None; inputs.len()];
    for row in &rows.order {
        let kept = |table: &Table<'_, '_>| table.kept.get(*row).copied().unwrap_or(false);
        if !tables.iter().any(kept) {
            continue;
        }
        for (value, input) in values.iter_mut().zip(&inputs) {
            *value = input.get(*row).copied().flatten();
        }
        let (subject, group) = rows.of(*row);
        accumulator.row_in_group(subject, group, 0, &values).ok()?;
    }
    Some((shape, accumulator.finish().ok()?))
}
