//! Fail closed: what is of a high grade leaves under the quorum alone.

use std::time::Duration;

use serde_json::{Value, json};
use yunei_tests::{Named, REVIEWERS, Witness, quorum_policy};

use crate::common::{RUN_WAIT_MAX, World, guest, program, text};
use crate::domain::log_key;

/// A world with two witnesses, which both make the quorum.
struct Watched {
    world: World,
    witnesses: Vec<Witness>,
    _directory: tempfile::TempDir,
}

impl Watched {
    fn start(head: &str) -> Self {
        let mut world = World::start();
        let directory = tempfile::tempdir().expect("a directory");
        let key = log_key(world.server.data());
        let witnesses = ["w1", "w2"].map(|name| {
            let data = directory.path().join(name);
            Witness::start(&program(), &data, &format!("witness.example/{name}"), &key)
                .expect("a witness")
        });
        let mut watched = Self {
            world: {
                world.server.stop().expect("stopped");
                world
            },
            witnesses: Vec::from(witnesses),
            _directory: directory,
        };
        watched.restart(head);
        watched
    }

    /// Starts the stopped server under a policy with that head.
    fn restart(&mut self, head: &str) {
        let named = [
            Named::of("w1", &self.witnesses[0], false),
            Named::of("w2", &self.witnesses[1], true),
        ];
        let file = self.world.server.data().join("witnesses.toml");
        std::fs::write(file, quorum_policy(&named, 2, head)).expect("a policy");
        self.world.server.restart().expect("restarted");
        self.world.story.move_to(&self.world.server);
    }

    /// Submits an example, and gives the run.
    fn submit(&mut self, name: &str) -> String {
        let directory = self.world.story.example(name);
        let (unit, module, grant) = self.world.admitted(&guest("examples", name), &directory);
        let answer = self.world.story.submit(&unit, &directory, &module, &grant);
        text(&answer.expect("an answer").served().expect("queued"), "id")
    }

    fn wait(&self, run: &str, state: &str) -> Value {
        self.world
            .story
            .wait_state(run, &[state], RUN_WAIT_MAX)
            .expect(state)
    }

    fn kinds(&self, run: &str) -> Vec<String> {
        let entries = self.world.story.entries(run).expect("entries");
        entries
            .iter()
            .map(|entry| text(&entry["entry"], "kind"))
            .collect()
    }

    /// Waits until the record says that the run waits.
    fn until_it_waits(&self, run: &str) {
        let began = std::time::Instant::now();
        while !self
            .kinds(run)
            .contains(&"release-awaits-quorum".to_owned())
        {
            assert!(began.elapsed() < RUN_WAIT_MAX, "{:?}", self.kinds(run));
            std::thread::sleep(Duration::from_millis(100));
        }
    }
}

#[test]
fn high_grades_wait_for_the_quorum_and_others_do_not() {
    let mut watched = Watched::start("grade_from = \"g3\"");
    // With the quorum there, a high grade leaves as any other.
    let quick = watched.submit("bus-rides");
    watched.wait(&quick, "released");
    assert!(
        !watched
            .kinds(&quick)
            .contains(&"release-awaits-quorum".to_owned())
    );
    // Without it: sealed, and on the record why; another of a lower grade is not held up.
    watched.witnesses[1].pause().expect("paused");
    let high = watched.submit("bus-rides");
    watched.until_it_waits(&high);
    let low = watched.submit("transport-delays");
    watched.wait(&low, "released");
    let detail = watched.world.story.detail(&high).expect("a detail");
    assert_eq!(detail["run"]["state"], json!("sealed"), "{detail:#}");
    assert!(detail["releases"].as_array().expect("releases").is_empty());
    // Back: it leaves by itself.
    watched.witnesses[1].go_on().expect("on");
    let detail = watched.wait(&high, "released");
    assert!(!detail["releases"].as_array().expect("releases").is_empty());
    watched.world.assert_record_holds();

    // A quorum that does not come: withheld, with the clause.
    watched.world.server.stop().expect("stopped");
    watched.restart("grade_from = \"g2\"\nwait_seconds_max = 1");
    watched.witnesses[1].pause().expect("paused");
    let late = watched.submit("transport-delays");
    let detail = watched.wait(&late, "withheld");
    assert_eq!(
        detail["run"]["end_cause"]["clause"],
        json!("witnesses.quorum"),
        "{detail:#}"
    );
    assert!(
        watched
            .kinds(&late)
            .contains(&"sealed-output-destroyed".to_owned())
    );

    // Reviewers cannot let it out either, and can once the quorum is there.
    let reviewed = watched.submit("weather-delays");
    watched.wait(&reviewed, "in-review");
    let path = format!("/runs/{reviewed}/reviews");
    let yes = json!({ "outcome": "approved", "reason": "statistics alone" });
    let [first, _] = REVIEWERS;
    let early = watched
        .world
        .story
        .person(first)
        .expect("a reviewer")
        .post(&path, &yes);
    let early = early.expect("an answer");
    assert_eq!(
        (early.status, &early.json()["code"]),
        (409, &json!("quorum-missing"))
    );
    watched.witnesses[1].go_on().expect("on");
    crate::domain::until(&watched.world.server, "the quorum", |told| {
        told["lag_s"] == json!(0)
    });
    watched
        .world
        .story
        .release_output(&reviewed)
        .expect("released");
    watched.wait(&reviewed, "released");
    watched.world.assert_record_holds();
}
