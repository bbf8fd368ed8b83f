//! `yunei ledger tail`.

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use ureq::typestate::WithoutBody;
use yunei_model::{AccountId, OrganisationId, RunId, Timestamp};

use crate::caller::Caller;
use crate::client::{Ask, Client};
use crate::failure::Answered;
use crate::page::{Part, pages};
use crate::sheet::{Sheet, time};

/// The fact that is the same in nearly every entry; programs get it, too.
const POLICY_SET: &str = "policy_set";
/// How digests begin.
const DIGEST: &str = "sha256:";
/// Digits of a digest that people are shown.
const DIGITS_SHOWN: usize = 12;

/// Which entries.
#[derive(Debug, Args)]
pub struct Tail {
    /// Entries at most
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    limit: u32,
    /// Begins after this position instead of at the end
    #[arg(long, value_name = "POSITION")]
    after: Option<u64>,
    /// Of this kind, such as run-released; several are possible
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<yunei_ledger::Kind>,
    /// About this run
    #[arg(long, value_name = "ID")]
    run: Option<RunId>,
    /// About this operating unit
    #[arg(long, value_name = "ID")]
    operator: Option<OrganisationId>,
    /// Done by this account
    #[arg(long, value_name = "ID")]
    actor: Option<AccountId>,
    /// Made at or after this time
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Made before this time
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

/// An entry and its place.
#[derive(Debug, Deserialize)]
pub struct Placed {
    position: u64,
    entry: Entry,
}

#[derive(Debug, Deserialize)]
struct Entry {
    kind: String,
    actor: Option<AccountId>,
    facts: Map<String, Value>,
    observed: Observed,
}

#[derive(Debug, Deserialize)]
struct Observed {
    at: Timestamp,
}

impl Tail {
    /// Shows them.
    pub fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = caller.client()?;
        let list = match self.after {
            Some(after) => {
                let part = Part {
                    limit: self.limit,
                    after: Some(after.to_string()),
                };
                pages(&part, || self.ask(&client), |_| false)?
            }
            None => self.last(&client)?,
        };
        let printer = caller.printer();
        if printer.is_json() {
            return printer.say(&list, "");
        }
        printer.sheet(&list.get("items").cloned().unwrap_or_default(), sheet)
    }

    fn ask<'c>(&self, client: &'c Client) -> Ask<'c, WithoutBody> {
        let kinds: Vec<String> = self.kinds.iter().map(ToString::to_string).collect();
        client
            .get("/record")
            .query("kind", (!kinds.is_empty()).then(|| kinds.join(",")))
            .query("run", self.run)
            .query("operator", self.operator)
            .query("actor", self.actor)
            .query("since", self.since)
            .query("until", self.until)
    }

    /// The last ones that there were when it was asked. Reading the record is itself on the record for some, so that
    /// whoever reads to the end of what grows by reading never gets there.
    fn last(&self, client: &Client) -> anyhow::Result<Value> {
        let filtered = !self.kinds.is_empty()
            || self.run.is_some()
            || self.operator.is_some()
            || self.actor.is_some()
            || self.since.is_some()
            || self.until.is_some();
        let end = size(client)?;
        // The record is read from its beginning only where a filter makes that necessary.
        let after = if filtered {
            0
        } else {
            end.saturating_sub(u64::from(self.limit))
        };
        let part = Part {
            after: Some(after.to_string()),
            ..Part::whole()
        };
        let reached = |items: &[Value]| {
            items
                .last()
                .and_then(position)
                .is_none_or(|last| last >= end)
        };
        let mut list = pages(&part, || self.ask(client), reached)?;
        let items = list
            .get_mut("items")
            .and_then(Value::as_array_mut)
            .map(std::mem::take)
            .unwrap_or_default();
        let skipped = items.len().saturating_sub(self.limit as usize);
        let items: Vec<Value> = items.into_iter().skip(skipped).collect();
        let next = items.last().and_then(position);
        Ok(json!({ "items": items, "next": next }))
    }
}

fn position(item: &Value) -> Option<u64> {
    item.get("position")?.as_u64()
}

/// Entries under the newest signed checkpoint.
fn size(client: &Client) -> anyhow::Result<u64> {
    let checkpoint = match client.get("/record/checkpoint").send() {
        Ok(checkpoint) => checkpoint,
        // Nothing is signed yet: the record has hardly begun.
        Err(error)
            if error
                .downcast_ref()
                .is_some_and(|told: &Answered| told.code == "not-found") =>
        {
            return Ok(0);
        }
        Err(error) => return Err(error),
    };
    let size = checkpoint.get("size").and_then(Value::as_u64);
    size.ok_or_else(|| anyhow::anyhow!("the server's checkpoint has no size"))
}

/// Entries as a table.
pub fn sheet(entries: Vec<Placed>) -> Sheet {
    let mut sheet = Sheet::new(["#", "time", "kind", "by", "facts"]);
    for placed in entries {
        sheet.row(placed.row());
    }
    sheet.numbers(0);
    sheet
}

/// An entry, as the stream sends it, in one line.
pub fn words_of(data: &Value) -> String {
    match Placed::deserialize(data) {
        Ok(placed) => placed.row().join("  "),
        Err(_unknown) => data.to_string(),
    }
}

impl Placed {
    fn row(self) -> [String; 5] {
        let facts = self.entry.facts.iter();
        let facts: Vec<String> = facts
            .filter(|(name, _)| *name != POLICY_SET)
            .map(|(name, value)| format!("{name}={}", words(value)))
            .collect();
        let by = self.entry.actor.map(|actor| actor.to_string());
        [
            self.position.to_string(),
            time(self.entry.observed.at),
            self.entry.kind,
            by.unwrap_or_default(),
            facts.join(" "),
        ]
    }
}

/// A fact in few words: enough of a digest to tell it from others.
fn words(value: &Value) -> String {
    match value {
        Value::String(text) => match text.strip_prefix(DIGEST) {
            Some(digits) => format!("{DIGEST}{}…", digits.get(..DIGITS_SHOWN).unwrap_or(digits)),
            None => text.clone(),
        },
        Value::Array(values) => values.iter().map(words).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests;
