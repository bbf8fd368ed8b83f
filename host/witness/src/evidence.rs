//! Evidence of logs that contradict themselves.

use std::io::{self, Write as _};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt as _};
use yunei_model::Digest;

use crate::WitnessError;
use crate::book::{Page, name, sync};

const EVIDENCE: &str = "evidence";
/// Pieces that are kept of one log at most; the first ones tell the most.
const PIECES_MAX: usize = 256;
/// Files that are looked at when pieces are counted.
const FILES_MAX: usize = 65_536;

/// Keeps requests that were validly signed by a log and did not agree with what the log had signed before.
#[derive(Debug)]
pub(crate) struct Evidence {
    pieces: Dir,
}

impl Evidence {
    pub(crate) fn open(directory: &Dir) -> Result<Self, WitnessError> {
        let failed = WitnessError::directory("to open the evidence");
        directory.create_dir_all(EVIDENCE).map_err(&failed)?;
        Ok(Self {
            pieces: directory.open_dir(EVIDENCE).map_err(failed)?,
        })
    }

    /// Keeps the checkpoint that was cosigned before, and the request as it came. The same piece twice is kept once.
    pub(crate) fn keep(
        &self,
        origin: &str,
        known: Option<&Page>,
        request: &[u8],
    ) -> Result<(), WitnessError> {
        let failed = WitnessError::directory("to keep evidence");
        let known = known.map_or("none\n", |page| page.note.as_str());
        let mut piece = format!("COSIGNED BEFORE\n{known}\nREFUSED REQUEST\n").into_bytes();
        piece.extend_from_slice(request);
        let log = name(origin);
        let digest = Digest::of(&piece).to_hex();
        let file = format!("{log}-{digest}.txt");
        let kept = self.pieces.entries().map_err(&failed)?.take(FILES_MAX);
        let kept = kept.flatten().filter(|entry| {
            entry
                .file_name()
                .to_str()
                .is_some_and(|name| name.starts_with(&log))
        });
        if kept.count() >= PIECES_MAX {
            return Ok(());
        }
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        let written = self.pieces.open_with(&file, &options).and_then(|mut file| {
            file.write_all(&piece)?;
            file.sync_all()?;
            sync(&self.pieces)
        });
        match written {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            other => other.map_err(failed),
        }
    }
}
