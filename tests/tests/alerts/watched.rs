//! A domain that is watched: by rules that are easily met.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use serde_json::{Value, json};
use yunei_tests::{BUREAU, Client, Port, Server, Story};

use crate::ALERT_WAIT_MAX;
use crate::common::{RUN_WAIT_MAX, guest, program, text};
use crate::webhook::SECRET;

/// What a rule's file has, and what the test has instead.
const LOWERED: [(&str, &str, &str); 5] = [
    ("denied-decisions", "count = 20", "count = 3"),
    ("sign-in-failures", "count = 20", "count = 3"),
    ("quota", "percent = 90", "percent = 50"),
    ("volume", "runs_min = 5", "runs_min = 1"),
    // No machine has this layer: every room lacks it.
    (
        "containment",
        "\"seccomp\"",
        "\"seccomp\", \"no-such-layer\"",
    ),
];

/// A domain whose rules are easily met, and which tells `receiver`.
pub(crate) struct Watched {
    pub(crate) story: Story,
    pub(crate) server: Server,
    _place: tempfile::TempDir,
}

impl Watched {
    pub(crate) fn start(receiver: &Port, repository: &Path) -> Self {
        let receiver = receiver.address();
        let place = tempfile::tempdir().expect("a directory");
        let (policies, data) = (place.path().join("policies"), place.path().join("data"));
        copy(&crate::common::repository().join("policies"), &policies);
        for (rule, from, to) in LOWERED {
            rewrite(&policies.join(format!("alerts/{rule}.toml")), from, to);
        }
        let (from, until) = other_hours();
        let hours = policies.join("alerts/run-hours.toml");
        rewrite(&hours, "07:00", &from);
        rewrite(&hours, "22:00", &until);
        std::fs::create_dir(&data).expect("a directory");
        let mode = std::fs::Permissions::from_mode;
        std::fs::set_permissions(&data, mode(0o700)).expect("private");
        std::fs::write(data.join("hook.secret"), format!("{SECRET}\n")).expect("a secret");
        std::fs::set_permissions(data.join("hook.secret"), mode(0o600)).expect("private");
        let configuration = format!(
            "[[webhook]]\nname = \"duty\"\nurl = \"http://{receiver}/alerts\"\nsecret_file = \"hook.secret\"\n"
        );
        std::fs::write(data.join("yunei.toml"), configuration).expect("a configuration");
        let arguments = ["--policies".as_ref(), policies.as_os_str()];
        let server = Server::start(&program(), &data, arguments).expect("a server");
        let mut story = Story::begin(repository, &server).expect("a first start");
        story.set_up().expect("set up");
        Self {
            story,
            server,
            _place: place,
        }
    }

    pub(crate) fn bureau(&self) -> &Client {
        self.story.person(BUREAU).expect("the bureau's officer")
    }

    pub(crate) fn alerts(&self, client: &Client) -> Vec<Value> {
        let answer = client.get("/alerts?limit=1000").expect("an answer");
        let listed = answer.served().expect("alerts");
        listed["items"].as_array().expect("items").clone()
    }

    /// Waits until the rule has raised an alert, and gives the first.
    pub(crate) fn raised(&self, rule: &str) -> Value {
        let deadline = Instant::now() + ALERT_WAIT_MAX;
        loop {
            let alerts = self.alerts(self.bureau());
            if let Some(alert) = alerts.iter().find(|alert| alert["rule"] == json!(rule)) {
                return alert.clone();
            }
            let known: Vec<&Value> = alerts.iter().map(|alert| &alert["rule"]).collect();
            assert!(Instant::now() < deadline, "`{rule}` is not among {known:?}");
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Runs a guest under fresh terms; gives grant and run.
    pub(crate) fn run(
        &mut self,
        kind: &str,
        name: &str,
        directory: &Path,
        purpose: &str,
    ) -> (String, String) {
        let unit = self
            .story
            .operator_of(directory)
            .expect("an operator")
            .clone();
        let module = self
            .story
            .upload(&unit, &guest(kind, name))
            .expect("an answer");
        let module = text(&module.served().expect("admitted"), "id");
        let grant = text(&self.story.grant(directory).expect("a grant"), "id");
        let run = self.run_under(&unit, &module, &grant, purpose);
        (grant, run)
    }

    pub(crate) fn run_under(
        &mut self,
        unit: &Client,
        module: &str,
        grant: &str,
        purpose: &str,
    ) -> String {
        let request =
            json!({ "module": module, "grant": grant, "purpose": purpose, "parameters": {} });
        let answer = self
            .story
            .submit_request(unit, &request)
            .expect("an answer");
        let run = text(&answer.served().expect("queued"), "id");
        let ends = ["released", "withheld", "in-review", "failed"];
        self.story
            .wait_state(&run, &ends, RUN_WAIT_MAX)
            .expect("an end");
        run
    }
}

/// One hour that is twelve hours away, in Shanghai.
fn other_hours() -> (String, String) {
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .expect("a clock");
    let hour = (now.as_secs() / 3600 + 8 + 12) % 24;
    (
        format!("{hour:02}:00"),
        format!("{:02}:00", (hour + 1) % 24),
    )
}

fn rewrite(file: &Path, from: &str, to: &str) {
    let text = std::fs::read_to_string(file).expect("a rule");
    assert!(text.contains(from), "{}: {from}", file.display());
    std::fs::write(file, text.replace(from, to)).expect("written");
}

pub(crate) fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("a directory").flatten() {
        let place = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &place);
        } else {
            std::fs::copy(entry.path(), place).expect("copied");
        }
    }
}
