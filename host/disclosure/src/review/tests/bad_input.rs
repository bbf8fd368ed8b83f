//! Bad input, line by line: a clear verdict or an error with a code.

use super::*;

const WHOLE: &str = "region,sex,n
north,f,40
north,m,40
north,both,80
centre,f,30
centre,m,50
centre,both,80
south,f,60
south,m,70
south,both,130
all,f,130
all,m,160
all,both,290";

fn large() -> Columns {
    people(&[
        ("north", "f", 40),
        ("north", "m", 40),
        ("centre", "f", 30),
        ("centre", "m", 50),
        ("south", "f", 60),
        ("south", "m", 70),
    ])
}

#[test]
fn the_table_that_is_bent_below_is_released_as_it_stands() {
    let report = reviewed(&large(), &spec(COUNT), "yunei", WHOLE);
    assert_eq!(report.decision, Decision::Release, "{report:?}");
}

/// What is bent, from what, to what, and the code of the problem.
const BENT: &[(&str, &str, &str, &str)] = &[
    (
        "a label that the source has not",
        "north,f,40",
        "east,f,40",
        "unknown-label",
    ),
    (
        "a label in another case",
        "north,f,40",
        "North,f,40",
        "unknown-label",
    ),
    ("a cell twice", "north,m,40", "north,f,40", "duplicate-cell"),
    (
        "a cell that is not there",
        "north,f,40\n",
        "",
        "missing-cell",
    ),
    ("NaN", "north,f,40", "north,f,NaN", "not-a-number"),
    ("infinity", "north,f,40", "north,f,inf", "not-a-number"),
    ("a word", "north,f,40", "north,f,forty", "not-a-number"),
    (
        "thousands apart",
        "all,both,290",
        "all,both,2 90",
        "not-a-number",
    ),
    ("an overflow", "north,f,40", "north,f,1e999", "not-a-number"),
    (
        "a huge number",
        "north,f,40",
        "north,f,1e300",
        "wrong-figure",
    ),
    (
        "a negative count",
        "north,f,40",
        "north,f,-40",
        "negative-count",
    ),
    (
        "a figure off by one",
        "north,f,40",
        "north,f,41",
        "wrong-figure",
    ),
    (
        "a figure off by next to nothing",
        "north,f,40",
        "north,f,40.0001",
        "wrong-figure",
    ),
    (
        "a margin that does not add up",
        "north,both,80",
        "north,both,81",
        "non-additive",
    ),
    (
        "a column that nothing describes",
        "region,sex,n",
        "region,sex,n,note",
        "undescribed-column",
    ),
];

#[test]
fn what_is_wrong_with_a_table_is_named_and_keeps_it_back() {
    for (what, from, to, code) in BENT {
        let mut text = WHOLE.replacen(from, to, 1);
        if *code == "undescribed-column" {
            text = text
                .lines()
                .map(|l| {
                    if l.contains("note") {
                        l.to_owned()
                    } else {
                        format!("{l},x")
                    }
                })
                .collect::<Vec<_>>()
                .join("\n");
        }
        assert_ne!(text, WHOLE, "{what}");
        let report = reviewed(&large(), &spec(COUNT), "yunei", &text);
        assert_eq!(report.decision, Decision::Withhold, "{what}");
        let codes: Vec<&str> = report.problems.iter().map(|p| p.code).collect();
        assert!(codes.contains(code), "{what}: {codes:?}");
    }
}

#[test]
fn an_empty_table_is_kept_back() {
    let report = reviewed(&large(), &spec(COUNT), "yunei", "region,sex,n");
    assert_eq!(report.decision, Decision::Withhold);
    assert_eq!(report.problems[0].code, "empty-table");
}

#[test]
fn a_table_that_is_blank_all_over_is_kept_back() {
    let text: Vec<String> = WHOLE
        .lines()
        .map(|line| match line.rsplit_once(',') {
            Some((labels, figure)) if figure != "n" => format!("{labels},"),
            _ => line.to_owned(),
        })
        .collect();
    let report = reviewed(&large(), &spec(COUNT), "yunei", &text.join("\n"));
    assert_eq!(report.decision, Decision::Withhold);
}

#[test]
fn a_table_without_a_column_is_an_error() {
    let tables = given("region,n\nnorth,1");
    let error = review(&large(), &spec(COUNT), &profile("yunei"), &tables, &[]).unwrap_err();
    assert_eq!(error.code(), "no-column");
}

