//! Comparing: calls as they come, verdicts at the end.

use std::collections::VecDeque;

use serde_json::{Map, Value};
use yunei_ledger::call_facts;
use yunei_model::{Call, CellVerdict, Name, RunId, Verdict};

use super::checks::checks_differ;
use super::{Difference, Place};
use crate::judge::verdicts_told;
use crate::{Domain, LifecycleError};

/// Hears the calls of a replay, and holds them against those on the record.
pub(crate) struct Heard {
    run: RunId,
    /// Calls on the record.
    calls: u64,
    /// Calls that were the same.
    pub(super) same: u64,
    recorded: VecDeque<Call>,
    pub(super) difference: Option<Difference>,
    /// Whether the run was cut off after its last call.
    cut_off: bool,
}

impl Heard {
    pub(super) fn new(run: RunId, calls: u64, cut_off: bool) -> Self {
        Self {
            run,
            calls,
            same: 0,
            recorded: VecDeque::new(),
            difference: None,
            cut_off,
        }
    }

    /// Whether nothing more is to be learnt from the guest.
    pub(crate) fn heard_enough(&self) -> bool {
        self.difference.is_some() || (self.cut_off && self.same >= self.calls)
    }

    /// The next calls of the replay.
    pub(crate) async fn take(
        &mut self,
        domain: &Domain,
        group: &[Call],
    ) -> Result<(), LifecycleError> {
        for call in group {
            if self.heard_enough() {
                return Ok(());
            }
            if self.same == self.calls {
                let place = Place::Calls;
                self.difference = Some(Difference::new(place, self.calls, self.same + 1));
                return Ok(());
            }
            if self.recorded.is_empty() {
                let page = yunei_store::PAGE_ROWS_MAX;
                let kept = domain.store.calls(self.run, self.same, page).await?;
                self.recorded = kept.into();
            }
            let recorded = self.recorded.pop_front();
            let recorded = recorded.ok_or(LifecycleError::Impossible {
                detail: "fewer calls than were counted",
            })?;
            self.difference = call_difference(&recorded, call)?;
            if self.difference.is_none() {
                self.same += 1;
            }
        }
        Ok(())
    }
}

/// The first fact in which two calls differ.
pub(super) fn call_difference(
    recorded: &Call,
    replayed: &Call,
) -> Result<Option<Difference>, LifecycleError> {
    let (recorded_facts, replayed_facts) = (call_facts(recorded)?, call_facts(replayed)?);
    if recorded_facts == replayed_facts {
        return Ok(None);
    }
    let members = |facts: &[u8]| serde_json::from_slice::<Map<String, Value>>(facts);
    let malformed = yunei_ledger::LedgerError::Malformed;
    let then = members(&recorded_facts).map_err(malformed)?;
    let now = members(&replayed_facts).map_err(malformed)?;
    // What was asked first, then of what, then how much.
    let order = [
        "index",
        "kind",
        "resource",
        "fields",
        "argument_digest",
        "decision",
        "clause",
        "rows",
        "bytes",
    ];
    let field = order
        .into_iter()
        .find(|name| then.get(*name) != now.get(*name));
    let field = field.unwrap_or("kind");
    let text = |facts: &Map<String, Value>| {
        facts.get(field).map(|value| match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        })
    };
    Ok(Some(Difference {
        place: Place::Call {
            index: recorded.index,
            field: field.to_owned(),
        },
        recorded: text(&then),
        replayed: text(&now),
    }))
}

/// Whether the verdicts that the store keeps are those that the record tells of.
pub(super) fn kept_verdicts_differ(
    recorded: Option<&Value>,
    kept: &[Verdict],
) -> Option<Difference> {
    let recorded = recorded?;
    let told = Value::Array(verdicts_told(kept.iter()));
    let by_output = |value: &Value| {
        let mut items = value.as_array().cloned().unwrap_or_default();
        items.sort_by_key(|item| item.get("output").map(ToString::to_string));
        items
    };
    let (recorded, told) = (by_output(recorded), by_output(&told));
    (recorded != told).then(|| {
        let (recorded, told) = (Value::Array(recorded), Value::Array(told));
        Difference::new(Place::KeptVerdicts, recorded, told)
    })
}

