use super::{Call, Stream, is_about_us};

#[test]
fn a_call_reads_as_one_would_type_it() {
    let call = Call::new("/usr/bin/env")
        .args(["echo", "two words", "it's", ""])
        .variable("LANG", "C");
    assert_eq!(
        call.to_string(),
        r"LANG=C env echo 'two words' 'it'\''s' ''"
    );
}

#[test]
fn a_failing_call_says_what_it_was() {
    let error = Call::new("sh")
        .args(["-c", "echo no >&2; exit 3"])
        .read()
        .unwrap_err();
    let text = error.to_string();
    assert!(
        text.contains("exit status: 3") && text.ends_with("no"),
        "{text}"
    );
    assert!(Call::new("false").run().is_err());
    assert!(!Call::new("no-such-program-anywhere").succeeds());
}

#[test]
fn every_line_is_seen_and_failure_still_tells() {
    let mut lines = Vec::new();
    let outcome = Call::new("sh")
        .args(["-c", "echo one; printf two; exit 1"])
        .watch(Stream::Output, |line| lines.push(line.to_owned()));
    assert_eq!(lines, ["one", "two"]);
    assert!(outcome.is_err());
}

#[test]
fn only_what_describes_this_package_is_hidden() {
    assert!(is_about_us("CARGO_PKG_VERSION") && is_about_us("CARGO_MANIFEST_DIR"));
    assert!(
        !is_about_us("CARGO_TARGET_DIR") && !is_about_us("CARGO_HOME") && !is_about_us("CARGO")
    );
}
