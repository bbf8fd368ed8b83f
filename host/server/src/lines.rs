//! Files that are written as they are read: JSON lines and CSV, with what a receipt needs in each line.

use axum::body::Body;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::Stream;
use http::HeaderValue;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::{Value, json};
use yunei_lifecycle::{Domain, Evidence, Export, Exported, FoundCall, LifecycleError, Piece};
use yunei_model::{Digest, Retrieval};
use yunei_store::SignedCheckpoint;

use crate::failure::Failure;
use crate::streams::Place;

/// The format that the first line names.
const FORMAT: &str = "yunei-entries/1";
/// How to verify, in both languages.
const HOW_ZH: &str = "每行的 entry 按 RFC 8785 规范化后，以 SHA-256(0x00 ‖ 字节) 得到 leaf_hash；proof 为其在检查点树中的包含证明（RFC 6962，自下而上，base64），\
检查点为 C2SP 签名注记，公钥见 log_key。";
const HOW_EN: &str = "leaf_hash is SHA-256(0x00 ‖ bytes) of entry in canonical JSON (RFC 8785); proof is its inclusion proof in the tree of the \
checkpoint (RFC 6962, from the leaf upwards, base64); the checkpoint is a C2SP signed note under log_key.";
/// Columns of CSV.
const COLUMNS: &str = "position,index,leaf_hash,id,kind,at,actor,operator,run,grant,module,resources,decision,entry,proof";

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Written {
    /// A JSON object per line.
    #[default]
    Jsonl,
    /// RFC 4180, after lines that begin with `#`.
    Csv,
}

/// What the first lines tell.
#[derive(Debug)]
pub(crate) struct Head {
    log_key: String,
    up_to: u64,
    checkpoint: Option<SignedCheckpoint>,
    retrieval: Option<Retrieval>,
}

impl Head {
    pub(crate) fn of(domain: &Domain, export: &Export, retrieval: Option<Retrieval>) -> Self {
        Self {
            log_key: domain.log_key().to_string(),
            up_to: export.up_to(),
            checkpoint: export.checkpoint().cloned(),
            retrieval,
        }
    }

    fn text(&self, format: Written) -> String {
        let note = self.checkpoint.as_ref();
        let checkpoint = note.map(|c| json!({ "size": c.size, "note": c.note }));
        let mut told = json!({
            "format": FORMAT, "log_key": self.log_key, "up_to": self.up_to, "checkpoint": checkpoint,
            "verify": { "zh": HOW_ZH, "en": HOW_EN },
        });
        if let (Some(retrieval), Some(told)) = (&self.retrieval, told.as_object_mut()) {
            told.insert("retrieval".to_owned(), json!(retrieval));
        }
        match format {
            Written::Jsonl => format!("{}\n", json!({ "export": told })),
            Written::Csv => format!("# {told}\n{COLUMNS}\r\n"),
        }
    }
}

/// Where lines come from.
enum Source {
    Entries(Box<Export>),
    Evidence(Box<Evidence>),
}

impl Source {
    async fn next(&mut self) -> Result<Option<Vec<Piece>>, LifecycleError> {
        match self {
            Self::Entries(export) => {
                let page = export.next().await?;
                Ok(page.map(|page| {
                    page.into_iter()
                        .map(|e| Piece::Entry(Box::new(e)))
                        .collect()
                }))
            }
            Self::Evidence(evidence) => evidence.next().await,
        }
    }
}

/// A file on its way.
pub(crate) struct Lines {
    source: Source,
    format: Written,
    receipts: bool,
    head: Option<Head>,
    entries: u64,
    calls: u64,
    over: bool,
    _place: Place,
}

impl Lines {
    /// Entries of an export.
    pub(crate) fn entries(
        export: Export,
        format: Written,
        receipts: bool,
        head: Head,
        place: Place,
    ) -> Self {
        Self::of(
            Source::Entries(Box::new(export)),
            format,
            receipts,
            head,
            place,
        )
    }

    /// Evidence, with receipts, as JSON lines.
    pub(crate) fn evidence(evidence: Evidence, head: Head, place: Place) -> Self {
        let source = Source::Evidence(Box::new(evidence));
        Self::of(source, Written::Jsonl, true, head, place)
    }

    fn of(source: Source, format: Written, receipts: bool, head: Head, place: Place) -> Self {
        Self {
            source,
            format,
            receipts,
            head: Some(head),
            entries: 0,
            calls: 0,
            over: false,
            _place: place,
        }
    }

