//! A town and its founding.

use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;
use yunei_catalog::{Delimiter, Encoding, ImportFormat};
use yunei_ledger::{Draft, Entry, Kind};
use yunei_lifecycle::{
    Actor, Domain, NewAccount, NewGrant, NewOrganisation, NewScenario, NewSnapshot, Onto,
    RequestTrace,
};
use yunei_model::{
    Admission, Appointment, Binding, Clock, Digest, EntryId, GrantId, GrantTerms, GrantedResource,
    Manifest, Module, ModuleId, ModuleState, OrganisationId, OrganisationKind, Quota, RandomIds,
    Remit, Role, ScenarioId, Timestamp,
};
use yunei_store::{Change, Page, Store};

use crate::{MANIFEST, PASSWORD, RIDES, administrator, name, settings, text};

/// Days that the grant is in force.
const GRANT_DAYS: i64 = 365;
const DAY_SECONDS: i64 = 86_400;
/// The name of every file that is imported.
const FILE: &str = "rides.csv";

/// A domain with people, a grant in force, and an admitted module.
pub struct Town {
    /// The domain.
    pub domain: Arc<Domain>,
    /// An officer of the bureau.
    pub officer: Actor,
    /// Who answers for the resource.
    pub source: Actor,
    /// The person of the operating unit that has the grant and the module.
    pub operator: Actor,
    /// A person of another operating unit.
    pub stranger: Actor,
    /// The grant: over the rides, for products `daily-rides` and `weekly-rides` too.
    pub grant: GrantId,
    /// The module of [`MANIFEST`].
    pub module: ModuleId,
    clock: Arc<dyn Clock>,
    directory: TempDir,
}

impl Town {
    /// A town whose time is that of `clock`. There is no row in it yet.
    ///
    /// # Panics
    /// Something that has to work does not.
    pub async fn found(clock: Arc<dyn Clock>) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        let domain = open(path, &clock).await;
        domain.bootstrap().await.unwrap();
        let unit = organisations(&domain, path).await;
        let person = async |organisation: &str, role: Role| {
            let account = format!("{role}-of-{organisation}");
            person(&domain, path, &account, organisation, role).await
        };
        let officer = person("bureau", Role::Bureau).await;
        let source = person("transport", Role::Source).await;
        let operator = person("unit", Role::Operator).await;
        let stranger = person("other-unit", Role::Operator).await;
        let grant = granted(&domain, &officer, &source, unit).await;
        domain.shut_down().await.unwrap();
        drop(domain);
        let module = admitted(path, &operator).await;
        Self {
            domain: Arc::new(open(path, &clock).await),
            officer,
            source,
            operator,
            stranger,
            grant,
            module,
            clock,
            directory,
        }
    }

    /// A reviewer of the bureau, under this name.
    ///
    /// # Panics
    /// There is an account of that name.
    pub async fn reviewer(&self, account: &str) -> Actor {
        person(&self.domain, self.path(), account, "bureau", Role::Reviewer).await
    }

    /// The same town after its server was stopped in the middle of things and started again.
    ///
    /// # Panics
    /// It cannot be.
    pub async fn restarted(self) -> Self {
        self.reopened(async |_| ()).await
    }

    /// The same after its server was stopped, and what is kept was changed past every rule, as no request can.
    ///
    /// # Panics
    /// It cannot be.
    pub async fn rewritten(self, write: impl AsyncFnOnce(&mut Change)) -> Self {
        // Nothing is kept without an entry, of whatever kind.
        let draft = Draft::new(Kind::ModuleAdmitted);
        self.reopened(async |path: &Path| written(path, draft, write).await)
            .await
    }

    async fn reopened(self, meanwhile: impl AsyncFnOnce(&Path)) -> Self {
        self.domain.shut_down().await.unwrap();
        let Self {
            domain,
            clock,
            directory,
            ..
        } = self;
        drop(domain);
        meanwhile(directory.path()).await;
        let domain = open(directory.path(), &clock).await;
        domain.recover().await.unwrap();
        Self {
            domain: Arc::new(domain),
            clock,
            directory,
            ..self
        }
    }

    /// Where its data are.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.directory.path()
    }

    /// The store beside the domain, to look into.
    ///
    /// # Panics
    /// It cannot be opened.
    pub async fn store(&self) -> Store {
        Store::open_read_only(self.path()).await.unwrap()
    }

    /// Imports `rows`, a CSV of rides without its head, upon the newest snapshot if there is one.
    ///
    /// # Panics
    /// They are not taken.
    pub async fn import(&self, rows: &str, data_as_of: Timestamp) {
        let file = format!("card,line,day,coarse_day\n{rows}");
        self.domain.incoming_dir().write(FILE, file).unwrap();
        let rides = name("rides");
        let page = Page::first(1);
        let snapshots = self.domain.snapshots(&self.source, &rides, page).await;
        let first = snapshots.unwrap().items.is_empty();
        let snapshot = NewSnapshot {
            file: FILE.to_owned(),
            format: ImportFormat::Csv {
                encoding: Encoding::Utf8,
                delimiter: Delimiter::Comma,
            },
            data_as_of,
            onto: (!first).then_some(Onto::Newest),
        };
        let imported = self.domain.import_snapshot(&self.source, &rides, snapshot);
        imported.await.unwrap();
    }
}

