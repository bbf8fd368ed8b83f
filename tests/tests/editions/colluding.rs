//! Two units put together what they have: days of the one, weeks of the other, and all days at once.
//!
//! The attacker knows every count that left, as it was before it was rounded, and that nothing is negative. It works out the least and the
//! greatest that each blank count could be; every equation is a sum over days of one district and hour, so that its bounds are exact.

use std::collections::{BTreeMap, BTreeSet};

use super::*;

/// Subjects that a cell needs.
const THRESHOLD: usize = 10;
/// No cell has more rides on one day.
const COUNT_MAX: i64 = 100_000;
/// Width that must stay open about a cell that too few are in.
const WIDTH_MIN: i64 = 10;
/// Longest that the attacker goes on drawing conclusions from conclusions.
const ROUNDS_MAX: usize = 50;

const DISTRICTS: [(&str, &[u8]); 5] = [
    ("梁溪区", b"\xc1\xba\xcf\xaa\xc7\xf8"),
    ("滨湖区", b"\xb1\xf5\xba\xfe\xc7\xf8"),
    ("新吴区", b"\xd0\xc2\xce\xe2\xc7\xf8"),
    ("锡山区", b"\xce\xfd\xc9\xbd\xc7\xf8"),
    ("惠山区", b"\xbb\xdd\xc9\xbd\xc7\xf8"),
];

type Cell = (String, String);

/// Rides and cards of each cell and day, from the files.
#[derive(Default)]
struct Truth {
    rides: BTreeMap<(Cell, u32), i64>,
    cards: BTreeMap<(Cell, u32), BTreeSet<Vec<u8>>>,
}

impl Truth {
    fn count(&self, cell: &Cell, days: &[u32]) -> i64 {
        let of = |day: &u32| self.rides.get(&(cell.clone(), *day)).copied();
        days.iter().filter_map(of).sum()
    }

    fn take(&mut self, rows: &[u8]) {
        for line in rows.split(|byte| *byte == b'\n').skip(1) {
            let fields: Vec<&[u8]> = line.split(|byte| *byte == b',').collect();
            let Some(boarded) = fields.get(8).and_then(|at| std::str::from_utf8(at).ok()) else {
                continue;
            };
            let known = DISTRICTS.iter().find(|(_, bytes)| *bytes == fields[5]);
            let (Some((district, _)), Some(day), Some(hour)) =
                (known, boarded.get(8..10), boarded.get(11..13))
            else {
                continue;
            };
            let cell = ((*district).to_owned(), hour.to_owned());
            let key = (cell, day.parse().expect("a day"));
            *self.rides.entry(key.clone()).or_default() += 1;
            self.cards
                .entry(key)
                .or_default()
                .insert(fields[0].to_vec());
        }
    }
}

/// A table that left: the days that it is about, and the cells that it shows.
#[derive(Clone)]
struct Seen {
    days: Vec<u32>,
    shown: BTreeSet<Cell>,
}

impl Seen {
    fn of(days: Vec<u32>, table: &BTreeMap<Cell, Value>, truth: &Truth) -> Self {
        let shown = table.iter().filter(|(_, figure)| !figure.is_null());
        let shown: BTreeSet<Cell> = shown.map(|(cell, _)| cell.clone()).collect();
        for cell in &shown {
            let count = usize::try_from(truth.count(cell, &days)).expect("a count");
            assert_eq!(table[cell], rounded(count), "{cell:?} on {days:?}");
        }
        Self { days, shown }
    }
}

/// What the attacker knows of the rides of a cell on each day.
fn bounds(truth: &Truth, seen: &[Seen], cell: &Cell, days: &[u32]) -> BTreeMap<u32, (i64, i64)> {
    let mut known: BTreeMap<u32, (i64, i64)> =
        days.iter().map(|day| (*day, (0, COUNT_MAX))).collect();
    let shown: Vec<(&[u32], i64)> = seen
        .iter()
        .filter(|seen| seen.shown.contains(cell))
        .map(|seen| (&seen.days[..], truth.count(cell, &seen.days)))
        .collect();
    for _ in 0..ROUNDS_MAX {
        let before = known.clone();
        for (days, count) in &shown {
            for day in *days {
                let others = days.iter().filter(|other| *other != day);
                let (least, greatest) = others.fold((0, 0), |(least, greatest), other| {
                    (least + known[other].0, greatest + known[other].1)
                });
                let bound = known.get_mut(day).expect("a day");
                *bound = (bound.0.max(count - greatest), bound.1.min(count - least));
            }
        }
        if known == before {
            break;
        }
    }
    known
}

