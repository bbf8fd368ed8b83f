//! `yunei replay`: a run once more, held against the record.

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value};
use yunei_model::{Decision, Digest, RunId};

use crate::caller::Caller;
use crate::exit::Exit;
use crate::printer::{read, text};
use crate::sheet::{Sheet, list, number, visible};

/// Seconds that a replay may take: the longest run there is, and its gate.
const REPLAY_SECONDS_MAX: u64 = 1800;

/// Which run.
#[derive(Debug, Args)]
pub struct Replay {
    /// Id of the run
    run: RunId,
}

/// What the server found.
#[derive(Debug, Deserialize)]
struct Found {
    run: RunId,
    same: bool,
    position: u64,
    index: Option<u64>,
    policies: Basis,
    profile: Basis,
    calls: u64,
    trace_root: Option<Digest>,
    output_digest: Option<Digest>,
    decision: Option<Decision>,
    differences: Vec<Difference>,
}

#[derive(Debug, Deserialize)]
struct Basis {
    recorded: String,
    present: String,
    under_recorded: bool,
    changed: Vec<String>,
}

#[derive(Debug, Deserialize)]
struct Difference {
    at: String,
    recorded: Option<String>,
    replayed: Option<String>,
    #[serde(flatten)]
    more: Map<String, Value>,
}

impl Replay {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let client = caller.client()?;
        let answer = client
            .post(format!("/runs/{}/replay", self.run))
            .waiting(REPLAY_SECONDS_MAX)
            .empty()?;
        let same = read::<Found>(&answer)?.same;
        caller
            .printer()
            .show(&answer, |found: Found| told(&found))?;
        Ok(if same { Exit::Done } else { Exit::Differs })
    }
}

fn told(found: &Found) -> String {
    let mut sheet = Sheet::facts();
    let place = match found.index {
        Some(index) => format!(
            "entry {} of the record, index {index} of the log",
            found.position
        ),
        None => format!("entry {} of the record, not sequenced yet", found.position),
    };
    sheet
        .fact("run", found.run)
        .fact("replay", if found.same { "the same" } else { "differs" })
        .fact("held against", place)
        .fact("policies", basis(&found.policies))
        .fact("profile", basis(&found.profile))
        .fact("calls that are the same", number(found.calls))
        .fact_if("trace root", found.trace_root)
        .fact_if("output digest", found.output_digest)
        .fact_if("gate's decision", found.decision);
    for difference in &found.differences {
        sheet.fact("difference", told_difference(difference));
    }
    text(&sheet)
}

fn basis(basis: &Basis) -> String {
    if basis.recorded == basis.present {
        return "those in force now".to_owned();
    }
    let changed = match basis.changed.as_slice() {
        [] => String::new(),
        changed => format!("; changed since: {}", list(changed)),
    };
    if basis.under_recorded {
        format!("those of then, {}{changed}", basis.recorded)
    } else {
        let (then, now) = (&basis.recorded, &basis.present);
        format!("those of then, {then}, cannot be had; decided under {now}{changed}")
    }
}

fn told_difference(difference: &Difference) -> String {
    let more: Vec<String> = difference
        .more
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| match value {
            Value::String(text) => format!("{name} {}", visible(text)),
            value => format!("{name} {value}"),
        })
        .collect();
    let side = |side: &Option<String>| side.as_deref().map_or("nothing".to_owned(), visible);
    let (recorded, replayed) = (side(&difference.recorded), side(&difference.replayed));
    let place = std::iter::once(difference.at.clone()).chain(more);
    let place = place.collect::<Vec<_>>().join(", ");
    format!("{place}: recorded {recorded}, replayed {replayed}")
}

#[cfg(test)]
mod tests;
