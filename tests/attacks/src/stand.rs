//! A domain under one profile, with two operating units that attack it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yunei_tests::{Client, Server, Story, StoryError, Told, with_manifest};

use crate::panel;
use crate::profile::Profile;
use crate::table::Table;

/// Longest wait for a run's end, and for its table after it: on a busy machine a run may take more than a minute, and the next bucket is the fifth.
const WAIT_MAX: Duration = Duration::from_secs(330);
/// How long between two looks.
const LOOK: Duration = Duration::from_millis(50);
/// The attacking units.
const OPERATORS: [&str; 2] = ["taihu-transport-analytics", "taihu-data-services"];

/// What came of a module.
#[derive(Debug)]
pub enum Ended {
    /// It was not even admitted, or not allowed to run: the code.
    Refused(String),
    /// Its tables left, in the order of their names.
    Released(Vec<(String, Table)>),
    /// The gate kept it inside, for these reasons. An operating unit never learns them; the score's reader does.
    Withheld(String),
    /// It waits for two people, who are told these reasons.
    InReview(String),
    /// The run came to another end.
    Other(String),
}

impl Ended {
    /// In words.
    pub fn told(&self) -> String {
        match self {
            Self::Refused(code) => format!("refused, `{code}`"),
            Self::Released(_) => "released".to_owned(),
            Self::Withheld(why) => format!("withheld ({why})"),
            Self::InReview(why) => format!("waits for two people ({why})"),
            Self::Other(state) => format!("the run {state}"),
        }
    }
}

/// Which guest a module is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Guest {
    /// Reads rows and writes what it likes.
    Copier,
    /// Derives a figure and a class of each row; its algorithm is approved by two people who do not look.
    Mirror,
    /// Contributes for each person.
    Teller,
}

/// Rows of an attack's own: nothing else is ever released about them.
pub struct Rows {
    number: usize,
    /// Snapshots so far.
    snapshots: u8,
    /// Snapshots of the list that they refer to, if they refer to one.
    lists: u8,
    joined: bool,
    /// The grant of each unit that has asked for one.
    grants: BTreeMap<usize, String>,
}

impl Rows {
    /// A text with the names of this resource and population in the place of the general ones.
    fn named(&self, text: &str) -> String {
        panel::NAMES.iter().fold(text.to_owned(), |text, name| {
            text.replace(name, &format!("{name}-{}", self.number))
        })
    }
}

/// A domain under attack.
pub struct Stand<'a> {
    pub profile: &'a Profile,
    story: Story,
    guests: PathBuf,
    place: tempfile::TempDir,
    /// Rows that were handed out.
    given: usize,
    _server: Server,
}

impl<'a> Stand<'a> {
    /// Starts a server under the profile, with its people.
    pub fn start(
        program: &Path,
        guests: &Path,
        repository: &Path,
        profile: &'a Profile,
    ) -> Told<Self> {
        let place = tempfile::tempdir().map_err(|error| StoryError::new("a directory", error))?;
        let arguments = ["--profile", &profile.name];
        let server = Server::start(program, &place.path().join("data"), arguments)?;
        let mut story = Story::begin(repository, &server)?;
        story.set_up_people()?;
        Ok(Self {
            profile,
            story,
            guests: guests.to_owned(),
            place,
            given: 0,
            _server: server,
        })
    }

    /// The panel once more, as another resource of another population.
    pub fn rows(&mut self) -> Told<Rows> {
        self.rows_of(&panel::rows(true))
    }

    /// These people, as another resource of another population.
    pub fn rows_of(&mut self, people: &[panel::Row]) -> Told<Rows> {
        self.given += 1;
        let mut rows = Rows {
            number: self.given,
            snapshots: 0,
            lists: 0,
            joined: false,
            grants: BTreeMap::new(),
        };
        let entry = self.place.path().join("resource.toml");
        write(&entry, &rows.named(panel::RESOURCE))?;
        self.story.catalogue(&entry)?;
        self.import(&mut rows, people)?;
        Ok(rows)
    }

    /// The panel beside a list that its rows refer to.
    pub fn joined_rows(&mut self) -> Told<Rows> {
        self.given += 1;
        let mut rows = Rows {
            number: self.given,
            snapshots: 0,
            lists: 0,
            joined: true,
            grants: BTreeMap::new(),
        };
        let entry = self.place.path().join("resource.toml");
        for text in [
            panel::LIST.to_owned(),
            [panel::RESOURCE, panel::REFERENCE].concat(),
        ] {
            write(&entry, &rows.named(&text))?;
            self.story.catalogue(&entry)?;
        }
        self.import_list(&mut rows)?;
        self.import(&mut rows, &panel::rows(true))?;
        Ok(rows)
    }

