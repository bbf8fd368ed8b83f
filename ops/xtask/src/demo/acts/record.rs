//! The record, verified by the server and without it.

use anyhow::bail;
use serde_json::Value;

use crate::demo::show::{self, plain};
use crate::demo::stage::Stage;
use crate::demo::watch;

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    watch::show(stage)?;
    let report = stage.story.verify_record()?;
    let of = |key: &str| plain(report.get(key).unwrap_or(&Value::Null));
    let holds = if report.get("holds") == Some(&Value::Bool(true)) {
        "it holds"
    } else {
        "it does not hold"
    };
    stage.say(&format!(
        "   by the server: {holds}; {} entries, {} runs, {} host calls, {} checkpoints",
        of("entries"),
        of("runs"),
        of("calls"),
        of("checkpoints"),
    ));
    if report.get("holds") != Some(&Value::Bool(true)) {
        bail!("the record does not hold: {report}");
    }
    stage.doing("verifying offline");
    let offline = stage.verify_offline()?;
    stage.say(
        "   without it, by `yunei ledger verify --data --policy` over the files alone (each look at the record is an entry, too):",
    );
    stage.say(&show::indent(offline.trim_end(), 6));
    Ok(())
}