    /// The file, page by page, as its reader takes it.
    pub(crate) fn stream(self) -> impl Stream<Item = Result<Bytes, std::convert::Infallible>> {
        futures::stream::unfold(self, |mut lines| async move {
            let text = lines.next().await?;
            Some((Ok(Bytes::from(text)), lines))
        })
    }

    async fn next(&mut self) -> Option<String> {
        if let Some(head) = self.head.take() {
            return Some(head.text(self.format));
        }
        if self.over {
            return None;
        }
        let told = match self.source.next().await {
            Ok(Some(page)) => {
                let mut text = String::new();
                for piece in &page {
                    self.line(&mut text, piece);
                }
                return Some(text);
            }
            Ok(None) => json!({ "complete": true, "entries": self.entries, "calls": self.calls }),
            // Half a file must not look like a whole one.
            Err(error) => json!({ "complete": false, "code": Failure::from(error).code() }),
        };
        self.over = true;
        Some(match self.format {
            Written::Jsonl => format!("{}\n", json!({ "export": told })),
            Written::Csv => format!("# {told}\n"),
        })
    }

    fn line(&mut self, text: &mut String, piece: &Piece) {
        match (piece, self.format) {
            (Piece::Entry(entry), Written::Jsonl) => {
                self.entries += 1;
                text.push_str(&entry_object(entry, self.receipts));
            }
            (Piece::Entry(entry), Written::Csv) => {
                self.entries += 1;
                text.push_str(&entry_row(entry));
            }
            (Piece::Call(call), _) => {
                self.calls += 1;
                text.push_str(&call_object(call));
            }
        }
    }
}

/// The answer that such a file is.
pub(crate) fn streamed(body: Body, format: Written, name: &'static str) -> Response {
    let (media_type, disposition) = match (format, name) {
        (Written::Csv, _) => (
            "text/csv; charset=utf-8",
            "attachment; filename=\"record.csv\"",
        ),
        (Written::Jsonl, "evidence") => (
            "application/jsonl",
            "attachment; filename=\"evidence.jsonl\"",
        ),
        (Written::Jsonl, _) => ("application/jsonl", "attachment; filename=\"record.jsonl\""),
    };
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CONTENT_DISPOSITION, HeaderValue::from_static(disposition));
    response
}

fn entry_object(exported: &Exported, receipts: bool) -> String {
    let recorded = &exported.recorded;
    let entry = String::from_utf8_lossy(recorded.entry.canonical());
    let index = recorded.index.map_or("null".to_owned(), |i| i.to_string());
    let proof = match (&exported.proof, receipts) {
        (_, false) => String::new(),
        (None, true) => r#","proof":null"#.to_owned(),
        (Some(proof), true) => format!(r#","proof":{}"#, Value::from(base64(proof))),
    };
    let (position, leaf) = (recorded.position, exported.leaf_hash);
    format!(
        r#"{{"position":{position},"index":{index},"leaf_hash":"{leaf}","entry":{entry}{proof}}}"#
    ) + "\n"
}

fn entry_row(exported: &Exported) -> String {
    let (recorded, entry) = (&exported.recorded, &exported.recorded.entry);
    fn text(value: Option<impl ToString>) -> String {
        value.map(|value| value.to_string()).unwrap_or_default()
    }
    let resources: Vec<String> = exported.resources.iter().map(ToString::to_string).collect();
    let fields = [
        recorded.position.to_string(),
        text(recorded.index),
        exported.leaf_hash.to_string(),
        entry.id().to_string(),
        entry.kind().to_string(),
        entry.at().to_string(),
        text(entry.actor()),
        text(entry.operator()),
        text(entry.run()),
        text(entry.grant()),
        text(entry.module()),
        resources.join(" "),
        text(entry.decision()),
        String::from_utf8_lossy(entry.canonical()).into_owned(),
        text(exported.proof.as_ref().map(|proof| base64(proof).join(" "))),
    ];
    fields.map(|field| quoted(&field)).join(",") + "\r\n"
}

fn call_object(found: &FoundCall) -> String {
    format!("{}\n", json!({ "run": found.run, "call": found.call }))
}

fn base64(proof: &[Digest]) -> Vec<String> {
    proof
        .iter()
        .map(|hash| STANDARD.encode(hash.as_bytes()))
        .collect()
}

/// A field of CSV (RFC 4180).
fn quoted(field: &str) -> String {
    if field.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

#[cfg(test)]
mod tests;