    /// Imports the list as it is on the next day.
    pub fn import_list(&self, rows: &mut Rows) -> Told<()> {
        rows.lists += 1;
        let file = self.place.path().join("list.csv");
        write(&file, &panel::list(rows.lists))?;
        let query = format!("format=csv&data_as_of=2026-02-0{}T00:00:00Z", rows.lists);
        let [_, _, list] = panel::NAMES;
        self.story.import_file(&rows.named(list), &file, &query)?;
        Ok(())
    }

    /// Imports the panel as it is on the next day.
    pub fn import(&self, rows: &mut Rows, people: &[panel::Row]) -> Told<()> {
        rows.snapshots += 1;
        let file = self.place.path().join("panel.csv");
        write(&file, &panel::csv(people))?;
        let query = format!(
            "format=csv&data_as_of=2026-02-0{}T00:00:00Z",
            rows.snapshots
        );
        let [resource, ..] = panel::NAMES;
        self.story
            .import_file(&rows.named(resource), &file, &query)?;
        Ok(())
    }

    /// Has the bureau give the rows' population a budget of privacy.
    pub fn open_budget(&self, rows: &Rows, epsilon: f64) -> Told<()> {
        let [_, population, _] = panel::NAMES;
        let budget = json!({
            "population": rows.named(population),
            "epsilon": epsilon,
            "reason": "a drill with made-up people",
        });
        let bureau = self.story.person(yunei_tests::BUREAU)?;
        bureau.post("/privacy/budgets", &budget)?.served()?;
        Ok(())
    }

    /// Gives a unit a grant over those of the rows alone that pass a filter.
    pub fn narrow(
        &self,
        rows: &mut Rows,
        unit: usize,
        (field, comparison, value): (&str, &str, &str),
    ) -> Told<()> {
        let filter = format!(
            "\n[[resource.filter]]\nfield = \"{field}\"\ncomparison = \"{comparison}\"\nvalue = {value}\n"
        );
        self.granted(rows, unit, &filter)
    }

    fn granted(&self, rows: &mut Rows, unit: usize, more: &str) -> Told<()> {
        let directory = self.place.path().join(operator(unit)?);
        std::fs::create_dir_all(&directory)
            .map_err(|error| StoryError::new(directory.display(), error))?;
        let terms = grant(operator(unit)?, rows.joined);
        let terms = rows.named(&format!("{terms}{more}"));
        write(&directory.join("grant.toml"), &terms)?;
        rows.grants
            .insert(unit, id(&self.story.grant(&directory)?)?);
        Ok(())
    }

    /// Uploads a module as a unit, has its algorithm approved where the world asks for it, and runs it.
    pub fn play(
        &mut self,
        rows: &mut Rows,
        unit: usize,
        guest: Guest,
        manifest: &str,
        way: &str,
    ) -> Told<Ended> {
        let (name, approved) = match guest {
            Guest::Copier => ("copier", false),
            Guest::Mirror => ("mirror", true),
            Guest::Teller => ("teller", false),
        };
        let path = self
            .guests
            .join("attacks")
            .join(name)
            .with_extension("wasm");
        let component =
            std::fs::read(&path).map_err(|error| StoryError::new(path.display(), error))?;
        if !rows.grants.contains_key(&unit) {
            self.granted(rows, unit, "")?;
        }
        let client = self.story.person_of(operator(unit)?)?.clone();
        let answer = client.post_raw(
            "/modules",
            "application/wasm",
            &with_manifest(&component, &rows.named(manifest))?,
        )?;
        if !answer.is_success() {
            return Ok(Ended::Refused(code(&answer.json())));
        }
        let module = id(&answer.json())?;
        if approved && answer.json().get("state") == Some(&json!("admitted")) {
            self.story.approve_module(&module)?;
        }
        let request = json!({
            "module": module,
            "grant": rows.grants.get(&unit),
            "purpose": "transit-planning",
            "parameters": { "way": way },
        });
        let answer = self.story.submit_request(&client, &request)?;
        if !answer.is_success() {
            return Ok(Ended::Refused(code(&answer.json())));
        }
        self.ended(&client, &id(&answer.json())?)
    }

