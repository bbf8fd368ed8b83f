//! `[[webhook]]`: where alerts are sent, and the secret that signs them.

use std::io::Read as _;

use anyhow::Context as _;
use cap_std::fs::{Dir, MetadataExt as _, PermissionsExt as _};
use serde::Deserialize;
use yunei_lifecycle::Webhook;
use yunei_model::Name;
use yunei_outbound::Address;

use crate::failure::Input;

/// Bytes of a secret's file at most.
const SECRET_BYTES_MAX: u64 = 1024;

/// A webhook, as it is written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    name: Name,
    url: String,
    /// File with the secret, below the data directory.
    secret_file: String,
}

impl Section {
    /// The webhook, with its secret.
    pub fn read(&self, directory: &Dir) -> Result<Webhook, Input> {
        let unusable = || Input::new(format!("cannot use webhook `{}`", self.name));
        let address: Address = self
            .url
            .parse()
            .map_err(|error| unusable().because(error))?;
        let secret = self
            .secret(directory)
            .map_err(|error| unusable().because(format!("{error:#}")))?;
        let webhook = Webhook::new(self.name.clone(), address, secret);
        webhook.ok_or_else(|| unusable().because("its secret is too short"))
    }

    /// The secret: the bytes of a file that its owner alone may read, without the newline at its end.
    fn secret(&self, directory: &Dir) -> anyhow::Result<zeroize::Zeroizing<Vec<u8>>> {
        let name = &self.secret_file;
        let failed = || format!("cannot read `{name}`");
        let file = directory.open(name).with_context(failed)?;
        let metadata = file.metadata().with_context(failed)?;
        anyhow::ensure!(
            metadata.permissions().mode() & 0o077 == 0,
            "`{name}` can be read by others; say `chmod 600` on it"
        );
        anyhow::ensure!(
            metadata.uid() == rustix::process::geteuid().as_raw(),
            "`{name}` belongs to somebody else"
        );
        let mut secret = zeroize::Zeroizing::new(Vec::new());
        file.take(SECRET_BYTES_MAX)
            .read_to_end(&mut secret)
            .with_context(failed)?;
        while secret.last().is_some_and(u8::is_ascii_whitespace) {
            secret.pop();
        }
        Ok(secret)
    }
}

#[cfg(test)]
mod tests;
