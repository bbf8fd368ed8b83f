//! What the gate found in every cell of an output, read page by page: for those who supervise.

use serde::Serialize;
use yunei_authority::{Action, Target};
use yunei_model::{
    Blank, BracketOf, CheckedCell, Checks, Code, Name, OutputOverlaps, RunId, Text, rule_title,
};
use yunei_store::PAGE_ROWS_MAX;

use crate::{Actor, Domain, LifecycleError};

/// A page of the cells of one output, with what its words mean.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ChecksView {
    /// The output.
    pub output: Name,
    /// Names of the dimensions, in the order of every cell's labels.
    pub dimensions: Vec<Name>,
    /// Cells of the table that have figures.
    pub cells: u32,
    /// Earlier releases that lie across the output's rows, in numbers and in words; `None` where none does.
    pub overlaps: Option<OutputOverlaps>,
    /// Rules, quantities and reasons to be blank that occur, as people read them.
    pub words: Vec<Word>,
    /// Cells, in canonical order.
    pub items: Vec<CheckedCell>,
    /// Row to go on from; `None` at the end.
    pub next: Option<u32>,
}

/// A word of the checks, as people read it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Word {
    /// The word.
    pub word: String,
    /// In both languages.
    pub title: Text,
}

/// Which cells of an output.
#[derive(Debug, Clone, Copy)]
pub struct CheckQuery<'a> {
    /// The output.
    pub output: &'a Name,
    /// Row of the first.
    pub from: u32,
    /// Items at most.
    pub limit: u32,
    /// Whether those alone that are blank or do not pass.
    pub at_risk: bool,
}

impl Domain {
    /// What the gate found in the cells of one output of a run. Rows are those of the table, in canonical order.
    ///
    /// # Errors
    /// Refused by policy; [`Code::NotFound`] when there is no such run or output, or no rule was held against its cells.
    pub async fn checks(
        &self,
        actor: &Actor,
        id: RunId,
        query: CheckQuery<'_>,
    ) -> Result<ChecksView, LifecycleError> {
        let run = self.store.run(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Run(self.run_target(&run).await?);
        self.permit(actor, Action::ViewRunDetail, &target).await?;
        let checks = self.store.checks(id, query.output).await?;
        let mut page = page(&checks.ok_or(Code::NotFound)?, query);
        let verdicts = self.store.verdicts(id).await?;
        let verdict = verdicts.into_iter().find(|v| v.output == *query.output);
        page.overlaps = verdict.and_then(|verdict| verdict.overlaps.told(&verdict.output));
        Ok(page)
    }
}

fn page(checks: &Checks, query: CheckQuery<'_>) -> ChecksView {
    let limit = query.limit.clamp(1, PAGE_ROWS_MAX) as usize;
    let mut items: Vec<CheckedCell> = (query.from..checks.cells)
        .filter(|row| !query.at_risk || is_at_risk(checks, *row))
        .take(limit + 1)
        .filter_map(|row| checks.cell(row))
        .collect();
    let more = items.len() > limit;
    let next = items.get(limit).filter(|_| more).map(|cell| cell.row);
    items.truncate(limit);
    ChecksView {
        output: query.output.clone(),
        dimensions: checks.axes.iter().map(|axis| axis.name.clone()).collect(),
        cells: checks.cells,
        overlaps: None,
        words: words(checks),
        items,
        next,
    }
}

/// Whether a cell is blank, or a rule did not pass.
fn is_at_risk(checks: &Checks, row: u32) -> bool {
    checks.blank(row) != Blank::No
        || checks.rules.iter().any(|column| {
            let holds = |rows: &[u32]| rows.binary_search(&row).is_ok();
            holds(&column.failed) || holds(&column.review)
        })
}

fn words(checks: &Checks) -> Vec<Word> {
    let rules = checks.rules.iter().map(|column| {
        let title = rule_title(&column.rule);
        (column.rule.to_string(), title)
    });
    let brackets = checks.brackets.iter().map(|column| {
        let of: BracketOf = column.of;
        (of.to_string(), of.title())
    });
    let blanks = Blank::ALL.iter().map(|b| (b.to_string(), b.title()));
    let mut words: Vec<Word> = Vec::new();
    for (word, title) in rules.chain(brackets).chain(blanks) {
        if words.iter().all(|known| known.word != word) {
            words.push(Word { word, title });
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use yunei_model::{CheckedAxis, Status};

    use super::*;

    fn checks() -> Checks {
        let name = |text| Name::parse(text).unwrap();
        let mut checks = Checks {
            axes: vec![CheckedAxis {
                name: name("day"),
                labels: (0..10).map(|day| day.to_string()).collect(),
            }],
            cells: 10,
            primary: vec![3],
            complementary: vec![7],
            ..Checks::default()
        };
        let figures: Vec<_> = (0..10)
            .map(|row| {
                let units = if row == 3 { 4.0 } else { 40.0 };
                let status = if row == 3 { Status::Fail } else { Status::Pass };
                (row, status, units, 10.0)
            })
            .collect();
        checks.add_rule(name("threshold"), None, &figures);
        checks
    }

    #[test]
    fn pages_go_on_where_the_last_one_ended() {
        let output = Name::parse("out").unwrap();
        let of = |from, limit, at_risk| {
            let output = &output;
            page(
                &checks(),
                CheckQuery {
                    output,
                    from,
                    limit,
                    at_risk,
                },
            )
        };
        let rows = |view: &ChecksView| view.items.iter().map(|c| c.row).collect::<Vec<_>>();
        let first = of(0, 4, false);
        assert_eq!((rows(&first), first.next), (vec![0, 1, 2, 3], Some(4)));
        let last = of(8, 4, false);
        assert_eq!((rows(&last), last.next), (vec![8, 9], None));
        let risky = of(0, 1, true);
        assert_eq!((rows(&risky), risky.next), (vec![3], Some(7)));
        let end = of(7, 1, true);
        assert_eq!((rows(&end), end.next), (vec![7], None));
        let titles = first.words.iter().find(|word| word.word == "threshold");
        assert_eq!(titles.unwrap().title.zh, "最小频数");
        assert!(of(10, 4, false).items.is_empty());
    }
}
