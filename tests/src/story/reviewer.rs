//! Reviewers' keys: made here, registered with the server, which never sees an identity.

use std::collections::BTreeMap;
use std::io::Read as _;

use serde_json::{Value, json};

use super::{PASSWORD, Story, id};
use crate::files::string;
use crate::{Client, StoryError, Told};

impl Story {
    /// Opens another account for the person behind one, in that organisation. Gives the account.
    ///
    /// # Errors
    /// The step was refused.
    pub fn open_another(&self, account: &str, organisation: &str) -> Told<Value> {
        let me = self.person(account)?.get("/me")?.served()?;
        let new = json!({
            "name": format!("{account}-elsewhere"),
            "organisation": organisation,
            "password": PASSWORD,
            "same_person_as": id(&me)?,
        });
        self.system.post("/accounts", &new)?.served()
    }

    /// The security administrator confirms the key that replaced a reviewer's. Gives the key.
    ///
    /// # Errors
    /// The step was refused.
    pub fn confirm_key(&self, account: &str, recipient: &str) -> Told<Value> {
        let me = self.person(account)?.get("/me")?.served()?;
        let path = format!("/accounts/{}/reviewer-key/confirm", id(&me)?);
        self.security
            .post(&path, &json!({ "recipient": recipient }))?
            .served()
    }
}

/// Identities of the reviewers, by account.
#[derive(Default)]
pub(super) struct Identities(BTreeMap<String, age::x25519::Identity>);

impl std::fmt::Debug for Identities {
    /// Without the identities.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Identities({})", self.0.len())
    }
}

impl Identities {
    /// Makes a key for an account and registers it.
    pub(super) fn register(&mut self, account: &str, id: String, client: &Client) -> Told<()> {
        let identity = age::x25519::Identity::generate();
        let key = json!({ "recipient": identity.to_public().to_string() });
        client
            .post(&format!("/accounts/{id}/reviewer-key"), &key)?
            .served()?;
        self.0.insert(account.to_owned(), identity);
        Ok(())
    }

    /// Decrypts what the server passed on to an account.
    pub(super) fn open(&self, account: &str, sealed: &Value) -> Told<Value> {
        let failed = |error: &dyn std::fmt::Display| StoryError(format!("no age file: {error}"));
        let identity = self.0.get(account);
        let identity = identity.ok_or_else(|| failed(&"nobody can read it"))?;
        let armoured = age::armor::ArmoredReader::new(string(sealed, "ciphertext")?.as_bytes());
        let decryptor = age::Decryptor::new(armoured).map_err(|error| failed(&error))?;
        let identity: &dyn age::Identity = identity;
        let mut reader = decryptor
            .decrypt(std::iter::once(identity))
            .map_err(|error| failed(&error))?;
        let mut bytes = Vec::new();
        reader
            .read_to_end(&mut bytes)
            .map_err(|error| failed(&error))?;
        serde_json::from_slice(&bytes).map_err(|error| failed(&error))
    }
}
