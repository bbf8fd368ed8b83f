//! Certificates: what a released table rests on, signed by the log's key, to be verified offline by anyone who has the file.
//!
//! A file is a C2SP signed note, and after it, where there is one, the receipt of an entry that names the note's digest. The note's
//! text is a heading and one line of canonical JSON (RFC 8785). The heading holds a space, which no log's name can, and the line
//! begins with `{`, which no size does: no certificate is a checkpoint, and no checkpoint a certificate, though one key signs both.
//!
//! Figures of the checks are in it as the root of a tree whose leaves are salted; see [`Commitments`] and [`Opening`].

mod body;
mod opening;
mod verify;

use signed_note::{Note, VerifierList};
use yunei_model::Digest;

pub use body::{
    CERTIFICATE_FORMAT, Certificate, CertifiedCells, CertifiedColumn, CertifiedGate,
    CertifiedGrant, CertifiedModule, CertifiedRows, CertifiedTable, Guarantee,
};
pub use opening::{
    Commitments, CommittedFigures, LEAVES_COMMITTED_MAX, OPENING_BYTES_MAX, OPENING_FORMAT,
    OpenedLeaf, Opening, SALT, SALT_BYTES,
};

pub use verify::{CertificateReport, Held, Presented, PresentedTable, Step, StepTaken};

use crate::{
    Kind, LedgerError, Proven, RECEIPT_BYTES_MAX, Receipt, SigningKey, VerifierKey, value,
};

/// Longest file of a certificate in bytes, its receipt included.
pub const CERTIFICATE_BYTES_MAX: usize = NOTE_BYTES_MAX + RECEIPT_BYTES_MAX;
/// Name of the fact that holds the digests of certificates.
pub const CERTIFICATES: &str = "certificates";
/// Longest note of a certificate in bytes.
const NOTE_BYTES_MAX: usize = 512 << 10;
/// First line of the text that is signed.
const HEADING: &str = "yunei certificate v1";
/// How a receipt begins.
const RECEIPT: &str = "c2sp.org/tlog-proof@v1\n";

/// The file of a certificate: a signed note, and perhaps the receipt of an entry that names it. Nothing of it is true before it was
/// verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFile {
    /// The signed note.
    pub note: String,
    /// Proves that the record names the note's digest.
    pub receipt: Option<Receipt>,
}

impl Certificate {
    /// The text that is signed, whose digest the record holds.
    ///
    /// # Errors
    /// [`LedgerError::NotCertificate`] when it is longer than a certificate may be.
    pub fn text(&self) -> Result<String, LedgerError> {
        let line = value::canonical("certificate", self)?;
        let line = String::from_utf8(line).map_err(|_| LedgerError::NotCertificate)?;
        let text = format!("{HEADING}\n{line}\n");
        if text.len() > NOTE_BYTES_MAX {
            return Err(LedgerError::NotCertificate);
        }
        Ok(text)
    }

    /// Reads the text that is signed, and refuses every spelling but that of [`Self::text`].
    ///
    /// # Errors
    /// [`LedgerError::NotCertificate`].
    pub fn of_text(text: &str) -> Result<Self, LedgerError> {
        let line = text
            .strip_prefix(HEADING)
            .and_then(|rest| rest.strip_prefix('\n')?.strip_suffix('\n'))
            .ok_or(LedgerError::NotCertificate)?;
        let read: Self = serde_json::from_str(line).map_err(|_| LedgerError::NotCertificate)?;
        if read.format != CERTIFICATE_FORMAT || read.text()? != text {
            return Err(LedgerError::NotCertificate);
        }
        Ok(read)
    }
}

impl CertificateFile {
    /// Signs the text of a certificate, as [`Certificate::text`] gives it.
    ///
    /// # Errors
    /// [`LedgerError::NotCertificate`] when it is none, or of another log.
    pub fn sign(text: &str, key: &SigningKey) -> Result<Self, LedgerError> {
        if Certificate::of_text(text)?.log != key.name() {
            return Err(LedgerError::NotCertificate);
        }
        let note = key.sign_note(text.as_bytes())?;
        Ok(Self {
            note: String::from_utf8(note).map_err(|_| LedgerError::NotCertificate)?,
            receipt: None,
        })
    }

