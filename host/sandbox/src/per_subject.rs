//! World `per-subject`: one fresh instance for each data subject, and one record of fixed size out of it.
//!
//! Invariants: the call for one subject gets that subject's rows and the run's constants; whatever it does, the calls
//! for all others find the memories, tables, globals and fuel that it found. What a call leaves behind is a record whose
//! size is the same for all. There is no error: a trap, used-up fuel or memory, and anything malformed are the manifest's
//! default contribution, which nobody outside can tell from one that the module gave.

use std::collections::BTreeMap;
use std::sync::Arc;

use wasmtime::Store;
use wasmtime::component::{HasSelf, Linker};
use yunei_model::{Contribution, Limits, Name};

use crate::account::Account;
use crate::bindings::inputs;
use crate::bindings::per_subject::{Contribution as Said, PerSubjectPre};
use crate::component::Component;
use crate::contribution::{CONTRIBUTIONS_MAX, Contributions, Given, RecordForm};
use crate::end::GuestEnd;
use crate::engine::Engine;
use crate::host::ParameterValue;
use crate::shape::lengths_agree;
use crate::{Batch, wit};

/// Bytes that one call may make the host allocate: the list of contributions, and the name of a parameter.
const HOST_CALL_BYTES: usize = CONTRIBUTIONS_MAX * size_of::<Said>() + (64 << 10);

/// What the store of one subject's instance holds.
struct Subject {
    account: Account,
    parameters: Arc<BTreeMap<Name, ParameterValue>>,
}

impl inputs::Host for Subject {
    fn parameter(&mut self, name: String) -> wasmtime::Result<Option<inputs::Value>> {
        self.account.call()?;
        self.account.string(&name)?;
        let value = Name::parse(&name)
            .ok()
            .and_then(|name| self.parameters.get(&name).cloned());
        Ok(value.map(inputs::Value::from))
    }
}

/// A `per-subject` module, ready to be called for one data subject after another.
pub struct PerSubject {
    engine: wasmtime::Engine,
    guest: PerSubjectPre<Subject>,
    parameters: Arc<BTreeMap<Name, ParameterValue>>,
    limits: Limits,
    form: Arc<RecordForm>,
}

impl PerSubject {
    /// Makes the module ready with its constant parameters, and starts it once without any subject: what fails then
    /// fails for every subject, and tells nothing of one.
    ///
    /// # Errors
    /// [`GuestEnd`] when it imports more than `inputs`, or ends while it starts.
    pub fn start(
        engine: &Engine,
        component: &Component,
        parameters: BTreeMap<Name, ParameterValue>,
        contribution: &Contribution,
        limits: &Limits,
    ) -> Result<Self, GuestEnd> {
        let granted = |name: &str| matches!(name, wit::INPUTS | wit::TABLES) || !name.contains(':');
        if let Some(interface) = component
            .imports(engine)
            .into_iter()
            .find(|name| !granted(name))
        {
            return Err(GuestEnd::Denied { interface });
        }
        let stopped = |error: wasmtime::Error| GuestEnd::Stopped(format!("{error:#}"));
        let mut linker = Linker::<Subject>::new(&engine.inner);
        inputs::add_to_linker::<Subject, HasSelf<Subject>>(&mut linker, |subject| subject)
            .map_err(stopped)?;
        let guest = linker
            .instantiate_pre(&component.inner)
            .and_then(PerSubjectPre::new)
            .map_err(stopped)?;
        let module = Self {
            engine: engine.inner.clone(),
            guest,
            parameters: Arc::new(parameters),
            limits: of_one_subject(limits),
            form: Arc::new(RecordForm::of(contribution)),
        };
        let mut store = module.store().map_err(|error| GuestEnd::of(&error))?;
        module
            .guest
            .instantiate(&mut store)
            .map_err(|error| GuestEnd::of(&error))?;
        Ok(module)
    }

    /// The form of every subject's record.
    #[must_use]
    pub const fn form(&self) -> &Arc<RecordForm> {
        &self.form
    }

    /// Calls the module for one data subject in a fresh instance, and adds the subject's record: what the module gave,
    /// or the default. `records` has a batch per required resource, in the manifest's order.
    pub fn contribute(&self, records: &[Batch], into: &mut Contributions) {
        match self.call(records) {
            Some(said) => into.push(&said),
            None => into.push_default(),
        }
    }

    fn call(&self, records: &[Batch]) -> Option<Vec<Given>> {
        if !self.admits(records) {
            return None;
        }
        let mut store = self.store().ok()?;
        let guest = self.guest.instantiate(&mut store).ok()?;
        let said = guest.call_contribute(&mut store, records).ok()?;
        Some(said.into_iter().map(Given::from).collect())
    }

    /// Whether the subject's own rows are within their limits; no other subject's matter.
    fn admits(&self, records: &[Batch]) -> bool {
        let rows = records.iter().map(|batch| u64::from(batch.rows)).sum();
        let bytes = records
            .iter()
            .fold(0_u64, |sum, batch| sum.saturating_add(batch.bytes()));
        subject_fits(&self.limits, rows, bytes) && records.iter().all(lengths_agree)
    }

    fn store(&self) -> wasmtime::Result<Store<Subject>> {
        let subject = Subject {
            account: Account::new(&self.limits),
            parameters: Arc::clone(&self.parameters),
        };
        let mut store = Store::new(&self.engine, subject);
        store.limiter(|subject| &mut subject.account);
        store.set_hostcall_fuel(HOST_CALL_BYTES);
        store.set_fuel(self.limits.subject_fuel_max)?;
        Ok(store)
    }
}

impl std::fmt::Debug for PerSubject {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("PerSubject(…)")
    }
}

impl From<Said> for Given {
    fn from(said: Said) -> Self {
        Self {
            cell: said.cell,
            measure: said.measure,
            value: said.value,
        }
    }
}

/// Whether one data subject's rows, over all resources, are within the limits of a call.
#[must_use]
pub const fn subject_fits(limits: &Limits, rows: u64, bytes: u64) -> bool {
    rows <= limits.subject_rows_max && bytes <= limits.subject_bytes_max
}

/// The limits of a run as those of the instance of one subject.
fn of_one_subject(limits: &Limits) -> Limits {
    Limits {
        memory_bytes_max: limits.subject_memory_bytes_max,
        calls_max: limits.subject_calls_max,
        ..limits.clone()
    }
}
