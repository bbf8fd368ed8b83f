//! The transparency log: its static files under `/log/` as tlog-tiles has them, receipts, and proofs of consistency.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, VARY};
use http::{HeaderName, HeaderValue};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use yunei_authority::Action;
use yunei_ledger::{LedgerError, Proof, Receipt, Tile};
use yunei_lifecycle::Domain;
use yunei_model::{Digest, EntryId, RunId};

use crate::answer::{Answer, Answered};
use crate::caller::{Caller, Visitor};
use crate::document::Description;
use crate::failure::Failure;
use crate::query::Asked;
use crate::route::{Budget, Route, get};
use crate::segment::{Segment, Segments};

pub(super) const TAG: &str = "log";

/// Media type of notes and receipts.
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
/// Media type of tiles.
const BYTES: HeaderValue = HeaderValue::from_static("application/octet-stream");
/// A full tile is the same for ever, and for everyone.
const IMMUTABLE: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
/// The same for ever, and not for everyone.
const IMMUTABLE_PRIVATE: HeaderValue =
    HeaderValue::from_static("private, max-age=31536000, immutable");
/// A partial tile is the same as long as it is there.
const SHORT: HeaderValue = HeaderValue::from_static("max-age=60");
/// The same as long as it is there, and not for everyone.
const SHORT_PRIVATE: HeaderValue = HeaderValue::from_static("private, max-age=60");

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/log/checkpoint", checkpoint)
            .public("whoever checks the log needs it; strangers see it as of the last full hour")
            .reads("a size and a hash, and nothing of the record")
            .described(
                Description::new(TAG, "logCheckpoint", "The log's signed checkpoint (tlog-checkpoint). Whoever may view the record gets the newest one.")
                    .gives_file("a signed note"),
            ),
        // Before the tiles of hashes: their path would take it for one of them.
        get("/log/tile/entries/{bundle}", bundle)
            .decided_by(&[Action::ViewRecord])
            .reads("whoever may read the record leaves `queried`, as its policies want")
            .described(
                Description::new(TAG, "logEntries", "An entry bundle (tlog-tiles), for those who may view the whole record.")
                    .gives_file("entries, each after its length in two bytes"),
            )
            .reaching_to_the_end(),
        get("/log/tile/{tile}", tile)
            .public("whoever checks the log needs it, as far as the checkpoint reaches that they see")
            .reads("hashes with a secret nonce in each leaf, and nothing of the record")
            .described(
                Description::new(TAG, "logTile", "A tile of hashes (tlog-tiles), such as `0/x001/234.p/5`.")
                    .gives_file("hashes of 32 bytes each"),
            )
            .reaching_to_the_end(),
        get("/api/v1/log/consistency", consistency)
            .public("whoever checks the log needs it, as far as the checkpoint reaches that they see")
            .reads("hashes, and nothing of the record")
            .described(
                Description::new(TAG, "logConsistency", "Proves that the log of `to` entries begins with that of `from` entries (RFC 6962).")
                    .asks::<Sizes>()
                    .gives("Consistency"),
            ),
        get("/api/v1/record/{id}/receipt", entry_receipt)
            .decided_by(&[Action::ViewRecord])
            .reads("whoever may read the record leaves `queried`, as its policies want")
            .described(
                Description::new(TAG, "entryReceipt", "The receipt of an entry: proves offline that it is in the log, under the newest checkpoint with the witnesses' quorum that covers it, or else the newest signed one.")
                    .gives_file("a proof in the format tlog-proof"),
            ),
        get("/api/v1/runs/{id}/calls/{index}/receipt", call_receipt)
            .decided_by(&[Action::ViewRunDetail])
            .reads("names, counts and times of calls, for those who supervise; authorities' reading is `queried`")
            .described(
                Description::new(TAG, "callReceipt", "The receipt of one host call: proves offline that it is in the trace that an entry of the log commits to, under a checkpoint as that of an entry's receipt.")
                    .gives_file("a proof in the format tlog-proof"),
            )
            .costing(Budget::TABLE),
    ]
}

/// What stands behind `/log/tile/`.
#[derive(Debug)]
struct HashTile(Tile);

impl FromStr for HashTile {
    type Err = LedgerError;

