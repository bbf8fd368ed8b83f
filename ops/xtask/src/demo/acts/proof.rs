//! One host call's way from the cell to a cosigned checkpoint, and to verifiers that ask nobody.

use anyhow::{Context as _, bail};
use serde_json::Value;
use yunei_tests::REGULATOR;

use crate::demo::offline::{self, Taken};
use crate::demo::show::{self, items, plain};
use crate::demo::stage::{Stage, text};

/// Calls of the run that are looked through for one that handed out rows.
const CALLS_MAX: u32 = 100;
/// Columns of a line of the checkpoint that are shown.
const NOTE_WIDTH: usize = 100;
/// What is only observed of a call: the same run need not yield the same, so it is no part of the trace.
const OBSERVED: [&str; 2] = ["at", "duration_us"];

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let run = stage.released.clone().context("no run was released yet")?;
    let call = batch(stage, &run)?;
    let index = of(&call, "/index");
    stage.say(&format!(
        "   The call. In the first released run the host handed the module a batch of rows. It wrote down how much of what,\n   \
         and no value:"
    ));
    stage.say(&show::indent(&facts(&call), 6));
    let sealed = sealing(stage, &run)?;
    let taken = offline::take(stage, &run, &index)?;
    let ours = offline::holds(taken.ours_on(stage, &taken.receipt)?)?;
    stage.say(&format!(
        "\n   The checkpoint. It is over {} entries, that one among them, and names the root of their tree. Signed by the log, \n   \
         cosigned by witnesses (lines are cut here):",
        of(&ours, "/size")
    ));
    for line in taken.checkpoint()?.lines() {
        stage.say(&show::indent(
            &show::cut(&format!("│ {line}"), NOTE_WIDTH),
            6,
        ));
    }
    stage.say(&format!("   {}", quorum(&ours)));
    let (bytes, files) = taken.sizes()?;
    stage.say(&format!(
        "\n   Taken along by the authority: the call's receipt ({} bytes) and a copy of the log ({files} files). What follows asks no\n   \
         server; it needs these files, the log's public key and the witnesses' keys.",
        show::grouped(bytes)
    ));
    by_us(stage, &taken, &ours)?;
    let others = by_others(stage, &taken)?;
    let agreed = [
        ("/index", "/index"),
        ("/size", "/size"),
        ("/call/facts", "/call"),
    ];
    let agree =
        |(ours_at, others_at): &(&str, &str)| ours.pointer(ours_at) == others.pointer(others_at);
    if !agreed.iter().all(agree) || of(&ours, "/index") != of(&sealed, "/index") {
        bail!("the verifiers disagree: {ours} {others} {sealed}");
    }
    forged(stage, &taken)
}

/// The first call of the run that handed rows to the module.
fn batch(stage: &Stage, run: &str) -> anyhow::Result<Value> {
    let regulator = stage.story.person(REGULATOR)?;
    let path = format!("/runs/{run}/calls?limit={CALLS_MAX}");
    let calls = regulator.get(&path)?.served()?;
    let mut calls = items(&calls, "/items");
    let batch = calls.find(|call| of(call, "/kind") == "data.batch");
    batch.cloned().context("a run over data has a batch")
}

/// Shows the trace of the run and the entry of the record that has its root, and gives the latter.
fn sealing(stage: &Stage, run: &str) -> anyhow::Result<Value> {
    let detail = stage.story.detail(run)?;
    let root = text(&detail, "/run/trace_root")?;
    let entries = stage.story.entries(run)?;
    let mut sealed = entries.into_iter();
    let sealed = sealed.find(|entry| entry.pointer("/entry/facts/trace_root").is_some());
    let sealed = sealed.context("a released run was sealed before")?;
    if text(&sealed, "/entry/facts/trace_root")? != root {
        bail!("the entry has another trace root: {sealed}");
    }
    stage.say(&format!(
        "\n   The trace. It is one of the run's {} calls; their hashes make a Merkle tree with the root\n      {root}",
        of(&detail, "/run/calls")
    ));
    stage.say(&format!(
        "\n   The entry. `{}` has that root: entry {} of the log, committed when the room was sealed, before anything left.",
        of(&sealed, "/entry/kind"),
        of(&sealed, "/index"),
    ));
    Ok(sealed)
}

