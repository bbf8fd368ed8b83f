//! What a manifest registers for reviewed outputs: designs of regressions, and measures that are the module's own.

use serde::{Deserialize, Serialize};

use crate::transition::names;
use crate::{
    Derived, DerivedValue, Dimension, FieldClass, FieldType, Mask, Name, Output, Resource, Text,
    World,
};

names! {
    /// Kinds of regressions.
    RegressionKind {
        /// Least squares.
        Linear = "linear",
        /// Logistic: the response is 0 or 1.
        Logistic = "logistic",
    }
}

/// A number of a row: a field as it is, or a derived number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Quantity {
    /// A field.
    Field {
        /// The field.
        field: Name,
    },
    /// A derived column.
    Derived {
        /// The derived column.
        derived: Name,
    },
}

/// A term of a regression.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum RegressionTerm {
    /// A field under a registered banding: an indicator for each class but the reference. Rows in the rest are left out.
    Banded {
        /// The field.
        field: Name,
        /// The banding.
        banding: Name,
        /// The class without an indicator; by default the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
    /// A numeric field.
    Field {
        /// The field.
        field: Name,
    },
    /// A derived number, or a derived category with an indicator for each label but the reference.
    Derived {
        /// The derived column.
        derived: Name,
        /// The label without an indicator; by default the first.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reference: Option<String>,
    },
}

impl RegressionTerm {
    /// The name of the term.
    #[must_use]
    pub const fn name(&self) -> &Name {
        match self {
            Self::Banded { field, .. } | Self::Field { field } => field,
            Self::Derived { derived, .. } => derived,
        }
    }

    /// The field that it reads, if it reads one.
    #[must_use]
    pub const fn field(&self) -> Option<&Name> {
        match self {
            Self::Banded { field, .. } | Self::Field { field } => Some(field),
            Self::Derived { .. } => None,
        }
    }
}

/// The design of a regression: the gate fits it itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Regression {
    /// Kind.
    pub kind: RegressionKind,
    /// Response.
    pub response: Quantity,
    /// Whether there is an intercept.
    #[serde(default = "yes")]
    pub intercept: bool,
    /// Terms, in order.
    #[serde(default, rename = "term")]
    pub terms: Vec<RegressionTerm>,
}

const fn yes() -> bool {
    true
}

impl Regression {
    /// The fields that it reads.
    pub fn fields(&self) -> impl Iterator<Item = &Name> {
        let response = match &self.response {
            Quantity::Field { field } => Some(field),
            Quantity::Derived { .. } => None,
        };
        response
            .into_iter()
            .chain(self.terms.iter().filter_map(RegressionTerm::field))
    }

    /// What is wrong with it by itself; `derived` are the manifest's derived columns.
    #[must_use]
    pub(crate) fn broken_rules(&self, derived: &[Derived]) -> Vec<String> {
        let value = |name: &Name| derived.iter().find(|d| &d.name == name).map(|d| &d.value);
        let mut broken = Vec::new();
        // An intercept alone is the mean, with more digits than a table has of it.
        if self.terms.is_empty() {
            broken.push("a model has a term: a mean is a measure of a table".to_owned());
        }
        if let Quantity::Derived { derived } = &self.response
            && !matches!(value(derived), Some(DerivedValue::Number { .. }))
        {
            broken.push(format!("response `{derived}` is no derived number"));
        }
        for (index, term) in self.terms.iter().enumerate() {
            if self
                .terms
                .iter()
                .take(index)
                .any(|t| t.name() == term.name())
            {
                broken.push(format!("the term `{}` is there twice", term.name()));
            }
            let RegressionTerm::Derived { derived, reference } = term else {
                continue;
            };
            match (value(derived), reference) {
                (Some(DerivedValue::Number { .. }), None) => {}
                (Some(DerivedValue::Category { labels }), reference)
                    if reference.as_ref().is_none_or(|r| labels.contains(r)) => {}
                (Some(_), Some(reference)) => broken.push(format!(
                    "`{reference}` is no label of the derived category `{derived}`"
                )),
                _ => broken.push(format!("term `{derived}` is no derived column")),
            }
        }
        broken
    }

