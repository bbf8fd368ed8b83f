//! What runs, and comes to a verdict: sums that overflow, negative values, nothing at all.

use std::fmt::Write as _;

use serde_json::json;

use crate::common::stage::{Stage, entry, field, population};
use crate::common::text;

const GUEST: (&str, &str) = ("attacks", "copier");
const FIELDS: &str = "\"district\", \"income\", \"marked\", \"huge\", \"debt\", \"gap\"";

fn analysis(name: &str, output: &str) -> (String, String) {
    let rest = format!(
        "world = \"analysis\"\n[[resource]]\nname = \"attack-panel\"\nfields = [{FIELDS}]\n\
         [[parameter]]\nname = \"way\"\ntype = \"enumeration\"\nvalues = [\"nothing\"]\ndefault = \"nothing\"\n\
         [[output]]\nname = \"table\"\nresource = \"attack-panel\"\n{output}"
    );
    (name.to_owned(), rest)
}

fn summed(aggregate: &str, field: &str) -> String {
    format!(
        "[[output.dimension]]\nfield = \"district\"\nbanding = \"district\"\n\
         [[output.measure]]\nname = \"figure\"\naggregate = \"{aggregate}\"\nfield = \"{field}\"\n"
    )
}

fn panel(stage: &mut Stage) {
    let banding = "[[field.banding]]\nname = \"district\"\nkind = \"values\"\nvalues = [\"north\", \"east\"]\n";
    let fields = [
        field("district", "text", "quasi-identifier", banding),
        field("income", "int64", "sensitive", ""),
        field("marked", "int64", "ordinary", ""),
        field("huge", "float64", "ordinary", ""),
        field("debt", "float64", "ordinary", ""),
        field("gap", "float64", "ordinary", "nullable = true"),
    ];
    let mut rows = String::from("person,district,income,marked,huge,debt,gap\n");
    for person in 0..80 {
        let district = ["north", "east"][person % 2];
        // Of many values, so that no rule about indicators speaks first.
        let debt = f64::from(u32::try_from(person % 7).expect("a digit"))
            + if person % 5 == 0 { -30.5 } else { 2.0 };
        writeln!(
            rows,
            "{person},{district},{},0,1.0{person:02}e308,{debt},",
            100 + person
        )
        .expect("a row");
    }
    let entry = entry("attack-panel", &population("attack-people", false), "");
    stage.resource("attack-panel", &[entry, fields.concat()].concat(), &rows);
}

#[test]
fn odd_rows_come_to_a_verdict_that_says_why() {
    let mut stage = Stage::set();
    panel(&mut stage);
    let all = stage.grant(0, &[("attack-panel", FIELDS)], "");
    let nobody = stage.grant(
        0,
        &[("attack-panel", FIELDS)],
        "[[resource.filter]]\nfield = \"marked\"\ncomparison = \"eq\"\nvalue = 5\n",
    );
    let model = "[output.model]\nkind = \"linear\"\nresponse = { field = \"huge\" }\n\
                 [[output.model.term]]\nfield = \"income\"\n";
    let cases = [
        (
            analysis("overflow-sum", &summed("sum", "huge")),
            &all,
            "withheld",
            "no finite number",
        ),
        (
            analysis("overflow-mean", &summed("mean", "huge")),
            &all,
            "withheld",
            "no finite number",
        ),
        (
            analysis("overflow-model", model),
            &all,
            "withheld",
            "no finite number",
        ),
        (
            analysis("nothing-there", &summed("sum", "gap")),
            &all,
            "withheld",
            "blank",
        ),
        (
            analysis("negative", &summed("sum", "debt")),
            &all,
            "in-review",
            "negative",
        ),
        (
            analysis("nobody", &summed("sum", "income")),
            &nobody,
            "withheld",
            "empty",
        ),
        (
            analysis("harmless", &summed("sum", "income")),
            &all,
            "released",
            "",
        ),
    ];
    let mut runs = Vec::new();
    for ((name, rest), grant, state, told) in cases {
        let module = stage.module(0, GUEST, &name, &rest);
        let answer = stage.submit(0, &module, grant, &json!({}));
        let run = text(&answer.served().expect("queued"), "id");
        runs.push((name, run, state, told));
    }
    for (name, run, state, told) in runs {
        let detail = stage.ended(&run);
        assert_eq!(text(&detail["run"], "state"), state, "{name}: {detail:#}");
        let reasons = detail["verdicts"][0]["reasons"].to_string();
        assert!(reasons.contains(told), "{name}: {reasons}");
        let released = detail["releases"].as_array().map(Vec::len);
        assert_eq!(released, Some(usize::from(state == "released")), "{name}");
    }
}
