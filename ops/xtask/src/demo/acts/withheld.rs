//! A release that is withheld, with the rule and its figures for the authority and a hint for the unit.

use anyhow::bail;

use crate::demo::stage::{Stage, text};

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let cast = stage.cast("hospital-spending")?;
    let run = stage.run(&cast)?;
    let seen = stage.seen(&cast, &run)?;
    if text(&seen, "/status")? != "not-released" {
        bail!("a dominated table left: {seen}");
    }
    stage.show_views(&seen, &run)
}
