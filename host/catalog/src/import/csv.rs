//! Reading CSV with fixed buffers: no record, however malformed, takes more memory than they have.

use std::fs::File;

use csv_core::{ReadRecordResult, Reader, ReaderBuilder};
use yunei_model::Resource;

use super::builder::Builder;
use super::decode::Text;
use super::rows::Rows;
use super::{Delimiter, Encoding, ImportError, LINE_BYTES_MAX, ValueFault, header};
use crate::canonical::BATCH_ROWS;

const INPUT_BYTES: usize = 64 << 10;
/// Columns of a resource at most, and one to see that there are more.
const ENDS: usize = yunei_model::FIELDS_MAX + 1;
const BYTE_ORDER_MARK: char = '\u{feff}';

/// Reads all rows.
pub(super) fn read(
    file: File,
    encoding: Encoding,
    delimiter: Delimiter,
    resource: &Resource,
    rows: &mut Rows,
) -> Result<(), ImportError> {
    let mut records = Records::new(Text::new(file, encoding), delimiter);
    let columns = match records.next()? {
        Step::End => return Err(ImportError::Empty),
        Step::TooMany => return Err(ImportError::TooWide),
        Step::Record => {
            let names = records.values().collect::<Result<Vec<_>, _>>()?;
            if names.len() >= ENDS {
                return Err(ImportError::TooWide);
            }
            let marked = |(i, n): (usize, &'_ str)| match i {
                0 => n.trim_start_matches(BYTE_ORDER_MARK).to_owned(),
                _ => n.to_owned(),
            };
            let names: Vec<String> = names.into_iter().enumerate().map(marked).collect();
            header::resolve(names.iter().map(String::as_str), resource)?
        }
    };
    let mut builders = Builders::new(resource, columns);
    loop {
        match records.next()? {
            Step::End => break,
            Step::TooMany => {
                return Err(ImportError::Ragged {
                    line: records.line,
                    found: ENDS,
                    expected: builders.columns.len(),
                });
            }
            Step::Record => builders.push(&records)?,
        }
        if builders.rows == BATCH_ROWS {
            builders.flush(rows)?;
        }
    }
    builders.flush(rows)
}

struct Builders<'a> {
    resource: &'a Resource,
    columns: Vec<usize>,
    /// One per field, in the order of the resource.
    builders: Vec<Builder>,
    rows: usize,
}

impl<'a> Builders<'a> {
    fn new(resource: &'a Resource, columns: Vec<usize>) -> Self {
        let fields = &resource.schema.fields;
        Self {
            resource,
            columns,
            builders: fields.iter().map(|f| Builder::new(f.kind)).collect(),
            rows: 0,
        }
    }

    fn push(&mut self, records: &Records) -> Result<(), ImportError> {
        let line = records.line;
        if records.count != self.columns.len() {
            return Err(ImportError::Ragged {
                line,
                found: records.count,
                expected: self.columns.len(),
            });
        }
        for (text, column) in records.values().zip(&self.columns) {
            let text = text?;
            let field = self.resource.schema.fields.get(*column);
            let (Some(field), Some(builder)) = (field, self.builders.get_mut(*column)) else {
                return Err(ImportError::Write);
            };
            let fault = if text.is_empty() {
                builder.push_absent();
                (!super::rows::may_be_absent(field, self.resource)).then_some(ValueFault::Absent)
            } else {
                (!builder.push(text)).then_some(ValueFault::Type(field.kind))
            };
            if let Some(fault) = fault {
                return Err(ImportError::Value {
                    line,
                    column: field.name.clone(),
                    fault,
                });
            }
        }
        self.rows += 1;
        Ok(())
    }

    fn flush(&mut self, rows: &mut Rows) -> Result<(), ImportError> {
        if self.rows == 0 {
            return Ok(());
        }
        self.rows = 0;
        rows.add(self.builders.iter_mut().map(Builder::finish).collect())
    }
}

enum Step {
    Record,
    TooMany,
    End,
}

/// The records of a file, one at a time.
struct Records {
    text: Text,
    core: Reader,
    input: Vec<u8>,
    from: usize,
    to: usize,
    output: Vec<u8>,
    written: usize,
    ends: Vec<usize>,
    count: usize,
    /// Line on which the present record starts, from 1.
    line: u64,
    lines_read: u64,
    quotes: u64,
}

impl Records {
    fn new(text: Text, delimiter: Delimiter) -> Self {
        Self {
            text,
            core: ReaderBuilder::new().delimiter(delimiter.byte()).build(),
            input: vec![0; INPUT_BYTES],
            from: 0,
            to: 0,
            output: vec![0; LINE_BYTES_MAX],
            written: 0,
            ends: vec![0; ENDS],
            count: 0,
            line: 0,
            lines_read: 0,
            quotes: 0,
        }
    }

    fn next(&mut self) -> Result<Step, ImportError> {
        self.skip_blank_lines()?;
        self.line = self.lines_read + 1;
        (self.written, self.count, self.quotes) = (0, 0, 0);
        loop {
            if self.from == self.to {
                self.refill()?;
            }
            let input = self.input.get(self.from..self.to).unwrap_or_default();
            let at_end = input.is_empty();
            let output = self.output.get_mut(self.written..).unwrap_or_default();
            let ends = self.ends.get_mut(self.count..).unwrap_or_default();
            let (result, read, written, ended) = self.core.read_record(input, output, ends);
            self.advance(read);
            self.written += written;
            self.count += ended;
            match result {
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull => {
                    return Err(ImportError::LineTooLong { line: self.line });
                }
                ReadRecordResult::OutputEndsFull => return Ok(Step::TooMany),
                // A record that only the end of the file ends, with an odd quotation mark, is cut inside a quoted value.
                ReadRecordResult::Record if at_end && self.quotes % 2 == 1 => {
                    return Err(ImportError::Truncated);
                }
                ReadRecordResult::Record => return Ok(Step::Record),
                ReadRecordResult::End => return Ok(Step::End),
            }
        }
    }

    /// The values of the present record.
    fn values(&self) -> impl Iterator<Item = Result<&str, ImportError>> {
        let bytes = self.output.get(..self.written).unwrap_or_default();
        let whole = std::str::from_utf8(bytes);
        let ends = self.ends.get(..self.count).unwrap_or_default();
        let starts = std::iter::once(0).chain(ends.iter().copied());
        starts.zip(ends.iter().copied()).map(move |(from, to)| {
            // `get` refuses to cut a character too: halves in two values are no text.
            let value = whole.ok().and_then(|text| text.get(from..to));
            value.ok_or(ImportError::Encoding { line: self.line })
        })
    }

    fn skip_blank_lines(&mut self) -> Result<(), ImportError> {
        loop {
            if self.from == self.to {
                self.refill()?;
            }
            match self.input.get(self.from..self.to).and_then(<[u8]>::first) {
                Some(b'\r' | b'\n') => self.advance(1),
                _ => return Ok(()),
            }
        }
    }

    fn advance(&mut self, bytes: usize) {
        let read = self.input.get(self.from..self.from + bytes);
        for byte in read.unwrap_or_default() {
            self.lines_read += u64::from(*byte == b'\n');
            self.quotes += u64::from(*byte == b'"');
        }
        self.from += bytes;
    }

    fn refill(&mut self) -> Result<(), ImportError> {
        self.from = 0;
        self.to = self.text.fill(&mut self.input)?;
        Ok(())
    }
}
