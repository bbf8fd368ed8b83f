//! People who are looked up: a table that gets fields of theirs by a reference is about their own resource, too, and all of it.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::common::stage::{Stage, code, each, entry, field, population};
use crate::common::text;

const GUEST: (&str, &str) = ("attacks", "copier");
/// What grants give: the gate looks people up by who they are, and no guest sees that.
const GRANTED: [(&str, &str); 2] = [
    ("trips", "\"person\", \"day\", \"stop\", \"wage\", \"fare\""),
    ("people", "\"day\", \"age\", \"income\""),
];
/// Two days on which the same people travel, but one of them.
const DAYS: [&str; 2] = ["2026-02-02", "2026-02-03"];
/// People, half of them at each stop; the last one stays away on the second day.
const PEOPLE: usize = 80;

/// A table of a manifest: name, resource, dimension, and the lines of its measure. The guest writes `table`, and nothing into it.
struct Output(&'static str, &'static str, &'static str, &'static str);

const INCOMES_BY_STOP: Output = Output(
    "table",
    "trips",
    "stop",
    "aggregate = \"sum\"\nfield = \"earned\"\n",
);
const INCOMES_BY_AGE: Output = Output(
    "people",
    "people",
    "age",
    "aggregate = \"sum\"\nfield = \"income\"\n",
);
const PEOPLE_BY_AGE: Output = Output("table", "people", "age", "aggregate = \"count\"\n");
const WAGES_BY_STOP: Output = Output(
    "table",
    "trips",
    "stop",
    "aggregate = \"sum\"\nfield = \"wage\"\n",
);
const FARES_BY_STOP: Output = Output(
    "table",
    "trips",
    "stop",
    "aggregate = \"sum\"\nfield = \"fare\"\n",
);
const TRIPS_BY_AGE: Output = Output("table", "trips", "ages", "aggregate = \"count\"\n");

/// Trips that refer to the people who make them, and the people; `group` is a line of the people's entry.
fn set(group: &str) -> Stage {
    let mut stage = Stage::set();
    let reference = "[[reference]]\nresource = \"people\"\nby = [\"person\"]\nfields = { ages = \"age\", earned = \"income\" }\n";
    let fields = [
        field("day", "date", "ordinary", ""),
        field("stop", "text", "quasi-identifier", &each("\"s0\", \"s1\"")),
        // What the one who travels earns, and what the trip costs.
        field("wage", "int64", "ordinary", "of_subject = true\n"),
        field("fare", "int64", "ordinary", ""),
    ];
    let head = entry("trips", &population("travellers", false), "");
    let mut rows = String::from("person,day,stop,wage,fare\n");
    for (day, people) in DAYS.into_iter().zip([PEOPLE, PEOPLE - 1]) {
        for person in 1..=people {
            let (wage, fare) = (4_000 + 17 * person, 1 + person % 7);
            writeln!(rows, "{person},{day},s{},{wage},{fare}", person % 2).expect("a row");
        }
    }
    stage.resource(
        "trips",
        &[&head, &fields.concat(), reference].concat(),
        &rows,
    );

    let fields = [
        // They, too, are of a day: on which they were registered.
        field("day", "date", "ordinary", ""),
        field("age", "int64", "quasi-identifier", &each("\"30\", \"60\"")),
        field("income", "int64", "ordinary", ""),
        field("household", "int64", "quasi-identifier", ""),
    ];
    let more = format!("key = [\"person\"]\n{group}");
    let head = entry("people", &population("travellers", false), &more);
    let mut rows = String::from("person,day,age,income,household\n");
    for person in 1..=PEOPLE {
        let (age, income) = ([30, 60][person % 2], 4_000 + 17 * person);
        writeln!(rows, "{person},2026-02-01,{age},{income},1").expect("a row");
    }
    stage.resource("people", &[head, fields.concat()].concat(), &rows);
    stage
}

fn module(stage: &Stage, unit: usize, name: &str, outputs: &[Output]) -> String {
    let mut rest = String::from(
        "world = \"analysis\"\n[[resource]]\nname = \"trips\"\nfields = [\"day\", \"stop\", \"wage\", \"fare\"]\n\
         [[resource]]\nname = \"people\"\nfields = [\"day\", \"age\", \"income\"]\n\
         [[parameter]]\nname = \"way\"\ntype = \"enumeration\"\nvalues = [\"nothing\"]\ndefault = \"nothing\"\n",
    );
    for Output(name, resource, dimension, measure) in outputs {
        write!(
            rest,
            "[[output]]\nname = \"{name}\"\nresource = \"{resource}\"\n\
             [[output.dimension]]\nfield = \"{dimension}\"\nbanding = \"each\"\n\
             [[output.measure]]\nname = \"figure\"\n{measure}"
        )
        .expect("an output");
    }
    stage.module(unit, GUEST, name, &rest)
}

