//! What is refused before anything runs, each with its code and its reason.

use serde_json::json;

use crate::common::stage::{Stage, code, entry, field, population};
use crate::common::text;

/// Guests that the manifests are put into.
const ANALYSIS: (&str, &str) = ("attacks", "copier");
const PER_ROW: (&str, &str) = ("attacks", "mirror");
const PER_SUBJECT: (&str, &str) = ("hostile", "subject-teller");

/// An `analysis` manifest over the panel with one output.
fn analysis(output: &str) -> String {
    format!(
        "world = \"analysis\"\n[[resource]]\nname = \"attack-panel\"\n\
         fields = [\"district\", \"income\", \"marked\"]\n\
         [[parameter]]\nname = \"way\"\ntype = \"enumeration\"\nvalues = [\"nothing\"]\ndefault = \"nothing\"\n\
         [[output]]\nname = \"table\"\nresource = \"attack-panel\"\n{output}"
    )
}

fn per_row(derived: &str) -> String {
    format!(
        "world = \"per-row\"\n[[resource]]\nname = \"attack-panel\"\nfields = [\"district\", \"income\", \"marked\"]\n\
         {derived}\n[[output]]\nname = \"table\"\nresource = \"attack-panel\"\n{}",
        measure("aggregate = \"count\"")
    )
}

fn per_subject(contribution: &str) -> String {
    format!(
        "world = \"per-subject\"\n[[resource]]\nname = \"attack-panel\"\nfields = [\"income\", \"marked\"]\n\
         [contribution]\n{contribution}"
    )
}

fn number(bounds: &str) -> String {
    format!("[[derived]]\nname = \"figure\"\ntype = \"number\"\n{bounds}")
}

fn category(labels: &str) -> String {
    format!("[[derived]]\nname = \"class\"\ntype = \"category\"\nlabels = [{labels}]")
}

fn measure(of: &str) -> String {
    format!("[[output.measure]]\nname = \"n\"\n{of}\n")
}

fn dimension(field: &str, banding: &str) -> String {
    format!("[[output.dimension]]\nfield = \"{field}\"\nbanding = \"{banding}\"\n")
}

fn model(field: &str, banding: &str) -> String {
    format!(
        "[output.model]\nkind = \"linear\"\nresponse = {{ field = \"income\" }}\n\
         [[output.model.term]]\nfield = \"{field}\"\nbanding = \"{banding}\"\n"
    )
}

/// The panel: few people, and bandings of many labels.
fn panel(stage: &mut Stage) -> String {
    let ranges = |labels: usize| {
        let edges: Vec<String> = (0..=labels).map(|edge| edge.to_string()).collect();
        edges.join(", ")
    };
    let values = |name: &str, values: &str| {
        format!("[[field.banding]]\nname = \"{name}\"\nkind = \"values\"\nvalues = [{values}]\n")
    };
    let banded = |name: &str, labels: usize| {
        format!(
            "[[field.banding]]\nname = \"{name}\"\nkind = \"ranges\"\nedges = [{}]\n",
            ranges(labels)
        )
    };
    let fields = [
        field(
            "district",
            "text",
            "quasi-identifier",
            &values("district", "\"north\", \"total\""),
        ),
        field(
            "income",
            "int64",
            "sensitive",
            &[banded("fine", 150), banded("steps", 1200)].concat(),
        ),
        field("marked", "int64", "ordinary", &banded("steps", 1200)),
    ];
    let entry = entry("attack-panel", &population("attack-people", false), "");
    stage.resource(
        "attack-panel",
        &[entry, fields.concat()].concat(),
        "person,district,income,marked\n1,north,5,0\n2,total,7,1\n",
    );
    stage.grant(
        0,
        &[("attack-panel", "\"district\", \"income\", \"marked\"")],
        "",
    )
}

