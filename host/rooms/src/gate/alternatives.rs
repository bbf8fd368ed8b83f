//! What the manifest asks for instead of blanks: the steps of a merge, and the keys of the noise on counts.

use arrow::array::RecordBatch;
use hmac::{Hmac, Mac};
use sha2::Sha256;
use tokio::runtime::Runtime;
use yunei_catalog::Views;
use yunei_disclosure::alternative::{CellKeys, judge_with, merge, merge_path};
use yunei_disclosure::{Profile, Shape, Statistics, SubjectKey, SubjectRows};
use yunei_model::{Banding, Name, OnFailure, Table, Text, Value, Verdict};

use super::compute::{Coded, Gathering, Seen, is_fact_twice, protection, route, shape};
use super::earlier::review;
use super::rows;
use crate::{DimensionPlan, GatePlan, OutputPlan, RoomError};

/// Domain of the record keys, so that they are no other digest of a subject.
const RECORD_KEY: &[u8] = b"yunei record key v1\0";

/// Computes and judges an output whose manifest asks for something else than blanks; says too what was seen in its rows. All steps of a
/// merge are gathered in one pass over the rows. `repeats` is a table of the same structure over the same rows that left before: this one
/// is the same, or people look at it.
#[expect(
    clippy::too_many_arguments,
    reason = "one call; each is a different thing"
)]
pub fn output(
    plan: &GatePlan,
    output: &OutputPlan,
    profile: &Profile,
    views: &Views,
    view: &Name,
    plaintext: &[u8],
    repeats: Option<&Table>,
    runtime: &Runtime,
) -> Result<(Verdict, Option<Table>, Seen), RoomError> {
    let steps = steps(output);
    let begin = |step| Gathering::begin(plan, step, plaintext);
    let mut gatherings: Vec<Gathering<'_>> = steps.iter().map(begin).collect::<Result<_, _>>()?;
    let halves = gatherings.iter_mut().map(Gathering::halves);
    let (mut codings, mut addings): (Vec<_>, Vec<_>) = halves.unzip();
    let code = |batch: &RecordBatch| -> Result<Vec<Coded>, RoomError> {
        codings
            .iter_mut()
            .map(|coding| coding.code(batch))
            .collect()
    };
    rows::each(views, view, runtime, code, |batch, coded| {
        let mut steps = addings.iter_mut().zip(&coded);
        steps.try_for_each(|(adding, coded)| adding.add(batch, coded))
    })?;
    let decoy = gatherings.first().is_some_and(Gathering::saw_decoy);
    let mut gathered: Vec<(Shape, Statistics, Option<CellKeys>)> = Vec::new();
    for (step, gathering) in steps.iter().zip(gatherings) {
        gathering.check_rows()?;
        let (statistics, keys) = gathering.finish()?;
        gathered.push((shape(step)?, statistics, keys));
    }
    let finest = gathered.first();
    let seen = Seen {
        decoy,
        fact_twice: finest.is_some_and(|(_, statistics, _)| is_fact_twice(output, statistics)),
    };
    let protection = protection(output);
    let judgement = if output.on_failure == OnFailure::Merge {
        let steps: Vec<(&Shape, &Statistics)> = gathered.iter().map(|(s, t, _)| (s, t)).collect();
        merge(&steps, profile, protection).map(|(_, judgement)| judgement)
    } else {
        gathered.first().map(|(shape, statistics, keys)| {
            let method = output.on_failure;
            judge_with(
                method,
                statistics,
                shape,
                profile,
                protection,
                keys.as_ref(),
            )
        })
    };
    let judgement = judgement.ok_or_else(|| RoomError::protocol("an output without a table"))?;
    let mut verdict = judgement.verdict(output.name.clone(), route(output));
    if repeats.is_some_and(|released| judgement.table.as_ref() != Some(released)) {
        let reason = "a table of the same structure left before about these rows, and this one is not the same";
        review(&mut verdict, reason.to_owned());
    }
    Ok((verdict, judgement.table, seen))
}

/// An output that merges, under the bandings of a table that it became; as it is where it does not merge. `None` where the labels are those
/// of no step, or of several.
pub fn as_merged(output: &OutputPlan, table: &Table) -> Result<Option<OutputPlan>, RoomError> {
    if output.on_failure != OnFailure::Merge {
        return Ok(Some(output.clone()));
    }
    let mut found = None;
    for step in steps(output) {
        if !has_labels(&shape(&step)?, table) {
            continue;
        }
        if found.is_some() {
            return Ok(None);
        }
        found = Some(step);
    }
    Ok(found)
}

