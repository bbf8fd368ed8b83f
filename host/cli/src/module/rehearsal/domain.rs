//! A domain for a while: `yunei serve` over a directory that goes away.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::channel;
use std::time::Duration;

use anyhow::{Context as _, bail};
use rustix::process::{Pid, Signal, kill_process};
use serde::Deserialize;
use serde_json::{Value, json};
use yunei_model::{Language, Name};

use crate::client::Client;
use crate::files;
use crate::internal;

/// Longest wait until it listens.
const START_WAIT_MAX: Duration = Duration::from_secs(60);
/// Everyone's password: it listens on loopback for a while, and has nothing but made-up data in it.
const PASSWORD: &str = "a password for a rehearsal";

/// The domain; ends when this is dropped.
pub struct Domain {
    child: Child,
    url: String,
    data: PathBuf,
}

#[derive(Deserialize)]
struct Announced {
    url: String,
}

impl Domain {
    /// Starts one below `place`.
    pub fn start(place: &Path, profile: &Name, policies: Option<&Path>) -> anyhow::Result<Self> {
        let data = place.join("data");
        let program = internal::program().context("cannot tell which program this is")?;
        let mut command = Command::new(program);
        command
            .args([
                "serve",
                "--json",
                "--listen",
                "127.0.0.1:0",
                "--log",
                "error",
            ])
            .args([
                "--checkpoint-ms",
                "50",
                "--profile",
                profile.as_str(),
                "--data",
            ])
            .arg(&data)
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped());
        if let Some(policies) = policies {
            command.arg("--policies").arg(policies);
        }
        let mut child = command.spawn().context("cannot start a domain")?;
        let output = child.stdout.take().context("a domain without output")?;
        let mut domain = Self {
            child,
            url: String::new(),
            data,
        };
        let (sender, line) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                // Nobody listens after the first line.
                let _unheard = sender.send(line);
            }
        });
        let Ok(line) = line.recv_timeout(START_WAIT_MAX) else {
            bail!(
                "the domain for the rehearsal did not start; `yunei doctor` says what this machine lacks"
            );
        };
        let announced: Announced = serde_json::from_str(&line).context("it said no JSON")?;
        domain.url = announced.url;
        Ok(domain)
    }

    /// One of the two administrators of the first start.
    pub fn administrator(&self, which: &str) -> anyhow::Result<Client> {
        let token = files::text(&self.data.join(format!("{which}-administrator.token")))?;
        self.client(Some(token.trim().to_owned()))
    }

    /// Registers an organisation. Gives its id.
    pub fn organisation(&self, name: &str, kind: &str) -> anyhow::Result<String> {
        let title = json!({ "zh": name, "en": name });
        let organisation = json!({ "name": name, "title": title, "kind": kind });
        let system = self.administrator("system")?;
        id(&system.post("/organisations").json(&organisation)?)
    }

    /// Opens an account with a role, and signs it in.
    pub fn person(&self, name: &str, organisation: &str, role: &str) -> anyhow::Result<Client> {
        let account = json!({ "name": name, "organisation": organisation, "password": PASSWORD });
        let system = self.administrator("system")?;
        let account = id(&system.post("/accounts").json(&account)?)?;
        let security = self.administrator("security")?;
        let appointments = format!("/accounts/{account}/appointments");
        security.post(appointments).json(&json!({ "role": role }))?;
        let signed = json!({ "account": name, "password": PASSWORD });
        let session = self.client(None)?.post("/sessions").json(&signed)?;
        let secret = session.get("secret").and_then(Value::as_str);
        let secret = secret.context("signed in without a token")?;
        self.client(Some(secret.to_owned()))
    }

    fn client(&self, token: Option<String>) -> anyhow::Result<Client> {
        Ok(Client::new(&self.url, token, Language::En)?)
    }
}

impl Drop for Domain {
    fn drop(&mut self) {
        // It has ended already, or ends now; there is nobody left to tell otherwise.
        let _told = kill_process(Pid::from_child(&self.child), Signal::KILL);
        let _reaped = self.child.wait();
    }
}

/// The `id` of what was made.
pub fn id(made: &Value) -> anyhow::Result<String> {
    let id = made.get("id").and_then(Value::as_str);
    id.map(str::to_owned).context("the domain answered no id")
}
