//! How an output's rows lie to those of earlier releases, in numbers: for the people who decide, and for nobody else.

use serde::{Deserialize, Serialize};

use crate::{Name, Text};

/// Earlier releases that lie across an output's rows, so that people decide. Whose they are it does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Overlaps {
    /// Earlier releases about rows that overlap with these and are not the same.
    pub overlapping: u64,
    /// Earlier releases about the same rows that are beyond the audit.
    pub beyond: u64,
    /// By how much rows differ from those of the newest of the overlapping ones, where the gate could compare them.
    pub sizes: Vec<OverlapSize>,
}

/// By how much an output's rows differ from those of one earlier release, in the cells of the output, margins included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OverlapSize {
    /// Rows that one of the two has and the other has not.
    pub rows: u64,
    /// Subjects whose rows differ in a cell or a value.
    pub subjects: u64,
    /// Cells whose figures differ.
    pub cells: u64,
    /// The fewest subjects by which a cell differs; none where none does.
    pub subjects_min: Option<u64>,
    /// Cells that differ by too few subjects, or by one of them too much.
    pub cells_held: u64,
}

/// The same of one output, with what people read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputOverlaps {
    /// The output.
    pub output: Name,
    /// The numbers.
    #[serde(flatten)]
    pub overlaps: Overlaps,
    /// The same in words.
    pub texts: Vec<Text>,
}

impl Overlaps {
    /// Whether there is nothing to tell.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.overlapping == 0 && self.beyond == 0 && self.sizes.is_empty()
    }

    /// In words: how many there are, then one sentence for each that was compared.
    #[must_use]
    pub fn texts(&self) -> Vec<Text> {
        let (overlapping, beyond) = (self.overlapping, self.beyond);
        let number = |count: u64| match count {
            1 => ("earlier release", "is"),
            _ => ("earlier releases", "are"),
        };
        let overlapping = (overlapping > 0).then(|| {
            let (noun, verb) = number(overlapping);
            Text {
                zh: format!("此前出域的 {overlapping} 项结果与本结果的数据行部分重叠"),
                en: format!("{overlapping} {noun} {verb} about rows that overlap with these"),
            }
        });
        let beyond = (beyond > 0).then(|| {
            let (noun, verb) = number(beyond);
            Text {
                zh: format!("此前出域的 {beyond} 项结果涉及相同数据行，超出自动审计范围"),
                en: format!("{beyond} {noun} about the same rows {verb} beyond the audit"),
            }
        });
        let sizes = self.sizes.iter().map(OverlapSize::text);
        overlapping.into_iter().chain(beyond).chain(sizes).collect()
    }

    /// With the output that they are of; `None` where there is nothing to tell.
    #[must_use]
    pub fn told(self, output: &Name) -> Option<OutputOverlaps> {
        (!self.is_empty()).then(|| OutputOverlaps {
            output: output.clone(),
            texts: self.texts(),
            overlaps: self,
        })
    }
}

impl OverlapSize {
    /// In words.
    #[must_use]
    pub fn text(&self) -> Text {
        let Self {
            rows,
            subjects,
            cells,
            subjects_min,
            cells_held,
        } = self;
        if *subjects == 0 {
            return Text {
                zh: "与其中一项相比，各单元格的数据行相同".to_owned(),
                en: "the rows of one of them are the same in every cell".to_owned(),
            };
        }
        let fewest = subjects_min.unwrap_or(0);
        Text {
            zh: format!(
                "与其中一项相比，{subjects} 个数据主体的 {rows} 行不同，涉及 {cells} 个单元格（含合计）；单元格中最少相差 {fewest} 个主体，\
                 {cells_held} 个单元格相差的主体过少或由其中一个主体占比过大"
            ),
            en: format!(
                "beside one of them: rows that differ {rows}, subjects {subjects}, cells {cells} (margins included), \
                 fewest subjects in a cell {fewest}, cells that differ by too few or by one too much {cells_held}"
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_told_in_both_languages() {
        let size = OverlapSize {
            rows: 7,
            subjects: 3,
            cells: 12,
            subjects_min: Some(1),
            cells_held: 2,
        };
        let none = OverlapSize {
            rows: 0,
            subjects: 0,
            cells: 0,
            subjects_min: None,
            cells_held: 0,
        };
        let overlaps = Overlaps {
            overlapping: 2,
            beyond: 0,
            sizes: vec![size, none],
        };
        let texts = overlaps.texts();
        assert_eq!(texts.len(), 3);
        for text in &texts[..2] {
            let numbers = |text: &str| {
                let digits = text.split(|c: char| !c.is_ascii_digit());
                let mut numbers: Vec<u64> = digits.filter_map(|n| n.parse().ok()).collect();
                numbers.sort_unstable();
                numbers
            };
            assert_eq!(numbers(&text.zh), numbers(&text.en), "{text:?}");
        }
        let output = Name::parse("out").unwrap();
        assert_eq!(Overlaps::default().told(&output), None);
        assert_eq!(overlaps.told(&output).unwrap().texts, texts);
    }
}
