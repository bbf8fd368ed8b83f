//! A town with two rides in it: all that a run needs to be queued.

use std::ops::Deref;
use std::sync::Arc;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use yunei_lifecycle::{Actor, Once, RunRequest};
use yunei_model::{Digest, Parameters, Run, RunId, SystemClock, Timestamp};
use yunei_store::{EntryFilter, Page, RunFilter, Store};
use yunei_town::name;

pub struct Town {
    town: yunei_town::Town,
    store: Store,
}

impl Deref for Town {
    type Target = yunei_town::Town;

    fn deref(&self) -> &Self::Target {
        &self.town
    }
}

impl Town {
    pub async fn found() -> Self {
        let town = yunei_town::Town::found(Arc::new(SystemClock)).await;
        let rows = "a,1,2026-03-02,2026-03-02\nb,2,2026-03-02,2026-03-02\n";
        town.import(rows, Timestamp::from_micros(1)).await;
        let store = town.store().await;
        Self { town, store }
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
            period: None,
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
        let path = self.path().join("yunei.db");
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
