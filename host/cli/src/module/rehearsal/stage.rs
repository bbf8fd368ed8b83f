//! The whole way of data, from the catalogue to the verdict, played by people who are made up.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Map, Value, json};
use yunei_model::{
    Clock as _, Code, Hint, Manifest, Name, OpenedOutput, Required, Resource, SystemClock, World,
};

use super::domain::{Domain, id};
use super::synthetic;
use crate::client::Client;
use crate::failure::{Answered, Input};
use crate::printer::read;
use crate::release::decrypt;
use crate::run::checks::{Asked, Checked, fetch};

/// Longest wait for a run to come to its end.
const RUN_WAIT_MAX: Duration = Duration::from_secs(600);
/// Time between two looks at a run.
const LOOK: Duration = Duration::from_millis(50);
/// Seconds that an import or an upload may take.
const UPLOAD_SECONDS_MAX: u64 = 600;
/// How long the grant is in force, before and after now, in seconds.
const TERM_SECONDS: i64 = 30 * 86_400;
/// Cells of one output that are told with their figures at most.
const CHECKED_CELLS_MAX: u32 = 20_000;
/// States in which a run stays.
const ENDS: [&str; 6] = [
    "released",
    "withheld",
    "in-review",
    "failed",
    "stopped",
    "aborted",
];

/// What is played, and where.
pub struct Stage<'a> {
    pub domain: &'a Domain,
    pub manifest: &'a Manifest,
    pub component: &'a [u8],
    pub entries: &'a [String],
    pub parameters: &'a Value,
    pub source: &'a synthetic::Source,
}

/// How a run ended that was rehearsed.
pub struct Rehearsed {
    /// The run as supervision sees it: verdicts with figures, what was declared, granted and used.
    pub detail: Value,
    /// Released tables by output, as they would be delivered.
    pub tables: Vec<(String, Value)>,
    /// What its operating unit would be told.
    pub hints: Vec<Hint>,
    /// What the gate found in every cell, by output.
    pub checks: Vec<Checked>,
}

impl Rehearsed {
    /// State that the run stays in.
    pub fn state(&self) -> String {
        state(&self.detail)
    }
}

/// A run that came to its end.
struct Played {
    bureau: Client,
    author: Client,
    run: String,
    detail: Value,
}

