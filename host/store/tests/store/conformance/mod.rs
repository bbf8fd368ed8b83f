//! What any back end must do, over an opened store that nothing else uses.

mod alerts;
mod atomicity;
mod claims;
mod collectors;
mod exact;
mod outputs;
mod people;
mod privacy;
mod products;
pub mod queries;
mod quotas;
mod record;

pub use record::{checkpoint, key};
mod things;
mod witnesses;

use yunei_store::Store;

use crate::fixture::World;

/// Every case, one after the other, in one store.
pub async fn suite(store: &Store) {
    let world = World::default();
    atomicity::cases(store, &world).await;
    people::cases(store, &world).await;
    things::cases(store, &world).await;
    claims::cases(store, &world).await;
    quotas::cases(store, &world).await;
    privacy::cases(store, &world).await;
    outputs::cases(store, &world).await;
    exact::cases(store, &world).await;
    collectors::cases(store, &world).await;
    alerts::cases(store, &world).await;
    record::cases(store, &world).await;
    witnesses::cases(store, &world).await;
    queries::cases(store, &world).await;
    products::cases(store, &world).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sqlite_conforms() {
    let directory = tempfile::tempdir().unwrap();
    suite(&Store::open(directory.path()).await.unwrap()).await;
}
