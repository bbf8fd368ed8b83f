//! What a review says, for people.

use yunei_disclosure::review::{
    Blank, BracketReport, CellReport, ModelReport, Report, RuleReport, TableReport,
};
use yunei_model::{Decision, Language, Status};

use crate::printer::text as sheet_text;
use crate::sheet::{Sheet, figure, number, visible};

/// Cells shown of one table; JSON has all of them.
const CELLS_SHOWN_MAX: usize = 500;
/// Problems shown; JSON has more.
const PROBLEMS_SHOWN_MAX: usize = 50;
/// What stands in a cell that is blank.
const BLANK: &str = "·";

/// A word in the reader's language.
struct Words(Language);

impl Words {
    fn say(&self, zh: &'static str, en: &'static str) -> &'static str {
        match self.0 {
            Language::Zh => zh,
            Language::En => en,
        }
    }

    fn decision(&self, decision: Decision) -> &'static str {
        match decision {
            Decision::Release => self.say("可以发布", "release"),
            Decision::Withhold => self.say("不得发布", "withhold"),
            Decision::Review => self.say("须人工审核", "review"),
        }
    }

    fn status(&self, status: Status) -> &'static str {
        match status {
            Status::Pass => self.say("通过", "pass"),
            Status::Fail => self.say("不通过", "fail"),
            Status::Review => self.say("待审", "review"),
        }
    }

    fn blank(&self, blank: Blank) -> &'static str {
        match blank {
            Blank::No => "",
            Blank::Primary => self.say("主抑制", "primary"),
            Blank::Complementary => self.say("次抑制", "complementary"),
            Blank::Given => self.say("已空", "blank"),
            Blank::Partly => self.say("部分空", "partly"),
        }
    }
}

/// The whole report.
pub fn text(report: &Report, language: Language) -> String {
    let words = Words(language);
    let mut parts = vec![facts(report, &words)];
    if !report.problems.is_empty() {
        parts.push(problems(report, &words));
    }
    for table in &report.tables {
        parts.push(cells(table, &words));
    }
    if !report.models.is_empty() {
        parts.push(models(&report.models, &words));
    }
    parts.join("\n\n")
}

fn facts(report: &Report, words: &Words) -> String {
    let mut sheet = Sheet::facts();
    sheet
        .fact(
            words.say("结论", "decision"),
            words.decision(report.decision),
        )
        .fact(words.say("规则集", "profile"), &report.profile);
    for reason in &report.reasons {
        sheet.fact(words.say("理由", "because"), reason);
    }
    for notice in &report.notices {
        sheet.fact(words.say("注意", "note"), notice);
    }
    for table in &report.tables {
        let (total, shown, failed) = (
            number(table.cells_total),
            number(table.cells_shown),
            number(table.cells_failed),
        );
        let decision = words.decision(table.decision);
        let told = match words.0 {
            Language::Zh => {
                format!("{decision}；单元格 {total}，有数 {shown}，不通过 {failed}")
            }
            Language::En => {
                format!("{decision}; {total} cells, {shown} with figures, {failed} fail")
            }
        };
        sheet.fact(
            words.say("表", "table"),
            format!("{}: {told}", visible(&table.name)),
        );
    }
    sheet_text(&sheet)
}

fn problems(report: &Report, words: &Words) -> String {
    let mut sheet = Sheet::of(
        [
            words.say("问题", "problem"),
            words.say("表", "table"),
            words.say("单元格", "cell"),
            words.say("指标", "measure"),
            words.say("说明", "what"),
        ]
        .map(str::to_owned)
        .to_vec(),
    );
    for problem in report.problems.iter().take(PROBLEMS_SHOWN_MAX) {
        sheet.cells(vec![
            problem.code.to_owned(),
            problem.table.clone(),
            problem
                .cell
                .as_ref()
                .map_or_else(String::new, |cell| cell.join(" / ")),
            problem.measure.clone().unwrap_or_default(),
            problem.detail.clone(),
        ]);
    }
    let more = report
        .problems_total
        .saturating_sub(PROBLEMS_SHOWN_MAX as u64);
    with_more(sheet_text(&sheet), more, words)
}

fn with_more(text: String, more: u64, words: &Words) -> String {
    if more == 0 {
        return text;
    }
    let words = words.say("行未列出；JSON 中更全", "more; JSON has them");
    format!("{text}\n{} {words}", number(more))
}

fn cells(table: &TableReport, words: &Words) -> String {
    let measures = table.cells.first().map_or(&[][..], |cell| &cell.figures);
    let mut heading = table.dimensions.clone();
    heading.extend(measures.iter().map(|figure| figure.measure.clone()));
    heading.extend(
        [
            words.say("结论", "status"),
            words.say("空白", "blank"),
            words.say("未通过的规则", "rules that do not pass"),
            words.say("仍不可知", "stays unknown"),
        ]
        .map(str::to_owned),
    );
    let mut sheet = Sheet::of(heading);
    for cell in table.cells.iter().take(CELLS_SHOWN_MAX) {
        sheet.cells(row(cell, words));
    }
    for place in 0..measures.len() {
        sheet.numbers(table.dimensions.len() + place);
    }
    let more = table.cells.len().saturating_sub(CELLS_SHOWN_MAX) as u64;
    with_more(sheet_text(&sheet), more, words)
}

fn row(cell: &CellReport, words: &Words) -> Vec<String> {
    let mut row = cell.cell.clone();
    for told in &cell.figures {
        // As it is published, and no digit less.
        let shown = told.shown.map(|shown| shown.to_string());
        row.push(shown.unwrap_or_else(|| BLANK.to_owned()));
    }
    row.push(words.status(cell.status).to_owned());
    row.push(words.blank(cell.blank).to_owned());
    let rules: Vec<String> = cell.failed.iter().map(rule).collect();
    row.push(rules.join(", "));
    let brackets: Vec<String> = cell.brackets.iter().map(bracket).collect();
    row.push(brackets.join(", "));
    row
}

fn rule(rule: &RuleReport) -> String {
    let of = rule
        .measure
        .as_ref()
        .map_or_else(String::new, |measure| format!(" {measure}"));
    let value = rule.value.map_or_else(|| "?".to_owned(), figure);
    format!("{}{of} {value} | {}", rule.rule, figure(rule.bound))
}

fn bracket(bracket: &BracketReport) -> String {
    let end = |end: Option<f64>| end.map_or_else(|| "∞".to_owned(), figure);
    let low = bracket.low.map_or_else(|| "-∞".to_owned(), figure);
    let mark = match bracket.status {
        Status::Pass => "",
        Status::Fail => " !",
        Status::Review => " ?",
    };
    format!("{} {low}…{}{mark}", bracket.measure, end(bracket.high))
}

fn models(models: &[ModelReport], words: &Words) -> String {
    let mut sheet = Sheet::of(
        [
            words.say("模型", "model"),
            words.say("结论", "decision"),
            "n",
            words.say("参数", "parameters"),
            words.say("残差自由度", "residual df"),
            words.say("未通过的规则", "rules that do not pass"),
        ]
        .map(str::to_owned)
        .to_vec(),
    );
    for model in models {
        let rules: Vec<String> = model.failed.iter().map(rule).collect();
        sheet.cells(vec![
            model.name.clone(),
            words.decision(model.decision).to_owned(),
            number(model.observations),
            number(model.parameters),
            number(model.residual_degrees_of_freedom),
            rules.join(", "),
        ]);
    }
    sheet_text(&sheet)
}
