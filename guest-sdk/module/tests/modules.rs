//! Builds the real examples and the hostile modules, and looks at what came out. Needs a compiler for WebAssembly.

#![expect(
    clippy::expect_used,
    reason = "a test's helper says at once what is missing"
)]

use std::fs;
use std::path::{Path, PathBuf};

use wasmparser::{Validator, WasmFeatures};
use yunei_model::{Manifest, World};
use yunei_module::{BuildError, Builder, Built, MANIFEST_SECTION, Surface, Toolchain, guests_dir};

/// Bytes beyond which a module of the examples has become fat.
const SMALL_BYTES_MAX: u64 = 64 << 10;

fn repository() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2);
    root.expect("this crate lies two levels deep").to_owned()
}

/// The guests directory beside the target directory of this test, so that the standard library is built once.
fn builder(components: &Path) -> Builder {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    let guests =
        guests_dir(target.expect("cargo's directory for tests lies in its target directory"));
    let toolchain = Toolchain::detect(&repository()).expect("a compiler for WebAssembly");
    Builder::new(toolchain, &guests).out_dir(components)
}

fn build(workspace: &str) -> (tempfile::TempDir, Vec<Built>) {
    let components = tempfile::tempdir().expect("a directory for components");
    let built = builder(components.path())
        .locked()
        .workspace(&repository().join(workspace), &mut |_| {})
        .expect("every module builds");
    (components, built)
}

#[test]
fn examples_are_small_valid_components_that_import_the_guest_interface_alone() {
    let (_components, built) = build("examples");
    let folders = fs::read_dir(repository().join("examples")).expect("the examples are there");
    let modules = folders.filter(|f| f.as_ref().is_ok_and(|f| f.path().join("module").is_dir()));
    assert_eq!(built.len(), modules.count());

    for module in built {
        let name = module.manifest.name.as_str();
        assert_eq!(module.warnings, [""; 0], "{name}");
        assert!(
            module.bytes < SMALL_BYTES_MAX,
            "{name} has {} bytes",
            module.bytes
        );

        let component = fs::read(&module.path).expect("the component was written");
        let mut validator = Validator::new_with_features(WasmFeatures::default());
        validator
            .validate_all(&component)
            .expect("the component is valid");

        let surface = Surface::read(&component).expect("it is a component");
        assert_eq!(surface, module.surface);
        for import in &surface.imports {
            assert!(
                import.starts_with("yunei:guest/"),
                "{name} imports `{import}`"
            );
        }
        let entry = match module.manifest.world {
            World::Analysis => "run",
            World::PerRow => "derive",
            World::PerSubject => "contribute",
        };
        assert_eq!(surface.exports, [entry], "{name}");

        let source = repository().join("examples").join(name).join("module.toml");
        let written = fs::read_to_string(source).expect("folders have the names of their modules");
        assert_eq!(
            surface.manifests,
            [written],
            "section `{MANIFEST_SECTION}` of {name}"
        );
    }
}

#[test]
fn a_per_row_module_imports_parameters_and_nothing_else() {
    let components = tempfile::tempdir().expect("a directory for components");
    let crate_dir = repository().join("examples/flight-distance/module");
    let module = builder(components.path())
        .module(&crate_dir, &mut |_| {})
        .expect("the module builds");
    let but_types: Vec<&str> = module
        .surface
        .imports
        .iter()
        .map(String::as_str)
        .filter(|import| !import.starts_with("yunei:guest/tables@"))
        .collect();
    assert_eq!(but_types, ["yunei:guest/inputs@0.1.0"]);
    assert_eq!(module.path, components.path().join("flight-distance.wasm"));
}

#[test]
fn hostile_modules_build_and_two_of_them_show_it_from_outside() {
    let (_components, built) = build("tests/guests");
    let folders = |kind: &str| {
        let folders = fs::read_dir(repository().join("tests/guests").join(kind));
        folders.expect("they are there").count()
    };
    let all: usize = ["hostile", "attacks", "bench"].map(folders).iter().sum();
    assert_eq!(built.len(), all);
    let mut suspicious: Vec<(&str, usize)> = built
        .iter()
        .filter(|module| !module.warnings.is_empty())
        .map(|module| (module.manifest.name.as_str(), module.warnings.len()))
        .collect();
    suspicious.sort_unstable();
    assert_eq!(suspicious, [("wasi-import", 2), ("wrong-world", 1)]);
}

/// Copies a tree of files, without what cargo made in it.
fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a directory of the copy");
    for entry in fs::read_dir(from).expect("a directory").flatten() {
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_file() {
            fs::copy(from, to).expect("a file of the copy");
        } else if entry.file_name() != "target" {
            copy(&from, &to);
        }
    }
}

