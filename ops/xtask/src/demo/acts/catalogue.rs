//! Resources, catalogued and imported by their source units.

use anyhow::Context as _;
use serde_json::Value;
use yunei_tests::DATA_SETS;

use crate::demo::show::{self, items, plain};
use crate::demo::stage::Stage;

pub fn play(stage: &mut Stage) -> anyhow::Result<()> {
    let heads = [
        "resource", "rows", "files", "fields", "grade", "subject", "title",
    ];
    let mut lines = vec![heads.map(str::to_owned).to_vec()];
    for set in DATA_SETS {
        stage.doing(&format!("importing {}", set.name));
        let (resource, snapshots) = stage.story.import(set, set.files.len())?;
        let newest = snapshots.last().context("a data set has files")?;
        let rows: u64 = items(newest, "/parts")
            .filter_map(|part| part.get("rows")?.as_u64())
            .sum();
        let of = |pointer: &str| plain(resource.pointer(pointer).unwrap_or(&Value::Null));
        lines.push(vec![
            set.name.to_owned(),
            show::grouped(rows),
            set.files.len().to_string(),
            items(&resource, "/schema/field").count().to_string(),
            of("/grade"),
            of("/subject"),
            of("/title/en"),
        ]);
    }
    stage.say(&show::indent(
        &show::aligned(&lines, &[false, true, true, true]),
        3,
    ));
    stage.say("   grades rise from g1 to g3, important, core; the subject is the field that tells whom a row is about");
    stage.say("   bus rides come as daily files with late rows: each is added to the snapshot before, and gives a new one");
    Ok(())
}
