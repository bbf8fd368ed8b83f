//! A real browser without a window: Debian's Chromium, driven over the WebDriver protocol (W3C) through its own driver.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};
use ureq::Agent;

use crate::waiting::until;
use crate::{StoryError, Told};

/// Longest wait for one command of the browser, its start included.
const COMMAND_WAIT_MAX: Duration = Duration::from_secs(180);
/// Longest wait for the page to show something.
const SHOWN_WAIT_MAX: Duration = Duration::from_secs(180);
/// The name under which the protocol hands out elements.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one page; ends when this is dropped.
#[derive(Debug)]
pub struct Browser {
    driver: Child,
    agent: Agent,
    session: String,
}

impl Browser {
    /// Starts one that keeps what it keeps in `profile`, and talks to nobody but the pages it is sent to.
    ///
    /// # Errors
    /// Chromium or its driver is not there, or does not start.
    pub fn start(profile: &Path) -> Told<Self> {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(|error| StoryError::new("chromedriver", error))?;
        let port = match port(&mut driver) {
            Ok(port) => port,
            Err(error) => {
                let _ended = driver.kill();
                let _reaped = driver.wait();
                return Err(error);
            }
        };
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .proxy(None)
            .timeout_global(Some(COMMAND_WAIT_MAX))
            .build()
            .into();
        let mut browser = Self {
            driver,
            agent,
            session: format!("http://127.0.0.1:{port}/session"),
        };
        let profile = format!("--user-data-dir={}", profile.display());
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--window-size=1280,960",
            "--lang=en",
            &profile,
        ];
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": arguments, "prefs": {"intl.accept_languages": "en"}},
        }}});
        let made = browser.post("", &wanted)?;
        let id = made.get("sessionId").and_then(Value::as_str);
        let id = id.ok_or_else(|| StoryError::new("a browser session without id", &made))?;
        browser.session = format!("{}/{id}", browser.session);
        Ok(browser)
    }

    /// Opens an address.
    ///
    /// # Errors
    /// It cannot be reached.
    pub fn open(&self, url: &str) -> Told<()> {
        self.post("/url", &json!({"url": url})).map(|_| ())
    }

    /// What a script, with a `return`, gives.
    ///
    /// # Errors
    /// It throws.
    pub fn run(&self, script: &str) -> Told<Value> {
        self.post("/execute/sync", &json!({"script": script, "args": []}))
    }

    /// Waits until a script gives something other than false, null, nothing or an empty text; gives that.
    ///
    /// # Errors
    /// Not in time.
    pub fn shows(&self, what: &str, script: &str) -> Told<Value> {
        until(what, SHOWN_WAIT_MAX, || {
            let value = self.run(script)?;
            let empty = value.is_null() || value == json!(false) || value == json!("");
            Ok((!empty).then_some(value))
        })
    }

    /// Types into the element that the CSS selector finds.
    ///
    /// # Errors
    /// There is none that can be typed into.
    pub fn write(&self, selector: &str, text: &str) -> Told<()> {
        let element = self.element(selector)?;
        self.post(&format!("/element/{element}/value"), &json!({"text": text}))
            .map(|_| ())
    }

    /// Clicks on the element that the CSS selector finds.
    ///
    /// # Errors
    /// There is none that can be clicked.
    pub fn click(&self, selector: &str) -> Told<()> {
        until(selector, SHOWN_WAIT_MAX, || {
            let element = self.element(selector)?;
            match self.post(&format!("/element/{element}/click"), &json!({})) {
                Ok(_) => Ok(Some(())),
                Err(error) if has_moved(&error) => Ok(None),
                Err(error) => Err(error),
            }
        })
    }

    /// The text that the element shows.
    ///
    /// # Errors
    /// There is none.
    pub fn text(&self, selector: &str) -> Told<String> {
        let element = self.element(selector)?;
        let text = self.get(&format!("/element/{element}/text"))?;
        Ok(text.as_str().unwrap_or_default().to_owned())
    }

    /// What the browser complains of since the last time: errors of scripts, refused contents.
    ///
    /// # Errors
    /// The browser does not answer.
    pub fn complaints(&self) -> Told<Vec<String>> {
        let log = self.post("/se/log", &json!({"type": "browser"}))?;
        let lines = log.as_array().cloned().unwrap_or_default();
        let severe = lines
            .iter()
            .filter(|line| line.get("level") == Some(&json!("SEVERE")));
        Ok(severe
            .filter_map(|line| line.get("message")?.as_str().map(str::to_owned))
            .collect())
    }

    fn element(&self, selector: &str) -> Told<String> {
        let found = self.post(
            "/element",
            &json!({"using": "css selector", "value": selector}),
        )?;
        let id = found.get(ELEMENT).and_then(Value::as_str);
        id.map(str::to_owned)
            .ok_or_else(|| StoryError::new(selector, "no such element"))
    }

    fn post(&self, path: &str, body: &Value) -> Told<Value> {
        let sent = self
            .agent
            .post(format!("{}{path}", self.session))
            .send_json(body);
        told(path, sent)
    }

    fn get(&self, path: &str) -> Told<Value> {
        told(
            path,
            self.agent.get(format!("{}{path}", self.session)).call(),
        )
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Ends the browser; its driver is ended in any case.
        let _closed = self.agent.delete(&self.session).call();
        let _ended = self.driver.kill();
        let _reaped = self.driver.wait();
    }
}

/// Whether a page that goes on drew an element anew, or something else was over it, between finding it and clicking on it.
fn has_moved(error: &StoryError) -> bool {
    let said = ["stale element reference", "element click intercepted"];
    said.iter().any(|said| error.0.contains(said))
}

/// The port that a driver listens on, from what it says when it has started.
fn port(driver: &mut Child) -> Told<u16> {
    let output = driver.stdout.take();
    let output = output.ok_or_else(|| StoryError("chromedriver has no output".to_owned()))?;
    let mut lines = BufReader::new(output).lines().map_while(Result::ok);
    let port = lines.find_map(|line| {
        let (_, rest) = line.split_once("started successfully on port ")?;
        rest.trim_end_matches('.').trim().parse().ok()
    });
    port.ok_or_else(|| StoryError("chromedriver does not say its port".to_owned()))
}

fn told(path: &str, outcome: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Told<Value> {
    let mut response = outcome.map_err(|error| StoryError::new(path, error))?;
    let answer: Value = response
        .body_mut()
        .read_json()
        .map_err(|error| StoryError::new(path, error))?;
    let value = answer.get("value").cloned().unwrap_or_default();
    if response.status().is_success() {
        Ok(value)
    } else {
        Err(StoryError::new(path, value))
    }
}
