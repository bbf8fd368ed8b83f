//! Keys: who holds which is told in `host/KEYS.md`.

use std::io::{Read, Write};

use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt, PermissionsExt};
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac};
use sha2::Sha256;
use thiserror::Error;
use yunei_model::{GrantId, Name, ResourceId, RunId};
use zeroize::Zeroizing;

/// Bytes of every key.
const KEY_BYTES: usize = 32;
const NONCE_BYTES: usize = 24;

/// Why a key cannot be had.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The key file cannot be read or written.
    #[error("the key file `{name}` cannot be used")]
    File {
        /// Name of the file.
        name: &'static str,
        /// What the operating system said.
        #[source]
        source: std::io::Error,
    },
    /// The key file is readable by others, or not a key.
    #[error("the key file `{name}` {fault}")]
    Unsafe {
        /// Name of the file.
        name: &'static str,
        /// What is wrong with it.
        fault: &'static str,
    },
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness")]
    Random,
    /// A wrapped key does not open.
    #[error("a wrapped key does not open")]
    Wrapped,
}

/// Holds the domain's keys and uses them for whoever asks, so that a hardware module can take its place.
pub trait KeyStore: Send + Sync {
    /// The seed of the key that signs the log's checkpoints (Ed25519).
    ///
    /// # Errors
    /// [`KeyError`].
    fn log_signing_seed(&self) -> Result<Zeroizing<[u8; 32]>, KeyError>;

    /// The seed of the key that is to sign the log's checkpoints next; made when it is first asked for.
    ///
    /// # Errors
    /// [`KeyError`].
    fn next_log_signing_seed(&self) -> Result<Zeroizing<[u8; 32]>, KeyError>;

    /// Puts the next key into the place of the present one, which is gone then.
    ///
    /// # Errors
    /// [`KeyError`].
    fn adopt_next_log_signing(&self) -> Result<(), KeyError>;

    /// The key that authenticates compiled artefacts.
    ///
    /// # Errors
    /// [`KeyError`].
    fn artefact_key(&self) -> Result<Zeroizing<[u8; 32]>, KeyError>;

    /// The key of a grant's pseudonyms: two grants' pseudonyms don't join.
    ///
    /// # Errors
    /// [`KeyError`].
    fn mask_key(&self, grant: GrantId) -> Result<Zeroizing<[u8; 32]>, KeyError>;

    /// A fresh key for a run's sealed output, and the same wrapped for keeping.
    ///
    /// # Errors
    /// [`KeyError`].
    fn new_run_key(&self, run: RunId) -> Result<(Zeroizing<[u8; 32]>, Vec<u8>), KeyError>;

    /// Opens a wrapped run key.
    ///
    /// # Errors
    /// [`KeyError::Wrapped`] when it is of another run, or was altered.
    fn open_run_key(&self, run: RunId, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyError>;

    /// A key that names what a run did without telling it, always the same for the same run: a sealed output can be destroyed
    /// while the name of what it held stays comparable.
    ///
    /// # Errors
    /// [`KeyError`].
    fn evidence_key(&self, run: RunId, evidence: KeyUse) -> Result<Zeroizing<[u8; 32]>, KeyError>;

    /// The key under which the decoy records of a resource are known.
    ///
    /// # Errors
    /// [`KeyError`].
    fn decoy_key(&self, resource: ResourceId) -> Result<Zeroizing<[u8; 32]>, KeyError>;

    /// The key that the noise on counts about a population comes from. It is always the same, so that the same subjects get the same
    /// noise in every table, and nothing that a guest, a parameter or a replay chooses is part of it.
    ///
    /// # Errors
    /// [`KeyError`].
    fn noise_key(&self, population: &Name) -> Result<Zeroizing<[u8; 32]>, KeyError>;
}

/// What a run's evidence key names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyUse {
    /// The arguments of host calls.
    Arguments,
    /// The sealed output.
    Output,
}

/// Keys in files that their owner alone may read, made at first start.
#[derive(Debug)]
pub struct FileKeyStore {
    directory: Dir,
}

const LOG_SIGNING: &str = "log-signing.key";
const NEXT_LOG_SIGNING: &str = "log-signing.next";
const ARTEFACT: &str = "artefact.key";
const MASKS: &str = "masks.key";
const SEALING: &str = "sealing.key";
const EVIDENCE: &str = "evidence.key";

impl FileKeyStore {
    /// Opens the directory of keys; makes what is missing.
    ///
    /// # Errors
    /// [`KeyError`] when a file is readable by others, is no key, or cannot be made.
    pub fn open(directory: Dir) -> Result<Self, KeyError> {
        let keys = Self { directory };
        for name in [LOG_SIGNING, ARTEFACT, MASKS, SEALING, EVIDENCE] {
            keys.make_if_missing(name)?;
            keys.read(name)?;
        }
        Ok(keys)
    }