    fn ended(&self, client: &Client, run: &str) -> Told<Ended> {
        const ENDS: [&str; 6] = [
            "released",
            "withheld",
            "in-review",
            "failed",
            "stopped",
            "aborted",
        ];
        let detail = self.story.wait_state(run, &ENDS, WAIT_MAX)?;
        let state = detail.pointer("/run/state").and_then(Value::as_str);
        Ok(match state {
            Some("withheld") => Ended::Withheld(reasons(&detail)),
            Some("in-review") => Ended::InReview(reasons(&detail)),
            Some("released") => {
                let releases = detail.get("releases").and_then(Value::as_array);
                let mut tables = Vec::new();
                for release in releases.into_iter().flatten().filter_map(Value::as_str) {
                    tables.push(fetched(client, release)?);
                }
                tables.sort_by(|a, b| a.0.cmp(&b.0));
                Ended::Released(tables)
            }
            other => Ended::Other(other.unwrap_or("came to no end").to_owned()),
        })
    }
}

/// Why the gate kept outputs inside, and what it tells people of overlaps; each once.
fn reasons(detail: &Value) -> String {
    let listed = |part: &str, list: &'static str| {
        let parts = detail.get(part).and_then(Value::as_array);
        parts
            .into_iter()
            .flatten()
            .filter_map(move |part| part.get(list)?.as_array())
            .flatten()
    };
    let reasons = listed("verdicts", "reasons").filter_map(Value::as_str);
    let overlaps = listed("overlaps", "texts").filter_map(|text| text.get("en")?.as_str());
    let mut told: Vec<&str> = Vec::new();
    for reason in reasons.chain(overlaps) {
        if !told.contains(&reason) {
            told.push(reason);
        }
    }
    told.join("; ")
}

/// A released table, once the unit may see it.
fn fetched(client: &Client, release: &str) -> Told<(String, Table)> {
    let path = format!("/releases/{release}/table?format=csv&titles=en");
    let began = Instant::now();
    loop {
        let answer = client.get(&path)?;
        if answer.is_success() {
            let listed = client.get("/releases?limit=200")?.served()?;
            let listed = listed.get("items").and_then(Value::as_array);
            let output = listed.into_iter().flatten().find_map(|item| {
                (item.get("id") == Some(&json!(release)))
                    .then(|| item.get("output")?.as_str().map(str::to_owned))
                    .flatten()
            });
            let output = output.unwrap_or_else(|| "table".to_owned());
            return Ok((output, Table::parse(&answer.body)?));
        }
        if began.elapsed() > WAIT_MAX {
            return Err(StoryError(format!(
                "no table of {release}: {}",
                answer.json()
            )));
        }
        std::thread::sleep(LOOK);
    }
}

/// The name of an attacking unit.
fn operator(unit: usize) -> Told<&'static str> {
    let operator = OPERATORS.get(unit).copied();
    operator.ok_or_else(|| StoryError("no such unit".to_owned()))
}

fn grant(operator: &str, joined: bool) -> String {
    // What is last is what a filter that follows is of.
    let list = if joined {
        "\n[[resource]]\nname = \"attack-list\"\nfields = [\"desk\", \"listed\", \"unlisted\", \"floor\"]\n"
    } else {
        ""
    };
    format!(
        r#"join = {joined}
operator = "{operator}"
scenario = "smart-transport"
purpose = "transit-planning"
binding = "latest"
from = 2026-01-01T00:00:00+08:00
until = 2029-01-01T00:00:00+08:00

[quota]
runs = 10_000
rows = 500_000_000
released_cells = 1_000_000

[[resource]]
name = "attack-panel"
fields = ["district", "trade", "health", "income", "marked", "working", "hours", "salary", "desk"]
{list}"#
    )
}

fn write(path: &Path, text: &str) -> Told<()> {
    std::fs::write(path, text).map_err(|error| StoryError::new(path.display(), error))
}

fn id(made: &Value) -> Told<String> {
    let id = made.get("id").and_then(Value::as_str);
    id.map(str::to_owned)
        .ok_or_else(|| StoryError(format!("no `id` in {made}")))
}

fn code(refusal: &Value) -> String {
    let code = refusal.get("code").and_then(Value::as_str);
    code.unwrap_or("no code").to_owned()
}
