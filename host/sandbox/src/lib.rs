//! The wasmtime engine, admission, guest interfaces and limits.
//!
//! Duty: judge uploaded components without compiling them, compile them in a jailed child, and run them with the
//! interfaces that a capability names, within named limits.
//!
//! Invariants: nothing of WASI is ever linked. Everything that a guest hands over is checked before other code sees
//! it. Machine code is loaded only after it was authenticated. A store that trapped is thrown away.
//!
//! Never: ambient authority of any kind, for guest or compiler: no file, socket, clock, randomness, environment.

mod account;
pub mod admission;
mod artefact;
mod bindings;
mod buffer;
pub mod compiler;
mod component;
mod contribution;
mod end;
mod engine;
mod error;
mod host;
mod interface;
pub mod jail;
mod per_subject;
mod run;
mod sealed;
mod shape;
mod slice;
mod tables;
mod unchecked;
pub mod wit;

pub use admission::{Inspection, inspect};
pub use artefact::{Artefact, ArtefactError, ArtefactKey, Authentic, CODE_BYTES_MAX, Identity};
pub use buffer::Buffer;
pub use compiler::{CompileError, Compiled, Compiler};
pub use component::Component;
pub use contribution::{
    CONTRIBUTIONS_MAX, Contributions, Given, NO_CELL, NoRecords, Record, RecordForm,
};
pub use end::{GuestEnd, MESSAGE_BYTES_MAX, TrapKind, escaped};
pub use engine::{Engine, FEATURES, Metering, STACK_BYTES_MAX};
pub use error::SandboxError;
pub use host::{
    AnalysisHost, Denial, FieldInfo, Interfaces, Level, OutputId, ParameterValue, ReaderId, Stop,
    Unserved,
};
pub use per_subject::{PerSubject, subject_fits};
pub use run::{PerRow, run_analysis, run_analysis_telling};
pub use shape::{Flaw, Malformed, check_batch, check_columns, check_kinds};
pub use tables::{Batch, Column, Values, VarBytes};
