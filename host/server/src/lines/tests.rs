use super::quoted;

#[test]
fn fields_are_quoted_where_they_must_be() {
    assert_eq!(quoted("plain"), "plain");
    assert_eq!(quoted(""), "");
    assert_eq!(quoted("a,b"), "\"a,b\"");
    assert_eq!(quoted(r#"{"a":1}"#), r#""{""a"":1}""#);
    assert_eq!(quoted("two\nlines"), "\"two\nlines\"");
}
