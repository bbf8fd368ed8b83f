//! The gate's pass over the rows of a view: read and decoded in one thread, worked on in another.

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

/// Hands every batch of a view to `take`, in order, all columns of it. The batches after it are read meanwhile; after an error no more are.
///
/// # Errors
/// What `take` gives, and [`RoomError`] when the view cannot be read or no thread be started.
pub fn each<E: From<RoomError> + Send>(
    views: &Views,
    view: &Name,
    runtime: &Runtime,
    mut take: impl FnMut(&RecordBatch) -> Result<(), E> + Send,
) -> Result<(), E> {
    let columns: Vec<usize> = (0..views.schema(view).map_err(|e| failed(&e))?.len()).collect();
    let mut stream = views.scan(view, &columns).map_err(|e| failed(&e))?;
    thread::scope(|scope| {
        let (sender, batches) = sync_channel::<RecordBatch>(AHEAD_MAX);
        let work = move || batches.into_iter().try_for_each(|batch| take(&batch));
        let worker = thread::Builder::new()
            .spawn_scoped(scope, work)
            .map_err(RoomError::system("to start a thread"))?;
        let mut read: Result<(), E> = Ok(());
        while let Some(batch) = runtime.block_on(stream.next()) {
            match batch {
                // Where the worker ended early, it says why below.
                Ok(batch) => {
                    if sender.send(batch).is_err() {
                        break;
                    }
                }
                Err(error) => {
                    read = Err(failed(&error).into());
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
