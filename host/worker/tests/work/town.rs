//! A domain with a grant in force and an admitted module: all that a run needs to be queued.

use std::path::Path;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tempfile::TempDir;
use yunei_authority::Authority;
use yunei_catalog::{Delimiter, Encoding, ImportFormat};
use yunei_ledger::{Draft, Entry, Kind};
use yunei_lifecycle::{
    Actor, Domain, FileKeyStore, NewAccount, NewGrant, NewOrganisation, NewScenario, NewSnapshot,
    Once, RequestTrace, RunRequest, Settings,
};
use yunei_model::{
    Admission, Appointment, Binding, Clock as _, Digest, EntryId, GrantId, GrantTerms,
    GrantedResource, Limits, Manifest, Module, ModuleId, ModuleState, Name, OrganisationId,
    OrganisationKind, Parameters, Quota, RandomIds, Remit, Role, Run, RunId, ScenarioId,
    SystemClock, Text, Timestamp,
};
use yunei_store::{EntryFilter, Page, RunFilter, Store};

const PASSWORD: &str = "long enough to be a password";

const ENTRY: &str = r#"
name = "rides"
source_unit = "transport"
basis = "statistical"
subject = "card"
grade = "g2"
licence = "CC0-1.0"
synthetic = true
title = { zh = "刷卡", en = "Rides" }
description = { zh = "每次一行", en = "One row per ride" }
population = { name = "riders", title = { zh = "乘客", en = "Riders" } }
[[field]]
name = "card"
title = { zh = "卡号", en = "Card" }
type = "text"
class = "direct-identifier"
grade = "g3"
mask = { kind = "pseudonym" }
[[field]]
name = "line"
title = { zh = "线路", en = "Line" }
type = "text"
class = "ordinary"
grade = "g1"
[[field.banding]]
name = "line"
kind = "values"
values = ["1", "2"]
"#;

const MANIFEST: &str = r#"
name = "rides-per-line"
version = "1"
title = { zh = "各线路", en = "Rides per line" }
world = "analysis"
purpose = "planning"
author = "a"
bias = "none known"
[[resource]]
name = "rides"
fields = ["line"]
[[output]]
name = "rides"
resource = "rides"
[[output.dimension]]
field = "line"
banding = "line"
[[output.measure]]
name = "rides"
aggregate = "count"
"#;

pub struct Town {
    pub domain: Arc<Domain>,
    store: Store,
    operator: Actor,
    grant: GrantId,
    module: ModuleId,
    directory: TempDir,
}

impl Town {
    pub async fn found() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std::fs::create_dir(path.join("keys")).unwrap();
        let domain = open(path).await;
        domain.bootstrap().await.unwrap();
        let (token, grant) = granted(&domain, path).await;
        let operator = domain
            .authenticate(&token, RequestTrace::default())
            .await
            .unwrap();
        domain.shut_down().await.unwrap();
        drop(domain);
        let module = admitted(path, &operator).await;
        let domain = Arc::new(open(path).await);
        let operator = domain
            .authenticate(&token, RequestTrace::default())
            .await
            .unwrap();
        let store = Store::open_read_only(path).await.unwrap();
        Self {
            domain,
            store,
            operator,
            grant,
            module,
            directory,
        }
    }

    pub async fn submit(&self) -> RunId {
        let submitted = self.domain.submit(&self.operator, self.request()).await;
        submitted.unwrap().id
    }

    pub fn request(&self) -> RunRequest {
        RunRequest {
            module: self.module,
            grant: self.grant,
            purpose: name("planning"),
            parameters: Parameters::new(),
        }
    }

    /// The operating unit's person, whose next request counts once under `key`.
    pub fn operator_once(&self, key: &str) -> Actor {
        self.operator.clone().once(Once {
            key: key.to_owned(),
            request: Digest::of(b"the request"),
        })
    }

    pub async fn runs(&self) -> Vec<Run> {
        let page = Page::first(100);
        self.store.runs(&RunFilter::default(), page).await.unwrap()
    }

    pub async fn run(&self, id: RunId) -> Run {
        self.store.run(id).await.unwrap().unwrap()
    }

    /// Runs and rows that were used of the grant.
    pub async fn used(&self) -> (u64, u64) {
        let used = self.store.usage(self.grant).await.unwrap();
        (used.runs, used.rows)
    }

    /// What the operating unit is told of that.
    pub async fn told_of_use(&self) -> (u64, u64) {
        let told = self.domain.usage(&self.operator, self.grant).await.unwrap();
        (told.runs, told.rows)
    }

    /// Changes the database behind the domain's back.
    pub async fn execute(&self, text: &'static str) {
        let path = self.directory.path().join("yunei.db");
        let options = SqliteConnectOptions::new().filename(path);
        let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query(text).execute(&mut connection).await.unwrap();
        connection.close().await.unwrap();
    }

    /// How many entries there are.
    pub async fn entries(&self) -> u64 {
        let newest = Page::first(1).falling();
        let newest = self.store.entries(&EntryFilter::default(), newest).await;
        newest.unwrap()[0].position
    }

    /// Kinds of the entries about a run, in order.
    pub async fn kinds_of(&self, id: RunId) -> Vec<String> {
        let filter = EntryFilter {
            run: Some(id),
            ..EntryFilter::default()
        };
        let entries = self.store.entries(&filter, Page::first(100)).await.unwrap();
        entries
            .iter()
            .map(|recorded| recorded.entry.kind().to_string())
            .collect()
    }
}

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn text(text: &str) -> Text {
    Text {
        zh: text.to_owned(),
        en: text.to_owned(),
    }
}

