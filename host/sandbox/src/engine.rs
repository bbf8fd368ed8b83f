//! Engines: one that only runs, for cells; one that only compiles, for the jailed child.
//!
//! Deadlines. A cell is one thread under seccomp, so nobody inside could advance an epoch, and epoch checks cost up
//! to 4× on tiny loops: the supervisor's SIGKILL is the deadline of `analysis` and `per-row` modules, exact and
//! indifferent to what the guest does. `per-subject` modules are metered by fuel instead, because each subject's call
//! must stop at the same point on every host and in every replay.

use wasmparser::WasmFeatures;
use wasmtime::{
    Config, Enabled, InstanceAllocationStrategy, OperatorCost, PoolingAllocationConfig,
    WasmBacktraceDetails,
};
use yunei_model::World;

use crate::SandboxError;

/// Bytes of stack that a guest may use.
pub const STACK_BYTES_MAX: usize = 1 << 20;
/// Instances, of the component or of its core modules, that one process can hold at a time.
const INSTANCES_PER_PROCESS: u32 = 64;
/// Memories that one process can hold at a time; each reserves 4 GiB of address space and no memory.
const MEMORIES_PER_PROCESS: u32 = 16;
/// Tables that one process can hold at a time.
const TABLES_PER_PROCESS: u32 = 32;
/// Elements of one table.
const TABLE_ELEMENTS_MAX: usize = 100_000;
/// Bytes of wasmtime's own records for one instance.
const INSTANCE_BYTES_MAX: usize = 1 << 20;
/// Bytes of one memory that stay resident between instances, to be put back by copying instead of unmapping.
const KEEP_RESIDENT_BYTES: usize = 64 << 10;
/// The same where each data subject has an instance: the whole memory of a small module, so that no page of it is faulted in
/// again. Of a larger one, from its start.
const KEEP_RESIDENT_SUBJECT_BYTES: usize = 256 << 10;

/// WebAssembly as guests may use it. Off: threads, memory64, GC, exceptions, relaxed SIMD, and every proposal not named.
pub const FEATURES: WasmFeatures = WasmFeatures::MUTABLE_GLOBAL
    .union(WasmFeatures::SATURATING_FLOAT_TO_INT)
    .union(WasmFeatures::SIGN_EXTENSION)
    .union(WasmFeatures::REFERENCE_TYPES)
    .union(WasmFeatures::CALL_INDIRECT_OVERLONG)
    .union(WasmFeatures::MULTI_VALUE)
    .union(WasmFeatures::BULK_MEMORY)
    .union(WasmFeatures::BULK_MEMORY_OPT)
    .union(WasmFeatures::SIMD)
    .union(WasmFeatures::FLOATS)
    .union(WasmFeatures::EXTENDED_CONST)
    .union(WasmFeatures::COMPONENT_MODEL);

/// Whether instructions are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Metering {
    /// Not at all: the supervisor kills at the deadline.
    None,
    /// By fuel: stops at the same point every time.
    Fuel,
}

impl Metering {
    /// How guests of a world are metered.
    #[must_use]
    pub const fn of(world: World) -> Self {
        match world {
            World::PerRow | World::Analysis => Self::None,
            World::PerSubject => Self::Fuel,
        }
    }
}

/// An engine that runs what was compiled before. It has no compiler.
#[derive(Debug, Clone)]
pub struct Engine {
    pub(crate) inner: wasmtime::Engine,
}

impl Engine {
    /// An engine for `analysis` and `per-row` guests.
    ///
    /// # Errors
    /// [`SandboxError::Engine`] when wasmtime cannot start, such as for want of address space.
    pub fn new() -> Result<Self, SandboxError> {
        Self::metered(Metering::None)
    }

    /// An engine with the metering of a world.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn metered(metering: Metering) -> Result<Self, SandboxError> {
        let mut config = settings(metering);
        config.enable_compiler(false);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool(metering)));
        let inner = wasmtime::Engine::new(&config).map_err(SandboxError::engine)?;
        Ok(Self { inner })
    }
}

