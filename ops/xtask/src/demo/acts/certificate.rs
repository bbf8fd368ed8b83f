//! What the released table rests on, verified without the server.

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value;
use yunei_tests::REGULATOR;

use crate::demo::show::{self, items, plain};
use crate::demo::stage::Stage;
use crate::process::Call;

/// What is shown of a certificate: a title, and where it stands.
const SHOWN: [(&str, &str); 8] = [
    ("table", "/certificate/table/digest"),
    ("module", "/certificate/module/digest"),
    ("snapshot", "/certificate/data/0/snapshot_digest"),
    ("policies", "/certificate/policy_set"),
    ("profile", "/certificate/gate/profile_digest"),
    ("route", "/certificate/gate/route"),
    ("passed", "/certificate/gate/cells/passed"),
    ("committed", "/certificate/commitments/root"),
];

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let cast = stage.first()?;
    let run = stage.released.clone().context("no run was released yet")?;
    let listed = cast
        .operator
        .get(&format!("/releases?run={run}"))?
        .served()?;
    let release = items(&listed, "/items").next().context("a release")?;
    let release = plain(release.get("id").context("an id")?);
    let place = tempfile::tempdir()?;
    let path = |file: &str| place.path().join(file);
    let (file, table, opening) = (path("certificate"), path("table.csv"), path("opening"));
    let token = path("unit.token");
    std::fs::write(&token, cast.operator.token().unwrap_or_default())?;
    let as_unit = |what: &[&str]| asked(stage, &token).args(what);
    as_unit(&["certificate", "get", &release, "--out"])
        .args([&file])
        .read()?;
    as_unit(&["release", "fetch", &release, "--out"])
        .args([&table])
        .read()?;
    let verify = || {
        let call = stage
            .ours()
            .args(["--json", "certificate", "verify"])
            .args([&file]);
        call.args(["--key", stage.server().log_key()])
    };
    let verified = told(&verify().args(["--table"]).args([&table]), true)?;
    stage.say(
        "   The operating unit takes a certificate along with its table. `yunei certificate verify` asks no server: it needs the two\n   \
         files and the log's public key.",
    );
    for (title, pointer) in SHOWN {
        let value = plain(verified.pointer(pointer).unwrap_or(&Value::Null));
        stage.say(&format!("      {title:<10} {value}"));
    }
    stage.say(&show::indent(&steps(&verified), 6));
    let regulator = stage.story.person(REGULATOR)?;
    let token = path("regulator.token");
    std::fs::write(&token, regulator.token().unwrap_or_default())?;
    let open = asked(stage, &token).args(["certificate", "open", &release]);
    open.args(["--whole", "--row", "0", "--out"])
        .args([&opening])
        .read()?;
    let opened = told(&verify().args(["--opening"]).args([&opening]), true)?;
    let root = opened
        .pointer("/opened/0/trace_root")
        .unwrap_or(&Value::Null);
    stage.say(&format!(
        "   Figures are in it as salted commitments alone. The regulator has four of them opened, which is on the record; the certificate\n   \
         commits to each, to the root of the run's trace among them: {}",
        plain(root)
    ));
    let csv = std::fs::read_to_string(&table)?;
    let at = csv
        .rfind(|c: char| c.is_ascii_digit())
        .context("a figure")?;
    let (before, after) = csv.split_at_checked(at).context("a figure")?;
    let digit = if after.starts_with('1') { '2' } else { '1' };
    let after: String = after.chars().skip(1).collect();
    std::fs::write(&table, format!("{before}{digit}{after}"))?;
    let changed = told(&verify().args(["--table"]).args([&table]), false)?;
    stage.say("   With one digit of the table changed:");
    stage.say(&show::indent(&steps(&changed), 6));
    Ok(())
}

/// A call of the program as someone whose token is in that file.
fn asked(stage: &Stage, token: &Path) -> Call {
    let call = stage
        .ours()
        .args(["--json", "--url", stage.url(), "--token-file"]);
    call.args([token])
}

/// What the verifier says, which must hold or not.
fn told(call: &Call, holds: bool) -> anyhow::Result<Value> {
    let (_content, said) = call.answer()?;
    let said: Value = serde_json::from_str(said.trim()).context("the verifier said no JSON")?;
    if said.get("holds") != Some(&Value::Bool(holds)) {
        bail!("the certificate should hold: {holds}, and the verifier said {said}");
    }
    Ok(said)
}

/// The steps that were taken.
fn steps(report: &Value) -> String {
    let taken =
        items(report, "/steps").filter(|step| step.get("holds") != Some(&"not-looked".into()));
    let lines = taken.map(|step| {
        let of = |name: &str| plain(step.get(name).unwrap_or(&Value::Null));
        format!("{:<10} {:<4} {}", of("step"), of("holds"), of("detail"))
    });
    lines.collect::<Vec<_>>().join("\n")
}
