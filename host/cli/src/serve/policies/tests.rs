//! Policies.

use std::fs;
use std::path::Path;

use yunei_authority::Authority;
use yunei_disclosure::Profile;
use yunei_model::Name;

use super::{PROFILE_DEFAULT, PROFILES, Policies, built_in};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

#[test]
fn every_profile_of_the_policies_is_built_in() {
    let files =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/disclosure"))
            .unwrap();
    let mut found = 0;
    let files = files.map(|file| file.unwrap().path());
    for file in files.filter(|file| file.extension().is_some_and(|kind| kind == "toml")) {
        let text = fs::read_to_string(file).unwrap();
        let profile = Profile::parse(&text).unwrap();
        assert_eq!(built_in(profile.name()).unwrap(), text);
        found += 1;
    }
    assert_eq!(found, PROFILES.len());
    assert!(built_in(&name(PROFILE_DEFAULT)).is_ok());
}

#[test]
fn an_unknown_profile_is_told_with_those_there_are() {
    let told = built_in(&name("lenient")).unwrap_err().to_string();
    assert!(
        told.contains("`lenient`") && told.contains("acro"),
        "{told}"
    );
}

#[test]
fn policies_of_a_directory_are_those_built_in_when_the_files_are() {
    let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies");
    let read = Policies::read(Some(&directory), &name("acro")).unwrap();
    assert_eq!(
        read.authority.policy_set(),
        Authority::builtin().unwrap().policy_set()
    );
    assert!(Profile::parse(&read.profile).is_ok_and(|profile| profile.name() == &name("acro")));
}

#[test]
fn a_directory_without_a_schema_holds_no_policies() {
    let directory = tempfile::tempdir().unwrap();
    let told = Policies::read(Some(directory.path()), &name("yunei"))
        .unwrap_err()
        .to_string();
    assert!(told.contains("schema.cedarschema"), "{told}");
}
