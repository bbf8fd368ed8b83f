//! Imports WASI: admission refuses it by name.

use yunei_guest::{Level, Result, note};

yunei_guest::analysis!(run);

/// The part of WASI that this module would like.
mod wasi {
    wit_bindgen::generate!({
        inline: "
            package hostile:wasi-import;

            world outside {
                import wasi:cli/environment@0.2.0;
                import wasi:random/random@0.2.0;
            }

            package wasi:cli@0.2.0 {
                interface environment { get-environment: func() -> list<tuple<string, string>>; }
            }

            package wasi:random@0.2.0 {
                interface random { get-random-u64: func() -> u64; }
            }
        ",
        world: "hostile:wasi-import/outside",
        generate_all,
    });
}

fn run() -> Result<()> {
    for (name, value) in wasi::wasi::cli::environment::get_environment() {
        note(Level::Info, &[name, value].join("="));
    }
    note(
        Level::Info,
        &wasi::wasi::random::random::get_random_u64().to_string(),
    );
    Ok(())
}
