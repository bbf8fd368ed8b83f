//! Released tables as files.

use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use yunei_model::{Column, Language, Name, Table, Text, Value};

use super::{ExportError, csv, json, parquet, xlsx};
use crate::testing::lines;

fn column(name: &str, title: Option<(&str, &str)>, values: Vec<Value>) -> Column {
    Column {
        name: Name::parse(name).unwrap(),
        title: title.map(|(zh, en)| Text {
            zh: zh.to_owned(),
            en: en.to_owned(),
        }),
        values,
    }
}

fn table() -> Table {
    Table::new(vec![
        column(
            "district",
            Some(("区", "District")),
            vec![
                Value::Text("梁溪, \"老城\"".to_owned()),
                Value::Text("=1+1".to_owned()),
                Value::Text("-5".to_owned()),
            ],
        ),
        column(
            "rides",
            None,
            vec![Value::Integer(120), Value::Absent, Value::Integer(1 << 60)],
        ),
        column(
            "fare",
            Some(("票价", "Fare")),
            vec![
                Value::Number(1.5),
                Value::Integer(2),
                Value::Number(f64::NAN),
            ],
        ),
    ])
    .unwrap()
}

#[test]
fn csv_opens_in_a_spreadsheet_and_runs_no_formula() {
    let bytes = csv(&table(), Language::Zh).unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(
        text,
        "\u{feff}区,rides,票价\r\n\
         \"梁溪, \"\"老城\"\"\",120,1.5\r\n\
         '=1+1,,2\r\n\
         -5,1152921504606846976,\r\n"
    );
}

#[test]
fn json_has_names_titles_and_rows() {
    let bytes = json(&table(), Language::En).unwrap();
    insta::assert_snapshot!(String::from_utf8(bytes).unwrap());
}

#[test]
fn parquet_has_the_narrowest_types() {
    let bytes = parquet(&table()).unwrap();
    let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(bytes)).unwrap();
    let batches: Vec<_> = reader.build().unwrap().map(Result::unwrap).collect();
    assert_eq!(
        lines(&batches),
        [
            "梁溪, \"老城\"|120|1.5",
            "=1+1|∅|2.0",
            "-5|1152921504606846976|∅"
        ]
    );
    let twice = Table::new(vec![column("a", None, vec![]), column("a", None, vec![])]).unwrap();
    assert!(matches!(parquet(&twice), Err(ExportError::ColumnTwice)));
}

#[test]
fn a_workbook_is_a_zip_of_one_sheet() {
    let bytes = xlsx(&table(), Language::Zh).unwrap();
    assert_eq!(&bytes[..4], b"PK\x03\x04");
    let long = Table::new(vec![column(
        "a",
        None,
        vec![Value::Text("x".repeat(32_768))],
    )])
    .unwrap();
    assert!(matches!(
        xlsx(&long, Language::En),
        Err(ExportError::TooLarge)
    ));
    let tall = Table::new(vec![column("a", None, vec![Value::Absent; 1 << 20])]).unwrap();
    assert!(matches!(
        xlsx(&tall, Language::En),
        Err(ExportError::TooLarge)
    ));
}

#[test]
fn equal_tables_are_equal_files() {
    assert_eq!(
        xlsx(&table(), Language::Zh).unwrap(),
        xlsx(&table(), Language::Zh).unwrap()
    );
    assert_eq!(parquet(&table()).unwrap(), parquet(&table()).unwrap());
}

#[test]
fn an_empty_table_is_still_a_file() {
    let none = Table::new(vec![]).unwrap();
    let empty = Table::new(vec![column("a", None, vec![])]).unwrap();
    for table in [none, empty] {
        csv(&table, Language::En).unwrap();
        json(&table, Language::En).unwrap();
        xlsx(&table, Language::En).unwrap();
        parquet(&table).unwrap();
    }
}
