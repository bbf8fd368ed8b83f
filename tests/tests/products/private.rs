//! A product of a `per-subject` module: each edition is charged, and what its population's budget does not cover waits.

use std::fmt::Write as _;

use serde_json::{Value, json};
use yunei_tests::BUREAU;

use crate::Domain;
use crate::common::{guest, text};

/// Signs for what the bureau's first officer proposes.
const SECOND_OFFICER: &str = "bureau-second-officer";

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
        let days = items.iter().map(|edition| text(edition, "first_day"));
        let mut days: Vec<String> = days.collect();
        days.sort();
        days
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
