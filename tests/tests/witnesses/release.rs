//! Fail closed: what is of a high grade leaves under the quorum alone.

use std::time::Duration;

use serde_json::{Value, json};
use yunei_tests::{Named, REVIEWERS, Witness, quorum_policy};

use crate::common::{RUN_WAIT_MAX, World, guest, program, text};
use crate::domain::log_key;

/// Runs of which one leaves at least without waiting for the quorum.
const QUICK_MAX: usize = 5;

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

    /// Place of the entry that says that the run was sealed: its release needs a quorum over that.
    fn sealed_at(&self, run: &str) -> u64 {
        let entries = self.world.story.entries(run).expect("entries");
        let sealed = entries
            .iter()
            .find(|entry| entry["entry"]["kind"] == json!("run-sealed"));
        let sealed = sealed.expect("a sealed run");
        sealed["position"].as_u64().expect("a place")
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
    // With the quorum there, a high grade leaves as any other, unless the machine is too busy for the witnesses to be in time.
    let quick = (0..QUICK_MAX).any(|_| {
        let run = watched.submit("bus-rides");
        watched.wait(&run, "released");
        !watched
            .kinds(&run)
            .contains(&"release-awaits-quorum".to_owned())
    });
    assert!(quick, "it waits although the quorum is there");
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
    let sealed = watched.sealed_at(&reviewed);
    crate::domain::until(&watched.world.server, "the quorum", |told| {
        told["witnessed"]["size"].as_u64() >= Some(sealed)
    });
    watched
        .world
        .story
        .release_output(&reviewed)
        .expect("released");
    watched.wait(&reviewed, "released");
    watched.world.assert_record_holds();
}

/// Gives the population of `doctor-visits` a budget that covers one run, so that a second charge would show.
fn budget(watched: &Watched) {
    let budget = json!({ "population": "rand-experiment-participants", "epsilon": 1.0, "reason": "the examples" });
    let set = watched.world.bureau().post("/privacy/budgets", &budget);
    set.expect("an answer").served().expect("in force");
}

#[test]
fn what_waits_for_the_quorum_outlasts_the_server() {
    let mut watched = Watched::start("grade_from = \"g2\"");
    budget(&watched);
    watched.witnesses[1].pause().expect("paused");
    // Two about the same rows, and one whose noise was drawn.
    let runs = ["bus-rides", "bus-rides", "doctor-visits"].map(|name| watched.submit(name));
    for run in &runs {
        watched.until_it_waits(run);
    }
    for _ in 0..2 {
        watched.world.server.kill_hard().expect("killed");
        watched.world.server.restart().expect("restarted");
        watched.world.story.move_to(&watched.world.server);
        assert_eq!(watched.world.server.aborted_runs(), 0);
        assert_eq!(watched.world.server.waiting_runs(), 3);
    }
    // What was judged waits sealed, and nothing of it leaves while the witness is not there.
    let others = watched.submit("transport-delays");
    watched.until_it_waits(&others);
    for run in &runs {
        let detail = watched.world.story.detail(run).expect("a detail");
        assert_eq!(detail["run"]["state"], json!("sealed"), "{detail:#}");
        assert_eq!(detail["releases"], json!([]), "{detail:#}");
    }
    watched.witnesses[1].go_on().expect("on");
    for run in runs.iter().chain([&others]) {
        let detail = watched.wait(run, "released");
        assert_ne!(detail["releases"], json!([]), "{detail:#}");
        assert_ne!(detail["verdicts"], json!([]), "{detail:#}");
        let released = watched
            .kinds(run)
            .iter()
            .filter(|k| *k == "run-released")
            .count();
        assert_eq!(released, 1, "{:?}", watched.kinds(run));
    }
    watched.world.assert_record_holds();

    // One that was stopped while it waited does not come back.
    watched.witnesses[1].pause().expect("paused");
    let stopped = watched.submit("bus-rides");
    watched.until_it_waits(&stopped);
    let path = format!("/runs/{stopped}/stop");
    let stop = watched
        .world
        .bureau()
        .post(&path, &json!({ "reason": "drill" }));
    stop.expect("an answer").served().expect("stopped");
    watched.world.server.kill_hard().expect("killed");
    watched.world.server.restart().expect("restarted");
    watched.world.story.move_to(&watched.world.server);
    assert_eq!(watched.world.server.waiting_runs(), 0);
    watched.wait(&stopped, "stopped");
    watched.world.assert_record_holds();
}
