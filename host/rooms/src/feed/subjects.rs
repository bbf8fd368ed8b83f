//! Data subjects, one after another: the rows of several tables, merged by the subject that they are about.
//!
//! Snapshots are sorted by subject, so one pass over each table is enough. What is decided about a subject, its limits
//! above all, depends on its own rows alone: otherwise one subject's rows would show in another one's contribution.

use std::cmp::Ordering;

use arrow::array::{Array, ArrayRef, AsArray, Int32Array, Int64Array, RecordBatch, StringArray};
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Int32Type, Int64Type};
use futures::StreamExt;
use tokio::runtime::Runtime;
use yunei_catalog::{Batches, Views};
use yunei_model::{Code, Limits, Name};
use yunei_sandbox::subject_fits;

use crate::RoomError;
use crate::protocol::Read;
use crate::ring::{SLOT_BYTES, SUBJECT_OVER};

/// Subjects of one slot at most.
const SUBJECTS_PER_SLOT_MAX: usize = 8192;
/// Tables of one run at most: what bounds the runs of a slot.
const TABLES_MAX: usize = 16;

/// Why there are no more subjects.
#[derive(Debug)]
pub enum Unread {
    /// A table cannot be read; the guest's side is told the code.
    Refused(Code),
    /// The feed cannot go on.
    Failed(RoomError),
}

fn failed(detail: &str) -> Unread {
    Unread::Failed(RoomError::Failed {
        room: "feed",
        detail: detail.to_owned(),
    })
}

/// Whole subjects, for one slot: a batch per table, and how many rows of each belong to each subject.
#[derive(Debug)]
pub struct Subjects {
    /// Rows by table.
    pub batches: Vec<RecordBatch>,
    /// For each subject, its rows in each table, or [`SUBJECT_OVER`] in all of them where it has too many.
    pub runs: Vec<u32>,
}

/// Reads all tables of a run, subject by subject.
pub struct SubjectReader {
    tables: Vec<Table>,
    limits: Limits,
    last: Option<Key>,
}

impl SubjectReader {
    /// Starts to read every column of every table; `names` in the manifest's order, `keys` with the subject column of each.
    pub fn open(
        names: &[Name],
        views: &Views,
        keys: &Views,
        limits: &Limits,
    ) -> Result<Self, Code> {
        if names.len() > TABLES_MAX {
            return Err(Code::ReadersTooMany);
        }
        let table = |name: &Name| -> Result<Table, yunei_catalog::ViewError> {
            let columns: Vec<usize> = (0..views.schema(name)?.len()).collect();
            Ok(Table {
                rows: Stream::new(views.scan(name, &columns)?),
                keys: Stream::new(keys.scan(name, &[0])?),
                chunk: None,
                chunks: 0,
                run: None,
            })
        };
        Ok(Self {
            tables: names
                .iter()
                .map(table)
                .collect::<Result<_, _>>()
                .map_err(|error| error.code())?,
            limits: limits.clone(),
            last: None,
        })
    }

    /// What is read of each table.
    pub fn reads(names: &[Name], views: &Views) -> Result<Vec<Read>, Code> {
        let read = |table: &Name| {
            let fields = views.schema(table).map_err(|error| error.code())?;
            let fields = fields.iter().map(|field| Name::parse(&field.name));
            Ok(Read {
                table: table.clone(),
                fields: fields
                    .collect::<Result<_, _>>()
                    .map_err(|_| Code::Internal)?,
            })
        };
        names.iter().map(read).collect()
    }

