//! References: how rows of one resource get fields of another one, by its unique key.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{
    Basis, Condition, Field, FieldClass, FieldType, Name, Resource, ResourceError, ResourceId,
    SnapshotId,
};

/// Fields of one key at most.
pub const KEY_FIELDS_MAX: usize = 4;
/// What no field's name begins with: rooms name joined columns so.
pub const JOINED_PREFIX: &str = "joined-";
/// References of one resource at most.
pub const REFERENCES_MAX: usize = 16;

/// A reference from a resource to another one: each row gets the fields of the one row there whose key it names, or none of them.
///
/// ```toml
/// [[reference]]
/// resource = "weather"
/// by = ["airport", "hour"]
/// fields = { rain = "precipitation" }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Reference {
    /// The resource that is looked up.
    pub resource: Name,
    /// Fields of the own resource, in the order of that one's key.
    pub by: Vec<Name>,
    /// What each field is called here, and there.
    pub fields: BTreeMap<Name, Name>,
}

/// Where a joined field comes from. Public structure: nothing here follows from a row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joined {
    /// The resource that is looked up.
    pub resource: ResourceId,
    /// Its name.
    pub name: Name,
    /// Fields of the own resource, in the order of the key.
    pub by: Vec<Name>,
    /// The unique key there.
    pub key: Vec<Name>,
    /// The field there.
    pub field: Name,
    /// Which of its rows a run looks up; `None` where no run is spoken of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<JoinedRows>,
}

/// The rows that a run looks up.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinedRows {
    /// The snapshot.
    pub snapshot: SnapshotId,
    /// The grant's row filter: what does not pass is not found.
    pub filter: Vec<Condition>,
}

impl Resource {
    /// The reference by which rows of the resource get the field of that name, and the field's name there.
    #[must_use]
    pub fn origin(&self, name: &Name) -> Option<(&Reference, &Name)> {
        let mut references = self.schema.references.iter();
        references.find_map(|r| Some((r, r.fields.get(name)?)))
    }

    /// The resource with the fields, behind its own, that its rows get from those of `others` that it refers to and can be joined with.
    #[must_use]
    pub fn with_references<'a>(&self, others: impl IntoIterator<Item = &'a Self>) -> Self {
        let mut widened = self.clone();
        for other in others {
            let references = self.schema.references.iter();
            for reference in references.filter(|r| r.resource == other.name) {
                if self.reference_fault(reference, other).is_none() {
                    let fields = reference.fields.iter();
                    let joined =
                        fields.filter_map(|(name, of)| reference.joined((self, other), name, of));
                    widened.schema.fields.extend(joined);
                }
            }
        }
        widened
    }

    /// Why the resource cannot be joined with `other` by a reference to it; `None` when it can.
    #[must_use]
    pub fn reference_fault(&self, reference: &Reference, other: &Self) -> Option<String> {
        let name = &other.name;
        let key = &other.schema.key;
        if key.len() != reference.by.len() {
            return Some(format!(
                "`{}` refers to `{name}` by {} fields, whose key has {}",
                self.name,
                reference.by.len(),
                key.len()
            ));
        }
        for (by, of) in reference.by.iter().zip(key) {
            if self.type_of(by) != other.type_of(of) {
                return Some(format!(
                    "`{by}` of `{}` and `{of}` of `{name}` are of different types",
                    self.name
                ));
            }
        }
        let mut taken = reference.fields.values();
        if let Some(absent) = taken.find(|field| other.field(field).is_none()) {
            return Some(format!("`{name}` has no field `{absent}`"));
        }
        // INVARIANT: the gate counts data subjects of the own resource alone, so that rows there are about nobody, or about the same ones.
        let same_subjects = self.basis != Basis::NonPersonal
            && self.population.name == other.population.name
            && self.subject.is_some()
            && self.subject.as_ref() == reference.by.first()
            && other.subject.as_ref() == key.first()
            && key.len() == 1;
        if other.basis == Basis::NonPersonal {
            return None;
        }
        if !same_subjects {
            return Some(format!(
                "`{name}` is about data subjects, and `{}` does not refer to it by the same ones",
                self.name
            ));
        }
        // INVARIANT: who is one contributor there is none that is several here.
        let group = other.subject_group.as_ref();
        let unmerged = group.filter(|_| other.subject_group != self.subject_group);
        unmerged.map(|group| {
            format!(
                "`{name}` merges its data subjects by `{group}`, and `{}` does not",
                self.name
            )
        })
    }

    /// What is wrong with the key and the references, as far as the resource alone tells.
    pub(crate) fn key_faults(&self) -> Vec<ResourceError> {
        let mut faults = Vec::new();
        let key = &self.schema.key;
        if key.len() > KEY_FIELDS_MAX {
            faults.push(ResourceError::Key {
                reason: "has more than 4 fields",
            });
        }
        for (place, name) in key.iter().enumerate() {
            match self.field(name) {
                None => faults.push(ResourceError::NoField {
                    field: name.clone(),
                }),
                Some(field) if field.nullable => faults.push(ResourceError::Key {
                    reason: "has a field that may be absent",
                }),
                Some(field) if !names_a_row(field.kind) => faults.push(ResourceError::Key {
                    reason: "has a field of a type that names no row",
                }),
                Some(_) => {}
            }
            if key.iter().take(place).any(|before| before == name) {
                faults.push(ResourceError::Key {
                    reason: "names a field twice",
                });
            }
        }
        if self.schema.references.len() > REFERENCES_MAX {
            faults.push(ResourceError::References);
        }
        for (place, reference) in self.schema.references.iter().enumerate() {
            let fault = |reason| ResourceError::Reference {
                resource: reference.resource.clone(),
                reason,
            };
            if reference.resource == self.name {
                faults.push(fault("is to the resource itself"));
            }
            if reference.by.is_empty() || reference.by.len() > KEY_FIELDS_MAX {
                faults.push(fault("is by 1 to 4 fields"));
            }
            if reference.fields.is_empty() {
                faults.push(fault("takes no field"));
            }
            for by in reference.by.iter().filter(|by| self.field(by).is_none()) {
                faults.push(ResourceError::NoField { field: by.clone() });
            }
            let before = || self.schema.references.iter().take(place);
            let taken = |name: &Name| {
                self.field(name).is_some() || before().any(|r| r.fields.contains_key(name))
            };
            if reference.fields.keys().any(taken) {
                faults.push(fault("names a field as another one is named"));
            }
        }
        let fields = self.schema.fields.iter();
        let reserved = |field: &&Field| field.name.as_str().starts_with(JOINED_PREFIX);
        if let Some(field) = fields.clone().find(reserved) {
            faults.push(ResourceError::Reserved {
                field: field.name.clone(),
            });
        }
        if fields.clone().any(|field| field.joined.is_some()) {
            faults.push(ResourceError::Joined);
        }
        faults
    }
}