async fn open(path: &Path) -> Domain {
    let data = Dir::open_ambient_dir(path, ambient_authority()).unwrap();
    let keys = FileKeyStore::open(data.open_dir("keys").unwrap()).unwrap();
    let settings = Settings {
        data,
        data_path: path.to_owned(),
        program: "/nonexistent/yunei".into(),
        authority: Authority::builtin().unwrap(),
        profile: include_str!("../../../../policies/disclosure/yunei.toml").to_owned(),
        log_name: "test.example/log".to_owned(),
        cadence: yunei_lifecycle::CADENCE_DEFAULT,
        limits: Limits::default(),
        keys: Arc::new(keys),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds),
    };
    Domain::open(settings).await.unwrap()
}

/// An account with a role, by its session's token.
async fn person(domain: &Domain, path: &Path, organisation: &str, role: Role) -> String {
    let administrator = async |which: &str| {
        let file = path.join(format!("{which}-administrator.token"));
        let token = std::fs::read_to_string(file).unwrap();
        domain
            .authenticate(&token, RequestTrace::default())
            .await
            .unwrap()
    };
    let account = NewAccount {
        name: name(&format!("{role}-of-{organisation}")),
        organisation: name(organisation),
        password: PASSWORD.to_owned(),
        same_person_as: None,
    };
    let account = domain
        .create_account(&administrator("system").await, account)
        .await
        .unwrap();
    let from = Timestamp::from_micros(0);
    let appointment = Appointment {
        role,
        from,
        until: None,
        remit: Remit::default(),
    };
    domain
        .appoint(&administrator("security").await, account.id, appointment)
        .await
        .unwrap();
    let session = domain
        .sign_in(&account.name, PASSWORD, &RequestTrace::default())
        .await;
    session.unwrap().secret
}

/// A grant in force over one small resource, and the token of its operating unit.
async fn granted(domain: &Domain, path: &Path) -> (String, GrantId) {
    let system = std::fs::read_to_string(path.join("system-administrator.token")).unwrap();
    let system = domain
        .authenticate(&system, RequestTrace::default())
        .await
        .unwrap();
    let mut ids = Vec::new();
    for (organisation, kind) in [
        ("bureau", OrganisationKind::Bureau),
        ("transport", OrganisationKind::Source),
        ("unit", OrganisationKind::Operator),
    ] {
        let new = NewOrganisation {
            name: name(organisation),
            title: text(organisation),
            kind,
        };
        ids.push(domain.register_organisation(&system, new).await.unwrap().id);
    }
    let signed_in = async |organisation: &str, role: Role| {
        let token = person(domain, path, organisation, role).await;
        let actor = domain
            .authenticate(&token, RequestTrace::default())
            .await
            .unwrap();
        (token, actor)
    };
    let (_, officer) = signed_in("bureau", Role::Bureau).await;
    let (_, source) = signed_in("transport", Role::Source).await;
    let (token, _) = signed_in("unit", Role::Operator).await;

    catalogued(domain, &source).await;
    let purposes = vec![name("planning")];
    let scenario = NewScenario {
        name: name("lines"),
        title: text("lines"),
        purposes,
    };
    let scenario = domain.propose_scenario(&officer, scenario).await.unwrap();
    domain
        .approve_scenario(&officer, scenario.id)
        .await
        .unwrap();
    let terms = terms(ids[2], scenario.id);
    let grant = domain
        .draft_grant(
            &officer,
            NewGrant {
                amends: None,
                terms,
            },
        )
        .await
        .unwrap();
    domain
        .consent_grant(&source, grant.id, &name("rides"))
        .await
        .unwrap();
    domain
        .activate_grant(&officer, grant.id, "a test")
        .await
        .unwrap();
    (token, grant.id)
}

async fn catalogued(domain: &Domain, source: &Actor) {
    domain.register_resource(source, ENTRY).await.unwrap();
    domain
        .incoming_dir()
        .write("x", "card,line\na,1\nb,2\n")
        .unwrap();
    let format = ImportFormat::Csv {
        encoding: Encoding::Utf8,
        delimiter: Delimiter::Comma,
    };
    let snapshot = NewSnapshot {
        file: "x".to_owned(),
        format,
        data_as_of: Timestamp::from_micros(1),
    };
    domain
        .import_snapshot(source, &name("rides"), snapshot)
        .await
        .unwrap();
}

fn terms(operator: OrganisationId, scenario: ScenarioId) -> GrantTerms {
    let now = SystemClock.now();
    GrantTerms {
        operator,
        scenario,
        purpose: name("planning"),
        resources: vec![GrantedResource {
            name: name("rides"),
            fields: vec![name("line")],
            filter: Vec::new(),
            snapshot: None,
        }],
        products: Vec::new(),
        join: false,
        export: false,
        parameters: Vec::new(),
        quota: Quota {
            runs: 100,
            rows: 1000,
            released_cells: 100,
        },
        binding: Binding::Latest,
        as_of: None,
        from: now.plus_seconds(-60),
        until: now.plus_seconds(3600),
    }
}

/// Puts a module into the store as if it had been admitted: its component is not there.
async fn admitted(path: &Path, operator: &Actor) -> ModuleId {
    let now = SystemClock.now();
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
    let store = Store::open(path).await.unwrap();
    let mut change = store.begin().await.unwrap();
    change.put_module(&module).await.unwrap();
    let draft = Draft::new(Kind::ModuleAdmitted).fact("module", module.id);
    let entry = Entry::seal(draft, EntryId::new(&RandomIds), [7; 16], now).unwrap();
    change.record(&entry).await.unwrap();
    change.commit().await.unwrap();
    store.close().await;
    module.id
}
