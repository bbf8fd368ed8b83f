//! `yunei release open`: a sealed output, decrypted on the reviewer's own machine.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};
use yunei_model::{OpenedOutput, RunId};

use super::table;
use crate::caller::Caller;
use crate::failure::Input;
use crate::files;
use crate::printer::read;

/// Bytes of an opened output at most: as many as the gate hands over.
const OPENED_BYTES_MAX: u64 = 256 << 20;
/// What a line of an identity file begins with.
const SECRET: &str = "AGE-SECRET-KEY-1";

/// A sealed output to be opened.
#[derive(Debug, Args)]
pub struct Open {
    /// Id of the run
    run: RunId,
    /// The reviewer's identity, as `yunei user key new` or `age-keygen` made it
    #[arg(long, value_name = "FILE", required_unless_present = "sealed")]
    identity: Option<PathBuf>,
    /// Keeps the age file as it came, for another age implementation, and decrypts nothing
    #[arg(long, value_name = "FILE", conflicts_with = "identity")]
    sealed: Option<PathBuf>,
}

/// What the server passes on.
#[derive(Debug, Deserialize)]
struct Sealed {
    ciphertext: String,
}

impl Open {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<()> {
        // An identity that cannot be read is no reason to put a viewing on the record.
        let identities = self.identity.as_deref().map(identities).transpose()?;
        let client = caller.client()?;
        let answer = client.get(format!("/runs/{}/output", self.run)).send()?;
        let sealed: Sealed = read(&answer)?;
        if let Some(path) = self.sealed {
            files::write(&path, sealed.ciphertext.as_bytes())?;
            let told = json!({ "run": self.run, "file": path });
            let text = format!("wrote the age file to `{}`", path.display());
            return caller.printer().say(&told, &text);
        }
        let opened = decrypt(&sealed.ciphertext, &identities.unwrap_or_default())?;
        caller.printer().show(&opened, |opened: OpenedOutput| {
            table::opened(&opened, caller.language)
        })
    }
}

/// The identities in a file: one a line, with lines of remarks between them.
fn identities(path: &Path) -> anyhow::Result<Vec<age::x25519::Identity>> {
    let text = zeroize::Zeroizing::new(files::text(path)?);
    let mut identities = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.starts_with(SECRET) {
            let identity = line.parse().map_err(|_| wrong(path))?;
            identities.push(identity);
        } else if !line.is_empty() && !line.starts_with('#') {
            return Err(wrong(path).into());
        }
    }
    if identities.is_empty() {
        return Err(wrong(path).into());
    }
    Ok(identities)
}

fn wrong(path: &Path) -> Input {
    Input::new(format!(
        "`{}` holds no age identity of the kind X25519",
        path.display()
    ))
}

/// The opened output, as JSON.
pub fn decrypt(ciphertext: &str, identities: &[age::x25519::Identity]) -> anyhow::Result<Value> {
    let armoured = age::armor::ArmoredReader::new(ciphertext.as_bytes());
    let decryptor =
        age::Decryptor::new_buffered(armoured).context("the server passed on no age file")?;
    let identities = identities.iter().map(|i| i as &dyn age::Identity);
    let reader = decryptor
        .decrypt(identities)
        .map_err(|_| Input::new("the identity is not the one whose public key is registered"))?;
    let mut bytes = Vec::new();
    reader
        .take(OPENED_BYTES_MAX)
        .read_to_end(&mut bytes)
        .context("the age file is damaged")?;
    serde_json::from_slice(&bytes).context("the age file holds no opened output")
}

#[cfg(test)]
mod tests {
    use age::secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn an_identity_file_is_one_of_age_keygen() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("key");
        let secret = age::x25519::Identity::generate().to_string();
        let good = format!("# created\n{}\n\n", secret.expose_secret());
        std::fs::write(&path, good).unwrap();
        assert_eq!(identities(&path).unwrap().len(), 1);
        for bad in ["", "# nothing\n", "age1abc\n", "AGE-SECRET-KEY-1AAAA\n"] {
            std::fs::write(&path, bad).unwrap();
            assert!(identities(&path).is_err(), "{bad}");
        }
    }
}