    /// What is wrong with it against the resource that it is about.
    pub(crate) fn lineage_errors(&self, resource: &Resource) -> Vec<String> {
        let mut errors = Vec::new();
        if let Quantity::Field { field } = &self.response {
            errors.extend(no_measure(field, resource));
        }
        for term in &self.terms {
            match term {
                RegressionTerm::Field { field } => errors.extend(no_measure(field, resource)),
                RegressionTerm::Banded {
                    field,
                    banding,
                    reference,
                } => {
                    let Some(field) = resource.field(field) else {
                        continue;
                    };
                    let Some(known) = field.banding(banding) else {
                        errors.push(format!(
                            "field `{}` of `{}` has no banding `{banding}`",
                            field.name, resource.name
                        ));
                        continue;
                    };
                    let labels = known.labels();
                    let mut named = labels.iter().take(labels.len().saturating_sub(1));
                    if let Some(reference) = reference
                        && !named.any(|label| label == reference)
                    {
                        errors.push(format!("banding `{banding}` has no class `{reference}`"));
                    }
                }
                RegressionTerm::Derived { .. } => {}
            }
        }
        errors
    }
}

names! {
    /// What a measure of the module's own is.
    OwnKind {
        /// Whatever the module computes: the gate checks who stands behind each cell, and people look at the rest.
        Custom = "custom",
        /// The least value of a field: the gate computes it itself.
        Minimum = "minimum",
        /// The greatest value of a field: the gate computes it itself.
        Maximum = "maximum",
        /// A percentile of a field: the gate computes it itself.
        Percentile = "percentile",
    }
}

/// A measure of an output that no registered aggregate gives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnMeasure {
    /// The column's name.
    pub name: Name,
    /// What people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// What it is.
    pub kind: OwnKind,
    /// The field, for everything but `custom`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Name>,
    /// Which percentile, between 0 and 100 without either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub percentile: Option<f64>,
}

impl OwnMeasure {
    /// What is wrong with it by itself.
    pub(crate) fn broken_rule(&self) -> Option<String> {
        let name = &self.name;
        if (self.kind == OwnKind::Custom) == self.field.is_some() {
            return Some(format!(
                "measure `{name}`: every kind but `custom` takes a field"
            ));
        }
        let right = match (self.kind, self.percentile) {
            (OwnKind::Percentile, Some(percentile)) => percentile > 0.0 && percentile < 100.0,
            (OwnKind::Percentile, None) => false,
            (_, percentile) => percentile.is_none(),
        };
        (!right).then(|| {
            format!("measure `{name}`: a percentile, and nothing else, lies between 0 and 100")
        })
    }

    /// What is wrong with it against the resource that it is about.
    pub(crate) fn lineage_error(&self, resource: &Resource) -> Option<String> {
        no_measure(self.field.as_ref()?, resource)
    }
}

impl Output {
    /// What is wrong with how its parts go together.
    pub(crate) fn broken_rules(&self, world: World, derived: &[Derived]) -> Vec<String> {
        let mut broken = Vec::new();
        let name = &self.name;
        let other = !self.measures.is_empty() || self.totals;
        if let Some(model) = &self.model {
            if other || !self.dimensions.is_empty() || !self.own.is_empty() {
                broken.push(format!(
                    "output `{name}`: a model stands alone, without dimensions and measures"
                ));
            }
            broken.extend(model.broken_rules(derived));
        }
        if !self.own.is_empty() && (other || world != World::Analysis) {
            broken.push(format!(
                "output `{name}`: measures of an `analysis` module's own stand without others and without totals"
            ));
        }
        let columns = || {
            let dimensions = self.dimensions.iter().map(Dimension::name);
            dimensions.chain(self.own.iter().map(|m| &m.name))
        };
        for (index, column) in columns().enumerate() {
            if !self.own.is_empty() && columns().take(index).any(|c| c == column) {
                broken.push(format!("output `{name}`: column `{column}` is there twice"));
            }
        }
        broken.extend(self.own.iter().filter_map(OwnMeasure::broken_rule));
        broken
    }
}

/// Why no figure may be made of a field's values: it is no number, names somebody, or no guest may see it as it is. The gate reads fields
/// without their masks, so a figure of a masked one would tell what the mask keeps back.
pub(crate) fn no_measure(name: &Name, resource: &Resource) -> Option<String> {
    let field = resource.field(name)?;
    let why = if field.class == FieldClass::DirectIdentifier {
        "is a direct identifier"
    } else if field.mask != Mask::None {
        "is masked"
    } else {
        return not_a_number(name, resource);
    };
    let resource = &resource.name;
    Some(format!(
        "field `{name}` of `{resource}` {why}: nothing is summed, weighed or divided by it"
    ))
}

fn not_a_number(name: &Name, resource: &Resource) -> Option<String> {
    let numeric = matches!(
        resource.field(name)?.kind,
        FieldType::Boolean
            | FieldType::Int32
            | FieldType::Int64
            | FieldType::Float64
            | FieldType::Decimal
    );
    (!numeric).then(|| format!("field `{name}` of `{}` is no number", resource.name))
}
