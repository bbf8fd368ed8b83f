//! A table's digest is that of its rows as texts, computed by hand here.

use super::*;

fn table(values: Vec<Value>) -> Table {
    Table::new(vec![Column {
        name: Name::parse("a").unwrap(),
        title: None,
        values,
    }])
    .unwrap()
}

#[test]
fn values_are_texts_without_an_exponent() {
    let texts = [
        (Value::Absent, ""),
        (Value::Number(f64::NAN), ""),
        (Value::Number(f64::INFINITY), ""),
        (Value::Integer(-7), "-7"),
        (Value::Number(2.0), "2"),
        (Value::Number(-0.0), "-0"),
        (Value::Number(1e21), "1000000000000000000000"),
        (Value::Number(1.5e-7), "0.00000015"),
        (Value::Text("=1+1".into()), "'=1+1"),
        (Value::Text("-5".into()), "-5"),
        (Value::Text("-a".into()), "'-a"),
        (Value::Text("甲".into()), "甲"),
    ];
    for (value, text) in texts {
        assert_eq!(value.text(), text);
    }
}

#[test]
fn the_digest_is_over_lines_of_json() {
    let rows = table(vec![
        Value::Text("a\"\n\u{1}甲\u{7f}".into()),
        Value::Absent,
    ]);
    let lines = "[\"a\\\"\\n\\u0001甲\u{7f}\"]\n[\"\"]\n";
    assert_eq!(rows.digest(), Digest::of(lines.as_bytes()));
    assert_eq!(table(Vec::new()).digest(), Digest::of(b""));
    assert_ne!(
        table(vec![Value::Integer(1), Value::Integer(2)]).digest(),
        table(vec![Value::Integer(2), Value::Integer(1)]).digest()
    );
}

#[test]
fn a_row_is_blank_where_a_value_is_absent() {
    let rows = table(vec![
        Value::Integer(1),
        Value::Absent,
        Value::Number(f64::NAN),
    ]);
    assert_eq!(rows.blank_rows(), 2);
}
