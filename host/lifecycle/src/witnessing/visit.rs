//! One submission to one witness (C2SP tlog-witness, add-checkpoint).

use base64::prelude::{BASE64_STANDARD, Engine as _};
use tracing::Instrument as _;
use yunei_ledger::{Cosignature, Witness, cosignature};
use yunei_model::Timestamp;
use yunei_outbound::{Address, Reply};
use yunei_store::WitnessCursor;
use yunei_telemetry::{TraceParent, event};

use super::{WitnessFault, Witnessing};
use crate::{Domain, LifecycleError};

/// Requests of one submission at most: a witness may tell another size than the one expected, and may have moved on meanwhile.
const ATTEMPTS_MAX: u32 = 3;
/// Seconds that the time of a cosignature may be from the time here.
const CLOCK_SECONDS_MAX: u64 = 300;
/// Bytes of a size in a witness's answer at most.
const SIZE_BYTES_MAX: usize = 24;

impl Domain {
    /// Asks a witness for its cosignature over the checkpoint of `size`, from wherever the witness is, and keeps it.
    pub(super) async fn visit(
        &self,
        witnessing: &Witnessing,
        index: usize,
        size: u64,
    ) -> Result<(), WitnessFault> {
        let witness = witnessing.quorum.witnesses().get(index);
        let (Some(witness), Some(address)) = (witness, witnessing.addresses.get(index)) else {
            return Err(WitnessFault::Inside);
        };
        let mut known = witnessing
            .state(&witness.name, |state| state.cursor.size)
            .min(size);
        for _attempt in 0..ATTEMPTS_MAX {
            let (note, reply) = self.submit_to(witnessing, address, known, size).await?;
            match reply.status {
                200 => {
                    let cosignature = self.checked(&note, &reply, witness)?;
                    let kept = self
                        .keep_cosignature(witnessing, witness, size, cosignature)
                        .await;
                    return kept.map_err(told);
                }
                409 => {
                    let stated = stated(&reply).ok_or(WitnessFault::Malformed)?;
                    if stated == known {
                        return Err(WitnessFault::Contradiction);
                    }
                    if stated > size {
                        return self.beyond(stated).await.map_err(told)?;
                    }
                    known = stated;
                }
                403 => return Err(WitnessFault::UnknownKey),
                404 => return Err(WitnessFault::UnknownLog),
                422 => return Err(WitnessFault::Refused),
                408 | 429 | 500..=599 => return Err(WitnessFault::Busy),
                _ => return Err(WitnessFault::Malformed),
            }
        }
        Err(WitnessFault::Contradiction)
    }

    async fn submit_to(
        &self,
        witnessing: &Witnessing,
        address: &Address,
        known: u64,
        size: u64,
    ) -> Result<(String, Reply), WitnessFault> {
        let (note, body) = self.add_checkpoint_body(known, size).await.map_err(told)?;
        let mut headers = vec![(
            "content-type".to_owned(),
            "text/plain; charset=utf-8".to_owned(),
        )];
        // A checkpoint covers many requests: it stems from the one that made its last entry.
        let span = self.stage_below_request("witness", size).await;
        let span = span.map_err(told)?;
        headers.extend(span.in_scope(TraceParent::outbound));
        let url = address.join("/add-checkpoint");
        let reply = witnessing.client.post(url, headers, body);
        let reply = reply.instrument(span).await;
        Ok((note, reply.map_err(|error| WitnessFault::from(&error))?))
    }

    /// The checkpoint's note, and the body that submits it with a proof from `known`.
    async fn add_checkpoint_body(
        &self,
        known: u64,
        size: u64,
    ) -> Result<(String, Vec<u8>), LifecycleError> {
        let checkpoint = self.store.checkpoint_of(size).await?;
        let checkpoint = checkpoint.ok_or(LifecycleError::Impossible {
            detail: "a signed checkpoint that is not kept",
        })?;
        let mut body = format!("old {known}\n");
        if known > 0 && known < size {
            for hash in self.store.consistency_proof(known, size).await?.0 {
                body.push_str(&BASE64_STANDARD.encode(hash.as_bytes()));
                body.push('\n');
            }
        }
        body.push('\n');
        body.push_str(&checkpoint.note);
        Ok((checkpoint.note, body.into_bytes()))
    }

