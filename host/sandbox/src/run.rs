//! Running guests: a whole analysis, or row by row.

use std::collections::BTreeMap;

use wasmtime::Store;
use wasmtime::component::Linker;
use yunei_model::{Code, FieldType, Limits, Name};

use crate::bindings::analysis::Analysis;
use crate::bindings::per_row::PerRow as PerRowGuest;
use crate::component::Component;
use crate::end::GuestEnd;
use crate::engine::Engine;
use crate::host::{
    AnalysisHost, FieldInfo, Interfaces, Level, OutputId, ParameterValue, ReaderId, Stop, Unserved,
};
use crate::interface::{State, link};
use crate::shape::{check_columns, check_kinds, lengths_agree};
use crate::{Batch, Column, wit};

/// Bytes that one call may carry beyond a batch: strings, schemas, the columns' own records.
const CALL_OVERHEAD_BYTES: u64 = 128 << 10;

/// Runs an `analysis` module to its end. A store serves one run and is thrown away after it, however it ends.
///
/// # Errors
/// [`GuestEnd`], always the guest's or the run's doing.
pub fn run_analysis(
    engine: &Engine,
    component: &Component,
    interfaces: Interfaces,
    host: Box<dyn AnalysisHost>,
    limits: &Limits,
) -> Result<(), GuestEnd> {
    let mut store = store(engine, host, limits);
    call_analysis(&mut store, component, interfaces, engine)
}

/// As [`run_analysis`], and `tell` is told how it ended before anything of it is taken down, which takes a while.
pub fn run_analysis_telling<T>(
    engine: &Engine,
    component: &Component,
    interfaces: Interfaces,
    host: Box<dyn AnalysisHost>,
    limits: &Limits,
    tell: impl FnOnce(Result<(), GuestEnd>) -> T,
) -> T {
    let mut store = store(engine, host, limits);
    tell(call_analysis(&mut store, component, interfaces, engine))
}

fn call_analysis(
    store: &mut Store<State>,
    component: &Component,
    interfaces: Interfaces,
    engine: &Engine,
) -> Result<(), GuestEnd> {
    let linker = linker(engine, component, interfaces)?;
    let guest = Analysis::instantiate(&mut *store, &component.inner, &linker)
        .map_err(|error| GuestEnd::of(&error))?;
    match guest.call_run(store) {
        Ok(Ok(())) => Ok(()),
        Ok(Err(message)) => Err(GuestEnd::said(&message)),
        Err(error) => Err(GuestEnd::of(&error)),
    }
}

/// A `per-row` module, started.
pub struct PerRow {
    store: Store<State>,
    guest: PerRowGuest,
    kinds: Option<Vec<FieldType>>,
    ended: Option<GuestEnd>,
}

impl PerRow {
    /// Starts the module with its constant parameters; it imports nothing else.
    ///
    /// # Errors
    /// [`GuestEnd`] when it imports more than `inputs`, or ends while it starts.
    pub fn start(
        engine: &Engine,
        component: &Component,
        parameters: BTreeMap<Name, ParameterValue>,
        limits: &Limits,
    ) -> Result<Self, GuestEnd> {
        let mut store = store(engine, Box::new(Constants(parameters)), limits);
        let linker = linker(engine, component, Interfaces::default())?;
        let guest = PerRowGuest::instantiate(&mut store, &component.inner, &linker)
            .map_err(|error| GuestEnd::of(&error))?;
        Ok(Self {
            store,
            guest,
            kinds: None,
            ended: None,
        })
    }

    /// The same, refusing derived columns that are not exactly of these types, in this order.
    #[must_use]
    pub fn expecting(mut self, kinds: Vec<FieldType>) -> Self {
        self.kinds = Some(kinds);
        self
    }

    /// Derives columns of a batch: each has as many rows, and its bitmaps, offsets and text are checked.
    ///
    /// # Errors
    /// [`GuestEnd`]; after the first one the module is gone, and every later call returns the same.
    pub fn derive(&mut self, rows: &Batch) -> Result<Vec<Column>, GuestEnd> {
        if let Some(end) = &self.ended {
            return Err(end.clone());
        }
        let derived = self.derive_once(rows);
        if let Err(end) = &derived {
            self.ended = Some(end.clone());
        }
        derived
    }

