//! A domain with resources, grants and manifests of the tests' own, and two operating units.

use std::fmt::Write as _;

use serde_json::{Value, json};
use yunei_tests::{Answer, BUREAU, Client, Server, Story, with_manifest};

use super::{RUN_WAIT_MAX, configure, guest, program, repository, text};

/// The operating units.
pub const UNITS: [&str; 2] = ["taihu-transport-analytics", "taihu-data-services"];
/// Purpose of everything here.
const PURPOSE: &str = "transit-planning";

/// Ends of a run.
const ENDS: [&str; 6] = [
    "released",
    "withheld",
    "in-review",
    "failed",
    "stopped",
    "aborted",
];

pub struct Stage {
    pub story: Story,
    pub server: Server,
    directory: tempfile::TempDir,
    made: u32,
}

impl Stage {
    pub fn set() -> Self {
        Self::with(&[])
    }

    /// The same with more arguments of the server.
    pub fn with(arguments: &[&str]) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data = directory.path().join("data");
        configure(&data, "");
        let server = Server::start(&program(), &data, arguments).expect("a server");
        let mut story = Story::begin(&repository(), &server).expect("a first start");
        story.set_up_people().expect("people");
        Self {
            story,
            server,
            directory,
            made: 0,
        }
    }

    pub fn unit(&self, unit: usize) -> Client {
        self.story.person_of(UNITS[unit]).expect("a unit").clone()
    }

    pub fn bureau(&self) -> &Client {
        self.story.person(BUREAU).expect("the bureau's officer")
    }

    /// A file with these contents.
    pub fn file(&mut self, contents: impl AsRef<[u8]>) -> std::path::PathBuf {
        self.made += 1;
        let file = self.directory.path().join(format!("file-{}", self.made));
        std::fs::write(&file, contents).expect("written");
        file
    }

    /// Registers a resource, and imports rows.
    pub fn resource(&mut self, name: &str, entry: &str, rows: &str) {
        self.catalogue(entry);
        self.import(name, rows).expect("imported");
    }

    /// Registers a resource without a row.
    pub fn catalogue(&mut self, entry: &str) {
        let entry = self.file(entry);
        self.story.catalogue(&entry).expect("catalogued");
    }

    pub fn import(&mut self, name: &str, rows: &str) -> Result<Value, String> {
        let rows = self.file(rows);
        let query = "format=csv&data_as_of=2026-03-02T00:00:00%2B08:00";
        let imported = self.story.import_file(name, &rows, query);
        imported.map_err(|refused| refused.to_string())
    }

    /// A grant of fields of resources for a unit; `filter` are more lines of the last resource.
    pub fn grant(&mut self, unit: usize, resources: &[(&str, &str)], filter: &str) -> String {
        self.grant_for(unit, "", resources, filter)
    }

    /// The same for products of these names too.
    pub fn grant_for(
        &mut self,
        unit: usize,
        products: &str,
        resources: &[(&str, &str)],
        filter: &str,
    ) -> String {
        self.made += 1;
        let directory = self.directory.path().join(format!("grant-{}", self.made));
        std::fs::create_dir(&directory).expect("a directory");
        let mut terms = format!(
            "operator = \"{}\"\nscenario = \"smart-transport\"\npurpose = \"{PURPOSE}\"\nbinding = \"latest\"\njoin = true\n\
             products = [{products}]\n\
             from = 2026-01-01T00:00:00+08:00\nuntil = 2029-01-01T00:00:00+08:00\n\
             [quota]\nruns = 1_000\nrows = 500_000_000\nreleased_cells = 1_000_000\n",
            UNITS[unit]
        );
        for (name, fields) in resources {
            write!(
                terms,
                "\n[[resource]]\nname = \"{name}\"\nfields = [{fields}]\n"
            )
            .expect("a resource");
        }
        terms.push_str(filter);
        std::fs::write(directory.join("grant.toml"), terms).expect("written");
        text(&self.story.grant(&directory).expect("a grant"), "id")
    }

    /// Uploads a guest under another manifest: `rest` is what follows its head.
    pub fn upload(&self, unit: usize, guest_at: (&str, &str), name: &str, rest: &str) -> Answer {
        let (kind, file) = guest_at;
        let component = std::fs::read(guest(kind, file)).expect("a component");
        let manifest = format!(
            "name = \"{name}\"\nversion = \"1.0.0\"\ntitle = {{ zh = \"试\", en = \"A try\" }}\n\
             purpose = \"{PURPOSE}\"\nauthor = \"Nobody\"\nbias = \"None known.\"\n{rest}"
        );
        let dressed = with_manifest(&component, &manifest).expect("a component");
        let answer = self
            .unit(unit)
            .post_raw("/modules", "application/wasm", &dressed);
        answer.expect("an answer")
    }

    /// The module of an upload that must be admitted.
    pub fn module(&self, unit: usize, guest_at: (&str, &str), name: &str, rest: &str) -> String {
        let answer = self.upload(unit, guest_at, name, rest);
        text(&answer.served().expect("admitted"), "id")
    }

    pub fn request(module: &str, grant: &str, parameters: &Value) -> Value {
        json!({ "module": module, "grant": grant, "purpose": PURPOSE, "parameters": parameters })
    }

    pub fn submit(&mut self, unit: usize, module: &str, grant: &str, parameters: &Value) -> Answer {
        let client = self.unit(unit);
        let request = Self::request(module, grant, parameters);
        let answer = self.story.submit_request(&client, &request);
        answer.expect("an answer")
    }

    /// Submits a run that is accepted, and waits for its end. Gives what supervision sees of it.
    pub fn run(&mut self, unit: usize, module: &str, grant: &str) -> Value {
        let answer = self.submit(unit, module, grant, &json!({}));
        let run = text(&answer.served().expect("queued"), "id");
        self.ended(&run)
    }

    /// The rows of the first table of a run that was released, as its unit gets them.
    pub fn rows(&self, unit: usize, ended: &Value) -> Vec<Value> {
        let run = &ended["run"];
        assert_eq!(text(run, "state"), "released", "{ended}");
        let client = self.unit(unit);
        let seen = self
            .story
            .wait_coarse(&client, &text(run, "id"), RUN_WAIT_MAX)
            .expect("visible");
        let release = seen["releases"][0].as_str().expect("a release");
        let table = self.story.table(&client, release).expect("a table");
        table["rows"].as_array().expect("rows").clone()
    }

    /// What supervision sees of a run that has ended.
    pub fn ended(&self, run: &str) -> Value {
        let detail = self.story.wait_state(run, &ENDS, RUN_WAIT_MAX);
        detail.expect("an end")
    }

    /// Sets a population's first budget, which is in force at once.
    pub fn budget(&self, population: &str, epsilon: f64, delta: f64) {
        let budget = json!({
            "population": population, "epsilon": epsilon, "delta": delta, "reason": "drill, no production",
        });
        let set = self.bureau().post("/privacy/budgets", &budget);
        set.expect("an answer").served().expect("in force");
    }
}

