//! A domain whose clock stands still until it is told otherwise, with a product of daily rides. Its runs are queued and never claimed
//! unless a test does so: what they read and release stands in the tests of the whole.

use std::path::Path;
use std::sync::Arc;

use cap_std::ambient_authority;
use cap_std::fs::Dir;
use tempfile::TempDir;
use yunei_authority::Authority;
use yunei_catalog::{Delimiter, Encoding, ImportFormat};
use yunei_ledger::{Draft, Entry, Kind};
use yunei_lifecycle::{
    Actor, Domain, FileKeyStore, LifecycleError, NewAccount, NewGrant, NewOrganisation, NewProduct,
    NewScenario, NewSchedule, NewSnapshot, Onto, RequestTrace, Settings,
};
use yunei_model::{
    Admission, Appointment, Binding, Cadence, Clock, Code, Digest, EntryId, FixedClock, GrantId,
    GrantTerms, GrantedResource, Limits, Manifest, Module, ModuleId, ModuleState, Name,
    OrganisationId, OrganisationKind, Parameters, Product, Quota, RandomIds, Remit, Role, Run,
    ScenarioId, Schedule, ScheduleTrigger, Text, Timestamp,
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
[[field]]
name = "day"
title = { zh = "日期", en = "Day" }
type = "date"
class = "ordinary"
grade = "g1"
[[field]]
name = "coarse_day"
title = { zh = "月份", en = "Month" }
type = "date"
class = "ordinary"
grade = "g1"
mask = { kind = "month" }
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
    pub clock: Arc<FixedClock>,
    pub officer: Actor,
    pub source: Actor,
    pub operator: Actor,
    pub stranger: Actor,
    pub grant: GrantId,
    pub module: ModuleId,
    directory: TempDir,
}

impl Town {
    /// A town at a moment of RFC 3339.
    pub async fn at(moment: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path();
        std::fs::create_dir(path.join("keys")).unwrap();
        let clock = Arc::new(FixedClock::at(moment.parse().unwrap()));
        let domain = open(path, &clock).await;
        domain.bootstrap().await.unwrap();
        let organisations = organisations(&domain, path).await;
        let person = async |organisation, role| person(&domain, path, organisation, role).await;
        let officer = person("bureau", Role::Bureau).await;
        let source = person("transport", Role::Source).await;
        let operator = person("unit", Role::Operator).await;
        let stranger = person("other-unit", Role::Operator).await;
        let grant = granted(&domain, &officer, &source, organisations[2]).await;
        domain.shut_down().await.unwrap();
        drop(domain);
        let module = admitted(path, &operator).await;
        Self {
            domain: Arc::new(open(path, &clock).await),
            clock,
            officer,
            source,
            operator,
            stranger,
            grant,
            module,
            directory,
        }
    }

    /// The same town after its server was stopped in the middle of things and started again.
    pub async fn restarted(self) -> Self {
        let Self { domain, .. } = &self;
        domain.shut_down().await.unwrap();
        let path = self.directory.path().to_owned();
        drop(self.domain);
        let domain = open(&path, &self.clock).await;
        domain.recover().await.unwrap();
        Self {
            domain: Arc::new(domain),
            ..self
        }
    }

    pub fn new_product(&self) -> NewProduct {
        NewProduct {
            name: name("daily-rides"),
            title: text("每日客流"),
            grant: self.grant,
            module: self.module,
            parameters: Parameters::new(),
            period: name("day"),
            cadence: Cadence::Daily,
            starts: "2026-03-02".to_owned(),
            lateness_days: 1,
            revision_days: None,
        }
    }

    pub async fn product(&self) -> Product {
        let drafted = self
            .domain
            .draft_product(&self.operator, self.new_product());
        drafted.await.unwrap().product
    }

    pub async fn schedule(&self, product: &Product, trigger: ScheduleTrigger) -> Schedule {
        let set = self
            .domain
            .set_schedule(&self.operator, product.id, NewSchedule { trigger });
        set.await.unwrap()
    }

    /// Imports a day's file, upon the newest snapshot, that tells of the moment when the day is over.
    pub async fn import(&self, day: &str) {
        let rows = format!("card,line,day,coarse_day\na,1,{day},{day}\nb,2,{day},{day}\n");
        self.domain.incoming_dir().write("x", rows).unwrap();
        let over = yunei_model::day_start(day).unwrap().plus_seconds(86_400);
        let first = self.snapshots().await == 0;
        let snapshot = NewSnapshot {
            file: "x".to_owned(),
            format: ImportFormat::Csv {
                encoding: Encoding::Utf8,
                delimiter: Delimiter::Comma,
            },
            data_as_of: over,
            onto: (!first).then_some(Onto::Newest),
        };
        let rides = name("rides");
        let imported = self.domain.import_snapshot(&self.source, &rides, snapshot);
        imported.await.unwrap();
    }

