//! The guest's interfaces, one file each; each is linked by itself, and only when the capability names it.

pub(crate) mod data;
pub(crate) mod inputs;
pub(crate) mod journal;
pub(crate) mod output;
pub(crate) mod query;

use wasmtime::component::{HasSelf, Linker, Resource, ResourceTable, ResourceTableError};
use yunei_model::Limits;

use crate::account::Account;
use crate::bindings;
use crate::end::{GuestEnd, TrapKind};
use crate::host::{AnalysisHost, Interfaces};

/// What one guest's store holds.
pub(crate) struct State {
    pub(crate) account: Account,
    pub(crate) host: Box<dyn AnalysisHost>,
    handles: ResourceTable,
}

impl State {
    pub(crate) fn new(host: Box<dyn AnalysisHost>, limits: &Limits) -> Self {
        let mut handles = ResourceTable::new();
        handles.set_max_capacity(usize::try_from(limits.handles_max).unwrap_or(usize::MAX));
        Self {
            account: Account::new(limits),
            host,
            handles,
        }
    }

    /// Hands out a handle.
    fn push<T: Send + 'static>(&mut self, entry: T) -> wasmtime::Result<Resource<T>> {
        self.account.open_handle()?;
        Ok(self.handles.push(entry)?)
    }

    /// What a handle stands for.
    fn get<T: 'static>(&self, handle: &Resource<T>) -> wasmtime::Result<&T> {
        self.handles.get(handle).map_err(forged)
    }

    /// Takes a handle back.
    fn delete<T: 'static>(&mut self, handle: Resource<T>) -> wasmtime::Result<T> {
        let entry = self.handles.delete(handle).map_err(forged)?;
        self.account.close_handle();
        Ok(entry)
    }
}

fn forged(_: ResourceTableError) -> wasmtime::Error {
    GuestEnd::Trap(TrapKind::BrokenAbi).into()
}

/// Links what `interfaces` names. `inputs` gives constants alone and is always there.
pub(crate) fn link(linker: &mut Linker<State>, interfaces: Interfaces) -> wasmtime::Result<()> {
    bindings::inputs::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    if interfaces.data {
        bindings::data::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    } else if interfaces.query {
        query::link_reader(linker)?;
    }
    if interfaces.query {
        bindings::query::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    }
    if interfaces.output {
        bindings::output::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    }
    if interfaces.journal {
        bindings::journal::add_to_linker::<State, HasSelf<State>>(linker, |state| state)?;
    }
    Ok(())
}
