//! What the gate found in the cells of an output, in words: every rule, which figure comes closest to its bound, and what stays unknown.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use yunei_model::{
    Blank, CellBracket, CheckedCell, Language, Name, OutputOverlaps, RuleFigure, Status, Text,
    rule_title,
};

use crate::client::Client;
use crate::printer::{read, text};
use crate::sheet::{self, Sheet, list, number, visible};

/// Cells shown to people at once; programs get all of them.
const CELLS_SHOWN_MAX: usize = 40;
/// Cells of one page.
const PAGE_CELLS: u32 = 1000;

/// Cells of an output with what the gate found in each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Checked {
    /// The output.
    pub output: Name,
    /// Names of the dimensions.
    pub dimensions: Vec<Name>,
    /// Cells that have figures.
    pub cells: u32,
    /// Earlier releases that lie across its rows.
    #[serde(default)]
    pub overlaps: Option<OutputOverlaps>,
    /// Cells that were asked for.
    pub items: Vec<CheckedCell>,
    /// Row to go on from.
    pub next: Option<u32>,
}

/// Which cells.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// The run.
    pub run: &'a str,
    /// The output.
    pub output: &'a str,
    /// Row of the first.
    pub from: u32,
    /// Cells at most.
    pub limit: u32,
    /// Those alone that are blank or do not pass.
    pub at_risk: bool,
}

/// Fetches cells, page by page.
pub fn fetch(client: &Client, asked: &Asked<'_>) -> anyhow::Result<Checked> {
    let mut from = asked.from;
    let mut left = asked.limit;
    let mut gathered: Option<Checked> = None;
    loop {
        let page = left.min(PAGE_CELLS);
        let answer = client
            .get(format!("/runs/{}/checks", asked.run))
            .query("output", Some(asked.output))
            .query("from", Some(from))
            .query("limit", Some(page))
            .query("at_risk", asked.at_risk.then_some(true))
            .send()?;
        let mut page: Checked = read(&answer)?;
        left = left.saturating_sub(u32::try_from(page.items.len()).unwrap_or(u32::MAX));
        let next = page.next;
        let all = match gathered.take() {
            None => page,
            Some(mut all) => {
                all.items.append(&mut page.items);
                all.next = next;
                all
            }
        };
        match next {
            Some(row) if left > 0 && row > from => from = row,
            _ => return Ok(all),
        }
        gathered = Some(all);
    }
}

/// Words in the reader's language.
#[derive(Debug, Clone, Copy)]
pub struct Words(pub Language);

