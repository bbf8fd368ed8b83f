//! Catalogue entries: the TOML that officials write for a resource.

mod nesting;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use yunei_model::{
    Basis, Code, Digest, Field, FieldType, Frame, Grade, Mask, Name, OrganisationId, Population,
    Reference, Resource, ResourceError, ResourceId, SchemaVersion, Text, Timestamp,
};

use crate::ImportFormat;

/// Bytes of one entry at most.
pub const ENTRY_BYTES_MAX: usize = 1 << 20;
/// Decoys that one entry names at most.
pub const DECOYS_MAX: usize = 64;
/// Files that one entry names at most.
pub const DATA_FILES_MAX: usize = 4096;

/// A catalogue entry, as written in `resource.toml`.
///
/// ```
/// # let toml = r#"
/// name = "bus-rides"
/// source_unit = "transport-bureau"
/// basis = "statistical"
/// subject = "card"
/// grade = "g2"
/// licence = "CC0-1.0"
/// [title]
/// zh = "公交刷卡记录"
/// en = "Bus card rides"
/// [description]
/// zh = "每次刷卡一行"
/// en = "One row per ride"
/// [population]
/// name = "riders"
/// title = { zh = "乘客", en = "Riders" }
/// [[field]]
/// name = "card"
/// title = { zh = "卡号", en = "Card" }
/// type = "text"
/// class = "direct-identifier"
/// grade = "g3"
/// mask = { kind = "pseudonym" }
/// # "#;
/// let entry = yunei_catalog::CatalogueEntry::parse(toml).unwrap();
/// assert_eq!(entry.field[0].title.zh, "卡号");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogueEntry {
    /// Name, unique in the domain.
    pub name: Name,
    /// Name of the data source unit, an organisation.
    pub source_unit: Name,
    /// Release basis.
    pub basis: Basis,
    /// Field that names the data subject; only a `non-personal` resource has none.
    #[serde(default)]
    pub subject: Option<Name>,
    /// Field that merges subjects for dominance.
    #[serde(default)]
    pub subject_group: Option<Name>,
    /// Grade of the whole.
    pub grade: Grade,
    /// Licence of the data.
    pub licence: String,
    /// Whether it is made up.
    #[serde(default)]
    pub synthetic: bool,
    /// What people read.
    pub title: Text,
    /// What it is and where it comes from.
    pub description: Text,
    /// Whose data it is about.
    pub population: Population,
    /// Where the data come from.
    #[serde(default)]
    pub provenance: Option<Provenance>,
    /// Files beside the entry, in the order in which they are imported.
    #[serde(default)]
    pub data: Vec<DataFile>,
    /// Fields in order.
    pub field: Vec<Field>,
    /// Frames.
    #[serde(default)]
    pub frame: Vec<Frame>,
    /// Fields that name a row, where other resources refer to this one.
    #[serde(default)]
    pub key: Vec<Name>,
    /// Resources that rows are joined with.
    #[serde(default)]
    pub reference: Vec<Reference>,
    /// Decoy subjects 诱饵 in the data, as text or digits: nobody, outside every banding. Only their keyed digests are kept.
    #[serde(default)]
    pub decoy: Vec<String>,
}

/// Where data come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Package, portal or office.
    pub origin: String,
    /// File inside it.
    #[serde(default)]
    pub file: Option<String>,
    /// Where it can be read about.
    #[serde(default)]
    pub reference: Option<String>,
    /// Command that rebuilds the files.
    #[serde(default)]
    pub rebuild: Option<String>,
}

/// A file of data beside an entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DataFile {
    /// Path below the entry's directory.
    pub path: String,
    /// Format.
    pub format: ImportFormat,
    /// The state of the world that the file tells of, RFC 3339.
    #[serde(with = "rfc3339")]
    pub data_as_of: Timestamp,
    /// Digest of the file's bytes, where it is fixed.
    #[serde(default)]
    pub digest: Option<Digest>,
}

