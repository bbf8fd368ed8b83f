//! Views whose rows are looked up in another table.

use yunei_model::{Comparison, Condition, FieldType, Mask, Resource, Scalar, Snapshot};

use crate::testing::{CSV, Desk, RIDES_CSV, name, register, rides, scan};
use crate::{ImportError, ImportTerms, Lookup, ViewColumn, ViewError, ViewPlan, Views};

/// Lines, by their name and their day.
const LINES: &str = r#"
name = "lines"
source_unit = "transport-bureau"
basis = "non-personal"
grade = "g1"
licence = "CC0-1.0"
title = { zh = "线路", en = "Lines" }
description = { zh = "线路", en = "Lines" }
population = { name = "lines", title = { zh = "线路", en = "Lines" } }
key = ["line", "day"]
field = [
  { name = "line", title = { zh = "线路", en = "Line" }, type = "text", class = "ordinary", grade = "g1" },
  { name = "day", title = { zh = "日期", en = "Day" }, type = "date", class = "ordinary", grade = "g1" },
  { name = "district", title = { zh = "区", en = "District" }, type = "text", class = "ordinary", grade = "g1" },
  { name = "stops", title = { zh = "站数", en = "Stops" }, type = "int64", class = "ordinary", grade = "g1", nullable = true },
]
"#;

const LINES_CSV: &str = "\
line,day,district,stops
3路,2024-03-01,滨湖,30
3路,2024-02-29,梁溪,31
2路,2024-02-29,梁溪,
9路,2024-02-29,新吴,7
";

fn lines(desk: &Desk, text: &str) -> Result<(Resource, Snapshot), ImportError> {
    let resource = register(LINES);
    desk.put("lines.csv", text);
    let snapshot = desk.import("lines.csv", CSV, &resource)?;
    Ok((resource, snapshot))
}

fn column(called: &str, kind: FieldType) -> ViewColumn {
    ViewColumn {
        name: name(called),
        kind,
        nullable: true,
        mask: Mask::None,
    }
}

/// Rides with district and stops of their line on their day, then their own number.
fn joined(
    desk: &Desk,
    rides_there: &Snapshot,
    lines_there: &Snapshot,
) -> (ViewPlan, Vec<std::fs::File>) {
    let (mut plan, mut files) = desk.plan(&rides(), rides_there);
    plan.columns = vec![
        column("joined-0", FieldType::Text),
        column("line", FieldType::Text),
        column("joined-2", FieldType::Int64),
        column("ride", FieldType::Int64),
    ];
    plan.lookups = vec![Lookup {
        name: name("lines"),
        by: vec![name("line"), name("day")],
        key: vec![name("line"), name("day")],
        take: vec![
            (name("joined-0"), name("district")),
            (name("joined-2"), name("stops")),
        ],
        filter: Vec::new(),
        parts: lines_there.parts.clone(),
    }];
    let parts = lines_there.parts.iter();
    files.extend(parts.map(|part| desk.vault.open_part(part).unwrap()));
    (plan, files)
}

fn set() -> (Desk, ViewPlan, Vec<std::fs::File>) {
    let desk = Desk::new();
    let there = desk.csv(RIDES_CSV).unwrap();
    let (_, lines) = lines(&desk, LINES_CSV).unwrap();
    let (plan, files) = joined(&desk, &there, &lines);
    (desk, plan, files)
}

#[test]
fn each_row_gets_the_columns_of_the_row_that_it_names_and_stays_where_it_is() {
    let (_desk, plan, files) = set();
    let views = Views::open(vec![(plan, files)]).unwrap();
    // An absent line finds nothing, nor does one that is not listed on that day.
    assert_eq!(
        scan(&views, "rides", &[0, 1, 2, 3]),
        ["∅|∅|∅|2", "滨湖|3路|30|4", "∅|1路, 快|∅|1", "梁溪|2路|∅|3"]
    );
    assert_eq!(scan(&views, "rides", &[3, 0])[1], "4|滨湖");
    assert_eq!(scan(&views, "rides", &[2])[1], "30");
    // What is not asked for is not looked up.
    assert_eq!(scan(&views, "rides", &[3]), ["2", "4", "1", "3"]);
    assert_eq!(views.rows(&name("rides")), Ok(4));
}

