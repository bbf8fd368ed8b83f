//! The log's public key: given as it is, or in a file.

use std::path::{Path, PathBuf};

use clap::Args;
use yunei_ledger::VerifierKey;

use crate::failure::Input;
use crate::files;

/// What signatures are verified with.
#[derive(Debug, Args)]
pub struct Key {
    /// The log's public key, `name+id+key`, or a file that holds it
    #[arg(long, value_name = "KEY", conflicts_with = "key_file")]
    pub key: Option<String>,
    /// File that holds the log's public key
    #[arg(long, value_name = "FILE", visible_alias = "log-key")]
    pub key_file: Option<PathBuf>,
}

impl Key {
    /// Whether one was given.
    pub const fn is_given(&self) -> bool {
        self.key.is_some() || self.key_file.is_some()
    }

    /// The key that was given, or else that of `other`.
    pub fn given_or(
        &self,
        other: impl FnOnce() -> anyhow::Result<String>,
    ) -> anyhow::Result<VerifierKey> {
        let text = match (&self.key, &self.key_file) {
            (Some(key), _) if key.contains('+') => key.clone(),
            (Some(path), _) => files::text(Path::new(path))?,
            (None, Some(path)) => files::text(path)?,
            (None, None) => other()?,
        };
        let key = VerifierKey::parse(&text)
            .map_err(|error| Input::new("this is no public key of a log").because(error))?;
        Ok(key)
    }

    /// The key that was given.
    pub fn given(&self) -> anyhow::Result<VerifierKey> {
        self.given_or(|| {
            let what = "say with --key which public key signs the log; get it from someone other than the log";
            Err(Input::new(what).into())
        })
    }
}
