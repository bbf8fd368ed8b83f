//! A run whose table is released.

use super::ROWS_SHOWN;
use crate::demo::stage::Stage;

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let cast = stage.first()?;
    stage.say(
        "   Three rooms, each a locked process: the feed hands the granted rows to the module in its cell; the cell's output is\n   \
         sealed; the gate computes the table anew, judges every cell of it, and rounds what it lets out.",
    );
    let run = stage.run(&cast)?;
    stage.show_release(&cast, &run, ROWS_SHOWN)?;
    stage.released = Some(run);
    Ok(())
}
