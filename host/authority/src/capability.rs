//! What a run may do.

use serde::Serialize;
use yunei_model::{
    Condition, Digest, Grant, GrantId, Limits, Manifest, ModuleId, Name, OrganisationId,
    Parameters, Resource, SnapshotId, Timestamp, World,
};

use crate::UseQuestion;
use crate::need::lineage;

/// What a run may do, and nothing besides. It comes from [`crate::Authority::capability`] alone:
///
/// ```compile_fail,E0451
/// fn forge(genuine: yunei_authority::Capability) -> yunei_authority::Capability {
///     yunei_authority::Capability { join: true, ..genuine }
/// }
/// ```
///
/// It cannot be read back from bytes:
///
/// ```compile_fail,E0277
/// fn read<T: serde::de::DeserializeOwned>() {}
/// read::<yunei_authority::Capability>();
/// ```
#[derive(Debug, PartialEq, Serialize)]
pub struct Capability {
    grant: GrantId,
    grant_version: u32,
    operator: OrganisationId,
    module: ModuleId,
    module_digest: Digest,
    world: World,
    purpose: Name,
    tables: Vec<CapabilityTable>,
    join: bool,
    export: bool,
    parameters: Parameters,
    limits: Limits,
    until: Timestamp,
    policy_set: Digest,
    clauses: Vec<String>,
}

/// One resource of a [`Capability`].
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CapabilityTable {
    resource: Name,
    fields: Vec<Name>,
    lineage: Vec<Name>,
    filter: Vec<Condition>,
    snapshot: Option<SnapshotId>,
}

impl Capability {
    /// INVARIANT: called for an allowed decision about this very question, and from nowhere else.
    pub(crate) fn granted(
        question: &UseQuestion<'_>,
        manifest: &Manifest,
        parameters: Parameters,
        policy_set: Digest,
        clauses: Vec<String>,
    ) -> Self {
        let terms = &question.grant.terms;
        Self {
            grant: question.grant.id,
            grant_version: question.grant.version,
            operator: terms.operator,
            module: question.module.id,
            module_digest: question.module.digest,
            world: manifest.world,
            purpose: terms.purpose.clone(),
            tables: tables(manifest, question.grant, question.resources),
            join: terms.join,
            export: terms.export,
            parameters,
            limits: question.limits.clone(),
            until: terms.until,
            policy_set,
            clauses,
        }
    }

    /// The grant.
    #[must_use]
    pub const fn grant(&self) -> GrantId {
        self.grant
    }

    /// Its version.
    #[must_use]
    pub const fn grant_version(&self) -> u32 {
        self.grant_version
    }

    /// The operating unit.
    #[must_use]
    pub const fn operator(&self) -> OrganisationId {
        self.operator
    }

    /// The module.
    #[must_use]
    pub const fn module(&self) -> ModuleId {
        self.module
    }

    /// Digest of the module's component.
    #[must_use]
    pub const fn module_digest(&self) -> Digest {
        self.module_digest
    }

    /// The world that the module lives in.
    #[must_use]
    pub const fn world(&self) -> World {
        self.world
    }

    /// Purpose of use.
    #[must_use]
    pub const fn purpose(&self) -> &Name {
        &self.purpose
    }

    /// The tables, in the manifest's order.
    #[must_use]
    pub fn tables(&self) -> &[CapabilityTable] {
        &self.tables
    }

    /// The table of that resource.
    #[must_use]
    pub fn table(&self, resource: &Name) -> Option<&CapabilityTable> {
        self.tables.iter().find(|t| &t.resource == resource)
    }

    /// Whether the resources may be joined with each other.
    #[must_use]
    pub const fn join(&self) -> bool {
        self.join
    }

    /// Whether products may cross the border.
    #[must_use]
    pub const fn export(&self) -> bool {
        self.export
    }

    /// The parameters, complete.
    #[must_use]
    pub const fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Limits of the run.
    #[must_use]
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// First moment at which the grant is no longer in force.
    #[must_use]
    pub const fn until(&self) -> Timestamp {
        self.until
    }

    /// Digest of the policies that decided.
    #[must_use]
    pub const fn policy_set(&self) -> Digest {
        self.policy_set
    }

    /// Ids of the policies that permitted it.
    #[must_use]
    pub fn clauses(&self) -> &[String] {
        &self.clauses
    }
}

impl CapabilityTable {
    /// The resource.
    #[must_use]
    pub const fn resource(&self) -> &Name {
        &self.resource
    }

    /// Fields that the guest may read: granted and required, in the grant's order.
    #[must_use]
    pub fn fields(&self) -> &[Name] {
        &self.fields
    }

    /// Fields that outputs are made of, for the gate alone: granted, in the grant's order.
    #[must_use]
    pub fn lineage(&self) -> &[Name] {
        &self.lineage
    }

    /// Rows: the conjunction of these conditions.
    #[must_use]
    pub fn filter(&self) -> &[Condition] {
        &self.filter
    }

    /// Snapshot that the grant pins.
    #[must_use]
    pub const fn snapshot(&self) -> Option<SnapshotId> {
        self.snapshot
    }
}

/// The tables of a capability, in the manifest's order; a resource that stands twice is one table.
fn tables(manifest: &Manifest, grant: &Grant, catalogue: &[Resource]) -> Vec<CapabilityTable> {
    let mut tables: Vec<CapabilityTable> = Vec::with_capacity(manifest.resources.len());
    for required in &manifest.resources {
        if tables.iter().any(|t| t.resource == required.name) {
            continue;
        }
        let Some(granted) = grant.terms.resource(&required.name) else {
            continue;
        };
        let reads = |field: &Name| {
            let mut same = manifest
                .resources
                .iter()
                .filter(|r| r.name == required.name);
            same.any(|r| r.fields.contains(field))
        };
        let shows = |field: &Name| {
            let mut outputs = manifest.outputs.iter();
            outputs.any(|output| {
                let resource = catalogue.iter().find(|r| r.name == output.resource);
                lineage(output, resource).any(|of| of == (&required.name, field))
            })
        };
        let only = |wanted: &dyn Fn(&Name) -> bool| -> Vec<Name> {
            granted
                .fields
                .iter()
                .filter(|f| wanted(f))
                .cloned()
                .collect()
        };
        tables.push(CapabilityTable {
            resource: required.name.clone(),
            fields: only(&reads),
            lineage: only(&shows),
            filter: granted.filter.clone(),
            snapshot: granted.snapshot,
        });
    }
    tables
}