#[test]
fn microdata_that_cannot_be_read_is_an_error() {
    let income = format!(
        "{COUNT}[[table.measure]]\nname = \"i\"\naggregate = \"sum\"\ncolumn = \"income\"\n"
    );
    let lines: &[(&str, &str, &str)] = &[
        (
            "no rows",
            "person,household,region,sex,age,income,weight",
            "no-rows",
        ),
        (
            "a word for a number",
            "person,region,sex,income\n1,north,f,much",
            "not-a-number",
        ),
        (
            "NaN",
            "person,region,sex,income\n1,north,f,nan",
            "not-a-number",
        ),
        (
            "infinity",
            "person,region,sex,income\n1,north,f,-inf",
            "not-a-number",
        ),
        (
            "an overflow",
            "person,region,sex,income\n1,north,f,1e999",
            "not-a-number",
        ),
        (
            "a missing column",
            "person,region,sex\n1,north,f",
            "no-column",
        ),
        (
            "a label that is not listed",
            "person,region,sex,income\n1,east,f,3",
            "no-label",
        ),
        (
            "a label that is missing",
            "person,region,sex,income\n1,,f,3",
            "no-label",
        ),
    ];
    for (what, text, code) in lines {
        let source = columns(text);
        let error = review(
            &source,
            &spec(&income),
            &profile("yunei"),
            &Tables::new(),
            &[],
        );
        assert_eq!(error.unwrap_err().code(), *code, "{what}");
    }
}

#[test]
fn sums_past_the_numbers_there_are_keep_the_table_back() {
    let mut text = "person,region,sex,income".to_owned();
    for person in 0..40 {
        text.push_str(&format!("\n{person},north,f,1e308"));
    }
    let sum = "[[table.measure]]\nname = \"i\"\naggregate = \"sum\"\ncolumn = \"income\"\n";
    let report = review(
        &columns(&text),
        &spec(sum),
        &profile("yunei"),
        &Tables::new(),
        &[],
    );
    let report = report.unwrap();
    assert_eq!(report.decision, Decision::Withhold);
    assert!(
        report.reasons[0].contains("no finite number"),
        "{:?}",
        report.reasons
    );
}

#[test]
fn negative_contributions_go_to_people() {
    let mut text = "person,region,sex,income".to_owned();
    for person in 0..40 {
        text.push_str(&format!("\n{person},north,f,{}", 10 - person % 20));
    }
    let sum = Spec::parse("format = 1\nsubject = \"person\"\n[[table]]\nname = \"t\"\n[[table.measure]]\nname = \"i\"\naggregate = \"sum\"\ncolumn = \"income\"\n").unwrap();
    for name in ["yunei", "acro"] {
        let report = review(&columns(&text), &sum, &profile(name), &Tables::new(), &[]);
        assert_eq!(report.unwrap().decision, Decision::Review, "{name}");
    }
}

#[test]
fn specs_that_cannot_be_are_refused() {
    for (what, text) in bad_tables().into_iter().chain(bad_parts()) {
        let error = Spec::parse(&text).err();
        assert!(
            matches!(&error, Some(e) if e.code() == "spec"),
            "{what}: {error:?}"
        );
    }
}

const TABLE: &str = "[[table]]\nname = \"t\"\n";

fn bad_tables() -> Vec<(&'static str, String)> {
    let table = TABLE;
    vec![
        (
            "no format",
            "[[table]]\nname = \"t\"\n[[table.measure]]\nname = \"n\"\naggregate = \"count\""
                .to_owned(),
        ),
        ("another format", format!("format = 2\n{table}{COUNT}")),
        (
            "an unknown key",
            format!("format = 1\nsubjects = \"x\"\n{table}{COUNT}"),
        ),
        ("nothing to review", "format = 1".to_owned()),
        ("a table without measures", format!("format = 1\n{table}")),
        (
            "an unknown aggregate",
            format!("format = 1\n{table}{}", COUNT.replace("count", "mode")),
        ),
        (
            "an unknown dimension",
            format!(
                "format = 1\n{}{COUNT}",
                table.replace("\"t\"", "\"t\"\ndimensions = [\"x\"]")
            ),
        ),
        (
            "a sum of nothing",
            format!(
                "format = 1\n{table}{}",
                COUNT.replace("\"count\"", "\"sum\"")
            ),
        ),
    ]
}

