//! Module manifests (`module.toml`): what a module says it needs and gives.

mod columns;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::transition::names;
use crate::{Mechanism, Name, OwnMeasure, Parameter, Regression, Resource, Text};

names! {
    /// The world of the guest interface that a module lives in.
    World {
        /// Derives columns row by row; the host aggregates.
        PerRow = "per-row",
        /// Reads granted tables and writes outputs.
        Analysis = "analysis",
        /// Contributes bounded values, one data subject at a time.
        PerSubject = "per-subject",
    }
}

/// A resource that the module reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Required {
    /// The resource's name.
    pub name: Name,
    /// Fields read.
    pub fields: Vec<Name>,
}

names! {
    /// How a measure aggregates.
    Aggregate {
        /// Rows.
        Count = "count",
        /// Distinct data subjects.
        DistinctSubjects = "distinct-subjects",
        /// Sum.
        Sum = "sum",
        /// Arithmetic mean over rows with a value.
        Mean = "mean",
        /// Sum of one field over sum of another.
        Ratio = "ratio",
    }
}

impl Aggregate {
    /// Whether it counts, and sums nothing up.
    #[must_use]
    pub const fn is_count(self) -> bool {
        matches!(self, Self::Count | Self::DistinctSubjects)
    }
}

/// A dimension of an output: a field of the resource under a registered banding, or a derived category.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum Dimension {
    /// A field under a registered banding.
    Banded {
        /// The field.
        field: Name,
        /// The banding.
        banding: Name,
    },
    /// A derived column with labels.
    Derived {
        /// The derived column.
        derived: Name,
    },
}

impl Dimension {
    /// The column's name in the released table.
    #[must_use]
    pub fn name(&self) -> &Name {
        match self {
            Self::Banded { field, .. } => field,
            Self::Derived { derived } => derived,
        }
    }
}

/// A measure of an output.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measure {
    /// The column's name in the released table.
    pub name: Name,
    /// What people read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// Aggregate.
    pub aggregate: Aggregate,
    /// Field aggregated; not for counts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<Name>,
    /// Derived column aggregated, instead of a field.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub derived: Option<Name>,
    /// Denominator of a ratio.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<Name>,
    /// Field that weighs each row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight: Option<Name>,
}

names! {
    /// What happens to a cell that fails.
    OnFailure {
        /// It is left blank, with those that would give it back.
        Suppress = "suppress",
        /// The whole table stays.
        Refuse = "refuse",
        /// All counts are rounded to the profile's base.
        Round = "round",
        /// Dimensions go to their next coarser registered banding, until nothing fails.
        Merge = "merge",
        /// All counts carry noise that is fixed per cell.
        Perturb = "perturb",
    }
}

impl OnFailure {
    /// Without a word in the manifest.
    const fn or_suppress() -> Self {
        Self::Suppress
    }

    const fn is_suppress(&self) -> bool {
        matches!(self, Self::Suppress)
    }
}

/// An output and its lineage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// Name.
    pub name: Name,
    /// The resource that it is about.
    pub resource: Name,
    /// Dimensions, in order.
    #[serde(default, rename = "dimension")]
    pub dimensions: Vec<Dimension>,
    /// Measures, in order. None means the guest's own figures: they wait for two reviewers.
    #[serde(default, rename = "measure")]
    pub measures: Vec<Measure>,
    /// Measures of the module's own in the frame of the dimensions, in order, instead of those.
    #[serde(default, rename = "own", skip_serializing_if = "Vec::is_empty")]
    pub own: Vec<OwnMeasure>,
    /// A regression that the gate fits itself, instead of a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<Regression>,
    /// Whether margins and the grand total are wanted too.
    #[serde(default)]
    pub totals: bool,
    /// What happens to a cell that fails.
    #[serde(
        default = "OnFailure::or_suppress",
        skip_serializing_if = "OnFailure::is_suppress"
    )]
    pub on_failure: OnFailure,
}

impl Output {
    /// The fields of the resource that it is made of.
    pub fn fields(&self) -> impl Iterator<Item = &Name> {
        let dimensions = self.dimensions.iter().filter_map(|d| match d {
            Dimension::Banded { field, .. } => Some(field),
            Dimension::Derived { .. } => None,
        });
        let measures = self
            .measures
            .iter()
            .flat_map(|m| m.field.iter().chain(&m.denominator).chain(&m.weight));
        let own = self.own.iter().filter_map(|m| m.field.as_ref());
        let model = self.model.iter().flat_map(Regression::fields);
        dimensions.chain(measures).chain(own).chain(model)
    }