    async fn snapshots(&self) -> usize {
        let page = Page::first(100);
        let listed = self
            .domain
            .snapshots(&self.source, &name("rides"), page)
            .await;
        listed.unwrap().items.len()
    }

    /// Takes every step that is due; gives the first days of the periods that were queued.
    pub async fn step(&self) -> Vec<String> {
        let before = self.runs().await.len();
        let queued = self.domain.step_schedules().await.unwrap();
        let runs = self.runs().await;
        let new: Vec<String> = runs[before..]
            .iter()
            .map(|run| run.period.as_ref().unwrap().first_day().unwrap())
            .collect();
        assert_eq!(new.len() as u64, queued);
        new
    }

    /// Claims and runs all that is queued: it fails, since there is no program to start rooms from.
    pub async fn fail_all(&self) {
        while let Some(claimed) = self.domain.claim().await.unwrap() {
            assert!(self.domain.execute(claimed).await.is_err());
        }
        // Until its operating unit sees that.
        self.clock.advance_seconds(10);
    }

    pub async fn runs(&self) -> Vec<Run> {
        let store = self.store().await;
        store
            .runs(&RunFilter::default(), Page::first(1000))
            .await
            .unwrap()
    }

    pub async fn schedule_of(&self, schedule: &Schedule) -> Schedule {
        self.store()
            .await
            .schedule(schedule.id)
            .await
            .unwrap()
            .unwrap()
    }

    /// How many entries of a kind there are.
    pub async fn entries(&self, kind: Kind) -> usize {
        let filter = EntryFilter {
            kinds: vec![kind],
            ..EntryFilter::default()
        };
        let store = self.store().await;
        store
            .entries(&filter, Page::first(1000))
            .await
            .unwrap()
            .len()
    }

    async fn store(&self) -> Store {
        Store::open_read_only(self.directory.path()).await.unwrap()
    }
}

pub fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

pub fn text(text: &str) -> Text {
    Text {
        zh: text.to_owned(),
        en: text.to_owned(),
    }
}

pub fn code<T: std::fmt::Debug>(outcome: Result<T, LifecycleError>) -> Code {
    outcome.unwrap_err().code()
}

async fn open(path: &Path, clock: &Arc<FixedClock>) -> Domain {
    let data = Dir::open_ambient_dir(path, ambient_authority()).unwrap();
    let keys = FileKeyStore::open(data.open_dir("keys").unwrap()).unwrap();
    let settings = Settings {
        data,
        data_path: path.to_owned(),
        program: "/nonexistent/yunei".into(),
        authority: Authority::builtin().unwrap(),
        profile: include_str!("../../../../policies/disclosure/yunei.toml").to_owned(),
        log_name: "test.example/log".to_owned(),
        witnesses: None,
        cadence: yunei_lifecycle::CADENCE_DEFAULT,
        limits: Limits::default(),
        keys: Arc::new(keys),
        clock: Arc::clone(clock) as Arc<dyn Clock>,
        ids: Arc::new(RandomIds),
    };
    Domain::open(settings).await.unwrap()
}

async fn administrator(domain: &Domain, path: &Path, which: &str) -> Actor {
    let token = std::fs::read_to_string(path.join(format!("{which}-administrator.token"))).unwrap();
    let trace = RequestTrace::default();
    domain.authenticate(&token, trace).await.unwrap()
}

async fn organisations(domain: &Domain, path: &Path) -> Vec<OrganisationId> {
    let system = administrator(domain, path, "system").await;
    let mut ids = Vec::new();
    for (organisation, kind) in [
        ("bureau", OrganisationKind::Bureau),
        ("transport", OrganisationKind::Source),
        ("unit", OrganisationKind::Operator),
        ("other-unit", OrganisationKind::Operator),
    ] {
        let new = NewOrganisation {
            name: name(organisation),
            title: text(organisation),
            kind,
        };
        ids.push(domain.register_organisation(&system, new).await.unwrap().id);
    }
    ids
}

async fn person(domain: &Domain, path: &Path, organisation: &str, role: Role) -> Actor {
    let account = NewAccount {
        name: name(&format!("{role}-of-{organisation}")),
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
    domain
        .authenticate(&session.unwrap().secret, trace)
        .await
        .unwrap()
}

/// A grant in force over the rides, that names the product.
async fn granted(
    domain: &Domain,
    officer: &Actor,
    source: &Actor,
    operator: OrganisationId,
) -> GrantId {
    domain.register_resource(source, ENTRY).await.unwrap();
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
        until: now.plus_seconds(365 * 86_400),
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
