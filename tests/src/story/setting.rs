//! Organisations, people, catalogue, scenarios and grants.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

use super::{BUREAU, Persona, REGULATOR, REVIEWERS, Story, id};
use crate::files::{bytes, list, string, text};
use crate::{DataSet, StoryError, Told, grant_terms};

/// The supervising authority: `examples/organisations.toml` has none.
const CYBERSPACE: &str = "example-cyberspace-administration";
/// Everyone's password: the domain is made for the story, listens on loopback, and has public data in it.
pub const PASSWORD: &str = "the story's own password";
/// Longest wait for an import.
const IMPORT_WAIT_MAX: Duration = Duration::from_secs(1800);

impl Story {
    /// Registers the organisations of `examples/organisations.toml`, and a cyberspace administration.
    ///
    /// # Errors
    /// A step was refused.
    pub fn register_organisations(&mut self) -> Told<()> {
        let mut organisations = list(&self.example("organisations.toml"), "organisation")?;
        organisations.push(json!({
            "name": CYBERSPACE,
            "title": { "zh": "示例市网信办（虚构）", "en": "Cyberspace administration of the example city" },
            "kind": "cyberspace",
        }));
        for organisation in organisations {
            let made = self
                .system
                .post("/organisations", &organisation)?
                .served()?;
            let name = string(&organisation, "name")?.to_owned();
            for (account, role) in people(&name, string(&organisation, "kind")?) {
                let organisation = name.clone();
                self.personas.push(Persona {
                    account,
                    organisation,
                    role,
                });
            }
            self.organisations.insert(name, id(&made)?);
        }
        Ok(())
    }

    /// Opens an account for everyone, appoints and signs them in.
    ///
    /// # Errors
    /// A step was refused.
    pub fn open_accounts(&mut self, mut see: impl FnMut(&Persona)) -> Told<()> {
        for persona in self.personas.clone() {
            self.open_account(&persona)?;
            see(&persona);
        }
        Ok(())
    }

    /// Opens an account, appoints and signs its person in.
    ///
    /// # Errors
    /// A step was refused.
    pub fn open_account(&mut self, persona: &Persona) -> Told<()> {
        let account = json!({
            "name": persona.account,
            "organisation": persona.organisation,
            "password": PASSWORD,
        });
        let made = self.system.post("/accounts", &account)?.served()?;
        let appointments = format!("/accounts/{}/appointments", id(&made)?);
        self.security
            .post(&appointments, &json!({ "role": persona.role }))?
            .served()?;
        let client = self.anonymous.sign_in(&persona.account, PASSWORD)?;
        if persona.role == "reviewer" {
            self.identities
                .register(&persona.account, id(&made)?, &client)?;
        }
        self.people.insert(persona.account.clone(), client);
        Ok(())
    }

    /// Registers a resource and imports the first `files_max` of its files, each added to those before. Gives the resource and its
    /// snapshots; the last one holds all rows.
    ///
    /// # Errors
    /// A step was refused.
    pub fn import(&mut self, set: DataSet, files_max: usize) -> Told<(Value, Vec<Value>)> {
        let directory = self.example("data").join(set.name);
        let resource = self.catalogue(&directory.join("resource.toml"))?;
        let mut snapshots = Vec::new();
        for (file, as_of) in set.files.iter().take(files_max) {
            let onto = if snapshots.is_empty() {
                ""
            } else {
                "&onto=newest"
            };
            let query = format!("{}&data_as_of={as_of}{onto}", set.format);
            let imported = self.import_file(set.name, &directory.join(file), &query);
            snapshots.push(imported.map_err(|error| StoryError::new(file, error))?);
        }
        Ok((resource, snapshots))
    }

