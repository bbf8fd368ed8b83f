use std::fs;

use super::{bypasses, check};

#[test]
fn tracings_own_macros_are_found() {
    for line in [
        r#"    tracing::error!(error = %e, "it failed");"#,
        r#"let span = tracing::info_span!("run");"#,
        "use tracing::{Instrument as _, info};",
        "use tracing::warn;",
        "#[tracing::instrument(skip(self))]",
        "    #[instrument]",
    ] {
        assert!(bypasses(line), "{line}");
    }
}

#[test]
fn the_rest_of_tracing_is_fine() {
    for line in [
        "use tracing::{Instrument as _, Span};",
        "tracing::Span::current().record(names::ROWS, rows);",
        "span!(RUN, RUN_END = tracing::field::Empty)",
        "yunei_telemetry::event!(INFO, RUN_ENDED);",
        "// tracing::info!(…) is not used",
    ] {
        assert!(!bypasses(line), "{line}");
    }
}

#[test]
fn only_the_host_is_looked_at_and_telemetry_is_not() {
    let root = tempfile::tempdir().unwrap();
    for file in [
        "host/server/src/lib.rs",
        "host/telemetry/src/lib.rs",
        "ops/xtask/src/main.rs",
    ] {
        let path = root.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "fn f() {\n    tracing::info!(\"x\");\n}\n").unwrap();
    }
    let found = check(root.path()).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(
        found[0].starts_with("host/server/src/lib.rs:2:"),
        "{found:?}"
    );
}
