//! The cell: runs the guest over granted batches, and nothing else.

mod host;
mod output;

use std::fs::File;
use std::os::unix::net::UnixStream;
use std::sync::Arc;

use yunei_model::{DerivedValue, FieldType, World};
use yunei_sandbox::{
    Authentic, Component, Contributions, Engine, GuestEnd, Interfaces, Metering, PerRow,
    PerSubject, Unserved, run_analysis_telling,
};

use crate::feed::next_descriptor;
use crate::lockdown::{self, Threads};
use crate::protocol::{CellEnd, CellSays};
use crate::ring::Ring;
use crate::{CellPlan, RoomError, wire};
use host::RoomHost;
pub(crate) use host::WINDOW_CALLS_MAX;
use output::OutputWriter;
pub use output::{Frame, StoredColumn, read_contributions, read_frames, written};

/// Runs the cell in this process; returns when the guest is done.
///
/// # Errors
/// [`RoomError`], after the supervisor was told.
pub fn main() -> Result<(), RoomError> {
    let control = wire::own_socket()?;
    serve(&control).or_else(|error| {
        let detail = error.to_string();
        wire::send(&control, &CellSays::Failed { detail })
    })
}

/// Tells the supervisor how the guest ended.
fn tell(control: &UnixStream, ended: Result<(), CellEnd>) -> Result<(), RoomError> {
    wire::send(control, &CellSays::Ended(ended))
}

fn serve(control: &UnixStream) -> Result<(), RoomError> {
    let mut descriptors = wire::take_descriptors(control)?.into_iter();
    let plan: CellPlan = wire::receive(control)?.ok_or(RoomError::Gone { room: "supervisor" })?;
    let feed = UnixStream::from(next_descriptor(&mut descriptors)?);
    let ring = Ring::from_descriptor(next_descriptor(&mut descriptors)?);
    let output = File::from(next_descriptor(&mut descriptors)?);
    let artefact = File::from(next_descriptor(&mut descriptors)?);
    let own = control
        .try_clone()
        .map_err(RoomError::system("a second handle of its socket"))?;

    // The component was compiled and authenticated by the host: loading it makes memory executable, for the last time.
    let failed = |detail: String| RoomError::Failed {
        room: "cell",
        detail,
    };
    let code = Authentic::from_supervisor(artefact).map_err(|e| failed(e.to_string()))?;
    let engine = Engine::metered(Metering::of(plan.world)).map_err(|e| failed(e.to_string()))?;
    let component = Component::load(&engine, &code).map_err(|e| failed(e.to_string()))?;
    let layers = lockdown::lock(&plan.limits, Threads::One)?;
    wire::send(control, &CellSays::Locked { layers })?;

    let writer = OutputWriter::new(
        output,
        plan.guest.output_bytes_max,
        plan.guest.output_rows_max,
    );
    let mut host = RoomHost::new(own, feed, ring, &plan, writer);
    let told = |ended: Result<(), CellEnd>| tell(control, ended);
    match plan.world {
        World::Analysis => {
            let interfaces = Interfaces {
                data: true,
                query: plan.sql,
                output: true,
                journal: true,
            };
            let host = Box::new(host);
            let told = |ended: Result<(), GuestEnd>| told(ended.map_err(CellEnd::from));
            run_analysis_telling(&engine, &component, interfaces, host, &plan.guest, told)
        }
        World::PerRow => told(run_per_row(&engine, &component, &mut host, &plan)),
        World::PerSubject => told(run_per_subject(&engine, &component, &mut host, &plan)),
    }
}

/// Drives a `per-row` module over its one table: batch in, derived columns out.
fn run_per_row(
    engine: &Engine,
    component: &Component,
    host: &mut RoomHost,
    plan: &CellPlan,
) -> Result<(), CellEnd> {
    let kinds = plan.derived.iter().map(|derived| match derived.value {
        DerivedValue::Number { .. } => FieldType::Float64,
        DerivedValue::Category { .. } => FieldType::Int32,
    });
    let mut module = PerRow::start(engine, component, plan.parameters.clone(), &plan.guest)?
        .expecting(kinds.collect());
    host.open_only_table().map_err(unserved)?;
    while let Some(batch) = host.next_rows().map_err(unserved)? {
        let columns = module.derive(&batch)?;
        host.write_derived(batch.rows, &columns).map_err(unserved)?;
    }
    Ok(())
}

/// Drives a `per-subject` module over all its tables: each data subject's rows in, a record of fixed size out.
///
/// INVARIANT: nothing here depends on what a call did: the same messages leave the cell, in the same number and order.
fn run_per_subject(
    engine: &Engine,
    component: &Component,
    host: &mut RoomHost,
    plan: &CellPlan,
) -> Result<(), CellEnd> {
    let contribution = plan.contribution.as_ref().ok_or(CellEnd::Host)?;
    let module = PerSubject::start(
        engine,
        component,
        plan.parameters.clone(),
        contribution,
        &plan.guest,
    )?;
    host.open_subjects().map_err(unserved)?;
    while let Some(subjects) = host.next_subjects().map_err(unserved)? {
        let mut contributions = Contributions::new(Arc::clone(module.form()));
        for records in subjects.each() {
            match records.map_err(|_| CellEnd::Host)? {
                Some(records) => module.contribute(&records, &mut contributions),
                None => contributions.push_default(),
            }
        }
        let kept = host.write_contributions(&contributions);
        kept.map_err(|stop| unserved(Unserved::Stopped(stop)))?;
    }
    Ok(())
}

/// The cell asks on the module's behalf here: a refusal ends the run.
fn unserved(unserved: Unserved) -> CellEnd {
    match unserved {
        Unserved::Denied(denial) => CellEnd::Refused(denial.code),
        Unserved::Stopped(stop) => GuestEnd::from(stop).into(),
    }
}

impl From<GuestEnd> for CellEnd {
    fn from(end: GuestEnd) -> Self {
        match end {
            GuestEnd::Error(message) => Self::Error(message),
            GuestEnd::Trap(trap) => Self::Trap(trap),
            GuestEnd::Limit(limit) => Self::Limit(limit),
            GuestEnd::Denied { interface } => Self::Denied(interface),
            GuestEnd::Malformed(malformed) => Self::Malformed(malformed),
            GuestEnd::Deadline => Self::Deadline,
            GuestEnd::Stopped(_) => Self::Host,
        }
    }
}
