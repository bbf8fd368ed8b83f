//! Orders to the feed: what the guest asked for and may have, opened before the cell hears an answer.

use std::collections::HashMap;

use yunei_model::{CallKind, Name};

use super::{Reading, Session};
use crate::RoomError;
use crate::protocol::{Ask, FeedRefusal, FeedSays, Read, ToCell, ToFeed};

/// What the feed is told to open.
struct Order {
    reader: u32,
    reading: Reading,
    told: ToFeed,
    kind: CallKind,
}

impl Session<'_> {
    /// Decides what was asked for, has the feed open it, and gives what the cell is told.
    ///
    /// # Errors
    /// [`RoomError`] when the feed is gone or breaks the protocol.
    pub(super) async fn answer(&mut self, ask: Ask) -> Result<ToCell, RoomError> {
        if let Some((code, clause)) = self.refusal(&ask) {
            return Ok(ToCell::Refused {
                code,
                clause: Some(clause.to_owned()),
            });
        }
        let Some(order) = self.order(ask) else {
            return Ok(ToCell::Go);
        };
        self.readers.insert(order.reader, order.reading);
        self.feed.say(&order.told).await?;
        loop {
            match self.from_feed.next().await? {
                Some(FeedSays::Opened { reader, outcome }) if reader == order.reader => {
                    return self.opened(order.kind, outcome);
                }
                Some(message) => self.heed_feed(message)?,
                None => return Err(RoomError::Gone { room: "feed" }),
            }
        }
    }

    /// The order for what was asked, where the feed has a part in it.
    fn order(&self, ask: Ask) -> Option<Order> {
        match ask {
            Ask::Open { .. } => None,
            Ask::Scan {
                reader,
                table,
                columns,
            } => Some(Order {
                reader,
                reading: Reading {
                    table: Some(table.clone()),
                    fields: self.field_names(&table, &columns),
                    fed: HashMap::new(),
                },
                told: ToFeed::Scan {
                    reader,
                    table,
                    columns,
                },
                kind: CallKind::Scan,
            }),
            Ask::Subjects { reader } => Some(Order {
                reader,
                // Batches of several tables are facts about no one of them; what is read of each, the feed tells.
                reading: self
                    .only_table()
                    .map(|table| Reading {
                        table: Some(table.name.clone()),
                        fields: table.fields.iter().map(|field| field.0.clone()).collect(),
                        fed: HashMap::new(),
                    })
                    .unwrap_or_default(),
                told: ToFeed::Subjects { reader },
                kind: CallKind::Scan,
            }),
            Ask::Sql { reader, text } => Some(Order {
                reader,
                reading: Reading::default(),
                told: ToFeed::Sql { reader, text },
                kind: CallKind::Sql,
            }),
        }
    }

    /// Puts what the feed opened, or why it did not, before the record.
    fn opened(
        &mut self,
        kind: CallKind,
        outcome: Result<Vec<Read>, FeedRefusal>,
    ) -> Result<ToCell, RoomError> {
        Ok(match outcome {
            Ok(reads) => {
                // What a query reads is known once it is planned: facts of the feed, in the order of names.
                for Read { table, fields } in reads {
                    self.known(&table, &fields)?;
                    let call = self.call(CallKind::Scan, Some(table), fields, 0, 0, None);
                    self.pending.push(call);
                }
                ToCell::Go
            }
            Err(refusal) => {
                let clause = Some(format!("feed.{}", refusal.code));
                let call = self.call(kind, None, Vec::new(), 0, 0, clause);
                self.pending.push(call);
                ToCell::Refused {
                    code: refusal.code,
                    clause: None,
                }
            }
        })
    }

    /// INVARIANT: only names of the plan go onto the record, whoever says them.
    fn known(&self, table: &Name, fields: &[Name]) -> Result<(), RoomError> {
        let plan = self.tables.iter().find(|plan| &plan.name == table);
        let known = plan.is_some_and(|plan| {
            let is_field = |name: &Name| plan.fields.iter().any(|field| &field.0 == name);
            fields.iter().all(is_field)
        });
        let unknown = || RoomError::protocol("the feed reads what the plan does not name");
        known.then_some(()).ok_or_else(unknown)
    }
}
