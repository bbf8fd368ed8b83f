//! A server with witnesses.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use yunei_tests::{Client, Named, Server, Witness, quorum_policy};

use crate::common::program;

/// Longest wait for cosignatures, on a busy machine.
pub const COSIGN_WAIT_MAX: Duration = Duration::from_secs(180);

/// A log that is of one size for so long has nothing more to tell by itself.
const SETTLED: Duration = Duration::from_secs(2);

pub struct Domain {
    pub server: Server,
    pub witnesses: Vec<Witness>,
    pub directory: tempfile::TempDir,
    made: u64,
}

impl Domain {
    /// A server with `count` witnesses, named `w1`, `w2` and so on, all but the first outside; `threshold` of them make the quorum.
    pub fn start(count: usize, threshold: usize) -> Self {
        let mut domain = Self::without_policy(count);
        let named = domain.named();
        domain.restart_under(&quorum_policy(&named, threshold, ""));
        domain
    }

    /// The same before there is a policy.
    pub fn without_policy(count: usize) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let data = directory.path().join("data");
        let none: [&str; 0] = [];
        let mut server = Server::start(&program(), &data, none).expect("a server");
        // The first start made the log's key, which witnesses must know.
        server.stop().expect("stopped");
        let witnesses = (1..=count).map(|number| witness(directory.path(), number, &data));
        let witnesses = witnesses.collect();
        Self {
            server,
            witnesses,
            directory,
            made: 0,
        }
    }

    /// What a policy says of the witnesses.
    pub fn named(&self) -> Vec<Named> {
        let witnesses = self.witnesses.iter().enumerate();
        witnesses
            .map(|(index, witness)| Named::of(&format!("w{}", index + 1), witness, index > 0))
            .collect()
    }

    /// Starts the stopped server again under a policy.
    pub fn restart_under(&mut self, policy: &str) {
        let file = self.server.data().join("witnesses.toml");
        std::fs::write(file, policy).expect("a policy");
        self.server.restart().expect("restarted");
    }

    /// Puts an entry onto the record.
    pub fn entry(&mut self) {
        self.made += 1;
        entry(&self.server, &format!("organisation-{}", self.made));
    }

    /// How the log is witnessed.
    pub fn told(&self) -> Value {
        told(&self.server)
    }

    /// Waits until `is` holds of how the log is witnessed.
    pub fn until(&self, what: &str, is: impl Fn(&Value) -> bool) -> Value {
        until(&self.server, what, is)
    }

    /// Waits until the newest checkpoint has `valid` cosignatures and the quorum.
    pub fn until_cosigned(&self, valid: u64) -> Value {
        self.until(&format!("{valid} cosignatures"), |told| {
            let newest = &told["newest"];
            newest["reached"] == json!(true)
                && newest["valid"] == json!(valid)
                && told["lag_s"] == json!(0)
        })
    }
}

impl Domain {
    /// The same, and nothing is new for a while: that a witness is well again is on the record, and cosigned too.
    pub fn until_settled(&self, valid: u64) -> Value {
        let began = Instant::now();
        let mut before = self.until_cosigned(valid);
        loop {
            std::thread::sleep(SETTLED);
            let told = self.until_cosigned(valid);
            if told["newest"]["size"] == before["newest"]["size"] {
                return told;
            }
            assert!(began.elapsed() < COSIGN_WAIT_MAX, "{told:#}");
            before = told;
        }
    }
}

fn witness(directory: &Path, number: usize, server: &Path) -> Witness {
    let data = directory.join(format!("w{number}"));
    let name = format!("witness.example/w{number}");
    Witness::start(&program(), &data, &name, &log_key(server)).expect("a witness")
}

/// The public key of a server's log.
pub fn log_key(data: &Path) -> PathBuf {
    data.join("log.pub")
}

pub fn administrator(server: &Server) -> Client {
    let token = std::fs::read_to_string(server.data().join("system-administrator.token"));
    server.client().with_token(&token.expect("a token"))
}

pub fn entry(server: &Server, name: &str) {
    let organisation =
        json!({ "name": name, "title": { "zh": "某单位", "en": "Some unit" }, "kind": "operator" });
    let made = administrator(server).post("/organisations", &organisation);
    made.expect("an answer").served().expect("registered");
}

pub fn told(server: &Server) -> Value {
    let told = administrator(server)
        .get("/log/witnesses")
        .expect("an answer");
    told.served().expect("served")
}

pub fn until(server: &Server, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    let began = Instant::now();
    loop {
        let told = told(server);
        if is(&told) {
            return told;
        }
        assert!(
            began.elapsed() < COSIGN_WAIT_MAX,
            "waited for {what}: {told:#}"
        );
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// What is said of one witness.
pub fn of<'t>(told: &'t Value, name: &str) -> &'t Value {
    let witnesses = told["witnesses"].as_array().expect("witnesses");
    let found = witnesses
        .iter()
        .find(|witness| witness["name"] == json!(name));
    found.expect("a witness of that name")
}

/// Whether a witness is said to have that fault.
pub fn has_fault(told: &Value, name: &str, fault: &str) -> bool {
    of(told, name)["fault"] == json!(fault)
}
