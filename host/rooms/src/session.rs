//! The supervisor's side: starts feed and cell, turns what they say into calls for the record, and can kill them at any moment.

mod ends;
mod facts;
mod order;

use std::collections::HashMap;
use std::fs::File;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until};
use yunei_model::{Call, Clock, EndCause, Name, Timestamp};
use yunei_sandbox::Authentic;

use crate::cell::WINDOW_CALLS_MAX;
use crate::lockdown::Layer;
use crate::protocol::{Ask, CellSays, FeedSays, ToCell};
use crate::ring::Ring;
use crate::room::{Hearing, Room, Said};
use crate::{CellPlan, FeedPlan, RoomError, lockdown};
pub use ends::{GuestMessage, SealedMessage};

/// Calls that one group on the record holds at most: a group is one durable write, and so the larger the fewer.
const GROUP_CALLS_MAX: usize = 1024;
/// Milliseconds that calls wait for others to become durable with them, where the guest does not wait for them itself.
const GATHER_MS: u64 = 10;
/// Nobody writes the output any more, whoever still has it open.
const SEALS: SealFlags = SealFlags::WRITE
    .union(SealFlags::GROW)
    .union(SealFlags::SHRINK)
    .union(SealFlags::SEAL);
/// Messages of a room that wait to be handled at most; beyond, the room waits.
///
/// INVARIANT: all that a cell may say before it listens. Otherwise both could wait for the other to read.
const MESSAGES_WAITING_MAX: usize = WINDOW_CALLS_MAX as usize + 8;
/// Bytes of these at most. INVARIANT: as above; what a cell says without waiting for an answer is below 500 bytes.
const BYTES_WAITING_MAX: usize = 4 << 20;
/// Bytes of one frame of feed or cell at most, beside a query's text or the names of the plan.
const FRAME_BYTES_BASE: usize = 64 << 10;
/// Bytes in JSON of one byte of a text at most.
const JSON_BYTES_PER_BYTE: usize = 6;
/// Bytes in JSON of a name beside its own, or of a position.
const NAME_BYTES_BESIDE: usize = 8;

/// The open parts of one granted table, in the order of its plan.
#[derive(Debug)]
pub struct TableFiles {
    /// The parts.
    pub parts: Vec<File>,
}

/// All that a session starts from.
#[derive(Debug)]
pub struct SessionPlan {
    /// For the feed.
    pub feed: FeedPlan,
    /// For the cell.
    pub cell: CellPlan,
    /// Open parts of the feed's views, in their order; behind them those of the views of subjects, if there are any.
    pub files: Vec<TableFiles>,
    /// The compiled component, already authenticated.
    pub component: Authentic,
    /// Key for digests of arguments.
    pub argument_key: [u8; 32],
    /// Rows that may be fed at most.
    pub rows_max: u64,
}

/// What happened in the rooms.
#[derive(Debug)]
pub enum Event {
    /// Calls that must be on record before [`Session::go_on`].
    Calls(Vec<Call>),
    /// The guest is done, and every call was handed out.
    Ended(Ending),
}

/// How a session ended.
#[derive(Debug)]
pub struct Ending {
    /// Why, if not by success.
    pub cause: Option<EndCause>,
    /// What the guest said of its error, to be sealed.
    pub message: Option<GuestMessage>,
    /// Rows that the feed handed out.
    pub rows_fed: u64,
}

/// Kills the rooms of a session, from any task, at any moment.
#[derive(Debug, Clone)]
pub struct RunningRooms {
    processes: Arc<Vec<crate::room::Process>>,
}

impl RunningRooms {
    pub(crate) fn of(processes: Vec<crate::room::Process>) -> Self {
        Self {
            processes: Arc::new(processes),
        }
    }

    /// These rooms, and others.
    #[must_use]
    pub fn and(&self, others: &Self) -> Self {
        let all = self.processes.iter().chain(others.processes.iter());
        Self::of(all.cloned().collect())
    }

    /// Sends SIGKILL to every room, at once.
    pub fn kill(&self) {
        for process in self.processes.iter() {
            process.kill();
        }
    }

    /// Process ids, for drills and tests.
    #[must_use]
    pub fn ids(&self) -> Vec<(&'static str, u32)> {
        self.processes.iter().map(|p| (p.name(), p.id())).collect()
    }
}

