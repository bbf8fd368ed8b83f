//! A product of a `per-subject` module: each edition is charged, and what its population's budget does not cover waits.

use std::fmt::Write as _;

use serde_json::{Value, json};
use yunei_tests::BUREAU;

use crate::Domain;
use crate::common::stage::{entry, field, population};
use crate::common::text;

/// Signs for what the bureau's first officer proposes.
const SECOND_OFFICER: &str = "bureau-second-officer";

const GUEST: (&str, &str) = ("hostile", "subject-teller");

/// What follows the manifest's head: each subject's secret is told in the cell of its slot.
const TELLER: &str = "world = \"per-subject\"\n\
    [[resource]]\nname = \"secrets\"\nfields = [\"slot\", \"secret\"]\n\
    [[parameter]]\nname = \"attack\"\ntype = \"enumeration\"\nvalues = [\"presence\"]\ndefault = \"presence\"\n\
    [contribution]\ncells_per_subject = 1\nepsilon = 0.25\ncells = [\"0\", \"1\", \"2\", \"3\"]\n\
    [[contribution.measures]]\nname = \"told\"\nmin = 0.0\nmax = 1.0\nstep = 1.0\n";

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
        let fields = [
            field("day", "date", "ordinary", ""),
            field("slot", "int32", "ordinary", ""),
            field("secret", "int32", "sensitive", ""),
        ];
        let head = entry("secrets", &population("secretive-people", true), "");
        domain.catalogue(&[head, fields.concat()].concat());
        let granted = "\"day\", \"slot\", \"secret\"";
        let grant = domain.grant_for(0, "\"secrets-by-day\"", &[("secrets", granted)], "");
        let module = domain.module(0, GUEST, "secrets-by-day", TELLER);
        let product = json!({
            "name": "secrets-by-day", "title": { "zh": "每日秘密数", "en": "Secrets, day by day" },
            "grant": grant, "module": module, "period": "day", "cadence": "daily", "starts": "2026-03-02",
        });
        let mut revised = product.clone();
        revised["revision_days"] = json!(7);
        let refused = domain
            .operator()
            .post("/products", &revised)
            .expect("an answer")
            .json();
        assert_eq!(refused["code"], "product-invalid", "{refused}");
        assert!(refused.to_string().contains("never revised"), "{refused}");
        let product = domain.product(&product);
        let trigger = json!({ "trigger": { "kind": "on-snapshot", "resource": "secrets" } });
        let set = domain
            .operator()
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

    fn import(&mut self, day: u32) {
        let mut rows = String::from("person,day,slot,secret\n");
        for person in 1..=PEOPLE {
            let secret = u8::from(person % 4 == 0);
            writeln!(rows, "{person},2026-03-{day:02},{},{secret}", person % 2).expect("a row");
        }
        let file = self.domain.file(rows);
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
            .until(&self.domain.operator(), &path, &what, |seen| {
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
        let seen = self
            .domain
            .until(&self.domain.operator(), &path, what, |seen| {
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
