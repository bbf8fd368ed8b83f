//! A fortnight of daily bus data: editions by schedule, late rows that wait, a revision, a server that is killed in between, and operating
//! units that put together what they have.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

#[path = "editions/colluding.rs"]
mod colluding;
mod common;
#[path = "editions/meanwhile.rs"]
mod meanwhile;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use common::{RUN_WAIT_MAX, configure, guest, program, repository, text};
use serde_json::{Value, json};
use tempfile::TempDir;
use yunei_tests::{Client, DATA_SETS, DataSet, Server, Story};

/// Days of a product until a period is closed: the shipped files bring rows up to two days late.
const LATENESS_DAYS: u32 = 2;
/// First day of the data.
const FIRST_DAY: u32 = 2;
/// Days of a fortnight.
const DAYS: u32 = 14;

struct Domain {
    story: Story,
    server: Server,
    directory: TempDir,
    rides: DataSet,
    requested: u64,
}

/// A unit with its product's module and grant.
struct Unit {
    client: Client,
    module: String,
    grant: String,
}

impl Domain {
    /// People, scenarios, and the catalogue entry of the rides without a row.
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data = directory.path().join("data");
        configure(&data, "");
        let server = Server::start(&program(), &data, [""; 0]).expect("a server");
        let mut story = Story::begin(&repository(), &server).expect("a first start");
        story.set_up_people().expect("people");
        let rides = DATA_SETS
            .into_iter()
            .find(|set| set.name == "synthetic-wuxi-bus")
            .expect("the rides");
        story.import(rides, 0).expect("catalogued");
        Self {
            story,
            server,
            directory,
            rides,
            requested: 0,
        }
    }

    fn restart(&mut self) {
        self.server.kill_hard().expect("killed");
        self.server.restart().expect("restarted");
        self.story.move_to(&self.server);
    }

    /// An operating unit with the module of the example, under a grant that names its product.
    fn unit(&self, organisation: &str, product: &str) -> Unit {
        let terms = self.directory.path().join(organisation);
        std::fs::create_dir(&terms).expect("a directory");
        let example = repository().join("examples/bus-rides/grant.toml");
        let text_of = std::fs::read_to_string(example).expect("terms");
        let altered = text_of
            .replace("taihu-transport-analytics", organisation)
            .replace("[\"bus-rides\"]", &format!("[\"{product}\"]"));
        std::fs::write(terms.join("grant.toml"), altered).expect("written");
        let client = self.story.operator_of(&terms).expect("an operator").clone();
        let uploaded = self
            .story
            .upload(&client, &guest("examples", "bus-rides"))
            .expect("an answer");
        let grant = self.story.grant(&terms).expect("a grant in force");
        Unit {
            client,
            module: text(&uploaded.served().expect("admitted"), "id"),
            grant: text(&grant, "id"),
        }
    }

    /// Drafts a product of a unit; gives its path.
    fn product(&self, unit: &Unit, name: &str, cadence: &str) -> String {
        let product = json!({
            "name": name, "title": { "zh": "公交客流", "en": "Bus rides" },
            "grant": unit.grant, "module": unit.module,
            "period": "boarded_at", "cadence": cadence, "starts": "2026-03-02",
            "lateness_days": LATENESS_DAYS,
        });
        let drafted = unit.client.post("/products", &product).expect("an answer");
        format!(
            "/products/{}",
            text(&drafted.served().expect("drafted"), "id")
        )
    }

    /// Imports a file, upon those before it, that tells of the moment when a day of March is over.
    fn import(&self, file: &Path, day: u32) {
        let onto = if day == FIRST_DAY { "" } else { "&onto=newest" };
        let query = format!(
            "{}&data_as_of=2026-03-{day:02}T16:00:00Z{onto}",
            self.rides.format
        );
        self.story
            .import_file(self.rides.name, file, &query)
            .expect("imported");
    }

    /// The file of a day of the fortnight: as shipped in the first week, the same a week later, made up, in the second.
    fn file(&self, day: u32) -> PathBuf {
        let shipped = |day: u32| {
            let name = format!(
                "examples/data/{}/rides-2026-03-{day:02}.csv",
                self.rides.name
            );
            repository().join(name)
        };
        if day < FIRST_DAY + 7 {
            return shipped(day);
        }
        let rows = std::fs::read(shipped(day - 7)).expect("rides");
        self.written(&format!("{day}.csv"), &a_week_later(&rows))
    }

    fn written(&self, name: &str, rows: &[u8]) -> PathBuf {
        let file = self.directory.path().join(name);
        std::fs::write(&file, rows).expect("written");
        file
    }

    /// Asks for an edition; gives the run, as its unit sees its end.
    fn requested(&mut self, unit: &Unit, product: &str, day: &str) -> Value {
        let run = text(
            &self.ask(unit, product, day).served().expect("queued"),
            "id",
        );
        let seen = self.story.wait_coarse(&unit.client, &run, RUN_WAIT_MAX);
        seen.expect("an end")
    }

    fn ask(&mut self, unit: &Unit, product: &str, day: &str) -> yunei_tests::Answer {
        self.requested += 1;
        let key = format!("edition-{}", self.requested);
        let path = format!("{product}/editions");
        let asked = unit.client.post_once(&path, &key, &json!({ "day": day }));
        asked.expect("an answer")
    }

    /// Editions of a product, as its unit sees them, once there are as many.
    fn editions(&self, unit: &Unit, product: &str, count: usize) -> Vec<Value> {
        let began = std::time::Instant::now();
        loop {
            let listed = unit.client.get(&format!("{product}/editions"));
            let listed = listed.expect("an answer").served().expect("editions");
            let items = listed["items"].as_array().expect("items").clone();
            if items.len() >= count {
                return items;
            }
            assert!(began.elapsed() < RUN_WAIT_MAX, "{} editions", items.len());
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    /// The table of an edition: figures by district and hour, nothing where it is blank.
    fn table(&self, unit: &Unit, edition: &Value) -> BTreeMap<(String, String), Value> {
        let release = edition["releases"][0].as_str().expect("a release");
        let table = self.story.table(&unit.client, release).expect("a table");
        let rows = table["rows"].as_array().expect("rows");
        let key = |row: &Value| {
            let label = |at: usize| row[at].as_str().expect("a label").to_owned();
            (label(0), label(1))
        };
        rows.iter().map(|row| (key(row), row[2].clone())).collect()
    }
}

/// Every date of the first week a week later.
fn a_week_later(rows: &[u8]) -> Vec<u8> {
    const MARCH: &[u8] = b"2026-03-0";
    let mut later = Vec::with_capacity(rows.len());
    let mut rest = rows;
    while let Some(found) = rest.windows(MARCH.len()).position(|w| w == MARCH) {
        let (before, after) = rest.split_at(found + MARCH.len());
        later.extend_from_slice(&before[..found]);
        let day = u32::from(after[0] - b'0') + 7;
        later.extend_from_slice(format!("2026-03-{day:02}").as_bytes());
        rest = &after[1..];
    }
    later.extend_from_slice(rest);
    later
}

/// Made-up rides that came late: so many cards, once each, in 梁溪区 on 2 March from 8 to 9 o'clock.
fn late(cards: std::ops::Range<u32>, header: &[u8]) -> Vec<u8> {
    const DISTRICT: &[u8] = b"\xc1\xba\xcf\xaa\xc7\xf8";
    const ADULT: &[u8] = b"\xc6\xd5\xcd\xa8\xbf\xa8";
    let mut rows = header.to_vec();
    for card in cards {
        rows.extend_from_slice(format!("WX00000{card:05},").as_bytes());
        rows.extend_from_slice(ADULT);
        rows.extend_from_slice(b",x,x,x,");
        rows.extend_from_slice(DISTRICT);
        rows.extend_from_slice(b",,2026-03-02,2026-03-02T08:30:00+08:00,,1.80,false,2026-03-15\n");
    }
    rows
}

/// Rides of a file's rows in 梁溪区 from 8 to 9 o'clock on a day.
fn rides(rows: &[u8], day: u32) -> usize {
    const DISTRICT: &[u8] = b"\xc1\xba\xcf\xaa\xc7\xf8";
    let hour = format!("2026-03-{day:02}T08:");
    let mut lines = rows.split(|byte| *byte == b'\n').skip(1);
    let fields = |line: &[u8]| -> Vec<Vec<u8>> {
        line.split(|byte| *byte == b',')
            .map(<[u8]>::to_vec)
            .collect()
    };
    lines
        .by_ref()
        .map(fields)
        .filter(|line| {
            line.len() > 8 && line[5] == DISTRICT && line[8].starts_with(hour.as_bytes())
        })
        .count()
}

fn morning() -> (String, String) {
    ("梁溪区".to_owned(), "08".to_owned())
}

fn rounded(count: usize) -> Value {
    json!((count + 5) / 10 * 10)
}

#[test]
fn a_fortnight_of_daily_data() {
    let mut domain = Domain::start();
    let unit = domain.unit("taihu-transport-analytics", "bus-rides");
    let product = domain.product(&unit, "bus-rides", "daily");
    let on_snapshot =
        json!({ "trigger": { "kind": "on-snapshot", "resource": domain.rides.name } });
    let schedules = format!("{product}/schedules");
    let set = unit.client.post(&schedules, &on_snapshot);
    set.expect("an answer").served().expect("set up");
    let unit = fortnight(&mut domain, unit);

    // The data tell of the end of the 15th; what ended two days before is closed.
    let editions = domain.editions(&unit, &product, 12);
    let mut days: Vec<String> = editions.iter().map(|e| text(e, "first_day")).collect();
    days.sort();
    let expected: Vec<String> = (2..=13).map(|day| format!("2026-03-{day:02}")).collect();
    assert_eq!(days, expected, "each closed day has one edition");
    assert!(editions.iter().all(|edition| edition["revision"] == 0));
    let of = |editions: &[Value], day: &str, revision: u32| -> Value {
        let found = editions
            .iter()
            .find(|e| e["first_day"] == day && e["revision"] == revision);
        found.expect("the edition").clone()
    };
    for day in [2, 9] {
        let edition = of(&editions, &format!("2026-03-{day:02}"), 0);
        let files = (day..=day + LATENESS_DAYS).map(|file| domain.file(file));
        let count = files
            .map(|file| rides(&std::fs::read(file).expect("rides"), day))
            .sum();
        let table = domain.table(&unit, &edition);
        assert_eq!(table[&morning()], rounded(count), "day {day}");
    }
    late_rows(
        &mut domain,
        &unit,
        &product,
        &of(&editions, "2026-03-02", 0),
    );
    let record = domain.story.verify_record().expect("a report");
    assert_eq!(record["holds"], json!(true), "{record}");
}

/// Imports the fortnight day by day; the server is killed in the middle of it. Gives the unit, at the server's new address.
fn fortnight(domain: &mut Domain, mut unit: Unit) -> Unit {
    for day in FIRST_DAY..FIRST_DAY + DAYS {
        domain.import(&domain.file(day), day);
        if day == FIRST_DAY + 4 {
            domain.restart();
            let terms = domain.directory.path().join("taihu-transport-analytics");
            unit.client = domain.story.operator_of(&terms).expect("the unit").clone();
        }
    }
    unit
}

/// Late rows wait until enough subjects change each cell that changes; then they leave as a revision.
fn late_rows(domain: &mut Domain, unit: &Unit, product: &str, first: &Value) {
    let day = "2026-03-02";
    let shipped = std::fs::read(domain.file(FIRST_DAY)).expect("rides");
    let end = shipped
        .iter()
        .position(|byte| *byte == b'\n')
        .expect("a header");
    let header = shipped[..=end].to_vec();
    let last = FIRST_DAY + DAYS - 1;

    let few = domain.written("few.csv", &late(0..3, &header));
    domain.import(&few, last);
    let seen = domain.requested(unit, product, day);
    assert_eq!(text(&seen, "status"), "not-released");
    let detail = domain.story.detail(&text(&seen, "id")).expect("a detail");
    assert_eq!(detail["run"]["state"], "withheld");
    let reasons = detail["verdicts"][0]["reasons"].to_string();
    assert!(reasons.contains("late rows wait"), "{detail}");
    assert!(!seen.to_string().contains("late rows"), "{seen}");
    let again = domain.ask(unit, product, day).json();
    assert_eq!(again["code"], "edition-tried", "{again}");

    let many = domain.written("many.csv", &late(3..18, &header));
    domain.import(&many, last);
    let seen = domain.requested(unit, product, day);
    assert_eq!(text(&seen, "status"), "released", "{seen}");
    let editions = domain.editions(unit, product, 13);
    let revision = editions.iter().find(|edition| edition["revision"] == 1);
    let revision = revision.expect("a revision");
    assert_eq!(revision["first_day"], day);
    assert_eq!(revision["revises"], first["id"]);
    let (before, now) = (domain.table(unit, first), domain.table(unit, revision));
    for (cell, figure) in &before {
        if *cell == morning() {
            let more = now[cell].as_i64().expect("a figure") - figure.as_i64().expect("a figure");
            assert!([10, 20].contains(&more), "18 rides, rounded: {more}");
        } else {
            assert_eq!(now[cell], *figure, "{cell:?}");
        }
    }
}
