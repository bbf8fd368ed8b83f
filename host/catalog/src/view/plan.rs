//! What a room is told about the views that it may open.

use std::num::NonZeroUsize;

use serde::{Deserialize, Serialize};
use yunei_model::{Condition, FieldType, Mask, Name, Part};

/// A view: granted columns and rows of a snapshot.
///
/// Serialise it as JSON: conditions and masks need a format that describes itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewPlan {
    /// Name of the view: that of the resource.
    pub name: Name,
    /// Columns in the order in which they are seen.
    pub columns: Vec<ViewColumn>,
    /// Rows: the conjunction of these conditions. Their fields need not be among the columns.
    pub filter: Vec<Condition>,
    /// Key of the pseudonyms.
    pub mask_key: MaskKey,
    /// Parts of the snapshot in order; the bytes of each come as a descriptor.
    pub parts: Vec<Part>,
    /// Tables that rows are looked up in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub lookups: Vec<Lookup>,
}

impl ViewPlan {
    /// All parts, in the order of their descriptors: those of the snapshot, then those of each table that rows are looked up in.
    pub fn all_parts(&self) -> impl Iterator<Item = &Part> {
        let looked_up = self.lookups.iter().flat_map(|lookup| &lookup.parts);
        self.parts.iter().chain(looked_up)
    }
}

/// A column of a view.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ViewColumn {
    /// The field's name.
    pub name: Name,
    /// The field's type, before masking.
    pub kind: FieldType,
    /// Whether values may be absent.
    pub nullable: bool,
    /// Mask.
    pub mask: Mask,
}

/// A table whose unique key rows of a view name: each row gets columns of the one row there, or absent values.
///
/// It is read whole whenever one of its columns is, and held in memory for as long.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// Name of the resource.
    pub name: Name,
    /// Columns of the view's own parts, in the order of the key. An absent value finds nothing.
    pub by: Vec<Name>,
    /// Columns there that no two rows share.
    pub key: Vec<Name>,
    /// Columns taken: what each is called in the view, and there.
    pub take: Vec<(Name, Name)>,
    /// Rows: the conjunction of these conditions.
    pub filter: Vec<Condition>,
    /// Parts of its snapshot in order.
    pub parts: Vec<Part>,
}

/// A column as its reader sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ViewField {
    /// Name; in the result of a query, whatever the query calls it.
    pub name: String,
    /// Type, after masking.
    pub kind: FieldType,
    /// Whether values may be absent.
    pub nullable: bool,
}

/// Key of one grant's pseudonyms.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MaskKey([u8; 32]);

impl MaskKey {
    /// Takes 32 bytes as they are.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    pub(super) const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl std::fmt::Debug for MaskKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MaskKey(…)")
    }
}

impl TryFrom<String> for MaskKey {
    type Error = &'static str;
    fn try_from(text: String) -> Result<Self, Self::Error> {
        let mut bytes = [0_u8; 32];
        hex::decode_to_slice(text, &mut bytes)
            .map_err(|_| "a mask key is 64 hexadecimal digits")?;
        Ok(Self(bytes))
    }
}

impl From<MaskKey> for String {
    fn from(key: MaskKey) -> Self {
        hex::encode(key.0)
    }
}

/// Limits of the views of one run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ViewOptions {
    /// Rows of one batch at most.
    pub batch_rows_max: NonZeroUsize,
    /// Bytes that sorting, joining and grouping of queries may hold at once.
    pub query_memory_bytes_max: usize,
}

impl Default for ViewOptions {
    fn default() -> Self {
        const BATCH_ROWS: NonZeroUsize = NonZeroUsize::new(16_384).unwrap();
        Self {
            batch_rows_max: BATCH_ROWS,
            query_memory_bytes_max: 512 << 20,
        }
    }
}
