//! Checking and cosigning.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use cap_std::fs::Dir;
use yunei_ledger::{Checkpoint, CosigningKey, LedgerError, VerifierKey, WitnessKey, cosignature};
use yunei_model::{Clock, Digest};
use yunei_telemetry::event;

use crate::book::{self, Book, Page};
use crate::evidence::Evidence;
use crate::request::Request;
use crate::{Refused, WitnessError};

/// Keys of logs at most.
pub(crate) const LOGS_MAX: usize = 1024;

/// A witness: its key, the logs that it knows, and its book.
pub struct Witness {
    key: CosigningKey,
    logs: BTreeMap<String, Log>,
    book: Book,
    evidence: Evidence,
    clock: Arc<dyn Clock>,
}

struct Log {
    keys: Vec<VerifierKey>,
    /// INVARIANT: held from the look at the page until the page is turned, so that two requests never both build on one page.
    kept: Mutex<Kept>,
}

struct Kept {
    page: Option<Page>,
    /// The page's note with the cosignature on it, as it was answered last.
    cosigned: Option<String>,
}

impl Witness {
    /// Opens a witness's directory, for this process alone.
    ///
    /// # Errors
    /// [`WitnessError`] when another process has it, or what is kept there does not hold.
    pub fn open(
        directory: &Dir,
        key: CosigningKey,
        logs: impl IntoIterator<Item = VerifierKey>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, WitnessError> {
        let mut known: BTreeMap<String, Vec<VerifierKey>> = BTreeMap::new();
        for key in logs {
            known.entry(key.name().to_owned()).or_default().push(key);
        }
        let keys: usize = known.values().map(Vec::len).sum();
        if keys == 0 || keys > LOGS_MAX {
            return Err(WitnessError::Logs { max: LOGS_MAX });
        }
        let book = Book::open(directory)?;
        let mut logs = BTreeMap::new();
        for (origin, keys) in known {
            let page = book.page(&origin)?;
            let kept = Mutex::new(Kept {
                page,
                cosigned: None,
            });
            logs.insert(origin, Log { keys, kept });
        }
        Ok(Self {
            key,
            logs,
            book,
            evidence: Evidence::open(directory)?,
            clock,
        })
    }

    /// Its public key.
    #[must_use]
    pub const fn public(&self) -> &WitnessKey {
        self.key.public()
    }

    /// The logs that it knows, with the size of the newest checkpoint of each that it cosigned.
    #[must_use]
    pub fn logs(&self) -> Vec<(String, u64)> {
        let size = |log: &Log| {
            let kept = log.kept.lock().unwrap_or_else(PoisonError::into_inner);
            kept.page.as_ref().map_or(0, |page| page.size)
        };
        let logs = self.logs.iter();
        logs.map(|(origin, log)| (origin.clone(), size(log)))
            .collect()
    }

    /// Checks a request in the order of C2SP tlog-witness, keeps the checkpoint, cosigns it. Gives the cosignature's line. Blocks
    /// until the checkpoint is durable.
    ///
    /// # Errors
    /// [`Refused`]; nothing is cosigned then.
    pub fn add_checkpoint(&self, body: &[u8]) -> Result<String, Refused> {
        let request = Request::parse(body)?;
        let origin = cosignature::origin(request.note)
            .map_err(|_| Refused::Malformed("the checkpoint is no signed note"))?;
        let log = self.logs.get(&origin).ok_or(Refused::UnknownLog)?;
        let (checkpoint, note) = log.open(request.note)?;
        if request.old_size > checkpoint.size {
            return Err(Refused::Malformed(
                "the old size is larger than the checkpoint's",
            ));
        }
        let mut kept = log.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let known = kept.page.as_ref().map_or(0, |page| page.size);
        if request.old_size != known {
            return Err(Refused::Stale { known });
        }
        if !agrees(kept.page.as_ref(), &request, &checkpoint) {
            event!(
                ERROR,
                CHECKPOINT_REFUSED,
                CHECKPOINT_SIZE = checkpoint.size,
                CODE = "inconsistent"
            );
            self.evidence.keep(&origin, kept.page.as_ref(), body)?;
            return Err(Refused::Inconsistent);
        }
        let page = Page {
            size: checkpoint.size,
            root: checkpoint.root,
            at_seconds: self.now(kept.page.as_ref()),
            note,
        };
        // INVARIANT: durable before anything is signed.
        self.book.turn(&origin, &page)?;
        let cosigned = self.cosign(&page)?;
        kept.page = Some(page);
        kept.cosigned = Some(cosigned.0);
        event!(
            DEBUG,
            CHECKPOINT_COSIGNED,
            CHECKPOINT_SIZE = checkpoint.size
        );
        Ok(cosigned.1)
    }

    /// The newest checkpoint of a log with this witness's cosignature on it, by the SHA-256 of the log's origin in lower-case
    /// hexadecimal digits. After a restart it is cosigned anew.
    ///
    /// # Errors
    /// [`Refused::UnknownLog`] when there is none.
    pub fn checkpoint(&self, origin_hash: &str) -> Result<String, Refused> {
        let log = self
            .logs
            .iter()
            .find(|(origin, _)| book::name(origin) == origin_hash);
        let (_, log) = log.ok_or(Refused::UnknownLog)?;
        let mut kept = log.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(cosigned) = &kept.cosigned {
            return Ok(cosigned.clone());
        }
        let page = kept.page.as_ref().ok_or(Refused::UnknownLog)?;
        let (cosigned, _) = self.cosign(page)?;
        kept.cosigned = Some(cosigned.clone());
        Ok(cosigned)
    }

    /// The page's note with the cosignature on it, and the cosignature's line alone.
    fn cosign(&self, page: &Page) -> Result<(String, String), WitnessError> {
        let made = self.key.cosign(page.note.as_bytes(), page.at_seconds)?;
        let merged = cosignature::merge(&page.note, &made, self.key.public())?;
        Ok((merged, made.line))
    }

    /// Seconds since 1970; never before what was said of the log before, wherever the clock has gone.
    fn now(&self, before: Option<&Page>) -> u64 {
        let seconds = self.clock.now().as_micros().div_euclid(1_000_000);
        let seconds = u64::try_from(seconds).unwrap_or(0);
        seconds.max(before.map_or(0, |page| page.at_seconds))
    }
}

impl Log {
    /// The checkpoint and its note with the log's own signatures, if one of the log's keys signed it and none of them is misused.
    fn open(&self, note: &[u8]) -> Result<(Checkpoint, String), Refused> {
        Checkpoint::open_any(note, &self.keys).map_err(|error| match error {
            LedgerError::Signature(_) => Refused::UnknownKey,
            _ => Refused::Malformed("it is no checkpoint"),
        })
    }
}

/// Whether the checkpoint provably begins with what was cosigned before.
fn agrees(known: Option<&Page>, request: &Request<'_>, checkpoint: &Checkpoint) -> bool {
    if checkpoint.size == 0 && checkpoint.root != Digest::of(b"") {
        return false;
    }
    match known {
        Some(page) if page.size == checkpoint.size => {
            request.proof.0.is_empty() && page.root == checkpoint.root
        }
        Some(page) if page.size > 0 => request
            .proof
            .verify_consistency(page.size, page.root, checkpoint.size, checkpoint.root)
            .is_ok(),
        // Every tree begins with the empty one.
        _ => request.proof.0.is_empty(),
    }
}
