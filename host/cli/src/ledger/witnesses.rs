//! `yunei ledger witnesses`: how far the log is witnessed, and how it stands with each witness.

use serde::Deserialize;
use yunei_model::{Text, Timestamp};

use crate::caller::Caller;
use crate::printer::text;
use crate::sheet::{Sheet, number, time};

#[derive(Debug, Deserialize)]
struct Witnessing {
    configured: bool,
    lag_s: Option<u64>,
    newest: Option<Cosigned>,
    witnessed: Option<Cosigned>,
    grade_from: Option<String>,
    witnesses: Vec<Witness>,
}

#[derive(Debug, Deserialize)]
struct Cosigned {
    size: Option<u64>,
    valid: u64,
    known: u64,
    needed: u64,
}

#[derive(Debug, Deserialize)]
struct Witness {
    name: String,
    outside: bool,
    counted: bool,
    answers: bool,
    size: Option<u64>,
    cosigned_at: Option<Timestamp>,
    fault: Option<String>,
    explained: Option<Text>,
}

/// Asks, and shows.
pub(super) fn show(caller: &Caller) -> anyhow::Result<()> {
    let answer = caller.client()?.get("/log/witnesses").send()?;
    caller
        .printer()
        .show(&answer, |told: Witnessing| words(&told))
}

fn words(told: &Witnessing) -> String {
    if !told.configured {
        return "No witnesses: nobody outside holds the log to what it said. A quorum policy is given with `yunei serve --witnesses`."
            .to_owned();
    }
    let mut sheet = Sheet::new(["witness", "outside", "state", "cosigned up to", "last", ""]);
    for witness in &told.witnesses {
        let state = match (&witness.fault, witness.answers) {
            (Some(fault), _) => fault.clone(),
            (None, true) => "cosigns".to_owned(),
            (None, false) => "not asked yet".to_owned(),
        };
        let name = if witness.counted {
            witness.name.clone()
        } else {
            format!("{} (not in the quorum)", witness.name)
        };
        sheet.row([
            name,
            if witness.outside { "yes" } else { "no" }.to_owned(),
            state,
            witness.size.map(number).unwrap_or_default(),
            witness.cosigned_at.map(time).unwrap_or_default(),
            witness
                .explained
                .as_ref()
                .map(|text| text.en.clone())
                .unwrap_or_default(),
        ]);
    }
    let mut lines = vec![text(&sheet), String::new(), sentence(told)];
    if let Some(grade) = &told.grade_from {
        lines.push(format!(
            "Releases from resources of grade {grade} or above wait for the quorum."
        ));
    }
    lines.join("\n")
}

fn sentence(told: &Witnessing) -> String {
    let Some(witnessed) = &told.witnessed else {
        let newest = told.newest.as_ref();
        let valid = newest.map_or(0, |newest| newest.valid);
        return format!(
            "NO QUORUM YET: {valid} cosignatures on the newest checkpoint, {} s behind.",
            told.lag_s.unwrap_or(0)
        );
    };
    let size = witnessed
        .size
        .map(|size| format!(" up to {} entries", number(size)));
    format!(
        "{} of {} witnessed{} ({} needed), {} s behind.",
        witnessed.valid,
        witnessed.known,
        size.unwrap_or_default(),
        witnessed.needed,
        told.lag_s.unwrap_or(0),
    )
}
