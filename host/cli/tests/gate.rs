//! `yunei gate review` as a process of its own.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests say at once what is wrong"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;

use arrow::array::{ArrayRef, Float64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use serde_json::Value;

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn yunei(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_yunei"))
        .args(arguments)
        .current_dir(top())
        .env_remove("YUNEI_LANGUAGE")
        .output()
        .unwrap()
}

const CLINIC: &str = "tests/gate-review/clinic";

/// A review of the clinic.
fn clinic(more: &[&str]) -> Output {
    let (microdata, spec) = (
        format!("{CLINIC}/microdata.csv"),
        format!("{CLINIC}/spec.toml"),
    );
    let mut arguments = vec![
        "gate",
        "review",
        "--microdata",
        &microdata,
        "--spec",
        &spec,
        "--profile",
        "acro",
    ];
    arguments.extend(more);
    yunei(&arguments)
}

fn json(output: &Output) -> Value {
    let told = serde_json::from_slice(&output.stdout);
    assert!(told.is_ok(), "{}", String::from_utf8_lossy(&output.stderr));
    told.unwrap()
}

#[test]
fn the_commands_of_the_documentation_end_as_it_says() {
    let text = fs::read_to_string(top().join("host/cli/GATE-REVIEW.md")).unwrap();
    let mut ran = 0;
    for line in text
        .lines()
        .filter(|line| line.starts_with("yunei gate review --microdata tests/"))
    {
        let (command, code) = line.split_once("   # ").unwrap();
        let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
        let output = yunei(&arguments);
        assert_eq!(
            output.status.code(),
            code.trim().parse().ok(),
            "{command}\n{output:?}"
        );
        ran += 1;
    }
    assert_eq!(ran, 4);
}

#[test]
fn a_published_table_is_told_cell_by_cell() {
    let published = format!("{CLINIC}/published.csv");
    let told = clinic(&["--table", &published]);
    assert_eq!(told.status.code(), Some(3));
    insta::assert_snapshot!("people", String::from_utf8(told.stdout).unwrap());
    let told = clinic(&["--table", &published, "--language", "zh"]);
    let text = String::from_utf8(told.stdout).unwrap();
    assert!(text.contains("不得发布") && text.contains("城西"), "{text}");
    let mut told = json(&clinic(&["--table", &published, "--format", "json"]));
    told["profile_digest"] = "…".into();
    let cells = told["tables"][0]["cells"].as_array().unwrap().clone();
    assert_eq!(cells.len(), 16);
    told["tables"][0]["cells"] = cells
        .into_iter()
        .filter(|cell| cell["status"] != "pass" || cell["cell"][1] == "all")
        .collect();
    insta::assert_snapshot!("programs", serde_json::to_string_pretty(&told).unwrap());
}

#[test]
fn what_is_written_may_be_published() {
    let directory = tempfile::tempdir().unwrap();
    let out = directory.path().join("stays.csv");
    let out = out.to_str().unwrap();
    let made = clinic(&["--out", out]);
    assert_eq!(made.status.code(), Some(0), "{made:?}");
    let again = clinic(&["--table", out]);
    assert_eq!(again.status.code(), Some(0), "{again:?}");
    // A table that is withheld is not written.
    let short = directory.path().join("short.csv");
    let text = fs::read_to_string(top().join(CLINIC).join("microdata.csv")).unwrap();
    let few: Vec<&str> = text.lines().take(6).collect();
    fs::write(&short, few.join("\n")).unwrap();
    let out = directory.path().join("none.csv");
    let spec = format!("{CLINIC}/spec.toml");
    let withheld = yunei(&[
        "gate",
        "review",
        "--microdata",
        short.to_str().unwrap(),
        "--spec",
        &spec,
        "--out",
        out.to_str().unwrap(),
    ]);
    assert_eq!(withheld.status.code(), Some(3), "{withheld:?}");
    assert!(!out.exists());
}

/// The columns of a CSV file without quotes.
fn columns(path: &Path) -> Vec<(String, Vec<String>)> {
    let text = fs::read_to_string(path).unwrap();
    let mut lines = text.lines().map(|line| line.split(','));
    let names: Vec<&str> = lines.next().unwrap().collect();
    let rows: Vec<Vec<&str>> = lines.map(Iterator::collect).collect();
    let of = |place: usize| rows.iter().map(|row| row[place].to_owned()).collect();
    names
        .iter()
        .enumerate()
        .map(|(place, name)| ((*name).to_owned(), of(place)))
        .collect()
}

#[test]
fn parquet_says_what_csv_says() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("microdata");
    let named: Vec<(String, ArrayRef)> = columns(&top().join(CLINIC).join("microdata.csv"))
        .into_iter()
        .map(|(name, texts)| {
            let array: ArrayRef = if ["age", "days", "cost"].contains(&name.as_str()) {
                let numbers = texts.iter().map(|text| text.parse::<f64>().unwrap());
                Arc::new(Float64Array::from_iter_values(numbers))
            } else {
                Arc::new(StringArray::from(texts))
            };
            (name, array)
        })
        .collect();
    let batch = RecordBatch::try_from_iter(named).unwrap();
    let file = fs::File::create(&path).unwrap();
    let mut writer = ArrowWriter::try_new(file, batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    let spec = format!("{CLINIC}/by-district.toml");
    let csv = format!("{CLINIC}/microdata.csv");
    let of = |microdata: &str| {
        yunei(&[
            "gate",
            "review",
            "--microdata",
            microdata,
            "--spec",
            &spec,
            "--json",
        ])
    };
    let (parquet, csv) = (of(path.to_str().unwrap()), of(&csv));
    assert_eq!(parquet.status.code(), Some(0), "{parquet:?}");
    assert_eq!(json(&parquet), json(&csv));
    // Half of it is no Parquet file.
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() / 2]).unwrap();
    assert_eq!(code_of(&of(path.to_str().unwrap())), "unreadable");
}