    /// The next subjects that fit a slot.
    pub fn next(&mut self, runtime: &Runtime) -> Result<Option<Subjects>, Unread> {
        let mut pieces: Vec<Vec<Piece>> = self.tables.iter().map(|_| Vec::new()).collect();
        let mut runs = Vec::new();
        let (mut subjects, mut rows, mut bytes) = (0_usize, 0_u64, 0_u64);
        while subjects < SUBJECTS_PER_SLOT_MAX {
            let Some(next) = self.peek(runtime)? else {
                break;
            };
            let full = rows.saturating_add(next.rows) > self.limits.batch_rows_max
                || bytes.saturating_add(next.bytes) > (SLOT_BYTES / 2) as u64;
            if full && subjects > 0 && !next.over {
                break;
            }
            self.take(&next, &mut pieces, &mut runs)?;
            subjects += 1;
            if !next.over {
                rows += next.rows;
                bytes += next.bytes;
            }
        }
        if subjects == 0 {
            return Ok(None);
        }
        let batches = self
            .tables
            .iter()
            .zip(&pieces)
            .map(|(table, pieces)| table.joined(pieces))
            .collect::<Result<_, _>>()?;
        Ok(Some(Subjects { batches, runs }))
    }

    /// The next subject over all tables, without taking it.
    fn peek(&mut self, runtime: &Runtime) -> Result<Option<Next>, Unread> {
        for table in &mut self.tables {
            table.load(runtime, &self.limits)?;
        }
        let waiting = self.tables.iter().filter_map(|table| table.run.as_ref());
        let mut least: Option<&Key> = None;
        for run in waiting {
            least = match least {
                None => Some(&run.key),
                Some(key) => match run.key.compare(key)? {
                    Ordering::Less => Some(&run.key),
                    Ordering::Equal | Ordering::Greater => Some(key),
                },
            };
        }
        let Some(key) = least.cloned() else {
            return Ok(None);
        };
        let mut next = Next {
            rows: 0,
            bytes: 0,
            over: false,
            key,
        };
        for run in self.tables.iter().filter_map(|table| table.run.as_ref()) {
            if run.key == next.key {
                next.rows = next.rows.saturating_add(run.rows);
                next.bytes = next.bytes.saturating_add(run.bytes);
            }
        }
        next.over = !subject_fits(&self.limits, next.rows, next.bytes);
        Ok(Some(next))
    }

    fn take(
        &mut self,
        next: &Next,
        pieces: &mut [Vec<Piece>],
        runs: &mut Vec<u32>,
    ) -> Result<(), Unread> {
        // A subject whose rows lie apart would be called twice, and would count twice.
        if let Some(last) = &self.last
            && last.compare(&next.key)? != Ordering::Less
        {
            return Err(failed("a snapshot is not sorted by data subject"));
        }
        self.last = Some(next.key.clone());
        for (table, pieces) in self.tables.iter_mut().zip(pieces) {
            let run = table.run.take_if(|run| run.key == next.key);
            let rows = run.as_ref().map_or(0, |run| run.rows);
            runs.push(if next.over {
                SUBJECT_OVER
            } else {
                u32::try_from(rows).map_err(|_| failed("a subject of too many rows"))?
            });
            if next.over {
                continue;
            }
            for piece in run.into_iter().flat_map(|run| run.pieces) {
                match pieces.last_mut() {
                    Some(last) if last.chunk == piece.chunk && last.end() == piece.start => {
                        last.rows += piece.rows;
                    }
                    _ => pieces.push(piece),
                }
            }
        }
        Ok(())
    }
}

/// The subject that comes next: how much it has over all tables.
struct Next {
    key: Key,
    rows: u64,
    bytes: u64,
    over: bool,
}

/// One table, as far as it was read.
struct Table {
    rows: Stream,
    keys: Stream,
    /// Rows with their subjects, and the first row that belongs to no run yet.
    chunk: Option<Chunk>,
    chunks: u64,
    run: Option<Run>,
}

/// Rows with their subjects.
struct Chunk {
    number: u64,
    rows: RecordBatch,
    keys: Keys,
    at: usize,
}

/// One subject's rows in one table.
struct Run {
    key: Key,
    pieces: Vec<Piece>,
    rows: u64,
    bytes: u64,
}

