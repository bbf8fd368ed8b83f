//! A scenario, a grant, and modules that are admitted or not.

use anyhow::bail;
use serde_json::Value;

use crate::demo::show::{self, items, plain};
use crate::demo::stage::Stage;

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    stage.story.propose_scenarios()?;
    let cast = stage.cast("transport-delays")?;
    let grant = cast
        .operator
        .get(&format!("/grants/{}", cast.grant))?
        .served()?;
    let of = |pointer: &str| plain(grant.pointer(pointer).unwrap_or(&Value::Null));
    let quota = |of: &str| {
        let quota = grant.pointer(&format!("/terms/quota/{of}"));
        quota
            .and_then(Value::as_u64)
            .map_or_else(String::new, show::grouped)
    };
    stage.say("   scenario  smart-transport, approved by the bureau");
    stage.say(&format!(
        "   grant     {} is {}: consented to by its source unit",
        cast.grant,
        of("/state")
    ));
    stage.say(&format!("   purpose   {}", of("/terms/purpose")));
    for resource in items(&grant, "/terms/resource") {
        let fields: Vec<String> = items(resource, "/fields").map(plain).collect();
        let name = plain(resource.get("name").unwrap_or(&Value::Null));
        stage.say(&format!("   fields    {name}: {}", fields.join(", ")));
    }
    stage.say(&format!(
        "   quota     {} runs, {} rows, {} released cells",
        quota("runs"),
        quota("rows"),
        quota("released_cells"),
    ));
    let module = cast
        .operator
        .get(&format!("/modules/{}", cast.module))?
        .served()?;
    let of = |pointer: &str| plain(module.pointer(pointer).unwrap_or(&Value::Null));
    stage.say(&format!(
        "   module    transport-delays is {}; digest {}",
        of("/state"),
        of("/digest")
    ));
    stage.doing("uploading a module that imports WASI");
    let hostile = stage.hostile_module("wasi-import");
    let answer = stage.story.upload(&cast.operator, &hostile)?;
    if answer.is_success() {
        bail!("a module that imports WASI was admitted");
    }
    stage.say("\n   A module that imports WASI is refused at upload:");
    stage.say(&show::indent(
        &show::refusal(answer.status, &answer.json()),
        6,
    ));
    stage.first = Some(cast);
    Ok(())
}