/// Uploads that are refused: guest, what follows the manifest's head, and words of the reason.
fn uploads() -> Vec<((&'static str, &'static str), String, &'static str)> {
    let count = measure("aggregate = \"count\"");
    let cells = "cells = [\"a\"]\ncells_per_subject = 1\nepsilon = 0.5\n";
    let told =
        |bounds: &str| format!("{cells}[[contribution.measures]]\nname = \"told\"\n{bounds}");
    vec![
        (
            PER_ROW,
            per_row(&number("min = 1.0\nmax = 0.0")),
            "bounds of the derived number",
        ),
        (
            PER_ROW,
            per_row(&number("min = nan\nmax = 0.0")),
            "bounds of the derived number",
        ),
        (
            PER_ROW,
            per_row(&number("min = 0.0\nmax = inf")),
            "bounds of the derived number",
        ),
        (PER_ROW, per_row(&category("")), "has no label"),
        (PER_ROW, per_row(&category("\"a\", \"a\"")), "twice"),
        (PER_ROW, per_row(&category("\"other\"")), "reserved"),
        (
            ANALYSIS,
            analysis(&[count.clone(), count.clone()].concat()),
            "twice",
        ),
        (
            ANALYSIS,
            [
                analysis(&count),
                "[[output]]\nname = \"table\"\nresource = \"attack-panel\"".to_owned(),
            ]
            .concat(),
            "the output `table` is there twice",
        ),
        (
            ANALYSIS,
            analysis(&measure("aggregate = \"median\"\nfield = \"income\"")),
            "median",
        ),
        (
            ANALYSIS,
            analysis(&measure("aggregate = \"quantile\"\nfield = \"income\"")),
            "quantile",
        ),
        (
            PER_SUBJECT,
            per_subject(&told("min = nan\nmax = 1.0")),
            "told",
        ),
        (
            PER_SUBJECT,
            per_subject(&told("min = 0.0\nmax = inf")),
            "told",
        ),
        (
            PER_SUBJECT,
            per_subject(&told("min = 0.0\nmax = 1.0\nkind = \"median\"")),
            "kind",
        ),
        (
            PER_SUBJECT,
            per_subject(&told("min = 0.0\nmax = 1.0").replace("0.5", "0.0")),
            "ε",
        ),
    ]
}

/// Submissions that are refused: the output that is asked, the code, and words of the reason.
fn submissions() -> Vec<(String, &'static str, &'static str)> {
    let count = measure("aggregate = \"count\"");
    let steps = [dimension("income", "steps"), dimension("marked", "steps")].concat();
    vec![
        (
            [steps, count.clone()].concat(),
            "output-shape",
            "1000000 cells",
        ),
        (
            model("income", "fine"),
            "output-shape",
            "1 to 128 parameters",
        ),
        (
            [
                "totals = true\n".to_owned(),
                dimension("district", "district"),
                count.clone(),
            ]
            .concat(),
            "output-shape",
            "`total`",
        ),
        (
            measure("aggregate = \"sum\"\nfield = \"district\""),
            "grant-lineage",
            "`district` of `attack-panel` is no number",
        ),
        (
            measure("aggregate = \"ratio\"\nfield = \"income\"\ndenominator = \"district\""),
            "grant-lineage",
            "is no number",
        ),
        (
            measure("aggregate = \"count\"\nweight = \"district\""),
            "grant-lineage",
            "is no number",
        ),
        (
            [dimension("income", "nowhere"), count.clone()].concat(),
            "grant-lineage",
            "no banding",
        ),
    ]
}

/// Imports that are refused: the rows, and the code.
const IMPORTS: [(&str, &str); 5] = [
    (
        "person,district,income,marked\n3,north,NaN,0\n",
        "import-type",
    ),
    (
        "person,district,income,marked\n3,north,99999999999999999999,0\n",
        "import-type",
    ),
    ("person,district,income,marked\n,north,1,0\n", "import-type"),
    (
        "person,district,income,marked\n3,north,1\n",
        "import-ragged",
    ),
    ("person,district,income,marked\n", "import-empty"),
];

#[test]
fn what_follows_from_manifest_and_catalogue_is_refused_with_its_reason() {
    let mut stage = Stage::set();
    let grant = panel(&mut stage);
    for (number, (guest, rest, told)) in uploads().into_iter().enumerate() {
        let answer = stage.upload(0, guest, &format!("bad-{number}"), &rest);
        assert_eq!(answer.status, 422, "{rest}: {}", answer.json());
        assert_eq!(code(&answer), "module-refused", "{rest}");
        assert!(
            answer.json().to_string().contains(told),
            "{rest}: {}",
            answer.json()
        );
    }
    for (number, (output, refused, told)) in submissions().into_iter().enumerate() {
        let module = stage.module(0, ANALYSIS, &format!("odd-{number}"), &analysis(&output));
        let answer = stage.submit(0, &module, &grant, &json!({}));
        let seen = answer.json();
        assert_eq!(
            (answer.status, text(&seen, "code")),
            (422, refused.to_owned()),
            "{output}: {seen}"
        );
        assert!(seen.to_string().contains(told), "{output}: {seen}");
    }
    for (rows, refused) in IMPORTS {
        let answer = stage.import("attack-panel", rows).expect_err("refused");
        assert!(answer.contains(refused), "{rows}: {answer}");
    }
    let report = stage.story.verify_record().expect("a report");
    assert_eq!(report["holds"], json!(true), "{report}");
}