    fn make_if_missing(&self, name: &'static str) -> Result<(), KeyError> {
        let failed = |source| KeyError::File { name, source };
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600);
        match self.directory.open_with(name, &options) {
            Ok(mut file) => {
                let key = random_key()?;
                file.write_all(&key[..]).map_err(failed)?;
                file.sync_all().map_err(failed)
            }
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(failed(error)),
        }
    }

    fn read(&self, name: &'static str) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
        let failed = |source| KeyError::File { name, source };
        let mut file = self.directory.open(name).map_err(failed)?;
        let metadata = file.metadata().map_err(failed)?;
        if metadata.permissions().mode() & 0o077 != 0 {
            return Err(KeyError::Unsafe {
                name,
                fault: "is readable by others",
            });
        }
        if metadata.len() != KEY_BYTES as u64 {
            return Err(KeyError::Unsafe {
                name,
                fault: "is no key",
            });
        }
        let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
        file.read_exact(&mut key[..]).map_err(failed)?;
        Ok(key)
    }

    fn wrapping(&self, run: RunId) -> Result<XChaCha20Poly1305, KeyError> {
        let key = derive(&*self.read(SEALING)?, b"yunei run key v1", &run.to_string())?;
        Ok(XChaCha20Poly1305::new((&*key).into()))
    }
}

impl KeyStore for FileKeyStore {
    fn log_signing_seed(&self) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        self.read(LOG_SIGNING)
    }

    fn next_log_signing_seed(&self) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        self.make_if_missing(NEXT_LOG_SIGNING)?;
        self.read(NEXT_LOG_SIGNING)
    }

    fn adopt_next_log_signing(&self) -> Result<(), KeyError> {
        let failed = |source| KeyError::File {
            name: NEXT_LOG_SIGNING,
            source,
        };
        self.directory
            .rename(NEXT_LOG_SIGNING, &self.directory, LOG_SIGNING)
            .map_err(failed)?;
        // The handle of the directory only names it; syncing needs one that reads it.
        let readable = self.directory.open(".").map_err(failed)?;
        readable.sync_all().map_err(failed)
    }

    fn artefact_key(&self) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        self.read(ARTEFACT)
    }

    fn mask_key(&self, grant: GrantId) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        derive(
            &*self.read(MASKS)?,
            b"yunei mask key v1",
            &grant.to_string(),
        )
    }

    fn new_run_key(&self, run: RunId) -> Result<(Zeroizing<[u8; 32]>, Vec<u8>), KeyError> {
        let key = random_key()?;
        let mut nonce = [0_u8; NONCE_BYTES];
        getrandom::fill(&mut nonce).map_err(|_| KeyError::Random)?;
        let sealed = self
            .wrapping(run)?
            .encrypt(XNonce::from_slice(&nonce), &key[..])
            .map_err(|_| KeyError::Wrapped)?;
        let mut wrapped = nonce.to_vec();
        wrapped.extend(sealed);
        Ok((key, wrapped))
    }

    fn open_run_key(&self, run: RunId, wrapped: &[u8]) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let (nonce, sealed) = wrapped
            .split_at_checked(NONCE_BYTES)
            .ok_or(KeyError::Wrapped)?;
        let opened = Zeroizing::new(
            self.wrapping(run)?
                .decrypt(XNonce::from_slice(nonce), sealed)
                .map_err(|_| KeyError::Wrapped)?,
        );
        let key: [u8; KEY_BYTES] = opened
            .as_slice()
            .try_into()
            .map_err(|_| KeyError::Wrapped)?;
        Ok(Zeroizing::new(key))
    }

    fn evidence_key(&self, run: RunId, evidence: KeyUse) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        let purpose: &[u8] = match evidence {
            KeyUse::Arguments => b"yunei argument digests v1",
            KeyUse::Output => b"yunei output digest v1",
        };
        derive(&*self.read(EVIDENCE)?, purpose, &run.to_string())
    }

    fn decoy_key(&self, resource: ResourceId) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        derive(
            &*self.read(EVIDENCE)?,
            b"yunei decoys v1",
            &resource.to_string(),
        )
    }

    fn noise_key(&self, population: &Name) -> Result<Zeroizing<[u8; 32]>, KeyError> {
        derive(
            &*self.read(EVIDENCE)?,
            b"yunei keyed noise v1",
            population.as_str(),
        )
    }
}

fn random_key() -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
    let mut key = Zeroizing::new([0_u8; KEY_BYTES]);
    getrandom::fill(&mut key[..]).map_err(|_| KeyError::Random)?;
    Ok(key)
}

fn derive(
    master: &[u8; KEY_BYTES],
    purpose: &[u8],
    of: &str,
) -> Result<Zeroizing<[u8; KEY_BYTES]>, KeyError> {
    let mut mac = <Hmac<Sha256> as Mac>::new_from_slice(master).map_err(|_| KeyError::Wrapped)?;
    mac.update(purpose);
    mac.update(b"\0");
    mac.update(of.as_bytes());
    Ok(Zeroizing::new(mac.finalize().into_bytes().into()))
}
