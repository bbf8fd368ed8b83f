//! The acts of the story, in the order of the way of data.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use yunei_tests::DATA_SETS;

use super::show::{self, items, plain};
use super::stage::{Cast, RUN_WAIT_MAX, Stage, text};
use super::watch;

/// Rows of a table that are printed.
const ROWS_SHOWN: usize = 12;
/// Of later tables.
const ROWS_SHOWN_LATER: usize = 6;
/// Daily increments of the bus rides that are imported.
const DAYS: usize = 1;
/// How long a module that never returns may work before the revocation.
const ENDLESS_WORKS: Duration = Duration::from_millis(1500);
/// And one that would end by itself.
const FINITE_WORKS: Duration = Duration::from_millis(200);

/// Plays them all.
pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    stage.say(&format!("the server listens on {}", stage.url()));
    people(stage)?;
    catalogue(stage)?;
    let cast = contract(stage)?;
    stage.act("A run: “how late do flights leave New York, month by month?”");
    let run = stage.run(&cast)?;
    stage.show_release(&cast, &run, ROWS_SHOWN)?;
    withheld(stage)?;
    approved(stage)?;
    reviewed(stage)?;
    refused(stage)?;
    revoked(stage, &cast)?;
    record(stage)
}

fn people(stage: &mut Stage) -> anyhow::Result<()> {
    stage.act("Organisations, people and roles");
    stage.story.register_organisations()?;
    stage.doing("opening accounts; passwords are hashed slowly on purpose");
    stage.story.open_accounts(|_| ())?;
    let mut lines = vec![vec![
        "account".to_owned(),
        "role".to_owned(),
        "organisation".to_owned(),
    ]];
    for persona in stage.story.personas() {
        lines.push(vec![
            persona.account.clone(),
            persona.role.to_owned(),
            persona.organisation.clone(),
        ]);
    }
    stage.say(&show::indent(&show::aligned(&lines, &[]), 3));
    Ok(())
}

fn catalogue(stage: &mut Stage) -> anyhow::Result<()> {
    stage.act("Resources, catalogued and imported by their source units");
    let heads = ["resource", "rows", "fields", "grade", "subject", "title"];
    let mut lines = vec![heads.map(str::to_owned).to_vec()];
    for set in DATA_SETS {
        stage.doing(&format!("importing {}", set.name));
        let (resource, snapshots) = stage.story.import(set, DAYS)?;
        let rows = snapshots
            .iter()
            .flat_map(|snapshot| items(snapshot, "/parts"));
        let rows: u64 = rows.filter_map(|part| part.get("rows")?.as_u64()).sum();
        let of = |pointer: &str| plain(resource.pointer(pointer).unwrap_or(&Value::Null));
        lines.push(vec![
            set.name.to_owned(),
            rows.to_string(),
            items(&resource, "/schema/field").count().to_string(),
            of("/grade"),
            of("/subject"),
            of("/title/en"),
        ]);
    }
    stage.say(&show::indent(
        &show::aligned(&lines, &[false, true, true]),
        3,
    ));
    Ok(())
}

fn contract(stage: &mut Stage) -> anyhow::Result<Cast> {
    stage.act("A scenario, a grant, and modules that are admitted or not");
    stage.story.propose_scenarios()?;
    let cast = stage.cast("transport-delays")?;
    let grant = cast
        .operator
        .get(&format!("/grants/{}", cast.grant))?
        .served()?;
    let of = |pointer: &str| plain(grant.pointer(pointer).unwrap_or(&Value::Null));
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
        of("/terms/quota/runs"),
        of("/terms/quota/rows"),
        of("/terms/quota/released_cells"),
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
    Ok(cast)
}

fn withheld(stage: &mut Stage) -> anyhow::Result<()> {
    stage.act("A release that is withheld: two persons dominate a cell");
    let cast = stage.cast("hospital-spending")?;
    let run = stage.run(&cast)?;
    let seen = stage.seen(&cast, &run)?;
    if text(&seen, "/status")? != "not-released" {
        bail!("a dominated table left: {seen}");
    }
    stage.show_views(&seen, &run)
}

fn approved(stage: &mut Stage) -> anyhow::Result<()> {
    stage.act("An algorithm of its own, released after two people approved it");
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

fn reviewed(stage: &mut Stage) -> anyhow::Result<()> {
    stage.act("An output that only people can judge: two reviewers release it");
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

fn refused(stage: &mut Stage) -> anyhow::Result<()> {
    stage.act("A module that asks for a field that the grant does not name");
    let cast = stage.cast("refused-field")?;
    let answer = stage
        .story
        .submit(&cast.operator, &cast.directory, &cast.module, &cast.grant)?;
    if answer.is_success() {
        bail!("an ungranted field was given");
    }
    stage.say(&show::indent(
        &show::refusal(answer.status, &answer.json()),
        3,
    ));
    Ok(())
}

/// A module with a grant of its own, its request, and how long it is to work: one that never returns, or, where admission takes none
/// such, the slowest example.
fn victim(stage: &mut Stage) -> anyhow::Result<(Cast, Value, Duration)> {
    stage.doing("grant and module");
    let directory = stage.story.guests();
    let module = stage.hostile_module("spin");
    if let Ok(cast) = stage.cast_of(directory, &module) {
        let request = json!({
            "module": cast.module,
            "grant": cast.grant,
            "purpose": "transport-punctuality",
        });
        return Ok((cast, request, ENDLESS_WORKS));
    }
    let cast = stage.cast("flight-distance")?;
    // It was approved before: the same bytes are the same module.
    let request = yunei_tests::request(&cast.directory, &cast.module, &cast.grant)?;
    Ok((cast, request, FINITE_WORKS))
}

fn revoked(stage: &mut Stage, other: &Cast) -> anyhow::Result<()> {
    stage.act("A revocation in the middle of a run");
    let (cast, request, works) = victim(stage)?;
    let accepted = stage
        .story
        .submit_request(&cast.operator, &request)?
        .served()?;
    let run = text(&accepted, "/id")?;
    stage.doing("a module is at work");
    stage.story.wait_state(&run, &["running"], RUN_WAIT_MAX)?;
    std::thread::sleep(works);
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
    let grant = other
        .operator
        .get(&format!("/grants/{}", other.grant))?
        .served()?;
    let state = grant.get("state").unwrap_or(&Value::Null);
    stage.say(&format!("   the unit's other grant is {}", plain(state)));
    let seen = stage.seen(&cast, &run)?;
    stage.show_views(&seen, &run)
}

fn record(stage: &mut Stage) -> anyhow::Result<()> {
    stage.act("The record, witnessed and verified");
    watch::show(stage)?;
    let report = stage.story.verify_record()?;
    let of = |key: &str| plain(report.get(key).unwrap_or(&Value::Null));
    stage.say(&format!(
        "   the server: holds {}; {} entries, {} runs, {} host calls, {} checkpoints",
        of("holds"),
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
    stage.say("   offline, with `yunei ledger verify --data --policy`:");
    stage.say(&show::indent(offline.trim_end(), 6));
    Ok(())
}