    /// Whether every measure is a count without a weight: such ones can be rounded, or get noise.
    #[must_use]
    pub fn has_plain_counts_alone(&self) -> bool {
        let mut measures = self.measures.iter();
        measures.all(|m| m.aggregate.is_count() && m.weight.is_none())
    }
}

/// What a derived column's values are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum DerivedValue {
    /// A number, clamped to the bounds.
    Number {
        /// Least.
        min: f64,
        /// Greatest.
        max: f64,
    },
    /// An index into fixed labels; any other value is `other`.
    Category {
        /// The labels.
        labels: Vec<String>,
    },
}

/// A column that a `per-row` module derives.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Derived {
    /// Name.
    pub name: Name,
    /// Type and bounds.
    #[serde(flatten)]
    pub value: DerivedValue,
}

/// What a `per-subject` module contributes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contribution {
    /// Labels of the fixed cells.
    pub cells: Vec<String>,
    /// Measures with bounds.
    pub measures: Vec<ContributionMeasure>,
    /// Cells that one subject may touch at most.
    pub cells_per_subject: u32,
    /// Privacy that a run takes of its population: ε of adding or removing one subject with all its rows.
    pub epsilon: f64,
    /// Probability with which Gaussian noise may promise less; 0 for Laplace noise.
    #[serde(default)]
    pub delta: f64,
    /// Where the noise comes from.
    #[serde(default)]
    pub mechanism: Mechanism,
    /// Cell of a subject whose call failed: its measures count with their defaults there. None: it touches no cell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default_cell: Option<String>,
}

/// A bounded measure of a `per-subject` module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ContributionMeasure {
    /// Name.
    pub name: Name,
    /// Least value of one contribution.
    pub min: f64,
    /// Greatest value of one contribution.
    pub max: f64,
    /// Contribution of a subject whose call failed.
    #[serde(default)]
    pub default: f64,
    /// Contributions are rounded to multiples of it: 1 for counts. Without one it is a power of two, between 2⁻¹⁶ and 2⁻¹⁵ of the
    /// greater bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<f64>,
}

/// A module manifest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name.
    pub name: Name,
    /// Version, as its author counts.
    pub version: String,
    /// What people read.
    pub title: Text,
    /// World.
    pub world: World,
    /// Purpose of use.
    pub purpose: Name,
    /// Author, as an entrusted party (Art. 39).
    pub author: String,
    /// Bias declaration (Art. 8).
    pub bias: String,
    /// Resources read.
    #[serde(rename = "resource")]
    pub resources: Vec<Required>,
    /// Parameters.
    #[serde(default, rename = "parameter")]
    pub parameters: Vec<Parameter>,
    /// Outputs.
    #[serde(default, rename = "output")]
    pub outputs: Vec<Output>,
    /// Derived columns of a `per-row` module.
    #[serde(default)]
    pub derived: Vec<Derived>,
    /// Contributions of a `per-subject` module.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub contribution: Option<Contribution>,
}

impl Manifest {
    /// Parses and checks a manifest.
    ///
    /// # Errors
    /// [`ManifestError`]: the first syntax error, or every rule broken.
    pub fn parse(text: &str) -> Result<Self, ManifestError> {
        let manifest: Self = toml::from_str(text).map_err(|source| ManifestError::Syntax {
            reason: source.message().to_owned(),
        })?;
        let broken = manifest.broken_rules();
        if broken.is_empty() {
            Ok(manifest)
        } else {
            Err(ManifestError::Rules { broken })
        }
    }

    /// Whether every figure of the output is a standard aggregate over registered bandings: route *recomputed*.
    #[must_use]
    pub fn is_recomputable(&self, output: &Output) -> bool {
        !output.measures.is_empty()
            && output
                .dimensions
                .iter()
                .all(|d| matches!(d, Dimension::Banded { .. }))
            && output.measures.iter().all(|m| m.derived.is_none())
    }

    /// The required resource of that name.
    #[must_use]
    pub fn required(&self, name: &Name) -> Option<&Required> {
        self.resources.iter().find(|r| &r.name == name)
    }

    /// Checks an output's lineage against the resource that it is about.
    #[must_use]
    pub fn lineage_errors(output: &Output, resource: &Resource) -> Vec<String> {
        let mut errors = Vec::new();
        for dimension in &output.dimensions {
            if let Dimension::Banded { field, banding } = dimension
                && resource
                    .field(field)
                    .and_then(|f| f.banding(banding))
                    .is_none()
            {
                errors.push(format!(
                    "field `{field}` of `{}` has no banding `{banding}`",
                    resource.name
                ));
            }
        }
        for name in output.fields() {
            if resource.field(name).is_none() {
                errors.push(format!("`{}` has no field `{name}`", resource.name));
            }
        }
        errors.extend(columns::measured_faults(output, resource));
        let own = output.own.iter().filter_map(|m| m.lineage_error(resource));
        errors.extend(own);
        if let Some(model) = &output.model {
            errors.extend(model.lineage_errors(resource));
        }
        errors
    }