    /// Registers the resource of a catalogue entry. Gives the resource.
    ///
    /// # Errors
    /// The file cannot be read, or the step was refused.
    pub fn catalogue(&mut self, entry: &Path) -> Told<Value> {
        let terms = crate::files::table(entry)?;
        let source_unit = string(&terms, "source_unit")?.to_owned();
        let client = self.person_of(&source_unit)?;
        let made = client.post_raw("/resources", "text/plain", text(entry)?.as_bytes())?;
        let resource = made.served()?;
        let name = string(&terms, "name")?.to_owned();
        self.sources.insert(name, source_unit);
        Ok(resource)
    }

    /// Imports a file as a snapshot of a registered resource; `query` says what it is. Gives the snapshot.
    ///
    /// # Errors
    /// The file cannot be read, or the step was refused.
    pub fn import_file(&self, resource: &str, file: &Path, query: &str) -> Told<Value> {
        let source = self.sources.get(resource);
        let source = source.ok_or_else(|| StoryError(format!("`{resource}` is not catalogued")))?;
        let path = format!("/resources/{resource}/snapshots?{query}");
        self.person_of(source)?
            .patient(IMPORT_WAIT_MAX)
            .post_raw(&path, "application/octet-stream", &bytes(file)?)?
            .served()
    }

    /// Proposes and approves the scenarios of `examples/scenarios.toml`.
    ///
    /// # Errors
    /// A step was refused.
    pub fn propose_scenarios(&mut self) -> Told<()> {
        for scenario in list(&self.example("scenarios.toml"), "scenario")? {
            let bureau = self.person(BUREAU)?;
            let made = id(&bureau.post("/scenarios", &scenario)?.served()?)?;
            bureau
                .post(&format!("/scenarios/{made}/approve"), &json!({}))?
                .served()?;
            let name = string(&scenario, "name")?.to_owned();
            self.scenarios.insert(name, made);
        }
        Ok(())
    }

    /// Drafts the grant of `<directory>/grant.toml`, has every source unit consent, and brings it into force. Gives the grant.
    ///
    /// # Errors
    /// A step was refused.
    pub fn grant(&self, directory: &Path) -> Told<Value> {
        let bureau = self.person(BUREAU)?;
        let terms = grant_terms(directory, &self.organisations, &self.scenarios)?;
        let resources = terms.get("resource").and_then(Value::as_array).cloned();
        let draft = json!({ "amends": null, "terms": terms });
        let grant = id(&bureau.post("/grants", &draft)?.served()?)?;
        for resource in resources.unwrap_or_default() {
            let name = string(&resource, "name")?;
            let source = self.sources.get(name);
            let source = source.ok_or_else(|| StoryError(format!("`{name}` is not catalogued")))?;
            let consent = json!({ "resource": name });
            let client = self.person_of(source)?;
            client
                .post(&format!("/grants/{grant}/consents"), &consent)?
                .served()?;
        }
        let note = json!({ "reason": "every source unit has consented" });
        bureau
            .post(&format!("/grants/{grant}/activate"), &note)?
            .served()
    }

    /// Revokes a grant; answers once its runs have been told to stop.
    ///
    /// # Errors
    /// The step was refused.
    pub fn revoke(&self, grant: &str, reason: &str) -> Told<Value> {
        let reason = json!({ "reason": reason });
        self.person(BUREAU)?
            .post(&format!("/grants/{grant}/revoke"), &reason)?
            .served()
    }
}

/// Who works for an organisation: accounts and roles.
fn people(organisation: &str, kind: &str) -> Vec<(String, &'static str)> {
    let [first, second] = REVIEWERS;
    match kind {
        "bureau" => vec![
            (BUREAU.to_owned(), "bureau"),
            (first.to_owned(), "reviewer"),
            (second.to_owned(), "reviewer"),
        ],
        "operator" => vec![(format!("{organisation}-operator"), "operator")],
        "source" => vec![(format!("{organisation}-officer"), "source")],
        "cyberspace" => vec![(REGULATOR.to_owned(), "regulator")],
        _ => Vec::new(),
    }
}
