//! What leaves meanwhile: two days of a week that has left, judged before either of them leaves.

use std::time::{Duration, Instant};

use super::*;
use crate::common::under_quorum;

/// The days, both in the week that begins on 2 March, and the rides in 滨湖区 on each: of one ride on the second day, the week less the
/// first would tell.
const TWO: [(u32, u32); 2] = [(7, 60), (8, 1)];

/// Made-up rides from 8 to 9 o'clock on a day: of sixty cards in 梁溪区, and of so many in 滨湖区.
fn rides_on(day: u32, few: u32, header: &[u8]) -> Vec<u8> {
    const DISTRICTS: [&[u8]; 2] = [b"\xc1\xba\xcf\xaa\xc7\xf8", b"\xb1\xf5\xba\xfe\xc7\xf8"];
    const ADULT: &[u8] = b"\xc6\xd5\xcd\xa8\xbf\xa8";
    let mut rows = header.to_vec();
    // Nobody rides twice: who is in several cells at once is not moved from one to another.
    for ((number, district), cards) in (1..).zip(DISTRICTS).zip([60, few]) {
        for card in 0..cards {
            rows.extend_from_slice(format!("WX000{day}{number}{card:05},").as_bytes());
            rows.extend_from_slice(ADULT);
            rows.extend_from_slice(b",x,x,x,");
            rows.extend_from_slice(district);
            let at =
                format!(",,2026-03-0{day},2026-03-0{day}T08:30:00+08:00,,1.80,false,2026-03-10\n");
            rows.extend_from_slice(at.as_bytes());
        }
    }
    rows
}

fn entry(domain: &Domain, run: &str, kind: &str) -> Option<Value> {
    let entries = domain.story.entries(run).expect("entries");
    let mut entries = entries.into_iter().map(|entry| entry["entry"].clone());
    entries.find(|entry| entry["kind"] == json!(kind))
}

fn released(domain: &Domain, run: &str) -> Value {
    let ends = ["released", "in-review", "withheld"];
    let ended = domain.story.wait_state(run, &ends, RUN_WAIT_MAX);
    let ended = ended.expect("an end at the gate");
    assert_eq!(ended["run"]["state"], json!("released"), "{ended:#}");
    ended
}

/// The two days share no row, and the week connects them: the one that leaves second is judged again, with the other.
#[test]
fn two_days_of_a_week_do_not_miss_each_other() {
    let mut domain = Domain::start();
    let witness = under_quorum(
        &mut domain.server,
        &mut domain.story,
        domain.directory.path(),
    );
    let unit = domain.unit("taihu-transport-analytics", "bus-rides");
    let other = domain.unit("taihu-data-services", "bus-weeks");
    let days = domain.product(&unit, "bus-rides", "daily");
    let weeks = domain.product(&other, "bus-weeks", "weekly");
    let shipped = std::fs::read(domain.file(FIRST_DAY)).expect("rides");
    let end = shipped.iter().position(|byte| *byte == b'\n');
    let header = &shipped[..=end.expect("a header")];
    for ((day, few), told_of) in TWO.into_iter().zip([FIRST_DAY, TWO[1].0 + LATENESS_DAYS]) {
        let file = domain.written(&format!("{day}.csv"), &rides_on(day, few, header));
        domain.import(&file, told_of);
    }
    let asked = domain.ask(&other, &weeks, "2026-03-02");
    let week = text(&asked.served().expect("queued"), "id");
    let week = released(&domain, &week);
    domain
        .story
        .wait_coarse(&other.client, &text(&week["run"], "id"), RUN_WAIT_MAX)
        .expect("visible");

    witness.pause().expect("paused");
    let runs = TWO.map(|(day, _)| {
        let asked = domain.ask(&unit, &days, &format!("2026-03-{day:02}"));
        text(&asked.served().expect("queued"), "id")
    });
    let began = Instant::now();
    // On the record after the gate judged and before anything leaves.
    let waits = |run: &String| entry(&domain, run, "release-awaits-quorum").is_some();
    while !runs.iter().all(waits) {
        let details = runs
            .each_ref()
            .map(|run| domain.story.detail(run).expect("a detail"));
        assert!(
            began.elapsed() < RUN_WAIT_MAX,
            "both are judged: {details:#?}"
        );
        std::thread::sleep(Duration::from_millis(100));
    }
    witness.go_on().expect("on");
    let mut looked = runs.each_ref().map(|run| {
        released(&domain, run);
        let entry = entry(&domain, run, "run-released").expect("an entry");
        entry["facts"]["audited_to"].as_u64().expect("a place")
    });
    looked.sort_unstable();
    assert_eq!(
        looked,
        [1, 2],
        "one of them was judged again with the other"
    );

    let editions = domain.editions(&unit, &days, TWO.len());
    for edition in &editions {
        let table = domain.table(&unit, edition);
        assert_eq!(table[&morning()], json!(60));
        let few = ("滨湖区".to_owned(), "08".to_owned());
        assert_eq!(table[&few], Value::Null, "the week less 60 is 1");
    }
}