impl Words {
    fn say<'a>(self, zh: &'a str, en: &'a str) -> &'a str {
        match self.0 {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    fn of(self, text: Text) -> String {
        match self.0 {
            Language::Zh => text.zh,
            Language::En => text.en,
        }
    }

    fn blank(self, blank: Blank) -> String {
        match blank {
            Blank::No => String::new(),
            Blank::Primary | Blank::Complementary => self.of(blank.title()),
        }
    }
}

/// All of it: the rules with the figure that comes closest to each bound, then the cells that are blank or do not pass.
pub fn story(checked: &Checked, words: Words) -> String {
    let mut parts = vec![text(&rules(&checked.items, words))];
    let risky: Vec<&CheckedCell> = checked.items.iter().filter(|c| is_at_risk(c)).collect();
    if risky.is_empty() {
        let passed = words.say(
            "各单元均通过，无抑制。",
            "Every cell passes, and none is blank.",
        );
        parts.push(passed.to_owned());
    } else {
        parts.push(cells(&checked.dimensions, &risky, words));
    }
    if let Some(overlaps) = &checked.overlaps {
        let texts = overlaps.texts.iter().cloned();
        let told: Vec<String> = texts.map(|text| words.of(text)).collect();
        parts.push(told.join("\n"));
    }
    parts.join("\n\n")
}

/// The cells that were asked for, each with every rule.
pub fn every_rule(checked: &Checked, words: Words) -> String {
    let mut heading = headings(&checked.dimensions);
    heading.insert(0, words.say("行", "row").to_owned());
    heading.push(words.say("抑制", "blank").to_owned());
    heading.push(
        words
            .say("规则：数值 | 界", "rules: figure | bound")
            .to_owned(),
    );
    heading.push(words.say("仍不可知", "stays unknown").to_owned());
    let mut sheet = Sheet::of(heading);
    for cell in &checked.items {
        let mut row = vec![cell.row.to_string()];
        row.extend(cell.cell.iter().map(|label| visible(label)));
        row.push(words.blank(cell.blank));
        row.push(list(cell.rules.iter().map(rule)));
        row.push(list(cell.brackets.iter().map(|b| bracket(b, words))));
        sheet.cells(row);
    }
    sheet.numbers(0);
    match checked.next {
        None => text(&sheet),
        Some(next) => format!(
            "{}\n{} --from {next}",
            text(&sheet),
            words.say("续：", "more:")
        ),
    }
}

/// Leaves of a certificate that are about rows of its table: every rule, and what stays unknown.
pub fn leaf_rows(leaves: &[&Map<String, Value>], words: Words) -> Sheet {
    let mut sheet = Sheet::new([
        words.say("行", "row"),
        words.say("抑制", "blank"),
        words.say("规则：数值 | 界", "rules: figure | bound"),
        words.say("仍不可知", "stays unknown"),
    ]);
    for leaf in leaves {
        let rules: Vec<RuleFigure> = member(leaf, "rules").unwrap_or_default();
        let brackets: Vec<CellBracket> = member(leaf, "brackets").unwrap_or_default();
        let blank: Option<Blank> = member(leaf, "blank");
        sheet.row([
            leaf.get("row").map(ToString::to_string).unwrap_or_default(),
            blank.map(|blank| words.blank(blank)).unwrap_or_default(),
            list(rules.iter().map(rule)),
            list(brackets.iter().map(|b| bracket(b, words))),
        ]);
    }
    sheet.numbers(0);
    sheet
}

fn member<T: DeserializeOwned>(leaf: &Map<String, Value>, name: &str) -> Option<T> {
    T::deserialize(leaf.get(name)?).ok()
}

/// Whether it is blank, or a rule did not pass.
fn is_at_risk(cell: &CheckedCell) -> bool {
    cell.blank != Blank::No || cell.status != Status::Pass
}

fn headings(dimensions: &[Name]) -> Vec<String> {
    dimensions.iter().map(ToString::to_string).collect()
}

/// One line for each rule and measure: in how many cells, how many fail, and which figure comes closest to the bound.
fn rules(cells: &[CheckedCell], words: Words) -> Sheet {
    struct Line<'a> {
        figure: &'a RuleFigure,
        cell: &'a CheckedCell,
        cells: u64,
        failed: u64,
        review: u64,
    }
    let mut lines: Vec<Line<'_>> = Vec::new();
    for cell in cells {
        for figure in &cell.rules {
            let is = |l: &&mut Line<'_>| {
                l.figure.rule == figure.rule && l.figure.measure == figure.measure
            };
            let line = match lines.iter_mut().find(is) {
                Some(line) => line,
                None => {
                    lines.push(Line {
                        figure,
                        cell,
                        cells: 0,
                        failed: 0,
                        review: 0,
                    });
                    let Some(line) = lines.last_mut() else {
                        continue;
                    };
                    line
                }
            };
            line.cells += 1;
            line.failed += u64::from(figure.status == Status::Fail);
            line.review += u64::from(figure.status == Status::Review);
            if is_closer(figure, line.figure) {
                (line.figure, line.cell) = (figure, cell);
            }
        }
    }
    let heading = [
        words.say("规则", "rule"),
        words.say("指标", "measure"),
        words.say("单元数", "cells"),
        words.say("不通过", "fail"),
        words.say("待人工", "review"),
        words.say("最近的数值", "closest figure"),
        words.say("界", "bound"),
        words.say("所在单元", "in"),
    ];
    let mut sheet = Sheet::new(heading);
    for line in lines {
        let measure = line.figure.measure.as_ref().map(ToString::to_string);
        sheet.row([
            words.of(rule_title(&line.figure.rule)),
            measure.unwrap_or_default(),
            number(line.cells),
            number(line.failed),
            number(line.review),
            sheet::figure(line.figure.value),
            sheet::figure(line.figure.bound),
            place(line.cell),
        ]);
    }
    for column in 2..7 {
        sheet.numbers(column);
    }
    sheet
}

/// Whether a figure lies worse than another of the same rule: beyond the bound rather than within, and then further.
fn is_closer(one: &RuleFigure, other: &RuleFigure) -> bool {
    let rank = |status| match status {
        Status::Pass => 0,
        Status::Review => 1,
        Status::Fail => 2,
    };
    let larger = match one.rule.as_str() {
        "dominance" | "class" | "model-size" | "negative" => one.value > other.value,
        _ => one.value < other.value,
    };
    match rank(one.status).cmp(&rank(other.status)) {
        std::cmp::Ordering::Equal => larger,
        worse => worse.is_gt(),
    }
}

