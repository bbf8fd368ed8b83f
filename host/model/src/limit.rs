//! Named limits of a room and of admission.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Something asked for more than its limit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
#[error("`{name}` is limited to {limit}: at {current}, {requested} more were asked for")]
pub struct LimitExceeded {
    /// The limit's name, as in [`Limits`].
    pub name: String,
    /// The limit.
    pub limit: u64,
    /// In use before the request.
    pub current: u64,
    /// Asked for.
    pub requested: u64,
}

impl LimitExceeded {
    /// Checks `current + requested ≤ limit`.
    ///
    /// # Errors
    /// [`LimitExceeded`] when it is more, or does not fit 64 bits.
    pub fn check(name: &str, limit: u64, current: u64, requested: u64) -> Result<u64, Self> {
        match current.checked_add(requested) {
            Some(sum) if sum <= limit => Ok(sum),
            _ => Err(Self {
                name: name.to_owned(),
                limit,
                current,
                requested,
            }),
        }
    }
}

macro_rules! limits {
    ($($(#[$meta:meta])* $name:ident = $default:expr),+ $(,)?) => {
        /// Every limit of admission, compilation and a run; each has a test at the limit and one past it.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct Limits { $($(#[$meta])* pub $name: u64),+ }

        impl Limits {
            /// The names of all limits.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),+];
        }

        impl Default for Limits {
            fn default() -> Self {
                Self { $($name: $default),+ }
            }
        }
    };
}

limits! {
    /// Bytes of an uploaded component.
    component_bytes_max = 32 << 20,
    /// Bytes of the manifest inside it.
    manifest_bytes_max = 64 << 10,
    /// Nesting depth of components and modules.
    nesting_depth_max = 4,
    /// Core modules in a component.
    core_modules_max = 8,
    /// Core and component instances in a component.
    instances_max = 64,
    /// Functions over all core modules.
    functions_max = 50_000,
    /// Bytes of one function's body.
    function_bytes_max = 256 << 10,
    /// Linear memories over all core modules.
    memories_max = 4,
    /// Tables over all core modules.
    tables_max = 8,
    /// Elements of all tables together.
    table_elements_max = 100_000,
    /// Imports of the component.
    imports_max = 64,
    /// Seconds that the compiling child may use the processor.
    compile_cpu_seconds_max = 60,
    /// Address space of the compiling child in bytes.
    compile_memory_bytes_max = 4 << 30,
    /// Bytes of all linear memories, tables and host buffers of a run together.
    memory_bytes_max = 512 << 20,
    /// Open tables, readers and outputs of a run.
    handles_max = 256,
    /// Host calls of a run.
    calls_max = 1_000_000,
    /// Bytes of one string that a guest passes.
    string_bytes_max = 64 << 10,
    /// Milliseconds that a run may take.
    duration_ms_max = 120_000,
    /// Bytes of one batch in the ring.
    batch_bytes_max = 1 << 20,
    /// Rows of one batch.
    batch_rows_max = 65_536,
    /// Rows of all outputs of a run.
    output_rows_max = 1_000_000,
    /// Bytes of all outputs of a run.
    output_bytes_max = 256 << 20,
    /// Notes in the journal of a run.
    journal_notes_max = 100,
    /// Bytes of one note; the rest is cut.
    journal_note_bytes_max = 256,
    /// Rows of one data subject, over all resources, in world `per-subject`; a subject with more counts with the default contribution.
    subject_rows_max = 4096,
    /// Bytes of the rows of one data subject; a subject with more counts with the default contribution.
    subject_bytes_max = 512 << 10,
    /// Fuel of the call for one data subject, its instance's start included: about one unit for each instruction.
    subject_fuel_max = 5_000_000,
    /// Bytes of memories and tables of the instance for one data subject.
    subject_memory_bytes_max = 4 << 20,
    /// Host calls of the instance for one data subject.
    subject_calls_max = 64,
}
