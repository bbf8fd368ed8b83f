//! The host of a test: the same functions as the real one's, over tables in memory.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use crate::bindings::analysis::yunei::guest::inputs::Value;
use crate::bindings::analysis::yunei::guest::tables::{self as wire, Denial};
use crate::testing::concatenate;
use crate::{Batch, Field, Level};

/// A table of a test.
#[derive(Debug, Clone)]
pub(crate) struct Made {
    pub(crate) fields: Vec<Field>,
    pub(crate) rows: Batch,
}

impl Made {
    fn append(&mut self, more: &wire::Batch) -> Option<()> {
        let before = wire::Batch {
            rows: u32::try_from(self.rows.len()).ok()?,
            columns: self.rows.columns().to_vec(),
        };
        let names = self.fields.iter().map(|f| f.name.clone()).collect();
        self.rows = Batch::received(concatenate::batches(&before, more)?, &names).ok()?;
        Some(())
    }
}

/// Everything that a test grants and gets.
#[derive(Debug, Default)]
pub(crate) struct State {
    pub(crate) tables: BTreeMap<String, Made>,
    pub(crate) answers: BTreeMap<String, Made>,
    pub(crate) parameters: BTreeMap<String, Value>,
    pub(crate) outputs: Vec<(String, Made)>,
    pub(crate) notes: Vec<(Level, String)>,
}

thread_local! {
    static STATE: RefCell<State> = RefCell::default();
}

/// Puts another state in place.
pub(crate) fn replace(state: State) -> State {
    STATE.replace(state)
}

fn denial(code: &str) -> Denial {
    Denial {
        code: code.to_owned(),
        clause: None,
    }
}

#[derive(Debug)]
pub(crate) struct TableHandle(Made);

#[derive(Debug)]
pub(crate) struct ReaderHandle(RefCell<Option<wire::Batch>>);

#[derive(Debug)]
pub(crate) struct OutputHandle(usize);

pub(crate) fn open(name: &str) -> Result<TableHandle, Denial> {
    STATE.with_borrow(|state| {
        let table = state.tables.get(name).cloned().map(TableHandle);
        table.ok_or_else(|| denial("resource-not-granted"))
    })
}

pub(crate) fn sql(text: &str) -> Result<ReaderHandle, Denial> {
    STATE.with_borrow(|state| {
        let answer = state
            .answers
            .get(text)
            .ok_or_else(|| denial("query-refused"))?;
        Ok(ReaderHandle::of(
            &answer.rows,
            answer.rows.columns().to_vec(),
        ))
    })
}

pub(crate) fn create(name: &str, fields: &[Field]) -> Result<OutputHandle, Denial> {
    let names: Rc<[String]> = fields.iter().map(|f| f.name.clone()).collect();
    let nothing = wire::Batch {
        rows: 0,
        columns: Vec::new(),
    };
    let rows = Batch::received(nothing, &names).map_err(|_| denial("output-refused"))?;
    STATE.with_borrow_mut(|state| {
        let fields = fields.to_vec();
        state.outputs.push((name.to_owned(), Made { fields, rows }));
        Ok(OutputHandle(state.outputs.len() - 1))
    })
}

pub(crate) fn note(level: Level, message: &str) {
    STATE.with_borrow_mut(|state| state.notes.push((level, message.to_owned())));
}

pub(crate) fn parameter(name: &str) -> Option<Value> {
    STATE.with_borrow(|state| state.parameters.get(name).cloned())
}

impl TableHandle {
    pub(crate) fn schema(&self) -> Vec<Field> {
        self.0.fields.clone()
    }

    pub(crate) fn scan(&self, columns: &[u32]) -> Result<ReaderHandle, Denial> {
        let column = |position: &u32| self.0.rows.columns().get(*position as usize).cloned();
        let columns: Option<Vec<_>> = columns.iter().map(column).collect();
        let columns = columns.ok_or_else(|| denial("field-not-granted"))?;
        Ok(ReaderHandle::of(&self.0.rows, columns))
    }
}

impl ReaderHandle {
    fn of(rows: &Batch, columns: Vec<crate::Column>) -> Self {
        Self(RefCell::new(Some(wire::Batch {
            rows: rows.len() as u32,
            columns,
        })))
    }

    #[expect(clippy::unnecessary_wraps, reason = "as the real one's")]
    pub(crate) fn next(&self) -> Result<Option<wire::Batch>, Denial> {
        Ok(self.0.take())
    }
}

impl OutputHandle {
    pub(crate) fn append(&self, rows: &wire::Batch) -> Result<(), Denial> {
        STATE.with_borrow_mut(|state| {
            let output = state.outputs.get_mut(self.0);
            let (_, made) = output.ok_or_else(|| denial("output-refused"))?;
            made.append(rows).ok_or_else(|| denial("output-refused"))
        })
    }
}
