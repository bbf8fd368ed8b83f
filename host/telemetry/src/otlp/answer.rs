//! What a collector makes of a batch.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceResponse;
use prost::Message as _;

/// What to do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// It has all of the batch.
    Taken,
    /// It has the batch but for so many spans, which must not be sent again.
    TakenInPart {
        /// Spans that it refused.
        refused: u64,
    },
    /// It does not have the batch, and may take it later.
    Later,
    /// It will never take this batch as it is.
    Refused,
}

/// Reads an answer.
///
/// The specification calls 429, 502, 503 and 504 worth trying again, and nothing else. Since nothing may be lost, whatever can be put
/// right at the collector (credentials, an address, a failure of its own) is tried again as well: only what is about the batch itself
/// is a refusal.
#[must_use]
pub fn answered(status: u16, body: &[u8]) -> Answer {
    match status {
        200..=299 => {
            // An answer of an intermediary, or in JSON, is no protobuf: its status counts.
            let refused = ExportTraceServiceResponse::decode(body)
                .ok()
                .and_then(|response| response.partial_success)
                .map_or(0, |partial| {
                    u64::try_from(partial.rejected_spans).unwrap_or(0)
                });
            match refused {
                0 => Answer::Taken,
                refused => Answer::TakenInPart { refused },
            }
        }
        400 | 413 | 415 | 422 => Answer::Refused,
        _ => Answer::Later,
    }
}
