//! A small town, made up: one row per resident, few enough to count by hand.

use std::fmt::Write as _;

use serde_json::{Value, json};
use yunei_tests::{Client, Server, Story, with_manifest};

use crate::common::{RUN_WAIT_MAX, configure, guest, program, repository, text};

/// The two operating units.
pub const UNITS: [&str; 2] = ["taihu-data-services", "taihu-transport-analytics"];
/// The resource: named as the guest that runs over it calls it.
const RESOURCE: &str = "census-income-1994";
/// Ends of a run at the gate.
const ENDS: [&str; 3] = ["released", "withheld", "in-review"];

/// Residents by education and region; one cell is too small to be shown.
pub const RESIDENTS: [(&str, &str, u32); 9] = [
    ("a", "n", 4),
    ("a", "s", 60),
    ("a", "w", 62),
    ("b", "n", 64),
    ("b", "s", 66),
    ("b", "w", 68),
    ("c", "n", 70),
    ("c", "s", 72),
    ("c", "w", 74),
];

/// Residents by education and region.
pub const FINE: &str = "
[[output.dimension]]
field = \"education\"
banding = \"stage\"

[[output.dimension]]
field = \"previous_region\"
banding = \"region\"
";
/// Residents by education.
pub const COARSE: &str = "
[[output.dimension]]
field = \"education\"
banding = \"stage\"
";

pub struct Town {
    pub story: Story,
    pub server: Server,
    pub directory: tempfile::TempDir,
    made: u32,
}

impl Town {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data = directory.path().join("data");
        configure(&data, "");
        let none: [&str; 0] = [];
        let server = Server::start(&program(), &data, none).expect("a server");
        let mut story = Story::begin(&repository(), &server).expect("a first start");
        story.set_up_people().expect("people");
        let entry = directory.path().join("resource.toml");
        std::fs::write(&entry, ENTRY).expect("written");
        story.catalogue(&entry).expect("catalogued");
        let town = Self {
            story,
            server,
            directory,
            made: 0,
        };
        town.import(0);
        town
    }

    /// A snapshot of all residents, and of newcomers to (b, s).
    pub fn import(&self, newcomers: u32) {
        let mut rows = String::from("person,education,previous_region,income_over_50k,weight\n");
        let mut person = 0;
        let newcomers = [("b", "s", newcomers)];
        for (education, region, residents) in RESIDENTS.into_iter().chain(newcomers) {
            for resident in 0..residents {
                person += 1;
                let over = resident % 3;
                let over = u32::from(over == 0);
                writeln!(rows, "{person},{education},{region},{over},1.5").expect("a line");
            }
        }
        let file = self.directory.path().join("residents.csv");
        std::fs::write(&file, rows).expect("written");
        self.story
            .import_file(
                RESOURCE,
                &file,
                "format=csv&data_as_of=1995-03-31T00:00:00Z",
            )
            .expect("imported");
    }

    pub fn unit(&self, unit: usize) -> Client {
        self.story.person_of(UNITS[unit]).expect("a unit").clone()
    }

    /// A grant for a unit, over the rows that pass `filter`.
    pub fn grant(&mut self, unit: usize, filter: &[(&str, &str, &str)]) -> String {
        self.made += 1;
        let directory = self.directory.path().join(format!("grant-{}", self.made));
        std::fs::create_dir(&directory).expect("a directory");
        let mut terms = format!("operator = \"{}\"\n{TERMS}", UNITS[unit]);
        for (field, comparison, value) in filter {
            write!(
                terms,
                "\n[[resource.filter]]\nfield = \"{field}\"\ncomparison = \"{comparison}\"\nvalue = {value}\n"
            )
            .expect("a filter");
        }
        std::fs::write(directory.join("grant.toml"), terms).expect("written");
        text(&self.story.grant(&directory).expect("in force"), "id")
    }

    /// A module of a unit that counts residents, with these outputs: dimensions, and whether totals are wanted.
    pub fn module(&self, unit: usize, outputs: &[(&str, bool)]) -> String {
        let mut manifest = MANIFEST.to_owned();
        for (index, (dimensions, totals)) in outputs.iter().enumerate() {
            let name = ["income", "other"][index];
            write!(
                manifest,
                "\n[[output]]\nname = \"{name}\"\nresource = \"{RESOURCE}\"\ntotals = {totals}\n{dimensions}\n\
                 [[output.measure]]\nname = \"persons\"\naggregate = \"count\"\n"
            )
            .expect("an output");
        }
        let component = std::fs::read(guest("examples", "income-by-education"));
        let component = with_manifest(&component.expect("a component"), &manifest);
        let file = self.directory.path().join("module.wasm");
        std::fs::write(&file, component.expect("whole")).expect("written");
        let module = self.story.upload(&self.unit(unit), &file);
        let module = module.expect("an answer").served().expect("admitted");
        text(&module, "id")
    }

    pub fn submit(&mut self, unit: usize, module: &str, grant: &str) -> String {
        let request = json!({
            "module": module, "grant": grant, "purpose": "income-statistics", "parameters": {},
        });
        let client = self.unit(unit);
        let answer = self.story.submit_request(&client, &request);
        let run = answer.expect("an answer").served().expect("queued");
        text(&run, "id")
    }

    /// Waits for the end of a run at the gate.
    pub fn end(&self, run: &str) -> Value {
        let ended = self.story.wait_state(run, &ENDS, RUN_WAIT_MAX);
        ended.expect("an end at the gate")
    }

    pub fn run(&mut self, unit: usize, module: &str, grant: &str) -> Value {
        let run = self.submit(unit, module, grant);
        self.end(&run)
    }
}

