//! What the gate found in every cell of a table: the figure of each rule, passed or not, and what stays unknown of blank cells.
//!
//! Everything here is for those who supervise: never to an operating unit, never on the record or in telemetry but as a commitment.

use serde::{Deserialize, Serialize};

use crate::transition::names;
use crate::{Name, RuleFigure, Status, Text};

/// Figures of rules in one table's checks at most, those that a rule has not among them; past that the last cells have none.
pub const CHECK_FIGURES_MAX: usize = 1_000_000;
/// Brackets in one table's checks at most; past that the last cells have none.
pub const CHECK_BRACKETS_MAX: usize = 500_000;

names! {
    /// Whether and why a cell is blank.
    Blank {
        /// It is not.
        No = "no",
        /// A rule failed.
        Primary = "primary",
        /// It would give back one that failed.
        Complementary = "complementary",
    }
}

names! {
    /// What a bracket is about: one of the quantities in which cells and margins add up.
    BracketOf {
        /// Distinct subjects, merged by group.
        Subjects = "subjects",
        /// Rows.
        Rows = "rows",
        /// The measure's sum, or the numerator of its mean or ratio.
        Sum = "sum",
        /// The denominator of its ratio.
        Denominator = "denominator",
        /// The sum of its weights.
        Weight = "weight",
        /// Rows that have a value of the measure.
        RowsWithValue = "rows-with-value",
        /// Distinct subjects that have a value of the measure.
        SubjectsWithValue = "subjects-with-value",
        /// What lies between two figures of one column.
        Complement = "complement",
    }
}

impl Blank {
    /// What people read.
    #[must_use]
    pub fn title(self) -> Text {
        match self {
            Self::No => both("未抑制", "shown"),
            Self::Primary => both("主抑制", "primary suppression"),
            Self::Complementary => both("次抑制", "complementary suppression"),
        }
    }
}

impl BracketOf {
    /// What people read.
    #[must_use]
    pub fn title(self) -> Text {
        match self {
            Self::Subjects => both("数据主体数", "subjects"),
            Self::Rows => both("行数", "rows"),
            Self::Sum => both("合计", "sum"),
            Self::Denominator => both("分母", "denominator"),
            Self::Weight => both("权数", "weight"),
            Self::RowsWithValue => both("有值行数", "rows with a value"),
            Self::SubjectsWithValue => both("有值主体数", "subjects with a value"),
            Self::Complement => both("两数之差", "between two figures"),
        }
    }
}

/// What people read of a rule, as in `policies/disclosure/`.
///
/// ```
/// # use yunei_model::{Name, rule_title};
/// assert_eq!(rule_title(&Name::parse("p-percent").unwrap()).zh, "p% 规则");
/// assert_eq!(rule_title(&Name::parse("a-rule-to-come").unwrap()).en, "a-rule-to-come");
/// ```
#[must_use]
pub fn rule_title(rule: &Name) -> Text {
    match rule.as_str() {
        "threshold" => both("最小频数", "threshold"),
        "zero" => both("空单元", "zero"),
        "dominance" => both("主导性 (n,k)", "dominance (n,k)"),
        "p-percent" => both("p% 规则", "p% rule"),
        "prior-posterior" => both("先验后验 (p,q)", "prior–posterior (p,q)"),
        "negative" => both("负值贡献", "negative contributions"),
        "degrees-of-freedom" => both("自由度", "degrees of freedom"),
        "class" => both("类别披露", "class disclosure"),
        "extreme" => both("极值", "extremes"),
        "percentile" => both("百分位数", "percentiles"),
        "model-size" => both("模型规模", "model size"),
        "saturated" => both("饱和模型", "saturated model"),
        "perfect-fit" => both("完全拟合", "perfect fit"),
        "events" => both("事件数", "events"),
        "indicator" => both("指示变量频数", "indicator counts"),
        "information" => both("信息集中度", "information"),
        "complement" => both("两数之差", "between two figures"),
        other => match other.strip_prefix(COMPLEMENT).map(Name::parse) {
            Some(Ok(rule)) => {
                let Text { zh, en } = rule_title(&rule);
                both(
                    &format!("两数之差：{zh}"),
                    &format!("between two figures: {en}"),
                )
            }
            _ => both(other, other),
        },
    }
}

/// What the names of rules begin with that are held against the difference of two figures.
const COMPLEMENT: &str = "complement-";

