//! Looks at what each request leaves on the record, and holds it against the table of routes and the document.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;

use axum::http::Method;
use serde_json::Value;
use yunei_ledger::Kind;
use yunei_server::{Decision, Effect, Route, routes};
use yunei_store::{EntryFilter, Page, Store};

use super::{Reply, shape};

/// By route, as `METHOD /path`: the kinds of entries that it was seen to write.
pub type Seen = BTreeMap<String, BTreeSet<String>>;

pub struct Witness {
    store: Store,
    routes: Vec<Route>,
    document: Value,
    /// Position of the last entry looked at, and what was seen.
    progress: Mutex<(u64, Seen)>,
}

impl Witness {
    pub async fn of(data: &Path) -> Self {
        let store = Store::open_read_only(data).await.unwrap();
        let witness = Self {
            store,
            routes: routes(),
            document: serde_json::to_value(yunei_server::document()).unwrap(),
            progress: Mutex::default(),
        };
        witness.news().await;
        witness
    }

    pub fn seen(&self) -> Seen {
        self.progress.lock().unwrap().1.clone()
    }

    pub async fn last_entry(&self) -> Value {
        let page = Page::first(1).falling();
        let newest = self
            .store
            .entries(&EntryFilter::default(), page)
            .await
            .unwrap();
        serde_json::from_slice(newest[0].entry.canonical()).unwrap()
    }

    /// Requests of one test come one after the other: what is new is of this one.
    pub async fn check(&self, method: &Method, path: &str, reply: &Reply) {
        let news = self.news().await;
        let Some(route) = self
            .routes
            .iter()
            .find(|r| r.method() == method && fits(r, path))
        else {
            assert!(
                news.is_empty(),
                "{method} {path} is no route, and left {news:?}"
            );
            return;
        };
        let name = format!("{method} {}", route.path());
        for (kind, action) in &news {
            let implied = [Kind::DecisionDenied, Kind::Queried].contains(kind);
            let declared = matches!(route.effect(), Effect::Writes(kinds) if kinds.contains(kind));
            assert!(
                implied || declared,
                "{name} left `{kind}`, which it does not declare"
            );
            let Some(action) = action else { continue };
            let decided = match route.decision() {
                Decision::Policy(actions) => actions.iter().any(|a| a.as_str() == action),
                _ => false,
            };
            assert!(
                decided,
                "{name} was decided by `{action}`, which it does not declare"
            );
        }
        if let Effect::Writes(_) = route.effect() {
            let told =
                !reply.status.is_success() || reply.headers.contains_key("idempotency-replayed");
            assert!(
                told || !news.is_empty(),
                "{name} succeeded and left nothing"
            );
        }
        shape::check(&self.document, route, reply);
        let mut progress = self.progress.lock().unwrap();
        let kinds = progress.1.entry(name).or_default();
        kinds.extend(news.iter().map(|(kind, _)| kind.to_string()));
    }

    /// Entries since the last look: kind, and the action that was decided on.
    async fn news(&self) -> Vec<(Kind, Option<String>)> {
        let mut news = Vec::new();
        loop {
            let after = self.progress.lock().unwrap().0;
            let page = Page::first(1000).after(after);
            let entries = self
                .store
                .entries(&EntryFilter::default(), page)
                .await
                .unwrap();
            let Some(last) = entries.last() else {
                return news;
            };
            self.progress.lock().unwrap().0 = last.position;
            for recorded in &entries {
                let action = recorded.entry.facts().get("action").and_then(Value::as_str);
                news.push((recorded.entry.kind(), action.map(str::to_owned)));
            }
        }
    }
}

fn fits(route: &Route, path: &str) -> bool {
    let template: Vec<_> = route.path().split('/').collect();
    let mut path: Vec<_> = path.split('/').collect();
    if route.is_to_the_end() {
        path.truncate(template.len());
    }
    let same = |(t, p): (&&str, &&str)| t == p || (t.starts_with('{') && !p.is_empty());
    template.len() == path.len() && template.iter().zip(&path).all(same)
}
