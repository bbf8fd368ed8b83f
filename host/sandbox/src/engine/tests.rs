//! What is off, is off in both engines.

use super::{Engine, FEATURES, Metering, compiling};

#[test]
fn admission_compiler_and_cell_agree_on_webassembly() {
    for metering in [Metering::None, Metering::Fuel] {
        let cell = Engine::metered(metering).unwrap().inner;
        let compiler = compiling(metering).unwrap();
        assert_eq!(cell.get_wasm_features(), FEATURES);
        assert_eq!(compiler.get_wasm_features(), FEATURES);
    }
}

#[test]
fn what_containment_wants_is_set() {
    let cell = Engine::new().unwrap().inner;
    let compiler = compiling(Metering::None).unwrap();
    assert!(!cell.get_concurrency_support());
    assert!(cell.get_memory_init_cow());
    assert!(!cell.get_consume_fuel());
    assert!(!cell.get_epoch_interruption());
    assert!(cell.get_pooling_config().is_some());
    assert_eq!(compiler.get_cranelift_nan_canonicalization(), Some(true));
}

#[test]
fn a_cell_cannot_compile() {
    let cell = Engine::new().unwrap().inner;
    assert!(wasmtime::component::Component::new(&cell, "(component)").is_err());
    assert!(cell.precompile_component(b"(component)").is_err());
}