fn both(zh: &str, en: &str) -> Text {
    Text {
        zh: zh.to_owned(),
        en: en.to_owned(),
    }
}

/// One dimension of the cells that were checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckedAxis {
    /// Name of the dimension.
    pub name: Name,
    /// Its labels, that of the margin last where there is one.
    pub labels: Vec<String>,
}

/// One rule in every cell, for one measure or for the cells' support.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RuleColumn {
    /// The rule, as in `policies/disclosure/`.
    pub rule: Name,
    /// Measure; absent when the rule is about the cell's support.
    pub measure: Option<Name>,
    /// The bound that it was held against.
    pub bound: f64,
    /// What was measured, by cell; nothing where the rule does not apply. Shorter than the number of cells where the rest have none.
    pub values: Vec<Option<f64>>,
    /// Cells that fail, rising.
    pub failed: Vec<u32>,
    /// Cells that people must look at, rising.
    pub review: Vec<u32>,
}

/// What stays unknown of blank cells in one quantity.
///
/// A bracket is a *proven inner interval*: for each of its ends the gate has found, and checked, another table with the same public
/// structure that agrees in every figure that is shown (before rounding) and has that end in this cell; for counts such tables exist
/// for every whole number between. Nobody who knows all that is shown can rule out any of it. What really stays possible is
/// at least as wide. An end that is absent is unbounded: nothing that is shown adds up with the cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BracketColumn {
    /// What it is about.
    pub of: BracketOf,
    /// Measure; absent for subjects and rows.
    pub measure: Option<Name>,
    /// Blank cells, rising.
    pub cells: Vec<u32>,
    /// Lower ends.
    pub low: Vec<f64>,
    /// Upper ends.
    pub high: Vec<Option<f64>>,
    /// How low the lower end must lie at least for the protection level; nothing where none is asked for, as in cells that are blank for others.
    pub low_needed: Vec<Option<f64>>,
    /// How high the upper end must lie at least.
    pub high_needed: Vec<Option<f64>>,
}

/// What the gate found in every cell of a table, in columns. Cells are counted as the table's rows, in canonical order.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Checks {
    /// Dimensions, the last one fastest.
    pub axes: Vec<CheckedAxis>,
    /// Cells that have figures here: all of the table's, unless there were more than [`CHECK_FIGURES_MAX`] figures.
    pub cells: u32,
    /// Cells that are blank because a rule failed, rising.
    pub primary: Vec<u32>,
    /// Cells that are blank to protect those, rising.
    pub complementary: Vec<u32>,
    /// Rules.
    pub rules: Vec<RuleColumn>,
    /// What stays unknown.
    pub brackets: Vec<BracketColumn>,
}

/// What stays unknown of one blank cell in one quantity: see [`BracketColumn`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CellBracket {
    /// What it is about.
    pub of: BracketOf,
    /// Measure; absent for subjects and rows.
    pub measure: Option<Name>,
    /// Lower end.
    pub low: f64,
    /// Upper end; null where there is none.
    pub high: Option<f64>,
    /// Lower end at most that is enough; null where none is asked for.
    pub low_needed: Option<f64>,
    /// Upper end at least that is enough; null where none is asked for.
    pub high_needed: Option<f64>,
}

/// What the gate found in one cell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CheckedCell {
    /// Row of the table.
    pub row: u32,
    /// Labels of the cell, in the order of the dimensions.
    pub cell: Vec<String>,
    /// Outcome of the rules.
    pub status: Status,
    /// Whether and why it is blank.
    pub blank: Blank,
    /// Every rule that applies, passed or not.
    pub rules: Vec<RuleFigure>,
    /// What stays unknown, where it is blank.
    pub brackets: Vec<CellBracket>,
}

impl Checks {
    /// What was found in the cell of that row; none where there are no figures of it.
    #[must_use]
    pub fn cell(&self, row: u32) -> Option<CheckedCell> {
        if row >= self.cells {
            return None;
        }
        let rules: Vec<RuleFigure> = self.rules.iter().filter_map(|r| r.figure(row)).collect();
        let brackets = self.brackets.iter().filter_map(|b| b.bracket(row));
        Some(CheckedCell {
            row,
            cell: self.labels(row),
            status: worst(&rules),
            blank: self.blank(row),
            brackets: brackets.collect(),
            rules,
        })
    }

