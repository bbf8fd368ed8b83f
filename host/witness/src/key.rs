//! The witness's own key: a file that its owner alone may read, made at the first start.

use std::io::{Read as _, Write as _};

use cap_std::fs::{Dir, MetadataExt as _, OpenOptions, OpenOptionsExt as _};
use yunei_ledger::{CosigningKey, WitnessKey};
use zeroize::Zeroizing;

use crate::WitnessError;

/// File that holds the 32 secret bytes.
pub const KEY_FILE: &str = "witness.key";
/// File that holds name and public key, as a verifier key of signed notes.
pub const PUBLIC_FILE: &str = "witness.pub";
const KEY_BYTES: usize = 32;
/// Bytes of the public key's line at most.
const PUBLIC_BYTES_MAX: u64 = 1024;

/// The key in `directory`; made, under the name that is `wanted`, if there is none. A witness keeps the name of its first start.
///
/// # Errors
/// [`WitnessError`] when the file is readable by others or no key, or the witness has another name, or none.
pub fn open_key(directory: &Dir, wanted: Option<&str>) -> Result<CosigningKey, WitnessError> {
    let kept = public(directory)?;
    let name = match (&kept, wanted) {
        (Some(kept), Some(wanted)) if kept.name() != wanted => {
            return Err(WitnessError::Named {
                kept: kept.name().to_owned(),
                wanted: wanted.to_owned(),
            });
        }
        (Some(kept), _) => kept.name().to_owned(),
        (None, Some(wanted)) => wanted.to_owned(),
        (None, None) => return Err(WitnessError::Nameless),
    };
    if !directory.exists(KEY_FILE) {
        // A name that cannot be used leaves nothing behind.
        CosigningKey::from_seed(&name, &[0; KEY_BYTES])?;
        make(directory)?;
    }
    let key = CosigningKey::from_seed(&name, &*secret(directory)?)?;
    match kept {
        Some(kept) if kept == *key.public() => {}
        Some(_) => {
            return Err(WitnessError::Key {
                file: PUBLIC_FILE,
                fault: "is of another key",
            });
        }
        None => write_new(
            directory,
            PUBLIC_FILE,
            format!("{}\n", key.public()).as_bytes(),
            0o644,
        )?,
    }
    Ok(key)
}

fn make(directory: &Dir) -> Result<(), WitnessError> {
    let mut seed = Zeroizing::new([0_u8; KEY_BYTES]);
    getrandom::fill(&mut seed[..]).map_err(|_| WitnessError::Random)?;
    write_new(directory, KEY_FILE, &seed[..], 0o600)
}

fn write_new(directory: &Dir, name: &str, bytes: &[u8], mode: u32) -> Result<(), WitnessError> {
    let failed = WitnessError::directory("to make a key");
    let mut options = OpenOptions::new();
    options.write(true).create_new(true).mode(mode);
    let mut file = directory.open_with(name, &options).map_err(&failed)?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(&failed)?;
    crate::book::sync(directory).map_err(failed)
}

fn secret(directory: &Dir) -> Result<Zeroizing<[u8; KEY_BYTES]>, WitnessError> {
    let failed = WitnessError::directory("to read the key");
    let unsafe_key = |fault| WitnessError::Key {
        file: KEY_FILE,
        fault,
    };
    let mut file = directory.open(KEY_FILE).map_err(&failed)?;
    let metadata = file.metadata().map_err(&failed)?;
    if metadata.mode() & 0o077 != 0 {
        return Err(unsafe_key("is readable by others"));
    }
    if metadata.len() != KEY_BYTES as u64 {
        return Err(unsafe_key("is no key"));
    }
    let mut seed = Zeroizing::new([0_u8; KEY_BYTES]);
    file.read_exact(&mut seed[..]).map_err(failed)?;
    Ok(seed)
}

fn public(directory: &Dir) -> Result<Option<WitnessKey>, WitnessError> {
    let failed = WitnessError::directory("to read the public key");
    let file = match directory.open(PUBLIC_FILE) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let mut text = String::new();
    file.take(PUBLIC_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(failed)?;
    Ok(Some(WitnessKey::parse(&text)?))
}
