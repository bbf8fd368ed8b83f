//! What `wasmtime::component::bindgen!` makes of `guest-sdk/wit/yunei.wit`.
#![allow(
    missing_docs,
    clippy::all,
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "generated"
)]

/// Interface `tables`: our own types, whose buffers need no copy, in the place of generated ones.
#[expect(
    dead_code,
    reason = "generated code names these, and only `add_to_linker` of whole worlds would call them"
)]
pub mod tables {
    use wasmtime::component::{HasData, Linker};

    pub use crate::tables::{Batch, Column, Denial, Field};

    /// Types need no host; generated code asks for the name.
    pub trait HostWithStore<T>: HasData {}
    impl<T, D: HasData + ?Sized> HostWithStore<T> for D {}

    /// As above.
    pub trait Host {}
    impl<S: ?Sized> Host for S {}

    /// There is nothing to link.
    pub fn add_to_linker<T, D>(
        _linker: &mut Linker<T>,
        _host: fn(&mut T) -> D::Data<'_>,
    ) -> wasmtime::Result<()>
    where
        D: HasData,
        T: 'static,
    {
        Ok(())
    }
}

/// World `analysis`.
pub(crate) mod analysis {
    wasmtime::component::bindgen!({
        world: "analysis",
        path: "../../guest-sdk/wit",
        imports: { default: trappable },
        with: {
            "yunei:guest/tables": crate::bindings::tables,
            "yunei:guest/data.table": crate::interface::data::Table,
            "yunei:guest/data.reader": crate::interface::data::Reader,
            "yunei:guest/output.table": crate::interface::output::Table,
        },
    });
}

/// World `per-row`.
pub(crate) mod per_row {
    wasmtime::component::bindgen!({
        world: "per-row",
        path: "../../guest-sdk/wit",
        imports: { default: trappable },
        with: {
            "yunei:guest/tables": crate::bindings::tables,
            "yunei:guest/inputs": crate::bindings::analysis::yunei::guest::inputs,
        },
    });
}

/// World `per-subject`.
pub(crate) mod per_subject {
    wasmtime::component::bindgen!({
        world: "per-subject",
        path: "../../guest-sdk/wit",
        imports: { default: trappable },
        with: {
            "yunei:guest/tables": crate::bindings::tables,
            "yunei:guest/inputs": crate::bindings::analysis::yunei::guest::inputs,
        },
    });
}

pub(crate) use analysis::yunei::guest::{data, inputs, journal, output, query};
