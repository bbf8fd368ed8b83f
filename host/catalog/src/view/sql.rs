//! Queries of guests: one `SELECT` over the views, planned where no row is.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DataFusionError, TableReference};
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{Expr, LogicalPlan};
use datafusion::physical_plan::{ExecutionPlan, execute_stream};
use datafusion::prelude::SessionContext;
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};
use yunei_model::{LimitExceeded, Name};

use super::batches::Reads;
use super::error::cut;
use super::open::View;
use super::{Batches, SQL_BYTES_MAX, SQL_TOKENS_MAX, ViewError, ViewField, deep, relations};
use crate::column::carrier;

/// Columns of a result at most.
const RESULT_COLUMNS_MAX: usize = 512;
/// Nesting of expressions and subqueries, as the parser counts it.
const NESTING_MAX: usize = 40;

/// Plans a query and starts it.
pub(super) fn run(
    session: &SessionContext,
    views: &BTreeMap<Name, Arc<View>>,
    text: &str,
) -> Result<Batches, ViewError> {
    let planned = deep::plan(plan(session, views, text)).unwrap_or(Err(ViewError::Failed))?;
    let (plan, reads) = planned;
    let fields = fields(&plan)?;
    let stream = deep::evaluate(|| execute_stream(plan, session.task_ctx()));
    let stream = stream.map_err(|error| ViewError::executing(&error))?;
    Ok(Batches::of_query(fields, reads, stream))
}

async fn plan(
    session: &SessionContext,
    views: &BTreeMap<Name, Arc<View>>,
    text: &str,
) -> Result<(Arc<dyn ExecutionPlan>, Reads), ViewError> {
    let statement = parse(text)?;
    let state = session.state();
    let planning = |error| ViewError::planning(&error);
    for table in state
        .resolve_table_references(&statement)
        .map_err(planning)?
    {
        known(&table, views)?;
    }
    let plan = state.statement_to_plan(statement).await.map_err(planning)?;
    SQLOptions::new()
        .with_allow_ddl(false)
        .with_allow_dml(false)
        .with_allow_statements(false)
        .verify_plan(&plan)
        .map_err(|_| ViewError::NotOneQuery)?;
    // As `create_physical_plan` does it, in two steps: what is read shows in the plan between them.
    let optimized = state.optimize(&plan).map_err(planning)?;
    let reads = reads(&optimized).map_err(planning)?;
    let planner = state.query_planner();
    let physical = planner.create_physical_plan(&optimized, &state).await;
    Ok((physical.map_err(planning)?, reads))
}

/// The columns of views that a plan reads: what its scans hand on, and what they filter by.
fn reads(plan: &LogicalPlan) -> Result<Reads, DataFusionError> {
    let mut reads = Reads::new();
    plan.apply_with_subqueries(|node| {
        if let LogicalPlan::TableScan(scan) = node {
            let filtered = scan.filters.iter().flat_map(Expr::column_refs);
            let named = filtered.map(|column| column.name.clone());
            let handed = scan.projected_schema.fields().iter();
            let named = handed.map(|field| field.name().clone()).chain(named);
            if let Ok(table) = Name::parse(scan.table_name.table()) {
                let columns = reads.entry(table).or_default();
                columns.extend(named.filter_map(|name| Name::parse(&name).ok()));
            }
        }
        Ok(TreeNodeRecursion::Continue)
    })?;
    Ok(reads)
}

fn parse(text: &str) -> Result<Statement, ViewError> {
    LimitExceeded::check("sql_bytes_max", SQL_BYTES_MAX as u64, 0, text.len() as u64)?;
    let dialect = GenericDialect {};
    let wrong = |error: &dyn std::fmt::Display| ViewError::Query {
        detail: cut(&error.to_string()),
    };
    let tokens = Tokenizer::new(&dialect, text).tokenize();
    let tokens = tokens.map_err(|error| wrong(&error))?;
    let spelled = tokens.iter().filter(|t| !matches!(t, Token::Whitespace(_)));
    let count = spelled.count() as u64;
    LimitExceeded::check("sql_tokens_max", SQL_TOKENS_MAX as u64, 0, count)?;
    let mut statements = DFParserBuilder::new(text)
        .with_dialect(&dialect)
        .with_recursion_limit(NESTING_MAX)
        .build()
        .and_then(|mut parser| parser.parse_statements())
        .map_err(|error| wrong(&error))?;
    match (statements.pop_front(), statements.pop_front()) {
        (Some(Statement::Statement(statement)), None) => match statement.as_ref() {
            SqlStatement::Query(query) => {
                relations::check(query)?;
                Ok(Statement::Statement(statement))
            }
            _ => Err(ViewError::NotOneQuery),
        },
        _ => Err(ViewError::NotOneQuery),
    }
}

/// What a query names must be a view, by its plain name.
fn known(table: &TableReference, views: &BTreeMap<Name, Arc<View>>) -> Result<(), ViewError> {
    match table {
        TableReference::Bare { table } if views.contains_key(table.as_ref()) => Ok(()),
        other => Err(ViewError::UnknownView {
            view: cut(&other.to_string()),
        }),
    }
}

fn fields(plan: &Arc<dyn ExecutionPlan>) -> Result<Vec<ViewField>, ViewError> {
    let schema = plan.schema();
    if schema.fields().len() > RESULT_COLUMNS_MAX {
        return Err(ViewError::TooMany {
            what: "columns of a result",
            limit: RESULT_COLUMNS_MAX,
        });
    }
    let field = |field: &Arc<arrow::datatypes::Field>| {
        let kind = carrier(field.data_type()).ok_or_else(|| ViewError::ResultType {
            column: cut(field.name()),
        })?;
        Ok(ViewField {
            name: field.name().clone(),
            kind,
            nullable: field.is_nullable(),
        })
    };
    schema.fields().iter().map(field).collect()
}