/// Cells that too few are in on a day, and that the attacker knows too well.
fn narrowed(truth: &Truth, seen: &[Seen], days: &[u32]) -> Vec<String> {
    let mut narrowed = Vec::new();
    for (district, _) in DISTRICTS {
        for hour in 0..24 {
            let cell = (district.to_owned(), format!("{hour:02}"));
            for (day, (low, high)) in bounds(truth, seen, &cell, days) {
                let cards = truth.cards.get(&(cell.clone(), day));
                let few = cards.is_some_and(|cards| cards.len() < THRESHOLD);
                if few && high - low < WIDTH_MIN {
                    narrowed.push(format!("{cell:?} on {day}: {low}..={high}"));
                }
            }
        }
    }
    narrowed
}

/// The edition of a product whose period begins on a day.
fn edition(domain: &Domain, unit: &Unit, product: &str, day: &str) -> Value {
    let editions = domain.editions(unit, product, 1);
    let found = editions.iter().find(|edition| edition["first_day"] == day);
    found.expect("the edition").clone()
}

/// Asks for an edition, which leaves without people.
fn released(domain: &mut Domain, unit: &Unit, product: &str, day: &str) {
    let queued = domain.ask(unit, product, day).served().expect("queued");
    let ends = ["released", "in-review"];
    let ended = domain
        .story
        .wait_state(&text(&queued, "id"), &ends, RUN_WAIT_MAX);
    let ended = ended.expect("an end at the gate");
    let reasons = &ended["verdicts"][0]["reasons"];
    assert_eq!(
        ended["run"]["state"],
        json!("released"),
        "{day}: {reasons:#}"
    );
}

/// Days that make a week, and those that close it.
const WEEK: std::ops::RangeInclusive<u32> = 2..=8;
const IMPORTED: std::ops::RangeInclusive<u32> = 2..=10;

/// The second unit's week over the first one's days, and then all rows at once: nothing that was blank is narrowed.
#[test]
fn a_week_beside_its_days_and_everything_beside_both() {
    let mut domain = Domain::start();
    let unit = domain.unit("taihu-transport-analytics", "bus-rides");
    let other = domain.unit("taihu-data-services", "bus-weeks");
    let days = domain.product(&unit, "bus-rides", "daily");
    let weeks = domain.product(&other, "bus-weeks", "weekly");
    for day in IMPORTED {
        domain.import(&domain.file(day), day);
        // A day is closed when the data tell of two days after it: each edition is over another snapshot.
        if let Some(closed) = day.checked_sub(LATENESS_DAYS).filter(|d| WEEK.contains(d)) {
            let first = format!("2026-03-{closed:02}");
            released(&mut domain, &unit, &days, &first);
        }
    }
    released(&mut domain, &other, &weeks, "2026-03-02");

    let all: Vec<u32> = IMPORTED.collect();
    let editions = domain.editions(&unit, &days, WEEK.count());
    let mut truth = Truth::default();
    for day in &all {
        truth.take(&std::fs::read(domain.file(*day)).expect("rides"));
    }
    let mut seen = Vec::new();
    for edition in &editions {
        let day = text(edition, "first_day")[8..].parse().expect("a day");
        seen.push(Seen::of(vec![day], &domain.table(&unit, edition), &truth));
    }
    assert_eq!(narrowed(&truth, &seen, &all), [""; 0], "the days alone");
    let week = edition(&domain, &other, &weeks, "2026-03-02");
    let week = Seen::of(WEEK.collect(), &domain.table(&other, &week), &truth);

    // The attacker is no straw man: of a week that nobody held against its days it would learn.
    let mut careless = seen.clone();
    let cells = truth.rides.keys().map(|(cell, _)| cell.clone());
    careless.push(Seen {
        days: week.days.clone(),
        shown: cells.collect(),
    });
    assert!(!narrowed(&truth, &careless, &all).is_empty());
    seen.push(week);
    assert_eq!(
        narrowed(&truth, &seen, &all),
        [""; 0],
        "the days and the week"
    );
    everything(&mut domain, &unit, &truth, seen, &all);
}

/// The first unit asks for all rows at once, under the same grant.
fn everything(domain: &mut Domain, unit: &Unit, truth: &Truth, mut seen: Vec<Seen>, all: &[u32]) {
    let request = json!({
        "module": unit.module, "grant": unit.grant, "purpose": "transit-planning", "parameters": {},
    });
    let answer = domain.story.submit_request(&unit.client, &request);
    let run = text(&answer.expect("an answer").served().expect("queued"), "id");
    let ends = ["released", "in-review"];
    let ended = domain.story.wait_state(&run, &ends, RUN_WAIT_MAX);
    let ended = ended.expect("an end at the gate");
    assert_eq!(
        ended["run"]["state"],
        json!("released"),
        "{:#}",
        ended["verdicts"][0]["reasons"]
    );
    let visible = domain.story.wait_coarse(&unit.client, &run, RUN_WAIT_MAX);
    let table = domain.table(unit, &visible.expect("visible"));
    seen.push(Seen::of(all.to_vec(), &table, truth));
    assert_eq!(
        narrowed(truth, &seen, all),
        [""; 0],
        "the days, the week and all of them"
    );
}
