//! One column under two names: as the weights of a count in one table, and as a sum in another. What is known of the one is known of the other, so that
//! both are protected together.

use std::fmt::Write as _;

use serde_json::Value;

use crate::common::stage::{Stage, entry, field, population};
use crate::common::text;

const GUEST: (&str, &str) = ("attacks", "copier");
const RESOURCE: &str = "attack-panel";
const FIELDS: &str = "\"district\", \"income\", \"marked\"";

/// Districts with the people of each and about what each of them earns: too few in `n`, and next to nothing in `z`.
const DISTRICTS: [(&str, u32, u32); 4] = [
    ("n", 9, 10_000),
    ("e", 40, 10_000),
    ("z", 60, 1),
    ("w", 60, 10_000),
];

/// Catalogues and imports the people, twice over: those who are marked, and as many who are not.
fn people(stage: &mut Stage) {
    let bandings = "[[field.banding]]\nname = \"fine\"\nkind = \"groups\"\n\
        groups = [{ label = \"n\", values = [\"n\"] }, { label = \"e\", values = [\"e\"] }, { label = \"zw\", values = [\"z\", \"w\"] }]\n\
        [[field.banding]]\nname = \"across\"\nkind = \"groups\"\n\
        groups = [{ label = \"nw\", values = [\"n\", \"w\"] }, { label = \"ez\", values = [\"e\", \"z\"] }]\n";
    let fields = [
        field("district", "text", "quasi-identifier", bandings),
        field("income", "int64", "ordinary", ""),
        field("marked", "int64", "ordinary", ""),
    ];
    let mut rows = String::from("person,district,income,marked\n");
    let mut person = 0;
    for (district, count, income) in DISTRICTS {
        for one in 0..2 * count {
            person += 1;
            // Of many values, so that no rule about indicators speaks first.
            let income = income + one / 2 % 23 * income.div_ceil(60);
            writeln!(rows, "{person},{district},{income},{}", one % 2).expect("a row");
        }
    }
    let entry = entry(RESOURCE, &population("attack-people", false), "");
    stage.resource(RESOURCE, &[entry, fields.concat()].concat(), &rows);
}

/// A grant over those who are marked, or who are not.
fn grant(stage: &mut Stage, marked: u32) -> String {
    let filter =
        format!("[[resource.filter]]\nfield = \"marked\"\ncomparison = \"eq\"\nvalue = {marked}\n");
    stage.grant(0, &[(RESOURCE, FIELDS)], &filter)
}

fn module(stage: &Stage, banding: &str, totals: bool, measure: &str) -> String {
    let rest = format!(
        "world = \"analysis\"\n[[resource]]\nname = \"{RESOURCE}\"\nfields = [{FIELDS}]\n\
         [[parameter]]\nname = \"way\"\ntype = \"enumeration\"\nvalues = [\"nothing\"]\ndefault = \"nothing\"\n\
         [[output]]\nname = \"table\"\nresource = \"{RESOURCE}\"\ntotals = {totals}\n\
         [[output.dimension]]\nfield = \"district\"\nbanding = \"{banding}\"\n\
         [[output.measure]]\nname = \"figure\"\n{measure}\n"
    );
    stage.module(0, GUEST, &format!("by-{banding}"), &rest)
}

/// Labels of a released table whose figures are blank, of those that somebody is in.
fn blanks(stage: &Stage, ended: &Value) -> Vec<String> {
    let rows = stage.rows(0, ended);
    let label = |row: &Value| row[0].as_str().expect("a label").to_owned();
    let blank = rows.iter().filter(|row| row[1].is_null()).map(label);
    blank.filter(|label| label != "other").collect()
}

#[test]
fn a_column_that_was_weights_is_protected_as_a_sum() {
    const WEIGHED: &str = "aggregate = \"count\"\nweight = \"income\"";
    const SUMMED: &str = "aggregate = \"sum\"\nfield = \"income\"";
    let mut stage = Stage::set();
    people(&mut stage);
    let (panel, others) = (grant(&mut stage, 0), grant(&mut stage, 1));

    // `n` is too small, and `e` is blank with it; the others and the whole are shown.
    let weighed = module(&stage, "fine", true, WEIGHED);
    let ended = stage.run(0, &weighed, &panel);
    assert_eq!(blanks(&stage, &ended), ["n", "e"]);

    // By itself this table leaves as it is: so it does of as many others. Were the two columns two, it would beside the first as well: in either, `n`
    // could be nearly nothing. As one they leave no room but the little that `z` earns: what `n` has less `e` has more, `z` has less of it, and `w` more.
    let summed = module(&stage, "across", false, SUMMED);
    let ended = stage.run(0, &summed, &others);
    assert_eq!(blanks(&stage, &ended), [""; 0]);
    let ended = stage.run(0, &summed, &panel);
    if text(&ended["run"], "state") == "released" {
        assert_eq!(blanks(&stage, &ended), ["nw", "ez"]);
    }
    let record = stage.story.verify_record().expect("a report");
    assert_eq!(record["holds"], true, "{record}");
}
