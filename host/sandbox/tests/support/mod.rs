//! What the tests of this crate share: modules from WAT, components around them, a compiler, a host that remembers.
#![allow(dead_code, reason = "every test file uses a part of it")]

pub mod guests;
pub mod host;

use std::path::PathBuf;

use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;
use yunei_model::{Digest, Limits};
use yunei_sandbox::{
    Artefact, ArtefactKey, Authentic, Compiler, Component, Engine, Identity, Metering, wit,
};

/// The program with the subcommands `compile` and `cell`: an example, which cargo puts beside the directory of the tests.
pub fn fixture() -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let profile = this.ancestors().nth(2).unwrap();
    let program = profile.join("examples").join("sandbox-fixture");
    assert!(
        program.exists(),
        "{} is built with all tests, or by `cargo build --workspace --examples`",
        program.display()
    );
    program
}

pub fn key() -> ArtefactKey {
    ArtefactKey::from_bytes([7; 32])
}

/// A component of one of our worlds around a core module, without a manifest.
pub fn component(world: &str, wat: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let package = resolve.push_source("yunei.wit", wit::TEXT).unwrap();
    let world = resolve.select_world(&[package], Some(world)).unwrap();
    encode(&resolve, world, wat)
}

/// A component of a foreign world that may include ours; `packages` in the order of their dependencies, the last one has the world.
pub fn foreign_component(packages: &[&str], world: &str, wat: &str) -> Vec<u8> {
    let mut resolve = Resolve::default();
    let mut last = resolve.push_source("yunei.wit", wit::TEXT).unwrap();
    for text in packages {
        last = resolve.push_source("foreign.wit", text).unwrap();
    }
    let world = resolve.select_world(&[last], Some(world)).unwrap();
    encode(&resolve, world, wat)
}

fn encode(resolve: &Resolve, world: wit_parser::WorldId, wat: &str) -> Vec<u8> {
    let mut module = wat::parse_str(wat).unwrap_or_else(|error| panic!("{error}"));
    embed_component_metadata(&mut module, resolve, world, StringEncoding::UTF8).unwrap();
    ComponentEncoder::default()
        .validate(true)
        .module(&module)
        .unwrap()
        .encode()
        .unwrap_or_else(|error| panic!("{error:?}"))
}

/// The component with one more custom section.
pub fn with_section(mut component: Vec<u8>, name: &str, data: &[u8]) -> Vec<u8> {
    use wasm_encoder::ComponentSection as _;
    let section = wasm_encoder::CustomSection {
        name: name.into(),
        data: data.into(),
    };
    section.append_to_component(&mut component);
    component
}

/// The component with a manifest that fits its world.
pub fn with_manifest(component: Vec<u8>, world: &str) -> Vec<u8> {
    with_section(
        component,
        yunei_sandbox::admission::MANIFEST_SECTION,
        manifest(world).as_bytes(),
    )
}

/// A manifest for a world.
pub fn manifest(world: &str) -> String {
    let rest = match world {
        "analysis" => OUTPUT,
        "per-row" => DERIVED,
        _ => CONTRIBUTION,
    };
    format!(
        r#"
name = "test-module"
version = "1"
title = {{ zh = "测试", en = "Test" }}
world = "{world}"
purpose = "transport-planning"
author = "Test"
bias = "None known."

[[resource]]
name = "trips"
fields = ["fare"]

{rest}
"#
    )
}

const OUTPUT: &str = r#"
[[output]]
name = "out"
resource = "trips"
"#;

const DERIVED: &str = r#"
[[derived]]
name = "double"
type = "number"
min = 0.0
max = 100.0

[[output]]
name = "out"
resource = "trips"
"#;

const CONTRIBUTION: &str = r#"
[contribution]
cells = ["all"]
cells_per_subject = 1
measures = [{ name = "fares", min = 0.0, max = 1.0 }]
epsilon = 0.1
"#;

/// Compiles in the jail, seals, opens: the whole way of machine code.
pub fn authentic(component: &[u8]) -> Authentic {
    let code = Compiler::new(fixture())
        .compile(component, &Limits::default())
        .unwrap_or_else(|error| panic!("{error}"))
        .code;
    let digest = Digest::of(component);
    let identity = Identity::of_this_host(Metering::None).unwrap();
    let artefact = Artefact::seal(&key(), &digest, &identity, &code);
    artefact.open(&key(), &digest, &identity).unwrap()
}

/// A module of that world, ready to start.
pub fn load(world: &str, wat: &str) -> (Engine, Component) {
    let component = with_manifest(component(world, wat), world);
    let engine = Engine::new().unwrap();
    let loaded = Component::load(&engine, &authentic(&component)).unwrap();
    (engine, loaded)
}

/// The same under another metering.
pub fn load_metered(world: &str, wat: &str, metering: Metering) -> (Engine, Component) {
    let component = with_manifest(component(world, wat), world);
    let engine = Engine::metered(metering).unwrap();
    let loaded = Component::load(&engine, &authentic(&component)).unwrap();
    (engine, loaded)
}
