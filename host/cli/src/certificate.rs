//! `yunei certificate`: what a released table rests on, and whether that holds.

mod open;
mod table;
mod verify;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde_json::json;
use yunei_ledger::{CERTIFICATE_BYTES_MAX, CertificateFile};
use yunei_model::ReleaseId;

use crate::caller::Caller;
use crate::exit::Exit;
use crate::{files, printer};

/// Certificates.
#[derive(Debug, Subcommand)]
pub enum Certificates {
    /// Fetches the certificate of a release
    Get(Get),
    /// Verifies a certificate, and a table against it, without any server
    Verify(verify::Verify),
    /// Opens figures that a certificate commits to, as an authority; that goes onto the record
    Open(open::Open),
}

/// Which certificate, and where to.
#[derive(Debug, Args)]
pub struct Get {
    /// Id of the release
    release: ReleaseId,
    /// File to write; standard output without it
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Certificates {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        match self {
            Self::Get(get) => get.run(caller)?,
            Self::Verify(verify) => return verify.run(caller),
            Self::Open(open) => open.run(caller)?,
        }
        Ok(Exit::Done)
    }
}

impl Get {
    fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let mut bytes = Vec::new();
        let path = format!("/releases/{}/certificate", self.release);
        caller.client()?.get(path).copy_to(&mut bytes)?;
        let Some(file) = self.out else {
            return printer::bytes(&bytes);
        };
        let text = String::from_utf8_lossy(&bytes);
        let recorded = bytes.len() <= CERTIFICATE_BYTES_MAX
            && CertificateFile::parse(&text).is_ok_and(|read| read.receipt.is_some());
        files::write(&file, &bytes)?;
        let told = json!({ "release": self.release, "file": file, "receipt": recorded });
        let receipt = if recorded {
            "with the receipt of an entry that names it"
        } else {
            "without a receipt yet: fetch it again after the next full hours"
        };
        let words = format!("certificate in `{}`, {receipt}", file.display());
        caller.printer().say(&told, &words)
    }
}
