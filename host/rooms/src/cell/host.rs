//! The host that a guest talks to: forwards to supervisor and feed, and reports every call.

mod subjects;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::os::unix::net::UnixStream;
use std::time::Instant;

use yunei_model::{Code, FieldType, LimitExceeded, Limits, Name};
use yunei_sandbox::{
    AnalysisHost, Batch, Column, Denial, FieldInfo, Level, OutputId, ParameterValue, ReaderId,
    Stop, Unserved,
};

use super::output::{Frame, OutputWriter, StoredColumn, WriteError};
use crate::protocol::{Ask, CellSays, Did, Filled, Next, ToCell, UNDECLARED_OUTPUT};
use crate::ring::{Ring, SLOTS_MAX, SLOTS_PER_READER};
use crate::{CellPlan, RoomError, TablePlan, wire};

/// Calls that may be under way to the record; a full window stops the guest. Several groups of the record, so that the guest
/// makes the next while one becomes durable.
pub(crate) const WINDOW_CALLS_MAX: u32 = 4096;

/// The host of one guest.
pub struct RoomHost {
    control: UnixStream,
    feed: UnixStream,
    ring: Ring,
    tables: Vec<TablePlan>,
    output_names: Vec<Name>,
    /// Positions of the outputs that were opened, among the declared ones.
    outputs: Vec<u32>,
    writer: OutputWriter,
    parameters: BTreeMap<Name, ParameterValue>,
    limits: Limits,
    readers: HashMap<u32, Reader>,
    readers_opened: u32,
    unacknowledged: u64,
    calls: u64,
    notes: u64,
    only_reader: Option<ReaderId>,
    /// When the call that is being served came; shown to nobody but the record's readers.
    begun: Instant,
}

/// A reader as the cell has it: which slots it owns, and which batches are on their way or here.
struct Reader {
    first_slot: usize,
    asked: usize,
    arrived: VecDeque<Arrival>,
    sequence: u64,
    ended: bool,
}

enum Arrival {
    Batch {
        slot: usize,
        layout: crate::ring::BatchLayout,
    },
    Subjects {
        slot: usize,
        layout: crate::ring::SubjectsLayout,
    },
    Failed {
        code: Code,
    },
}

impl RoomHost {
    pub fn new(
        control: UnixStream,
        feed: UnixStream,
        ring: Ring,
        plan: &CellPlan,
        writer: OutputWriter,
    ) -> Self {
        Self {
            control,
            feed,
            ring,
            tables: plan.tables.clone(),
            output_names: plan.outputs.clone(),
            outputs: Vec::new(),
            writer,
            parameters: plan.parameters.clone(),
            limits: plan.guest.clone(),
            readers: HashMap::new(),
            readers_opened: 0,
            unacknowledged: 0,
            calls: 0,
            notes: 0,
            only_reader: None,
            begun: Instant::now(),
        }
    }

    /// Opens the only table of a `per-row` module, all its columns.
    pub fn open_only_table(&mut self) -> Result<(), Unserved> {
        let Some(table) = self.tables.first().cloned() else {
            return Err(failed("no table is granted").into());
        };
        self.open(table.name.as_str())?;
        let columns: Vec<u32> = (0..).take(table.fields.len()).collect();
        self.only_reader = Some(self.scan(table.name.as_str(), &columns)?);
        Ok(())
    }

    /// The next rows of that table.
    pub fn next_rows(&mut self) -> Result<Option<Batch>, Unserved> {
        match self.only_reader {
            Some(reader) => self.next(reader),
            None => Err(failed("no reader is open").into()),
        }
    }

    /// Keeps what the module derived for the last rows.
    pub fn write_derived(&mut self, rows: u32, columns: &[Column]) -> Result<(), Unserved> {
        self.begun = Instant::now();
        // Derived rows are bounded by the rows of the grant, not by the limit of an output.
        let columns = columns.iter().map(StoredColumn::from).collect();
        let bytes = self
            .writer
            .write(&Frame::Derived { rows, columns }, 0)
            .map_err(write_failed)?;
        self.did(Did::OutputAppend {
            output: None,
            rows: u64::from(rows),
            bytes,
        })?;
        Ok(())
    }

    fn did(&mut self, did: Did) -> Result<(), Stop> {
        self.count_call()?;
        let duration_us = u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        wire::send(&self.control, &CellSays::Did { did, duration_us }).map_err(room_failed)?;
        while self.unacknowledged >= u64::from(WINDOW_CALLS_MAX) {
            match self.hear()? {
                ToCell::Acknowledged { .. } => {}
                ToCell::Go | ToCell::Refused { .. } => {
                    return Err(failed("an answer without a question"));
                }
            }
        }
        Ok(())
    }

    /// Asks, and waits until it is on record and done.
    fn ask(&mut self, ask: Ask) -> Result<(), Unserved> {
        self.count_call()?;
        wire::send(&self.control, &CellSays::Ask(ask)).map_err(room_failed)?;
        loop {
            match self.hear()? {
                ToCell::Acknowledged { .. } => {}
                ToCell::Go => return Ok(()),
                ToCell::Refused { code, clause } => {
                    return Err(Unserved::Denied(Denial { code, clause }));
                }
            }
        }
    }