/// The code of bad input.
fn code_of(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(output.stdout.is_empty(), "{output:?}");
    let told: Value = serde_json::from_slice(&output.stderr).unwrap();
    told["code"].as_str().unwrap().to_owned()
}

const SPEC: &str = "format = 1\n[[dimension]]\nname = \"d\"\n[[table]]\nname = \"t\"\ndimensions = [\"d\"]\n[[table.measure]]\nname = \"n\"\naggregate = \"sum\"\ncolumn = \"v\"\n";
const MICRODATA: &[u8] = b"d,v\na,1\nb,2\n";

/// What is bad, the microdata, the spec, the table, further arguments, and the code.
struct Bad(
    &'static str,
    &'static [u8],
    &'static str,
    &'static [u8],
    &'static [&'static str],
    &'static str,
);

const BAD: &[Bad] = &[
    Bad(
        "ragged microdata",
        b"d,v\na,1\nb\n",
        SPEC,
        b"",
        &[],
        "ragged",
    ),
    Bad(
        "another encoding",
        b"d,v\n\xb3\xc7,1\n",
        SPEC,
        b"",
        &[],
        "not-utf-8",
    ),
    Bad("no bytes", b"", SPEC, b"", &[], "unreadable"),
    Bad("a heading alone", b"d,v\n", SPEC, b"", &[], "no-rows"),
    Bad(
        "a column twice",
        b"d,v,v\na,1,2\n",
        SPEC,
        b"",
        &[],
        "column-twice",
    ),
    Bad(
        "a missing column",
        b"d,w\na,1\n",
        SPEC,
        b"",
        &[],
        "no-column",
    ),
    Bad("no number", b"d,v\na,NaN\n", SPEC, b"", &[], "not-a-number"),
    Bad(
        "an overflow",
        b"d,v\na,1e400\n",
        SPEC,
        b"",
        &[],
        "not-a-number",
    ),
    Bad(
        "an unknown key",
        MICRODATA,
        "format = 1\nfoo = 1\n",
        b"",
        &[],
        "spec",
    ),
    Bad(
        "a ragged table",
        MICRODATA,
        SPEC,
        b"d,n\na,1\nb\n",
        &["--table", "t.csv"],
        "ragged",
    ),
    Bad(
        "a table without a measure",
        MICRODATA,
        SPEC,
        b"d\na\n",
        &["--table", "t.csv"],
        "no-column",
    ),
    Bad(
        "a table twice",
        MICRODATA,
        SPEC,
        b"d,n\na,1\n",
        &["--table", "t.csv", "--table", "t=t.csv"],
        "table-twice",
    ),
    Bad(
        "no such profile",
        MICRODATA,
        SPEC,
        b"",
        &["--profile", "lax"],
        "no-profile",
    ),
    Bad(
        "nothing earlier",
        MICRODATA,
        SPEC,
        b"",
        &["--earlier", "."],
        "no-earlier",
    ),
];