impl Stage<'_> {
    /// Plays it.
    pub fn play(&self) -> anyhow::Result<Rehearsed> {
        let Played {
            bureau,
            author,
            run,
            detail,
        } = self.played()?;
        let checks = checked(&bureau, &run, &detail)?;
        self.seen(&author, detail, checks)
    }

    /// Plays it, and opens what waits for reviewers as one of them does.
    ///
    /// # Errors
    /// `Ok(Err(state))` where the run ended in a state in which nothing waits.
    pub fn open(&self) -> anyhow::Result<Result<OpenedOutput, String>> {
        let played = self.played()?;
        let state = state(&played.detail);
        if state != "in-review" {
            return Ok(Err(state));
        }
        let reviewer = self.domain.person("reviewer-alone", "bureau", "reviewer")?;
        let me = id(&reviewer.get("/me").send()?)?;
        let identity = age::x25519::Identity::generate();
        let key = json!({ "recipient": identity.to_public().to_string() });
        let keys = reviewer.post(format!("/accounts/{me}/reviewer-key"));
        keys.json(&key)?;
        let sealed = reviewer
            .get(format!("/runs/{}/output", played.run))
            .send()?;
        let ciphertext = sealed.get("ciphertext").and_then(Value::as_str);
        let opened = decrypt(ciphertext.unwrap_or_default(), &[identity])?;
        Ok(Ok(read(&opened)?))
    }

    fn played(&self) -> anyhow::Result<Played> {
        let bureau = {
            self.domain.organisation("bureau", "bureau")?;
            self.domain.person("bureau-officer", "bureau", "bureau")?
        };
        let operator = self.domain.organisation("author", "operator")?;
        let author = self
            .domain
            .person("author-operator", "author", "operator")?;
        let (resources, sources) = self.catalogue()?;
        self.budgeted(&bureau, &resources)?;
        let module = self.admitted(&author)?;
        let grant = self.granted(&bureau, &operator, &resources, &sources)?;
        let request = json!({
            "module": module,
            "grant": grant,
            "purpose": self.manifest.purpose,
            "parameters": self.parameters,
        });
        let once = author.post("/runs").header("idempotency-key", "rehearsal");
        let run = id(&once.json(&request)?)?;
        let detail = ended(&bureau, &run)?;
        Ok(Played {
            bureau,
            author,
            run,
            detail,
        })
    }

    /// Registers and fills the resources, each by an officer of its source unit.
    fn catalogue(&self) -> anyhow::Result<(Vec<Resource>, Vec<Client>)> {
        let (mut resources, mut sources) = (Vec::new(), Vec::new());
        let mut units: Vec<(String, Client)> = Vec::new();
        let mut keys = synthetic::Keys::new();
        // Those that others refer to come first.
        let mut entries: Vec<&String> = self.entries.iter().collect();
        entries.sort_by_key(|entry| !has_key(entry));
        for entry in entries {
            let unit = source_unit(entry)?;
            if !units.iter().any(|(name, _)| *name == unit) {
                self.domain.organisation(&unit, "source")?;
                let officer = format!("officer-{}", units.len());
                let officer = self.domain.person(&officer, &unit, "source")?;
                units.push((unit.clone(), officer));
            }
            let officer = units.iter().find(|(name, _)| *name == unit);
            let (_, officer) = officer.context("a source unit without an officer")?;
            let length = entry.len() as u64;
            let ask = officer.post("/resources");
            let made = ask.bytes("text/plain; charset=utf-8", length, &mut entry.as_bytes())?;
            let resource: Resource = read(&made)?;
            let csv = synthetic::csv(&resource, self.source, &mut keys);
            let ask = officer
                .post(format!("/resources/{}/snapshots", resource.name))
                .query("format", Some("csv"))
                .query("data_as_of", Some("2026-12-31T00:00:00+08:00"))
                .waiting(UPLOAD_SECONDS_MAX);
            let length = csv.len() as u64;
            ask.bytes("application/octet-stream", length, &mut csv.as_bytes())?;
            resources.push(resource);
            sources.push(officer.clone());
        }
        Ok((resources, sources))
    }

    /// Sets budgets that the one run of a `per-subject` module fits.
    fn budgeted(&self, bureau: &Client, resources: &[Resource]) -> anyhow::Result<()> {
        let Some(contribution) = &self.manifest.contribution else {
            return Ok(());
        };
        let mut populations: Vec<&Name> = Vec::new();
        for resource in resources {
            let population = &resource.population.name;
            if populations.contains(&population) {
                continue;
            }
            populations.push(population);
            bureau.post("/privacy/budgets").json(&json!({
                "population": population,
                "epsilon": contribution.epsilon,
                "delta": contribution.delta,
                "reason": "a rehearsal",
            }))?;
        }
        Ok(())
    }

    /// Uploads the module, and has its algorithm approved where that is needed.
    fn admitted(&self, author: &Client) -> anyhow::Result<String> {
        let length = self.component.len() as u64;
        let ask = author.post("/modules").waiting(UPLOAD_SECONDS_MAX);
        let module = id(&ask.bytes("application/wasm", length, &mut &*self.component)?)?;
        if self.manifest.world == World::PerRow {
            let review = json!({ "outcome": "approved", "reason": "a rehearsal" });
            for name in ["reviewer-one", "reviewer-two"] {
                let reviewer = self.domain.person(name, "bureau", "reviewer")?;
                let ask = reviewer.post(format!("/modules/{module}/reviews"));
                ask.json(&review)?;
            }
        }
        Ok(module)
    }

    /// A grant of all that the manifest declares, and nothing besides.
    fn granted(
        &self,
        bureau: &Client,
        operator: &str,
        resources: &[Resource],
        sources: &[Client],
    ) -> anyhow::Result<String> {
        let scenario = json!({
            "name": "rehearsal",
            "title": { "zh": "预演", "en": "Rehearsal" },
            "purposes": [self.manifest.purpose],
        });
        let scenario = id(&bureau.post("/scenarios").json(&scenario)?)?;
        let approve = format!("/scenarios/{scenario}/approve");
        bureau.post(approve).json(&json!({}))?;
        let mut granted = Vec::new();
        for required in &self.manifest.resources {
            if !resources.iter().any(|r| r.name == required.name) {
                let what = format!(
                    "the module reads `{}`: give its catalogue entry with --catalogue, too",
                    required.name
                );
                return Err(Input::new(what).into());
            }
            let fields = self.fields(required, resources);
            granted.push(json!({ "name": required.name, "fields": fields }));
        }
        let now = SystemClock.now();
        let terms = json!({
            "operator": operator,
            "scenario": scenario,
            "purpose": self.manifest.purpose,
            "resource": granted,
            "join": granted.len() > 1,
            "quota": { "runs": 10, "rows": 1_000_000_000_u64, "released_cells": 10_000_000 },
            "binding": "latest",
            "from": now.plus_seconds(-TERM_SECONDS),
            "until": now.plus_seconds(TERM_SECONDS),
        });
        let draft = json!({ "amends": null, "terms": terms });
        let grant = id(&bureau.post("/grants").json(&draft)?)?;
        for (resource, source) in resources.iter().zip(sources) {
            if self.manifest.required(&resource.name).is_some() {
                let consents = format!("/grants/{grant}/consents");
                let consent = json!({ "resource": resource.name });
                source.post(consents).json(&consent)?;
            }
        }
        let note = json!({ "reason": "a rehearsal" });
        bureau
            .post(format!("/grants/{grant}/activate"))
            .json(&note)?;
        Ok(grant)
    }

    /// Fields that the module reads of a resource, and those that the gate reads for its outputs: a joined one is read by the fields that
    /// refer to it, and of the resource that it comes from.
    fn fields(&self, required: &Required, resources: &[Resource]) -> Vec<Name> {
        let mut fields = required.fields.clone();
        let mut take = |field: &Name| {
            if !fields.contains(field) {
                fields.push(field.clone());
            }
        };
        for output in &self.manifest.outputs {
            let about = resources.iter().find(|r| r.name == output.resource);
            let own = output.resource == required.name;
            for field in output.fields() {
                match about.and_then(|about| about.origin(field)) {
                    None if own => take(field),
                    None => {}
                    Some((reference, of)) => {
                        if own {
                            reference.by.iter().for_each(&mut take);
                        }
                        if reference.resource == required.name {
                            take(of);
                        }
                    }
                }
            }
        }
        fields
    }

    /// What its operating unit sees in the end: tables, or hints.
    fn seen(
        &self,
        author: &Client,
        detail: Value,
        checks: Vec<Checked>,
    ) -> anyhow::Result<Rehearsed> {
        let mut rehearsed = Rehearsed {
            detail,
            tables: Vec::new(),
            hints: Vec::new(),
            checks,
        };
        let run = rehearsed.detail.get("run").cloned().unwrap_or_default();
        let run = id(&run)?;
        if rehearsed.state() == "in-review" {
            rehearsed.hints = vec![Hint::AwaitReview];
            return Ok(rehearsed);
        }
        // A status changes at the ends of buckets alone, for an author of a rehearsal too.
        let seen = until(|| {
            let seen = author.get(format!("/runs/{run}")).send()?;
            let status = seen.get("status").and_then(Value::as_str);
            Ok((status != Some("in-progress")).then_some(seen))
        })?;
        rehearsed.hints = read(seen.get("hints").unwrap_or(&Value::Null)).unwrap_or_default();
        let releases = author.get("/releases").send()?;
        let items = releases.get("items").and_then(Value::as_array);
        for release in items.into_iter().flatten() {
            let output = release.get("output").and_then(Value::as_str);
            let output = output.unwrap_or_default().to_owned();
            let ask = author.get(format!("/releases/{}/table", id(release)?));
            let mut bytes = Vec::new();
            ask.query("format", Some("json"))
                .query("titles", Some("en"))
                .copy_to(&mut bytes)?;
            let table: Map<String, Value> = serde_json::from_slice(&bytes)?;
            rehearsed.tables.push((output, Value::Object(table)));
        }
        Ok(rehearsed)
    }
}

