use cap_std::ambient_authority;
use cap_std::fs::Dir;
use yunei_lifecycle::Collector;
use yunei_telemetry::otlp::Audience;

use super::Configuration;

fn read(files: &[(&str, &str)]) -> Result<Vec<Collector>, String> {
    let directory = tempfile::tempdir().expect("a directory");
    for (name, text) in files {
        std::fs::write(directory.path().join(name), text).expect("written");
    }
    let directory = Dir::open_ambient_dir(directory.path(), ambient_authority()).expect("open");
    let told = |error: crate::failure::Input| format!("{error:?}");
    let configuration = Configuration::read(&directory).map_err(told)?;
    configuration.collectors(&directory).map_err(told)
}

const ONE: &str =
    "[[collector]]\nname = \"supervision\"\nurl = \"http://127.0.0.1:4318/\"\nkind = \"full\"\n";

#[test]
fn without_a_file_there_is_nothing() {
    assert!(read(&[]).expect("none").is_empty());
}

#[test]
fn collectors_are_read_with_their_headers() {
    let two = format!(
        "{ONE}headers_file = \"h\"\n[[collector]]\nname = \"operations\"\nurl = \"https://collector.example\"\nkind = \"redacted\"\n"
    );
    let collectors = read(&[
        ("yunei.toml", &two),
        ("h", "Authorization: Bearer x: y\n\n"),
    ])
    .expect("two");
    let [full, redacted] = collectors.as_slice() else {
        panic!("{collectors:?}");
    };
    assert_eq!(
        (full.audience, redacted.audience),
        (Audience::Full, Audience::Redacted)
    );
    assert_eq!(
        full.address.join("/v1/traces"),
        "http://127.0.0.1:4318/v1/traces"
    );
    assert_eq!(
        full.headers,
        [("authorization".to_owned(), "Bearer x: y".to_owned())]
    );
}

#[test]
fn what_is_wrong_is_told_and_no_secret_with_it() {
    let twice = format!("{ONE}{ONE}");
    for (text, told) in [
        ("[[collector]]\nname = \"x\"\n", "is not understood"),
        ("[[sink]]\n", "is not understood"),
        (&ONE.replace("full", "all"), "is not understood"),
        (
            &ONE.replace("http://127.0.0.1:4318/", "ftp://x"),
            "names no collector",
        ),
        (&twice, "two collectors"),
        (&format!("{ONE}headers_file = \"gone\"\n"), "not there"),
    ] {
        let error = read(&[("yunei.toml", text)]).expect_err(told);
        assert!(error.contains(told), "{error}");
    }
    let secret = format!("{ONE}headers_file = \"h\"\n");
    let error =
        read(&[("yunei.toml", &secret), ("h", "secret-without-a-colon")]).expect_err("malformed");
    assert!(!error.contains("secret-without"), "{error}");
}

#[test]
fn a_file_outside_of_the_data_directory_is_not_read() {
    let outside = format!("{ONE}headers_file = \"../h\"\n");
    let error = read(&[("yunei.toml", &outside)]).expect_err("outside");
    assert!(error.contains("cannot read"), "{error}");
}
