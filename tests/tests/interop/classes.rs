//! A cell with many people in it whose line is all of one sensitive class: it is blank, and the certificate says and opens why.

use std::fmt::Write as _;

use serde_json::Value;
use yunei_tests::REGULATOR;

use crate::certificates::Hands;
use crate::common::RUN_WAIT_MAX;
use crate::common::stage::{Stage, entry, field, population};
use crate::common::text;
use crate::verifiers::{holds, name};

const FIELDS: &str = "\"district\", \"income\", \"health\", \"marked\"";
/// People who are well and who are ill, by district: in the north nobody is ill.
const PEOPLE: [(&str, u32, u32); 3] = [("north", 40, 0), ("east", 30, 34), ("south", 25, 35)];

/// Releases people by district and health; gives the certificate's holder and the table's rows.
fn released(stage: &mut Stage) -> (Hands, Vec<Value>) {
    let values = |name: &str, values: &str| {
        format!("[[field.banding]]\nname = \"{name}\"\nkind = \"values\"\nvalues = [{values}]\n")
    };
    let districts = values("district", "\"north\", \"east\", \"south\"");
    let fields = [
        field("district", "text", "quasi-identifier", &districts),
        field(
            "health",
            "text",
            "sensitive",
            &values("health", "\"well\", \"ill\""),
        ),
        field("income", "int64", "sensitive", ""),
        field("marked", "int64", "ordinary", ""),
    ];
    let mut rows = String::from("person,district,health,income,marked\n");
    let mut person = 0;
    for (district, well, ill) in PEOPLE {
        for (health, people) in [("well", well), ("ill", ill)] {
            for _ in 0..people {
                person += 1;
                writeln!(rows, "{person},{district},{health},0,0").expect("a row");
            }
        }
    }
    let entry = entry("attack-panel", &population("attack-people", false), "");
    stage.resource("attack-panel", &[entry, fields.concat()].concat(), &rows);
    let grant = stage.grant(0, &[("attack-panel", FIELDS)], "");
    let rest = format!(
        "world = \"analysis\"\n[[resource]]\nname = \"attack-panel\"\nfields = [{FIELDS}]\n\
         [[parameter]]\nname = \"way\"\ntype = \"enumeration\"\nvalues = [\"nothing\"]\ndefault = \"nothing\"\n\
         [[output]]\nname = \"table\"\nresource = \"attack-panel\"\n\
         [[output.dimension]]\nfield = \"district\"\nbanding = \"district\"\n\
         [[output.dimension]]\nfield = \"health\"\nbanding = \"health\"\n\
         [[output.measure]]\nname = \"people\"\naggregate = \"count\"\n"
    );
    let module = stage.module(0, ("attacks", "copier"), "classes", &rest);
    let ended = stage.run(0, &module, &grant);
    let rows = stage.rows(0, &ended);
    let release = ended["releases"][0].as_str().expect("a release").to_owned();
    (Hands::of(&stage.server, release), rows)
}

/// The row of a cell.
fn row(rows: &[Value], labels: [&str; 2]) -> usize {
    let place = rows
        .iter()
        .position(|row| row[0] == labels[0] && row[1] == labels[1]);
    place.expect("the cell")
}

#[test]
fn a_district_where_all_are_of_one_class_is_blank_and_the_certificate_opens_why() {
    let mut stage = Stage::set();
    let (hands, rows) = released(&mut stage);
    let figure = |labels| rows[row(&rows, labels)][2].clone();
    assert_eq!(figure(["north", "well"]), Value::Null, "all are well there");
    assert_eq!(figure(["north", "ill"]), Value::Null);
    assert_eq!(
        (figure(["east", "well"]), figure(["south", "ill"])),
        (30.into(), 40.into())
    );

    let unit = stage.unit(0);
    let regulator = stage.story.person(REGULATOR).expect("a regulator");
    let release = hands.release.clone();
    let fetched = |who, what: &[&str], file: &str| {
        let (done, told) = hands.fetch(&stage.server, who, what, file);
        assert!(done, "{told}");
        hands.place(file)
    };
    let certificate = fetched(&unit, &["certificate", "get", &release], "certificate");
    let table = fetched(
        &unit,
        &["release", "fetch", &release, "--format", "csv"],
        "csv",
    );
    let report = holds(hands.ours(&certificate, &["--table", name(&table)]));
    let gate = &report["certificate"]["gate"];
    let rules = gate["rules"].as_array().expect("rules");
    assert!(rules.contains(&"class".into()), "{gate}");
    assert!(rules.contains(&"suppression".into()), "{gate}");
    holds(hands.others("verify", &certificate, &[name(&table)]));

    let opening = fetched(regulator, &["certificate", "open", &release], "opening");
    let report = holds(hands.ours(&certificate, &["--opening", name(&opening)]));
    holds(hands.others("opening", &certificate, &[name(&opening)]));
    // Three leaves are of the whole; then comes one for each row.
    let leaf = |labels| &report["opened"][3 + row(&rows, labels)];
    assert_class(leaf(["north", "well"]), 1.0, true);
    assert_class(leaf(["east", "well"]), 30.0 / 64.0, false);
    let seen = stage
        .story
        .wait_coarse(&unit, &text(&report["certificate"], "run"), RUN_WAIT_MAX);
    assert!(
        !seen.expect("visible").to_string().contains("class"),
        "its unit is not told why"
    );
}

/// The leaf of a cell with people in it: the share of its line that is in the class, and what stays unknown of it where that is all.
fn assert_class(leaf: &Value, share: f64, blank: bool) {
    let rules = leaf["rules"].as_array().expect("rules");
    let of = |rule: &str| rules.iter().find(|figure| figure["rule"] == rule);
    let support = &of("threshold").expect("people are in it")["value"];
    assert!(support.as_f64() >= Some(30.0), "{leaf}");
    let told = of("class").expect("the rule about classes")["value"].as_f64();
    assert!((told.expect("a share") - share).abs() < 1e-9, "{leaf}");
    assert_eq!(leaf["blank"] != "no", blank, "{leaf}");
    let brackets = leaf["brackets"].as_array().expect("brackets");
    assert_eq!(!brackets.is_empty(), blank, "{leaf}");
}
