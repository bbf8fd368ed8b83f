//! What the guest writes: frames in a memfd that only the gate will read.

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use yunei_model::{FieldType, LimitExceeded, Name};
use yunei_sandbox::{Column, Contributions, Level, RecordForm, Values};

use crate::RoomError;

/// Bytes of one frame's overhead, counted against the limit.
const FRAME_OVERHEAD_BYTES: u64 = 16;

/// One frame of a sealed output.
#[derive(Debug, Serialize, Deserialize)]
pub enum Frame {
    /// An output table begins.
    Create {
        /// Its name.
        name: Name,
        /// Its columns.
        fields: Vec<(Name, FieldType)>,
    },
    /// Rows of the output table of that number.
    Append {
        /// Number, from 0 in the order of creation.
        output: u32,
        /// Rows.
        rows: u32,
        /// Columns.
        columns: Vec<StoredColumn>,
    },
    /// Derived columns for so many rows, in the order of the view.
    Derived {
        /// Rows.
        rows: u32,
        /// One column per derived column.
        columns: Vec<StoredColumn>,
    },
    /// Records of so many data subjects, in the order of the snapshot, those of several resources merged: of fixed size
    /// each, as `yunei_sandbox::Contributions` describes them.
    Contributions {
        /// Subjects.
        subjects: u32,
        /// Their records.
        #[serde(with = "serde_bytes")]
        records: Vec<u8>,
    },
    /// A note of the journal.
    Note {
        /// Level.
        level: Level,
        /// Message, escaped and cut.
        message: String,
    },
}

/// A column at rest: its buffers as bytes, little-endian.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct StoredColumn {
    /// Type.
    pub kind: FieldType,
    /// Validity bitmap.
    #[serde(with = "serde_bytes")]
    pub validity: Option<Vec<u8>>,
    /// Values, or offsets of a text.
    #[serde(with = "serde_bytes")]
    pub values: Vec<u8>,
    /// The text.
    #[serde(with = "serde_bytes")]
    pub text: Option<Vec<u8>>,
}

impl From<&Column> for StoredColumn {
    fn from(column: &Column) -> Self {
        let bytes = |slice: &[u8]| slice.to_vec();
        let mut text = None;
        let values = match &column.values {
            Values::Boolean(v) => bytes(v.as_slice()),
            Values::Int32(v) | Values::Date32(v) => bytes(bytemuck::cast_slice(v.as_slice())),
            Values::Int64(v) | Values::TimestampUs(v) => bytes(bytemuck::cast_slice(v.as_slice())),
            Values::Float64(v) => bytes(bytemuck::cast_slice(v.as_slice())),
            Values::Decimal128(v) => bytes(bytemuck::cast_slice(v.as_slice())),
            Values::Text(v) => {
                text = Some(bytes(v.bytes.as_slice()));
                bytes(bytemuck::cast_slice(v.offsets.as_slice()))
            }
        };
        let validity = column.validity.as_ref().map(|v| bytes(v.as_slice()));
        Self {
            kind: column.values.kind(),
            validity,
            values,
            text,
        }
    }
}

/// Writes frames, up to the limits of a run.
#[derive(Debug)]
pub struct OutputWriter {
    file: File,
    bytes: u64,
    bytes_max: u64,
    rows: u64,
    rows_max: u64,
}

impl OutputWriter {
    pub fn new(file: File, bytes_max: u64, rows_max: u64) -> Self {
        Self {
            file,
            bytes: 0,
            bytes_max,
            rows: 0,
            rows_max,
        }
    }

    /// Appends a frame of `rows` output rows; says how many bytes it took.
    pub fn write(&mut self, frame: &Frame, rows: u64) -> Result<u64, WriteError> {
        let counted = LimitExceeded::check("output_rows_max", self.rows_max, self.rows, rows)?;
        let body = encoded(frame)?;
        let length = body.len() as u64;
        self.bytes = LimitExceeded::check(
            "output_bytes_max",
            self.bytes_max,
            self.bytes,
            length + FRAME_OVERHEAD_BYTES,
        )?;
        self.rows = counted;
        let write = |file: &mut File| -> std::io::Result<()> {
            file.write_all(&length.to_le_bytes())?;
            file.write_all(&body)
        };
        write(&mut self.file).map_err(RoomError::system("to write the output"))?;
        Ok(length)
    }
}

fn encoded(frame: &Frame) -> Result<Vec<u8>, RoomError> {
    postcard::to_stdvec(frame).map_err(RoomError::protocol)
}

/// A frame as it stands in an output.
///
/// # Errors
/// Never in practice; every frame can be encoded.
pub fn written(frame: &Frame) -> Result<Vec<u8>, RoomError> {
    let body = encoded(frame)?;
    let mut bytes = (body.len() as u64).to_le_bytes().to_vec();
    bytes.extend(body);
    Ok(bytes)
}

/// Why a frame was not written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// A limit of the run.
    #[error(transparent)]
    Limit(#[from] LimitExceeded),
    /// The cell failed.
    #[error(transparent)]
    Room(#[from] RoomError),
}

/// Reads the frames of a sealed output.
///
/// # Errors
/// [`RoomError::Protocol`] at the first thing that is no frame: the cell may have been broken into.
pub fn read_frames(mut bytes: &[u8]) -> impl Iterator<Item = Result<Frame, RoomError>> + '_ {
    std::iter::from_fn(move || {
        if bytes.is_empty() {
            return None;
        }
        let frame = take_frame(bytes);
        match frame {
            Ok((frame, rest)) => {
                bytes = rest;
                Some(Ok(frame))
            }
            Err(error) => {
                bytes = &[];
                Some(Err(error))
            }
        }
    })
}

/// Reads what data subjects contributed, a group of subjects at a time, in their order.
///
/// # Errors
/// [`RoomError::Protocol`] at the first thing that no cell of ours wrote.
pub fn read_contributions<'a>(
    form: &Arc<RecordForm>,
    plaintext: &'a [u8],
) -> impl Iterator<Item = Result<Contributions, RoomError>> + use<'a> {
    let form = Arc::clone(form);
    read_frames(plaintext).filter_map(move |frame| match frame {
        Ok(Frame::Contributions { subjects, records }) => {
            let records = Contributions::from_bytes(Arc::clone(&form), records)
                .map_err(RoomError::protocol)
                .and_then(|records| {
                    let agree = records.len() == subjects as usize;
                    let differ = || RoomError::protocol("records of another number of subjects");
                    agree.then_some(records).ok_or_else(differ)
                });
            Some(records)
        }
        Ok(_) => None,
        Err(error) => Some(Err(error)),
    })
}

fn take_frame(bytes: &[u8]) -> Result<(Frame, &[u8]), RoomError> {
    let short = || RoomError::protocol("a frame is cut short");
    let (prefix, rest) = bytes.split_first_chunk::<8>().ok_or_else(short)?;
    let length = usize::try_from(u64::from_le_bytes(*prefix)).map_err(RoomError::protocol)?;
    let (body, rest) = rest.split_at_checked(length).ok_or_else(short)?;
    let (frame, over) = postcard::take_from_bytes(body).map_err(RoomError::protocol)?;
    if !over.is_empty() {
        return Err(RoomError::protocol("a frame with something behind it"));
    }
    Ok((frame, rest))
}
