//! Constants against the WIT, parameters against their declarations, texts against what could spoil a log.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share fails as tests do"
)]

use wit_parser::Resolve;
use yunei_model::{Name, Parameter, ParameterType, Parameters, Scalar};
use yunei_sandbox::{ParameterValue, SandboxError, escaped, wit};

#[test]
fn the_interfaces_are_named_as_the_wit_names_them() {
    let mut resolve = Resolve::default();
    resolve.push_source("yunei.wit", wit::TEXT).unwrap();
    let mut named: Vec<String> = resolve
        .interfaces
        .iter()
        .filter_map(|(id, _)| resolve.id_of(id))
        .collect();
    named.sort();
    let mut ours = [
        wit::DATA,
        wit::INPUTS,
        wit::JOURNAL,
        wit::OUTPUT,
        wit::QUERY,
        wit::TABLES,
    ];
    ours.sort_unstable();
    assert_eq!(named, ours);
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn declared() -> Vec<Parameter> {
    let parameter = |text: &str, kind| Parameter {
        name: name(text),
        kind,
        default: None,
    };
    let date = |text: &str| text.to_owned();
    vec![
        parameter("most", ParameterType::Integer { min: 0, max: 9 }),
        parameter(
            "kind",
            ParameterType::Enumeration {
                values: vec!["bus".to_owned()],
            },
        ),
        parameter(
            "since",
            ParameterType::Date {
                min: date("1960-01-01"),
                max: date("2030-01-01"),
            },
        ),
    ]
}

#[test]
fn parameters_take_their_declared_types() {
    let bound: Parameters = [
        (name("most"), Scalar::Integer(3)),
        (name("kind"), Scalar::Text("bus".to_owned())),
        (name("since"), Scalar::Text("2000-03-01".to_owned())),
    ]
    .into();
    let typed = ParameterValue::typed(&declared(), &bound).unwrap();
    assert_eq!(typed[&name("most")], ParameterValue::Integer(3));
    assert_eq!(typed[&name("kind")], ParameterValue::Text("bus".to_owned()));
    // 30 years of 365 days, 7 leap days, 31 days of January, 29 of February.
    let days = 30 * 365 + 7 + 31 + 29;
    assert_eq!(typed[&name("since")], ParameterValue::Date(days));
}

#[test]
fn parameters_of_other_types_or_none_are_refused() {
    for (parameter, value) in [
        ("most", Scalar::Text("3".to_owned())),
        ("kind", Scalar::Boolean(true)),
        ("since", Scalar::Text("2000-02-30".to_owned())),
        ("unknown", Scalar::Integer(1)),
    ] {
        let bound: Parameters = [(name(parameter), value)].into();
        let error = ParameterValue::typed(&declared(), &bound);
        assert!(
            matches!(&error, Err(SandboxError::Parameter { name }) if name.as_str() == parameter),
            "{error:?}"
        );
    }
}

#[test]
fn escaped_text_is_plain_and_short() {
    assert_eq!(escaped("无锡 \"ok\" it's", 64), "无锡 \"ok\" it's");
    assert_eq!(
        escaped("a\nb\u{1b}[31m\u{202e}\\", 64),
        r"a\nb\u{1b}[31m\u{202e}\\"
    );
    assert_eq!(escaped("无锡无锡", 8), "无锡");
    assert_eq!(escaped("ab\u{1b}", 5), "ab");
    assert_eq!(escaped("anything", 0), "");
}
