//! A log of the tests' own: RFC 6962 trees, signed checkpoints, and a verifier of cosignatures, written from the specifications and
//! sharing nothing with the host.

use base64::prelude::{BASE64_STANDARD, Engine as _};
use ed25519_dalek::{Signature, Signer as _, SigningKey, Verifier as _, VerifyingKey};
use sha2::{Digest as _, Sha256};

type Hash = [u8; 32];

/// A log in memory.
#[derive(Clone)]
pub struct Log {
    name: &'static str,
    key: SigningKey,
    leaves: Vec<Hash>,
}

impl Log {
    pub fn new(name: &'static str, seed: u8) -> Self {
        Self {
            name,
            key: SigningKey::from_bytes(&[seed; 32]),
            leaves: Vec::new(),
        }
    }

    pub fn push(&mut self, entry: &str) {
        self.leaves.push(sha256(&[&[0], entry.as_bytes()]));
    }

    pub fn size(&self) -> usize {
        self.leaves.len()
    }

    /// The public key as a verifier key of signed notes.
    pub fn public(&self) -> String {
        let key = [&[1], self.key.verifying_key().as_bytes().as_slice()].concat();
        let id = id(self.name, &key);
        let key = BASE64_STANDARD.encode(key);
        format!("{}+{:08x}+{key}", self.name, u32::from_be_bytes(id))
    }

    /// The text of the checkpoint over the first `size` entries.
    pub fn text(&self, size: usize) -> String {
        let root = BASE64_STANDARD.encode(root(&self.leaves[..size]));
        format!("{}\n{size}\n{root}\n", self.name)
    }

    /// The body that submits the checkpoint over the first `size` entries to a witness that knows `old`.
    pub fn submission(&self, old: usize, size: usize) -> String {
        let mut body = format!("old {old}\n");
        if old > 0 && old < size {
            for hash in consistency(old, &self.leaves[..size], true) {
                body += &BASE64_STANDARD.encode(hash);
                body.push('\n');
            }
        }
        let text = self.text(size);
        let key = [&[1], self.key.verifying_key().as_bytes().as_slice()].concat();
        let signed = self.key.sign(text.as_bytes()).to_bytes();
        let line = BASE64_STANDARD.encode([id(self.name, &key).as_slice(), &signed].concat());
        format!("{body}\n{text}\n\u{2014} {} {line}\n", self.name)
    }
}

/// Checks the cosignature line of a witness over a checkpoint's text, as C2SP tlog-cosignature has it. Gives its time.
pub fn cosigned(text: &str, line: &str, witness: &str) -> Option<u64> {
    let mut parts = witness.splitn(3, '+');
    let (name, told, key) = (parts.next()?, parts.next()?, parts.next()?);
    let key = BASE64_STANDARD.decode(key).ok()?;
    let own = id(name, &key);
    assert_eq!(format!("{:08x}", u32::from_be_bytes(own)), told);
    let signature = line.trim_end().strip_prefix(&format!("\u{2014} {name} "))?;
    let signature = BASE64_STANDARD.decode(signature).ok()?;
    if signature.len() != 4 + 8 + 64 || signature[..4] != own || key[0] != 4 {
        return None;
    }
    let at = u64::from_be_bytes(signature[4..12].try_into().ok()?);
    let key = VerifyingKey::from_bytes(key[1..].try_into().ok()?).ok()?;
    let signed = Signature::from_slice(&signature[12..]).ok()?;
    let message = format!("cosignature/v1\ntime {at}\n{text}");
    key.verify(message.as_bytes(), &signed).ok().map(|()| at)
}

fn id(name: &str, key: &[u8]) -> [u8; 4] {
    let hash = sha256(&[name.as_bytes(), b"\n", key]);
    hash[..4].try_into().expect("four bytes")
}

fn sha256(parts: &[&[u8]]) -> Hash {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

/// The largest power of two below `count`.
fn split(count: usize) -> usize {
    count.next_power_of_two() / 2
}

fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => sha256(&[]),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(split(leaves.len()));
            sha256(&[&[1], &root(left), &root(right)])
        }
    }
}

/// RFC 6962, section 2.1.2; `whole` while the old tree is one of the new tree's own subtrees.
fn consistency(old: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
    if old == leaves.len() {
        return if whole {
            Vec::new()
        } else {
            vec![root(leaves)]
        };
    }
    let middle = split(leaves.len());
    let (left, right) = leaves.split_at(middle);
    if old <= middle {
        let mut proof = consistency(old, left, whole);
        proof.push(root(right));
        proof
    } else {
        let mut proof = consistency(old - middle, right, false);
        proof.push(root(left));
        proof
    }
}
