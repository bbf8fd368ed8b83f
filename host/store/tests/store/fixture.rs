//! Things to put into a store.

use std::sync::atomic::{AtomicU64, Ordering};

use yunei_ledger::{Draft, Entry, Kind, RUN};
use yunei_model::*;
use yunei_store::{Change, Store, StoreError};

/// A point in time that tests count from.
pub const NOON: Timestamp = Timestamp::from_micros(1_790_000_000_000_000);

/// Makes things with ids and names of their own.
#[derive(Default)]
pub struct World {
    pub ids: CountingIds,
    count: AtomicU64,
}

/// Everything that a run refers to.
pub struct Setting {
    pub organisation: Organisation,
    pub person: Person,
    pub account: Account,
    pub resource: Resource,
    pub scenario: Scenario,
    pub grant: Grant,
    pub module: Module,
}

pub fn text(text: &str) -> Text {
    Text {
        zh: text.into(),
        en: text.into(),
    }
}

impl World {
    pub fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }

    pub fn name(&self, what: &str) -> Name {
        Name::parse(&format!("{what}-{}", self.next())).unwrap()
    }

    pub fn sealed(&self, draft: Draft) -> Entry {
        let mut nonce = [0; 16];
        nonce[..8].copy_from_slice(&self.next().to_be_bytes());
        Entry::seal(draft, EntryId::new(&self.ids), nonce, NOON).unwrap()
    }

    pub fn entry(&self, kind: Kind) -> Entry {
        self.sealed(Draft::new(kind))
    }

    pub fn entry_of_run(&self, kind: Kind, run: RunId) -> Entry {
        self.sealed(Draft::new(kind).fact(RUN, run))
    }

    /// Records an entry for the change and commits it.
    pub async fn commit(&self, mut change: Change) -> Result<(), StoreError> {
        change.record(&self.entry(Kind::Queried)).await?;
        change.commit().await
    }

    pub fn organisation(&self) -> Organisation {
        Organisation {
            id: OrganisationId::new(&self.ids),
            name: self.name("organisation"),
            title: text("运营单位"),
            kind: OrganisationKind::Operator,
        }
    }

    pub fn account(&self, organisation: &Organisation) -> (Person, Account) {
        let person = Person {
            id: PersonId::new(&self.ids),
            organisation: organisation.id,
        };
        let account = Account {
            id: AccountId::new(&self.ids),
            name: self.name("account"),
            person: person.id,
            organisation: organisation.id,
            appointments: Vec::new(),
            active: true,
        };
        (person, account)
    }

    pub fn resource(&self, source: &Organisation) -> Resource {
        let name = self.name("resource");
        Resource {
            id: ResourceId::new(&self.ids),
            name: name.clone(),
            title: text("航班"),
            description: text("航班"),
            source_unit: source.id,
            population: Population {
                name,
                title: text("居民"),
                private_only: false,
            },
            basis: Basis::NonPersonal,
            subject: None,
            subject_group: None,
            grade: Grade::ALL[0],
            licence: "CC0-1.0".into(),
            synthetic: true,
            schema: SchemaVersion {
                version: 1,
                fields: Vec::new(),
                frames: Vec::new(),
                key: Vec::new(),
                references: Vec::new(),
            },
        }
    }

    pub fn snapshot(&self, resource: &Resource, as_of: i64, imported: i64) -> Snapshot {
        Snapshot {
            id: SnapshotId::new(&self.ids),
            resource: resource.id,
            schema_version: 1,
            parts: vec![Part {
                digest: Digest::of(&self.next().to_be_bytes()),
                rows: 10,
                bytes: 100,
            }],
            data_as_of: NOON.plus_seconds(as_of),
            imported_at: NOON.plus_seconds(imported),
            supersedes: None,
            onto: None,
            file: None,
            sorted_by_subject: false,
            key: Vec::new(),
        }
    }

    pub fn scenario(&self) -> Scenario {
        let name = self.name("scenario");
        Scenario {
            id: ScenarioId::new(&self.ids),
            name: name.clone(),
            title: text("出行"),
            purposes: vec![name],
            state: ScenarioState::Approved,
            proposer: None,
        }
    }

    pub fn grant(&self, operator: &Organisation, scenario: &Scenario) -> Grant {
        Grant {
            id: GrantId::new(&self.ids),
            version: 1,
            state: GrantState::Active,
            terms: GrantTerms {
                operator: operator.id,
                scenario: scenario.id,
                purpose: scenario.purposes[0].clone(),
                resources: Vec::new(),
                products: Vec::new(),
                join: false,
                export: false,
                parameters: Vec::new(),
                quota: Quota {
                    runs: 3,
                    rows: 100,
                    released_cells: 20,
                },
                binding: Binding::Latest,
                as_of: None,
                from: NOON,
                until: NOON.plus_seconds(1000),
            },
        }
    }

    pub fn module(&self, account: &Account) -> Module {
        Module {
            id: ModuleId::new(&self.ids),
            digest: Digest::of(&self.next().to_be_bytes()),
            bytes: 3,
            operator: account.organisation,
            uploaded_by: account.id,
            uploaded_by_person: account.person,
            uploaded_at: NOON,
            state: ModuleState::Admitted,
            manifest: None,
            admission: None,
            reviews: Vec::new(),
        }
    }

    /// A new operating unit with all that a run needs, committed.
    pub async fn setting(&self, store: &Store) -> Setting {
        let organisation = self.organisation();
        let (person, account) = self.account(&organisation);
        let scenario = self.scenario();
        let setting = Setting {
            resource: self.resource(&organisation),
            grant: self.grant(&organisation, &scenario),
            module: self.module(&account),
            organisation,
            person,
            account,
            scenario,
        };
        let mut change = store.begin().await.unwrap();
        change
            .put_organisation(&setting.organisation)
            .await
            .unwrap();
        change.put_person(&setting.person).await.unwrap();
        change.put_account(&setting.account).await.unwrap();
        change.put_resource(&setting.resource).await.unwrap();
        change.put_scenario(&setting.scenario).await.unwrap();
        change.put_grant(&setting.grant).await.unwrap();
        change.put_module(&setting.module).await.unwrap();
        self.commit(change).await.unwrap();
        setting
    }

    pub fn run(&self, setting: &Setting, state: RunState, submitted: i64) -> Run {
        Run {
            id: RunId::new(&self.ids),
            operator: setting.organisation.id,
            submitted_by: setting.account.id,
            submitted_by_person: setting.person.id,
            grant: setting.grant.id,
            grant_version: setting.grant.version,
            module: setting.module.id,
            module_digest: setting.module.digest,
            purpose: setting.grant.terms.purpose.clone(),
            snapshots: Vec::new(),
            parameters: Parameters::new(),
            trigger: Trigger::Request,
            period: None,
            edition: None,
            state,
            submitted_at: NOON.plus_seconds(submitted),
            started_at: None,
            ended_at: None,
            trace_root: None,
            calls: 0,
            rows_fed: 0,
            end_cause: None,
        }
    }

    /// A run that is at its end, committed.
    pub async fn ended_run(&self, store: &Store, setting: &Setting) -> Run {
        let run = self.run(setting, RunState::Failed, 0);
        let mut change = store.begin().await.unwrap();
        change.put_run(&run).await.unwrap();
        self.commit(change).await.unwrap();
        run
    }

    pub fn call(&self, index: u64) -> Call {
        Call {
            index,
            kind: CallKind::Batch,
            resource: Some(Name::parse("flights").unwrap()),
            fields: Vec::new(),
            rows: index * 10,
            bytes: u64::MAX - index,
            decision: CallDecision::Allowed,
            clause: None,
            argument_digest: None,
            at: NOON,
            duration_us: 5,
        }
    }
}