/// The first thing in which the gate decides otherwise.
pub(super) fn verdicts_differ(recorded: &[Verdict], replayed: &[Verdict]) -> Option<Difference> {
    if recorded.len() != replayed.len() {
        let (then, now) = (recorded.len(), replayed.len());
        return Some(Difference::new(Place::Outputs, then, now));
    }
    recorded.iter().find_map(
        |then| match replayed.iter().find(|now| now.output == then.output) {
            Some(now) => verdict_differs(then, now),
            None => Some(Difference {
                place: Place::Verdict {
                    output: then.output.clone(),
                    field: "output",
                },
                recorded: Some(then.output.to_string()),
                replayed: None,
            }),
        },
    )
}

fn verdict_differs(then: &Verdict, now: &Verdict) -> Option<Difference> {
    let output = &then.output;
    let cell = cells_differ(output, &then.cells, &now.cells);
    let fields = [
        (
            "profile",
            then.profile_digest.to_string(),
            now.profile_digest.to_string(),
        ),
        ("route", then.route.to_string(), now.route.to_string()),
        (
            "cells",
            then.cells_total.to_string(),
            now.cells_total.to_string(),
        ),
    ];
    let after = [
        ("released", then.cells_released, now.cells_released),
        ("failed", then.cells_failed, now.cells_failed),
        (
            "complementary",
            then.cells_complementary,
            now.cells_complementary,
        ),
    ]
    .map(|(field, then, now)| (field, then.to_string(), now.to_string()));
    let decision = (
        "decision",
        then.decision.to_string(),
        now.decision.to_string(),
    );
    let reasons = ("reasons", then.reasons.join("; "), now.reasons.join("; "));
    let told = |verdict: &Verdict| {
        let texts = verdict.overlaps.texts().into_iter();
        texts.map(|text| text.en).collect::<Vec<_>>().join("; ")
    };
    let overlaps = ("overlaps", told(then), told(now));
    let named = |list: Vec<(&'static str, String, String)>| {
        list.into_iter().find(|(_, then, now)| then != now)
    };
    let tell = |(field, then, now): (&'static str, String, String)| {
        let output = output.clone();
        Difference::new(Place::Verdict { output, field }, then, now)
    };
    named(fields.into())
        .map(tell)
        .or(cell)
        .or_else(|| named(after.into()).map(tell))
        .or_else(|| named(vec![decision, reasons, overlaps]).map(tell))
        .or_else(|| checks_differ(output, then.checks.as_ref()?, now.checks.as_ref()))
}

fn cells_differ(output: &Name, then: &[CellVerdict], now: &[CellVerdict]) -> Option<Difference> {
    let place = |cell: &CellVerdict, rule: Option<Name>, field| Place::Cell {
        output: output.clone(),
        cell: cell.cell.clone(),
        rule,
        field,
    };
    for (index, recorded) in then.iter().enumerate() {
        let Some(replayed) = now.get(index).filter(|c| c.cell == recorded.cell) else {
            return Some(Difference {
                place: place(recorded, None, "verdict"),
                recorded: Some(recorded.status.to_string()),
                replayed: None,
            });
        };
        if recorded.status != replayed.status {
            let place = place(recorded, None, "status");
            return Some(Difference::new(place, recorded.status, replayed.status));
        }
        for (rule, again) in recorded.failed.iter().zip(&replayed.failed) {
            let field = if rule.rule != again.rule || rule.measure != again.measure {
                "rule"
            } else if rule.status != again.status {
                "status"
            } else if rule.value.to_bits() != again.value.to_bits() {
                "value"
            } else if rule.bound.to_bits() != again.bound.to_bits() {
                "bound"
            } else {
                continue;
            };
            // Which rule and what of it is told; its figures are in the run's detail, for those who may see them.
            return Some(Difference {
                place: place(recorded, Some(rule.rule.clone()), field),
                recorded: Some(rule.rule.to_string()),
                replayed: Some(again.rule.to_string()),
            });
        }
        if recorded.failed.len() != replayed.failed.len() {
            let (then, now) = (recorded.failed.len(), replayed.failed.len());
            return Some(Difference::new(place(recorded, None, "rules"), then, now));
        }
        if recorded.suppressed != replayed.suppressed {
            let place = place(recorded, None, "suppressed");
            return Some(Difference::new(
                place,
                recorded.suppressed,
                replayed.suppressed,
            ));
        }
    }
    now.get(then.len()).map(|more| Difference {
        place: place(more, None, "verdict"),
        recorded: None,
        replayed: Some(more.status.to_string()),
    })
}
