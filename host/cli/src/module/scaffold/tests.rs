//! New modules.

use std::path::Path;

use yunei_model::{Manifest, Name, World};

use super::New;
use crate::exit::Exit;
use crate::failure::exit;
use crate::printer::Printer;

fn sdk() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../guest-sdk/rust")
}

fn new(name: &str, world: World, into: &Path, sdk: Option<std::path::PathBuf>) -> New {
    New {
        name: Name::parse(name).unwrap(),
        world,
        sdk,
        into: into.to_owned(),
    }
}

#[test]
fn a_new_module_has_a_manifest_that_stands_and_a_crate_that_finds_the_sdk() {
    let into = tempfile::tempdir().unwrap();
    for (name, world) in [
        ("delays", World::Analysis),
        ("lateness", World::PerRow),
        ("aircraft", World::PerSubject),
    ] {
        let made = new(name, world, into.path(), Some(sdk()))
            .run(Printer::new(true))
            .unwrap();
        assert_eq!(made, Exit::Done);
        let directory = into.path().join(name);
        let manifest =
            Manifest::parse(&std::fs::read_to_string(directory.join("module.toml")).unwrap())
                .unwrap();
        assert_eq!((manifest.name.as_str(), manifest.world), (name, world));
        let cargo: toml::Table =
            toml::from_str(&std::fs::read_to_string(directory.join("Cargo.toml")).unwrap())
                .unwrap();
        assert_eq!(cargo["package"]["name"].as_str(), Some(name));
        let found = cargo["dependencies"]["yunei-guest"]["path"]
            .as_str()
            .unwrap();
        assert_eq!(Path::new(found), sdk().canonicalize().unwrap());
        assert!(directory.join("src/lib.rs").is_file());
        assert_eq!(
            directory.join("build.rs").is_file(),
            world == World::PerSubject
        );
    }
}

#[test]
fn the_sdk_is_found_in_the_sources_that_the_module_lies_in() {
    let sources = tempfile::tempdir().unwrap();
    let sdk = sources.path().join("guest-sdk/rust");
    std::fs::create_dir_all(&sdk).unwrap();
    std::fs::write(sdk.join("Cargo.toml"), "").unwrap();
    let into = sources.path().join("modules");
    std::fs::create_dir(&into).unwrap();
    new("delays", World::Analysis, &into, None)
        .run(Printer::new(true))
        .unwrap();
    let cargo = std::fs::read_to_string(into.join("delays/Cargo.toml")).unwrap();
    assert!(
        cargo.contains(sdk.canonicalize().unwrap().to_str().unwrap()),
        "{cargo}"
    );
}

#[test]
fn nothing_is_written_over_and_nothing_without_an_sdk() {
    let into = tempfile::tempdir().unwrap();
    std::fs::create_dir(into.path().join("delays")).unwrap();
    let there = new("delays", World::Analysis, into.path(), Some(sdk()))
        .run(Printer::new(true))
        .unwrap_err();
    assert_eq!(exit(&there), Exit::Input);
    let lost = new(
        "other",
        World::Analysis,
        into.path(),
        Some(into.path().to_owned()),
    )
    .run(Printer::new(true))
    .unwrap_err();
    assert!(lost.to_string().contains("--sdk"), "{lost}");
    assert!(!into.path().join("other").exists());
}
