//! A run whose table is released.

use super::ROWS_SHOWN;
use crate::demo::stage::Stage;

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let cast = stage.first()?;
    let run = stage.run(&cast)?;
    stage.show_release(&cast, &run, ROWS_SHOWN)?;
    stage.released = Some(run);
    Ok(())
}
