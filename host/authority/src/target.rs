//! What questions are about.

use std::collections::BTreeSet;

use yunei_model::{
    AccountId, Consent, Grade, Grant, GrantId, GrantState, Module, ModuleId, ModuleState, Name,
    Organisation, OrganisationId, OrganisationKind, PersonId, Release, ReleaseId, ReleaseReview,
    Resource, ResourceId, ReviewOutcome, Role, Run, RunId, RunState, Scenario, ScenarioId,
    ScenarioState, Timestamp,
};

use crate::{Action, ProductTarget};

/// What a question is about, with all that policies may ask of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The domain as a whole: lists, and things that are not yet there.
    Domain,
    /// An organisation.
    Organisation(OrganisationId, OrganisationKind),
    /// An account.
    Account(AccountTarget),
    /// A role for an account.
    Appointment {
        /// The account.
        account: AccountTarget,
        /// The role given or ended.
        role: Role,
        /// Roles that the person holds, over all of the person's accounts.
        held: Vec<Role>,
        /// Whether the appointment names the resources that it covers.
        remit_named: bool,
    },
    /// A resource.
    Resource(ResourceTarget),
    /// A scenario.
    Scenario(ScenarioTarget),
    /// A grant.
    Grant(Box<GrantTarget>),
    /// A source unit's consent to a grant.
    Consent {
        /// The grant.
        grant: Box<GrantTarget>,
        /// Source unit of the resource that is consented to.
        source_unit: OrganisationId,
    },
    /// A module.
    Module(ModuleTarget),
    /// A run, and the sealed output of it.
    Run(RunTarget),
    /// A release.
    Release(ReleaseTarget),
    /// A product.
    Product(ProductTarget),
    /// An entry of the record.
    Record(RecordTarget),
    /// Evidence to be retrieved from the record.
    Evidence {
        /// What it is about.
        record: RecordTarget,
        /// Number of the approval.
        approval: String,
        /// Person who signed as the second.
        second_signer: Option<PersonId>,
        /// Person and authority that asked for it.
        requested: Option<(PersonId, OrganisationId)>,
    },
    /// The privacy budget of a population, and the account of it.
    PrivacyBudget {
        /// Resources about the population.
        resources: BTreeSet<Name>,
        /// Person who proposed it.
        proposer: Option<PersonId>,
    },
}

impl Target {
    /// The action that tells whether a principal may know that the target exists; the domain always does.
    #[must_use]
    pub const fn viewing(&self) -> Option<Action> {
        match self {
            Self::Domain => None,
            Self::Organisation(..) => Some(Action::ViewOrganisation),
            Self::Account(_) | Self::Appointment { .. } => Some(Action::ViewAccount),
            Self::Resource(_) => Some(Action::ViewCatalogue),
            Self::Scenario(_) => Some(Action::ViewScenario),
            Self::Grant(_) | Self::Consent { .. } => Some(Action::ViewGrant),
            Self::Module(_) => Some(Action::ViewModule),
            Self::Run(_) => Some(Action::ViewRun),
            Self::Release(_) => Some(Action::ViewRelease),
            Self::Product(_) => Some(Action::ViewProduct),
            Self::Record(_) | Self::Evidence { .. } => Some(Action::ViewRecord),
            Self::PrivacyBudget { .. } => Some(Action::ViewPrivacyAccount),
        }
    }
}

impl From<&Organisation> for Target {
    fn from(organisation: &Organisation) -> Self {
        Self::Organisation(organisation.id, organisation.kind)
    }
}

/// An account as a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AccountTarget {
    /// Account.
    pub id: AccountId,
    /// Person behind it.
    pub person: PersonId,
    /// Organisation.
    pub organisation: OrganisationId,
    /// What that organisation is.
    pub kind: OrganisationKind,
    /// Whether it is open.
    pub active: bool,
}

/// A resource as a target.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResourceTarget {
    /// Resource.
    pub id: ResourceId,
    /// Its source unit.
    pub source_unit: OrganisationId,
    /// Its grade.
    pub grade: Grade,
}

impl From<&Resource> for ResourceTarget {
    fn from(resource: &Resource) -> Self {
        Self {
            id: resource.id,
            source_unit: resource.source_unit,
            grade: resource.grade,
        }
    }
}

