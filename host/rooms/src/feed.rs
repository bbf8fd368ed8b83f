//! The feed: reads granted views and hands their batches to the cell.

mod subjects;

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use arrow::array::RecordBatch;
use futures::StreamExt;
use rustix::event::{PollFd, PollFlags, poll};
use tokio::runtime::{Builder, Runtime};
use yunei_catalog::{Batches, ViewPlan, Views};
use yunei_model::{Code, Limits, Name};

use crate::lockdown::{self, Threads};
use crate::protocol::{FeedRefusal, FeedSays, Filled, Next, Read, ToFeed};
use crate::ring::{Ring, rows_per_slot};
use crate::{FeedPlan, RoomError, wire};
use subjects::{SubjectReader, Unread};

/// Readers that are open at once at most.
pub const READERS_MAX: usize = crate::ring::SLOTS_MAX / crate::ring::SLOTS_PER_READER;

/// Runs the feed in this process; returns when the cell or the supervisor is gone.
///
/// # Errors
/// [`RoomError`], after the supervisor was told.
pub fn main() -> Result<(), RoomError> {
    let control = wire::own_socket()?;
    match serve(&control) {
        Ok(()) => Ok(()),
        Err(error) => {
            wire::send(
                &control,
                &FeedSays::Failed {
                    detail: error.to_string(),
                },
            )?;
            Err(error)
        }
    }
}

fn serve(control: &UnixStream) -> Result<(), RoomError> {
    let mut descriptors = wire::take_descriptors(control)?.into_iter();
    let plan: FeedPlan = wire::receive(control)?.ok_or(RoomError::Gone { room: "supervisor" })?;
    let ring = Ring::from_descriptor(next_descriptor(&mut descriptors)?);
    let cell = UnixStream::from(next_descriptor(&mut descriptors)?);
    let runtime = single_threaded()?;
    yunei_catalog::prepare().map_err(|e| RoomError::Failed {
        room: "feed",
        detail: e.to_string(),
    })?;
    let layers = lockdown::lock(&plan.limits, Threads::One)?;

    let views = open_views(&plan.views, &mut descriptors)?;
    let subjects = match plan.subjects {
        Some(subjects) => Some(SubjectViews {
            names: subjects.views.iter().map(|v| v.name.clone()).collect(),
            views: open_views(&subjects.views, &mut descriptors)?,
            guest: subjects.guest,
        }),
        None => None,
    };
    wire::send(control, &FeedSays::Locked { layers })?;
    let mut feed = Feed {
        control,
        cell: &cell,
        ring,
        runtime,
        views,
        subjects,
        sql: plan.sql,
        readers: HashMap::new(),
    };
    feed.serve()
}

/// The run-time of a room: one thread, which is this one.
pub(crate) fn single_threaded() -> Result<Runtime, RoomError> {
    Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(RoomError::system("a run-time"))
}

pub(crate) fn next_descriptor(
    descriptors: &mut impl Iterator<Item = OwnedFd>,
) -> Result<OwnedFd, RoomError> {
    descriptors
        .next()
        .ok_or_else(|| RoomError::protocol("a descriptor is missing"))
}

/// Opens views over the descriptors that follow, in the order of their parts.
pub(crate) fn open_views(
    plans: &[ViewPlan],
    descriptors: &mut impl Iterator<Item = OwnedFd>,
) -> Result<Views, RoomError> {
    let mut opened: Vec<(ViewPlan, Vec<File>)> = Vec::with_capacity(plans.len());
    for plan in plans {
        let files = plan
            .all_parts()
            .map(|_| next_descriptor(descriptors).map(File::from))
            .collect::<Result<_, _>>()?;
        opened.push((plan.clone(), files));
    }
    open_files(opened)
}

/// Opens views over their parts.
pub(crate) fn open_files(plans: Vec<(ViewPlan, Vec<File>)>) -> Result<Views, RoomError> {
    Views::open(plans).map_err(|e| RoomError::Failed {
        room: "feed",
        detail: e.to_string(),
    })
}

struct Reader {
    source: Source,
    sequence: u64,
}

/// Where a reader's rows come from.
enum Source {
    /// A scan or a query.
    Rows(Rows),
    /// Every table, subject by subject.
    Subjects(SubjectReader),
}

struct Rows {
    stream: Batches,
    waiting: VecDeque<RecordBatch>,
}

/// The subject columns of a `per-subject` run, which never leave the feed.
struct SubjectViews {
    names: Vec<Name>,
    views: Views,
    guest: Limits,
}

struct Feed<'a> {
    control: &'a UnixStream,
    cell: &'a UnixStream,
    ring: Ring,
    runtime: Runtime,
    views: Views,
    subjects: Option<SubjectViews>,
    sql: bool,
    readers: HashMap<u32, Reader>,
}