    /// The same, with the receipt of an entry that names it.
    #[must_use]
    pub fn with(mut self, receipt: Option<Receipt>) -> Self {
        self.receipt = receipt;
        self
    }

    /// The file as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        let receipt = self.receipt.as_ref().map(Receipt::to_text);
        format!("{}{}", self.note, receipt.unwrap_or_default())
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`LedgerError::NotCertificate`] when its note is none, [`LedgerError::NotReceipt`] when what follows is no receipt, or when
    /// either is spelled in another way than it is written.
    pub fn parse(text: &str) -> Result<Self, LedgerError> {
        if text.len() > CERTIFICATE_BYTES_MAX {
            return Err(LedgerError::NotCertificate);
        }
        let (note, receipt) = match text.find(&format!("\n{RECEIPT}")) {
            Some(at) => text.split_at_checked(at.saturating_add(1)),
            None => Some((text, "")),
        }
        .ok_or(LedgerError::NotCertificate)?;
        let read = Self {
            note: note.to_owned(),
            receipt: (!receipt.is_empty())
                .then(|| Receipt::parse(receipt))
                .transpose()?,
        };
        let spelled = read.signed()?.to_bytes();
        if spelled == note.as_bytes() {
            Ok(read)
        } else {
            Err(LedgerError::NotCertificate)
        }
    }

    /// What it says, whoever signed it.
    ///
    /// # Errors
    /// [`LedgerError::NotCertificate`].
    pub fn certificate(&self) -> Result<Certificate, LedgerError> {
        Certificate::of_text(&self.text()?)
    }

    /// Digest of the text that is signed, as the record holds it.
    ///
    /// # Errors
    /// [`LedgerError::NotCertificate`].
    pub fn digest(&self) -> Result<Digest, LedgerError> {
        Ok(Digest::of(self.text()?.as_bytes()))
    }

    /// Checks the signature of the log's key, and that the certificate is of that log.
    ///
    /// # Errors
    /// [`LedgerError::CertificateSignature`], [`LedgerError::Origin`].
    pub fn verify_signature(&self, key: &VerifierKey) -> Result<Certificate, LedgerError> {
        let known = VerifierList::new(vec![key.boxed()]);
        self.signed()?
            .verify(&known)
            .map_err(LedgerError::CertificateSignature)?;
        let certificate = self.certificate()?;
        if certificate.log == key.name() {
            Ok(certificate)
        } else {
            Err(LedgerError::Origin {
                origin: certificate.log,
            })
        }
    }

    /// Checks that an entry of the log names this certificate; `None` without a receipt.
    ///
    /// # Errors
    /// [`LedgerError`] when the receipt does not hold, [`LedgerError::OtherCertificate`] when its entry names others.
    pub fn verify_inclusion(&self, key: &VerifierKey) -> Result<Option<Proven>, LedgerError> {
        let Some(receipt) = &self.receipt else {
            return Ok(None);
        };
        let proven = receipt.verify(key)?;
        let digest = self.digest()?.to_string();
        let tells = matches!(
            proven.entry.kind(),
            Kind::RunReleased | Kind::CertificatesGathered
        );
        let named = proven.entry.facts().get(CERTIFICATES);
        let named = named.and_then(|named| named.as_array());
        let named = named.is_some_and(|list| list.iter().any(|d| d.as_str() == Some(&*digest)));
        if tells && named {
            Ok(Some(proven))
        } else {
            Err(LedgerError::OtherCertificate)
        }
    }

    fn text(&self) -> Result<String, LedgerError> {
        String::from_utf8(self.signed()?.text().to_vec()).map_err(|_| LedgerError::NotCertificate)
    }

    fn signed(&self) -> Result<Note, LedgerError> {
        Note::from_bytes(self.note.as_bytes()).map_err(|_| LedgerError::NotCertificate)
    }
}

#[cfg(test)]
mod tests;