/// Rows of one chunk.
struct Piece {
    chunk: u64,
    batch: RecordBatch,
    start: usize,
    rows: usize,
}

impl Piece {
    const fn end(&self) -> usize {
        self.start + self.rows
    }
}

impl Table {
    /// Makes the next subject's run, unless it is there already or the table is at its end.
    fn load(&mut self, runtime: &Runtime, limits: &Limits) -> Result<(), Unread> {
        if self.run.is_some() || !self.fill(runtime)? {
            return Ok(());
        }
        let mut run: Option<Run> = None;
        while self.fill(runtime)? {
            let Some(chunk) = &mut self.chunk else {
                break;
            };
            let key = chunk.keys.key(chunk.at)?;
            let run = run.get_or_insert_with(|| Run {
                key: key.clone(),
                pieces: Vec::new(),
                rows: 0,
                bytes: 0,
            });
            if run.key != key {
                break;
            }
            let end = chunk.keys.end_of_run(chunk.at);
            let rows = end - chunk.at;
            run.rows += rows as u64;
            run.bytes += bytes_of(&chunk.rows, chunk.at, rows)?;
            if subject_fits(limits, run.rows, run.bytes) {
                run.pieces.push(Piece {
                    chunk: chunk.number,
                    batch: chunk.rows.clone(),
                    start: chunk.at,
                    rows,
                });
            } else {
                // It will not be called: its rows need not be kept.
                run.pieces.clear();
            }
            chunk.at = end;
        }
        self.run = run;
        Ok(())
    }

    /// Makes sure that there are rows without a run; none at the end of the table.
    fn fill(&mut self, runtime: &Runtime) -> Result<bool, Unread> {
        if self
            .chunk
            .as_ref()
            .is_some_and(|chunk| chunk.at < chunk.rows.num_rows())
        {
            return Ok(true);
        }
        self.chunk = None;
        let rows = self.rows.peek(runtime)?;
        let keys = self.keys.peek(runtime)?;
        let (Some(rows), Some(keys)) = (rows, keys) else {
            return if rows.is_none() && keys == rows {
                Ok(false)
            } else {
                Err(failed("rows without their subjects"))
            };
        };
        // The two scans read the same rows; where they cut them is their own business.
        let count = rows.min(keys);
        let (rows, keys) = (self.rows.take(count), self.keys.take(count));
        let (Some(rows), Some(keys)) = (rows, keys) else {
            return Err(failed("rows without their subjects"));
        };
        self.chunks += 1;
        self.chunk = Some(Chunk {
            number: self.chunks,
            keys: Keys::of(keys.columns().first())?,
            rows,
            at: 0,
        });
        Ok(true)
    }

    /// The rows of all pieces, one after another.
    fn joined(&self, pieces: &[Piece]) -> Result<RecordBatch, Unread> {
        let slices: Vec<RecordBatch> = pieces
            .iter()
            .map(|piece| piece.batch.slice(piece.start, piece.rows))
            .collect();
        concat_batches(self.rows.stream.schema(), &slices)
            .map_err(|_| failed("rows that cannot be put together"))
    }
}

/// A stream of batches, of which any number of rows can be taken.
struct Stream {
    stream: Batches,
    waiting: Option<RecordBatch>,
}

impl Stream {
    const fn new(stream: Batches) -> Self {
        Self {
            stream,
            waiting: None,
        }
    }

    /// Rows that can be taken at once; none at the end.
    fn peek(&mut self, runtime: &Runtime) -> Result<Option<usize>, Unread> {
        while self.waiting.as_ref().is_none_or(|b| b.num_rows() == 0) {
            self.waiting = match runtime.block_on(self.stream.next()) {
                Some(Ok(batch)) => Some(batch),
                Some(Err(error)) => return Err(Unread::Refused(error.code())),
                None => return Ok(None),
            };
        }
        Ok(self.waiting.as_ref().map(RecordBatch::num_rows))
    }