impl Feed<'_> {
    /// Serves supervisor and cell by turns until one of them is gone.
    fn serve(&mut self) -> Result<(), RoomError> {
        loop {
            let mut sockets = [
                PollFd::new(self.control, PollFlags::IN),
                PollFd::new(self.cell, PollFlags::IN),
            ];
            poll(&mut sockets, None).map_err(RoomError::errno("to wait for its sockets"))?;
            let [control, cell] = sockets.map(|s| !s.revents().is_empty());
            if control {
                match wire::receive(self.control)? {
                    Some(order) => self.open(order)?,
                    None => return Ok(()),
                }
            }
            if cell {
                match wire::receive_within(self.cell, wire::ASKING_FRAME_BYTES_MAX)? {
                    Some(next) => self.fill(&next)?,
                    None => return Ok(()),
                }
            }
        }
    }

    fn open(&mut self, order: ToFeed) -> Result<(), RoomError> {
        let (reader, opened) = match order {
            ToFeed::Scan {
                reader,
                table,
                columns,
            } => {
                let stream = self.views.scan(&table, &columns);
                (reader, stream.map(rows).map_err(|e| e.code()))
            }
            ToFeed::Sql { reader, .. } if !self.sql => (reader, Err(Code::GrantJoin)),
            ToFeed::Sql { reader, text } => {
                let stream = self.views.sql(&text);
                (reader, stream.map(rows).map_err(|e| e.code()))
            }
            ToFeed::Subjects { reader } => (reader, self.open_subjects()),
        };
        let opened = if self.readers.len() < READERS_MAX {
            opened
        } else {
            Err(Code::ReadersTooMany)
        };
        let outcome = opened
            .map(|(source, reads)| {
                let sequence = 0;
                self.readers.insert(reader, Reader { source, sequence });
                reads
            })
            .map_err(|code| FeedRefusal { code });
        wire::send(self.control, &FeedSays::Opened { reader, outcome })
    }

    fn open_subjects(&self) -> Result<(Source, Vec<Read>), Code> {
        let subjects = self.subjects.as_ref().ok_or(Code::GrantResource)?;
        let reads = SubjectReader::reads(&subjects.names, &self.views)?;
        let reader = SubjectReader::open(
            &subjects.names,
            &self.views,
            &subjects.views,
            &subjects.guest,
        )?;
        Ok((Source::Subjects(reader), reads))
    }

    fn fill(&mut self, next: &Next) -> Result<(), RoomError> {
        let id = next.reader;
        let Some(reader) = self.readers.get_mut(&id) else {
            return wire::send(self.cell, &Filled::End { reader: id });
        };
        let filled = match reader.fill(&self.runtime, &self.ring, next) {
            Ok(Some(filled)) => filled,
            Ok(None) => {
                self.readers.remove(&id);
                if self.readers.is_empty() {
                    wire::send(self.control, &FeedSays::Idle)?;
                }
                return wire::send(self.cell, &Filled::End { reader: id });
            }
            Err(Unread::Refused(code)) => {
                self.readers.remove(&id);
                return wire::send(self.cell, &Filled::Failed { reader: id, code });
            }
            Err(Unread::Failed(error)) => return Err(error),
        };
        let (rows, bytes) = match &filled {
            Filled::Batch { layout, .. } => (u64::from(layout.rows), layout.bytes),
            Filled::Subjects { layout, .. } => (layout.rows, layout.bytes),
            Filled::End { .. } | Filled::Failed { .. } => (0, 0),
        };
        let fed = FeedSays::Fed {
            reader: id,
            sequence: reader.sequence,
            rows,
            bytes,
        };
        reader.sequence += 1;
        // The supervisor knows before the cell does.
        wire::send(self.control, &fed)?;
        wire::send(self.cell, &filled)
    }
}

/// A scan or query as a reader has it, with the columns that it reads.
fn rows(stream: Batches) -> (Source, Vec<Read>) {
    let reads = stream.reads().iter().map(|(table, fields)| Read {
        table: table.clone(),
        fields: fields.iter().cloned().collect(),
    });
    let reads = reads.collect();
    let waiting = VecDeque::new();
    (Source::Rows(Rows { stream, waiting }), reads)
}

impl Reader {
    /// Fills a slot with what comes next.
    fn fill(
        &mut self,
        runtime: &Runtime,
        ring: &Ring,
        next: &Next,
    ) -> Result<Option<Filled>, Unread> {
        let (reader, slot) = (next.reader, next.slot);
        match &mut self.source {
            Source::Rows(rows) => {
                let Some(batch) = rows.next(runtime).map_err(Unread::Refused)? else {
                    return Ok(None);
                };
                let layout = ring.write(slot, &batch).map_err(Unread::Failed)?;
                Ok(Some(Filled::Batch {
                    reader,
                    slot,
                    layout,
                }))
            }
            Source::Subjects(subjects) => {
                let Some(subjects) = subjects.next(runtime)? else {
                    return Ok(None);
                };
                let layout = ring
                    .write_subjects(slot, &subjects.batches, &subjects.runs)
                    .map_err(Unread::Failed)?;
                Ok(Some(Filled::Subjects {
                    reader,
                    slot,
                    layout,
                }))
            }
        }
    }
}

impl Rows {
    /// The next batch that fits a slot.
    fn next(&mut self, runtime: &Runtime) -> Result<Option<RecordBatch>, Code> {
        loop {
            if let Some(batch) = self.waiting.pop_front() {
                let fits = rows_per_slot(&batch);
                if batch.num_rows() <= fits {
                    return Ok(Some(batch));
                }
                self.waiting
                    .push_front(batch.slice(fits, batch.num_rows() - fits));
                return Ok(Some(batch.slice(0, fits)));
            }
            match runtime.block_on(self.stream.next()) {
                Some(Ok(batch)) if batch.num_rows() == 0 => {}
                Some(Ok(batch)) => self.waiting.push_back(batch),
                Some(Err(error)) => return Err(error.code()),
                None => return Ok(None),
            }
        }
    }
}
