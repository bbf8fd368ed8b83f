//! What the gate found in cells.

use yunei_lifecycle::{ChecksView, Word};
use yunei_model::*;

use super::{name, shown, text};

#[test]
fn checks_are_as_the_document_tells() {
    let rule = |measure, status| RuleFigure {
        rule: name("threshold"),
        measure,
        status,
        value: 3.0,
        bound: 10.0,
    };
    let bracket = |end: Option<f64>| CellBracket {
        of: BracketOf::Sum,
        measure: end.map(|_| name("fares")),
        low: 3.5,
        high: end,
        low_needed: end,
        high_needed: end,
    };
    let cell = CheckedCell {
        row: 4,
        cell: vec!["1路".into()],
        status: Status::Fail,
        blank: Blank::Primary,
        rules: vec![
            rule(None, Status::Fail),
            rule(Some(name("fares")), Status::Pass),
        ],
        brackets: vec![bracket(None), bracket(Some(13.5))],
    };
    for (rule, bracket) in cell.rules.iter().zip(&cell.brackets) {
        shown("RuleFigure", rule);
        shown("CellBracket", bracket);
    }
    shown("CheckedCell", &cell);
    let mut view = ChecksView {
        output: name("rides"),
        dimensions: vec![name("line")],
        cells: 40,
        overlaps: None,
        words: vec![Word {
            word: "threshold".into(),
            title: text(),
        }],
        items: vec![cell],
        next: Some(5),
    };
    shown("Checks", &view);
    let size = OverlapSize {
        rows: 3,
        subjects: 2,
        cells: 4,
        subjects_min: Some(1),
        cells_held: 1,
    };
    shown("OverlapSize", &size);
    let overlaps = Overlaps {
        overlapping: 1,
        beyond: 1,
        sizes: vec![size],
    };
    view.overlaps = overlaps.told(&view.output);
    shown("OutputOverlaps", view.overlaps.as_ref().unwrap());
    shown("Checks", &view);
    view.next = None;
    shown("Checks", &view);
}