    /// Whether and why a cell is blank.
    #[must_use]
    pub fn blank(&self, row: u32) -> Blank {
        if holds(&self.primary, row) {
            Blank::Primary
        } else if holds(&self.complementary, row) {
            Blank::Complementary
        } else {
            Blank::No
        }
    }

    /// Labels of a cell.
    #[must_use]
    pub fn labels(&self, row: u32) -> Vec<String> {
        let mut rest = row as usize;
        let mut labels: Vec<String> = self
            .axes
            .iter()
            .rev()
            .map(|axis| {
                let extent = axis.labels.len().max(1);
                let label = axis.labels.get(rest % extent).cloned();
                rest /= extent;
                label.unwrap_or_default()
            })
            .collect();
        labels.reverse();
        labels
    }

    /// Adds what a further rule says of cells: their rows, rising, each with its figure. `rest` cells have none.
    pub fn add_rule(
        &mut self,
        rule: Name,
        measure: Option<Name>,
        figures: &[(u32, Status, f64, f64)],
    ) {
        let Some((_, _, _, bound)) = figures.first().copied() else {
            return;
        };
        let mut column = RuleColumn {
            rule,
            measure,
            bound: finite(bound),
            values: Vec::new(),
            failed: Vec::new(),
            review: Vec::new(),
        };
        for (row, status, value, _) in figures.iter().filter(|(row, ..)| *row < self.cells) {
            column.note(*row, *status, *value);
        }
        self.rules.push(column);
    }
}

impl RuleColumn {
    /// Takes the figure of a cell after those that are there. A figure that is no number stands for the greatest.
    pub fn note(&mut self, row: u32, status: Status, value: f64) {
        self.values.resize(row as usize, None);
        self.values.push(Some(finite(value)));
        match status {
            Status::Pass => {}
            Status::Fail => self.failed.push(row),
            Status::Review => self.review.push(row),
        }
    }

    /// The figure of a cell, where the rule applies.
    #[must_use]
    pub fn figure(&self, row: u32) -> Option<RuleFigure> {
        let value = self.values.get(row as usize).copied().flatten()?;
        let status = if holds(&self.failed, row) {
            Status::Fail
        } else if holds(&self.review, row) {
            Status::Review
        } else {
            Status::Pass
        };
        Some(RuleFigure {
            rule: self.rule.clone(),
            measure: self.measure.clone(),
            status,
            value,
            bound: self.bound,
        })
    }
}

impl BracketColumn {
    /// A column without brackets.
    #[must_use]
    pub const fn new(of: BracketOf, measure: Option<Name>) -> Self {
        Self {
            of,
            measure,
            cells: Vec::new(),
            low: Vec::new(),
            high: Vec::new(),
            low_needed: Vec::new(),
            high_needed: Vec::new(),
        }
    }

    /// Takes the bracket of a cell after those that are there: its ends, and the ends that are needed.
    pub fn push(&mut self, row: u32, ends: (f64, Option<f64>), needed: (Option<f64>, Option<f64>)) {
        self.cells.push(row);
        self.low.push(finite(ends.0));
        self.high.push(ends.1.map(finite));
        self.low_needed.push(needed.0.map(finite));
        self.high_needed.push(needed.1.map(finite));
    }

    /// The bracket of a cell, if it has one.
    #[must_use]
    pub fn bracket(&self, row: u32) -> Option<CellBracket> {
        let place = self.cells.binary_search(&row).ok()?;
        let end = |ends: &[Option<f64>]| ends.get(place).copied().flatten();
        Some(CellBracket {
            of: self.of,
            measure: self.measure.clone(),
            low: *self.low.get(place)?,
            high: end(&self.high),
            low_needed: end(&self.low_needed),
            high_needed: end(&self.high_needed),
        })
    }
}

fn holds(rising: &[u32], row: u32) -> bool {
    rising.binary_search(&row).is_ok()
}

fn worst(rules: &[RuleFigure]) -> Status {
    let any = |status| rules.iter().any(|figure| figure.status == status);
    if any(Status::Fail) {
        Status::Fail
    } else if any(Status::Review) {
        Status::Review
    } else {
        Status::Pass
    }
}

/// A figure as JSON can tell it; a zero has no sign.
fn finite(figure: f64) -> f64 {
    if figure.is_finite() {
        figure + 0.0
    } else {
        f64::MAX
    }
}

#[cfg(test)]
mod tests;
