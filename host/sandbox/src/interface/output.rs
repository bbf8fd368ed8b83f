//! `output`: tables that are sealed.

use wasmtime::component::Resource;
use yunei_model::{LimitExceeded, Name};

use super::State;
use crate::bindings::output::{Host, HostTable};
use crate::end::{GuestEnd, served};
use crate::host::{FieldInfo, OutputId};
use crate::shape::{Malformed, check_batch};
use crate::tables::{Batch, Denial, Field};

/// Columns of one output.
pub const OUTPUT_COLUMNS_MAX: u64 = 256;

/// An open output.
#[derive(Debug)]
pub struct Table {
    id: OutputId,
    schema: Vec<FieldInfo>,
}

impl Host for State {
    fn create(
        &mut self,
        name: String,
        schema: Vec<Field>,
    ) -> wasmtime::Result<Result<Resource<Table>, Denial>> {
        self.account.call()?;
        self.account.string(&name)?;
        LimitExceeded::check("output_columns", OUTPUT_COLUMNS_MAX, 0, schema.len() as u64)?;
        // INVARIANT: a refusal that the host never saw would be missing from the trace, so this ends the module.
        let schema = parsed(schema).ok_or(GuestEnd::Malformed(Malformed::Schema))?;
        match served(self.host.create_output(&name, &schema))? {
            Ok(id) => self.push(Table { id, schema }).map(Ok),
            Err(denial) => Ok(Err(denial)),
        }
    }
}

/// The schema, if every field has a name and no two the same.
fn parsed(schema: Vec<Field>) -> Option<Vec<FieldInfo>> {
    let mut fields: Vec<FieldInfo> = Vec::with_capacity(schema.len());
    for field in schema {
        let name = Name::parse(&field.name).ok()?;
        if fields.iter().any(|earlier| earlier.name == name) {
            return None;
        }
        fields.push(FieldInfo {
            name,
            kind: field.kind.into(),
            nullable: field.nullable,
        });
    }
    Some(fields)
}

impl HostTable for State {
    fn append(
        &mut self,
        table: Resource<Table>,
        mut rows: Batch,
    ) -> wasmtime::Result<Result<(), Denial>> {
        self.account.call()?;
        let bytes = rows.bytes();
        self.account.batch(rows.rows, bytes)?;
        let Table { id, schema } = self.handles.get(&table).map_err(super::forged)?;
        check_batch(&mut rows, schema).map_err(GuestEnd::from)?;
        self.account.output(rows.rows, bytes)?;
        served(self.host.append(*id, rows))
    }

    fn drop(&mut self, table: Resource<Table>) -> wasmtime::Result<()> {
        self.delete(table).map(drop)
    }
}