/// A scenario as a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScenarioTarget {
    /// Scenario.
    pub id: ScenarioId,
    /// State.
    pub state: ScenarioState,
    /// Purposes.
    pub purposes: Vec<Name>,
    /// Organisation that proposed it, where that is known.
    pub proposer: Option<OrganisationId>,
}

impl From<&Scenario> for ScenarioTarget {
    fn from(scenario: &Scenario) -> Self {
        Self {
            id: scenario.id,
            state: scenario.state,
            purposes: scenario.purposes.clone(),
            proposer: scenario.proposer,
        }
    }
}

/// A grant as a target. Fields are written `resource.field`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GrantTarget {
    /// Grant.
    pub id: GrantId,
    /// State.
    pub state: GrantState,
    /// Operating unit.
    pub operator: OrganisationId,
    /// Scenario.
    pub scenario: ScenarioTarget,
    /// Purpose.
    pub purpose: Name,
    /// Granted resources.
    pub resources: BTreeSet<Name>,
    /// Granted fields that the catalogue has.
    pub fields: BTreeSet<String>,
    /// Source units of the granted resources.
    pub source_units: BTreeSet<OrganisationId>,
    /// Whether the source unit of every granted resource consented to this version.
    pub consented: bool,
    /// Right to join.
    pub join: bool,
    /// Whether products may cross the border.
    pub export: bool,
    /// First moment in force.
    pub from: Timestamp,
    /// First moment no longer in force.
    pub until: Timestamp,
    /// Quota of runs.
    pub quota_runs: u64,
    /// Quota of rows.
    pub quota_rows: u64,
    /// Quota of released cells.
    pub quota_cells: u64,
    /// Direct identifiers granted without a mask.
    pub exposed_fields: BTreeSet<String>,
    /// Granted fields of important or core data.
    pub important_fields: BTreeSet<String>,
    /// Granted fields of core data.
    pub core_fields: BTreeSet<String>,
}

impl GrantTarget {
    /// A grant as a target; `catalogue` holds at least the resources that it names.
    pub fn of<'a>(
        grant: &Grant,
        scenario: &Scenario,
        catalogue: impl IntoIterator<Item = &'a Resource>,
        consents: &[Consent],
    ) -> Self {
        let terms = &grant.terms;
        let mut target = Self {
            id: grant.id,
            state: grant.state,
            operator: terms.operator,
            scenario: scenario.into(),
            purpose: terms.purpose.clone(),
            resources: terms.resources.iter().map(|r| r.name.clone()).collect(),
            fields: BTreeSet::new(),
            source_units: BTreeSet::new(),
            consented: false,
            join: terms.join,
            export: terms.export,
            from: terms.from,
            until: terms.until,
            quota_runs: terms.quota.runs,
            quota_rows: terms.quota.rows,
            quota_cells: terms.quota.released_cells,
            exposed_fields: BTreeSet::new(),
            important_fields: BTreeSet::new(),
            core_fields: BTreeSet::new(),
        };
        // INVARIANT: another scenario than the grant's own approves nothing.
        if scenario.id != terms.scenario {
            target.scenario.state = ScenarioState::Rejected;
        }
        let mut consented = BTreeSet::new();
        for resource in catalogue {
            if target.add(resource, grant)
                && consents
                    .iter()
                    .any(|c| c.is_for(grant) && c.is_by(resource))
            {
                consented.insert(&resource.name);
            }
        }
        target.consented = !target.resources.is_empty()
            && target.resources.iter().all(|name| consented.contains(name));
        target
    }

    /// Takes up what the catalogue says of a resource; false when the grant does not name it.
    fn add(&mut self, resource: &Resource, grant: &Grant) -> bool {
        let Some(granted) = grant.terms.resource(&resource.name) else {
            return false;
        };
        self.source_units.insert(resource.source_unit);
        for field in granted.fields.iter().filter_map(|f| resource.field(f)) {
            let name = field_name(&resource.name, &field.name);
            let grade = field.grade.max(resource.grade);
            if resource.exposes_identifier(field) {
                self.exposed_fields.insert(name.clone());
            }
            if grade >= Grade::Important {
                self.important_fields.insert(name.clone());
            }
            if grade >= Grade::Core {
                self.core_fields.insert(name.clone());
            }
            self.fields.insert(name);
        }
        true
    }
}

trait Consenting {
    fn is_for(&self, grant: &Grant) -> bool;
    fn is_by(&self, resource: &Resource) -> bool;
}

