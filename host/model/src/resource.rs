//! Public data resources, their schema versions and snapshots.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::transition::names;
use crate::{
    Digest, Field, FieldClass, FieldType, Grade, Mask, Name, OrganisationId, REFERENCES_MAX,
    Reference, ResourceId, Scalar, SnapshotId, Text, Timestamp,
};

/// Fields of one resource at most.
pub const FIELDS_MAX: usize = 512;
/// Labels of one banding at most.
pub const LABELS_MAX: usize = 4096;

names! {
    /// What lets results leave the domain.
    Basis {
        /// Statistics about a population, through the release gate.
        Statistical = "statistical",
        /// Declared by the bureau not to be about persons or enterprises.
        NonPersonal = "non-personal",
        /// One subject's consent to one answer.
        Consented = "consented",
        /// A reviewed model.
        Model = "model",
    }
}

/// Whose data resources are about; the unit in which privacy is accounted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Population {
    /// Name.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// Whether exact releases are ruled out.
    #[serde(default)]
    pub private_only: bool,
}

/// A registered set of bandings whose cells nest; exact releases happen in frames.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Frame {
    /// Name, unique in the resource.
    pub name: Name,
    /// Pairs of field and banding: the finest cells of the frame are their product.
    pub axes: Vec<(Name, Name)>,
}

/// A schema version of a resource, as registered in the catalogue.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SchemaVersion {
    /// Version, from 1.
    pub version: u32,
    /// Fields in order.
    #[serde(rename = "field")]
    pub fields: Vec<Field>,
    /// Registered frames.
    #[serde(default, rename = "frame", skip_serializing_if = "Vec::is_empty")]
    pub frames: Vec<Frame>,
    /// Fields that name a row, in order: no two rows of a snapshot have the same. Empty where nothing refers to the resource.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<Name>,
    /// Other resources that rows are joined with.
    #[serde(default, rename = "reference", skip_serializing_if = "Vec::is_empty")]
    pub references: Vec<Reference>,
}

/// A catalogued public data resource.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Resource {
    /// Id.
    pub id: ResourceId,
    /// Name, unique in the domain.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// What it is and where it comes from.
    pub description: Text,
    /// The data source unit.
    pub source_unit: OrganisationId,
    /// Whose data it is about.
    pub population: Population,
    /// Release basis.
    pub basis: Basis,
    /// Field that names the data subject; `None` only under [`Basis::NonPersonal`].
    pub subject: Option<Name>,
    /// Field that merges subjects for dominance (household, enterprise group).
    pub subject_group: Option<Name>,
    /// Grade of the whole.
    pub grade: Grade,
    /// Licence of the data.
    pub licence: String,
    /// Whether it is made up.
    pub synthetic: bool,
    /// Current schema.
    pub schema: SchemaVersion,
}

impl Resource {
    /// The field of that name.
    #[must_use]
    pub fn field(&self, name: &Name) -> Option<&Field> {
        self.schema.fields.iter().find(|f| &f.name == name)
    }

    /// Checks that the resource agrees with itself.
    ///
    /// # Errors
    /// Every [`ResourceError`] found, at once.
    pub fn check(&self) -> Result<(), Vec<ResourceError>> {
        let mut errors = Vec::new();
        if self.schema.fields.is_empty() || self.schema.fields.len() > FIELDS_MAX {
            errors.push(ResourceError::FieldCount {
                count: self.schema.fields.len(),
            });
        }
        for (index, field) in self.schema.fields.iter().enumerate() {
            if self
                .schema
                .fields
                .iter()
                .take(index)
                .any(|f| f.name == field.name)
            {
                errors.push(ResourceError::FieldTwice {
                    field: field.name.clone(),
                });
            }
            if field.of_subject && self.subject.is_none() {
                errors.push(ResourceError::NoSubjectOf {
                    field: field.name.clone(),
                });
            }
            for banding in &field.bandings {
                if banding.other() >= LABELS_MAX || banding.labels().len() != banding.other() + 1 {
                    errors.push(ResourceError::Labels {
                        field: field.name.clone(),
                        banding: banding.name.clone(),
                    });
                }
            }
        }
        for named in self.subject.iter().chain(&self.subject_group) {
            if self.field(named).is_none() {
                errors.push(ResourceError::NoField {
                    field: named.clone(),
                });
            }
        }
        if self.subject.is_none() && self.basis != Basis::NonPersonal {
            errors.push(ResourceError::NoSubject);
        }
        for (field, banding) in self.schema.frames.iter().flat_map(|f| &f.axes) {
            if self.field(field).and_then(|f| f.banding(banding)).is_none() {
                errors.push(ResourceError::NoBanding {
                    field: field.clone(),
                    banding: banding.clone(),
                });
            }
        }
        errors.extend(self.key_faults());
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }

    /// Whether a direct identifier would reach a guest unmasked if `field` were granted.
    #[must_use]
    pub fn exposes_identifier(&self, field: &Field) -> bool {
        field.class == FieldClass::DirectIdentifier && field.mask == Mask::None
    }

