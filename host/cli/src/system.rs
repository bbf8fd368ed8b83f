//! `yunei system`: what runs on the server, and how it is.

use serde::Deserialize;
use yunei_model::AccountId;

use crate::caller::Caller;
use crate::exit::Exit;
use crate::sheet::{Sheet, list, number};

/// What the server says of itself.
#[derive(Debug, Deserialize)]
struct System {
    version: String,
    policy_set: String,
    profile: String,
    containment: Containment,
    limits: serde_json::Map<String, serde_json::Value>,
    emergency: Option<Emergency>,
    queue: Queue,
    entries: u64,
    covered: u64,
}

#[derive(Debug, Deserialize)]
struct Containment {
    layers: Vec<String>,
    suffices: bool,
    failed: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Emergency {
    account: AccountId,
    reason: String,
}

#[derive(Debug, Deserialize)]
struct Queue {
    queued: u64,
    running: u64,
    sealed: u64,
    in_review: u64,
}

/// Shows it.
pub fn run(caller: &Caller) -> anyhow::Result<Exit> {
    let system = caller.client()?.get("/system").send()?;
    caller
        .printer()
        .sheet(&system, |system: System| sheet(&system))?;
    Ok(Exit::Done)
}

fn sheet(system: &System) -> Sheet {
    let System {
        containment, queue, ..
    } = system;
    let mut sheet = Sheet::facts();
    sheet
        .fact("version", &system.version)
        .fact("policies", &system.policy_set)
        .fact("disclosure profile", &system.profile)
        .fact("layers of a room", list(&containment.layers))
        .fact(
            "they suffice",
            if containment.suffices { "yes" } else { "no" },
        )
        .fact_if("why not", containment.failed.as_ref())
        .fact_if(
            "emergency stop",
            system
                .emergency
                .as_ref()
                .map(|stop| format!("by {}: {}", stop.account, stop.reason)),
        )
        .fact("runs queued", number(queue.queued))
        .fact("runs in the rooms", number(queue.running))
        .fact("runs at the gate", number(queue.sealed))
        .fact("runs in review", number(queue.in_review))
        .fact("entries", number(system.entries))
        .fact("under a checkpoint", number(system.covered));
    for (name, limit) in &system.limits {
        sheet.fact(&format!("limit {name}"), limit);
    }
    sheet
}
