//! `query`: one SELECT over the granted views.

use wasmtime::component::{Linker, Resource, ResourceType};

use super::State;
use super::data::Reader;
use crate::bindings::data::HostReader;
use crate::bindings::query::Host;
use crate::end::served;
use crate::tables::Denial;

impl Host for State {
    fn sql(&mut self, text: String) -> wasmtime::Result<Result<Resource<Reader>, Denial>> {
        self.account.call()?;
        self.account.string(&text)?;
        match served(self.host.sql(&text))? {
            Ok(reader) => self.push(Reader(reader)).map(Ok),
            Err(denial) => Ok(Err(denial)),
        }
    }
}

/// Links of `data` only the readers that `sql` yields: no way to open a table.
pub(super) fn link_reader(linker: &mut Linker<State>) -> wasmtime::Result<()> {
    let mut data = linker.instance(crate::wit::DATA)?;
    data.resource(
        "reader",
        ResourceType::host::<Reader>(),
        |mut store, representation| {
            HostReader::drop(store.data_mut(), Resource::new_own(representation))
        },
    )?;
    data.func_wrap(
        "[method]reader.next",
        |mut store, (reader,): (Resource<Reader>,)| {
            Ok((HostReader::next(store.data_mut(), reader)?,))
        },
    )
}