/// The run in detail once it stays as it is.
fn ended(bureau: &Client, run: &str) -> anyhow::Result<Value> {
    until(|| {
        let detail = bureau.get(format!("/runs/{run}/detail")).send()?;
        Ok(ENDS.contains(&state(&detail).as_str()).then_some(detail))
    })
}

/// What the gate found in the cells of each output; nothing of those whose cells it held against no rule.
fn checked(bureau: &Client, run: &str, detail: &Value) -> anyhow::Result<Vec<Checked>> {
    let verdicts = detail.get("verdicts").and_then(Value::as_array);
    let mut checks = Vec::new();
    for verdict in verdicts.into_iter().flatten() {
        let output = verdict.get("output").and_then(Value::as_str);
        let asked = Asked {
            run,
            output: output.unwrap_or_default(),
            from: 0,
            limit: CHECKED_CELLS_MAX,
            at_risk: false,
        };
        match fetch(bureau, &asked) {
            Ok(checked) => checks.push(checked),
            Err(error) => {
                let answered = error.downcast::<Answered>()?;
                if answered.code != Code::NotFound.as_str() {
                    return Err(answered.into());
                }
            }
        }
    }
    Ok(checks)
}

fn state(detail: &Value) -> String {
    let state = detail.pointer("/run/state").and_then(Value::as_str);
    state.unwrap_or_default().to_owned()
}

/// Looks until `look` gives something.
fn until(mut look: impl FnMut() -> anyhow::Result<Option<Value>>) -> anyhow::Result<Value> {
    let began = Instant::now();
    while began.elapsed() < RUN_WAIT_MAX {
        if let Some(seen) = look()? {
            return Ok(seen);
        }
        std::thread::sleep(LOOK);
    }
    bail!("the run did not come to its end in time")
}

/// Whether a catalogue entry has a key, by which others may refer to its rows.
fn has_key(entry: &str) -> bool {
    let table: Option<toml::Table> = toml::from_str(entry).ok();
    table.is_some_and(|table| table.contains_key("key"))
}

/// The source unit that an entry names.
fn source_unit(entry: &str) -> Result<String, Input> {
    let wrong = || Input::new("a catalogue entry is TOML with a `source_unit`");
    let table: toml::Table = toml::from_str(entry).map_err(|error| wrong().because(error))?;
    let unit = table.get("source_unit").and_then(toml::Value::as_str);
    unit.map(str::to_owned).ok_or_else(wrong)
}