/// Whether the rows of a table are those of a shape, label by label.
fn has_labels(shape: &Shape, table: &Table) -> bool {
    table.rows() == shape.rows()
        && (0..shape.rows()).all(|row| {
            let labels = shape.labels(row).into_iter();
            labels.zip(table.columns()).all(|(label, column)| {
                matches!(column.values.get(row), Some(Value::Text(text)) if *text == label)
            })
        })
}

/// The output as it is, then, where it may merge, under coarser bandings, step by step.
fn steps(output: &OutputPlan) -> Vec<OutputPlan> {
    if output.on_failure != OnFailure::Merge {
        return vec![output.clone()];
    }
    let ladders: Vec<Vec<usize>> = output.dimensions.iter().map(ladder).collect();
    merge_path(&ladders)
        .into_iter()
        .map(|rungs| {
            let dimensions = output.dimensions.iter().zip(rungs);
            OutputPlan {
                dimensions: dimensions.map(|(d, rung)| on_rung(d, rung)).collect(),
                ..output.clone()
            }
        })
        .collect()
}

/// Numbers of labels of a dimension's banding and of each coarser one.
fn ladder(dimension: &DimensionPlan) -> Vec<usize> {
    match dimension {
        DimensionPlan::Banded {
            banding, coarser, ..
        } => std::iter::once(banding)
            .chain(coarser)
            .map(|banding| banding.labels().len())
            .collect(),
        DimensionPlan::Derived { labels, .. } => vec![labels.len() + 1],
    }
}

/// A dimension under the banding of a rung; its title tells which.
fn on_rung(dimension: &DimensionPlan, rung: usize) -> DimensionPlan {
    let mut dimension = dimension.clone();
    if let DimensionPlan::Banded {
        name,
        title,
        banding,
        coarser,
        ..
    } = &mut dimension
    {
        if let Some(chosen) = rung.checked_sub(1).and_then(|rung| coarser.get(rung)) {
            *banding = chosen.clone();
        }
        *title = Some(told(title.as_ref(), name, banding));
    }
    dimension
}

fn told(title: Option<&Text>, name: &Name, banding: &Banding) -> Text {
    let (zh, en) = title.map_or((name.as_str(), name.as_str()), |t| {
        (t.zh.as_str(), t.en.as_str())
    });
    Text {
        zh: format!("{zh}（分级口径 {}）", banding.name),
        en: format!("{en} (banding {})", banding.name),
    }
}

/// Gathers the keys of the cells of one output, from a key of the population.
pub struct NoiseKeys {
    mac: Hmac<Sha256>,
    keys: CellKeys,
    /// The present subject.
    last: Option<String>,
}

impl NoiseKeys {
    /// For an output whose counts get noise; `None` for any other.
    pub fn new(output: &OutputPlan, shape: &Shape) -> Result<Option<Self>, RoomError> {
        let Some(key) = &output.noise_key else {
            return Ok(None);
        };
        let mac = <Hmac<Sha256> as Mac>::new_from_slice(&key.0).map_err(RoomError::protocol)?;
        Ok(Some(Self {
            mac,
            keys: CellKeys::new(shape),
            last: None,
        }))
    }

    /// Takes a block of rows: whose they are, and in which inner cells.
    pub fn take(&mut self, subjects: &[SubjectRows<'_>], cells: &[u32]) {
        let mut rest = cells;
        for subject in subjects {
            let (own, after) = rest.split_at_checked(subject.rows).unwrap_or((rest, &[]));
            rest = after;
            let text = match subject.key {
                SubjectKey::Absent => String::new(),
                SubjectKey::Integer(integer) => integer.to_string(),
                SubjectKey::Text(text) => text.to_owned(),
            };
            // A subject may go on from one block to the next: its key is added once.
            if self.last.as_ref() != Some(&text) {
                self.keys.subject(self.record_key(&text));
                self.last = Some(text);
            }
            for cell in own {
                self.keys.row(*cell as usize);
            }
        }
    }

    fn record_key(&self, subject: &str) -> u32 {
        let mut mac = self.mac.clone();
        mac.update(RECORD_KEY);
        mac.update(subject.as_bytes());
        let digest = mac.finalize().into_bytes();
        digest
            .first_chunk()
            .map_or(0, |bytes| u32::from_le_bytes(*bytes))
    }

    /// The keys of the cells.
    pub fn into_keys(self) -> CellKeys {
        self.keys
    }
}
