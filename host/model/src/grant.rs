//! Grants: what an operating unit may do, for which scenario, until when.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::transition::{names, states};
use crate::{
    Condition, GrantId, Name, OrganisationId, Parameter, Required, ScenarioId, SnapshotId,
    Timestamp,
};

/// Longest term in years (公共数据资源授权运营实施规范（试行）).
pub const TERM_YEARS_MAX: i64 = 5;
const TERM_MICROS_MAX: i64 = (TERM_YEARS_MAX * 365 + 2) * 86_400 * 1_000_000;

states! {
    /// The life of a grant; an amendment is a new version that starts as a draft.
    GrantState {
        /// Written, not yet consented to.
        Draft = "draft" => [Consented, Revoked, Expired],
        /// Every source unit has consented.
        Consented = "consented" => [Active, Revoked, Expired],
        /// In force between its dates.
        Active = "active" => [Suspended, Revoked, Expired],
        /// Out of force until resumed.
        Suspended = "suspended" => [Active, Revoked, Expired],
        /// Ended by the bureau.
        Revoked = "revoked" => [],
        /// Ended by its term.
        Expired = "expired" => [],
    }
}

names! {
    /// Which snapshot a run of the grant reads.
    Binding {
        /// The newest at submission.
        Latest = "latest",
        /// The newest that tells of a time no later than the grant's `as_of`.
        AsOf = "as-of",
        /// Those that the grant pins.
        Pinned = "pinned",
    }
}

/// What a grant gives of one resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantedResource {
    /// The resource's name.
    pub name: Name,
    /// The fields, by name.
    pub fields: Vec<Name>,
    /// Rows: the conjunction of these conditions; empty means all rows.
    #[serde(default)]
    pub filter: Vec<Condition>,
    /// Pinned snapshot under [`Binding::Pinned`].
    #[serde(default)]
    pub snapshot: Option<SnapshotId>,
}

impl GrantedResource {
    /// Whether it gives these fields of all rows that `before` gave, in the same snapshot.
    fn still_gives(&self, before: &Self, fields: &[Name]) -> bool {
        self.snapshot == before.snapshot
            && fields.iter().all(|field| self.fields.contains(field))
            // Fewer conditions are more rows.
            && self.filter.iter().all(|condition| before.filter.contains(condition))
    }
}

/// How much may be used in the whole term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// Runs.
    pub runs: u64,
    /// Rows fed, over all runs.
    pub rows: u64,
    /// Cells released, over all releases.
    pub released_cells: u64,
}

/// The terms of a grant: the machine-readable contract 数字合约.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantTerms {
    /// The operating unit.
    pub operator: OrganisationId,
    /// The scenario: 无场景不授权.
    pub scenario: ScenarioId,
    /// Purpose of use.
    pub purpose: Name,
    /// Resources, fields and rows.
    #[serde(rename = "resource")]
    pub resources: Vec<GrantedResource>,
    /// Products that may come of it.
    #[serde(default)]
    pub products: Vec<Name>,
    /// Whether resources may be joined with each other.
    #[serde(default)]
    pub join: bool,
    /// Whether products may cross the border (Art. 30); off by default.
    #[serde(default)]
    pub export: bool,
    /// Narrower parameters than the manifest's, by name.
    #[serde(default, rename = "parameter")]
    pub parameters: Vec<Parameter>,
    /// Quota.
    pub quota: Quota,
    /// Snapshot binding.
    pub binding: Binding,
    /// Time bound under [`Binding::AsOf`].
    #[serde(default)]
    pub as_of: Option<Timestamp>,
    /// First moment in force.
    pub from: Timestamp,
    /// First moment no longer in force.
    pub until: Timestamp,
}

/// One version of a grant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Grant {
    /// Id, shared by all versions.
    pub id: GrantId,
    /// Version, from 1.
    pub version: u32,
    /// State.
    pub state: GrantState,
    /// Terms.
    pub terms: GrantTerms,
}