    fn from_str(text: &str) -> Result<Self, LedgerError> {
        format!("tile/{text}").parse().map(Self)
    }
}

/// What stands behind `/log/tile/entries/`.
#[derive(Debug)]
struct Bundle(Tile);

impl FromStr for Bundle {
    type Err = LedgerError;

    fn from_str(text: &str) -> Result<Self, LedgerError> {
        format!("tile/entries/{text}").parse().map(Self)
    }
}

/// Between which sizes.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Sizes {
    /// Entries of the earlier log, 1 at least.
    #[param(minimum = 1)]
    from: u64,
    /// Entries of the later one.
    #[param(minimum = 1)]
    to: u64,
}

#[derive(Debug, Serialize)]
struct Consistency {
    from: u64,
    to: u64,
    proof: Vec<Digest>,
}

async fn checkpoint(
    State(domain): State<Arc<Domain>>,
    Visitor(actor): Visitor,
) -> Result<Response, Failure> {
    let note = domain.published_checkpoint(actor.as_ref()).await?;
    Ok(answered(
        note.into_bytes(),
        [(CONTENT_TYPE, TEXT), (VARY, AUTHORIZED)],
    ))
}

/// The answer depends on who asks.
const AUTHORIZED: HeaderValue = HeaderValue::from_static("authorization");

async fn tile(
    State(domain): State<Arc<Domain>>,
    Visitor(actor): Visitor,
    Segment(HashTile(tile)): Segment<HashTile>,
) -> Result<Response, Failure> {
    let bytes = domain.published_tile(actor.as_ref(), tile).await?;
    // A cache on the way must not tell strangers how far the log is for others.
    let kept = match (tile.is_full(), actor.is_some()) {
        (true, false) => IMMUTABLE,
        (true, true) => IMMUTABLE_PRIVATE,
        (false, false) => SHORT,
        (false, true) => SHORT_PRIVATE,
    };
    Ok(answered(
        bytes,
        [(CONTENT_TYPE, BYTES), (CACHE_CONTROL, kept)],
    ))
}

async fn bundle(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(Bundle(tile)): Segment<Bundle>,
) -> Result<Response, Failure> {
    let bytes = domain.entry_bundle(&actor, tile).await?;
    let kept = if tile.is_full() {
        IMMUTABLE_PRIVATE
    } else {
        SHORT_PRIVATE
    };
    Ok(answered(
        bytes,
        [(CONTENT_TYPE, BYTES), (CACHE_CONTROL, kept)],
    ))
}

async fn consistency(
    State(domain): State<Arc<Domain>>,
    Visitor(actor): Visitor,
    Asked(Sizes { from, to }): Asked<Sizes>,
) -> Answered<Consistency> {
    let Proof(proof) = domain.consistency(actor.as_ref(), from, to).await?;
    Ok(Answer::ok(Consistency { from, to, proof }))
}

async fn entry_receipt(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(entry): Segment<EntryId>,
) -> Result<Response, Failure> {
    let receipt = domain.entry_receipt(&actor, entry).await?;
    receipt_file(&receipt, &format!("entry-{entry}"))
}

async fn call_receipt(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segments(run, index): Segments<RunId, u64>,
) -> Result<Response, Failure> {
    let receipt = domain.call_receipt(&actor, run, index).await?;
    receipt_file(&receipt, &format!("run-{run}-call-{index}"))
}

fn receipt_file(receipt: &Receipt, name: &str) -> Result<Response, Failure> {
    // INVARIANT: a file's name is made of ids and numbers, so it needs no quoting.
    let disposition = format!("attachment; filename=\"{name}.tlog-proof\"");
    let disposition = HeaderValue::from_str(&disposition).map_err(Failure::inside)?;
    let text = receipt.to_text().into_bytes();
    Ok(answered(
        text,
        [(CONTENT_TYPE, TEXT), (CONTENT_DISPOSITION, disposition)],
    ))
}

fn answered<const N: usize>(bytes: Vec<u8>, with: [(HeaderName, HeaderValue); N]) -> Response {
    let mut response = bytes.into_response();
    for (name, value) in with {
        response.headers_mut().insert(name, value);
    }
    response
}