    fn hear(&mut self) -> Result<ToCell, Stop> {
        let message: ToCell = wire::receive(&self.control)
            .map_err(room_failed)?
            .ok_or_else(|| failed("the supervisor is gone"))?;
        if let ToCell::Acknowledged { calls } = &message {
            self.unacknowledged = self.unacknowledged.saturating_sub(*calls);
        }
        Ok(message)
    }

    fn count_call(&mut self) -> Result<(), Stop> {
        self.calls = LimitExceeded::check("calls_max", self.limits.calls_max, self.calls, 1)
            .map_err(Stop::Limit)?;
        self.unacknowledged += 1;
        Ok(())
    }

    /// A reader that the supervisor and the feed agree to, with its two slots.
    fn open_reader(&mut self, ask: impl FnOnce(u32) -> Ask) -> Result<ReaderId, Unserved> {
        let taken: Vec<usize> = self.readers.values().map(|r| r.first_slot).collect();
        let first_slot = (0..SLOTS_MAX)
            .step_by(SLOTS_PER_READER)
            .find(|slot| !taken.contains(slot))
            .ok_or_else(|| {
                Stop::Limit(LimitExceeded {
                    name: "readers_max".into(),
                    limit: (SLOTS_MAX / SLOTS_PER_READER) as u64,
                    current: taken.len() as u64,
                    requested: 1,
                })
            })?;
        let id = self.readers_opened;
        self.readers_opened += 1;
        self.ask(ask(id))?;
        let mut reader = Reader {
            first_slot,
            asked: 0,
            arrived: VecDeque::new(),
            sequence: 0,
            ended: false,
        };
        // Both slots are filled ahead, so that the two rooms work at the same time.
        for slot in first_slot..first_slot + SLOTS_PER_READER {
            wire::send(&self.feed, &Next { reader: id, slot }).map_err(room_failed)?;
            reader.asked += 1;
        }
        self.readers.insert(id, reader);
        Ok(ReaderId(id))
    }

    /// Takes what the feed sends until something for `reader` has arrived or it is at its end.
    fn await_arrival(&mut self, id: u32) -> Result<Option<Arrival>, Unserved> {
        loop {
            let Some(reader) = self.readers.get_mut(&id) else {
                return Ok(None);
            };
            if let Some(arrival) = reader.arrived.pop_front() {
                return Ok(Some(arrival));
            }
            if reader.ended || reader.asked == 0 {
                return Ok(None);
            }
            self.take_filled()?;
        }
    }

    /// Takes one message of the feed.
    fn take_filled(&mut self) -> Result<(), Stop> {
        let filled: Filled = wire::receive(&self.feed)
            .map_err(room_failed)?
            .ok_or_else(|| failed("the feed is gone"))?;
        match filled {
            Filled::Batch {
                reader,
                slot,
                layout,
            } => self.arrive(reader, Some(Arrival::Batch { slot, layout })),
            Filled::Subjects {
                reader,
                slot,
                layout,
            } => self.arrive(reader, Some(Arrival::Subjects { slot, layout })),
            Filled::Failed { reader, code } => self.arrive(reader, Some(Arrival::Failed { code })),
            Filled::End { reader } => self.arrive(reader, None),
        }
        Ok(())
    }

    /// What has arrived for a reader; none at its end, when it is closed too.
    fn arrival(&mut self, reader: ReaderId) -> Result<Option<Arrival>, Unserved> {
        match self.await_arrival(reader.0)? {
            Some(Arrival::Failed { code }) => Err(Unserved::Denied(Denial { code, clause: None })),
            Some(arrival) => Ok(Some(arrival)),
            None => {
                self.readers.remove(&reader.0);
                Ok(None)
            }
        }
    }

    /// What lay in a slot was read: asks for more, and tells of the batch.
    fn taken(&mut self, reader: ReaderId, slot: usize, rows: u64, bytes: u64) -> Result<(), Stop> {
        let id = reader.0;
        let reader = self
            .readers
            .get_mut(&id)
            .ok_or_else(|| failed("a reader vanished"))?;
        let sequence = reader.sequence;
        reader.sequence += 1;
        if !reader.ended {
            reader.asked += 1;
            wire::send(&self.feed, &Next { reader: id, slot }).map_err(room_failed)?;
        }
        self.did(Did::Batch {
            reader: id,
            sequence,
            rows,
            bytes,
        })
    }

    fn arrive(&mut self, id: u32, arrival: Option<Arrival>) {
        // A reader that the guest dropped has nobody to arrive for.
        let Some(reader) = self.readers.get_mut(&id) else {
            return;
        };
        reader.asked = reader.asked.saturating_sub(1);
        match arrival {
            Some(arrival) => reader.arrived.push_back(arrival),
            None => reader.ended = true,
        }
    }
}