async fn open(path: &Path, clock: &Arc<dyn Clock>) -> Domain {
    Domain::open(settings(path, Arc::clone(clock)))
        .await
        .unwrap()
}

/// Registers them; gives the operating unit that the grant is for.
async fn organisations(domain: &Domain, path: &Path) -> OrganisationId {
    let system = administrator(domain, path, "system").await;
    let mut ids = Vec::new();
    for (organisation, kind) in [
        ("unit", OrganisationKind::Operator),
        ("other-unit", OrganisationKind::Operator),
        ("transport", OrganisationKind::Source),
        ("bureau", OrganisationKind::Bureau),
    ] {
        let new = NewOrganisation {
            name: name(organisation),
            title: text(organisation),
            kind,
        };
        ids.push(domain.register_organisation(&system, new).await.unwrap().id);
    }
    ids[0]
}

/// An account with a role, signed in.
async fn person(
    domain: &Domain,
    path: &Path,
    account: &str,
    organisation: &str,
    role: Role,
) -> Actor {
    let account = NewAccount {
        name: name(account),
        organisation: name(organisation),
        password: PASSWORD.to_owned(),
        same_person_as: None,
    };
    let system = administrator(domain, path, "system").await;
    let account = domain.create_account(&system, account).await.unwrap();
    let appointment = Appointment {
        role,
        from: Timestamp::from_micros(0),
        until: None,
        remit: Remit::default(),
    };
    let security = administrator(domain, path, "security").await;
    domain
        .appoint(&security, account.id, appointment)
        .await
        .unwrap();
    let trace = RequestTrace::default();
    let session = domain.sign_in(&account.name, PASSWORD, &trace).await;
    let secret = session.unwrap().secret;
    domain.authenticate(&secret, trace).await.unwrap()
}

/// Catalogues the rides, and puts a grant over them in force.
async fn granted(
    domain: &Domain,
    officer: &Actor,
    source: &Actor,
    operator: OrganisationId,
) -> GrantId {
    domain.register_resource(source, RIDES).await.unwrap();
    let scenario = NewScenario {
        name: name("lines"),
        title: text("lines"),
        purposes: vec![name("planning")],
    };
    let scenario = domain.propose_scenario(officer, scenario).await.unwrap();
    domain.approve_scenario(officer, scenario.id).await.unwrap();
    let new = NewGrant {
        amends: None,
        terms: terms(operator, scenario.id, domain.clock().now()),
    };
    let grant = domain.draft_grant(officer, new).await.unwrap().id;
    let rides = name("rides");
    domain.consent_grant(source, grant, &rides).await.unwrap();
    domain
        .activate_grant(officer, grant, "a test")
        .await
        .unwrap();
    grant
}

fn terms(operator: OrganisationId, scenario: ScenarioId, now: Timestamp) -> GrantTerms {
    GrantTerms {
        operator,
        scenario,
        purpose: name("planning"),
        resources: vec![GrantedResource {
            name: name("rides"),
            fields: ["line", "day", "coarse_day"].map(name).to_vec(),
            filter: Vec::new(),
            snapshot: None,
        }],
        products: vec![name("daily-rides"), name("weekly-rides")],
        join: false,
        export: false,
        parameters: Vec::new(),
        quota: Quota {
            runs: 1000,
            rows: 1_000_000,
            released_cells: 1000,
        },
        binding: Binding::Latest,
        as_of: None,
        from: now.plus_seconds(-60),
        until: now.plus_seconds(GRANT_DAYS * DAY_SECONDS),
    }
}

/// Puts a module into the store as if it had been admitted: its component is not there.
async fn admitted(path: &Path, operator: &Actor) -> ModuleId {
    let now = Timestamp::from_micros(1);
    let principal = operator.principal();
    let module = Module {
        id: ModuleId::new(&RandomIds),
        digest: Digest::of(b"no component"),
        bytes: 12,
        operator: principal.organisation,
        uploaded_by: principal.account,
        uploaded_by_person: principal.person,
        uploaded_at: now,
        state: ModuleState::Admitted,
        manifest: Some(Manifest::parse(MANIFEST).unwrap()),
        admission: Some(Admission {
            at: now,
            findings: Vec::new(),
            imports: Vec::new(),
            artefact: None,
            compile_ms: None,
        }),
        reviews: Vec::new(),
    };
    let draft = Draft::new(Kind::ModuleAdmitted).fact("module", module.id);
    let put = async |change: &mut Change| change.put_module(&module).await.unwrap();
    written(path, draft, put).await;
    module.id
}

/// Writes into the store of a domain that nobody serves, with the entry without which nothing is kept.
async fn written(path: &Path, draft: Draft, write: impl AsyncFnOnce(&mut Change)) {
    let store = Store::open(path).await.unwrap();
    let mut change = store.begin().await.unwrap();
    write(&mut change).await;
    let now = Timestamp::from_micros(1);
    let entry = Entry::seal(draft, EntryId::new(&RandomIds), [7; 16], now).unwrap();
    change.record(&entry).await.unwrap();
    change.commit().await.unwrap();
    store.close().await;
}