impl Consenting for Consent {
    fn is_for(&self, grant: &Grant) -> bool {
        self.grant == grant.id && self.grant_version == grant.version
    }

    fn is_by(&self, resource: &Resource) -> bool {
        self.resource == resource.name && self.source_unit == resource.source_unit
    }
}

/// A field as policies write it.
pub(crate) fn field_name(resource: &Name, field: &Name) -> String {
    format!("{resource}.{field}")
}

/// A module as a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleTarget {
    /// Module.
    pub id: ModuleId,
    /// Operating unit.
    pub operator: OrganisationId,
    /// Person who uploaded it.
    pub submitter: PersonId,
    /// State.
    pub state: ModuleState,
    /// Resources that its manifest names.
    pub resources: BTreeSet<Name>,
    /// Persons who reviewed its algorithm.
    pub reviewers: BTreeSet<PersonId>,
    /// How many different persons, none of them the submitter, approved its algorithm.
    pub approvals: u64,
}

impl From<&Module> for ModuleTarget {
    fn from(module: &Module) -> Self {
        let approvers: BTreeSet<PersonId> = module
            .reviews
            .iter()
            .filter(|r| r.outcome == ReviewOutcome::Approved)
            .map(|r| r.person)
            .filter(|person| *person != module.uploaded_by_person)
            .collect();
        Self {
            id: module.id,
            operator: module.operator,
            submitter: module.uploaded_by_person,
            state: module.state,
            resources: module
                .manifest
                .iter()
                .flat_map(|m| &m.resources)
                .map(|r| r.name.clone())
                .collect(),
            reviewers: module.reviews.iter().map(|r| r.person).collect(),
            approvals: u64::try_from(approvers.len()).unwrap_or(u64::MAX),
        }
    }
}

/// A run as a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunTarget {
    /// Run.
    pub id: RunId,
    /// Operating unit.
    pub operator: OrganisationId,
    /// Person who submitted it.
    pub submitter: PersonId,
    /// State.
    pub state: RunState,
    /// Resources that it reads.
    pub resources: BTreeSet<Name>,
    /// Source units of those resources.
    pub source_units: BTreeSet<OrganisationId>,
    /// Persons who reviewed its output.
    pub reviewers: BTreeSet<PersonId>,
    /// How many different persons, none of them the submitter, said yes to it.
    pub approvals: u64,
}

impl RunTarget {
    /// A run as a target; `resources` are those that it reads, `reviews` those of its outputs.
    pub fn of<'a>(
        run: &Run,
        resources: impl IntoIterator<Item = &'a Resource>,
        reviews: &[ReleaseReview],
    ) -> Self {
        let (names, source_units) = resources
            .into_iter()
            .map(|r| (r.name.clone(), r.source_unit))
            .unzip();
        let yes = reviews
            .iter()
            .filter(|r| r.outcome == ReviewOutcome::Approved)
            .map(|r| r.person);
        let yes: BTreeSet<PersonId> = yes.filter(|p| *p != run.submitted_by_person).collect();
        Self {
            approvals: yes.len() as u64,
            id: run.id,
            operator: run.operator,
            submitter: run.submitted_by_person,
            state: run.state,
            resources: names,
            source_units,
            reviewers: reviews.iter().map(|r| r.person).collect(),
        }
    }
}

/// A release as a target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReleaseTarget {
    /// Release.
    pub id: ReleaseId,
    /// Operating unit.
    pub operator: OrganisationId,
    /// Person who submitted the run.
    pub submitter: PersonId,
    /// Resources that the run read.
    pub resources: BTreeSet<Name>,
    /// Persons who reviewed it.
    pub reviewers: BTreeSet<PersonId>,
}

impl ReleaseTarget {
    /// A release as a target, of a run as a target.
    #[must_use]
    pub fn of(release: &Release, run: RunTarget) -> Self {
        Self {
            id: release.id,
            operator: run.operator,
            submitter: run.submitter,
            resources: run.resources,
            reviewers: run.reviewers,
        }
    }
}

/// An entry of the record as a target: what it is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RecordTarget {
    /// Operating unit, where there is one.
    pub operator: Option<OrganisationId>,
    /// Resources; an entry about none is for those whose remit covers everything.
    pub resources: BTreeSet<Name>,
}