    fn derive_once(&mut self, rows: &Batch) -> Result<Vec<Column>, GuestEnd> {
        let account = &mut self.store.data_mut().account;
        account.call()?;
        account.batch(rows.rows, rows.bytes())?;
        if !lengths_agree(rows) {
            return Err(GuestEnd::Stopped(
                "a batch of the feed has unequal columns".to_owned(),
            ));
        }
        let answer = self.guest.call_derive(&mut self.store, rows);
        let mut columns = match answer {
            Ok(Ok(columns)) => columns,
            Ok(Err(message)) => return Err(GuestEnd::said(&message)),
            Err(error) => return Err(GuestEnd::of(&error)),
        };
        let bytes = columns
            .iter()
            .fold(0_u64, |sum, column| sum.saturating_add(column.bytes()));
        self.store.data().account.batch(rows.rows, bytes)?;
        if let Some(kinds) = &self.kinds {
            check_kinds(&columns, kinds)?;
        }
        check_columns(rows.rows, &mut columns)?;
        Ok(columns)
    }
}

impl std::fmt::Debug for PerRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PerRow")
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}

fn store(engine: &Engine, host: Box<dyn AnalysisHost>, limits: &Limits) -> Store<State> {
    let mut store = Store::new(&engine.inner, State::new(host, limits));
    store.limiter(|state| &mut state.account);
    // What one call may make the host allocate, before any of our own checks can look at it.
    let carried = limits
        .batch_bytes_max
        .saturating_add(limits.string_bytes_max)
        .saturating_add(CALL_OVERHEAD_BYTES);
    store.set_hostcall_fuel(usize::try_from(carried).unwrap_or(usize::MAX));
    store
}

/// A linker with what the capability names, if that is all the component needs.
fn linker(
    engine: &Engine,
    component: &Component,
    interfaces: Interfaces,
) -> Result<Linker<State>, GuestEnd> {
    let granted = |name: &str| match name {
        wit::INPUTS | wit::TABLES => true,
        // A query yields the readers of `data`; which of its functions are there is for the linker to say.
        wit::DATA => interfaces.data || interfaces.query,
        wit::QUERY => interfaces.query,
        wit::OUTPUT => interfaces.output,
        wit::JOURNAL => interfaces.journal,
        // Types that the world itself names.
        _ => !name.contains(':'),
    };
    if let Some(interface) = component
        .imports(engine)
        .into_iter()
        .find(|name| !granted(name))
    {
        return Err(GuestEnd::Denied { interface });
    }
    let mut linker = Linker::new(&engine.inner);
    link(&mut linker, interfaces).map_err(|error| GuestEnd::Stopped(format!("{error:#}")))?;
    // INVARIANT: admission held every import against the WIT, so what does not link now is a function of an
    // interface that is granted in part.
    if linker.instantiate_pre(&component.inner).is_err() {
        return Err(GuestEnd::Denied {
            interface: wit::DATA.to_owned(),
        });
    }
    Ok(linker)
}

/// The far side of a `per-row` guest: constants, and nothing else.
struct Constants(BTreeMap<Name, ParameterValue>);

impl AnalysisHost for Constants {
    fn open(&mut self, _: &str) -> Result<Vec<FieldInfo>, Unserved> {
        Err(Code::Forbidden.into())
    }

    fn scan(&mut self, _: &str, _: &[u32]) -> Result<ReaderId, Unserved> {
        Err(Code::Forbidden.into())
    }

    fn next(&mut self, _: ReaderId) -> Result<Option<Batch>, Unserved> {
        Err(Code::Forbidden.into())
    }

    fn sql(&mut self, _: &str) -> Result<ReaderId, Unserved> {
        Err(Code::Forbidden.into())
    }

    fn close(&mut self, _: ReaderId) {}

    fn create_output(&mut self, _: &str, _: &[FieldInfo]) -> Result<OutputId, Unserved> {
        Err(Code::Forbidden.into())
    }

    fn append(&mut self, _: OutputId, _: Batch) -> Result<(), Unserved> {
        Err(Code::Forbidden.into())
    }

    fn note(&mut self, _: Level, _: &str) -> Result<(), Stop> {
        Ok(())
    }

    fn parameter(&mut self, name: &str) -> Result<Option<ParameterValue>, Stop> {
        Ok(self.0.get(name).cloned())
    }
}