/// Why an entry cannot stand. Always the code `resource-invalid`.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum CatalogueError {
    /// Too long.
    #[error("a catalogue entry has at most {ENTRY_BYTES_MAX} bytes, this one has {bytes}")]
    TooLong {
        /// Its bytes.
        bytes: usize,
    },
    /// Not TOML, or not an entry.
    #[error("{message}")]
    Malformed {
        /// What is wrong and where.
        message: String,
    },
    /// Decoys without a data subject, or more than `DECOYS_MAX`.
    #[error(
        "a resource with a data subject names at most {DECOYS_MAX} decoys, this one names {count}"
    )]
    Decoys {
        /// Number of decoys.
        count: usize,
    },
    /// Too many data files.
    #[error("an entry names at most {DATA_FILES_MAX} files, this one names {count}")]
    TooManyFiles {
        /// Their number.
        count: usize,
    },
    /// The resource does not agree with itself.
    #[error(transparent)]
    Resource(#[from] ResourceError),
    /// A banding that is not one.
    #[error("banding `{banding}` of field `{field}` {reason}")]
    Banding {
        /// The field.
        field: Name,
        /// The banding.
        banding: Name,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A mask that the type cannot bear.
    #[error("field `{field}` is of type `{kind}`, which its mask cannot be applied to")]
    Mask {
        /// The field.
        field: Name,
        /// Its type.
        kind: FieldType,
    },
    /// A data subject of a type that cannot name one.
    #[error("field `{field}` is of type `{kind}`, which names no data subject")]
    SubjectType {
        /// The field.
        field: Name,
        /// Its type.
        kind: FieldType,
    },
}

impl CatalogueError {
    /// The stable code.
    #[must_use]
    pub const fn code(&self) -> Code {
        Code::ResourceInvalid
    }
}

impl CatalogueEntry {
    /// Parses an entry. It is checked by [`Self::register`].
    ///
    /// # Errors
    /// [`CatalogueError::TooLong`], [`CatalogueError::Malformed`].
    pub fn parse(text: &str) -> Result<Self, CatalogueError> {
        if text.len() > ENTRY_BYTES_MAX {
            return Err(CatalogueError::TooLong { bytes: text.len() });
        }
        toml::from_str(text).map_err(|error| CatalogueError::Malformed {
            message: error.to_string(),
        })
    }

    /// The resource that the entry describes, as version `version` of its schema.
    ///
    /// # Errors
    /// Every [`CatalogueError`] found, at once.
    pub fn register(
        &self,
        id: ResourceId,
        source_unit: OrganisationId,
        version: u32,
    ) -> Result<Resource, Vec<CatalogueError>> {
        let resource = Resource {
            id,
            name: self.name.clone(),
            title: self.title.clone(),
            description: self.description.clone(),
            source_unit,
            population: self.population.clone(),
            basis: self.basis,
            subject: self.subject.clone(),
            subject_group: self.subject_group.clone(),
            grade: self.grade,
            licence: self.licence.clone(),
            synthetic: self.synthetic,
            schema: SchemaVersion {
                version,
                fields: self.field.clone(),
                frames: self.frame.clone(),
                key: self.key.clone(),
                references: self.reference.clone(),
            },
        };
        let mut errors: Vec<CatalogueError> = Vec::new();
        if let Err(found) = resource.check() {
            errors.extend(found.into_iter().map(CatalogueError::from));
        }
        if self.data.len() > DATA_FILES_MAX {
            errors.push(CatalogueError::TooManyFiles {
                count: self.data.len(),
            });
        }
        if self.decoy.len() > DECOYS_MAX || (self.subject.is_none() && !self.decoy.is_empty()) {
            errors.push(CatalogueError::Decoys {
                count: self.decoy.len(),
            });
        }
        for field in &self.field {
            if !mask_fits(&field.mask, field.kind) {
                errors.push(CatalogueError::Mask {
                    field: field.name.clone(),
                    kind: field.kind,
                });
            }
            errors.extend(nesting::check(field));
        }
        let named = self.subject.iter().chain(&self.subject_group);
        for field in named.filter_map(|name| resource.field(name)) {
            if matches!(field.kind, FieldType::Float64 | FieldType::Boolean) {
                errors.push(CatalogueError::SubjectType {
                    field: field.name.clone(),
                    kind: field.kind,
                });
            }
        }
        if errors.is_empty() {
            Ok(resource)
        } else {
            Err(errors)
        }
    }
}

/// Whether a mask can be applied to values of a type.
pub(crate) const fn mask_fits(mask: &Mask, kind: FieldType) -> bool {
    match mask {
        Mask::None | Mask::Withhold => true,
        // A number's text is not unique where it is a binary fraction, and a truth value has no pseudonym worth the name.
        Mask::Pseudonym => !matches!(kind, FieldType::Float64 | FieldType::Boolean),
        Mask::Prefix { .. } => matches!(kind, FieldType::Text),
        Mask::Month => matches!(kind, FieldType::Date | FieldType::Timestamp),
    }
}

/// Times as people write them.
mod rfc3339 {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use yunei_model::Timestamp;

    pub(super) fn serialize<S: Serializer>(at: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(at)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        let text = String::deserialize(from)?;
        text.parse().map_err(D::Error::custom)
    }
}

#[cfg(test)]
mod tests;