/// An engine that only compiles; it reserves no pool, so that it works under a tight limit of address space.
pub(crate) fn compiling(metering: Metering) -> Result<wasmtime::Engine, SandboxError> {
    let mut config = settings(metering);
    // A setting of the compiler alone: an engine without one cannot even name it.
    config.cranelift_nan_canonicalization(true);
    wasmtime::Engine::new(&config).map_err(SandboxError::engine)
}

/// Settings that compiling and running share; wasmtime refuses to load code across a difference.
fn settings(metering: Metering) -> Config {
    let mut config = Config::new();
    config
        .wasm_features(WasmFeatures::all(), false)
        .wasm_features(FEATURES, true)
        .concurrency_support(false)
        .max_wasm_stack(STACK_BYTES_MAX)
        .memory_init_cow(true)
        .consume_fuel(metering == Metering::Fuel)
        .epoch_interruption(false)
        .wasm_backtrace_max_frames(None)
        .wasm_backtrace_details(WasmBacktraceDetails::Disable)
        .native_unwind_info(false)
        .generate_address_map(false)
        .debug_info(false);
    if metering == Metering::Fuel {
        config.operator_cost(costs());
    }
    config
}

/// Fuel that an instruction takes, where it takes far more time than the unit that most take: so a limit of fuel is one of
/// time, however the guest spends it. Bytes and elements of bulk instructions count one each besides.
fn costs() -> OperatorCost {
    let mut costs = OperatorCost::new();
    for slow in [
        &mut costs.MemoryGrow,
        &mut costs.TableGrow,
        &mut costs.variable.memory_grow_per_page,
    ] {
        *slow = u8::MAX;
    }
    for call in [
        &mut costs.MemoryCopy,
        &mut costs.MemoryFill,
        &mut costs.MemoryInit,
        &mut costs.TableCopy,
        &mut costs.TableFill,
        &mut costs.TableInit,
    ] {
        *call = 32;
    }
    for division in [
        &mut costs.I32DivS,
        &mut costs.I32DivU,
        &mut costs.I32RemS,
        &mut costs.I32RemU,
        &mut costs.I64DivS,
        &mut costs.I64DivU,
        &mut costs.I64RemS,
        &mut costs.I64RemU,
        &mut costs.F32Div,
        &mut costs.F32Sqrt,
        &mut costs.F64Div,
        &mut costs.F64Sqrt,
        &mut costs.F32x4Div,
        &mut costs.F32x4Sqrt,
        &mut costs.F64x2Div,
        &mut costs.F64x2Sqrt,
    ] {
        *division = 8;
    }
    costs
}

fn pool(metering: Metering) -> PoolingAllocationConfig {
    let resident = match metering {
        Metering::None => KEEP_RESIDENT_BYTES,
        Metering::Fuel => KEEP_RESIDENT_SUBJECT_BYTES,
    };
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(INSTANCES_PER_PROCESS)
        .total_core_instances(INSTANCES_PER_PROCESS)
        .max_core_instances_per_component(INSTANCES_PER_PROCESS)
        .max_component_instance_size(INSTANCE_BYTES_MAX)
        .max_core_instance_size(INSTANCE_BYTES_MAX)
        .total_memories(MEMORIES_PER_PROCESS)
        .max_memories_per_component(MEMORIES_PER_PROCESS)
        .max_memories_per_module(MEMORIES_PER_PROCESS)
        .total_tables(TABLES_PER_PROCESS)
        .max_tables_per_component(TABLES_PER_PROCESS)
        .max_tables_per_module(TABLES_PER_PROCESS)
        .table_elements(TABLE_ELEMENTS_MAX)
        .linear_memory_keep_resident(resident)
        .table_keep_resident(resident)
        // Memory protection keys are not even compiled in; the page map could not be opened under the lock.
        .pagemap_scan(Enabled::No);
    pool
}

#[cfg(test)]
mod tests;