    /// The witness knows a larger tree than the one that it is asked for. That is well when this log is as large by now: then
    /// somebody else, a monitor perhaps, has submitted it.
    async fn beyond(&self, known: u64) -> Result<Result<(), WitnessFault>, LifecycleError> {
        let newest = self
            .store
            .newest_checkpoint()
            .await?
            .map_or(0, |newest| newest.size);
        Ok(if known > newest {
            Err(WitnessFault::Ahead)
        } else {
            Ok(())
        })
    }

    /// The cosignature in an answer, if it is of this witness's key, over this note, and of about now.
    fn checked(
        &self,
        note: &str,
        reply: &Reply,
        witness: &Witness,
    ) -> Result<Cosignature, WitnessFault> {
        let lines = std::str::from_utf8(&reply.body).map_err(|_| WitnessFault::Malformed)?;
        let found = cosignature::answered(note, lines, &witness.key);
        let found = found.ok().flatten().ok_or(WitnessFault::Forged)?;
        let now = self.clock.now().as_micros().div_euclid(1_000_000);
        if u64::try_from(now).unwrap_or(0).abs_diff(found.at_seconds) > CLOCK_SECONDS_MAX {
            return Err(WitnessFault::Clock);
        }
        Ok(found)
    }

    /// Puts a checked cosignature onto the checkpoint's note, and sees whether that makes the quorum.
    async fn keep_cosignature(
        &self,
        witnessing: &Witnessing,
        witness: &Witness,
        size: u64,
        cosignature: Cosignature,
    ) -> Result<(), LifecycleError> {
        let mut change = self.store.begin().await?;
        let kept = change.checkpoint_of(size).await?;
        let kept = kept.ok_or(LifecycleError::Impossible {
            detail: "a signed checkpoint that is not kept",
        })?;
        let merged = cosignature::merge(&kept.note, &cosignature, &witness.key)?;
        let reached = witnessing.quorum.status(merged.as_bytes()).reached;
        let seconds = i64::try_from(cosignature.at_seconds).unwrap_or(i64::MAX);
        let cursor = WitnessCursor {
            size,
            cosigned_at: Some(Timestamp::from_micros(seconds.saturating_mul(1_000_000))),
        };
        let witnessed_at = reached.then(|| self.clock.now());
        change.put_cosigned(size, &merged, witnessed_at).await?;
        change
            .put_witness_cursor(&witness.key.to_string(), &cursor)
            .await?;
        change.commit().await?;
        witnessing.state(&witness.name, |state| state.cursor = cursor);
        if reached {
            witnessing.witnessed.send_if_modified(|newest| {
                let newer = size > *newest;
                *newest = size.max(*newest);
                newer
            });
        }
        Ok(())
    }
}

/// The size that a witness answers a stale request with.
fn stated(reply: &Reply) -> Option<u64> {
    let text = std::str::from_utf8(&reply.body).ok()?;
    let text = text
        .strip_suffix('\n')
        .filter(|text| text.len() <= SIZE_BYTES_MAX)?;
    let size: u64 = text.parse().ok()?;
    let kind = reply.content_type.as_deref().unwrap_or_default();
    (kind.starts_with("text/x.tlog.size") && size.to_string() == text).then_some(size)
}

/// A failure on this side is told here; the witness is asked again.
fn told(error: LifecycleError) -> WitnessFault {
    event!(ERROR, STAGE_FAILED, STAGE = "witness", CAUSE = %error);
    WitnessFault::Inside
}
