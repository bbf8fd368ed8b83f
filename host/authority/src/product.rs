//! A product as a target.

use std::collections::BTreeSet;

use yunei_model::{Name, OrganisationId, PersonId, Product, ProductId, ProductState, Resource};

/// A product as a target, with its schedules and editions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProductTarget {
    /// Product.
    pub id: ProductId,
    /// Operating unit.
    pub operator: OrganisationId,
    /// Person who drafted it.
    pub submitter: PersonId,
    /// State.
    pub state: ProductState,
    /// Resources that its module reads.
    pub resources: BTreeSet<Name>,
    /// Source units of those resources.
    pub source_units: BTreeSet<OrganisationId>,
}

impl ProductTarget {
    /// A product as a target; `resources` are those that its module reads.
    pub fn of<'a>(product: &Product, resources: impl IntoIterator<Item = &'a Resource>) -> Self {
        let (resources, source_units) = resources
            .into_iter()
            .map(|r| (r.name.clone(), r.source_unit))
            .unzip();
        Self {
            id: product.id,
            operator: product.operator,
            submitter: product.drafted_by_person,
            state: product.state,
            resources,
            source_units,
        }
    }
}
