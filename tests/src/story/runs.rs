//! Modules, runs, reviews and releases.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{BUREAU, REGULATOR, REVIEWERS, Story};
use crate::files::{bytes, string};
use crate::waiting::until;
use crate::{Answer, Client, StoryError, Told, request};

impl Story {
    /// Uploads a module as `client`; the answer may be a refusal.
    ///
    /// # Errors
    /// The file cannot be read, or the server not reached.
    pub fn upload(&self, client: &Client, module: &Path) -> Told<Answer> {
        client.post_raw("/modules", "application/wasm", &bytes(module)?)
    }

    /// Both reviewers approve the module's algorithm. Gives the module.
    ///
    /// # Errors
    /// A step was refused.
    pub fn approve_module(&self, module: &str) -> Told<Value> {
        self.both_review(
            &format!("/modules/{module}/reviews"),
            "the algorithm does what it says",
        )
    }

    /// Both reviewers release the output of a run that waits for them. Gives the run in detail.
    ///
    /// # Errors
    /// A step was refused.
    pub fn release_output(&self, run: &str) -> Told<Value> {
        self.both_open(run)?;
        self.both_review(
            &format!("/runs/{run}/reviews"),
            "statistics alone, of many flights each",
        )
    }

    /// Both reviewers open the output of a run that waits for them: nobody says yes to what they have not opened.
    ///
    /// # Errors
    /// A step was refused.
    pub fn both_open(&self, run: &str) -> Told<()> {
        for reviewer in REVIEWERS {
            let output = format!("/runs/{run}/output");
            self.person(reviewer)?.get(&output)?.served()?;
        }
        Ok(())
    }

    fn both_review(&self, path: &str, reason: &str) -> Told<Value> {
        let review = json!({ "outcome": "approved", "reason": reason });
        let mut last = Value::Null;
        for reviewer in REVIEWERS {
            last = self.person(reviewer)?.post(path, &review)?.served()?;
        }
        Ok(last)
    }

    /// Entries of the record about a run, as an authority reads them.
    ///
    /// # Errors
    /// The step was refused.
    pub fn entries(&self, run: &str) -> Told<Vec<Value>> {
        let path = format!("/record?run={run}");
        let mut page = self.person(REGULATOR)?.get(&path)?.served()?;
        match page.get_mut("items").map(Value::take) {
            Some(Value::Array(entries)) => Ok(entries),
            _ => Err(StoryError("a page without items".to_owned())),
        }
    }

    /// What the reviewers find in the sealed output of a run.
    ///
    /// # Errors
    /// The step was refused.
    pub fn open_output(&self, run: &str) -> Told<Value> {
        let [first, _] = REVIEWERS;
        let sealed = self
            .person(first)?
            .get(&format!("/runs/{run}/output"))?
            .served()?;
        self.identities.open(first, &sealed)
    }

    /// Submits `<directory>/request.json` as `client`; the answer may be a refusal.
    ///
    /// # Errors
    /// The file cannot be read, or the server not reached.
    pub fn submit(
        &mut self,
        client: &Client,
        directory: &Path,
        module: &str,
        grant: &str,
    ) -> Told<Answer> {
        self.submit_request(client, &request(directory, module, grant)?)
    }

    /// Submits a request; the answer may be a refusal.
    ///
    /// # Errors
    /// The server cannot be reached.
    pub fn submit_request(&mut self, client: &Client, request: &Value) -> Told<Answer> {
        self.submitted += 1;
        client.post_once("/runs", &format!("story-{}", self.submitted), request)
    }

    /// Waits until `client`, of an operating unit, sees that a run has ended. Gives what it sees.
    ///
    /// # Errors
    /// It does not see that in time.
    pub fn wait_coarse(&self, client: &Client, run: &str, longest: Duration) -> Told<Value> {
        until("the run's coarse status", longest, || {
            let seen = client.get(&format!("/runs/{run}"))?.served()?;
            Ok((string(&seen, "status")? != "in-progress").then_some(seen))
        })
    }

    /// Waits until a run has one of `states`, as the bureau sees it: what an authority reads is recorded, and this looks often.
    /// Gives the run in detail.
    ///
    /// # Errors
    /// It has none of them in time, or ended in another.
    pub fn wait_state(&self, run: &str, states: &[&str], longest: Duration) -> Told<Value> {
        const ENDS: [&str; 5] = ["released", "withheld", "failed", "stopped", "aborted"];
        let bureau = self.person(BUREAU)?;
        until(&states.join(" or "), longest, || {
            let detail = bureau.get(&format!("/runs/{run}/detail"))?.served()?;
            let seen = detail
                .get("run")
                .map(|run| string(run, "state"))
                .transpose()?;
            let seen = seen.unwrap_or_default();
            if states.contains(&seen) {
                return Ok(Some(detail));
            }
            if ENDS.contains(&seen) {
                return Err(StoryError(format!("run {run} ended otherwise: {detail}")));
            }
            Ok(None)
        })
    }

    /// A run as an authority sees it.
    ///
    /// # Errors
    /// The step was refused.
    pub fn detail(&self, run: &str) -> Told<Value> {
        self.person(REGULATOR)?
            .get(&format!("/runs/{run}/detail"))?
            .served()
    }

    /// The released table as `client` fetches it: `columns` and `rows`.
    ///
    /// # Errors
    /// The step was refused.
    pub fn table(&self, client: &Client, release: &str) -> Told<Value> {
        client
            .get(&format!("/releases/{release}/table?format=json&titles=en"))?
            .served()
    }

    /// How far the log is witnessed, as the authority sees it.
    ///
    /// # Errors
    /// The step was refused.
    pub fn witnesses(&self) -> Told<Value> {
        self.person(REGULATOR)?.get("/log/witnesses")?.served()
    }

    /// The record, verified by the server for the authority.
    ///
    /// # Errors
    /// The step was refused.
    pub fn verify_record(&self) -> Told<Value> {
        self.person(REGULATOR)?.get("/record/verify")?.served()
    }
}