/// How a run ends that must be queued, over one day or over all.
fn run(stage: &mut Stage, unit: usize, module: &str, day: Option<&str>) -> Value {
    let grant = stage.grant(unit, &GRANTED, "");
    let client = stage.unit(unit);
    let mut request = Stage::request(module, &grant, &json!({}));
    if let Some(day) = day {
        request["period"] = json!({ "field": "day", "cadence": "daily", "day": day });
    }
    let answer = stage.story.submit_request(&client, &request);
    let queued = answer.expect("an answer").served().expect("queued");
    stage.ended(&text(&queued, "id"))
}

fn state(ended: &Value) -> String {
    text(&ended["run"], "state")
}

#[test]
fn whatever_leaves_about_them_afterwards_is_for_people_to_decide() {
    let mut stage = set("");
    let by_age = module(&stage, 0, "trips-by-age", &[TRIPS_BY_AGE]);
    let first = run(&mut stage, 0, &by_age, None);
    assert_eq!(state(&first), "released", "{first:#}");
    let people = module(&stage, 1, "people-by-age", &[PEOPLE_BY_AGE]);
    let second = run(&mut stage, 1, &people, None);
    assert_eq!(state(&second), "in-review", "{second:#}");
}

/// Two days of trips are of different trips and of the same people: the one who stays away earns what the two tables differ by.
#[test]
fn they_are_no_others_on_another_day() {
    let mut stage = set("");
    let modules = [0, 1].map(|unit| module(&stage, unit, "earned", &[INCOMES_BY_STOP]));
    let first = run(&mut stage, 0, &modules[0], Some(DAYS[0]));
    assert_eq!(state(&first), "released", "{first:#}");
    let second = run(&mut stage, 1, &modules[1], Some(DAYS[1]));
    assert_eq!(state(&second), "in-review", "{second:#}");
    let told = second["overlaps"][0]["beyond"].as_u64();
    assert_eq!(told, Some(1), "{second:#}");
}

/// So too where their wages stand in the rows of their trips; fares are of the trips.
#[test]
fn a_fact_about_them_is_the_same_on_another_day() {
    let mut stage = set("");
    for (output, last) in [(WAGES_BY_STOP, "in-review"), (FARES_BY_STOP, "released")] {
        let outputs = [output];
        let modules = [0, 1].map(|unit| module(&stage, unit, "summed", &outputs));
        let first = run(&mut stage, 0, &modules[0], Some(DAYS[0]));
        assert_eq!(state(&first), "released", "{first:#}");
        let second = run(&mut stage, 1, &modules[1], Some(DAYS[1]));
        assert_eq!(state(&second), last, "{second:#}");
    }
}

/// Whoever is at both stops is in two sums of what people earn: so many equations about the same unknowns.
#[test]
fn a_fact_about_them_in_several_cells_is_for_people_to_decide() {
    let mut stage = set("");
    let mut rows = String::from("person,day,stop,wage,fare\n");
    for person in 1..=PEOPLE {
        for stop in if person == 1 {
            0..2
        } else {
            person % 2..person % 2 + 1
        } {
            let (day, wage, fare) = (DAYS[0], 4_000 + 17 * person, 1 + person % 7);
            writeln!(rows, "{person},{day},s{stop},{wage},{fare}").expect("a row");
        }
    }
    stage.import("trips", &rows).expect("imported");
    for (output, last) in [(WAGES_BY_STOP, "in-review"), (FARES_BY_STOP, "released")] {
        let summed = module(&stage, 0, "summed", &[output]);
        let ended = run(&mut stage, 0, &summed, None);
        assert_eq!(state(&ended), last, "{ended:#}");
    }
}

/// In one run, a table about people and one about their trips.
#[test]
fn two_outputs_about_them_are_for_people_to_decide() {
    let mut stage = set("");
    let both = module(&stage, 0, "both", &[INCOMES_BY_AGE, INCOMES_BY_STOP]);
    let ended = run(&mut stage, 0, &both, None);
    assert_eq!(state(&ended), "in-review", "{ended:#}");
    let reasons = ended["verdicts"][0]["reasons"].to_string();
    assert!(reasons.contains("one of the two looks up"), "{reasons}");
    // Either by itself leaves.
    let alone = module(&stage, 1, "alone", &[INCOMES_BY_STOP]);
    let ended = run(&mut stage, 1, &alone, None);
    assert_eq!(state(&ended), "released", "{ended:#}");
}

#[test]
fn who_is_one_there_is_not_several_here() {
    let mut stage = set("subject_group = \"household\"\n");
    let by_age = module(&stage, 0, "trips-by-age", &[TRIPS_BY_AGE]);
    let grant = stage.grant(0, &GRANTED, "");
    let answer = stage.submit(0, &by_age, &grant, &json!({}));
    assert_eq!(code(&answer), "grant-lineage", "{}", answer.json());
    let said = answer.json().to_string();
    assert!(
        said.contains("merges its data subjects by `household`"),
        "{said}"
    );
}
