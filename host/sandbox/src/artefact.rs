//! Artefacts: machine code of one component, authenticated by a key that the compiler's jail never sees.

use std::fs::File;
use std::hash::{Hash as _, Hasher};
use std::io::Read as _;

use hmac::{Hmac, Mac as _};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use yunei_model::Digest;

use crate::SandboxError;
use crate::engine::{Metering, compiling};
use crate::sealed::{is_sealed, sealed_file};

/// What every artefact begins with.
const MAGIC: &[u8; 16] = b"yunei-artefact-1";
/// Bytes before the machine code: magic, component, identity, tag.
const HEADER_BYTES: usize = MAGIC.len() + 3 * DIGEST_BYTES;
const DIGEST_BYTES: usize = 32;
/// Bytes of machine code of one component.
pub const CODE_BYTES_MAX: u64 = 256 << 20;

/// The key that authenticates artefacts. It shows itself to nobody.
pub struct ArtefactKey([u8; DIGEST_BYTES]);

impl ArtefactKey {
    /// Takes 32 secret bytes.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; DIGEST_BYTES]) -> Self {
        Self(bytes)
    }
}

impl std::fmt::Debug for ArtefactKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ArtefactKey(…)")
    }
}

/// What machine code depends on besides its component: engine version, settings, target and processor features.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity(Digest);

impl Identity {
    /// The identity of code that this program compiles on this processor.
    ///
    /// # Errors
    /// [`SandboxError::Engine`].
    pub fn of_this_host(metering: Metering) -> Result<Self, SandboxError> {
        let engine = compiling(metering)?;
        let mut hasher = Sha256Hasher(Sha256::new());
        engine.precompile_compatibility_hash().hash(&mut hasher);
        Ok(Self(Digest::from_bytes(hasher.0.finalize().into())))
    }

    /// The name under which a component's artefact is kept: a different one for every identity.
    #[must_use]
    pub fn artefact_name(&self, component: &Digest) -> Digest {
        let mut text = Vec::with_capacity(2 * DIGEST_BYTES);
        text.extend_from_slice(component.as_bytes());
        text.extend_from_slice(self.0.as_bytes());
        Digest::of(&text)
    }
}

/// Feeds what wasmtime hashes to SHA-256, so that the identity is as long as a digest should be.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest
            .iter()
            .take(8)
            .fold(0, |word, byte| (word << 8) | u64::from(*byte))
    }
}

/// An artefact as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Artefact {
    bytes: Vec<u8>,
}

impl Artefact {
    /// Seals machine code that this host's jailed compiler made of `component`.
    #[must_use]
    pub fn seal(key: &ArtefactKey, component: &Digest, identity: &Identity, code: &[u8]) -> Self {
        let tag = mac(key, component, identity, code).finalize().into_bytes();
        let mut bytes = Vec::with_capacity(HEADER_BYTES.saturating_add(code.len()));
        bytes.extend_from_slice(MAGIC);
        bytes.extend_from_slice(component.as_bytes());
        bytes.extend_from_slice(identity.0.as_bytes());
        bytes.extend_from_slice(&tag);
        bytes.extend_from_slice(code);
        Self { bytes }
    }

    /// An artefact as it was read from where it is kept; nothing is believed yet.
    #[must_use]
    pub const fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// The bytes to keep.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Digest of the bytes, for the record.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(&self.bytes)
    }

    /// Authenticates: the tag is ours, the component is the one asked for, and this host can run the code.
    ///
    /// # Errors
    /// [`ArtefactError`]; the tag is judged before anything else is.
    pub fn open(
        self,
        key: &ArtefactKey,
        component: &Digest,
        identity: &Identity,
    ) -> Result<Authentic, ArtefactError> {
        let (found_component, found_identity, tag, code) =
            self.parts().ok_or(ArtefactError::Malformed)?;
        mac(key, &found_component, &found_identity, code)
            .verify_slice(tag)
            .map_err(|_| ArtefactError::NotAuthentic)?;
        if &found_component != component {
            return Err(ArtefactError::OtherComponent);
        }
        if &found_identity != identity {
            return Err(ArtefactError::OtherHost);
        }
        let mut code = self.bytes;
        code.drain(..HEADER_BYTES);
        Ok(Authentic { code })
    }

    fn parts(&self) -> Option<(Digest, Identity, &[u8], &[u8])> {
        let (magic, rest) = self.bytes.split_first_chunk::<{ MAGIC.len() }>()?;
        let (component, rest) = rest.split_first_chunk::<DIGEST_BYTES>()?;
        let (identity, rest) = rest.split_first_chunk::<DIGEST_BYTES>()?;
        let (tag, code) = rest.split_first_chunk::<DIGEST_BYTES>()?;
        (magic == MAGIC).then(|| {
            (
                Digest::from_bytes(*component),
                Identity(Digest::from_bytes(*identity)),
                tag.as_slice(),
                code,
            )
        })
    }
}

