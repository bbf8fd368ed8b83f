//! Arguments of `yunei serve`.

use super::{WORKERS_MAX, listen, metrics, workers};

#[test]
fn a_port_alone_is_of_this_machine_alone() {
    assert_eq!(listen("8700").unwrap().to_string(), "127.0.0.1:8700");
    assert_eq!(listen(":0").unwrap().to_string(), "127.0.0.1:0");
    assert_eq!(listen("[::1]:80").unwrap().to_string(), "[::1]:80");
    assert_eq!(listen("0.0.0.0:80").unwrap().to_string(), "0.0.0.0:80");
    assert!(listen("70000").is_err() && listen("example.org:80").is_err() && listen("").is_err());
}

#[test]
fn runs_at_once_are_some_and_not_too_many() {
    assert_eq!(workers("2").unwrap().get(), 2);
    assert!(workers("0").is_err() && workers("-1").is_err());
    assert!(
        workers(&WORKERS_MAX.to_string()).is_ok()
            && workers(&(WORKERS_MAX + 1).to_string()).is_err()
    );
}

#[test]
fn metrics_stay_on_this_machine() {
    assert_eq!(metrics("8701").unwrap().to_string(), "127.0.0.1:8701");
    assert!(metrics("[::1]:0").is_ok());
    for exposed in ["0.0.0.0:8701", "192.0.2.1:8701", "[::]:8701"] {
        assert!(metrics(exposed).is_err(), "{exposed}");
    }
}
