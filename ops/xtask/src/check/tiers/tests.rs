use super::{TABLE, check};
use crate::workspace::{Dependency, Package, Workspace};

fn package(name: &str, dependencies: &[&str]) -> Package {
    Package {
        name: name.to_owned(),
        manifest: "Cargo.toml".into(),
        dependencies: dependencies
            .iter()
            .map(|name| Dependency {
                name: (*name).to_owned(),
                kind: None,
            })
            .collect(),
    }
}

fn findings(name: &str, dependencies: &[&str]) -> Vec<String> {
    check(&[package(name, dependencies)])
}

#[test]
fn arrows_to_lower_tiers_are_fine() {
    for (name, dependencies) in [
        ("yunei-ledger", ["yunei-model", "serde"].as_slice()),
        (
            "yunei-store",
            &["yunei-model", "yunei-ledger", "sqlx", "tokio"],
        ),
        ("yunei-lifecycle", &["yunei-rooms", "yunei-store", "tokio"]),
        ("yunei-cli", &["yunei-server", "yunei-model", "anyhow"]),
        ("xtask", &["anyhow", "clap"]),
    ] {
        assert!(findings(name, dependencies).is_empty(), "{name}");
    }
}

#[test]
fn arrows_upwards_and_sideways_are_found() {
    for (name, dependency) in [
        ("yunei-model", "yunei-ledger"),
        ("yunei-ledger", "yunei-authority"),
        ("yunei-catalog", "yunei-store"),
        ("yunei-store", "yunei-lifecycle"),
        ("yunei-rooms", "yunei-lifecycle"),
        ("yunei-server", "yunei-worker"),
        ("yunei-lifecycle", "yunei-cli"),
        ("yunei-guest", "yunei-model"),
        ("xtask", "yunei-model"),
    ] {
        let found = findings(name, &[dependency]);
        assert_eq!(found.len(), 1, "{name} → {dependency}");
        assert!(
            found[0].contains(&format!("must not depend on `{dependency}`")),
            "{found:?}"
        );
    }
}

#[test]
fn a_fixture_is_for_tests_of_any_tier_alone() {
    let mut lifecycle = package("yunei-lifecycle", &["yunei-town"]);
    let found = check(std::slice::from_ref(&lifecycle));
    assert_eq!(
        found,
        ["`yunei-lifecycle` must not depend on `yunei-town`: it is for tests alone"]
    );
    lifecycle.dependencies[0].kind = Some("dev".to_owned());
    assert_eq!(check(&[lifecycle]), [""; 0]);
    assert_eq!(findings("yunei-cli", &["yunei-town"]).len(), 1);
}

#[test]
fn tier_0_stays_pure() {
    for dependency in [
        "tokio",
        "sqlx",
        "axum",
        "wasmtime",
        "tokio-util",
        "wasmtime-wasi",
    ] {
        let found = findings("yunei-disclosure", &[dependency]);
        assert_eq!(
            found,
            [format!(
                "`yunei-disclosure` is of tier 0 and must not depend on `{dependency}`"
            )]
        );
    }
    assert!(
        findings("yunei-disclosure", &["tokiodb"]).is_empty(),
        "only the family"
    );
    assert!(findings("yunei-sandbox", &["wasmtime"]).is_empty());
}

#[test]
fn anyhow_stays_where_errors_end() {
    assert_eq!(findings("yunei-server", &["anyhow"]).len(), 1);
    assert_eq!(findings("yunei-tests", &["anyhow"]).len(), 1);
}

#[test]
fn a_crate_without_a_place_is_found() {
    assert_eq!(
        findings("yunei-helper", &[]),
        ["`yunei-helper` has no place in the table of tiers"]
    );
}

#[test]
fn a_name_stands_once_and_beside_means_the_same_tier() {
    for (at, place) in TABLE.iter().enumerate() {
        assert!(
            TABLE
                .iter()
                .skip(at + 1)
                .all(|other| other.name != place.name)
        );
        for beside in place.beside {
            let other = TABLE.iter().find(|other| other.name == *beside).unwrap();
            assert_eq!(other.tier, place.tier);
        }
    }
}

#[test]
fn this_workspace_keeps_to_the_table() {
    let workspace = Workspace::find().unwrap();
    assert_eq!(check(&workspace.packages), Vec::<String>::new());
}