/// A running feed and cell.
pub struct Session<'a> {
    clock: &'a dyn Clock,
    tables: Vec<crate::TablePlan>,
    outputs: Vec<Name>,
    calls_max: u64,
    sql: bool,
    subjects: bool,
    argument_key: [u8; 32],
    feed: Room,
    cell: Room,
    from_feed: Said<FeedSays>,
    from_cell: Said<CellSays>,
    output: OwnedFd,
    layers: Vec<(&'static str, Vec<Layer>)>,
    starts: Vec<(&'static str, i64)>,
    calls: u64,
    /// Calls that the cell told of.
    said: u64,
    pending: Vec<Call>,
    unacknowledged: u64,
    /// What was asked, and its call as it went onto the record.
    asked: Option<(Ask, Call)>,
    ended: Option<Option<EndCause>>,
    message: Option<GuestMessage>,
    readers: HashMap<u32, Reading>,
    feed_gone: bool,
    feed_idle: Arc<Notify>,
    feed_failed: Option<String>,
    rows_fed: u64,
    rows_max: u64,
}

/// What a reader reads, and what the feed says it handed out.
#[derive(Debug, Default)]
struct Reading {
    table: Option<Name>,
    fields: Vec<Name>,
    fed: HashMap<u64, (u64, u64)>,
}

/// What a session holds against what its rooms say.
struct Talk {
    cell: CellPlan,
    subjects: bool,
    argument_key: [u8; 32],
    rows_max: u64,
}

impl Talk {
    /// How much feed and cell may say before they are heard. A cell may have been taken over, and the memory is the server's.
    fn hearing(&self) -> Hearing {
        let text = usize::try_from(self.cell.guest.string_bytes_max).unwrap_or(usize::MAX);
        let text = text.saturating_mul(JSON_BYTES_PER_BYTE);
        let names = |table: &crate::TablePlan| -> usize {
            let fields = table.fields.iter().map(|(name, ..)| name);
            let all = std::iter::once(&table.name).chain(fields);
            all.map(|name| name.as_str().len() + NAME_BYTES_BESIDE)
                .sum()
        };
        let names = self.cell.tables.iter().map(names).sum();
        Hearing {
            frame_bytes_max: FRAME_BYTES_BASE.saturating_add(text.max(names)),
            messages_max: MESSAGES_WAITING_MAX,
            bytes_max: BYTES_WAITING_MAX,
        }
    }
}

impl<'a> Session<'a> {
    /// Starts feed and cell, and waits until both are locked.
    ///
    /// # Errors
    /// [`RoomError`] when a room cannot be started or a required layer is missing.
    pub async fn start(
        program: &Path,
        plan: SessionPlan,
        clock: &'a dyn Clock,
    ) -> Result<(Self, RunningRooms), RoomError> {
        let ring = Ring::create()?;
        let (feed_side, cell_side) = std::os::unix::net::UnixStream::pair()
            .map_err(RoomError::system("a pair of sockets"))?;
        let output = memfd_create(
            "yunei-output",
            MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
        )
        .map_err(RoomError::errno("a memfd"))?;
        let component = plan.component.hand_over().map_err(RoomError::protocol)?;

        let mut for_feed: Vec<BorrowedFd<'_>> = vec![ring.file().as_fd(), feed_side.as_fd()];
        for_feed.extend(plan.files.iter().flat_map(|f| &f.parts).map(AsFd::as_fd));
        let feed_spawned = clock.now();
        let feed = Room::start(program, "feed", &for_feed, &plan.feed).await?;
        let for_cell = [
            cell_side.as_fd(),
            ring.file().as_fd(),
            output.as_fd(),
            component.as_fd(),
        ];
        let cell_spawned = clock.now();
        let cell = Room::start(program, "cell", &for_cell, &plan.cell).await?;
        drop((feed_side, cell_side));

        let talk = Talk {
            cell: plan.cell,
            subjects: plan.feed.subjects.is_some(),
            argument_key: plan.argument_key,
            rows_max: plan.rows_max,
        };
        let spawned = [feed_spawned, cell_spawned];
        Self::over([feed, cell], spawned, talk, output, clock).await
    }

    /// Listens to a feed and a cell, and waits until both are locked.
    async fn over(
        [feed, cell]: [Room; 2],
        spawned: [Timestamp; 2],
        talk: Talk,
        output: OwnedFd,
        clock: &'a dyn Clock,
    ) -> Result<(Self, RunningRooms), RoomError> {
        let rooms = RunningRooms::of(vec![feed.process(), cell.process()]);
        let hearing = talk.hearing();
        let (feed, from_feed) = feed.listen(hearing);
        let (cell, from_cell) = cell.listen(hearing);
        let mut session = Self {
            clock,
            tables: talk.cell.tables,
            outputs: talk.cell.outputs,
            calls_max: talk.cell.guest.calls_max,
            sql: talk.cell.sql,
            subjects: talk.subjects,
            argument_key: talk.argument_key,
            feed,
            cell,
            from_feed,
            from_cell,
            output,
            layers: Vec::new(),
            starts: Vec::new(),
            calls: 0,
            said: 0,
            pending: Vec::new(),
            unacknowledged: 0,
            asked: None,
            ended: None,
            message: None,
            readers: HashMap::new(),
            feed_gone: false,
            feed_idle: Arc::new(Notify::new()),
            feed_failed: None,
            rows_fed: 0,
            rows_max: talk.rows_max,
        };
        if let Err(error) = session.await_locks(spawned).await {
            rooms.kill();
            return Err(error);
        }
        Ok((session, rooms))
    }

    /// Waits for both rooms' locks, whichever comes first. A room's start is told from its `spawned` to its lock.
    async fn await_locks(&mut self, spawned: [Timestamp; 2]) -> Result<(), RoomError> {
        let [feed_spawned, cell_spawned] = spawned;
        let clock = self.clock;
        let timed = |since: Timestamp| clock.now().micros_since(since);
        let feed = async { (self.from_feed.next().await, timed(feed_spawned)) };
        let cell = async { (self.from_cell.next().await, timed(cell_spawned)) };
        let ((feed, feed_us), (cell, cell_us)) = tokio::join!(feed, cell);
        self.starts.extend([("feed", feed_us), ("cell", cell_us)]);
        match feed? {
            Some(FeedSays::Locked { layers }) => self.admit_layers("feed", layers)?,
            Some(FeedSays::Failed { detail }) => {
                return Err(RoomError::Failed {
                    room: "feed",
                    detail,
                });
            }
            Some(_) => return Err(RoomError::Gone { room: "feed" }),
            None => return Err(self.feed.lost().await),
        }
        match cell? {
            Some(CellSays::Locked { layers }) => self.admit_layers("cell", layers),
            Some(CellSays::Failed { detail }) => Err(RoomError::Failed {
                room: "cell",
                detail,
            }),
            Some(_) => Err(RoomError::Gone { room: "cell" }),
            None => Err(self.cell.lost().await),
        }
    }

    fn admit_layers(&mut self, room: &'static str, layers: Vec<Layer>) -> Result<(), RoomError> {
        require_layers(room, &layers)?;
        self.layers.push((room, layers));
        Ok(())
    }

    /// Layers of lock-down in force, by room.
    #[must_use]
    pub fn layers(&self) -> &[(&'static str, Vec<Layer>)] {
        &self.layers
    }

    /// Microseconds that each room took from its process's start to its lock, after which it works.
    #[must_use]
    pub fn starts(&self) -> &[(&'static str, i64)] {
        &self.starts
    }

    /// Told whenever the feed has nothing to do, since every reader is at its end.
    #[must_use]
    pub fn feed_idle(&self) -> Arc<Notify> {
        Arc::clone(&self.feed_idle)
    }

    /// What the cell wrote; to be handed to the gate, never read here.
    #[must_use]
    pub fn output(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    /// Waits for the next event. After [`Event::Calls`], [`Self::go_on`] comes first.
    ///
    /// # Errors
    /// [`RoomError`] when a room breaks the protocol; the rooms are to be killed then.
    pub async fn next(&mut self) -> Result<Event, RoomError> {
        if let Some(cause) = self.ended.take() {
            return self.end(cause).await;
        }
        while self.pending.is_empty() {
            tokio::select! {
                biased;
                said = self.from_cell.next() => match said? {
                    Some(message) => self.hear(message).await?,
                    None => {
                        let cause = self.lost().await;
                        return self.end(Some(cause)).await;
                    }
                },
                feed = self.from_feed.next(), if !self.feed_gone => match feed? {
                    Some(message) => self.heed_feed(message)?,
                    // Without it the cell cannot go on for long: its end is what is waited for.
                    None => self.feed_gone = true,
                }
            }
            self.gather().await?;
            if self.pending.is_empty()
                && let Some(cause) = self.ended.take()
            {
                return self.end(cause).await;
            }
        }
        let calls = std::mem::take(&mut self.pending);
        self.unacknowledged += calls.len() as u64;
        Ok(Event::Calls(calls))
    }

    /// What else comes soon goes into the same group, up to the next question: a durable write for each call would be in the way of
    /// the one that the run's end waits for.
    async fn gather(&mut self) -> Result<(), RoomError> {
        let until = Instant::now() + Duration::from_millis(GATHER_MS);
        while !self.pending.is_empty()
            && self.pending.len() < GROUP_CALLS_MAX
            && self.asked.is_none()
            && self.ended.is_none()
        {
            tokio::select! {
                biased;
                said = self.from_cell.next() => match said? {
                    Some(message) => self.hear(message).await?,
                    // A cell that is gone is noticed with the next event.
                    None => break,
                },
                feed = self.from_feed.next(), if !self.feed_gone => match feed? {
                    Some(message) => self.heed_feed(message)?,
                    None => self.feed_gone = true,
                },
                () = sleep_until(until) => break,
            }
        }
        Ok(())
    }

    /// Whether the guest is done, and what was handed out last are its last calls.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.ended.is_some() && self.asked.is_none()
    }

    /// The calls handed out are durable: lets the guest go on. Gives the call that was served by it, with its duration.
    ///
    /// # Errors
    /// [`RoomError`] when a room is gone.
    pub async fn go_on(&mut self) -> Result<Option<Call>, RoomError> {
        let calls = std::mem::take(&mut self.unacknowledged);
        if self.ended.is_none() {
            // A cell that is gone is noticed by `next`.
            let _gone = self.cell.say(&ToCell::Acknowledged { calls }).await;
        }
        let Some((ask, mut call)) = self.asked.take() else {
            return Ok(None);
        };
        let answer = self.answer(ask).await?;
        let _gone = self.cell.say(&answer).await;
        let took_us = self
            .clock
            .now()
            .as_micros()
            .saturating_sub(call.at.as_micros());
        call.duration_us = u64::try_from(took_us).unwrap_or(0);
        Ok(Some(call))
    }

    async fn lost(&mut self) -> EndCause {
        EndCause::RoomLost {
            room: "cell".into(),
            status: self.cell.status().await,
        }
    }

    async fn end(&mut self, cause: Option<EndCause>) -> Result<Event, RoomError> {
        // A cell that ends because its feed failed tells of the feed.
        let cause = match (cause, self.feed_failed.take()) {
            (Some(EndCause::Host { .. }), Some(status)) => Some(EndCause::RoomLost {
                room: "feed".into(),
                status,
            }),
            (cause, _) => cause,
        };
        self.feed.process().kill();
        self.cell.process().kill();
        // INVARIANT: what is sealed and judged cannot change any more. That holds at once, and not only when the cell is reaped.
        if fcntl_add_seals(&self.output, SEALS).is_err() {
            // A cell that was broken into could hold it mapped, until it is gone.
            self.cell.reap().await;
            fcntl_add_seals(&self.output, SEALS).map_err(RoomError::errno("to seal an output"))?;
        }
        // What the feed said before it died still counts.
        while let Ok(Some(message)) = self.from_feed.next_now() {
            if let FeedSays::Fed { rows, .. } = message {
                self.rows_fed += rows;
            }
        }
        // Both are killed; nobody waits until they are gone.
        Ok(Event::Ended(Ending {
            cause,
            message: self.message.take(),
            rows_fed: self.rows_fed,
        }))
    }
}

pub(crate) fn require_layers(room: &'static str, layers: &[Layer]) -> Result<(), RoomError> {
    if lockdown::suffices(layers) {
        Ok(())
    } else {
        Err(RoomError::Failed {
            room,
            detail: format!("only the layers {layers:?} are in force"),
        })
    }
}

#[cfg(test)]
mod tests;
