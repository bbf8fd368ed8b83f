//! The DataFusion session of one run: one thread, no disk, no clock, no path.

use std::sync::Arc;

use datafusion::common::{DataFusionError, Result, TableReference};
use datafusion::config::Dialect;
use datafusion::datasource::object_store::{ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::execution::context::SessionContext;
use datafusion::execution::disk_manager::{DiskManagerBuilder, DiskManagerMode};
use datafusion::execution::memory_pool::GreedyMemoryPool;
use datafusion::execution::runtime_env::{RuntimeEnv, RuntimeEnvBuilder};
use datafusion::execution::session_state::SessionStateBuilder;
use datafusion::prelude::SessionConfig;
use object_store::ObjectStore;
use yunei_model::Name;

use super::barrier::ViewTable;
use super::open::View;
use super::part::Descriptors;
use super::{ViewError, ViewOptions, functions};

const STORE_URL: &str = "parts://parts";
/// Bytes of the footers that are kept between scans.
const FOOTERS_BYTES_MAX: usize = 64 << 20;

/// The one store that there is; whatever another URL names does not exist.
#[derive(Debug)]
struct OneStore(Arc<Descriptors>);

impl ObjectStoreRegistry for OneStore {
    fn register_store(
        &self,
        _: &url::Url,
        store: Arc<dyn ObjectStore>,
    ) -> Option<Arc<dyn ObjectStore>> {
        Some(store)
    }

    fn get_store(&self, url: &url::Url) -> Result<Arc<dyn ObjectStore>> {
        if url.as_str().trim_end_matches('/') == STORE_URL {
            Ok(Arc::clone(&self.0) as _)
        } else {
            Err(DataFusionError::Internal(
                "there is no such store".to_owned(),
            ))
        }
    }
}

/// Where parts are.
pub(super) fn store_url() -> Result<ObjectStoreUrl> {
    ObjectStoreUrl::parse(STORE_URL)
}

/// Readers that keep footers between scans.
pub(super) fn readers(
    session: &SessionContext,
    store: &Arc<Descriptors>,
) -> Arc<CachedParquetFileReaderFactory> {
    let footers = session
        .runtime_env()
        .cache_manager
        .get_file_metadata_cache();
    Arc::new(CachedParquetFileReaderFactory::new(
        Arc::clone(store) as _,
        footers,
    ))
}

/// A session without tables.
pub(super) fn start(
    options: &ViewOptions,
    store: &Arc<Descriptors>,
) -> std::result::Result<SessionContext, ViewError> {
    let runtime = runtime(options, store).map_err(|error| ViewError::planning(&error))?;
    let state = SessionStateBuilder::new()
        // Not a random one: nothing asks for it, and it would be the only randomness here.
        .with_session_id("views".to_owned())
        .with_config(config(options))
        .with_runtime_env(Arc::new(runtime))
        .with_expr_planners(functions::planners())
        .with_scalar_functions(functions::scalar())
        .with_aggregate_functions(functions::aggregate())
        .with_window_functions(functions::window())
        .build();
    Ok(SessionContext::new_with_state(state))
}

/// Makes a view a table of queries.
pub(super) fn register(
    session: &SessionContext,
    name: &Name,
    view: &Arc<View>,
) -> std::result::Result<(), ViewError> {
    let table = ViewTable {
        view: Arc::clone(view),
    };
    session
        .register_table(TableReference::bare(name.as_str()), Arc::new(table))
        .map(drop)
        .map_err(|_| ViewError::ViewTwice { view: name.clone() })
}

fn runtime(options: &ViewOptions, store: &Arc<Descriptors>) -> Result<RuntimeEnv> {
    let no_disk = DiskManagerBuilder::default().with_mode(DiskManagerMode::Disabled);
    RuntimeEnvBuilder::new()
        .with_disk_manager_builder(no_disk)
        .with_memory_pool(Arc::new(GreedyMemoryPool::new(
            options.query_memory_bytes_max,
        )))
        .with_object_store_registry(Arc::new(OneStore(Arc::clone(store))))
        .with_metadata_cache_limit(FOOTERS_BYTES_MAX)
        .build()
}

fn config(options: &ViewOptions) -> SessionConfig {
    let mut config = SessionConfig::new()
        .with_target_partitions(1)
        .with_batch_size(options.batch_rows_max.get())
        .with_information_schema(false)
        .with_collect_statistics(false)
        .with_round_robin_repartition(false)
        .with_repartition_aggregations(false)
        .with_repartition_file_scans(false)
        .with_repartition_joins(false)
        .with_repartition_sorts(false)
        .with_repartition_windows(false);
    let all = config.options_mut();
    all.execution.planning_concurrency = 1;
    all.execution.enable_recursive_ctes = false;
    all.execution.parquet.schema_force_view_types = false;
    all.sql_parser.map_string_types_to_utf8view = false;
    all.sql_parser.dialect = Dialect::Generic;
    config
}
