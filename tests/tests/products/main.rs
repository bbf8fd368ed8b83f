//! What stands for a product and how it ends, and what is told of rows that would be told of twice; and private products, day by day, until
//! their population's budget is spent and after.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

#[path = "../common/mod.rs"]
mod common;
mod ends;
mod joined;
mod overlap;
mod private;
mod standing;

use std::ops::{Deref, DerefMut};

use common::stage::Stage;
use common::{RUN_WAIT_MAX, text};
use serde_json::{Value, json};
use yunei_tests::{Client, REVIEWERS};

/// A stage with the products of its first unit.
struct Domain {
    stage: Stage,
    asked: u64,
}

impl Deref for Domain {
    type Target = Stage;

    fn deref(&self) -> &Stage {
        &self.stage
    }
}

impl DerefMut for Domain {
    fn deref_mut(&mut self) -> &mut Stage {
        &mut self.stage
    }
}

impl Domain {
    /// People and scenarios.
    fn start() -> Self {
        Self {
            stage: Stage::set(),
            asked: 0,
        }
    }

    /// The unit whose products they are.
    fn operator(&self) -> Client {
        self.unit(0)
    }

    /// Drafts a product; gives its path.
    fn product(&self, product: &Value) -> String {
        let drafted = self
            .operator()
            .post("/products", product)
            .expect("an answer");
        format!(
            "/products/{}",
            text(&drafted.served().expect("drafted"), "id")
        )
    }

    fn get(&self, who: &Client, path: &str) -> Value {
        who.get(path).expect("an answer").served().expect("served")
    }

    fn person(&self, name: &str) -> &Client {
        self.story.person(name).expect("a person")
    }

    fn ask(&mut self, product: &str, day: &str) -> yunei_tests::Answer {
        self.asked += 1;
        let (path, key) = (format!("{product}/editions"), format!("day-{}", self.asked));
        let asked = self
            .operator()
            .post_once(&path, &key, &json!({ "day": day }));
        asked.expect("an answer")
    }

    /// Asks for an edition and waits until its run has one of these states; gives the run.
    fn edition(&mut self, product: &str, day: &str, state: &str) -> String {
        let run = text(&self.ask(product, day).served().expect("queued"), "id");
        let seen = self.story.wait_state(&run, &[state], RUN_WAIT_MAX);
        seen.unwrap_or_else(|error| panic!("{day}: {error}"));
        run
    }

    /// Reads something until it is as wanted; gives it.
    fn until(
        &self,
        who: &Client,
        path: &str,
        what: &str,
        wanted: impl Fn(&Value) -> bool,
    ) -> Value {
        let began = std::time::Instant::now();
        loop {
            let seen = self.get(who, path);
            if wanted(&seen) {
                return seen;
            }
            assert!(began.elapsed() < RUN_WAIT_MAX, "waited for {what}: {seen}");
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
    }

    fn entries(&self, kind: &str) -> Vec<Value> {
        let path = format!("/record?kind={kind}");
        let page = self.get(self.person(yunei_tests::REGULATOR), &path);
        page["items"].as_array().expect("items").clone()
    }
}

/// Both reviewers let later editions of a product leave, on the grounds of this run; the second for fewer days.
fn approve(domain: &Domain, run: &str) -> Value {
    let mut last = Value::Null;
    for (reviewer, days) in REVIEWERS.into_iter().zip([90, 30]) {
        let reason = json!({ "reason": "every day is like the first", "days": days });
        let (reviewer, path) = (domain.person(reviewer), format!("/runs/{run}/standing"));
        let given = reviewer.post(&path, &reason).expect("an answer");
        last = given.served().expect("approved");
        let twice = reviewer.post(&path, &reason).expect("an answer");
        assert!(!twice.is_success(), "one person says yes once");
    }
    last
}