fn bad_parts() -> Vec<(&'static str, String)> {
    let table = TABLE;
    vec![
        (
            "a percentile of 100",
            format!(
                "format = 1\n{table}{}",
                COUNT.replace("\"count\"", "\"percentile\"\ncolumn = \"x\"\np = 100")
            ),
        ),
        (
            "a denominator of a sum",
            format!(
                "format = 1\n{table}{}",
                COUNT.replace("\"count\"", "\"sum\"\ncolumn = \"x\"\ndenominator = \"y\"")
            ),
        ),
        (
            "a weighed median",
            format!(
                "format = 1\n{table}{}",
                COUNT.replace("\"count\"", "\"median\"\ncolumn = \"x\"\nweight = \"y\"")
            ),
        ),
        (
            "both drop and other",
            format!(
                "format = 1\n[[dimension]]\nname = \"d\"\ndrop = true\nother = \"o\"\n{table}{COUNT}"
            ),
        ),
        (
            "cuts that fall",
            format!("format = 1\n[[dimension]]\nname = \"d\"\ncuts = [2, 1]\n{table}{COUNT}"),
        ),
        (
            "labels that do not fit the cuts",
            format!(
                "format = 1\n[[dimension]]\nname = \"d\"\ncuts = [1]\nlabels = [\"a\"]\n{table}{COUNT}"
            ),
        ),
        (
            "a condition that says nothing",
            format!("format = 1\nfilter = [{{ column = \"x\" }}]\n{table}{COUNT}"),
        ),
        (
            "a condition that cannot hold",
            format!(
                "format = 1\nfilter = [{{ column = \"x\", at_least = 2, below = 1 }}]\n{table}{COUNT}"
            ),
        ),
        (
            "a midpoint of an odd base",
            format!("format = 1\n{table}rounding = {{ method = \"midpoint\", base = 5 }}\n{COUNT}"),
        ),
        (
            "two tables of one name",
            format!("format = 1\n{table}{COUNT}{table}{COUNT}"),
        ),
        (
            "a model without observations",
            "format = 1\n[[model]]\nname = \"m\"\nparameters = 2".to_owned(),
        ),
        (
            "a spec that is too long",
            format!(
                "format = 1\n#{}\n{table}{COUNT}",
                "x".repeat(SPEC_BYTES_MAX)
            ),
        ),
        ("no TOML", "format 1".to_owned()),
    ]
}

#[test]
fn labels_that_stand_twice_are_refused() {
    for (what, from, to) in [
        ("a label twice", "[\"f\", \"m\"]", "[\"f\", \"f\"]"),
        (
            "a total called as a label",
            "total = \"both\"",
            "total = \"f\"",
        ),
        (
            "a group of what is not there",
            "total = \"both\"",
            "groups = [{ label = \"g\", of = [\"x\"] }]",
        ),
        (
            "a group with a label twice",
            "total = \"both\"",
            "groups = [{ label = \"g\", of = [\"f\", \"f\"] }]",
        ),
    ] {
        let text = format!(
            "{DIMENSIONS}\n[[table]]\nname = \"t\"\ndimensions = [\"region\", \"sex\"]\n{COUNT}"
        );
        let spec = Spec::parse(&text.replace(from, to)).unwrap();
        let error = review(&large(), &spec, &profile("yunei"), &Tables::new(), &[]);
        assert_eq!(error.unwrap_err().code(), "spec", "{what}");
    }
}

#[test]
fn tables_that_are_missing_or_too_many_are_errors() {
    let two = Spec::parse(&format!("{DIMENSIONS}\n[[table]]\nname = \"t\"\ndimensions = [\"region\", \"sex\"]\n{COUNT}[[table]]\nname = \"u\"\n{COUNT}")).unwrap();
    let error = review(&large(), &two, &profile("yunei"), &given(WHOLE), &[]).unwrap_err();
    assert_eq!(error.code(), "table-not-given");
    let odd = Tables::from([("x".to_owned(), columns(WHOLE))]);
    let error = review(&large(), &spec(COUNT), &profile("yunei"), &odd, &[]).unwrap_err();
    assert_eq!(error.code(), "no-table");
}

#[test]
fn a_million_cells_are_too_many_and_said_to_be() {
    let mut text = "a,b".to_owned();
    for row in 0..1001 {
        text.push_str(&format!("\n{row},{row}"));
    }
    let spec = Spec::parse(&format!("format = 1\n[[dimension]]\nname = \"a\"\n[[dimension]]\nname = \"b\"\n[[table]]\nname = \"t\"\ndimensions = [\"a\", \"b\"]\n{COUNT}")).unwrap();
    let error = review(
        &columns(&text),
        &spec,
        &profile("yunei"),
        &Tables::new(),
        &[],
    );
    assert_eq!(error.unwrap_err().code(), "too-large");
}
