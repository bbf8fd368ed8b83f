//! A revocation in the middle of a run.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::demo::show::{self, plain};
use crate::demo::stage::{RUN_WAIT_MAX, Stage, text};

/// How long a module that never returns works before the revocation.
const WORKS: Duration = Duration::from_millis(1500);

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    stage.doing("grant and module");
    let module = stage.hostile_module("spin");
    let cast = stage.cast_of(stage.story.guests(), &module)?;
    let request = json!({
        "module": cast.module,
        "grant": cast.grant,
        "purpose": "transport-punctuality",
    });
    let accepted = stage
        .story
        .submit_request(&cast.operator, &request)?
        .served()?;
    let run = text(&accepted, "/id")?;
    stage.doing("a module is at work");
    stage.story.wait_state(&run, &["running"], RUN_WAIT_MAX)?;
    std::thread::sleep(WORKS);
    let rooms = stage.rooms()?;
    let start = Instant::now();
    stage.story.revoke(&cast.grant, "the purpose has lapsed")?;
    let answered = start.elapsed().as_millis();
    stage.rooms_gone()?;
    let gone = start.elapsed().as_millis();
    let detail = stage.story.wait_state(&run, &["stopped"], RUN_WAIT_MAX)?;
    let between = |from: &str, to: &str| {
        let of = |key: &str| detail.pointer(&format!("/run/{key}"))?.as_i64();
        of(to)
            .zip(of(from))
            .map(|(to, from)| to.saturating_sub(from) / 1000)
    };
    let ran = between("started_at", "ended_at").context("a stopped run has its times")?;
    stage.say(&format!(
        "   the run had worked for {ran} ms when its grant was revoked"
    ));
    stage.say(&format!(
        "   the revocation was answered after {answered} ms; all {rooms} rooms had ended after {gone} ms"
    ));
    let again = stage.story.submit_request(&cast.operator, &request)?;
    stage.say("   and once more under the same grant:");
    stage.say(&show::indent(
        &show::refusal(again.status, &again.json()),
        6,
    ));
    let other = stage.first()?;
    let grant = other
        .operator
        .get(&format!("/grants/{}", other.grant))?
        .served()?;
    let state = grant.get("state").unwrap_or(&Value::Null);
    stage.say(&format!("   the unit's other grant is {}", plain(state)));
    let seen = stage.seen(&cast, &run)?;
    stage.show_views(&seen, &run)
}
