//! The wasmtime engine, admission, guest interfaces and limits.
