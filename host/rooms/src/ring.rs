//! The ring: a memfd of fixed slots through which batches go from feed to cell.
//!
//! The cell owns the slots and hands them to the feed one request at a time, so the ring is its own
//! back-pressure. Both sides use positioned reads and writes, never a mapping: a batch that the cell
//! has read cannot change under it, and no unsafe code is needed.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::fs::FileExt;

use arrow::array::{Array, ArrayData, RecordBatch};
use arrow::datatypes::DataType;
use bytemuck::Pod;
use rustix::fs::{MemfdFlags, memfd_create};
use serde::{Deserialize, Serialize};
use yunei_model::FieldType;
use yunei_sandbox::{Batch, Buffer, Column, Values, VarBytes};

use crate::RoomError;

/// Bytes of one slot. A batch is cut so that it fits; a single row that does not is an error.
pub const SLOT_BYTES: usize = 4 << 20;
/// Slots per reader: one being read, one being filled.
pub const SLOTS_PER_READER: usize = 2;
/// Slots of a ring at most.
pub const SLOTS_MAX: usize = 128;

/// In the place of a number of rows: a data subject with more rows than a call may get, none of which are handed over.
pub const SUBJECT_OVER: u32 = u32::MAX;

/// Where one buffer lies in its slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    offset: u32,
    bytes: u32,
}

/// How one column lies in its slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnLayout {
    kind: FieldType,
    validity: Option<Span>,
    values: Span,
    text: Option<Span>,
}

/// How a batch lies in its slot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchLayout {
    /// Rows.
    pub rows: u32,
    /// Bytes used.
    pub bytes: u64,
    columns: Vec<ColumnLayout>,
}

/// How the rows of whole data subjects lie in their slot: a batch per table, and how many rows of each belong to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SubjectsLayout {
    /// Rows of all tables.
    pub rows: u64,
    /// Bytes used.
    pub bytes: u64,
    batches: Vec<BatchLayout>,
    runs: Span,
}

/// The shared memory of one run's feed and cell.
#[derive(Debug)]
pub struct Ring(File);

impl Ring {
    /// Creates the memory; pages are taken as they are used.
    pub fn create() -> Result<Self, RoomError> {
        let memory =
            memfd_create("yunei-ring", MemfdFlags::CLOEXEC).map_err(RoomError::errno("a memfd"))?;
        let file = File::from(memory);
        file.set_len((SLOT_BYTES * SLOTS_MAX) as u64)
            .map_err(RoomError::system("to size the ring"))?;
        Ok(Self(file))
    }

    /// The ring behind a passed descriptor.
    pub fn from_descriptor(descriptor: OwnedFd) -> Self {
        Self(File::from(descriptor))
    }

    /// The descriptor, to pass on.
    pub fn file(&self) -> &File {
        &self.0
    }

    /// Writes `batch` into `slot`.
    pub fn write(&self, slot: usize, batch: &RecordBatch) -> Result<BatchLayout, RoomError> {
        self.writer(slot)?.batch(batch)
    }

    /// Writes whole data subjects into `slot`: a batch per table, and for each subject its rows in each of them.
    pub fn write_subjects(
        &self,
        slot: usize,
        batches: &[RecordBatch],
        runs: &[u32],
    ) -> Result<SubjectsLayout, RoomError> {
        let mut writer = self.writer(slot)?;
        let batches: Vec<BatchLayout> = batches
            .iter()
            .map(|batch| writer.batch(batch))
            .collect::<Result<_, _>>()?;
        Ok(SubjectsLayout {
            rows: batches.iter().map(|batch| u64::from(batch.rows)).sum(),
            runs: writer.put(bytemuck::cast_slice(runs))?,
            bytes: writer.used as u64,
            batches,
        })
    }

