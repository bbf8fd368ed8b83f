//! One honest `per-row` module whose parameter is swept: each table by itself passes every rule and leaves without people, and two of them differ by one
//! person. Nobody computes what lies between them, so people decide about every one but the first.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::common::stage::{Stage, entry, field, population};
use crate::common::text;

const GUEST: (&str, &str) = ("hostile", "threshold");
const FIELDS: &str = "\"age\", \"income\"";
/// The only person of this age is whom the sweep singles out.
const AGE: u32 = 30;

/// Catalogues and imports earners under this name; gives a module over them, and a grant.
fn earners(stage: &mut Stage, name: &str) -> (String, String) {
    let fields = [
        field("age", "int64", "quasi-identifier", ""),
        field("income", "int64", "sensitive", ""),
    ];
    let mut rows = String::from("person,age,income\n");
    for number in 0..=60 {
        let old = if number == 60 { AGE } else { 40 + number % 20 };
        for (person, age) in [(number, 20 + number % 10), (100 + number, old)] {
            writeln!(rows, "{person},{age},{}", 1_000 + 37 * person).expect("a row");
        }
    }
    let entry = entry(name, &population("attack-people", false), "");
    stage.resource(name, &[entry, fields.concat()].concat(), &rows);
    let rest = format!(
        "world = \"per-row\"\n[[resource]]\nname = \"{name}\"\nfields = [{FIELDS}]\n\
         [[parameter]]\nname = \"below\"\ntype = \"integer\"\nmin = 18\nmax = 100\ndefault = 30\n\
         [[derived]]\nname = \"counted\"\ntype = \"number\"\nmin = 0.0\nmax = 100000.0\n\
         [[output]]\nname = \"table\"\nresource = \"{name}\"\n\
         [[output.measure]]\nname = \"income\"\naggregate = \"sum\"\nderived = \"counted\"\n"
    );
    let module = stage.module(0, GUEST, name, &rest);
    stage.story.approve_module(&module).expect("approved");
    (module, stage.grant(0, &[(name, FIELDS)], ""))
}

/// Runs the module for those below an age.
fn below(stage: &mut Stage, (module, grant): &(String, String), age: u32) -> Value {
    let answer = stage.submit(0, module, grant, &json!({ "below": age }));
    let run = text(&answer.served().expect("queued"), "id");
    stage.ended(&run)
}

#[test]
fn of_a_sweep_of_thresholds_people_decide_about_every_table_but_the_first() {
    let mut stage = Stage::set();
    let (alone, swept) = (
        earners(&mut stage, "attack-alone"),
        earners(&mut stage, "attack-panel"),
    );
    // Each table leaves if no other did.
    let older = below(&mut stage, &alone, AGE + 1);
    let younger = below(&mut stage, &swept, AGE);
    let sum = |ended: &Value| stage.rows(0, ended)[0][0].as_f64().expect("a sum");
    // What they differ by is that person's income: those of both resources are the same people.
    assert!((sum(&older) - sum(&younger) - f64::from(1_000 + 37 * 160)).abs() < 1.0);

    for age in [AGE + 1, AGE - 1, 100] {
        let ended = below(&mut stage, &swept, age);
        assert_eq!(text(&ended["run"], "state"), "in-review", "{ended:#}");
        let verdict = &ended["verdicts"][0];
        assert_eq!(verdict["routine"], false, "{verdict}");
        let reasons = verdict["reasons"].to_string();
        assert!(reasons.contains("earlier"), "{reasons}");
        assert_eq!(ended["releases"], json!([]), "{ended:#}");
    }
    // The same once more is the same table.
    let again = below(&mut stage, &swept, AGE);
    assert_eq!(stage.rows(0, &again), stage.rows(0, &younger));
    let record = stage.story.verify_record().expect("a report");
    assert_eq!(record["holds"], true, "{record}");
}
