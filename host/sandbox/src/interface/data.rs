//! `data`: granted tables, and nothing else.

use wasmtime::component::Resource;
use yunei_model::LimitExceeded;

use super::State;
use crate::bindings::data::{Host, HostReader, HostTable};
use crate::end::{GuestEnd, served};
use crate::host::{FieldInfo, ReaderId, Stop};
use crate::shape::{Malformed, lengths_agree};
use crate::tables::{Batch, Denial, Field};

/// An open table.
#[derive(Debug)]
pub struct Table {
    name: String,
    fields: Vec<FieldInfo>,
}

/// An open reader.
#[derive(Debug)]
pub struct Reader(pub(super) ReaderId);

impl Host for State {
    fn open(&mut self, name: String) -> wasmtime::Result<Result<Resource<Table>, Denial>> {
        self.account.call()?;
        self.account.string(&name)?;
        match served(self.host.open(&name))? {
            Ok(fields) => self.push(Table { name, fields }).map(Ok),
            Err(denial) => Ok(Err(denial)),
        }
    }
}

impl HostTable for State {
    fn schema(&mut self, table: Resource<Table>) -> wasmtime::Result<Vec<Field>> {
        self.account.call()?;
        let fields = self.get(&table)?.fields.iter();
        Ok(fields
            .map(|field| Field {
                name: field.name.to_string(),
                kind: field.kind.into(),
                nullable: field.nullable,
            })
            .collect())
    }

    fn scan(
        &mut self,
        table: Resource<Table>,
        columns: Vec<u32>,
    ) -> wasmtime::Result<Result<Resource<Reader>, Denial>> {
        self.account.call()?;
        let Table { name, fields } = self.handles.get(&table).map_err(super::forged)?;
        LimitExceeded::check("columns", fields.len() as u64, 0, columns.len() as u64)?;
        let beyond = |column: &&u32| fields.get(**column as usize).is_none();
        if let Some(column) = columns.iter().find(beyond) {
            let column = u64::from(*column);
            return Err(GuestEnd::Malformed(Malformed::Position { column }).into());
        }
        match served(self.host.scan(name, &columns))? {
            Ok(reader) => self.push(Reader(reader)).map(Ok),
            Err(denial) => Ok(Err(denial)),
        }
    }

    fn drop(&mut self, table: Resource<Table>) -> wasmtime::Result<()> {
        self.delete(table).map(drop)
    }
}

impl HostReader for State {
    fn next(
        &mut self,
        reader: Resource<Reader>,
    ) -> wasmtime::Result<Result<Option<Batch>, Denial>> {
        self.account.call()?;
        let reader = self.get(&reader)?.0;
        let answer = served(self.host.next(reader))?;
        if let Ok(Some(batch)) = &answer {
            self.account.batch(batch.rows, batch.bytes())?;
            if !lengths_agree(batch) {
                let reason = "a batch of the feed has unequal columns".to_owned();
                return Err(GuestEnd::from(Stop::Host(reason)).into());
            }
        }
        Ok(answer)
    }

    fn drop(&mut self, reader: Resource<Reader>) -> wasmtime::Result<()> {
        let reader = self.delete(reader)?;
        self.host.close(reader.0);
        Ok(())
    }
}
