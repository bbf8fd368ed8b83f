//! The running account of one guest: memory over everything, handles, calls, output, notes.

use wasmtime::ResourceLimiter;
use yunei_model::{LimitExceeded, Limits};

/// Host bytes that one element of a table takes.
const TABLE_ELEMENT_BYTES: u64 = size_of::<usize>() as u64;

/// What a guest has used so far, against its limits.
///
/// INVARIANT: `memory_bytes` is the sum over all memories and tables of the store and the buffers that the host
/// holds for the guest; wasmtime's own `StoreLimits` would count each memory by itself.
#[derive(Debug)]
pub(crate) struct Account {
    limits: Limits,
    memory_bytes: u64,
    table_elements: u64,
    /// What the last permitted growth added, to be taken back if it fails after all.
    pending: Pending,
    handles: u64,
    calls: u64,
    output_rows: u64,
    output_bytes: u64,
    notes: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Pending {
    bytes: u64,
    elements: u64,
}

impl Account {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            limits: limits.clone(),
            memory_bytes: 0,
            table_elements: 0,
            pending: Pending::default(),
            handles: 0,
            calls: 0,
            output_rows: 0,
            output_bytes: 0,
            notes: 0,
        }
    }

    pub(crate) const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Counts one host call.
    pub(crate) fn call(&mut self) -> Result<(), LimitExceeded> {
        self.calls = LimitExceeded::check("calls_max", self.limits.calls_max, self.calls, 1)?;
        Ok(())
    }

    /// Counts one open table, reader or output.
    pub(crate) fn open_handle(&mut self) -> Result<(), LimitExceeded> {
        self.handles =
            LimitExceeded::check("handles_max", self.limits.handles_max, self.handles, 1)?;
        Ok(())
    }

    pub(crate) const fn close_handle(&mut self) {
        self.handles = self.handles.saturating_sub(1);
    }

    /// Checks a string that the guest passed.
    pub(crate) fn string(&self, text: &str) -> Result<(), LimitExceeded> {
        let limit = self.limits.string_bytes_max;
        LimitExceeded::check("string_bytes_max", limit, 0, text.len() as u64).map(drop)
    }

    /// Checks a batch that crosses in either direction and is held by the host while it does.
    pub(crate) fn batch(&self, rows: u32, bytes: u64) -> Result<(), LimitExceeded> {
        let limits = &self.limits;
        LimitExceeded::check("batch_rows_max", limits.batch_rows_max, 0, u64::from(rows))?;
        LimitExceeded::check("batch_bytes_max", limits.batch_bytes_max, 0, bytes)?;
        LimitExceeded::check(
            "memory_bytes_max",
            limits.memory_bytes_max,
            self.memory_bytes,
            bytes,
        )
        .map(drop)
    }

    /// Counts rows that go to an output.
    pub(crate) fn output(&mut self, rows: u32, bytes: u64) -> Result<(), LimitExceeded> {
        let limits = &self.limits;
        let rows = LimitExceeded::check(
            "output_rows_max",
            limits.output_rows_max,
            self.output_rows,
            u64::from(rows),
        )?;
        self.output_bytes = LimitExceeded::check(
            "output_bytes_max",
            limits.output_bytes_max,
            self.output_bytes,
            bytes,
        )?;
        self.output_rows = rows;
        Ok(())
    }

    /// Counts one note.
    pub(crate) fn note(&mut self) -> Result<(), LimitExceeded> {
        self.notes = LimitExceeded::check(
            "journal_notes_max",
            self.limits.journal_notes_max,
            self.notes,
            1,
        )?;
        Ok(())
    }

    fn take_back(&mut self) {
        self.memory_bytes = self.memory_bytes.saturating_sub(self.pending.bytes);
        self.table_elements = self.table_elements.saturating_sub(self.pending.elements);
        self.pending = Pending::default();
    }
}

impl ResourceLimiter for Account {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        // INVARIANT: growth past the limit ends the guest, so that the end names the limit and does not depend on
        // what the guest makes of a failed `memory.grow`.
        let sum = LimitExceeded::check(
            "memory_bytes_max",
            self.limits.memory_bytes_max,
            self.memory_bytes,
            more,
        )?;
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.memory_bytes = sum;
        self.pending = Pending {
            bytes: more,
            elements: 0,
        };
        Ok(true)
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back();
        Ok(())
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let more = desired.saturating_sub(current) as u64;
        let bytes = more.saturating_mul(TABLE_ELEMENT_BYTES);
        let limits = &self.limits;
        let elements = LimitExceeded::check(
            "table_elements_max",
            limits.table_elements_max,
            self.table_elements,
            more,
        )?;
        let sum = LimitExceeded::check(
            "memory_bytes_max",
            limits.memory_bytes_max,
            self.memory_bytes,
            bytes,
        )?;
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.table_elements = elements;
        self.memory_bytes = sum;
        self.pending = Pending {
            bytes,
            elements: more,
        };
        Ok(true)
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back();
        Ok(())
    }

    fn instances(&self) -> usize {
        usize::try_from(self.limits.instances_max).unwrap_or(usize::MAX)
    }

    fn tables(&self) -> usize {
        usize::try_from(self.limits.tables_max).unwrap_or(usize::MAX)
    }

    fn memories(&self) -> usize {
        usize::try_from(self.limits.memories_max).unwrap_or(usize::MAX)
    }
}