fn by_us(stage: &Stage, taken: &Taken, receipt: &Value) -> anyhow::Result<()> {
    let log = offline::holds(taken.ours_on_log(stage)?)?;
    stage.say("\n   By `yunei ledger receipt verify` and `yunei ledger verify --from`, both with --policy:");
    stage.say(&format!(
        "      receipt  call {} is in the trace, the trace root in entry {}, the entry under the checkpoint over {} entries,\n               \
         and that under the quorum: {} of {}",
        of(receipt, "/call/index"),
        of(receipt, "/index"),
        of(receipt, "/size"),
        of(receipt, "/quorum/valid"),
        of(receipt, "/quorum/known"),
    ));
    stage.say(&format!(
        "      log      all {} entries and all {} calls of {} runs hash to the roots that were signed; quorum {} of {}",
        of(&log, "/covered"),
        of(&log, "/calls"),
        of(&log, "/runs"),
        of(&log, "/quorum/valid"),
        of(&log, "/quorum/known"),
    ));
    Ok(())
}

/// Gives what others say of the receipt.
fn by_others(stage: &Stage, taken: &Taken) -> anyhow::Result<Value> {
    stage.doing("others verify");
    let receipt = offline::holds(taken.others_on(stage, "receipt", &taken.receipt)?)?;
    let log = offline::holds(taken.others_on(stage, "audit", &taken.log)?)?;
    stage.say(&format!(
        "\n   By {}, which others wrote and which shares no code with ours:",
        of(&receipt, "/tool")
    ));
    stage.say(&format!(
        "      receipt  the same: call {} in the trace, entry {} under the checkpoint over {}; cosigned by\n               {}",
        of(&receipt, "/call/index"),
        of(&receipt, "/index"),
        of(&receipt, "/size"),
        names(&receipt),
    ));
    stage.say(&format!(
        "      log      {} hash tiles and {} bundles agree with the checkpoint over {} entries; each entry is proven to be in it, and\n               \
         each earlier size to be its beginning; cosigned by\n               {}",
        of(&log, "/tiles"),
        of(&log, "/bundles"),
        of(&log, "/size"),
        names(&log),
    ));
    Ok(receipt)
}

/// Neither accepts a receipt that was changed.
fn forged(stage: &Stage, taken: &Taken) -> anyhow::Result<()> {
    let forged = taken.forged()?;
    let ours = offline::refused(&taken.ours_on(stage, &forged)?)?;
    let others = offline::refused(&taken.others_on(stage, "receipt", &forged)?)?;
    stage.say("\n   And with one byte of the receipt changed, neither accepts it:");
    stage.say(&format!("      ours     {ours}\n      others'  {others}"));
    Ok(())
}

/// What the trace commits to of a call, aligned.
fn facts(call: &Value) -> String {
    let facts = call.as_object().into_iter().flatten();
    let facts =
        facts.filter(|(name, value)| !OBSERVED.contains(&name.as_str()) && !value.is_null());
    let lines = facts.map(|(name, value)| match value {
        Value::Array(values) => {
            let values: Vec<String> = values.iter().map(plain).collect();
            format!("{name:<10} {}", values.join(", "))
        }
        value => format!("{name:<10} {}", plain(value)),
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The quorum on a checkpoint: how many, and who when.
fn quorum(verified: &Value) -> String {
    let at = verified
        .pointer("/quorum/at_seconds")
        .and_then(Value::as_object);
    let at = at.into_iter().flatten();
    let who: Vec<String> = at
        .map(|(name, seconds)| {
            format!(
                "{name} at {}",
                time_of_day(seconds.as_u64().unwrap_or_default())
            )
        })
        .collect();
    format!(
        "Quorum {} of {}, {} needed, one of them outside. Cosigned by {} (UTC, by their own clocks)",
        of(verified, "/quorum/valid"),
        of(verified, "/quorum/known"),
        of(verified, "/quorum/needed"),
        who.join(", "),
    )
}

/// `seconds` since 1970 as hours, minutes and seconds of their day.
fn time_of_day(seconds: u64) -> String {
    let (hours, minutes) = (seconds / 3600 % 24, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

fn names(report: &Value) -> String {
    let names: Vec<String> = items(report, "/witnesses").map(plain).collect();
    names.join(", ")
}

fn of(value: &Value, pointer: &str) -> String {
    plain(value.pointer(pointer).unwrap_or(&Value::Null))
}
