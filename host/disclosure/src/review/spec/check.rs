//! What a spec must be, beyond its shape.

use std::collections::BTreeSet;

use super::{
    Closed, Condition, DimensionSpec, MODELS_MAX, MeasureSpec, ModelSpec, Rounded, SPEC_FORMAT,
    Spec, Statistic, TABLES_MAX, TableSpec, wrong,
};
use crate::review::ReviewError;
use crate::shape::{DIMENSIONS_MAX, MEASURES_MAX};

/// Conditions of one filter at most.
const CONDITIONS_MAX: usize = 32;

impl Spec {
    pub(super) fn check(&self) -> Result<(), ReviewError> {
        if self.format != SPEC_FORMAT {
            return Err(wrong(format!(
                "this program reads spec format {SPEC_FORMAT}, not {}",
                self.format
            )));
        }
        if self.tables.is_empty() && self.models.is_empty() {
            return Err(wrong("a spec names a table or a model".to_owned()));
        }
        if self.tables.len() > TABLES_MAX || self.models.len() > MODELS_MAX {
            return Err(wrong(format!(
                "a spec has at most {TABLES_MAX} tables and {MODELS_MAX} models"
            )));
        }
        once(self.dimensions.iter().map(|d| d.name.as_str()), "dimension")?;
        once(self.tables.iter().map(|t| t.name.as_str()), "table")?;
        once(self.models.iter().map(|m| m.name.as_str()), "model")?;
        conditions(&self.filter)?;
        self.dimensions.iter().try_for_each(DimensionSpec::check)?;
        self.models.iter().try_for_each(ModelSpec::check)?;
        for table in &self.tables {
            table.check()?;
            for name in &table.dimensions {
                self.dimension(name)?;
            }
        }
        Ok(())
    }
}

impl DimensionSpec {
    fn check(&self) -> Result<(), ReviewError> {
        let name = &self.name;
        let must = |holds: bool, what: &str| {
            if holds {
                Ok(())
            } else {
                Err(wrong(format!("dimension `{name}` {what}")))
            }
        };
        must(!name.is_empty(), "has no name")?;
        must(
            !(self.drop && self.other.is_some()),
            "has both `drop` and `other`",
        )?;
        if let Some(cuts) = &self.cuts {
            let rising = cuts
                .windows(2)
                .all(|pair| matches!(pair, [low, high] if low < high));
            must(
                !cuts.is_empty() && rising && cuts.iter().all(|cut| cut.is_finite()),
                "has cuts that do not rise",
            )?;
            let fits = self
                .labels
                .as_ref()
                .is_none_or(|labels| labels.len() == cuts.len() + 1);
            must(fits, "needs one label more than it has cuts")?;
        } else {
            must(
                self.closed == Closed::Left,
                "has no cuts that could be closed",
            )?;
        }
        must(
            self.labels.as_ref().is_none_or(|labels| !labels.is_empty()),
            "has no labels",
        )?;
        must(
            self.groups.iter().all(|group| !group.of.is_empty()),
            "has a group of nothing",
        )
    }
}

impl TableSpec {
    fn check(&self) -> Result<(), ReviewError> {
        let name = &self.name;
        if self.dimensions.len() > DIMENSIONS_MAX {
            return Err(wrong(format!(
                "table `{name}` has more than {DIMENSIONS_MAX} dimensions"
            )));
        }
        if self.measures.is_empty() || self.measures.len() > MEASURES_MAX {
            return Err(wrong(format!(
                "table `{name}` needs 1 to {MEASURES_MAX} measures"
            )));
        }
        let dimensions = self.dimensions.iter().map(String::as_str);
        once(
            dimensions.chain(self.measures.iter().map(|m| m.name.as_str())),
            "column",
        )?;
        if let Some(across) = &self.across {
            if !self.dimensions.contains(across) {
                return Err(wrong(format!(
                    "table `{name}` has no dimension `{across}` that could run across"
                )));
            }
            if self.measures.len() > 1 {
                return Err(wrong(format!(
                    "table `{name}` has labels across its heading and room for one measure: make a table of each"
                )));
            }
        }
        if let Rounded::By(rounding) = self.rounding
            && !rounding.is_sound()
        {
            return Err(wrong(format!(
                "table `{name}` has a rounding that cannot be"
            )));
        }
        conditions(&self.filter)?;
        self.measures.iter().try_for_each(MeasureSpec::check)
    }
}

impl MeasureSpec {
    fn check(&self) -> Result<(), ReviewError> {
        use Statistic::{Count, DistinctSubjects, Mean, Percentile, Proportion, Ratio, Sum};
        let name = &self.name;
        let must = |holds: bool, what: &str| {
            if holds {
                Ok(())
            } else {
                Err(wrong(format!("measure `{name}` {what}")))
            }
        };
        let counts = matches!(self.aggregate, Count | DistinctSubjects | Proportion);
        must(!name.is_empty(), "has no name")?;
        must(counts || self.column.is_some(), "needs a column")?;
        must(
            self.aggregate != DistinctSubjects || self.column.is_none(),
            "counts subjects and has no column",
        )?;
        must(
            (self.aggregate == Ratio) == self.denominator.is_some(),
            "has a denominator exactly when it is a ratio",
        )?;
        must(
            (self.aggregate == Percentile) == self.p.is_some(),
            "has `p` exactly when it is a percentile",
        )?;
        must(
            self.p.is_none_or(|p| p > 0.0 && p < 100.0),
            "has a `p` that is not between 0 and 100",
        )?;
        must(
            (self.aggregate == Proportion) != self.of.is_empty(),
            "has `of` exactly when it is a proportion",
        )?;
        must(
            self.weight.is_none() || matches!(self.aggregate, Count | Sum | Mean | Ratio),
            "cannot be weighed",
        )?;
        must(
            self.decimals.is_none_or(|decimals| decimals <= 15),
            "has more than 15 decimals",
        )?;
        conditions(&self.of)
    }
}

impl ModelSpec {
    fn check(&self) -> Result<(), ReviewError> {
        let name = &self.name;
        if self.observations.is_none() && self.columns.is_empty() {
            return Err(wrong(format!(
                "model `{name}` needs `observations`, or `columns` to count them over"
            )));
        }
        if self.parameters == 0 {
            return Err(wrong(format!("model `{name}` has no parameters")));
        }
        conditions(&self.filter)
    }
}

fn once<'a>(names: impl Iterator<Item = &'a str>, what: &str) -> Result<(), ReviewError> {
    let mut seen = BTreeSet::new();
    for name in names {
        if !seen.insert(name) {
            return Err(wrong(format!("{what} `{name}` stands twice")));
        }
    }
    Ok(())
}

fn conditions(conditions: &[Condition]) -> Result<(), ReviewError> {
    if conditions.len() > CONDITIONS_MAX {
        return Err(wrong(format!(
            "a filter has at most {CONDITIONS_MAX} conditions"
        )));
    }
    for condition in conditions {
        let column = &condition.column;
        let none = condition.one_of.is_none()
            && condition.not_in.is_none()
            && condition.at_least.is_none()
            && condition.below.is_none()
            && condition.present.is_none();
        let bounds = [condition.at_least, condition.below];
        let odd = bounds.iter().flatten().any(|bound| !bound.is_finite());
        let crossed = matches!(bounds, [Some(low), Some(high)] if low >= high);
        if none || odd || crossed {
            return Err(wrong(format!(
                "the condition on `{column}` says nothing, or nothing that can hold"
            )));
        }
    }
    Ok(())
}
