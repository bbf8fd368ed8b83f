//! An axis: the finest labels of a dimension, the labels that stand above them, and the label of every row.

use std::collections::HashMap;

use super::ReviewError;
use super::columns::{Column, Columns};
use super::spec::{Closed, DimensionSpec, wrong};

/// Labels of one dimension at most, groups and total included.
pub const LABELS_MAX: usize = 100_000;
/// Layers of one dimension at most: how deep groups nest or cross.
pub const LAYERS_MAX: usize = 16;

/// A label of an axis and the finest labels that it stands for.
#[derive(Debug, Clone)]
pub(super) struct Node {
    pub(super) label: String,
    /// Finest labels, rising.
    pub(super) leaves: Vec<u32>,
}

/// Nodes that do not overlap.
#[derive(Debug, Clone)]
pub(super) struct Layer {
    pub(super) nodes: Vec<usize>,
    /// The place in `nodes` of the one that a finest label is in.
    pub(super) of_leaf: Vec<Option<u32>>,
}

/// A dimension over given microdata.
#[derive(Debug, Clone)]
pub(super) struct Axis {
    pub(super) name: String,
    /// Column of the microdata.
    pub(super) column: String,
    pub(super) sensitive: bool,
    /// Number of finest labels; they are the first nodes.
    pub(super) leaves: usize,
    /// Finest labels, then groups in the spec's order, then the total.
    pub(super) nodes: Vec<Node>,
    /// The finest labels first.
    pub(super) layers: Vec<Layer>,
    /// Finest label of each row; none where the row is in no cell.
    pub(super) codes: Vec<Option<u32>>,
    places: HashMap<String, usize>,
}

impl Axis {
    /// The axis of a dimension over rows of which only `kept` are looked at.
    pub(super) fn new(
        spec: &DimensionSpec,
        columns: &Columns,
        kept: &[bool],
    ) -> Result<Self, ReviewError> {
        let column = columns.column(spec.column())?;
        let mut labels = own_labels(spec, column, kept)?;
        let plain = labels.len();
        if let Some(other) = &spec.other {
            labels.push(other.clone());
        }
        let leaves = labels.len();
        let mut axis = Self {
            name: spec.name.clone(),
            column: spec.column().to_owned(),
            sensitive: spec.sensitive,
            leaves,
            nodes: Vec::with_capacity(leaves),
            layers: Vec::new(),
            codes: Vec::new(),
            places: HashMap::new(),
        };
        for (code, label) in labels.iter().enumerate() {
            axis.add(label.clone(), vec![narrow(code)])?;
        }
        for group in &spec.groups {
            let leaves = axis.members(&group.label, &group.of)?;
            axis.add(group.label.clone(), leaves)?;
        }
        if let Some(total) = &spec.total {
            axis.add(total.clone(), (0..narrow(leaves)).collect())?;
        }
        axis.layer()?;
        axis.codes = codes(spec, column, kept, &labels, plain)?;
        Ok(axis)
    }

    /// The node with that label.
    pub(super) fn place(&self, label: &str) -> Option<usize> {
        self.places.get(label).copied()
    }

    /// The nodes that a finest label is in.
    pub(super) fn above(&self, leaf: u32) -> impl Iterator<Item = usize> + '_ {
        self.layers.iter().filter_map(move |layer| {
            let place = layer.of_leaf.get(leaf as usize).copied().flatten()?;
            layer.nodes.get(place as usize).copied()
        })
    }

    fn add(&mut self, label: String, leaves: Vec<u32>) -> Result<(), ReviewError> {
        if self.nodes.len() >= LABELS_MAX {
            return Err(ReviewError::TooLarge {
                name: "labels_max",
                limit: LABELS_MAX,
                asked: self.nodes.len() + 1,
            });
        }
        if self
            .places
            .insert(label.clone(), self.nodes.len())
            .is_some()
        {
            let name = &self.name;
            return Err(wrong(format!(
                "label `{label}` of dimension `{name}` stands twice"
            )));
        }
        self.nodes.push(Node { label, leaves });
        Ok(())
    }

    /// The finest labels of a group of labels and groups.
    fn members(&self, label: &str, of: &[String]) -> Result<Vec<u32>, ReviewError> {
        let mut leaves = Vec::new();
        for member in of {
            let node = self.place(member).and_then(|place| self.nodes.get(place));
            let Some(node) = node else {
                return Err(wrong(format!(
                    "group `{label}` of dimension `{}` names `{member}`, which is no label before it",
                    self.name
                )));
            };
            leaves.extend_from_slice(&node.leaves);
        }
        leaves.sort_unstable();
        let before = leaves.len();
        leaves.dedup();
        if leaves.len() == before {
            return Ok(leaves);
        }
        Err(wrong(format!(
            "group `{label}` of dimension `{}` has a label twice",
            self.name
        )))
    }

    /// Puts every node into the first layer where it overlaps with nothing.
    fn layer(&mut self) -> Result<(), ReviewError> {
        let empty = Layer {
            nodes: Vec::new(),
            of_leaf: vec![None; self.leaves],
        };
        for (place, node) in self.nodes.iter().enumerate() {
            let free = |layer: &Layer| {
                let taken = |leaf: &u32| matches!(layer.of_leaf.get(*leaf as usize), Some(Some(_)));
                !node.leaves.iter().any(taken)
            };
            let found = match self.layers.iter().position(free) {
                Some(found) => found,
                None if self.layers.len() < LAYERS_MAX => {
                    self.layers.push(empty.clone());
                    self.layers.len() - 1
                }
                None => {
                    return Err(ReviewError::TooLarge {
                        name: "layers_max",
                        limit: LAYERS_MAX,
                        asked: LAYERS_MAX + 1,
                    });
                }
            };
            if let Some(layer) = self.layers.get_mut(found) {
                let index = narrow(layer.nodes.len());
                layer.nodes.push(place);
                for leaf in &node.leaves {
                    if let Some(slot) = layer.of_leaf.get_mut(*leaf as usize) {
                        *slot = Some(index);
                    }
                }
            }
        }
        Ok(())
    }
}

