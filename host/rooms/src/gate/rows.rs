//! The gate's pass over the rows of a view: read, decoded and coded in one thread, added up in another.

use std::sync::mpsc::sync_channel;
use std::thread;

use arrow::array::RecordBatch;
use futures::StreamExt;
use tokio::runtime::Runtime;
use yunei_catalog::Views;
use yunei_model::Name;

use super::failed;
use crate::RoomError;

/// Batches that wait to be worked on, at most.
const AHEAD_MAX: usize = 4;

/// Hands every batch of a view to `take`, in order, all columns of it, with what `prepare` makes of it. The batches after it are read and
/// prepared meanwhile; after an error no more are.
///
/// # Errors
/// What `prepare` and `take` give, and [`RoomError`] when the view cannot be read or no thread be started.
pub fn each<P: Send, E: From<RoomError> + Send>(
    views: &Views,
    view: &Name,
    runtime: &Runtime,
    mut prepare: impl FnMut(&RecordBatch) -> Result<P, E>,
    mut take: impl FnMut(&RecordBatch, P) -> Result<(), E> + Send,
) -> Result<(), E> {
    let columns: Vec<usize> = (0..views.schema(view).map_err(|e| failed(&e))?.len()).collect();
    let mut stream = views.scan(view, &columns).map_err(|e| failed(&e))?;
    thread::scope(|scope| {
        let (sender, batches) = sync_channel::<(RecordBatch, P)>(AHEAD_MAX);
        let work = move || {
            let mut batches = batches.into_iter();
            batches.try_for_each(|(batch, prepared)| take(&batch, prepared))
        };
        let worker = thread::Builder::new()
            .spawn_scoped(scope, work)
            .map_err(RoomError::system("to start a thread"))?;
        let mut read: Result<(), E> = Ok(());
        while let Some(batch) = runtime.block_on(stream.next()) {
            let prepared = batch.map_err(|error| failed(&error).into());
            let prepared = prepared.and_then(|batch| Ok((prepare(&batch)?, batch)));
            match prepared {
                // Where the worker ended early, it says why below.
                Ok((prepared, batch)) => {
                    if sender.send((batch, prepared)).is_err() {
                        break;
                    }
                }
                Err(error) => {
                    read = Err(error);
                    break;
                }
            }
        }
        drop(sender);
        let worked = worker
            .join()
            .map_err(|_| RoomError::protocol("a pass over the rows was given up"))?;
        read.and(worked)
    })
}
