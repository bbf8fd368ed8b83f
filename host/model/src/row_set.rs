//! Row sets: which rows an exact release is about, and what can be said of two of them by public structure alone.

use std::cmp::Ordering;

use serde::{Deserialize, Serialize};

use crate::transition::names;
use crate::{Comparison, Condition, Digest, FieldType, Name, Period, ResourceId, Scalar, Snapshot};

names! {
    /// How two row sets lie to each other, as far as public structure tells.
    Relation {
        /// The same rows.
        Same = "same",
        /// No common row.
        Disjoint = "disjoint",
        /// Anything else: nobody can say without looking at rows how many are common.
        Overlapping = "overlapping",
    }
}

/// The rows that a release is about. Public structure: nothing here follows from a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RowSet {
    /// The resource.
    pub resource: ResourceId,
    /// Digest of the snapshot's parts, as [`Snapshot::digest`].
    pub snapshot: Digest,
    /// The grant's row filter in canonical order, no condition twice.
    filter: Vec<Condition>,
    /// The edition's period, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
}

impl RowSet {
    /// The rows of a snapshot that pass a filter and lie in a period.
    #[must_use]
    pub fn new(snapshot: &Snapshot, filter: &[Condition], period: Option<Period>) -> Self {
        let mut filter = filter.to_vec();
        filter.sort_by_cached_key(spelling);
        filter.dedup();
        Self {
            resource: snapshot.resource,
            snapshot: snapshot.digest(),
            filter,
            period,
        }
    }

    /// The filter, in canonical order.
    #[must_use]
    pub fn filter(&self) -> &[Condition] {
        &self.filter
    }

    /// The same without a period: where rows are looked up, whatever day they are of.
    #[must_use]
    pub fn whole(self) -> Self {
        Self {
            period: None,
            ..self
        }
    }

    /// Whether this one and another are chosen by the same filter, and by time alone beside it: by periods of one field, or by none.
    #[must_use]
    pub fn differs_in_time_alone(&self, other: &Self) -> bool {
        let one_field = match (&self.period, &other.period) {
            (Some(one), Some(other)) => one.field == other.field,
            _ => true,
        };
        self.resource == other.resource && self.filter == other.filter && one_field
    }

    /// Digest by which the same row set is found again.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut text = format!("row set\n{}\n{}\n", self.resource, self.snapshot);
        for condition in &self.filter {
            text.push_str(&spelling(condition));
            text.push('\n');
        }
        if let Some(period) = &self.period {
            let (from, until) = (period.from.as_micros(), period.until.as_micros());
            text.push_str(&format!("period {} {from} {until}\n", period.field));
        }
        Digest::of(text.as_bytes())
    }

    /// How this one and another lie to each other. `kind` tells the type of a field of the resource; a field that it does not know
    /// makes nothing disjoint.
    ///
    /// Disjoint are row sets of different resources, of periods of one field that have no moment in common, and of filters
    /// whose conditions about one field cannot both hold. A row is in a period by its own value, so that this is so across
    /// snapshots too.
    #[must_use]
    pub fn relation(&self, other: &Self, kind: impl Fn(&Name) -> Option<FieldType>) -> Relation {
        if self.resource != other.resource {
            return Relation::Disjoint;
        }
        let (period, filter) = (&self.period, &self.filter);
        let same = self.snapshot == other.snapshot && *filter == other.filter;
        if same && *period == other.period {
            return Relation::Same;
        }
        let apart = matches!((period, &other.period), (Some(a), Some(b)) if a.is_disjoint(b));
        if apart || contradictory(filter, &other.filter, kind) {
            Relation::Disjoint
        } else {
            Relation::Overlapping
        }
    }
}

/// A condition as text, the same for the same condition.
fn spelling(condition: &Condition) -> String {
    // INVARIANT: names and texts are escaped by their debug spelling, so that no two conditions share one.
    format!(
        "{} {} {:?}",
        condition.field, condition.comparison, condition.value
    )
}

/// A constant as its field compares it.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
enum Constant {
    Truth(bool),
    Exact(rust_decimal::Decimal),
    Double(f64),
    Text(String),
    Day(jiff::civil::Date),
    Moment(jiff::Timestamp),
}

impl Constant {
    /// The constant of a condition; `None` where it is not certain how it compares.
    fn of(value: &Scalar, kind: FieldType) -> Option<Self> {
        Some(match (kind, value) {
            (FieldType::Boolean, Scalar::Boolean(truth)) => Self::Truth(*truth),
            (FieldType::Int32 | FieldType::Int64 | FieldType::Decimal, Scalar::Integer(number)) => {
                Self::Exact((*number).into())
            }
            (FieldType::Decimal, Scalar::Number(number)) => {
                Self::Exact(number.to_string().parse().ok()?)
            }
            (FieldType::Decimal, Scalar::Text(text)) => Self::Exact(text.parse().ok()?),
            (FieldType::Float64, Scalar::Number(number)) => Self::Double(*number),
            (FieldType::Float64, Scalar::Integer(number)) => {
                Self::Double(number.to_string().parse().ok()?)
            }
            (FieldType::Text, Scalar::Text(text)) => Self::Text(text.clone()),
            (FieldType::Date, Scalar::Text(text)) => Self::Day(text.parse().ok()?),
            (FieldType::Timestamp, Scalar::Text(text)) => Self::Moment(text.parse().ok()?),
            _ => return None,
        })
    }

    /// How it compares with another; `None` for constants of different types.
    fn order(&self, other: &Self) -> Option<Ordering> {
        if std::mem::discriminant(self) == std::mem::discriminant(other) {
            self.partial_cmp(other)
        } else {
            None
        }
    }
}

/// Whether conditions about one field, from both filters, cannot hold together.
fn contradictory(
    one: &[Condition],
    other: &[Condition],
    kind: impl Fn(&Name) -> Option<FieldType>,
) -> bool {
    one.iter().any(|condition| {
        let about = other.iter().filter(|c| c.field == condition.field);
        let Some(kind) = kind(&condition.field) else {
            return false;
        };
        about
            .into_iter()
            .any(|against| excludes(condition, against, kind))
    })
}

/// Whether no value passes both conditions about the same field.
fn excludes(one: &Condition, other: &Condition, kind: FieldType) -> bool {
    use Comparison::{Eq, Ge, Gt, Le, Lt, Ne};
    let (Some(left), Some(right)) = (
        Constant::of(&one.value, kind),
        Constant::of(&other.value, kind),
    ) else {
        return false;
    };
    let Some(order) = left.order(&right) else {
        return false;
    };
    let (less, equal, greater) = (order.is_lt(), order.is_eq(), order.is_gt());
    match (one.comparison, other.comparison) {
        (Eq, Eq) => !equal,
        (Eq, Ne) | (Ne, Eq) => equal,
        // One is at most (or equal to) the left constant, the other at least the right one.
        (Eq | Le, Ge) | (Le, Eq) => less,
        (Eq | Le | Lt, Gt) | (Lt, Eq | Ge) => less || equal,
        (Ge, Eq | Le) | (Eq, Le) => greater,
        (Gt, Eq | Le | Lt) | (Eq | Ge, Lt) => greater || equal,
        (Ne, Ne | Lt | Le | Gt | Ge)
        | (Lt | Le | Gt | Ge, Ne)
        | (Lt | Le, Lt | Le)
        | (Gt | Ge, Gt | Ge) => false,
    }
}

#[cfg(test)]
mod tests;