/// INVARIANT: codes are below [`LABELS_MAX`], which fits 32 bits.
pub(super) fn narrow(code: usize) -> u32 {
    u32::try_from(code).unwrap_or(u32::MAX)
}

fn own_labels(
    spec: &DimensionSpec,
    column: Column<'_>,
    kept: &[bool],
) -> Result<Vec<String>, ReviewError> {
    if let Some(labels) = &spec.labels {
        return Ok(labels.clone());
    }
    if let Some(cuts) = &spec.cuts {
        return Ok(bands(cuts, spec.closed));
    }
    let mut seen = std::collections::BTreeSet::new();
    for (row, _) in kept.iter().enumerate().filter(|(_, kept)| **kept) {
        if let Some(text) = column.text(row)
            && !seen.contains(text.as_ref())
        {
            seen.insert(text.into_owned());
        }
        if seen.len() > LABELS_MAX {
            return Err(ReviewError::TooLarge {
                name: "labels_max",
                limit: LABELS_MAX,
                asked: seen.len(),
            });
        }
    }
    let mut labels: Vec<String> = seen.into_iter().collect();
    if labels.iter().all(|l| super::columns::decimal(l).is_some()) {
        let number = |label: &String| super::columns::decimal(label).unwrap_or(f64::INFINITY);
        labels.sort_by(|a, b| number(a).total_cmp(&number(b)).then_with(|| a.cmp(b)));
    }
    if labels.is_empty() && spec.other.is_none() {
        return Err(ReviewError::EmptyDimension {
            dimension: spec.name.clone(),
        });
    }
    Ok(labels)
}

/// Labels of the bands between cuts.
fn bands(cuts: &[f64], closed: Closed) -> Vec<String> {
    let (Some(first), Some(last)) = (cuts.first(), cuts.last()) else {
        return Vec::new();
    };
    let (below, above) = match closed {
        Closed::Left => (format!("< {first}"), format!(">= {last}")),
        Closed::Right => (format!("<= {first}"), format!("> {last}")),
    };
    let inner = cuts
        .iter()
        .zip(cuts.iter().skip(1))
        .map(|(low, high)| match closed {
            Closed::Left => format!("[{low}, {high})"),
            Closed::Right => format!("({low}, {high}]"),
        });
    std::iter::once(below)
        .chain(inner)
        .chain(std::iter::once(above))
        .collect()
}

/// The finest label of each row that is kept.
fn codes(
    spec: &DimensionSpec,
    column: Column<'_>,
    kept: &[bool],
    labels: &[String],
    plain: usize,
) -> Result<Vec<Option<u32>>, ReviewError> {
    let known: HashMap<&str, usize> = labels
        .iter()
        .take(plain)
        .enumerate()
        .map(|(code, label)| (label.as_str(), code))
        .collect();
    let other = spec.other.is_some().then_some(plain);
    let mut codes = Vec::with_capacity(kept.len());
    for (row, kept) in kept.iter().enumerate() {
        if !kept {
            codes.push(None);
            continue;
        }
        let found = match &spec.cuts {
            Some(cuts) => column
                .number(row)?
                .map(|number| band_of(cuts, spec.closed, number)),
            None => column
                .text(row)
                .and_then(|text| known.get(text.as_ref()).copied()),
        };
        let code = found.or(other);
        if code.is_none() && !spec.drop {
            return Err(ReviewError::NoLabel {
                dimension: spec.name.clone(),
                row: row + 1,
            });
        }
        codes.push(code.map(narrow));
    }
    Ok(codes)
}

fn band_of(cuts: &[f64], closed: Closed, number: f64) -> usize {
    cuts.partition_point(|cut| match closed {
        Closed::Left => *cut <= number,
        Closed::Right => *cut < number,
    })
}
