//! The far side of a `per-subject` module: whole data subjects out of a slot of the ring, their records into the output.

use std::time::Instant;

use yunei_sandbox::{Batch, Contributions, Stop, Unserved};

use super::{Arrival, RoomHost, failed, room_failed, write_failed};
use crate::RoomError;
use crate::cell::output::Frame;
use crate::protocol::Ask;
use crate::ring::SUBJECT_OVER;

impl RoomHost {
    /// Opens every table of a `per-subject` module, to be read subject by subject.
    pub fn open_subjects(&mut self) -> Result<(), Unserved> {
        self.only_reader = Some(self.open_reader(|reader| Ask::Subjects { reader })?);
        Ok(())
    }

    /// The rows of the next data subjects.
    pub fn next_subjects(&mut self) -> Result<Option<Subjects>, Unserved> {
        self.begun = Instant::now();
        let Some(reader) = self.only_reader else {
            return Err(failed("no reader is open").into());
        };
        let Some((slot, layout)) = (match self.arrival(reader)? {
            None => None,
            Some(Arrival::Subjects { slot, layout }) => Some((slot, layout)),
            Some(_) => return Err(failed("rows that are told apart by no subject").into()),
        }) else {
            return Ok(None);
        };
        let read = self.ring.read_subjects(slot, &layout);
        let (tables, runs) = read.map_err(room_failed)?;
        self.taken(reader, slot, layout.rows, layout.bytes)?;
        Ok(Some(Subjects { tables, runs }))
    }

    /// Keeps the records of the last subjects. What a guest makes is of no consequence for any fact of the run: records
    /// are of one size, and a batch of the feed is the fact.
    pub fn write_contributions(&mut self, contributions: &Contributions) -> Result<(), Stop> {
        let subjects =
            u32::try_from(contributions.len()).map_err(|_| failed("too many subjects"))?;
        let records = contributions.as_bytes().to_vec();
        self.writer
            .write(&Frame::Contributions { subjects, records }, 0)
            .map_err(write_failed)?;
        Ok(())
    }
}

/// The rows of several data subjects: a batch per table, and how many rows of each belong to whom.
#[derive(Debug)]
pub struct Subjects {
    /// Rows by table.
    pub tables: Vec<Batch>,
    /// For each subject, its rows in each table.
    pub runs: Vec<u32>,
}

impl Subjects {
    /// Each subject's own rows, a batch per table; none where it has more than a call may get.
    pub fn each(&self) -> impl Iterator<Item = Result<Option<Vec<Batch>>, RoomError>> + '_ {
        let mut starts = vec![0_u32; self.tables.len()];
        self.runs
            .chunks(self.tables.len().max(1))
            .map(move |runs| self.next(runs, &mut starts))
    }

    fn next(&self, runs: &[u32], starts: &mut [u32]) -> Result<Option<Vec<Batch>>, RoomError> {
        if runs.contains(&SUBJECT_OVER) {
            return Ok(None);
        }
        let short = || RoomError::protocol("fewer rows than the subjects have");
        if runs.len() != self.tables.len() {
            return Err(short());
        }
        let mut records = Vec::with_capacity(runs.len());
        for ((table, start), rows) in self.tables.iter().zip(starts).zip(runs) {
            records.push(table.slice(*start, *rows).ok_or_else(short)?);
            *start = start.saturating_add(*rows);
        }
        Ok(Some(records))
    }
}

#[cfg(test)]
mod tests;