    fn broken_rules(&self) -> Vec<String> {
        let mut broken = Vec::new();
        if self.resources.is_empty() {
            broken.push("a module reads at least one resource".to_owned());
        }
        if self.world == World::PerRow && (self.derived.is_empty() || self.resources.len() != 1) {
            broken.push("a `per-row` module derives columns from exactly one resource".to_owned());
        }
        if self.world != World::PerRow && !self.derived.is_empty() {
            broken.push("only a `per-row` module derives columns".to_owned());
        }
        if (self.world == World::PerSubject) != self.contribution.is_some() {
            broken.push("a `per-subject` module, and no other, has a contribution".to_owned());
        }
        if self.world == World::PerSubject && !self.outputs.is_empty() {
            broken
                .push("a `per-subject` module has its contribution and no other output".to_owned());
        }
        if let Some(contribution) = &self.contribution {
            broken.extend(contribution.broken_rules());
            broken.extend(contribution.privacy_faults());
        }
        broken.extend(columns::derived_faults(&self.derived));
        broken.extend(columns::name_faults(&self.outputs));
        if self.world != World::PerSubject && self.outputs.is_empty() {
            broken.push("a module has at least one output".to_owned());
        }
        for output in &self.outputs {
            if self.required(&output.resource).is_none() {
                broken.push(format!(
                    "output `{}` is about `{}`, which the module does not read",
                    output.name, output.resource
                ));
            }
            broken.extend(output.broken_rules(self.world, &self.derived));
            broken.extend(
                output
                    .measures
                    .iter()
                    .filter_map(|m| self.broken_measure(m)),
            );
            broken.extend(broken_alternative(output));
            for dimension in &output.dimensions {
                if let Dimension::Derived { derived } = dimension
                    && !self.derived.iter().any(|d| {
                        &d.name == derived && matches!(d.value, DerivedValue::Category { .. })
                    })
                {
                    broken.push(format!("dimension `{derived}` is no derived category"));
                }
            }
        }
        broken
    }

    fn broken_measure(&self, measure: &Measure) -> Option<String> {
        let counts = measure.aggregate.is_count();
        let sources = usize::from(measure.field.is_some()) + usize::from(measure.derived.is_some());
        if counts != (sources == 0) || sources > 1 {
            return Some(format!(
                "measure `{}`: counts take no field, every other aggregate takes one",
                measure.name
            ));
        }
        if (measure.aggregate == Aggregate::Ratio) != measure.denominator.is_some() {
            return Some(format!(
                "measure `{}`: a ratio, and nothing else, has a denominator",
                measure.name
            ));
        }
        let derived = measure.derived.as_ref()?;
        let known = self
            .derived
            .iter()
            .any(|d| &d.name == derived && matches!(d.value, DerivedValue::Number { .. }));
        (!known).then(|| {
            format!(
                "measure `{}`: `{derived}` is no derived number",
                measure.name
            )
        })
    }
}

/// Why an output cannot have what it asks for where a cell fails.
fn broken_alternative(output: &Output) -> Option<String> {
    let counts = output.has_plain_counts_alone();
    let banded = output
        .dimensions
        .iter()
        .any(|d| matches!(d, Dimension::Banded { .. }));
    let (name, method) = (&output.name, output.on_failure);
    match method {
        OnFailure::Suppress => None,
        _ if output.measures.is_empty() => Some(format!(
            "output `{name}`: `{method}` is for tables that the gate computes"
        )),
        OnFailure::Round | OnFailure::Perturb if !counts => Some(format!(
            "output `{name}`: `{method}` is for counts without weights"
        )),
        OnFailure::Merge if !banded => Some(format!(
            "output `{name}`: `{method}` needs a dimension with a registered banding"
        )),
        _ => None,
    }
}

/// Why a manifest cannot stand.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ManifestError {
    /// Not TOML, or not of the manifest's shape.
    #[error("the manifest cannot be read: {reason}")]
    Syntax {
        /// What the parser said.
        reason: String,
    },
    /// Rules broken.
    #[error("the manifest breaks its rules: {}", broken.join("; "))]
    Rules {
        /// Each broken rule.
        broken: Vec<String>,
    },
}
