//! Fields of a resource: type, class, grade, mask.

use serde::{Deserialize, Serialize};

use crate::transition::names;
use crate::{Banding, Joined, Name, Text};

names! {
    /// What a field's values are; the types of the guest interface.
    FieldType {
        /// True or false.
        Boolean = "boolean",
        /// 32-bit integer.
        Int32 = "int32",
        /// 64-bit integer.
        Int64 = "int64",
        /// IEEE 754 double.
        Float64 = "float64",
        /// Exact decimal, 38 digits, 4 of them after the point.
        Decimal = "decimal",
        /// UTF-8 text.
        Text = "text",
        /// Days since 1970-01-01.
        Date = "date",
        /// Microseconds UTC.
        Timestamp = "timestamp",
    }
}

names! {
    /// What a field can do to a data subject (GB/T 37964).
    FieldClass {
        /// Names a subject by itself.
        DirectIdentifier = "direct-identifier",
        /// Singles a subject out together with others.
        QuasiIdentifier = "quasi-identifier",
        /// Harms when learned.
        Sensitive = "sensitive",
        /// None of these.
        Ordinary = "ordinary",
    }
}

names! {
    /// The grade of a field or resource, rising.
    Grade {
        /// General data, level 1.
        G1 = "g1",
        /// General data, level 2.
        G2 = "g2",
        /// General data, level 3.
        G3 = "g3",
        /// Important data 重要数据.
        Important = "important",
        /// Core data 核心数据.
        Core = "core",
    }
}

/// What the feed does to a field's values before a guest sees them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Mask {
    /// Values pass as they are.
    None,
    /// The field is never fed; it may still be the subject of the gate's own counts, and what they are told apart by. No figure is made of it.
    Withhold,
    /// Keyed pseudonyms, one key per grant, so that two grants' pseudonyms don't join.
    Pseudonym,
    /// The first `characters` characters of a text.
    Prefix {
        /// Characters kept.
        characters: u32,
    },
    /// A date or timestamp cut to its month.
    Month,
}

/// One field of a resource's schema.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Field {
    /// The column's name.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// Type of its values.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Unit of measure, as people write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit: Option<String>,
    /// Class.
    pub class: FieldClass,
    /// Grade.
    pub grade: Grade,
    /// Mask.
    #[serde(default = "no_mask")]
    pub mask: Mask,
    /// Whether values may be absent.
    #[serde(default)]
    pub nullable: bool,
    /// Whether it is a fact about the data subject, which the subject's rows repeat, and no fact of the row: an income beside visits.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub of_subject: bool,
    /// Registered ways to coarsen it.
    #[serde(default, rename = "banding", skip_serializing_if = "Vec::is_empty")]
    pub bandings: Vec<Banding>,
    /// Where rows of the resource get it from, for a field of another one; no catalogue entry says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub joined: Option<Box<Joined>>,
}

const fn no_mask() -> Mask {
    Mask::None
}

impl Field {
    /// Whether another one's values are of the same type, and absent as it may be.
    #[must_use]
    pub fn is_alike(&self, other: &Self) -> bool {
        (self.kind, self.nullable) == (other.kind, other.nullable)
    }

    /// The banding of that name.
    #[must_use]
    pub fn banding(&self, name: &Name) -> Option<&Banding> {
        self.bandings.iter().find(|b| &b.name == name)
    }
}