    fn writer(&self, slot: usize) -> Result<SlotWriter<'_>, RoomError> {
        Ok(SlotWriter {
            ring: self,
            base: slot_base(slot)?,
            used: 0,
        })
    }

    /// Reads the data subjects that lie in `slot`: a batch per table, and the runs.
    pub fn read_subjects(
        &self,
        slot: usize,
        layout: &SubjectsLayout,
    ) -> Result<(Vec<Batch>, Vec<u32>), RoomError> {
        let batches = layout
            .batches
            .iter()
            .map(|batch| self.read(slot, batch))
            .collect::<Result<_, _>>()?;
        let runs: Buffer<u32> = self.read_buffer(slot_base(slot)?, layout.runs)?;
        Ok((batches, runs.into_vec()))
    }

    /// Reads the batch that lies in `slot`.
    pub fn read(&self, slot: usize, layout: &BatchLayout) -> Result<Batch, RoomError> {
        let base = slot_base(slot)?;
        let columns = layout
            .columns
            .iter()
            .map(|c| self.read_column(base, layout.rows as usize, c))
            .collect::<Result<_, _>>()?;
        Ok(Batch {
            rows: layout.rows,
            columns,
        })
    }

    fn read_column(
        &self,
        base: u64,
        rows: usize,
        layout: &ColumnLayout,
    ) -> Result<Column, RoomError> {
        let span = layout.values;
        let values = match layout.kind {
            FieldType::Boolean => Values::Boolean(self.read_buffer(base, span)?),
            FieldType::Int32 => Values::Int32(self.read_buffer(base, span)?),
            FieldType::Int64 => Values::Int64(self.read_buffer(base, span)?),
            FieldType::Float64 => Values::Float64(self.read_buffer(base, span)?),
            FieldType::Decimal => Values::Decimal128(self.read_buffer(base, span)?),
            FieldType::Date => Values::Date32(self.read_buffer(base, span)?),
            FieldType::Timestamp => Values::TimestampUs(self.read_buffer(base, span)?),
            FieldType::Text => {
                let text = layout
                    .text
                    .ok_or_else(|| RoomError::protocol("a text column without text"))?;
                let offsets: Buffer<i32> = self.read_buffer(base, span)?;
                if offsets.as_slice().len() != rows + 1 {
                    return Err(RoomError::protocol("offsets of another length"));
                }
                Values::Text(VarBytes {
                    offsets,
                    bytes: self.read_buffer(base, text)?,
                })
            }
        };
        let validity = layout
            .validity
            .map(|span| self.read_buffer(base, span))
            .transpose()?;
        Ok(Column { validity, values })
    }

    fn read_buffer<T: Pod>(&self, base: u64, span: Span) -> Result<Buffer<T>, RoomError> {
        let bytes = span.bytes as usize;
        if bytes > SLOT_BYTES || !bytes.is_multiple_of(size_of::<T>()) {
            return Err(RoomError::protocol("a buffer that does not fit its slot"));
        }
        let mut values = vec![T::zeroed(); bytes / size_of::<T>()];
        self.0
            .read_exact_at(
                bytemuck::cast_slice_mut(&mut values),
                base + u64::from(span.offset),
            )
            .map_err(RoomError::system("to read the ring"))?;
        Ok(Buffer::from(values))
    }
}

fn slot_base(slot: usize) -> Result<u64, RoomError> {
    if slot < SLOTS_MAX {
        Ok((slot * SLOT_BYTES) as u64)
    } else {
        Err(RoomError::protocol("a slot that there is not"))
    }
}

struct SlotWriter<'a> {
    ring: &'a Ring,
    base: u64,
    used: usize,
}

