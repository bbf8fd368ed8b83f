//! What an author is told: from a fixed list, by manifest and public structure alone.
//!
//! INVARIANT: a hint is a function of the manifest, of the catalogue entries that it names, of what started the run, and of one word, the
//! decision. Data cannot steer it: equal manifests get equal hints, whatever it was that failed.

use crate::{Decision, Dimension, Hint, Language, Manifest, OnFailure, Output, Resource, Trigger};

impl Hint {
    /// The sentence that goes with it.
    #[must_use]
    pub const fn sentence(self, language: Language) -> &'static str {
        let (zh, en) = match self {
            Self::CoarserBanding => (
                "改用更粗的已登记分档，可能得以出域。",
                "A coarser registered banding may pass.",
            ),
            Self::FewerDimensions => ("减少维度，可能得以出域。", "Fewer dimensions may pass."),
            Self::WithoutTotals => (
                "不要求合计与小计，可能得以出域。",
                "The same without margins and total may pass.",
            ),
            Self::CountsAlone => (
                "只计数而不求和、不求平均，可能得以出域。",
                "Counts instead of sums, means and ratios may pass.",
            ),
            Self::Rounding => (
                "计数改为取整（`on_failure = \"round\"`），可能得以出域。",
                "Rounded counts (`on_failure = \"round\"`) may pass.",
            ),
            Self::Merging => (
                "沿已登记分档逐级合并（`on_failure = \"merge\"`），可能得以出域。",
                "Dimensions merged along their registered bandings (`on_failure = \"merge\"`) may pass.",
            ),
            Self::FewerOutputs => (
                "对同一资源只输出一张表，可能得以出域。",
                "One output about a resource, instead of several that are linked, may pass.",
            ),
            Self::StandardAggregate => (
                "改用已登记分档上的标准汇总，可能得以出域。",
                "A standard aggregate over registered bandings may pass.",
            ),
            Self::LongerPeriod => (
                "每期覆盖更长的时段，可能得以出域。",
                "Editions that cover a longer period may pass.",
            ),
            Self::WiderLateness => (
                "为迟到数据预留更长时间，可能得以出域。",
                "Waiting longer for late rows may pass.",
            ),
            Self::AwaitReview => ("请等待审核。", "Wait for the reviewers."),
        };
        match language {
            Language::Zh => zh,
            Language::En => en,
        }
    }
}

impl Manifest {
    /// Hints for the author of a module about a run that ended so: in the order of [`Hint::ALL`], each once. `catalogue` has the entries
    /// of the resources that the module reads; without the entry of an output's resource nothing is said of its bandings.
    #[must_use]
    pub fn hints(
        &self,
        trigger: &Trigger,
        decision: Decision,
        catalogue: &[Resource],
    ) -> Vec<Hint> {
        match decision {
            Decision::Release => Vec::new(),
            Decision::Review => vec![Hint::AwaitReview],
            Decision::Withhold => {
                let fits = |hint: &Hint| self.is_told(*hint, trigger, catalogue);
                Hint::ALL.iter().copied().filter(fits).collect()
            }
        }
    }

    fn is_told(&self, hint: Hint, trigger: &Trigger, catalogue: &[Resource]) -> bool {
        let mut outputs = self.outputs.iter();
        match hint {
            Hint::CoarserBanding => outputs.any(|output| {
                let mut dimensions = output.dimensions.iter();
                dimensions.any(|dimension| matches!(dimension, Dimension::Banded { .. }))
            }),
            Hint::FewerDimensions => outputs.any(|output| output.dimensions.len() > 1),
            Hint::WithoutTotals => {
                outputs.any(|output| output.totals && !output.dimensions.is_empty())
            }
            Hint::CountsAlone => outputs.any(|output| {
                let mut measures = output.measures.iter();
                measures.any(|measure| !measure.aggregate.is_count())
            }),
            Hint::Rounding => outputs.any(|output| {
                // Beside another table about the same rows a rounded one goes to people.
                let about = self
                    .outputs
                    .iter()
                    .filter(|o| o.resource == output.resource);
                keeps_cells_back(output) && output.has_plain_counts_alone() && about.count() == 1
            }),
            Hint::Merging => outputs.any(|output| {
                keeps_cells_back(output) && self.has_coarser_bandings(output, catalogue)
            }),
            Hint::FewerOutputs => (0..).zip(outputs).any(|(index, output)| {
                let mut before = self.outputs.iter().take(index);
                before.any(|other| other.resource == output.resource)
            }),
            Hint::StandardAggregate => outputs.any(|output| !self.is_recomputable(output)),
            Hint::LongerPeriod | Hint::WiderLateness => matches!(trigger, Trigger::Schedule { .. }),
            Hint::AwaitReview => false,
        }
    }

    /// Whether the banding of one of its dimensions nests in a coarser one, as the catalogue says.
    fn has_coarser_bandings(&self, output: &Output, catalogue: &[Resource]) -> bool {
        let about = catalogue.iter().find(|r| r.name == output.resource);
        let read = |r: &&Resource| self.required(&r.name).is_some();
        let about = about.map(|about| about.with_references(catalogue.iter().filter(read)));
        let mut dimensions = output.dimensions.iter();
        dimensions.any(|dimension| match (dimension, &about) {
            (Dimension::Banded { field, banding }, Some(about)) => {
                let field = about.field(field);
                let banding = field.and_then(|f| Some((f, f.banding(banding)?.within.as_ref()?)));
                banding.is_some_and(|(field, within)| field.banding(within).is_some())
            }
            _ => false,
        })
    }
}

/// Whether a table of the gate's own is blank, or stays, where a cell fails: the manifest could ask for something else.
const fn keeps_cells_back(output: &Output) -> bool {
    let kept = matches!(output.on_failure, OnFailure::Suppress | OnFailure::Refuse);
    kept && !output.measures.is_empty()
}

#[cfg(test)]
mod tests;
