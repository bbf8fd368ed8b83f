//! A file is the table that was delivered, and nothing besides.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray};
use arrow::datatypes::{Field, Schema};
use parquet::arrow::ArrowWriter;

use super::*;

const JSON: &str = r#"{"columns":[{"name":"line","title":"=Line"},{"name":"mean","title":"mean"}],"rows":[["1",1.5],["2",null]]}"#;

#[test]
fn json_is_read_under_its_names_and_under_its_titles() {
    let [named, titled] = <[PresentedTable; 2]>::try_from(json(JSON.as_bytes()).unwrap()).unwrap();
    assert_eq!(named.headings, ["line", "mean"]);
    assert_eq!(titled.headings, ["'=Line", "mean"], "as the CSV has it");
    assert_eq!((named.rows, named.digest), (2, titled.digest));
    let same = csv(b"line,mean\r\n1,1.5\r\n2,\r\n").unwrap();
    assert_eq!(same, named);
}

#[test]
fn json_with_anything_besides_the_table_is_no_table() {
    for other in [
        JSON.replace("\"columns\"", "\"notes\":\"all died\",\"columns\""),
        JSON.replace(
            "\"title\":\"mean\"",
            "\"title\":\"mean\",\"unit\":\"deaths\"",
        ),
        JSON.replace(",\"title\":\"mean\"", ""),
        JSON.replace("\"rows\"", "\"rows\":[],\"rows\""),
        format!("{JSON} all died"),
    ] {
        assert_ne!(other, JSON);
        assert!(json(other.as_bytes()).is_err(), "{other}");
    }
}

fn written(column: ArrayRef) -> tempfile::NamedTempFile {
    let field = Field::new("cases", column.data_type().clone(), true);
    let schema = Arc::new(Schema::new(vec![field]));
    let batch = RecordBatch::try_new(Arc::clone(&schema), vec![column]).unwrap();
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut writer = ArrowWriter::try_new(file.reopen().unwrap(), schema, None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
    file
}

#[test]
fn parquet_of_a_type_that_no_delivered_table_has_is_no_blank_column() {
    let blank: ArrayRef = Arc::new(StringArray::from(vec![None::<&str>, None]));
    let read = parquet(written(blank).path()).unwrap();
    assert_eq!(read.digest, csv(b"cases\n\"\"\n\"\"\n").unwrap().digest);
    let forged: ArrayRef = Arc::new(BooleanArray::from(vec![Some(true), None]));
    let error = parquet(written(forged).path()).unwrap_err().to_string();
    assert!(error.contains("Boolean"), "{error}");
}