/// The code of a refusal.
pub fn code(answer: &Answer) -> String {
    text(&answer.json(), "code")
}

/// A field of a catalogue entry; `more` are further lines.
pub fn field(name: &str, kind: &str, class: &str, more: &str) -> String {
    let mask = if class == "direct-identifier" {
        "mask = { kind = \"withhold\" }\n"
    } else {
        ""
    };
    format!(
        "[[field]]\nname = \"{name}\"\ntitle = {{ zh = \"项\", en = \"A field\" }}\ntype = \"{kind}\"\n\
         class = \"{class}\"\ngrade = \"g2\"\n{mask}{more}\n"
    )
}

/// A banding `each`, of these values.
pub fn each(values: &str) -> String {
    format!("[[field.banding]]\nname = \"each\"\nkind = \"values\"\nvalues = [{values}]\n")
}

/// A catalogue entry of districts, each in a region; `key` is the line that says what is unique.
pub fn districts(key: &str) -> String {
    format!(
        "name = \"districts\"\nsource_unit = \"example-bus-company\"\nbasis = \"non-personal\"\n{key}\n\
         grade = \"g1\"\nlicence = \"CC0-1.0\"\nsynthetic = true\n\
         title = {{ zh = \"合成\", en = \"Made up\" }}\ndescription = {{ zh = \"合成\", en = \"Made up\" }}\n{}\n{}{}",
        population("districts", false),
        field("name", "text", "ordinary", ""),
        field("region", "text", "ordinary", &each("\"north\", \"south\"")),
    )
}

/// The head of a catalogue entry about a population.
pub fn entry(name: &str, population: &str, more: &str) -> String {
    format!(
        "name = \"{name}\"\nsource_unit = \"example-bus-company\"\nbasis = \"statistical\"\nsubject = \"person\"\n{more}\
         grade = \"g2\"\nlicence = \"CC0-1.0\"\nsynthetic = true\n\
         title = {{ zh = \"合成\", en = \"Made up\" }}\ndescription = {{ zh = \"合成\", en = \"Made up\" }}\n{population}\n{}",
        field("person", "int64", "direct-identifier", "")
    )
}

/// A population.
pub fn population(name: &str, private_only: bool) -> String {
    format!(
        "population = {{ name = \"{name}\", title = {{ zh = \"人\", en = \"People\" }}, private_only = {private_only} }}"
    )
}