#[test]
fn filters_hold_on_both_sides() {
    let (_desk, mut plan, files) = set();
    let condition = |field: &str, comparison, value: &str| Condition {
        field: name(field),
        comparison,
        value: Scalar::Text(value.to_owned()),
    };
    plan.lookups[0].filter = vec![condition("district", Comparison::Ne, "滨湖")];
    plan.filter = vec![condition("day", Comparison::Gt, "2024-02-28")];
    let views = Views::open(vec![(plan, files)]).unwrap();
    // What a row filter keeps back is not found.
    assert_eq!(scan(&views, "rides", &[0, 3]), ["∅|2", "∅|4", "梁溪|3"]);
}

#[test]
fn two_states_of_a_table_are_two_columns() {
    let (desk, mut plan, mut files) = set();
    let (_, later) = lines(&desk, &LINES_CSV.replace("滨湖", "锡山")).unwrap();
    let mut second = plan.lookups[0].clone();
    second.take = vec![(name("joined-4"), name("district"))];
    second.parts = later.parts.clone();
    plan.lookups.push(second);
    plan.columns.push(column("joined-4", FieldType::Text));
    files.extend(later.parts.iter().map(|p| desk.vault.open_part(p).unwrap()));
    let views = Views::open(vec![(plan, files)]).unwrap();
    assert_eq!(scan(&views, "rides", &[4, 0, 3])[1], "锡山|滨湖|4");
}

#[test]
fn a_plan_that_does_not_fit_is_refused() {
    let refused = |change: &dyn Fn(&mut ViewPlan)| {
        let (_desk, mut plan, files) = set();
        change(&mut plan);
        Views::open(vec![(plan, files)]).map(drop).unwrap_err()
    };
    let lookup = ViewError::Lookup {
        view: name("rides"),
        table: name("lines"),
    };
    assert_eq!(refused(&|p| p.lookups[0].by = vec![name("line")]), lookup);
    assert_eq!(
        refused(&|p| p.lookups[0].by.reverse()),
        lookup,
        "other types"
    );
    assert_eq!(
        refused(&|p| p.lookups[0].take[0].1 = name("colour")),
        lookup
    );
    assert_eq!(refused(&|p| p.lookups[0].key[0] = name("colour")), lookup);
    let promised = refused(&|p| p.columns[0].nullable = false);
    assert!(matches!(promised, ViewError::Column { .. }), "{promised}");
    let other_type = refused(&|p| p.columns[0].kind = FieldType::Int64);
    assert!(
        matches!(other_type, ViewError::Column { .. }),
        "{other_type}"
    );
    let parts = refused(&|p| p.lookups[0].parts.clear());
    assert!(matches!(parts, ViewError::Descriptors { .. }), "{parts}");
}

#[test]
fn a_key_names_one_row() {
    let desk = Desk::new();
    let (resource, first) = lines(&desk, LINES_CSV).unwrap();
    assert_eq!(first.key, resource.schema.key);
    let twice = lines(&desk, &format!("{LINES_CSV}9路,2024-02-29,滨湖,8\n")).unwrap_err();
    assert_eq!(twice.code().as_str(), "import-key");
    assert_eq!(twice.to_string(), "two rows have the same `line`, `day`");
    // Nor of a file that is added and the rows that were there.
    desk.put(
        "more.csv",
        "line,day,district,stops\n9路,2024-02-29,滨湖,8\n",
    );
    let terms = ImportTerms {
        format: CSV,
        data_as_of: first.data_as_of,
        onto: Some(&first),
    };
    let added = desk.import_as("more.csv", &terms, &resource).unwrap_err();
    assert_eq!(added.code().as_str(), "import-key");
    desk.put(
        "more.csv",
        "line,day,district,stops\n9路,2024-03-01,滨湖,8\n",
    );
    let more = desk.import_as("more.csv", &terms, &resource).unwrap();
    assert_eq!(more.rows(), 5);
}