impl AnalysisHost for RoomHost {
    fn open(&mut self, name: &str) -> Result<Vec<FieldInfo>, Unserved> {
        self.ask(Ask::Open {
            name: name.to_owned(),
        })?;
        let table = self.tables.iter().find(|t| t.name.as_str() == name);
        let table = table.ok_or_else(|| failed("the supervisor opened an unknown table"))?;
        let field = |(name, kind, nullable): &(Name, FieldType, bool)| FieldInfo {
            name: name.clone(),
            kind: *kind,
            nullable: *nullable,
        };
        Ok(table.fields.iter().map(field).collect())
    }

    fn scan(&mut self, table: &str, columns: &[u32]) -> Result<ReaderId, Unserved> {
        let table = Name::parse(table).map_err(|_| failed("a table handle without a name"))?;
        let columns = columns.iter().map(|c| *c as usize).collect();
        self.open_reader(|reader| Ask::Scan {
            reader,
            table,
            columns,
        })
    }

    fn sql(&mut self, text: &str) -> Result<ReaderId, Unserved> {
        let text = text.to_owned();
        self.open_reader(|reader| Ask::Sql { reader, text })
    }

    fn next(&mut self, reader: ReaderId) -> Result<Option<Batch>, Unserved> {
        self.begun = Instant::now();
        let (slot, layout) = match self.arrival(reader)? {
            None => return Ok(None),
            Some(Arrival::Batch { slot, layout }) => (slot, layout),
            Some(_) => return Err(failed("subjects where rows belong").into()),
        };
        let batch = self.ring.read(slot, &layout).map_err(room_failed)?;
        self.taken(reader, slot, u64::from(layout.rows), layout.bytes)?;
        Ok(Some(batch))
    }

    fn create_output(&mut self, name: &str, schema: &[FieldInfo]) -> Result<OutputId, Unserved> {
        self.begun = Instant::now();
        let mut declared = (0_u32..).zip(&self.output_names);
        let Some((position, declared)) = declared.find(|(_, n)| n.as_str() == name) else {
            self.did(Did::OutputCreate { output: None })?;
            return Err(Unserved::Denied(Denial {
                code: Code::OutputNotDeclared,
                clause: Some(UNDECLARED_OUTPUT.to_owned()),
            }));
        };
        let declared = declared.clone();
        let fields = schema.iter().map(|f| (f.name.clone(), f.kind)).collect();
        self.writer
            .write(
                &Frame::Create {
                    name: declared,
                    fields,
                },
                0,
            )
            .map_err(write_failed)?;
        let id = u32::try_from(self.outputs.len()).map_err(|_| failed("too many outputs"))?;
        self.outputs.push(position);
        self.did(Did::OutputCreate {
            output: Some(position),
        })?;
        Ok(OutputId(id))
    }

    fn append(&mut self, output: OutputId, rows: Batch) -> Result<(), Unserved> {
        self.begun = Instant::now();
        let position = self
            .outputs
            .get(output.0 as usize)
            .copied()
            .ok_or_else(|| failed("an output handle without an output"))?;
        let count = u64::from(rows.rows);
        let columns = rows.columns.iter().map(StoredColumn::from).collect();
        let frame = Frame::Append {
            output: output.0,
            rows: rows.rows,
            columns,
        };
        let bytes = self.writer.write(&frame, count).map_err(write_failed)?;
        self.did(Did::OutputAppend {
            output: Some(position),
            rows: count,
            bytes,
        })?;
        Ok(())
    }

    fn note(&mut self, level: Level, message: &str) -> Result<(), Stop> {
        self.begun = Instant::now();
        self.notes += 1;
        if self.notes > self.limits.journal_notes_max {
            // The journal is full: the guest goes on, its note is counted and dropped.
            return self.did(Did::Note { bytes: 0 });
        }
        let bytes = message.len() as u64;
        self.writer
            .write(
                &Frame::Note {
                    level,
                    message: message.to_owned(),
                },
                0,
            )
            .map_err(write_failed)?;
        self.did(Did::Note { bytes })
    }

    fn parameter(&mut self, name: &str) -> Result<Option<ParameterValue>, Stop> {
        self.begun = Instant::now();
        self.did(Did::Parameter)?;
        Ok(self.parameters.get(name).cloned())
    }

    fn close(&mut self, reader: ReaderId) {
        // Its slots are free once nothing is on its way into them.
        while self
            .readers
            .get(&reader.0)
            .is_some_and(|r| r.asked > 0 && !r.ended)
        {
            let asked = self.readers.get(&reader.0).map_or(0, |r| r.asked);
            if self.take_filled().is_err()
                || self.readers.get(&reader.0).is_none_or(|r| r.asked >= asked)
            {
                break;
            }
        }
        self.readers.remove(&reader.0);
    }
}

fn failed(detail: &str) -> Stop {
    Stop::Host(detail.to_owned())
}

fn room_failed(error: RoomError) -> Stop {
    Stop::Host(error.to_string())
}

fn write_failed(error: WriteError) -> Stop {
    match error {
        WriteError::Limit(limit) => Stop::Limit(limit),
        WriteError::Room(error) => room_failed(error),
    }
}
