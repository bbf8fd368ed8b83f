//! An output that only people can judge.

use serde_json::Value;

use super::ROWS_SHOWN_LATER;
use crate::demo::show::plain;
use crate::demo::stage::{RUN_WAIT_MAX, Stage};

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let cast = stage.cast("weather-delays")?;
    let run = stage.run(&cast)?;
    stage.doing("the run joins flights and weather");
    let waiting = stage.story.wait_state(&run, &["in-review"], RUN_WAIT_MAX)?;
    let state = waiting.pointer("/run/state").unwrap_or(&Value::Null);
    stage.say(&format!("   the run is {}; nothing has left", plain(state)));
    stage.story.open_output(&run)?;
    stage.say("   a reviewer opens the sealed output: that is recorded");
    stage.story.release_output(&run)?;
    stage.show_release(&cast, &run, ROWS_SHOWN_LATER)
}
