//! Offline verification of a certificate, step by step: every step is told, those that could not be taken too.

use serde::Serialize;
use yunei_model::{Digest, inert};

use super::{Certificate, CertificateFile, OPENING_FORMAT, Opening};
use crate::{LedgerError, Quorum, VerifierKey};

/// Steps of a verification, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The file is a certificate, in its one spelling.
    Form,
    /// The log's key signed it.
    Signature,
    /// The table is the one that it is about.
    Table,
    /// An entry of the log names it.
    Inclusion,
    /// The checkpoint over that entry carries the witnesses' quorum.
    Witnesses,
    /// It commits to what was opened.
    Opening,
}

/// How a step ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Held {
    /// It holds.
    Yes,
    /// It does not.
    No,
    /// What it needs was not presented.
    NotLooked,
}

/// One step as it was taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepTaken {
    /// Which.
    pub step: Step,
    /// How it ended.
    pub holds: Held,
    /// What was found.
    pub detail: String,
}

/// A table as someone has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentedTable {
    /// Headings, in order.
    pub headings: Vec<String>,
    /// Rows without the heading.
    pub rows: u64,
    /// Digest over the rows.
    pub digest: Digest,
}

/// All that was presented.
#[derive(Debug, Clone, Copy)]
pub struct Presented<'p> {
    /// The certificate's file.
    pub file: &'p str,
    /// The log's key.
    pub key: &'p VerifierKey,
    /// The table.
    pub table: Option<&'p PresentedTable>,
    /// Quorum policy that its checkpoint must meet.
    pub quorum: Option<&'p Quorum>,
    /// Openings, as JSON.
    pub openings: &'p [String],
    /// Whether a certificate without a receipt fails.
    pub inclusion_needed: bool,
}

/// What a verification found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CertificateReport {
    /// Whether no step failed.
    pub holds: bool,
    /// The steps.
    pub steps: Vec<StepTaken>,
    /// Digest of what is signed.
    pub digest: Option<Digest>,
    /// What the certificate says: there once its form and its signature hold.
    pub certificate: Option<Certificate>,
    /// Index of the entry that names it.
    pub index: Option<u64>,
    /// Entries under the checkpoint over that entry.
    pub size: Option<u64>,
    /// What was opened, leaf by leaf; only what the certificate commits to.
    pub opened: Vec<serde_json::Map<String, serde_json::Value>>,
}

