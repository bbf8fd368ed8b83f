//! What `wit-bindgen` makes of `guest-sdk/wit/yunei.wit`, one module per world; the plain types are shared.

/// World `analysis`.
pub mod analysis {
    wit_bindgen::generate!({
        path: "../wit",
        world: "analysis",
        pub_export_macro: true,
        export_macro_name: "export_analysis",
        additional_derives: [Clone, PartialEq],
    });
}

/// World `per-row`.
pub mod per_row {
    wit_bindgen::generate!({
        path: "../wit",
        world: "per-row",
        pub_export_macro: true,
        export_macro_name: "export_per_row",
        with: {
            "yunei:guest/tables@0.1.0": crate::bindings::analysis::yunei::guest::tables,
            "yunei:guest/inputs@0.1.0": crate::bindings::analysis::yunei::guest::inputs,
        },
    });
}

/// World `per-subject`.
pub mod per_subject {
    wit_bindgen::generate!({
        path: "../wit",
        world: "per-subject",
        pub_export_macro: true,
        export_macro_name: "export_per_subject",
        additional_derives: [Clone, PartialEq],
        with: {
            "yunei:guest/tables@0.1.0": crate::bindings::analysis::yunei::guest::tables,
            "yunei:guest/inputs@0.1.0": crate::bindings::analysis::yunei::guest::inputs,
        },
    });
}
