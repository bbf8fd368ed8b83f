//! `yunei ledger follow`: the live stream.

use std::io::BufRead;

use anyhow::Context as _;
use clap::Args;
use serde_json::Value;

use super::filter::Filter;
use super::tail;
use crate::caller::Caller;
use crate::client::Client;
use crate::failure::Input;
use crate::printer;

/// Connections in a row that bring nothing before it is given up.
const ATTEMPTS_MAX: u32 = 30;
/// Milliseconds before a lost connection is made anew.
const PAUSE_MS: u64 = 2000;
/// Bytes of one line of the stream at most: an entry, and what is around it.
const LINE_BYTES_MAX: u64 = 1 << 20;
/// The code with which a server that stops ends its streams.
const SHUTTING_DOWN: &str = "shutting-down";

/// Which events.
#[derive(Debug, Args)]
pub struct Follow {
    /// Begins after this sequence number instead of now; 0 is the beginning
    #[arg(long, value_name = "NUMBER")]
    since: Option<u64>,
    /// Ends after so many events
    #[arg(long, value_name = "N")]
    limit: Option<u64>,
    #[command(flatten)]
    filter: Filter,
}

/// How far it has come.
#[derive(Debug)]
struct Progress {
    last: Option<u64>,
    shown: u64,
}

/// Why a connection ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    /// As many as were wanted.
    Enough,
    /// It broke off, or the server stops: to be made anew.
    Lost,
}

/// One event as it is being read.
#[derive(Debug, Default)]
struct Event {
    id: Option<u64>,
    name: String,
    data: String,
}

impl Follow {
    /// Shows events as they come; comes back after a lost connection where it was.
    pub fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = caller.client()?;
        let mut progress = Progress {
            last: self.since,
            shown: 0,
        };
        let mut attempts = 0;
        loop {
            let before = progress.last;
            match self.connection(&client, caller, &mut progress) {
                Ok(Ended::Enough) => return Ok(()),
                Ok(Ended::Lost) => {}
                // The first connection tells whether it can be at all.
                Err(error) if before == self.since || !is_lost(&error) => return Err(error),
                Err(_lost) => {}
            }
            attempts = if progress.last == before {
                attempts + 1
            } else {
                0
            };
            if attempts >= ATTEMPTS_MAX {
                anyhow::bail!("the connection was lost, and does not come back");
            }
            caller.printer().aside("the connection was lost; once more");
            std::thread::sleep(std::time::Duration::from_millis(PAUSE_MS));
        }
    }

    fn connection(
        &self,
        client: &Client,
        caller: &Caller,
        progress: &mut Progress,
    ) -> anyhow::Result<Ended> {
        let ask = self.filter.narrow(client.get("/events"));
        let mut lines = ask.query("since", progress.last).follow()?;
        let mut event = Event::default();
        let mut line = String::new();
        loop {
            line.clear();
            let read = std::io::Read::take(&mut lines, LINE_BYTES_MAX).read_line(&mut line);
            if !matches!(read, Ok(bytes) if bytes > 0) {
                return Ok(Ended::Lost);
            }
            if !line.trim_end().is_empty() {
                event.read(line.trim_end());
                continue;
            }
            let event = std::mem::take(&mut event);
            if let Some(ended) = self.event(event, caller, progress)? {
                return Ok(ended);
            }
        }
    }

    fn event(
        &self,
        event: Event,
        caller: &Caller,
        progress: &mut Progress,
    ) -> anyhow::Result<Option<Ended>> {
        if event.name.is_empty() {
            // A heartbeat.
            return Ok(None);
        }
        let data: Value = serde_json::from_str(&event.data).context("the server sent no JSON")?;
        if event.name == "end" {
            let code = data.get("code").and_then(Value::as_str).unwrap_or_default();
            if code == SHUTTING_DOWN {
                return Ok(Some(Ended::Lost));
            }
            return Err(Input::new(format!("the server ended the stream: {code}")).into());
        }
        progress.last = event.id.or(progress.last);
        if event.name == "begin" {
            return Ok(None);
        }
        if caller.printer().is_json() {
            printer::line(&data.to_string())?;
        } else {
            printer::line(&words(&data))?;
        }
        progress.shown += 1;
        let enough = self.limit.is_some_and(|limit| progress.shown >= limit);
        Ok(enough.then_some(Ended::Enough))
    }
}

impl Event {
    fn read(&mut self, line: &str) {
        let Some((name, value)) = line.split_once(':') else {
            return;
        };
        let value = value.strip_prefix(' ').unwrap_or(value);
        match name {
            "id" => self.id = value.parse().ok(),
            "event" => value.clone_into(&mut self.name),
            "data" => self.data.push_str(value),
            _ => {}
        }
    }
}

/// Whether the server could not be reached, which a restart mends.
fn is_lost(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ureq::Error>().is_some()
}

/// An event in one line.
fn words(data: &Value) -> String {
    if data.get("entry").is_some() {
        return tail::words_of(data);
    }
    let field = |name: &str| data.get(name).map(ToString::to_string).unwrap_or_default();
    let text = |name: &str| field(name).trim_matches('"').to_owned();
    format!("{}  {}", text("run"), text("status"))
}

#[cfg(test)]
mod tests;