impl SlotWriter<'_> {
    fn put(&mut self, bytes: &[u8]) -> Result<Span, RoomError> {
        let offset = self.used.next_multiple_of(16);
        let end = offset.saturating_add(bytes.len());
        if end > SLOT_BYTES {
            return Err(RoomError::protocol("a batch that does not fit its slot"));
        }
        self.ring
            .0
            .write_all_at(bytes, self.base + offset as u64)
            .map_err(RoomError::system("to write the ring"))?;
        self.used = end;
        Ok(Span {
            offset: u32::try_from(offset).map_err(RoomError::protocol)?,
            bytes: u32::try_from(bytes.len()).map_err(RoomError::protocol)?,
        })
    }

    fn batch(&mut self, batch: &RecordBatch) -> Result<BatchLayout, RoomError> {
        let mut columns = Vec::with_capacity(batch.num_columns());
        for column in batch.columns() {
            columns.push(self.column(&column.to_data())?);
        }
        Ok(BatchLayout {
            rows: u32::try_from(batch.num_rows()).map_err(RoomError::protocol)?,
            bytes: self.used as u64,
            columns,
        })
    }

    fn column(&mut self, data: &ArrayData) -> Result<ColumnLayout, RoomError> {
        let rows = data.len();
        let validity = match data.nulls().filter(|nulls| nulls.null_count() > 0) {
            Some(nulls) => Some(self.put(nulls.inner().sliced().as_slice())?),
            None => None,
        };
        let buffer = |index: usize| {
            data.buffers()
                .get(index)
                .ok_or_else(|| RoomError::protocol("a column without values"))
        };
        let fixed = |width: usize| -> Result<&[u8], RoomError> {
            let start = data.offset() * width;
            buffer(0)?
                .as_slice()
                .get(start..start + rows * width)
                .ok_or_else(|| RoomError::protocol("a short buffer"))
        };
        let (kind, values, text) = match data.data_type() {
            DataType::Boolean => {
                let bits =
                    arrow::buffer::BooleanBuffer::new(buffer(0)?.clone(), data.offset(), rows);
                (
                    FieldType::Boolean,
                    self.put(bits.sliced().as_slice())?,
                    None,
                )
            }
            DataType::Int32 => (FieldType::Int32, self.put(fixed(4)?)?, None),
            DataType::Date32 => (FieldType::Date, self.put(fixed(4)?)?, None),
            DataType::Int64 => (FieldType::Int64, self.put(fixed(8)?)?, None),
            DataType::Float64 => (FieldType::Float64, self.put(fixed(8)?)?, None),
            DataType::Timestamp(_, _) => (FieldType::Timestamp, self.put(fixed(8)?)?, None),
            DataType::Decimal128(_, _) => (FieldType::Decimal, self.put(fixed(16)?)?, None),
            DataType::Utf8 => {
                let offsets: &[i32] =
                    bytemuck::try_cast_slice(buffer(0)?.as_slice()).map_err(RoomError::protocol)?;
                let offsets = offsets
                    .get(data.offset()..=data.offset() + rows)
                    .ok_or_else(|| RoomError::protocol("short offsets"))?;
                let (first, last) = (
                    offsets.first().copied().unwrap_or(0),
                    offsets.last().copied().unwrap_or(0),
                );
                let rebased: Vec<i32> = offsets.iter().map(|offset| offset - first).collect();
                let range = usize::try_from(first).map_err(RoomError::protocol)?
                    ..usize::try_from(last).map_err(RoomError::protocol)?;
                let text = buffer(1)?
                    .as_slice()
                    .get(range)
                    .ok_or_else(|| RoomError::protocol("short text"))?;
                let values = self.put(bytemuck::cast_slice(&rebased))?;
                (FieldType::Text, values, Some(self.put(text)?))
            }
            other => return Err(RoomError::protocol(format!("a column of type {other}"))),
        };
        Ok(ColumnLayout {
            kind,
            validity,
            values,
            text,
        })
    }
}

/// How many rows of `batch` fit a slot, judged by its mean row, at least one.
pub fn rows_per_slot(batch: &RecordBatch) -> usize {
    let rows = batch.num_rows().max(1);
    let bytes: usize = batch
        .columns()
        .iter()
        .map(|c| c.to_data().get_slice_memory_size().unwrap_or(SLOT_BYTES))
        .sum();
    let per_row = (bytes / rows).max(1);
    // Half a slot: rows differ, and buffers are aligned.
    (SLOT_BYTES / 2 / per_row).clamp(1, rows)
}
