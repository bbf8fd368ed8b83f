//! The data directory: the one path that becomes a capability, for its owner alone.

use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::Context as _;
use cap_std::ambient_authority;
use cap_std::fs::{
    Dir, DirBuilder, DirBuilderExt as _, MetadataExt as _, OpenOptions, Permissions,
    PermissionsExt as _,
};
use yunei_ledger::VerifierKey;
use yunei_lifecycle::FileKeyStore;

use crate::failure::Input;

/// File that holds the log's public key, for whoever verifies the directory offline.
pub const LOG_KEY_FILE: &str = "log.pub";
/// File that holds the checkpoint that an old and a new key of the log have both signed.
const LOG_HANDOVER_FILE: &str = "log.handover";
/// Directory of the keys.
const KEYS: &str = "keys";
/// Name of a log that was given none.
const LOG_NAME_DEFAULT: &str = "yunei.local/log";
/// Mode of directories.
const MODE: u32 = 0o700;
/// Bytes of a public key's line.
const KEY_BYTES_MAX: u64 = 1024;

/// The data directory.
#[derive(Debug)]
pub struct Directory {
    directory: Dir,
}

impl Directory {
    /// Opens the directory; makes it if it is not there.
    pub fn open(path: &Path) -> anyhow::Result<Self> {
        let unusable = |what: &str| format!("data directory `{}` {what}", path.display());
        if !path.exists() {
            let parent = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty())
                .unwrap_or_else(|| Path::new("."));
            let name = path
                .file_name()
                .ok_or_else(|| Input::new(unusable("has no name")))?;
            let parent = Dir::open_ambient_dir(parent, ambient_authority())
                .map_err(|error| Input::new(unusable("cannot be made")).because(error))?;
            let made = parent.create_dir_with(name, DirBuilder::new().mode(MODE));
            made.map_err(|error| Input::new(unusable("cannot be made")).because(error))?;
        }
        let directory = Dir::open_ambient_dir(path, ambient_authority())
            .map_err(|error| Input::new(unusable("cannot be opened")).because(error))?;
        let metadata = directory
            .dir_metadata()
            .with_context(|| unusable("cannot be looked at"))?;
        if metadata.uid() != rustix::process::geteuid().as_raw() {
            return Err(Input::new(unusable("belongs to somebody else")).into());
        }
        if metadata.permissions().mode() & 0o077 != 0 {
            let empty = directory
                .entries()
                .with_context(|| unusable("cannot be read"))?
                .next()
                .is_none();
            if !empty {
                let advice = format!(
                    "can be entered by others; say `chmod 700 {}`",
                    path.display()
                );
                return Err(Input::new(unusable(&advice)).into());
            }
            directory
                .set_permissions(".", Permissions::from_mode(MODE))
                .with_context(|| unusable("cannot be closed to others"))?;
        }
        Ok(Self { directory })
    }

    /// A handle of its own.
    pub fn handle(&self) -> anyhow::Result<Dir> {
        self.directory
            .try_clone()
            .context("cannot open the data directory once more")
    }

    /// The keys in it, made at the first start.
    pub fn keys(&self) -> anyhow::Result<FileKeyStore> {
        let failed = "cannot open the directory of keys";
        if !self.directory.exists(KEYS) {
            self.directory
                .create_dir_with(KEYS, DirBuilder::new().mode(MODE))
                .context(failed)?;
        }
        let keys = self.directory.open_dir(KEYS).context(failed)?;
        FileKeyStore::open(keys).context("cannot use the keys")
    }

    /// The log's name: that of its first start.
    pub fn log_name(&self, wanted: Option<&str>) -> anyhow::Result<String> {
        let kept = self.log_key()?.map(|key| key.name().to_owned());
        match (kept, wanted) {
            (Some(kept), Some(wanted)) if kept != wanted => Err(Input::new(format!(
                "this log is named `{kept}`, and cannot be named `{wanted}` any more"
            ))
            .into()),
            (Some(kept), _) => Ok(kept),
            (None, wanted) => Ok(wanted.unwrap_or(LOG_NAME_DEFAULT).to_owned()),
        }
    }

    /// Puts the log's public key where whoever verifies offline finds it.
    pub fn keep_log_key(&self, key: &str) -> anyhow::Result<()> {
        let failed = || format!("cannot write `{LOG_KEY_FILE}`");
        match self.log_key()? {
            Some(kept) if kept.to_string() == key => Ok(()),
            Some(_) => Err(Input::new(format!(
                "`{LOG_KEY_FILE}` is of another key than the one in `{KEYS}`; if a rotation was interrupted, start once more with --rotate-log-key"
            ))
            .into()),
            None => {
                let mut options = OpenOptions::new();
                let mut file = self
                    .directory
                    .open_with(LOG_KEY_FILE, options.write(true).create_new(true))
                    .with_context(failed)?;
                file.write_all(format!("{key}\n").as_bytes())
                    .and_then(|()| file.sync_all())
                    .with_context(failed)
            }
        }
    }

    /// Puts another public key into the place of the one of before, and beside it the checkpoint that both have signed.
    pub fn renew_log_key(&self, key: &str, handed_over: &str) -> anyhow::Result<()> {
        self.put(LOG_HANDOVER_FILE, handed_over)?;
        self.put(
            LOG_KEY_FILE,
            &format!(
                "{key}
"
            ),
        )
    }

    fn put(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let aside = format!("{name}.new");
        let write = || {
            let mut file = self.directory.create(&aside)?;
            file.write_all(text.as_bytes())?;
            file.sync_all()?;
            self.directory.rename(&aside, &self.directory, name)
        };
        write().with_context(|| format!("cannot write `{name}`"))
    }

    fn log_key(&self) -> anyhow::Result<Option<VerifierKey>> {
        let failed = || format!("cannot read `{LOG_KEY_FILE}`");
        let file = match self.directory.open(LOG_KEY_FILE) {
            Ok(file) => file,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error).with_context(failed),
        };
        let mut text = String::new();
        file.take(KEY_BYTES_MAX)
            .read_to_string(&mut text)
            .with_context(failed)?;
        VerifierKey::parse(&text).map(Some).with_context(failed)
    }
}

#[cfg(test)]
mod tests;
