//! A product whose table is by what another resource tells of each row: where that list moves rows from cell to cell, they are late rows.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::Domain;
use crate::common::RUN_WAIT_MAX;
use crate::common::stage::{districts, entry, field, population};

/// Whatever it would do, its parameter says nothing: the gate computes the table.
const GUEST: (&str, &str) = ("attacks", "copier");
const DAY: &str = "2026-03-02";
/// People, one visit each, by district.
const PEOPLE: [(&str, usize); 4] = [("d1", 30), ("d2", 40), ("d3", 4), ("d4", 15)];
/// What the list says first.
const LIST: &str = "name,region\nd1,north\nd2,south\nd3,south\nd4,north\n";

/// Imports visits of people from this number on; all of one day, which is over.
fn visited(domain: &mut Domain, from: usize, people: &[(&str, usize)], onto: &str) {
    let mut rows = String::from("person,day,district\n");
    let districts = people
        .iter()
        .flat_map(|(district, people)| std::iter::repeat_n(district, *people));
    for (person, district) in (from..).zip(districts) {
        writeln!(rows, "{person},{DAY},{district}").expect("a row");
    }
    let file = domain.file(rows);
    let query = format!("format=csv&data_as_of={DAY}T16:00:00Z{onto}");
    let imported = domain.story.import_file("visits", &file, &query);
    imported.expect("imported");
}

/// The visits of one day and the list of districts, with a daily product by region; gives its path.
fn product(domain: &mut Domain) -> String {
    let reference = "[[reference]]\nresource = \"districts\"\nby = [\"district\"]\nfields = { region = \"region\" }\n";
    let fields = [
        field("day", "date", "ordinary", ""),
        field("district", "text", "quasi-identifier", ""),
    ];
    let head = entry("visits", &population("visitors", false), "");
    domain.catalogue(&[&head, &fields.concat(), reference].concat());
    visited(domain, 1, &PEOPLE, "");

    domain.resource("districts", &districts("key = [\"name\"]"), LIST);

    let visits = "\"day\", \"district\"";
    let reads = [("visits", visits), ("districts", "\"name\", \"region\"")];
    let mut rest = String::from("world = \"analysis\"\n");
    for (name, fields) in reads {
        writeln!(rest, "[[resource]]\nname = \"{name}\"\nfields = [{fields}]").expect("a resource");
    }
    rest.push_str(
        "[[parameter]]\nname = \"way\"\ntype = \"enumeration\"\nvalues = [\"nothing\"]\ndefault = \"nothing\"\n\
         [[output]]\nname = \"table\"\nresource = \"visits\"\n[[output.dimension]]\nfield = \"region\"\nbanding = \"each\"\n\
         [[output.measure]]\nname = \"visits\"\naggregate = \"count\"\n",
    );
    let grant = domain.grant_for(0, "\"visits-by-region\"", &reads, "");
    let module = domain.module(0, GUEST, "visits-by-region", &rest);
    domain.product(&json!({
        "name": "visits-by-region", "title": { "zh": "到访", "en": "Visits" }, "grant": grant, "module": module,
        "period": "day", "cadence": "daily", "starts": DAY, "revision_days": 30,
    }))
}

/// The labels and counts of an edition's table.
fn shown(domain: &Domain, run: &str) -> Vec<(String, Value)> {
    let rows = domain.rows(0, &domain.ended(run));
    let labelled = |row: &Value| (row[0].as_str().expect("a label").to_owned(), row[1].clone());
    rows.iter().map(labelled).collect()
}

#[test]
fn rows_that_a_list_moves_wait_until_they_are_enough() {
    let mut domain = Domain::start();
    let product = product(&mut domain);
    let first = domain.edition(&product, DAY, "released");
    let figures = |north: u64, south: u64| {
        let rows = [("north", north), ("south", south)];
        rows.map(|(label, count)| (label.to_owned(), json!(count)))
    };
    let table = shown(&domain, &first);
    // 45 and 44 people, rounded to tens.
    for row in figures(50, 40) {
        assert!(table.contains(&row), "{table:?}");
    }

    // The next is asked for once the unit sees that this one has ended.
    let reasons_of = |domain: &Domain, run: &str| {
        let seen = domain
            .story
            .wait_coarse(&domain.operator(), run, RUN_WAIT_MAX);
        seen.expect("an end");
        let detail = domain.ended(run);
        detail["verdicts"][0]["reasons"].to_string()
    };

    // The four of one district are in the other region now, and no visit is another: the same rows, counted by two lists.
    let moved = LIST.replace("d3,south", "d3,north");
    domain.import("districts", &moved).expect("imported");
    let alone = domain.edition(&product, DAY, "withheld");
    assert!(!reasons_of(&domain, &alone).contains("late rows wait"));

    // Enough visits of the north come late, too. The south is less by the four alone.
    visited(&mut domain, 101, &[("d1", 12)], "&onto=newest");
    let waits = domain.edition(&product, DAY, "withheld");
    let reasons = reasons_of(&domain, &waits);
    assert!(reasons.contains("late rows wait"), "{reasons}");

    // Against the edition that left, fifteen leave the north for the south, beside the twelve that came.
    let moved = LIST.replace("d4,north", "d4,south");
    domain.import("districts", &moved).expect("imported");
    let revised = domain.edition(&product, DAY, "released");
    let table = shown(&domain, &revised);
    // 42 and 59.
    for row in figures(40, 60) {
        assert!(table.contains(&row), "{table:?}");
    }
    let listed = domain.get(&domain.operator(), &format!("{product}/editions"));
    let editions = listed["items"].as_array().expect("editions");
    let revision = editions.iter().find(|e| e["revision"] == 1);
    assert_eq!(
        revision.expect("a revision")["run"],
        json!(revised),
        "{listed}"
    );
}
