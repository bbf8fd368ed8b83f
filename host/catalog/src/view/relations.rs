//! How often a query reads views, counted before it is planned.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use datafusion::sql::sqlparser::ast::{ObjectName, Query, Visit, Visitor};

use super::ViewError;

/// Times that a query reads a view at most, each mention of a `WITH` query counted anew.
///
/// Planning takes more than linear time in these relations, and two lines of `WITH` double them.
pub(super) const RELATIONS_MAX: usize = 32;

/// Checks that `query` reads few relations, and names queries by `WITH` at its start alone.
pub(super) fn check(query: &Query) -> Result<(), ViewError> {
    let mut counter = Counter::default();
    for named in query.with.iter().flat_map(|with| &with.cte_tables) {
        let relations = counter.count(named.query.as_ref())?;
        let name = named.alias.name.value.to_lowercase();
        counter.named.insert(name, relations);
    }
    // The whole visits the named queries once more, so that those which nothing mentions count as well.
    counter.outermost = true;
    if counter.count(query)? > RELATIONS_MAX {
        return Err(ViewError::TooMany {
            what: "relations in a query",
            limit: RELATIONS_MAX,
        });
    }
    Ok(())
}

#[derive(Default)]
struct Counter {
    /// Relations behind each named query.
    named: BTreeMap<String, usize>,
    relations: usize,
    /// Whether the next query to be visited may have a `WITH`.
    outermost: bool,
}

impl Counter {
    fn count(&mut self, query: &Query) -> Result<usize, ViewError> {
        self.relations = 0;
        match query.visit(self) {
            ControlFlow::Continue(()) => Ok(self.relations),
            ControlFlow::Break(()) => Err(ViewError::Query {
                detail: "`WITH` stands at the start of the whole query".to_owned(),
            }),
        }
    }
}

impl Visitor for Counter {
    type Break = ();

    fn pre_visit_query(&mut self, query: &Query) -> ControlFlow<()> {
        if std::mem::take(&mut self.outermost) || query.with.is_none() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    }

    fn pre_visit_relation(&mut self, relation: &ObjectName) -> ControlFlow<()> {
        // Letter case is left aside: a name taken for another can only make the count greater than it is.
        let behind = self
            .named
            .get(&relation.to_string().replace('"', "").to_lowercase());
        let behind = behind.copied().unwrap_or(1).max(1);
        self.relations = self.relations.saturating_add(behind);
        ControlFlow::Continue(())
    }
}
