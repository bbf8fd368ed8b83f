//! An algorithm that SQL lacks, released after two people approved it.

use serde_json::Value;

use super::ROWS_SHOWN_LATER;
use crate::demo::show::{self, plain};
use crate::demo::stage::Stage;

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
    stage.show_release(&cast, &run, ROWS_SHOWN_LATER)
}