impl Presented<'_> {
    /// Takes every step that what was presented allows.
    #[must_use]
    pub fn verify(&self) -> CertificateReport {
        let mut report = CertificateReport {
            holds: true,
            steps: Vec::new(),
            digest: None,
            certificate: None,
            index: None,
            size: None,
            opened: Vec::new(),
        };
        let file = match CertificateFile::parse(self.file)
            .and_then(|file| file.certificate().map(|_| file))
        {
            Ok(file) => file,
            Err(error) => {
                report.take(Step::Form, Held::No, error.to_string());
                return report;
            }
        };
        report.digest = file.digest().ok();
        report.take(
            Step::Form,
            Held::Yes,
            "a certificate of format 1".to_owned(),
        );
        match file.verify_signature(self.key) {
            Ok(certificate) => {
                let log = format!("signed by the key of `{}`", certificate.log);
                report.take(Step::Signature, Held::Yes, log);
                report.certificate = Some(certificate);
            }
            Err(error) => report.take(Step::Signature, Held::No, error.to_string()),
        }
        self.table(&mut report);
        self.inclusion(&file, &mut report);
        self.openings(&mut report);
        report
    }

    fn table(&self, report: &mut CertificateReport) {
        let (Some(table), Some(certificate)) = (self.table, &report.certificate) else {
            return report.take(
                Step::Table,
                Held::NotLooked,
                "no table was given".to_owned(),
            );
        };
        let fault = fault(certificate, table);
        match fault {
            None => {
                let told = format!("{} rows, and the digest over them is the same", table.rows);
                report.take(Step::Table, Held::Yes, told);
            }
            Some(fault) => report.take(Step::Table, Held::No, fault),
        }
    }

    fn inclusion(&self, file: &CertificateFile, report: &mut CertificateReport) {
        let none = "the file holds no receipt; its owner gets one after the hour";
        match file.verify_inclusion(self.key) {
            Ok(Some(proven)) => {
                report.index = Some(proven.index);
                report.size = Some(proven.checkpoint.size);
                let told = format!(
                    "named by the entry `{}` at index {} of {}",
                    proven.entry.kind(),
                    proven.index,
                    proven.checkpoint.size
                );
                report.take(Step::Inclusion, Held::Yes, told);
            }
            Ok(None) if self.inclusion_needed => {
                report.take(Step::Inclusion, Held::No, none.to_owned());
            }
            Ok(None) => report.take(Step::Inclusion, Held::NotLooked, none.to_owned()),
            Err(error) => report.take(Step::Inclusion, Held::No, error.to_string()),
        }
        let Some(quorum) = self.quorum else {
            let told = "no quorum policy was given".to_owned();
            return report.take(Step::Witnesses, Held::NotLooked, told);
        };
        let Some(receipt) = &file.receipt else {
            let told = "without a receipt there is no checkpoint".to_owned();
            return report.take(Step::Witnesses, Held::No, told);
        };
        let status = quorum.status(receipt.checkpoint.as_bytes());
        let told = format!(
            "{} of {} witnesses cosigned, {} needed",
            status.valid, status.known, status.needed
        );
        let held = if status.reached { Held::Yes } else { Held::No };
        report.take(Step::Witnesses, held, told);
    }

    fn openings(&self, report: &mut CertificateReport) {
        if self.openings.is_empty() {
            let told = "no opening was given".to_owned();
            return report.take(Step::Opening, Held::NotLooked, told);
        }
        for opening in self.openings {
            match self.opening(opening, report) {
                Ok(leaves) => {
                    let told = format!("it commits to all of {leaves} leaves");
                    report.take(Step::Opening, Held::Yes, told);
                }
                Err(fault) => report.take(Step::Opening, Held::No, fault),
            }
        }
    }

    fn opening(&self, text: &str, report: &mut CertificateReport) -> Result<usize, String> {
        let opening: Opening =
            serde_json::from_str(text).map_err(|_| "it is no opening".to_owned())?;
        let Some(certificate) = &report.certificate else {
            return Err("the certificate itself does not hold".to_owned());
        };
        if opening.format != OPENING_FORMAT
            || opening.release != certificate.release
            || Some(opening.certificate) != report.digest
        {
            return Err("it is an opening of another certificate".to_owned());
        }
        let leaves = opening.leaves.iter();
        let opened: Result<Vec<_>, LedgerError> = leaves
            .map(|leaf| leaf.verify(&certificate.commitments))
            .collect();
        let opened = opened.map_err(|error| error.to_string())?;
        if opened.is_empty() {
            return Err("it opens nothing".to_owned());
        }
        let leaves = opened.len();
        report.opened.extend(opened);
        Ok(leaves)
    }
}

impl CertificateReport {
    fn take(&mut self, step: Step, holds: Held, detail: String) {
        self.holds &= holds != Held::No;
        self.steps.push(StepTaken {
            step,
            holds,
            detail,
        });
    }
}

/// Why the table is not the one that the certificate is about.
fn fault(certificate: &Certificate, table: &PresentedTable) -> Option<String> {
    let told = &certificate.table;
    if table.headings.len() != told.columns.len() {
        let (has, needs) = (table.headings.len(), told.columns.len());
        return Some(format!("it has {has} columns, and the certificate {needs}"));
    }
    let mut pairs = table.headings.iter().zip(&told.columns);
    let other = pairs.find(|(heading, column)| {
        let title = column.title.as_ref();
        let titles = title.map(|title| [inert(&title.zh), inert(&title.en)]);
        let named = *heading == column.name.as_str();
        !named && !titles.is_some_and(|titles| titles.contains(heading))
    });
    if let Some((heading, column)) = other {
        let name = &column.name;
        return Some(format!(
            "a column is headed `{heading}`, and in the certificate `{name}`"
        ));
    }
    if table.rows != told.rows {
        let (has, needs) = (table.rows, told.rows);
        return Some(format!("it has {has} rows, and the certificate {needs}"));
    }
    (table.digest != told.digest).then(|| {
        format!(
            "the digest over its rows is {}, and in the certificate {}",
            table.digest, told.digest
        )
    })
}
