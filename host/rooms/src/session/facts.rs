//! What the rooms say, as calls for the record: decided by the capability, told by the room that has no guest code.

use hmac::{Hmac, Mac};
use sha2::Sha256;
use yunei_model::{Call, CallDecision, CallKind, Code, EndCause, LimitExceeded, Name};

use super::Session;
use crate::RoomError;
use crate::protocol::{Ask, CellSays, Did, FeedSays, UNDECLARED_OUTPUT};

impl Session<'_> {
    pub(super) fn refusal(&self, ask: &Ask) -> Option<(Code, &'static str)> {
        let table = |name: &str| self.tables.iter().find(|t| t.name.as_str() == name);
        match ask {
            Ask::Open { name } => table(name)
                .is_none()
                .then_some((Code::GrantResource, "grant.resources")),
            Ask::Scan {
                table: name,
                columns,
                ..
            } => match table(name.as_str()) {
                None => Some((Code::GrantResource, "grant.resources")),
                Some(plan) => columns
                    .iter()
                    .any(|c| *c >= plan.fields.len())
                    .then_some((Code::GrantField, "grant.fields")),
            },
            Ask::Sql { .. } => (!self.sql).then_some((Code::GrantJoin, "grant.join")),
            Ask::Subjects { .. } => {
                (!self.subjects).then_some((Code::GrantResource, "grant.resources"))
            }
        }
    }

    /// The one table of the run, if it is one.
    pub(super) fn only_table(&self) -> Option<&crate::TablePlan> {
        self.tables.first().filter(|_| self.tables.len() == 1)
    }

    pub(super) fn field_names(&self, table: &Name, columns: &[usize]) -> Vec<Name> {
        let plan = self.tables.iter().find(|t| &t.name == table);
        columns
            .iter()
            .filter_map(|c| plan.and_then(|p| p.fields.get(*c)).map(|f| f.0.clone()))
            .collect()
    }

    pub(super) async fn hear(&mut self, message: CellSays) -> Result<(), RoomError> {
        match message {
            CellSays::Locked { .. } | CellSays::Failed { .. } => {
                return Err(RoomError::protocol("locked twice"));
            }
            CellSays::Ended(Ok(())) => self.ended = Some(None),
            CellSays::Ended(Err(end)) => self.ended = Some(Some(self.end_cause(end)?)),
            CellSays::Ask(ask) => {
                self.count_said()?;
                let call = self.asked_call(&ask)?;
                self.pending.push(call.clone());
                self.asked = Some((ask, call));
            }
            CellSays::Did { did, duration_us } => {
                self.count_said()?;
                let mut call = self.done_call(did).await?;
                call.duration_us = duration_us;
                self.pending.push(call);
            }
        }
        Ok(())
    }

    /// A cell counts its guest's calls itself; one that says more was taken over.
    fn count_said(&mut self) -> Result<(), RoomError> {
        self.said = LimitExceeded::check("calls_max", self.calls_max, self.said, 1)
            .map_err(|_| RoomError::protocol("more calls than a run may make"))?;
        Ok(())
    }

    /// Fields that name the output of that position in the plan.
    fn output_fields(&self, position: Option<u32>) -> Result<Vec<Name>, RoomError> {
        let Some(position) = position else {
            return Ok(Vec::new());
        };
        let name = self.outputs.get(position as usize).cloned();
        let unknown = || RoomError::protocol("an output that the plan does not name");
        name.map(|name| vec![name]).ok_or_else(unknown)
    }

    fn asked_call(&mut self, ask: &Ask) -> Result<Call, RoomError> {
        let clause = self.refusal(ask).map(|(_, clause)| clause.to_owned());
        Ok(match ask {
            Ask::Open { name } => {
                let known = self
                    .tables
                    .iter()
                    .find(|t| t.name.as_str() == name)
                    .map(|t| t.name.clone());
                self.call(CallKind::Open, known, Vec::new(), 0, 0, clause)
            }
            Ask::Scan { table, columns, .. } => {
                let fields = self.field_names(table, columns);
                let known = self.tables.iter().any(|plan| &plan.name == table);
                let table = known.then(|| table.clone());
                self.call(CallKind::Scan, table, fields, 0, 0, clause)
            }
            Ask::Subjects { .. } => {
                let only = self.only_table().map(|table| table.name.clone());
                self.call(CallKind::Open, only, Vec::new(), 0, 0, clause)
            }
            Ask::Sql { text, .. } => {
                let mut call = self.call(
                    CallKind::Sql,
                    None,
                    Vec::new(),
                    0,
                    text.len() as u64,
                    clause,
                );
                call.argument_digest = Some(self.argument_digest(text)?);
                call
            }
        })
    }

    async fn done_call(&mut self, did: Did) -> Result<Call, RoomError> {
        Ok(match did {
            Did::Batch {
                reader,
                sequence,
                rows,
                bytes,
            } => {
                let fed = self.await_fed(reader, sequence).await?;
                if fed != (rows, bytes) {
                    return Err(RoomError::protocol(
                        "the cell tells of another batch than the feed",
                    ));
                }
                let reading = self
                    .readers
                    .get(&reader)
                    .ok_or_else(|| RoomError::protocol("an unknown reader"))?;
                let (table, fields) = (reading.table.clone(), reading.fields.clone());
                self.call(CallKind::Batch, table, fields, rows, bytes, None)
            }
            Did::OutputCreate { output } => {
                let clause = output.is_none().then(|| UNDECLARED_OUTPUT.to_owned());
                let fields = self.output_fields(output)?;
                self.call(CallKind::OutputCreate, None, fields, 0, 0, clause)
            }
            Did::OutputAppend {
                output,
                rows,
                bytes,
            } => {
                let fields = self.output_fields(output)?;
                self.call(CallKind::OutputAppend, None, fields, rows, bytes, None)
            }
            Did::Note { bytes } => self.call(CallKind::Note, None, Vec::new(), 0, bytes, None),
            Did::Parameter => self.call(CallKind::Parameter, None, Vec::new(), 0, 0, None),
        })
    }

    /// What the feed itself says of a batch: facts about data come from the room without guest code.
    async fn await_fed(&mut self, reader: u32, sequence: u64) -> Result<(u64, u64), RoomError> {
        loop {
            if let Some(fed) = self
                .readers
                .get_mut(&reader)
                .and_then(|r| r.fed.remove(&sequence))
            {
                return Ok(fed);
            }
            match self.from_feed.next().await? {
                Some(message) => self.heed_feed(message)?,
                None => return Err(RoomError::Gone { room: "feed" }),
            }
        }
    }

    pub(super) fn heed_feed(&mut self, message: FeedSays) -> Result<(), RoomError> {
        match message {
            FeedSays::Fed {
                reader,
                sequence,
                rows,
                bytes,
            } => {
                let reading = self
                    .readers
                    .get_mut(&reader)
                    .ok_or_else(|| RoomError::protocol("an unknown reader"))?;
                reading.fed.insert(sequence, (rows, bytes));
                match LimitExceeded::check("rows_reserved", self.rows_max, self.rows_fed, rows) {
                    Ok(sum) => self.rows_fed = sum,
                    Err(limit) => self.ended = Some(Some(EndCause::Limit { limit })),
                }
                Ok(())
            }
            FeedSays::Idle => {
                self.feed_idle.notify_one();
                Ok(())
            }
            FeedSays::Failed { detail } => {
                self.feed_failed = Some(detail);
                self.feed_gone = true;
                Ok(())
            }
            FeedSays::Locked { .. } | FeedSays::Opened { .. } => {
                Err(RoomError::protocol("an unexpected message of the feed"))
            }
        }
    }

    pub(super) fn call(
        &mut self,
        kind: CallKind,
        resource: Option<Name>,
        fields: Vec<Name>,
        rows: u64,
        bytes: u64,
        clause: Option<String>,
    ) -> Call {
        let index = self.calls;
        self.calls += 1;
        let decision = if clause.is_some() {
            CallDecision::Denied
        } else {
            CallDecision::Allowed
        };
        let at = self.clock.now();
        Call {
            index,
            kind,
            resource,
            fields,
            rows,
            bytes,
            decision,
            clause,
            argument_digest: None,
            at,
            duration_us: 0,
        }
    }

    fn argument_digest(&self, argument: &str) -> Result<String, RoomError> {
        let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(&self.argument_key)
            .map_err(RoomError::protocol)?;
        mac.update(argument.as_bytes());
        Ok(hex::encode(mac.finalize().into_bytes()))
    }
}