/// The state of a run.
pub fn state(run: &Value) -> String {
    text(&run["run"], "state")
}

/// What a released run's output shows: labels and counts, `None` where it is blank.
pub fn shown(
    town: &Town,
    unit: usize,
    run: &Value,
    output: usize,
) -> Vec<(Vec<String>, Option<i64>)> {
    assert_eq!(state(run), "released", "{run}");
    let release = run["releases"][output].as_str().expect("a release");
    let client = town.unit(unit);
    town.story
        .wait_coarse(&client, &text(&run["run"], "id"), RUN_WAIT_MAX)
        .expect("visible");
    let table = town.story.table(&client, release).expect("a table");
    let rows = table["rows"].as_array().expect("rows");
    rows.iter()
        .map(|row| {
            let row = row.as_array().expect("a row");
            let (figure, labels) = row.split_last().expect("columns");
            let labels = labels
                .iter()
                .map(|label| label.as_str().expect("a label").to_owned());
            (labels.collect(), figure.as_i64())
        })
        .collect()
}

/// The blank ones among what is shown, of those cells that have residents.
pub fn blanks(shown: &[(Vec<String>, Option<i64>)]) -> Vec<String> {
    let blank = shown.iter().filter(|(labels, figure)| {
        figure.is_none() && !labels.iter().any(|label| label == "other")
    });
    blank.map(|(labels, _)| labels.join(" ")).collect()
}

const TERMS: &str = r#"scenario = "inclusive-finance"
purpose = "income-statistics"
products = ["income-by-education"]
binding = "latest"
from = 2026-01-01T00:00:00+08:00
until = 2029-01-01T00:00:00+08:00

[quota]
runs = 100
rows = 50_000_000
released_cells = 20_000

[[resource]]
name = "census-income-1994"
fields = ["education", "previous_region", "income_over_50k", "weight"]
"#;

const MANIFEST: &str = r#"name = "town"
version = "1.0.0"
title = { zh = "居民", en = "Residents" }
world = "analysis"
purpose = "income-statistics"
author = "Nobody"
bias = "The town is made up."

[[resource]]
name = "census-income-1994"
fields = ["education", "previous_region", "income_over_50k", "weight"]
"#;

const ENTRY: &str = r#"name = "census-income-1994"
title = { zh = "居民（虚构）", en = "Residents, made up" }
description = { zh = "虚构的小镇。", en = "A town that does not exist." }
source_unit = "us-census-bureau"
population = { name = "residents", title = { zh = "居民", en = "Residents" } }
basis = "statistical"
subject = "person"
grade = "g2"
licence = "CC0-1.0"
synthetic = true

[[field]]
name = "person"
title = { zh = "居民", en = "Person" }
type = "int32"
class = "direct-identifier"
grade = "g2"
mask = { kind = "withhold" }

[[field]]
name = "education"
title = { zh = "教育", en = "Education" }
type = "text"
class = "quasi-identifier"
grade = "g2"
mask = { kind = "none" }

[[field.banding]]
name = "stage"
kind = "values"
values = ["a", "b", "c"]

[[field]]
name = "previous_region"
title = { zh = "地区", en = "Region" }
type = "text"
class = "quasi-identifier"
grade = "g2"
mask = { kind = "none" }

[[field.banding]]
name = "region"
kind = "values"
values = ["n", "s", "w"]
within = "side"

[[field.banding]]
name = "side"
kind = "groups"
groups = [{ label = "north-south", values = ["n", "s"] }, { label = "west", values = ["w"] }]

[[field]]
name = "income_over_50k"
title = { zh = "高收入", en = "High income" }
type = "int32"
class = "ordinary"
grade = "g2"
mask = { kind = "none" }

[[field]]
name = "weight"
title = { zh = "权重", en = "Weight" }
type = "float64"
class = "ordinary"
grade = "g2"
mask = { kind = "none" }
"#;