impl GrantTerms {
    /// Checks what needs no other thing.
    ///
    /// # Errors
    /// Every [`GrantError`] found, at once.
    pub fn check(&self) -> Result<(), Vec<GrantError>> {
        let mut errors = Vec::new();
        if self.until <= self.from {
            errors.push(GrantError::InvertedTerm);
        } else if self.until.as_micros().saturating_sub(self.from.as_micros()) > TERM_MICROS_MAX {
            errors.push(GrantError::TermTooLong);
        }
        if self.resources.is_empty() {
            errors.push(GrantError::NoResource);
        }
        for (index, granted) in self.resources.iter().enumerate() {
            if self
                .resources
                .iter()
                .take(index)
                .any(|r| r.name == granted.name)
            {
                errors.push(GrantError::ResourceTwice {
                    resource: granted.name.clone(),
                });
            }
            if granted.fields.is_empty() {
                errors.push(GrantError::NoField {
                    resource: granted.name.clone(),
                });
            }
            if self.binding == Binding::Pinned && granted.snapshot.is_none() {
                errors.push(GrantError::NoSnapshot {
                    resource: granted.name.clone(),
                });
            }
        }
        if self.binding == Binding::AsOf && self.as_of.is_none() {
            errors.push(GrantError::NoAsOf);
        }
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    /// What is granted of the resource of that name.
    #[must_use]
    pub fn resource(&self, name: &Name) -> Option<&GrantedResource> {
        self.resources.iter().find(|r| &r.name == name)
    }

    /// Whether these terms still give a module what `before` gave it of the resources that it requires: the same purpose, the same
    /// snapshots and parameters, at least the same fields and rows, and the right to join where it joins. Term and quota are no part
    /// of that, and what is given beside is not either.
    #[must_use]
    pub fn still_give(&self, before: &Self, required: &[Required]) -> bool {
        let same = self.operator == before.operator
            && self.scenario == before.scenario
            && self.purpose == before.purpose
            && self.binding == before.binding
            && self.as_of == before.as_of
            && self.parameters == before.parameters;
        let joins = required.len() < 2 || self.join || !before.join;
        same && joins
            && required.iter().all(|required| {
                let (now, then) = (
                    self.resource(&required.name),
                    before.resource(&required.name),
                );
                now.zip(then)
                    .is_some_and(|(now, then)| now.still_gives(then, &required.fields))
            })
    }

    /// Whether `at` lies in the term.
    #[must_use]
    pub fn in_term(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }
}

/// Why the terms of a grant cannot stand.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum GrantError {
    /// Ends before it begins.
    #[error("the term ends before it begins")]
    InvertedTerm,
    /// Longer than five years.
    #[error("the term is longer than {TERM_YEARS_MAX} years")]
    TermTooLong,
    /// No resource at all.
    #[error("a grant names at least one resource")]
    NoResource,
    /// One resource twice.
    #[error("resource `{resource}` stands twice")]
    ResourceTwice {
        /// The resource.
        resource: Name,
    },
    /// A resource without a field.
    #[error("resource `{resource}` is granted without a field")]
    NoField {
        /// The resource.
        resource: Name,
    },
    /// Pinned, without saying to what.
    #[error("resource `{resource}` is pinned to no snapshot")]
    NoSnapshot {
        /// The resource.
        resource: Name,
    },
    /// Bound to a time that is not given.
    #[error("the binding `as-of` needs a time")]
    NoAsOf,
    /// A resource that the catalogue does not have.
    #[error("the catalogue has no resource `{resource}`")]
    UnknownResource {
        /// The resource.
        resource: Name,
    },
    /// A field that the resource does not have.
    #[error("resource `{resource}` has no field `{field}`")]
    UnknownField {
        /// The resource.
        resource: Name,
        /// The field.
        field: Name,
    },
}

#[cfg(test)]
mod tests;
