//! The parties of `examples/` and what they do, one call each.

mod reviewer;
mod runs;
mod setting;

pub use setting::PASSWORD;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::files::{string, text};
use crate::{Client, Server, StoryError, Told};

/// Account of the bureau's officer.
pub const BUREAU: &str = "bureau-officer";
/// Accounts of the two reviewers.
pub const REVIEWERS: [&str; 2] = ["reviewer-one", "reviewer-two"];
/// Account of the regulator of the cyberspace administration.
pub const REGULATOR: &str = "cyberspace-regulator";

/// A person of the story.
#[derive(Debug, Clone)]
pub struct Persona {
    /// Account.
    pub account: String,
    /// Organisation.
    pub organisation: String,
    /// Role.
    pub role: &'static str,
}

/// A domain in which the story is played.
#[derive(Debug)]
pub struct Story {
    repository: PathBuf,
    anonymous: Client,
    system: Client,
    security: Client,
    organisations: BTreeMap<String, String>,
    scenarios: BTreeMap<String, String>,
    /// Source unit of each resource.
    sources: BTreeMap<String, String>,
    personas: Vec<Persona>,
    people: BTreeMap<String, Client>,
    identities: reviewer::Identities,
    submitted: u64,
}

impl Story {
    /// Begins at a server that was started for the first time, with the tokens that it left.
    ///
    /// # Errors
    /// The tokens are not there.
    pub fn begin(repository: &Path, server: &Server) -> Told<Self> {
        let anonymous = server.client();
        let administrator = |name: &str| {
            let file = server.data().join(format!("{name}.token"));
            text(&file).map(|token| anonymous.with_token(&token))
        };
        let system = administrator("system-administrator")?;
        let security = administrator("security-administrator")?;
        Ok(Self {
            repository: repository.to_owned(),
            anonymous,
            system,
            security,
            organisations: BTreeMap::new(),
            scenarios: BTreeMap::new(),
            sources: BTreeMap::new(),
            personas: Vec::new(),
            people: BTreeMap::new(),
            identities: reviewer::Identities::default(),
            submitted: 0,
        })
    }

    /// Everything before the first module: organisations, people, catalogue, snapshots and scenarios.
    ///
    /// # Errors
    /// A step was refused.
    pub fn set_up(&mut self) -> Told<()> {
        self.set_up_people()?;
        for set in crate::DATA_SETS {
            self.import(set, set.files.len())?;
        }
        Ok(())
    }

    /// The same without data: organisations, people and scenarios.
    ///
    /// # Errors
    /// A step was refused.
    pub fn set_up_people(&mut self) -> Told<()> {
        self.register_organisations()?;
        self.open_accounts(|_| ())?;
        self.propose_scenarios()
    }

    /// After a restart, which changes the address: the same people with the same tokens.
    pub fn move_to(&mut self, server: &Server) {
        let anonymous = server.client();
        let moved = |client: &Client| {
            client
                .token()
                .map_or_else(|| anonymous.clone(), |token| anonymous.with_token(token))
        };
        self.system = moved(&self.system);
        self.security = moved(&self.security);
        self.people = self
            .people
            .iter()
            .map(|(name, client)| (name.clone(), moved(client)))
            .collect();
        self.anonymous = anonymous;
    }

    /// The directory of an example.
    #[must_use]
    pub fn example(&self, name: &str) -> PathBuf {
        self.repository.join("examples").join(name)
    }

    /// The directory of the hostile modules' grant.
    #[must_use]
    pub fn guests(&self) -> PathBuf {
        self.repository.join("tests").join("guests")
    }

    /// The people, in the order in which their accounts were opened.
    #[must_use]
    pub fn personas(&self) -> &[Persona] {
        &self.personas
    }

    /// The client of an account.
    ///
    /// # Errors
    /// There is no such account.
    pub fn person(&self, account: &str) -> Told<&Client> {
        self.people
            .get(account)
            .ok_or_else(|| StoryError(format!("nobody is `{account}`")))
    }

    /// Someone who works for the organisation.
    ///
    /// # Errors
    /// Nobody does.
    pub fn person_of(&self, organisation: &str) -> Told<&Client> {
        let persona = self
            .personas
            .iter()
            .find(|persona| persona.organisation == organisation);
        let persona =
            persona.ok_or_else(|| StoryError(format!("nobody is of `{organisation}`")))?;
        self.person(&persona.account)
    }

    /// Someone of the operating unit that the grant in `directory` names.
    ///
    /// # Errors
    /// The file cannot be read, or nobody is of that unit.
    pub fn operator_of(&self, directory: &Path) -> Told<&Client> {
        let terms = crate::files::table(&directory.join("grant.toml"))?;
        self.person_of(string(&terms, "operator")?)
    }
}

/// The `id` of what was made.
fn id(made: &Value) -> Told<String> {
    string(made, "id").map(str::to_owned)
}
