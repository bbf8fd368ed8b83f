//! An algorithm that SQL lacks, released after two people approved it.

use serde_json::Value;

use super::ROWS_SHOWN_LATER;
use crate::demo::show::{self, plain};
use crate::demo::stage::{RUN_WAIT_MAX, Stage};

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let cast = stage.cast("flight-distance")?;
    let early = stage
        .story
        .submit(&cast.operator, &cast.directory, &cast.module, &cast.grant)?;
    if !early.is_success() {
        stage.say("   before anyone approved it:");
        stage.say(&show::indent(
            &show::refusal(early.status, &early.json()),
            6,
        ));
    }
    let module = stage.story.approve_module(&cast.module)?;
    let state = module.get("state").unwrap_or(&Value::Null);
    stage.say(&format!(
        "   two reviewers approve the algorithm: the module is {}",
        plain(state)
    ));
    let run = stage.run(&cast)?;
    let ends = ["released", "in-review"];
    let ended = stage.story.wait_state(&run, &ends, RUN_WAIT_MAX)?;
    if ended.pointer("/run/state").and_then(Value::as_str) == Some("in-review") {
        stage.say(
            "   the gate cannot prove that this table and the earlier one about the same flights protect each other: two people decide",
        );
        stage.story.release_output(&run)?;
    }
    stage.show_release(&cast, &run, ROWS_SHOWN_LATER)
}
