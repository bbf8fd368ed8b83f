//! The jailed compiler, and artefacts.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "what tests share fails as tests do"
)]

mod support;

use std::path::PathBuf;

use support::guests::{copying, doubling};
use support::{component, fixture, key, with_manifest, with_section};
use yunei_model::{Digest, LimitExceeded, Limits};
use yunei_sandbox::jail::Layer;
use yunei_sandbox::{
    Artefact, ArtefactError, ArtefactKey, CompileError, Compiler, Component, Engine, Identity,
    Metering, SandboxError, inspect,
};

fn good() -> Vec<u8> {
    with_manifest(component("per-row", &doubling()), "per-row")
}

fn compile(bytes: &[u8], limits: &Limits) -> Result<Vec<u8>, CompileError> {
    Compiler::new(fixture())
        .compile(bytes, limits)
        .map(|compiled| compiled.code)
}

#[test]
fn the_child_is_locked_in_and_its_code_is_the_same_every_time() {
    let compiler = Compiler::new(fixture());
    let first = compiler.compile(&good(), &Limits::default()).unwrap();
    let again = compiler.compile(&good(), &Limits::default()).unwrap();
    assert_eq!(first.code, again.code);
    for layer in [
        Layer::ResourceLimits,
        Layer::NoNewPrivileges,
        Layer::Seccomp,
    ] {
        assert!(first.layers.contains(&layer), "{layer:?}");
    }
    assert!(
        first.layers.contains(&Layer::Landlock) || first.layers.contains(&Layer::LandlockInPart)
    );
}

#[test]
fn what_admission_refuses_is_refused_again() {
    for bytes in [
        b"no component".to_vec(),
        component("per-row", &doubling()),
        good()[..good().len() - 9].to_vec(),
    ] {
        let refused = compile(&bytes, &Limits::default());
        assert!(
            matches!(refused, Err(CompileError::Refused { .. })),
            "{refused:?}"
        );
    }
}

#[test]
fn a_missing_program_and_one_that_is_no_compiler_are_told_apart() {
    let missing = Compiler::new(PathBuf::from("/nonexistent/yunei"));
    let error = missing.compile(&good(), &Limits::default());
    assert!(
        matches!(error, Err(CompileError::Start { .. })),
        "{error:?}"
    );
    let other = Compiler::new(PathBuf::from("/bin/true"));
    let error = other.compile(&good(), &Limits::default());
    assert!(matches!(error, Err(CompileError::Jail { .. })), "{error:?}");
}

/// A module whose functions are as long as they may be, and chain every value to the one before.
fn bomb() -> Vec<u8> {
    use wasm_encoder::{
        CodeSection, FunctionSection, Instruction, MemArg, MemorySection, MemoryType,
    };
    let mut types = wasm_encoder::TypeSection::new();
    let i32 = wasm_encoder::ValType::I32;
    types.ty().function([i32, i32, i32], [i32]);
    let mut body = wasm_encoder::Function::new([]);
    body.instruction(&Instruction::LocalGet(0));
    let here = MemArg {
        offset: 0,
        align: 2,
        memory_index: 0,
    };
    for _ in 0..24_000 {
        body.instruction(&Instruction::LocalGet(1))
            .instruction(&Instruction::I32Load(here))
            .instruction(&Instruction::I32Xor);
    }
    body.instruction(&Instruction::End);
    let (mut functions, mut codes) = (FunctionSection::new(), CodeSection::new());
    for _ in 0..64 {
        functions.function(0);
        codes.function(&body);
    }
    let mut memories = MemorySection::new();
    memories.memory(MemoryType {
        minimum: 1,
        maximum: None,
        memory64: false,
        shared: false,
        page_size_log2: None,
    });
    let mut module = wasm_encoder::Module::new();
    module
        .section(&types)
        .section(&functions)
        .section(&memories)
        .section(&codes);
    let mut inside = wasm_encoder::Component::new();
    inside.section(&wasm_encoder::ModuleSection(&module));
    let inside = inside.finish();
    // What a good component lacks of a bomb: one more core module, which nobody instantiates.
    let mut whole = good();
    whole.extend_from_slice(&inside[8..]);
    whole
}

#[test]
fn processor_time_is_limited() {
    let limits = Limits {
        compile_cpu_seconds_max: 1,
        ..Limits::default()
    };
    let bomb = bomb();
    assert_eq!(inspect(&bomb, &limits).findings, []);
    let error = compile(&bomb, &limits).map(|code| code.len());
    assert!(
        matches!(&error, Err(CompileError::Limit(LimitExceeded { name, limit: 1, .. })) if name == "compile_cpu_seconds_max"),
        "{error:?}"
    );
}

