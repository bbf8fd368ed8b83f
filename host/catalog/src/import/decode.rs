//! Bytes of a text file as UTF-8, in blocks.

use std::fs::File;
use std::io::Read;

use encoding_rs::{Decoder, DecoderResult, GB18030};

use super::{Encoding, ImportError};

const BLOCK_BYTES: usize = 64 << 10;

/// A text file that is read as UTF-8.
pub(super) struct Text {
    file: File,
    /// Absent where the file is UTF-8 as it stands; its validity is checked value by value then.
    decoder: Option<Decoder>,
    raw: Vec<u8>,
    from: usize,
    to: usize,
    ended: bool,
    finished: bool,
    line: u64,
}

impl Text {
    pub(super) fn new(file: File, encoding: Encoding) -> Self {
        let decoder = match encoding {
            Encoding::Utf8 => None,
            Encoding::Gb18030 => Some(GB18030.new_decoder_without_bom_handling()),
        };
        Self {
            file,
            decoder,
            raw: vec![0; BLOCK_BYTES],
            from: 0,
            to: 0,
            ended: false,
            finished: false,
            line: 1,
        }
    }

    /// Fills `into` from its start; nothing at the end of the file.
    pub(super) fn fill(&mut self, into: &mut [u8]) -> Result<usize, ImportError> {
        let Some(decoder) = &mut self.decoder else {
            return Ok(self.file.read(into)?);
        };
        if self.finished {
            return Ok(0);
        }
        loop {
            if self.from == self.to && !self.ended {
                self.from = 0;
                self.to = self.file.read(&mut self.raw)?;
                self.ended = self.to == 0;
            }
            let raw = self.raw.get(self.from..self.to).unwrap_or_default();
            let (result, read, written) =
                decoder.decode_to_utf8_without_replacement(raw, into, self.ended);
            self.from += read;
            let text = into.get(..written).unwrap_or_default();
            self.line += text.iter().filter(|b| **b == b'\n').count() as u64;
            // A decoder that has said its last word must not be asked again.
            self.finished = self.ended && result == DecoderResult::InputEmpty;
            match result {
                DecoderResult::Malformed(..) => {
                    return Err(ImportError::Encoding { line: self.line });
                }
                _ if written > 0 => return Ok(written),
                _ if self.finished => return Ok(0),
                _ => {}
            }
        }
    }
}