#[test]
fn bad_files_are_bad_input_each_with_its_code() {
    for Bad(what, microdata, spec, table, more, code) in BAD {
        let directory = tempfile::tempdir().unwrap();
        let write =
            |name: &str, bytes: &[u8]| fs::write(directory.path().join(name), bytes).unwrap();
        write("m.csv", microdata);
        write("s.txt", spec.as_bytes());
        write("t.csv", table);
        let output = Command::new(env!("CARGO_BIN_EXE_yunei"))
            .args([
                "gate",
                "review",
                "--json",
                "--microdata",
                "m.csv",
                "--spec",
                "s.txt",
            ])
            .args(*more)
            .current_dir(directory.path())
            .output()
            .unwrap();
        assert_eq!(code_of(&output), *code, "{what}");
    }
}

/// What ACRO said of the same cells (`tests/gate-review/acro/outcomes.py` says how).
#[test]
fn acro_says_the_same_of_every_cell() {
    let acro = top().join("tests/gate-review/acro");
    let outcomes: Value =
        serde_json::from_str(&fs::read_to_string(acro.join("outcomes.json")).unwrap()).unwrap();
    let mut failures: BTreeMap<&str, u32> = BTreeMap::new();
    for table in ["count", "sum", "mean"] {
        let report = yunei(&[
            "gate",
            "review",
            "--profile",
            "acro",
            "--format",
            "json",
            "--microdata",
            acro.join("microdata.csv").to_str().unwrap(),
            "--spec",
            acro.join(format!("{table}.toml")).to_str().unwrap(),
        ]);
        let report = json(&report);
        let cells = report["tables"][0]["cells"].as_array().unwrap();
        assert_eq!(cells.len(), 24);
        for cell in cells {
            let (region, kind) = (
                cell["cell"][0].as_str().unwrap(),
                cell["cell"][1].as_str().unwrap(),
            );
            let theirs = outcomes["tables"][table]["outcome"][region][kind]
                .as_str()
                .unwrap();
            let fails = |rule: &str| {
                let failed = cell["failed"].as_array().unwrap();
                failed
                    .iter()
                    .any(|f| f["rule"] == rule && f["status"] == "fail")
            };
            let empty = cell["units"] == 0;
            assert_eq!(
                theirs == "ok",
                cell["status"] == "pass",
                "{table} {region} {kind}: {theirs}\n{cell}"
            );
            if empty {
                continue;
            }
            for (name, rule) in [
                ("MinimumThresholdCheck", "threshold"),
                ("NKCheck", "dominance"),
                ("PPercentCheck", "p-percent"),
            ] {
                // Of rows that are one a subject, no two can dominate a count that passes the threshold.
                let compared = table != "count" || rule == "threshold";
                let said = theirs.contains(name);
                assert!(
                    !compared || said == fails(rule),
                    "{table} {region} {kind} {rule}: {theirs}\n{cell}"
                );
                *failures.entry(rule).or_default() += u32::from(said);
            }
        }
    }
    assert!(failures.values().all(|count| *count > 4), "{failures:?}");
}
