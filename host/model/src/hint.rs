//! What an author is told: from a fixed list, by manifest and public structure alone.
//!
//! INVARIANT: a hint is a function of the manifest, of what started the run, and of one word, the decision. Data cannot steer it: equal
//! manifests get equal hints, whatever it was that failed.

use crate::{Aggregate, Decision, Dimension, Hint, Language, Manifest, Trigger};

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
    /// Hints for the author of a module about a run that ended so: in the order of [`Hint::ALL`], each once.
    #[must_use]
    pub fn hints(&self, trigger: &Trigger, decision: Decision) -> Vec<Hint> {
        match decision {
            Decision::Release => Vec::new(),
            Decision::Review => vec![Hint::AwaitReview],
            Decision::Withhold => {
                let fits = |hint: &Hint| self.is_told(*hint, trigger);
                Hint::ALL.iter().copied().filter(fits).collect()
            }
        }
    }

    fn is_told(&self, hint: Hint, trigger: &Trigger) -> bool {
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
                measures.any(|measure| {
                    !matches!(
                        measure.aggregate,
                        Aggregate::Count | Aggregate::DistinctSubjects
                    )
                })
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
}

#[cfg(test)]
mod tests;