impl Reference {
    /// The field of `other` as rows of `own` that refer to it have it. It tells of the fields that it is found by, so that it is as
    /// sensitive as they are; a subject's own key tells nothing of the subject.
    fn joined(
        &self,
        (own, other): (&Resource, &Resource),
        name: &Name,
        of: &Name,
    ) -> Option<Field> {
        let field = other.field(of)?.clone();
        let by = self.by.iter().filter_map(|by| own.field(by));
        // Whoever is looked up is the subject; what is found by a fact about the subject is such a fact.
        let of_subject = other.basis != Basis::NonPersonal || by.clone().all(|by| by.of_subject);
        let found_by = by.chain(other.schema.key.iter().filter_map(|key| other.field(key)));
        let found_by = found_by.filter(|f| f.class != FieldClass::DirectIdentifier);
        let mut grade = field.grade.max(other.grade);
        // To be found in a register of the ill tells of an illness, whatever is taken from it.
        let sensitive = |field: &Field| field.class == FieldClass::Sensitive;
        let mut is_sensitive =
            other.basis != Basis::NonPersonal && other.schema.fields.iter().any(sensitive);
        for told in found_by {
            grade = grade.max(told.grade);
            is_sensitive |= sensitive(told);
        }
        let class = match field.class {
            FieldClass::DirectIdentifier => FieldClass::DirectIdentifier,
            _ if is_sensitive => FieldClass::Sensitive,
            class => class,
        };
        Some(Field {
            name: name.clone(),
            nullable: true,
            class,
            grade,
            of_subject,
            joined: Some(Box::new(Joined {
                resource: other.id,
                name: other.name.clone(),
                by: self.by.clone(),
                key: other.schema.key.clone(),
                field: of.clone(),
                rows: None,
            })),
            ..field
        })
    }
}

/// Whether values of that type can be equal without a doubt.
const fn names_a_row(kind: FieldType) -> bool {
    !matches!(kind, FieldType::Float64 | FieldType::Boolean)
}

#[cfg(test)]
mod tests;