    /// Whether two tables over different rows tell of one fact about the same data subjects: a column of both is a fact about the
    /// subject, and a subject may have several rows. `other` is the resource as the other table has it.
    #[must_use]
    pub fn shares_facts_of_subjects(&self, other: &Self) -> bool {
        let one_row_each = self.schema.key.iter().eq(&self.subject);
        let mut facts = self.schema.fields.iter().filter(|field| field.of_subject);
        !one_row_each
            && facts.any(|fact| {
                other
                    .field(&fact.name)
                    .is_some_and(|field| field.of_subject)
            })
    }

    /// Type of a field, if it exists.
    #[must_use]
    pub fn type_of(&self, name: &Name) -> Option<FieldType> {
        self.field(name).map(|f| f.kind)
    }
}

/// Why a resource does not agree with itself.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ResourceError {
    /// No fields, or more than [`FIELDS_MAX`].
    #[error("a resource has 1 to {FIELDS_MAX} fields, this one has {count}")]
    FieldCount {
        /// Number of fields.
        count: usize,
    },
    /// The same field twice.
    #[error("field `{field}` stands twice")]
    FieldTwice {
        /// The field.
        field: Name,
    },
    /// A fact about data subjects in a resource without one.
    #[error("field `{field}` is a fact about the data subject, and the resource has none")]
    NoSubjectOf {
        /// The field.
        field: Name,
    },
    /// A field that is not in the schema.
    #[error("there is no field `{field}`")]
    NoField {
        /// The field.
        field: Name,
    },
    /// A banding that the field does not have.
    #[error("field `{field}` has no banding `{banding}`")]
    NoBanding {
        /// The field.
        field: Name,
        /// The banding.
        banding: Name,
    },
    /// Too many labels, or labels that cannot be made.
    #[error(
        "banding `{banding}` of field `{field}` has labels that cannot be made, or over {LABELS_MAX} of them"
    )]
    Labels {
        /// The field.
        field: Name,
        /// The banding.
        banding: Name,
    },
    /// A key that names no row.
    #[error("the key {reason}")]
    Key {
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Too many references.
    #[error("a resource has at most {REFERENCES_MAX} references")]
    References,
    /// A reference that cannot be followed.
    #[error("the reference to `{resource}` {reason}")]
    Reference {
        /// The resource that it is to.
        resource: Name,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A name that rooms give to joined columns.
    #[error("field `{field}` has a name that is kept for joined fields")]
    Reserved {
        /// The field.
        field: Name,
    },
    /// A field that claims to come from elsewhere.
    #[error("a field says `joined`, which only a reference makes")]
    Joined,
    /// No data subject although the basis is not `non-personal`.
    #[error("a resource names its data subject unless its basis is `non-personal`")]
    NoSubject,
}

/// One immutable part of a snapshot: a Parquet file named by its digest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Digest of the file's bytes.
    pub digest: Digest,
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
}

/// An immutable snapshot of a resource, sorted by data subject where there is one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Id.
    pub id: SnapshotId,
    /// The resource.
    pub resource: ResourceId,
    /// Schema version that it was checked against.
    pub schema_version: u32,
    /// Parts in order.
    pub parts: Vec<Part>,
    /// The state of the world that the data tell of.
    pub data_as_of: Timestamp,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// The snapshot that it replaces.
    pub supersedes: Option<SnapshotId>,
    /// The snapshot whose rows it holds besides those of its own file; `None` where that file is all.
    #[serde(default)]
    pub onto: Option<SnapshotId>,
    /// Digest of the file that it was imported from.
    #[serde(default)]
    pub file: Option<Digest>,
    /// Whether the rows of each data subject stand together, across all parts.
    pub sorted_by_subject: bool,
    /// The key by which no two rows are the same, as it was registered at the import.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub key: Vec<Name>,
}

impl Snapshot {
    /// Digest over the digests of the parts, in order.
    #[must_use]
    pub fn digest(&self) -> Digest {
        let mut bytes = Vec::with_capacity(self.parts.len() * 32);
        for part in &self.parts {
            bytes.extend_from_slice(part.digest.as_bytes());
        }
        Digest::of(&bytes)
    }

    /// Rows of all parts.
    #[must_use]
    pub fn rows(&self) -> u64 {
        self.parts.iter().map(|p| p.rows).sum()
    }
}

names! {
    /// How a row filter compares.
    Comparison {
        /// Equal.
        Eq = "eq",
        /// Not equal.
        Ne = "ne",
        /// Less.
        Lt = "lt",
        /// Less or equal.
        Le = "le",
        /// Greater.
        Gt = "gt",
        /// Greater or equal.
        Ge = "ge",
    }
}

/// One condition of a row filter; a filter is their conjunction, and an absent value fails every condition.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// The field.
    pub field: Name,
    /// The comparison.
    pub comparison: Comparison,
    /// The constant.
    pub value: Scalar,
}
