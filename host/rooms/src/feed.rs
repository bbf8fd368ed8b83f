//! The feed: reads granted views and hands their batches to the cell.

use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;

use arrow::array::RecordBatch;
use futures::StreamExt;
use rustix::event::{PollFd, PollFlags, poll};
use tokio::runtime::{Builder, Runtime};
use yunei_catalog::{Batches, ViewPlan, Views};
use yunei_model::Code;

use crate::protocol::{FeedRefusal, FeedSays, Filled, Next, Read, ToFeed};
use crate::ring::{Ring, rows_per_slot};
use crate::{FeedPlan, RoomError, lockdown, wire};

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
    let layers = lockdown::lock(&plan.limits)?;

    let views = open_views(&plan.views, &mut descriptors)?;
    wire::send(control, &FeedSays::Locked { layers })?;
    let mut feed = Feed {
        control,
        cell: &cell,
        ring,
        runtime,
        views,
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
            .parts
            .iter()
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
    stream: Batches,
    waiting: VecDeque<RecordBatch>,
    sequence: u64,
}

struct Feed<'a> {
    control: &'a UnixStream,
    cell: &'a UnixStream,
    ring: Ring,
    runtime: Runtime,
    views: Views,
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
                match wire::receive(self.cell)? {
                    Some(next) => self.fill(&next)?,
                    None => return Ok(()),
                }
            }
        }
    }

    fn open(&mut self, order: ToFeed) -> Result<(), RoomError> {
        let (reader, stream) = match order {
            ToFeed::Scan {
                reader,
                table,
                columns,
            } => (
                reader,
                self.views.scan(&table, &columns).map_err(|e| e.code()),
            ),
            ToFeed::Sql { reader, .. } if !self.sql => (reader, Err(Code::GrantJoin)),
            ToFeed::Sql { reader, text } => (reader, self.views.sql(&text).map_err(|e| e.code())),
        };
        let stream = if self.readers.len() < READERS_MAX {
            stream
        } else {
            Err(Code::ReadersTooMany)
        };
        let outcome = match stream {
            Ok(stream) => {
                let reads = stream.reads().iter().map(|(table, fields)| Read {
                    table: table.clone(),
                    fields: fields.iter().cloned().collect(),
                });
                let reads = reads.collect();
                self.readers.insert(
                    reader,
                    Reader {
                        stream,
                        waiting: VecDeque::new(),
                        sequence: 0,
                    },
                );
                Ok(reads)
            }
            Err(code) => Err(FeedRefusal { code }),
        };
        wire::send(self.control, &FeedSays::Opened { reader, outcome })
    }

    fn fill(&mut self, next: &Next) -> Result<(), RoomError> {
        let reader_id = next.reader;
        let Some(reader) = self.readers.get_mut(&reader_id) else {
            return wire::send(self.cell, &Filled::End { reader: reader_id });
        };
        let batch = match reader.next(&self.runtime) {
            Ok(Some(batch)) => batch,
            Ok(None) => {
                self.readers.remove(&reader_id);
                return wire::send(self.cell, &Filled::End { reader: reader_id });
            }
            Err(code) => {
                self.readers.remove(&reader_id);
                return wire::send(
                    self.cell,
                    &Filled::Failed {
                        reader: reader_id,
                        code,
                    },
                );
            }
        };
        let layout = self.ring.write(next.slot, &batch)?;
        let fed = FeedSays::Fed {
            reader: reader_id,
            sequence: reader.sequence,
            rows: u64::from(layout.rows),
            bytes: layout.bytes,
        };
        reader.sequence += 1;
        // The supervisor knows before the cell does.
        wire::send(self.control, &fed)?;
        wire::send(
            self.cell,
            &Filled::Batch {
                reader: reader_id,
                slot: next.slot,
                layout,
            },
        )
    }
}

impl Reader {
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