fn mac(key: &ArtefactKey, component: &Digest, identity: &Identity, code: &[u8]) -> Hmac<Sha256> {
    // INVARIANT: every part but the last has a fixed length, so no two inputs share a text. The key is padded to a
    // block by hand, as RFC 2104 does, because the constructor for whole blocks cannot fail.
    let mut block = [0_u8; 64];
    for (place, byte) in block.iter_mut().zip(key.0) {
        *place = byte;
    }
    let mut mac = <Hmac<Sha256> as hmac::digest::KeyInit>::new(&block.into());
    mac.update(MAGIC);
    mac.update(component.as_bytes());
    mac.update(identity.0.as_bytes());
    mac.update(code);
    mac
}

/// Machine code that may be loaded.
///
/// INVARIANT: made by [`Artefact::open`], or taken over from a supervisor that did so.
pub struct Authentic {
    code: Vec<u8>,
}

impl std::fmt::Debug for Authentic {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Authentic({} bytes)", self.code.len())
    }
}

impl Authentic {
    /// Machine code that the supervisor authenticated and handed over on an inherited descriptor. The cell holds no
    /// key; what it relies on is that the supervisor alone chose the descriptor, and that its content is sealed.
    ///
    /// # Errors
    /// [`ArtefactError::NotSealed`] unless `memfd` is a memory file sealed against writing, growing, shrinking and
    /// further seals; [`ArtefactError::TooLarge`]; [`ArtefactError::Read`].
    pub fn from_supervisor(memfd: File) -> Result<Self, ArtefactError> {
        if !is_sealed(&memfd) {
            return Err(ArtefactError::NotSealed);
        }
        let mut code = Vec::new();
        let mut limited = memfd.take(CODE_BYTES_MAX.saturating_add(1));
        limited
            .read_to_end(&mut code)
            .map_err(|source| ArtefactError::Read { source })?;
        if code.len() as u64 > CODE_BYTES_MAX {
            return Err(ArtefactError::TooLarge);
        }
        Ok(Self { code })
    }

    /// The machine code as a sealed memory file, for the cell to take over with [`Self::from_supervisor`].
    ///
    /// # Errors
    /// What the kernel says.
    pub fn hand_over(&self) -> std::io::Result<File> {
        sealed_file("yunei-code", &[&self.code])
    }

    /// The machine code.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.code
    }
}

/// Why an artefact is not believed.
#[derive(Debug, Error)]
pub enum ArtefactError {
    /// No artefact at all.
    #[error("the artefact is malformed")]
    Malformed,
    /// The tag is not ours: altered, cut, or made elsewhere.
    #[error("the artefact is not authentic")]
    NotAuthentic,
    /// Ours, but of another component.
    #[error("the artefact belongs to another component")]
    OtherComponent,
    /// Ours, but for another engine version, other settings or another processor: compile again.
    #[error("the artefact belongs to another engine or processor")]
    OtherHost,
    /// The descriptor's content can still change.
    #[error("the descriptor is not sealed")]
    NotSealed,
    /// More than [`CODE_BYTES_MAX`].
    #[error("the machine code has more than {CODE_BYTES_MAX} bytes")]
    TooLarge,
    /// The descriptor cannot be read.
    #[error("the machine code cannot be read")]
    Read {
        /// Cause.
        #[source]
        source: std::io::Error,
    },
}