#[test]
fn memory_is_limited() {
    let large = with_section(good(), "padding", &vec![0; 30 << 20]);
    let limits = Limits {
        compile_memory_bytes_max: 48 << 20,
        ..Limits::default()
    };
    let error = compile(&large, &limits);
    assert!(
        matches!(&error, Err(CompileError::Limit(LimitExceeded { name, .. })) if name == "compile_memory_bytes_max"),
        "{error:?}"
    );
    assert!(compile(&large, &Limits::default()).is_ok());
}

fn sealed() -> (Artefact, Digest, Identity) {
    let digest = Digest::of(&good());
    let identity = Identity::of_this_host(Metering::None).unwrap();
    let code = compile(&good(), &Limits::default()).unwrap();
    (
        Artefact::seal(&key(), &digest, &identity, &code),
        digest,
        identity,
    )
}

#[test]
fn an_authentic_artefact_loads() {
    let (artefact, digest, identity) = sealed();
    let kept = Artefact::from_bytes(artefact.as_bytes().to_vec());
    let code = kept.open(&key(), &digest, &identity).unwrap();
    Component::load(&Engine::new().unwrap(), &code).unwrap();
}

#[test]
fn a_mutated_artefact_is_refused_wherever_it_was_mutated() {
    let (artefact, digest, identity) = sealed();
    let bytes = artefact.as_bytes();
    let places = (0..160).chain([bytes.len() / 2, bytes.len() - 1]);
    for place in places {
        let mut mutated = bytes.to_vec();
        mutated[place] ^= 1;
        let opened = Artefact::from_bytes(mutated).open(&key(), &digest, &identity);
        match place {
            0..16 => assert!(matches!(opened, Err(ArtefactError::Malformed)), "{place}"),
            _ => assert!(
                matches!(opened, Err(ArtefactError::NotAuthentic)),
                "{place}"
            ),
        }
    }
    for length in [0, 15, 16, 111, 112, bytes.len() - 1] {
        let cut = Artefact::from_bytes(bytes[..length].to_vec());
        assert!(cut.open(&key(), &digest, &identity).is_err(), "{length}");
    }
    let mut longer = bytes.to_vec();
    longer.push(0);
    assert!(
        Artefact::from_bytes(longer)
            .open(&key(), &digest, &identity)
            .is_err()
    );
}

#[test]
fn an_artefact_of_another_key_component_or_host_is_refused() {
    let (artefact, digest, identity) = sealed();
    let other_key = ArtefactKey::from_bytes([8; 32]);
    let opened = artefact.clone().open(&other_key, &digest, &identity);
    assert!(matches!(opened, Err(ArtefactError::NotAuthentic)));
    let opened = artefact
        .clone()
        .open(&key(), &Digest::of(b"other"), &identity);
    assert!(matches!(opened, Err(ArtefactError::OtherComponent)));
    let fuelled = Identity::of_this_host(Metering::Fuel).unwrap();
    assert_ne!(fuelled, identity);
    assert_ne!(
        fuelled.artefact_name(&digest),
        identity.artefact_name(&digest)
    );
    let opened = artefact.open(&key(), &digest, &fuelled);
    assert!(matches!(opened, Err(ArtefactError::OtherHost)));
}

#[test]
fn code_of_other_settings_does_not_load() {
    let (artefact, digest, identity) = sealed();
    let code = artefact.open(&key(), &digest, &identity).unwrap();
    let fuelled = Engine::metered(Metering::Fuel).unwrap();
    let loaded = Component::load(&fuelled, &code);
    assert!(matches!(loaded, Err(SandboxError::Load { .. })));
}

#[test]
fn bytes_that_are_no_machine_code_do_not_load() {
    let digest = Digest::of(b"component");
    let identity = Identity::of_this_host(Metering::None).unwrap();
    // The real component's bytes are WebAssembly and no machine code: a sealed mistake is still no code.
    let wasm = with_manifest(component("analysis", &copying()), "analysis");
    let artefact = Artefact::seal(&key(), &digest, &identity, &wasm);
    let code = artefact.open(&key(), &digest, &identity).unwrap();
    assert!(Component::load(&Engine::new().unwrap(), &code).is_err());
}
