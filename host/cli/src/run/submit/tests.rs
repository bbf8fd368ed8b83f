//! Requests for runs.

use yunei_model::Scalar;

use super::{Submit, grant_id, parameter};
use crate::lookup::Named;

#[derive(Debug, clap::Parser)]
struct Line {
    #[command(flatten)]
    submit: Submit,
}

fn line(arguments: &[&str]) -> Submit {
    use clap::Parser as _;
    Line::try_parse_from(std::iter::once(&"submit").chain(arguments))
        .unwrap()
        .submit
}

#[test]
fn a_value_is_what_its_json_is_and_a_text_otherwise() {
    let value = |text: &str| parameter(text).unwrap().1;
    assert_eq!(value("km=800"), Scalar::Integer(800));
    assert_eq!(value("share=0.5"), Scalar::Number(0.5));
    assert_eq!(value("late=true"), Scalar::Boolean(true));
    assert_eq!(
        value("day=2026-03-01"),
        Scalar::Text("2026-03-01".to_owned())
    );
    assert_eq!(value("code=\"10\""), Scalar::Text("10".to_owned()));
    assert_eq!(value("empty="), Scalar::Text(String::new()));
    assert!(parameter("800").is_err() && parameter("Km=8").is_err());
}

#[test]
fn arguments_go_before_the_file() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("request.json");
    let request = r#"{"module": "flight-distance", "grant": "flight-distance", "purpose": "transport-emissions",
        "parameters": {"medium_from_km": 800, "long_from_km": 2000}}"#;
    std::fs::write(&path, request).unwrap();
    let id = "0190b5d3-4a1e-7c3b-9f00-0123456789ab";
    let file = path.to_str().unwrap();
    let submit = line(&[file, "--grant", id, "--parameter", "long_from_km=2500"]);
    let written = submit.written().unwrap();
    assert!(
        matches!(&written.module, Some(Named::Name(name)) if name.as_str() == "flight-distance")
    );
    assert_eq!(written.grant.as_deref(), Some(id));
    assert_eq!(written.purpose.unwrap().as_str(), "transport-emissions");
    let values: Vec<&Scalar> = written.parameters.values().collect();
    assert_eq!(values, [&Scalar::Integer(2500), &Scalar::Integer(800)]);
}

#[test]
fn a_grant_is_named_by_its_id() {
    assert!(
        grant_id(Some("flight-distance"))
            .unwrap_err()
            .to_string()
            .contains("--grant")
    );
    assert!(grant_id(None).is_err());
    assert!(grant_id(Some("0190b5d3-4a1e-7c3b-9f00-0123456789ab")).is_ok());
}

#[test]
fn an_unknown_key_in_a_request_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("request.json");
    std::fs::write(&path, r#"{"modul": "a"}"#).unwrap();
    assert!(line(&[path.to_str().unwrap()]).written().is_err());
}
