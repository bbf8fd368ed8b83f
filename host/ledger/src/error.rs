//! What can be wrong with the record.

use thiserror::Error;

use crate::{
    CERTIFICATE_BYTES_MAX, CHECKPOINT_BYTES_MAX, ENTRY_BYTES_MAX, FACT_DEPTH_MAX, LEAVES_MAX,
    RECEIPT_BYTES_MAX,
};

/// Why something cannot stand in the record, or does not prove what it should.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// A floating-point number in an entry.
    #[error("`{name}` holds a floating-point number")]
    Float {
        /// The fact.
        name: String,
    },
    /// An absent value where none can be left out.
    #[error("`{name}` holds an absent value in a list")]
    Absent {
        /// The fact.
        name: String,
    },
    /// Nested too deeply.
    #[error("`{name}` is nested more than {FACT_DEPTH_MAX} deep")]
    Depth {
        /// The fact.
        name: String,
    },
    /// No name for a fact.
    #[error("`{name}` is no name for a fact")]
    FactName {
        /// The name.
        name: String,
    },
    /// A fact that stands already, or whose name is the ledger's own.
    #[error("`{name}` stands already")]
    FactTwice {
        /// The name.
        name: String,
    },
    /// A value that JSON cannot hold.
    #[error("`{name}` has no JSON form")]
    Unserialisable {
        /// The fact.
        name: String,
        /// Cause.
        #[source]
        source: serde_json::Error,
    },
    /// A time that an entry cannot hold.
    #[error("the time is out of range")]
    Time,
    /// Longer than an entry may be.
    #[error("an entry has at most {ENTRY_BYTES_MAX} bytes, this one has {bytes}")]
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// Not the JSON of an entry or call.
    #[error("it is not the JSON of an entry or call")]
    Malformed(#[source] serde_json::Error),
    /// JSON in another spelling than the canonical one.
    #[error("its JSON is not in canonical form")]
    NotCanonical,
    /// Written in a format that this version does not know.
    #[error("entry format {format} is not known")]
    UnknownFormat {
        /// The format.
        format: u32,
    },
    /// Not a kind of entry.
    #[error("it is no kind of entry")]
    UnknownKind,
    /// A call that does not follow the one before it.
    #[error("call {index} came where call {expected} belongs")]
    CallOrder {
        /// Its index.
        index: u64,
        /// The index that belongs there.
        expected: u64,
    },
    /// More leaves than a tree may have, or an index beyond its size.
    #[error("leaf {index} is not in a tree of {size} leaves (at most {LEAVES_MAX})")]
    OutOfTree {
        /// The index.
        index: u64,
        /// The tree's size.
        size: u64,
    },
    /// A hash that the source does not have, or a proof that does not hold.
    #[error("the Merkle tree does not hold")]
    Tree(#[source] tlog_tiles::Error),
    /// Not a checkpoint.
    #[error("it is no checkpoint of at most {CHECKPOINT_BYTES_MAX} bytes")]
    NotCheckpoint,
    /// Another log's checkpoint.
    #[error("the checkpoint is of origin `{origin}`")]
    Origin {
        /// Its origin.
        origin: String,
    },
    /// Not the path or the bytes of a tile.
    #[error("it is no tile of a log")]
    NotTile,
    /// Not a receipt.
    #[error("it is no receipt of at most {RECEIPT_BYTES_MAX} bytes")]
    NotReceipt,
    /// Not a certificate.
    #[error("it is no certificate of at most {CERTIFICATE_BYTES_MAX} bytes")]
    NotCertificate,
    /// A certificate without a valid signature of the expected key.
    #[error("the certificate is not signed by the expected key")]
    CertificateSignature(#[source] signed_note::NoteError),
    /// An entry that does not name the certificate it is beside.
    #[error("the entry of the receipt does not name this certificate")]
    OtherCertificate,
    /// A leaf that the certificate does not commit to.
    #[error("the certificate does not commit to what leaf {index} says")]
    NotCommitted {
        /// Its place.
        index: u64,
    },
    /// A receipt of a call whose entry commits to another trace, or to none.
    #[error("the entry does not commit to the trace of the call")]
    NoTrace,
    /// A note without a valid signature of the expected key.
    #[error("the checkpoint is not signed by the expected key")]
    Signature(#[source] signed_note::NoteError),
    /// A signing key that is none.
    #[error("it is no signing key")]
    SigningKey(#[source] signed_note::SignerError),
    /// A verifier key that is none.
    #[error("it is no verifier key")]
    VerifierKey(#[source] signed_note::VerifierError),
}

impl From<tlog_tiles::Error> for LedgerError {
    fn from(source: tlog_tiles::Error) -> Self {
        Self::Tree(source)
    }
}