#[test]
fn the_same_source_gives_the_same_bytes_in_every_directory() {
    const NAME: &str = "weather-delays";
    let components: Vec<Vec<u8>> = ["here", "elsewhere/and-deeper"]
        .iter()
        .map(|place| {
            let scratch = tempfile::tempdir().expect("a directory for sources");
            let root = scratch.path().join(place);
            for part in ["guest-sdk/rust", "guest-sdk/wit"] {
                copy(&repository().join(part), &root.join(part));
            }
            copy(
                &repository().join("examples").join(NAME),
                &root.join("examples").join(NAME),
            );
            // The first is what the SDK's own manifest inherits from.
            for file in ["Cargo.toml", "examples/Cargo.toml", "examples/Cargo.lock"] {
                fs::copy(repository().join(file), root.join(file)).expect("copied");
            }
            let crate_dir = root.join("examples").join(NAME).join("module");
            let built = builder(scratch.path())
                .module(&crate_dir, &mut |_| {})
                .expect("the module builds");
            let component = fs::read(&built.path).expect("the component was written");
            let text = String::from_utf8_lossy(&component);
            for trace in [scratch.path(), &repository()] {
                let trace = trace.to_str().expect("a path in UTF-8");
                assert!(!text.contains(trace), "`{trace}` is in the component");
            }
            for trace in ["/.cargo/", "/lib/rustlib/"] {
                assert!(!text.contains(trace), "`{trace}` is in the component");
            }
            component
        })
        .collect();
    let [here, elsewhere] = components.as_slice() else {
        panic!("two components");
    };
    assert!(here == elsewhere, "they differ");
}

const LIBRARY: &str = "[workspace]\n[lib]\ncrate-type = [\"cdylib\"]\n";
/// As the examples': with another one the standard library would be built once more.
const PROFILE: &str = "[profile.release]\nopt-level = \"s\"\nlto = true\ncodegen-units = 1\n\
    panic = \"abort\"\nstrip = true\n";

/// A crate without dependencies, so that nothing is compiled but itself.
fn scratch(manifest: Option<&str>, source: &str) -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory for a crate");
    let write = |name: &str, text: &str| {
        fs::write(directory.path().join(name), text).expect("a file of the crate");
    };
    fs::create_dir(directory.path().join("src")).expect("a directory for sources");
    write(
        "Cargo.toml",
        &[
            "[package]\nname = \"scratch\"\nedition = \"2024\"\n",
            LIBRARY,
            PROFILE,
        ]
        .concat(),
    );
    write("src/lib.rs", source);
    if let Some(manifest) = manifest {
        write("module.toml", manifest);
    }
    directory
}

fn refusal(crate_dir: &tempfile::TempDir) -> BuildError {
    let components = tempfile::tempdir().expect("a directory for components");
    let built = builder(components.path()).module(crate_dir.path(), &mut |_| {});
    built.expect_err("the module does not build")
}

fn good_manifest() -> String {
    let path = repository().join("examples/transport-delays/module.toml");
    let text = fs::read_to_string(path).expect("the example has a manifest");
    Manifest::parse(&text).expect("the example's manifest stands");
    text
}

#[test]
fn a_crate_without_a_manifest_is_not_even_compiled() {
    let refusal = refusal(&scratch(None, "compile_error!(\"unreached\");"));
    assert!(
        matches!(refusal, BuildError::NoManifest { .. }),
        "{refusal}"
    );
}

#[test]
fn a_manifest_that_breaks_its_rules_is_not_even_compiled() {
    let broken = good_manifest().replace("name = \"nyc-flights-2013\"", "name = \"other\"");
    let refusal = refusal(&scratch(Some(&broken), "compile_error!(\"unreached\");"));
    assert!(matches!(refusal, BuildError::Manifest { .. }), "{refusal}");
}

#[test]
fn an_error_of_the_compiler_is_passed_on() {
    let source = "#![no_std]\ncompile_error!(\"said the compiler\");";
    let refusal = refusal(&scratch(Some(&good_manifest()), source));
    assert!(
        refusal.to_string().contains("said the compiler"),
        "{refusal}"
    );
}

#[test]
fn a_crate_without_bindings_makes_no_component() {
    let source = "#[link(wasm_import_module = \"env\")]\n\
        unsafe extern \"C\" { safe fn outside(); }\n\
        #[unsafe(no_mangle)]\npub extern \"C\" fn run() { outside() }";
    let refusal = refusal(&scratch(Some(&good_manifest()), source));
    assert!(matches!(refusal, BuildError::Component { .. }), "{refusal}");
}
