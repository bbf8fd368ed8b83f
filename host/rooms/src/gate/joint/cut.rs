//! Rows of a joint view, told apart by period: a week's tables beside those of its days.

use arrow::array::{BooleanArray, RecordBatch};
use arrow::compute::filter_record_batch;
use futures::StreamExt;
use tokio::runtime::Runtime;
use yunei_catalog::{Batches, Views};
use yunei_disclosure::linked::Axis;
use yunei_model::{Digest, Name};

use super::super::coding::Coder;
use super::super::failed;
use super::super::parts::Parts;
use crate::{CutPlan, RoomError};

/// Which piece each row is in.
pub struct Cut {
    axis: Axis,
    column: usize,
    coder: Coder,
    piece_of: Vec<u32>,
    /// Pieces of each table, in the order of the tables.
    pub tables: Vec<Vec<bool>>,
}

impl Cut {
    /// A cut for tables that are over these pieces each.
    pub fn new(plan: &CutPlan, tables: Vec<Vec<bool>>) -> Result<Self, RoomError> {
        let definition = serde_json::to_vec(&(&plan.days, &plan.piece_of));
        let definition = definition.map_err(RoomError::protocol)?;
        // A field of its own for the search: hours and days of one field move apart from each other.
        let field = Name::parse(&format!("{}-period", plan.field));
        Ok(Self {
            axis: Axis {
                field: field.unwrap_or_else(|_| plan.field.clone()),
                banding: Digest::of(&definition),
                labels: plan.candidates.len(),
            },
            column: plan.column,
            coder: Coder::new(plan.days.clone()),
            piece_of: plan.piece_of.clone(),
            tables,
        })
    }

    /// The axis that tells the pieces apart.
    pub const fn axis(&self) -> &Axis {
        &self.axis
    }

    /// The piece of each row.
    pub fn pieces(&mut self, batch: &RecordBatch) -> Result<Vec<u32>, RoomError> {
        let column = batch.columns().get(self.column);
        let column = column.ok_or_else(|| RoomError::protocol("a column that is not there"))?;
        let mut days = vec![0_u32; batch.num_rows()];
        self.coder.add_codes(column, 1, &mut days)?;
        let piece_of = |day: u32| self.piece_of.get(day as usize).copied();
        let pieces: Option<Vec<u32>> = days.into_iter().map(piece_of).collect();
        pieces.ok_or_else(|| RoomError::protocol("a day in no piece"))
    }

    /// The pieces that one table or another is over.
    pub fn together(&self) -> Vec<bool> {
        let any = |piece: usize| self.tables.iter().any(|t| t.get(piece) == Some(&true));
        (0..self.axis.labels).map(any).collect()
    }

    /// Tables by the pieces that they are over.
    pub fn groups(&self) -> Vec<(Vec<bool>, Vec<usize>)> {
        let mut groups: Vec<(Vec<bool>, Vec<usize>)> = Vec::new();
        for (table, pieces) in self.tables.iter().enumerate() {
            match groups.iter_mut().find(|(known, _)| known == pieces) {
                Some((_, tables)) => tables.push(table),
                None => groups.push((pieces.clone(), vec![table])),
            }
        }
        groups
    }
}

/// The rows of a batch that are in certain pieces, and the piece of each.
pub fn rows_in(
    batch: &RecordBatch,
    pieces: &[u32],
    within: &[bool],
) -> Result<(RecordBatch, Vec<u32>), RoomError> {
    let held = |piece: &u32| within.get(*piece as usize) == Some(&true);
    let mask: Vec<bool> = pieces.iter().map(held).collect();
    let kept = pieces.iter().copied().filter(|piece| held(piece)).collect();
    let rows = filter_record_batch(batch, &BooleanArray::from(mask));
    Ok((rows.map_err(|e| failed(&e))?, kept))
}

/// Whether two views show the same rows in the same order.
pub fn are_same(
    parts: &mut Parts<'_>,
    (then, now): (usize, usize),
    runtime: &Runtime,
) -> Result<bool, RoomError> {
    let (mut then, mut now) = (Reader::open(parts, then)?, Reader::open(parts, now)?);
    loop {
        let (one, other) = (then.fill(runtime)?, now.fill(runtime)?);
        let (Some(one), Some(other)) = (one, other) else {
            return Ok(one.is_none() && other.is_none());
        };
        let rows = one.min(other);
        if then.next(rows)?.columns() != now.next(rows)?.columns() {
            return Ok(false);
        }
    }
}

/// The rows of a view, any number at a time.
struct Reader {
    /// Holds what the stream reads.
    _views: Views,
    stream: Batches,
    batch: Option<RecordBatch>,
}

impl Reader {
    fn open(parts: &mut Parts<'_>, view: usize) -> Result<Self, RoomError> {
        let (views, name) = parts.open(view)?;
        let columns: Vec<usize> = (0..views.schema(name).map_err(|e| failed(&e))?.len()).collect();
        Ok(Self {
            stream: views.scan(name, &columns).map_err(|e| failed(&e))?,
            batch: None,
            _views: views,
        })
    }

    /// How many rows are at hand; `None` at the end.
    fn fill(&mut self, runtime: &Runtime) -> Result<Option<usize>, RoomError> {
        loop {
            match &self.batch {
                Some(batch) if batch.num_rows() > 0 => return Ok(Some(batch.num_rows())),
                _ => {}
            }
            let Some(batch) = runtime.block_on(self.stream.next()) else {
                return Ok(None);
            };
            self.batch = Some(batch.map_err(|e| failed(&e))?);
        }
    }

    /// The next rows; no more than are at hand.
    fn next(&mut self, rows: usize) -> Result<RecordBatch, RoomError> {
        let batch = self.batch.take();
        let batch = batch.ok_or_else(|| RoomError::protocol("rows that are not at hand"))?;
        let next = batch.slice(0, rows);
        self.batch = Some(batch.slice(rows, batch.num_rows() - rows));
        Ok(next)
    }
}
