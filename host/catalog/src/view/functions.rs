//! Functions that queries may call: those whose result depends on their arguments alone.

use std::sync::Arc;

use datafusion::execution::SessionStateDefaults;
use datafusion::logical_expr::planner::ExprPlanner;
use datafusion::logical_expr::{AggregateUDF, ScalarUDF, Signature, Volatility, WindowUDF};

/// Immutable by declaration, and yet not offered: those that tell of the host, and those that make
/// much text out of little.
const DENIED: &[&str] = &[
    "arrow_field",
    "arrow_metadata",
    "arrow_try_cast",
    "input_file_name",
    "lpad",
    "repeat",
    "rpad",
    "version",
    "with_metadata",
];

/// Scalar functions. The clock (`now`, `current_date`, `current_time`) is stable or volatile, and so not among them.
pub(super) fn scalar() -> Vec<Arc<ScalarUDF>> {
    let mut functions = SessionStateDefaults::default_scalar_functions();
    functions.retain(|f| offered(f.name(), f.aliases(), f.signature()));
    functions
}

/// Aggregate functions.
pub(super) fn aggregate() -> Vec<Arc<AggregateUDF>> {
    let mut functions = SessionStateDefaults::default_aggregate_functions();
    functions.retain(|f| offered(f.name(), f.aliases(), f.signature()));
    functions
}

/// Window functions.
pub(super) fn window() -> Vec<Arc<WindowUDF>> {
    let mut functions = SessionStateDefaults::default_window_functions();
    functions.retain(|f| offered(f.name(), f.aliases(), f.signature()));
    functions
}

/// Planners for syntax such as `extract` and `substring`.
pub(super) fn planners() -> Vec<Arc<dyn ExprPlanner>> {
    SessionStateDefaults::default_expr_planners()
}

fn offered(name: &str, aliases: &[String], signature: &Signature) -> bool {
    let denied = |name: &str| DENIED.contains(&name);
    signature.volatility == Volatility::Immutable
        && !denied(name)
        && !aliases.iter().any(|alias| denied(alias))
}