fn place(cell: &CheckedCell) -> String {
    if cell.cell.is_empty() {
        return "·".to_owned();
    }
    let labels: Vec<String> = cell.cell.iter().map(|label| visible(label)).collect();
    labels.join(" / ")
}

/// Cells at risk: why each is blank, in a sentence, and what stays unknown of it.
fn cells(dimensions: &[Name], risky: &[&CheckedCell], words: Words) -> String {
    let mut heading = headings(dimensions);
    heading.push(words.say("抑制", "blank").to_owned());
    heading.push(words.say("原因", "why").to_owned());
    heading.push(words.say("仍不可知", "stays unknown").to_owned());
    let mut sheet = Sheet::of(heading);
    for cell in risky.iter().take(CELLS_SHOWN_MAX) {
        let mut row: Vec<String> = cell.cell.iter().map(|label| visible(label)).collect();
        row.push(words.blank(cell.blank));
        row.push(why(cell, words));
        row.push(list(cell.brackets.iter().map(|b| bracket(b, words))));
        sheet.cells(row);
    }
    let more = risky.len().saturating_sub(CELLS_SHOWN_MAX);
    let shown = text(&sheet);
    if more == 0 {
        return shown;
    }
    let said = words.say(
        "个单元未列出；--json 有全部",
        "more cells; --json has all of them",
    );
    format!("{shown}\n{} {said}", number(more as u64))
}

/// Why a cell does not pass, or what it is blank for.
fn why(cell: &CheckedCell, words: Words) -> String {
    let failed = cell.rules.iter().filter(|f| f.status != Status::Pass);
    let reasons: Vec<String> = failed.map(|figure| reason(figure, words)).collect();
    if reasons.is_empty() && cell.blank != Blank::No {
        return match cell.blank {
            Blank::Complementary => words.say(
                "否则可由合计倒推其他空白单元",
                "else another blank cell would follow from the margins",
            ),
            _ => words.say("上一版中即为空白", "it was blank in the edition before"),
        }
        .to_owned();
    }
    reasons.join("; ")
}

/// A figure that did not pass, in a sentence.
fn reason(figure: &RuleFigure, words: Words) -> String {
    let (value, bound) = (sheet::figure(figure.value), sheet::figure(figure.bound));
    let percent = |value: f64| sheet::figure(value * 100.0);
    let (share, share_bound) = (percent(figure.value), percent(figure.bound));
    let (zh, en) = match figure.rule.as_str() {
        "zero" => ("无主体".to_owned(), "nobody is in it".to_owned()),
        "threshold" => (
            format!("仅 {value} 个主体（门槛 {bound}）"),
            format!("{value} subjects (threshold {bound})"),
        ),
        "dominance" => (
            format!("最大的几个主体占 {share}%（界 {share_bound}%）"),
            format!("the largest subjects make up {share} % (bound {share_bound} %)"),
        ),
        "p-percent" | "prior-posterior" => (
            format!("其余主体合计为最大者的 {share}%（界 {share_bound}%）"),
            format!("the rest is {share} % of the largest (bound {share_bound} %)"),
        ),
        "negative" => ("有负值".to_owned(), "negative contributions".to_owned()),
        "class" => (
            format!("组内 {share}% 同属一类"),
            format!("{share} % of a group are in one class"),
        ),
        _ => (
            format!("{} {value}（界 {bound}）", rule_title(&figure.rule).zh),
            format!("{} {value} (bound {bound})", rule_title(&figure.rule).en),
        ),
    };
    let said = words.say(&zh, &en);
    match &figure.measure {
        Some(measure) => format!("{measure}: {said}"),
        None => said.to_owned(),
    }
}

/// A rule in short, with a mark where it did not pass.
pub fn rule(figure: &RuleFigure) -> String {
    let of = figure.measure.as_ref();
    let of = of.map_or_else(String::new, |measure| format!(" {measure}"));
    let mark = match figure.status {
        Status::Pass => "",
        Status::Fail => " !",
        Status::Review => " ?",
    };
    let (value, bound) = (sheet::figure(figure.value), sheet::figure(figure.bound));
    format!("{}{of} {value} | {bound}{mark}", figure.rule)
}

/// What stays unknown, in short.
pub fn bracket(bracket: &CellBracket, words: Words) -> String {
    let of = words.of(bracket.of.title());
    let measure = bracket.measure.as_ref();
    let measure = measure.map_or_else(String::new, |measure| format!("{measure} "));
    let high = bracket.high.map_or_else(|| "∞".to_owned(), sheet::figure);
    format!("{measure}{of} {}…{high}", sheet::figure(bracket.low))
}

#[cfg(test)]
mod tests;
