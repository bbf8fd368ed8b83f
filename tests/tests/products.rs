//! What stands for a product and how it ends; and private products, day by day, until their population's budget is spent and after.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

mod common;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use common::{RUN_WAIT_MAX, configure, guest, program, repository, text};
use serde_json::{Value, json};
use tempfile::TempDir;
use yunei_tests::{BUREAU, Client, DATA_SETS, REVIEWERS, Server, Story, with_manifest};

/// Signs for what the bureau's first officer proposes.
const SECOND_OFFICER: &str = "bureau-second-officer";
/// The unit whose products they are.
const UNIT: &str = "taihu-transport-analytics";

struct Domain {
    story: Story,
    _server: Server,
    directory: TempDir,
    asked: u64,
}

impl Domain {
    /// People and scenarios.
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data = directory.path().join("data");
        configure(&data, "");
        let server = Server::start(&program(), &data, [""; 0]).expect("a server");
        let mut story = Story::begin(&repository(), &server).expect("a first start");
        story.set_up_people().expect("people");
        Self {
            story,
            _server: server,
            directory,
            asked: 0,
        }
    }

    fn unit(&self) -> Client {
        self.story.person_of(UNIT).expect("the unit").clone()
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let file = self.directory.path().join(name);
        std::fs::write(&file, text).expect("written");
        file
    }

    fn grant(&self, terms: &str) -> String {
        self.file("grant.toml", terms);
        text(
            &self.story.grant(self.directory.path()).expect("in force"),
            "id",
        )
    }

    /// A guest of ours with another manifest.
    fn module(&self, guest: &Path, manifest: &str) -> String {
        let component = std::fs::read(guest).expect("a component");
        let dressed = with_manifest(&component, manifest).expect("a manifest");
        let file = self.file("module.wasm", dressed);
        let module = self.story.upload(&self.unit(), &file).expect("an answer");
        text(&module.served().expect("admitted"), "id")
    }

    /// Drafts a product; gives its path.
    fn product(&self, product: &Value) -> String {
        let drafted = self.unit().post("/products", product).expect("an answer");
        format!(
            "/products/{}",
            text(&drafted.served().expect("drafted"), "id")
        )
    }

    fn get(&self, who: &Client, path: &str) -> Value {
        who.get(path).expect("an answer").served().expect("served")
    }

    fn person(&self, name: &str) -> &Client {
        self.story.person(name).expect("a person")
    }

    fn ask(&mut self, product: &str, day: &str) -> yunei_tests::Answer {
        self.asked += 1;
        let (path, key) = (format!("{product}/editions"), format!("day-{}", self.asked));
        let asked = self.unit().post_once(&path, &key, &json!({ "day": day }));
        asked.expect("an answer")
    }

    /// Asks for an edition and waits until its run has one of these states; gives the run.
    fn edition(&mut self, product: &str, day: &str, state: &str) -> String {
        let run = text(&self.ask(product, day).served().expect("queued"), "id");
        let seen = self.story.wait_state(&run, &[state], RUN_WAIT_MAX);
        seen.unwrap_or_else(|error| panic!("{day}: {error}"));
        run
    }

    /// Reads something until it is as wanted; gives it.
    fn until(
        &self,
        who: &Client,
        path: &str,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let began = std::time::Instant::now();
        loop {
            let seen = self.get(who, path);
            if wanted(&seen) {
                return seen;
            }
            assert!(began.elapsed() < RUN_WAIT_MAX, "waited for {what}: {seen}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    fn entries(&self, kind: &str) -> Vec<Value> {
        let path = format!("/record?kind={kind}");
        let page = self.get(self.person(yunei_tests::REGULATOR), &path);
        page["items"].as_array().expect("items").clone()
    }
}

const RIDES: &str = r#"
name = "fares"
title = { zh = "票价", en = "Fares" }
world = "analysis"
purpose = "transit-planning"
author = "Taihu Transport Analytics"
bias = "Rides paid in cash are not in the data; the data are synthetic."

[[resource]]
name = "synthetic-wuxi-bus"
fields = ["board_district", "boarded_at", "card_id"]

# A model, which the gate fits itself: it never leaves without people, or without what stands for it.
[[output]]
name = "rides"
resource = "synthetic-wuxi-bus"

[output.model]
kind = "linear"
response = { field = "fare" }

[[output.model.term]]
field = "board_district"
banding = "area"
reference = "城区"
"#;

const RIDES_TERMS: &str = r#"operator = "taihu-transport-analytics"
scenario = "smart-transport"
purpose = "transit-planning"
products = ["fares"]
binding = "latest"
from = 2026-01-01T00:00:00+08:00
until = 2029-01-01T00:00:00+08:00

[quota]
runs = 100
rows = 50_000_000
released_cells = 20_000

[[resource]]
name = "synthetic-wuxi-bus"
fields = ["board_district", "boarded_at", "card_id", "fare"]
"#;

/// A daily product of a model of fares, whose days are closed when they end.
struct Fares {
    domain: Domain,
    product: String,
}

impl Fares {
    fn start() -> Self {
        let mut domain = Domain::start();
        let rides = DATA_SETS
            .into_iter()
            .find(|set| set.name == "synthetic-wuxi-bus");
        domain
            .story
            .import(rides.expect("rides"), 0)
            .expect("catalogued");
        let grant = domain.grant(RIDES_TERMS);
        let module = domain.module(&guest("examples", "bus-rides"), &rides_module("1.0.0"));
        let product = domain.product(&json!({
            "name": "fares", "title": { "zh": "票价", "en": "Fares" }, "grant": grant, "module": module,
            "period": "boarded_at", "cadence": "daily", "starts": "2026-03-02",
        }));
        Self { domain, product }
    }

    /// Imports a day's file upon those before it.
    fn import(&self, day: u32) {
        let name = format!("examples/data/synthetic-wuxi-bus/rides-2026-03-{day:02}.csv");
        self.import_file(day, &repository().join(name));
    }

    fn import_file(&self, day: u32, file: &Path) {
        let rides = DATA_SETS
            .into_iter()
            .find(|set| set.name == "synthetic-wuxi-bus");
        let format = rides.expect("rides").format;
        let onto = if day == 2 { "" } else { "&onto=newest" };
        let query = format!("{format}&data_as_of=2026-03-{day:02}T16:00:00Z{onto}");
        let imported = self
            .domain
            .story
            .import_file("synthetic-wuxi-bus", file, &query);
        imported.expect("imported");
    }

    fn seen_by(&self, name: &str) -> Value {
        self.domain.get(self.domain.person(name), &self.product)
    }

    /// The unit sees what an edition's run made of its product no sooner than the run's end.
    fn assert_told_no_sooner(&self, run: &str, state: &str, then: impl Fn(&Value)) {
        let unit = self.domain.unit();
        let before = self.domain.get(&unit, &format!("/runs/{run}"));
        let told = self.domain.get(&unit, &self.product);
        let after = self.domain.get(&unit, &format!("/runs/{run}"));
        if told["state"] == state {
            assert_ne!(after["status"], "in-progress", "{told}");
            then(&told);
        } else {
            assert_eq!(before["status"], "in-progress", "{told}");
        }
    }

    /// Both reviewers approve the algorithm of the product's module.
    fn approve_module(&self) {
        let module = text(&self.seen_by(BUREAU), "module");
        let approved = self.domain.story.approve_module(&module);
        approved.expect("approved");
    }

    /// Both reviewers let later editions leave, on the grounds of this run.
    fn approve(&self, run: &str) -> Value {
        let mut last = Value::Null;
        for (reviewer, days) in REVIEWERS.into_iter().zip([90, 30]) {
            let reason = json!({ "reason": "every day is like the first", "days": days });
            let (reviewer, path) = (
                self.domain.person(reviewer),
                format!("/runs/{run}/standing"),
            );
            let given = reviewer.post(&path, &reason).expect("an answer");
            last = given.served().expect("approved");
            let twice = reviewer.post(&path, &reason).expect("an answer");
            assert!(!twice.is_success(), "one person says yes once");
        }
        last
    }
}

fn rides_module(version: &str) -> String {
    format!("version = \"{version}\"\n{RIDES}")
}

#[test]
fn what_stands_for_a_product_ends_with_its_module_and_with_a_failed_edition() {
    let mut fares = Fares::start();
    let product = fares.product.clone();
    fares.import(2);
    let first = fares.domain.edition(&product, "2026-03-02", "in-review");
    assert_eq!(fares.seen_by(BUREAU)["state"], "drafted");
    fares.domain.story.release_output(&first).expect("released");
    assert_eq!(fares.seen_by(BUREAU)["state"], "reviewed");
    let early = fares.domain.person(REVIEWERS[0]).post(
        &format!("/runs/{first}/standing"),
        &json!({ "reason": "it was fine" }),
    );
    assert_eq!(
        early.expect("an answer").json()["code"],
        "module-not-approved"
    );
    fares.approve_module();
    let standing = fares.approve(&first);
    assert_eq!(standing["state"], "in-force");
    assert_shown(&fares, &first);

    fares.import(3);
    fares.domain.edition(&product, "2026-03-03", "released");

    // The same name and another module: nothing is carried over.
    let other = fares
        .domain
        .module(&guest("examples", "bus-rides"), &rides_module("1.0.1"));
    let change = format!("{product}/module");
    let changed = fares
        .domain
        .unit()
        .post(&change, &json!({ "module": other }));
    let changed = changed.expect("an answer").served().expect("changed");
    assert_eq!(changed["state"], "drafted", "{changed}");
    assert_eq!(changed["standing"]["state"], "ended", "{changed}");
    assert_eq!(changed["standing"]["ended"]["cause"], "module", "{changed}");
    fares.import(4);
    let again = fares.domain.edition(&product, "2026-03-04", "in-review");
    let refused = fares.domain.person(REVIEWERS[0]).post(
        &format!("/runs/{first}/standing"),
        &json!({ "reason": "as before" }),
    );
    assert_eq!(
        text(&refused.expect("an answer").json(), "code"),
        "wrong-state"
    );
    fares.domain.story.release_output(&again).expect("released");
    fares.approve_module();
    fares.approve(&again);
    assert_eq!(fares.seen_by(BUREAU)["state"], "standing");

    failed_edition(&mut fares);
    let record = fares.domain.story.verify_record().expect("a report");
    assert_eq!(record["holds"], json!(true), "{record}");
}

/// Authorities see who gave it and for what; the unit sees that it is there, and until when.
fn assert_shown(fares: &Fares, first: &str) {
    let seen = fares.seen_by(BUREAU);
    assert_eq!(seen["state"], "standing", "{seen}");
    let standing = &seen["standing"];
    assert_eq!(standing["first"], first, "{seen}");
    assert_eq!(
        standing["approvals"].as_array().map(Vec::len),
        Some(2),
        "{seen}"
    );
    let digest = text(&standing["bound"], "module_digest");
    assert!(digest.starts_with("sha256:"), "{seen}");
    fares.assert_told_no_sooner(first, "standing", |told| {
        assert_eq!(told["standing"]["approvals_count"], 2, "{told}");
        assert!(told["standing"].get("approvals").is_none(), "{told}");
    });
    // The fewest of the days that they named, in microseconds.
    let moment = |name: &str| standing[name].as_i64().expect("a moment");
    let held = moment("until") - moment("in_force_at");
    assert_eq!(held, 30 * 86_400 * 1_000_000, "{seen}");
}

/// A day with next to no rides fails: its run is withheld, and what stood for the product is over. The unit learns that when its
/// status tells it.
fn failed_edition(fares: &mut Fares) {
    let product = fares.product.clone();
    let shipped = repository().join("examples/data/synthetic-wuxi-bus/rides-2026-03-05.csv");
    let shipped = std::fs::read(shipped).expect("rides");
    let lines = shipped.split_inclusive(|byte| *byte == b'\n').take(4);
    let few = fares
        .domain
        .file("few.csv", lines.collect::<Vec<_>>().concat());
    fares.import_file(5, &few);
    let run = fares.domain.edition(&product, "2026-03-05", "withheld");
    let seen = fares.seen_by(BUREAU);
    assert_eq!(seen["state"], "reviewed", "{seen}");
    assert_eq!(seen["standing"]["ended"]["cause"], "check", "{seen}");
    assert_eq!(seen["standing"]["ended"]["run"], run, "{seen}");
    let causes: Vec<String> = fares
        .domain
        .entries("standing-ended")
        .iter()
        .map(|e| text(&e["entry"]["facts"], "cause"))
        .collect();
    assert_eq!(causes, ["module", "check"]);
    fares.assert_told_no_sooner(&run, "reviewed", |told| {
        assert_eq!(told["standing"]["ended"]["cause"], "check", "{told}");
    });
    fares.import(6);
    fares.domain.edition(&product, "2026-03-06", "in-review");
}

const SECRETS: &str = r#"
name = "secrets"
source_unit = "example-bus-company"
basis = "statistical"
subject = "person"
grade = "g2"
licence = "CC0-1.0"
synthetic = true
title = { zh = "秘密", en = "Secrets" }
description = { zh = "每人每日一行", en = "One row per person and day" }
population = { name = "secretive-people", title = { zh = "有秘密的人", en = "People with secrets" }, private_only = true }
[[field]]
name = "person"
title = { zh = "人", en = "Person" }
type = "int32"
class = "direct-identifier"
grade = "g2"
mask = { kind = "withhold" }
[[field]]
name = "day"
title = { zh = "日期", en = "Day" }
type = "date"
class = "ordinary"
grade = "g1"
[[field]]
name = "slot"
title = { zh = "格", en = "Slot" }
type = "int32"
class = "ordinary"
grade = "g1"
[[field]]
name = "secret"
title = { zh = "秘密", en = "Secret" }
type = "int32"
class = "sensitive"
grade = "g2"
"#;

const SECRETS_TERMS: &str = r#"operator = "taihu-transport-analytics"
scenario = "smart-transport"
purpose = "transport-punctuality"
products = ["secrets-by-day"]
binding = "latest"
from = 2026-01-01T00:00:00+08:00
until = 2029-01-01T00:00:00+08:00
[quota]
runs = 100
rows = 10_000_000
released_cells = 1_000_000
[[resource]]
name = "secrets"
fields = ["day", "slot", "secret"]
"#;

const TELLER: &str = r#"
name = "secrets-by-day"
version = "1.0.0"
title = { zh = "每日秘密数", en = "Secrets, day by day" }
world = "per-subject"
purpose = "transport-punctuality"
author = "Nobody"
bias = "Made up."

[[resource]]
name = "secrets"
fields = ["slot", "secret"]

[[parameter]]
name = "attack"
type = "enumeration"
values = ["presence"]
default = "presence"

[contribution]
cells_per_subject = 1
epsilon = 0.25
cells = ["0", "1", "2", "3"]

[[contribution.measures]]
name = "told"
min = 0.0
max = 1.0
step = 1.0
"#;

/// Data subjects of each day; the same every day.
const PEOPLE: usize = 400;
/// ε of one edition.
const EPSILON: f64 = 0.25;

/// A daily product of a `per-subject` module.
struct Secrets {
    domain: Domain,
    product: String,
}

impl Secrets {
    fn start() -> Self {
        let mut domain = Domain::start();
        let mut officer = domain
            .story
            .personas()
            .iter()
            .find(|p| p.account == BUREAU)
            .expect("an officer")
            .clone();
        SECOND_OFFICER.clone_into(&mut officer.account);
        domain.story.open_account(&officer).expect("opened");
        let entry = domain.file("resource.toml", SECRETS);
        domain.story.catalogue(&entry).expect("catalogued");
        let grant = domain.grant(SECRETS_TERMS);
        let module = domain.module(&guest("hostile", "subject-teller"), TELLER);
        let product = json!({
            "name": "secrets-by-day", "title": { "zh": "每日秘密数", "en": "Secrets, day by day" },
            "grant": grant, "module": module, "period": "day", "cadence": "daily", "starts": "2026-03-02",
        });
        let mut revised = product.clone();
        revised["revision_days"] = json!(7);
        let refused = domain
            .unit()
            .post("/products", &revised)
            .expect("an answer")
            .json();
        assert_eq!(refused["code"], "product-invalid", "{refused}");
        assert!(refused.to_string().contains("never revised"), "{refused}");
        let product = domain.product(&product);
        let trigger = json!({ "trigger": { "kind": "on-snapshot", "resource": "secrets" } });
        let set = domain
            .unit()
            .post(&format!("{product}/schedules"), &trigger);
        set.expect("an answer").served().expect("set up");
        Self { domain, product }
    }

    /// A budget of so many editions, proposed by the bureau's officer.
    fn budget(&self, editions: usize) -> Value {
        let budget = json!({
            "population": "secretive-people", "epsilon": EPSILON * editions as f64, "reason": "drill, no production",
        });
        let set = self.domain.person(BUREAU).post("/privacy/budgets", &budget);
        set.expect("an answer").served().expect("taken")
    }

    fn import(&self, day: u32) {
        let mut rows = String::from("person,day,slot,secret\n");
        for person in 1..=PEOPLE {
            let secret = u8::from(person % 4 == 0);
            writeln!(rows, "{person},2026-03-{day:02},{},{secret}", person % 2).expect("a row");
        }
        let file = self.domain.file("rows.csv", rows);
        let onto = if day == 2 { "" } else { "&onto=newest" };
        let query = format!("format=csv&data_as_of=2026-03-{day:02}T16:00:00Z{onto}");
        self.domain
            .story
            .import_file("secrets", &file, &query)
            .expect("imported");
    }

    /// The first days of the editions that there are, once there are so many.
    fn editions(&self, count: usize) -> Vec<String> {
        let path = format!("{}/editions", self.product);
        let items = |seen: &Value| seen["items"].as_array().map_or(0, Vec::len);
        let what = format!("{count} editions");
        let seen = self
            .domain
            .until(&self.domain.unit(), &path, &what, |seen| {
                items(seen) >= count
            });
        let items = seen["items"].as_array().expect("editions");
        items
            .iter()
            .map(|edition| text(edition, "first_day"))
            .collect()
    }

    fn schedule(&self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let path = format!("{}/schedules", self.product);
        let seen = self.domain.until(&self.domain.unit(), &path, what, |seen| {
            wanted(&seen["items"][0])
        });
        seen["items"][0].clone()
    }

    fn spent(&self) -> f64 {
        let path = "/privacy/accounts/secretive-people";
        let account = self.domain.get(self.domain.person(BUREAU), path);
        account["spent_epsilon"].as_f64().expect("a figure")
    }
}

#[test]
fn a_private_product_waits_for_its_budget_and_goes_on() {
    let mut secrets = Secrets::start();
    secrets.import(2);
    let paused = secrets.schedule("a pause", |schedule| !schedule["paused"].is_null());
    assert_eq!(paused["paused"]["code"], "privacy-budget-unset", "{paused}");
    secrets.budget(2);
    assert_eq!(secrets.editions(1), ["2026-03-02"]);
    secrets.import(3);
    assert_eq!(secrets.editions(2), ["2026-03-02", "2026-03-03"]);

    // The third and the fourth day wait: each is due, none is tried.
    for day in [4, 5] {
        secrets.import(day);
        let paused = secrets.schedule("a pause", |schedule| !schedule["paused"].is_null());
        assert_eq!(paused["paused"]["code"], "privacy-budget-spent", "{paused}");
    }
    assert_eq!(secrets.editions(2).len(), 2);
    assert_eq!(secrets.spent(), 2.0 * EPSILON);

    let proposed = secrets.budget(4);
    assert_eq!(proposed["state"], "proposed");
    let sign = format!("/privacy/budgets/{}/signature", text(&proposed, "id"));
    let reason = json!({ "reason": "two days more" });
    let signed = secrets.domain.person(SECOND_OFFICER).post(&sign, &reason);
    signed.expect("an answer").served().expect("signed");
    let days = ["2026-03-02", "2026-03-03", "2026-03-04", "2026-03-05"];
    assert_eq!(secrets.editions(4), days);
    assert_eq!(secrets.spent(), 4.0 * EPSILON);
    secrets.schedule("no pause", |schedule| schedule["paused"].is_null());
    // Refused once when it was unset and once when it was spent, not at each look.
    assert_eq!(secrets.domain.entries("schedule-paused").len(), 2);
    assert_eq!(secrets.domain.entries("schedule-resumed").len(), 2);

    // Noise is drawn once for each day, however many rows come later.
    secrets.import(2);
    let again = secrets
        .domain
        .ask(&secrets.product.clone(), "2026-03-02")
        .json();
    assert_eq!(again["code"], "edition-tried", "{again}");
    assert_eq!(secrets.spent(), 4.0 * EPSILON);
    let record = secrets.domain.story.verify_record().expect("a report");
    assert_eq!(record["holds"], json!(true), "{record}");
}
