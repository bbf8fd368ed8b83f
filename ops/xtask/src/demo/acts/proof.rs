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
/// Facts of a call, in the order in which they are shown. What is only observed, such as its time, is no part of the trace.
const FACTS: [(&str, &str); 7] = [
    ("number", "index"),
    ("kind", "kind"),
    ("resource", "resource"),
    ("fields", "fields"),
    ("rows", "rows"),
    ("bytes", "bytes"),
    ("decision", "decision"),
];

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let run = stage.released.clone().context("no run was released yet")?;
    let call = batch(stage, &run)?;
    let index = of(&call, "/index");
    stage.say(
        "   1. The call. In the first run that was released (act 4) the host handed the module, in its cell, a batch of rows.\n      \
         It wrote down what it gave and how much of it, and no value:",
    );
    stage.say(&show::indent(&facts(&call), 9));
    let sealed = sealing(stage, &run)?;
    let taken = offline::take(stage, &run, &index)?;
    let ours = offline::holds(taken.ours_on(stage, &taken.receipt)?)?;
    stage.say(&format!(
        "\n   4. The checkpoint. It tells the root of the tree of all {} entries so far, entry {} among them. The log has signed\n      \
         it, and witnesses have cosigned it (long lines are cut here):",
        of(&ours, "/size"),
        of(&ours, "/index"),
    ));
    for line in taken.checkpoint()?.lines() {
        stage.say(&show::indent(
            &show::cut(&format!("│ {line}"), NOTE_WIDTH),
            9,
        ));
    }
    stage.say(&quorum(&ours));
    let (bytes, files) = taken.sizes()?;
    stage.say(&format!(
        "\n   5. Taken along. An authority fetches the call's receipt ({} bytes) and a copy of the whole log ({files} files). What\n      \
         follows asks no server: it needs these files, the log's public key and the witnesses' keys.",
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
        "\n   2. The trace. The run made {} calls, numbered from 0. Their hashes are the leaves of a Merkle tree with the root\n         \
         {root}",
        of(&detail, "/run/calls")
    ));
    stage.say(&format!(
        "\n   3. The entry. `{}`, entry {} of the log, holds that root. It was made when the cell's output was sealed, before\n      \
         anything left.",
        of(&sealed, "/entry/kind"),
        of(&sealed, "/index"),
    ));
    Ok(sealed)
}

fn by_us(stage: &Stage, taken: &Taken, receipt: &Value) -> anyhow::Result<()> {
    let log = offline::holds(taken.ours_on_log(stage)?)?;
    stage.say("\n   6. Verified by us: `yunei ledger receipt verify` and `yunei ledger verify --from`, with --policy");
    stage.say(&format!(
        "      receipt  holds: call {} is in the trace, its root in entry {}, the entry under the checkpoint over {} entries,\n               \
         and the checkpoint carries the quorum, {} of {} witnesses",
        of(receipt, "/call/index"),
        of(receipt, "/index"),
        of(receipt, "/size"),
        of(receipt, "/quorum/valid"),
        of(receipt, "/quorum/known"),
    ));
    stage.say(&format!(
        "      log      holds: all {} entries, and all {} calls of {} runs, hash to the roots that were signed;\n               \
         the quorum is there, {} of {} witnesses",
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
        "\n   7. Verified by others: {}, which we did not write and which shares no code with ours",
        of(&receipt, "/tool")
    ));
    stage.say(&format!(
        "      receipt  holds: the same call {} in the trace, entry {} under the checkpoint over {} entries, cosigned by\n               {}",
        of(&receipt, "/call/index"),
        of(&receipt, "/index"),
        of(&receipt, "/size"),
        names(&receipt, "witnesses"),
    ));
    stage.say(&format!(
        "      log      holds: files of hashes ({}) and of entries ({}) agree with the checkpoint over {} entries; every entry\n               \
         is proven to be in it, every shorter log to be its beginning; cosigned by\n               {}",
        of(&log, "/tiles"),
        of(&log, "/bundles"),
        of(&log, "/size"),
        names(&log, "witnesses"),
    ));
    Ok(receipt)
}

/// Neither accepts a receipt that was changed.
fn forged(stage: &Stage, taken: &Taken) -> anyhow::Result<()> {
    let forged = taken.forged()?;
    let ours = offline::refused(&taken.ours_on(stage, &forged)?)?;
    let others = offline::refused(&taken.others_on(stage, "receipt", &forged)?)?;
    stage.say("\n   8. Forged: with one byte of what the receipt proves changed, both refuse it");
    stage.say(&format!("      ours     {ours}\n      others'  {others}"));
    Ok(())
}

/// What the trace commits to of a call, aligned.
fn facts(call: &Value) -> String {
    let lines = FACTS.map(|(title, name)| {
        let told = match call.get(name) {
            Some(Value::Array(_)) => names(call, name),
            Some(Value::Number(count)) => count.as_u64().map(show::grouped).unwrap_or_default(),
            told => plain(told.unwrap_or(&Value::Null)),
        };
        format!("{title:<8}  {told}")
    });
    lines.join("\n")
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
                "{name} {}",
                time_of_day(seconds.as_u64().unwrap_or_default())
            )
        })
        .collect();
    format!(
        "      Quorum: {} of {} witnesses, {} needed, one of them outside. Cosigned at, by their own clocks (UTC):\n         {}",
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

/// The names in the list `key`, in one line.
fn names(value: &Value, key: &str) -> String {
    let listed = value.get(key).and_then(Value::as_array);
    let names: Vec<String> = listed.into_iter().flatten().map(plain).collect();
    names.join(", ")
}

fn of(value: &Value, pointer: &str) -> String {
    plain(value.pointer(pointer).unwrap_or(&Value::Null))
}