    fn take(&mut self, rows: usize) -> Option<RecordBatch> {
        let batch = self.waiting.take()?;
        if rows < batch.num_rows() {
            self.waiting = Some(batch.slice(rows, batch.num_rows() - rows));
        }
        Some(batch.slice(0, rows))
    }
}

/// Who rows are about.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Integer(i64),
    Text(String),
}

impl Key {
    /// The order of snapshots: numbers by size, text by bytes.
    fn compare(&self, other: &Self) -> Result<Ordering, Unread> {
        match (self, other) {
            (Self::Integer(a), Self::Integer(b)) => Ok(a.cmp(b)),
            (Self::Text(a), Self::Text(b)) => Ok(a.cmp(b)),
            _ => Err(failed("tables whose data subjects are of different types")),
        }
    }
}

/// The subject column of a chunk.
enum Keys {
    Narrow(Int32Array),
    Wide(Int64Array),
    Text(StringArray),
}

impl Keys {
    fn of(column: Option<&ArrayRef>) -> Result<Self, Unread> {
        let column = column.ok_or_else(|| failed("a view without its subjects"))?;
        if column.null_count() > 0 {
            return Err(failed("a row without its data subject"));
        }
        match column.data_type() {
            DataType::Int32 => Ok(Self::Narrow(column.as_primitive::<Int32Type>().clone())),
            DataType::Int64 => Ok(Self::Wide(column.as_primitive::<Int64Type>().clone())),
            DataType::Utf8 => Ok(Self::Text(column.as_string::<i32>().clone())),
            _ => Err(failed("data subjects of a type that names none")),
        }
    }

    fn key(&self, row: usize) -> Result<Key, Unread> {
        let number = match self {
            Self::Narrow(values) => values.values().get(row).map(|v| i64::from(*v)),
            Self::Wide(values) => values.values().get(row).copied(),
            Self::Text(values) if row < values.len() => {
                return Ok(Key::Text(values.value(row).to_owned()));
            }
            Self::Text(_) => None,
        };
        number
            .map(Key::Integer)
            .ok_or_else(|| failed("a row without its data subject"))
    }

    /// The first row behind `start` that is about somebody else.
    fn end_of_run(&self, start: usize) -> usize {
        fn run<T: PartialEq>(values: &[T], start: usize) -> usize {
            let rest = values.get(start..).unwrap_or_default();
            let same = rest.iter().take_while(|value| rest.first() == Some(value));
            start + same.count()
        }
        match self {
            Self::Narrow(values) => run(values.values(), start),
            Self::Wide(values) => run(values.values(), start),
            Self::Text(values) if start < values.len() => {
                let first = values.value(start);
                let same = (start..values.len()).take_while(|row| values.value(*row) == first);
                start + same.count()
            }
            Self::Text(_) => start,
        }
    }
}

/// Bytes of the values of some rows: of these rows alone, whatever else the batch holds.
fn bytes_of(batch: &RecordBatch, start: usize, rows: usize) -> Result<u64, Unread> {
    let mut bytes = 0_usize;
    for column in batch.columns() {
        bytes += match column.data_type() {
            // A byte per row, so that sums do not depend on where batches were cut.
            DataType::Boolean => rows,
            DataType::Int32 | DataType::Date32 => rows * 4,
            DataType::Int64 | DataType::Float64 | DataType::Timestamp(_, _) => rows * 8,
            DataType::Decimal128(_, _) => rows * 16,
            DataType::Utf8 => {
                let offsets = column.as_string::<i32>().value_offsets();
                let at = |row: usize| offsets.get(row).and_then(|at| usize::try_from(*at).ok());
                let (Some(first), Some(last)) = (at(start), at(start + rows)) else {
                    return Err(failed("text without its offsets"));
                };
                rows * 4 + last.saturating_sub(first)
            }
            _ => return Err(failed("a column of a type that no guest reads")),
        };
    }
    Ok(bytes as u64)
}

#[cfg(test)]
mod tests;
