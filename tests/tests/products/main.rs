//! What stands for a product and how it ends; and private products, day by day, until their population's budget is spent and after.

#![allow(
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "helpers of tests say at once what is wrong"
)]

#[path = "../common/mod.rs"]
mod common;
mod private;
mod standing;

use std::path::{Path, PathBuf};

use common::{RUN_WAIT_MAX, configure, program, repository, text};
use serde_json::{Value, json};
use tempfile::TempDir;
use yunei_tests::{Client, Server, Story, with_manifest};

/// The unit whose products they are.
const UNIT: &str = "taihu-transport-analytics";

struct Domain {
    story: Story,
    _server: Server,
    directory: TempDir,
    asked: u64,
}

impl Domain {
    /// People and scenarios.
    fn start() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data = directory.path().join("data");
        configure(&data, "");
        let server = Server::start(&program(), &data, [""; 0]).expect("a server");
        let mut story = Story::begin(&repository(), &server).expect("a first start");
        story.set_up_people().expect("people");
        Self {
            story,
            _server: server,
            directory,
            asked: 0,
        }
    }

    fn unit(&self) -> Client {
        self.story.person_of(UNIT).expect("the unit").clone()
    }

    fn file(&self, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
        let file = self.directory.path().join(name);
        std::fs::write(&file, text).expect("written");
        file
    }

    fn grant(&self, terms: &str) -> String {
        self.file("grant.toml", terms);
        text(
            &self.story.grant(self.directory.path()).expect("in force"),
            "id",
        )
    }

    /// A guest of ours with another manifest.
    fn module(&self, guest: &Path, manifest: &str) -> String {
        let component = std::fs::read(guest).expect("a component");
        let dressed = with_manifest(&component, manifest).expect("a manifest");
        let file = self.file("module.wasm", dressed);
        let module = self.story.upload(&self.unit(), &file).expect("an answer");
        text(&module.served().expect("admitted"), "id")
    }

    /// Drafts a product; gives its path.
    fn product(&self, product: &Value) -> String {
        let drafted = self.unit().post("/products", product).expect("an answer");
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
        let asked = self.unit().post_once(&path, &key, &json!({ "day": day }));
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
