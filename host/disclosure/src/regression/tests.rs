//! Designs that would tell of someone; reference results are in `reference`.

mod reference;

use yunei_model::{Decision, Hint, Status, Table, Value, Verdict};

use super::*;
use crate::accumulate::{Protection, SubjectKey, SubjectRows};
use crate::fixture::{name, profile};

/// A row: subject, response, terms.
type Row = (i128, Option<f64>, Vec<TermValue>);

fn number(text: &str) -> Term {
    Term::Number { name: name(text) }
}

fn classes(text: &str, labels: usize) -> Term {
    Term::Classes {
        name: name(text),
        labels: (0..labels).map(|l| format!("{text}{l}")).collect(),
        reference: 0,
    }
}

fn linear(terms: Vec<Term>) -> Design {
    Design::new(RegressionKind::Linear, true, terms).unwrap()
}

fn columns(rows: &[Row], design: &Design) -> (Vec<Option<f64>>, Vec<Vec<TermValue>>) {
    let responses = rows.iter().map(|(_, response, _)| *response).collect();
    let term = |index: usize| rows.iter().map(|(_, _, terms)| terms[index]).collect();
    (responses, (0..design.terms().len()).map(term).collect())
}

fn fitted(design: &Design, rows: &[Row]) -> Result<Box<Estimates>, RegressionFault> {
    let mut fit = Fit::new(design);
    for _ in 0..=PASSES_MAX {
        let (responses, terms) = columns(rows, design);
        fit.observe(&responses, &terms);
        match fit.end_pass()? {
            Step::Again => {}
            Step::Done(estimates) => return Ok(estimates),
        }
    }
    panic!("it asks for too many passes");
}

fn judged(design: &Design, rows: &[Row], protection: Protection) -> (Verdict, Option<Table>) {
    let estimates = fitted(design, rows);
    let support = estimates.as_ref().map(|estimates| {
        let mut examination = Examination::new(design, estimates, protection).unwrap();
        let (responses, terms) = columns(rows, design);
        let subjects: Vec<SubjectRows<'_>> = rows
            .iter()
            .map(|(subject, _, _)| SubjectRows {
                key: SubjectKey::Integer(*subject),
                rows: 1,
            })
            .collect();
        examination
            .observe(&subjects, &[], &responses, &terms)
            .unwrap();
        examination.finish().unwrap()
    });
    let outcome = match (&estimates, &support) {
        (Ok(estimates), Ok(support)) => Ok((estimates.as_ref(), support)),
        (Err(fault), _) => Err(*fault),
        (_, Err(fault)) => Err(**fault),
    };
    judge_regression(&name("model"), design, outcome, &profile("yunei"))
}

/// Three hundred subjects with a response that depends on `x`, and noise that repeats.
fn ordinary() -> Vec<(i128, f64, f64)> {
    (0..300)
        .map(|row| {
            let x = f64::from(row % 17);
            let noise = f64::from((row * 7919) % 101) / 101.0 - 0.5;
            (i128::from(row), 20.0 + 2.0 * x + noise, x)
        })
        .collect()
}

fn plain(extra: impl Fn(i128) -> Vec<TermValue>) -> Vec<Row> {
    ordinary()
        .into_iter()
        .map(|(row, y, x)| {
            let mut terms = vec![TermValue::Number(x)];
            terms.extend(extra(row));
            (row, Some(y), terms)
        })
        .collect()
}

fn rules(verdict: &Verdict) -> Vec<(String, String)> {
    let of = |cell: &yunei_model::CellVerdict| {
        let place = cell.cell.join(" ");
        let rules = cell.failed.iter().map(|f| f.rule.to_string());
        rules
            .map(move |rule| (place.clone(), rule))
            .collect::<Vec<_>>()
    };
    verdict.cells.iter().flat_map(of).collect()
}

#[test]
fn an_ordinary_model_waits_for_people_with_rounded_figures() {
    let design = linear(vec![number("x"), classes("g", 3)]);
    let rows = plain(|row| vec![TermValue::Class((row % 3) as u32)]);
    let (verdict, table) = judged(&design, &rows, Protection::Subjects);
    assert_eq!(verdict.decision, Decision::Review, "{verdict:?}");
    assert!(verdict.routine && verdict.cells.is_empty());
    assert_eq!(verdict.hints, [Hint::AwaitReview]);
    let table = table.unwrap();
    let column = |index: usize| table.columns()[index].values.clone();
    let text = |text: &str| Value::Text(text.to_owned());
    assert_eq!(
        column(0)[..4],
        [text("(intercept)"), text("x"), text("g"), text("g")]
    );
    assert_eq!(column(1)[2..4], [text("g1"), text("g2")]);
    assert_eq!(
        column(0)[4..7],
        [
            text("(observations)"),
            text("(residual degrees of freedom)"),
            text("(r-squared)")
        ]
    );
    assert_eq!(column(2)[4..6], [Value::Integer(300), Value::Integer(296)]);
    for value in column(2).iter().chain(&column(3)) {
        if let Value::Number(figure) = value {
            assert_eq!(crate::round_figure(*figure, 6), *figure);
        }
    }
    // The number of rows is not told exactly.
    let (_, fewer) = judged(&design, &rows[..297], Protection::Subjects);
    assert_eq!(fewer.unwrap().columns()[2].values[4], Value::Integer(300));
    // Over nobody's data it leaves as it is.
    let (verdict, _) = judged(&design, &rows, Protection::None);
    assert_eq!(verdict.decision, Decision::Release);
}

#[test]
fn a_column_that_tells_of_few_is_withheld() {
    let withheld = |terms: Vec<Term>, extra: &dyn Fn(i128) -> Vec<TermValue>, rule: &str| {
        let design = linear(terms);
        let (verdict, table) = judged(&design, &plain(extra), Protection::Subjects);
        assert_eq!(verdict.decision, Decision::Withhold, "{rule}");
        assert!(table.is_none() && !verdict.routine);
        let found = rules(&verdict);
        assert!(found.iter().any(|(_, r)| r == rule), "{rule}: {found:?}");
        assert!(verdict.cells.iter().all(|c| c.status == Status::Fail));
    };
    let with = |term: Term| vec![number("x"), term];
    // An indicator of one person, and of everyone but one.
    withheld(
        with(classes("g", 2)),
        &|row| vec![TermValue::Class(u32::from(row == 7))],
        "indicator",
    );
    withheld(
        with(classes("g", 2)),
        &|row| vec![TermValue::Class(u32::from(row != 7))],
        "indicator",
    );
    // A number that is something for nine people alone, and one that is hidden under a little noise.
    let mask = |row: i128| vec![TermValue::Number(if row < 9 { 5.0 } else { 0.0 })];
    withheld(with(number("mask")), &mask, "indicator");
    let hidden = |row: i128| {
        vec![TermValue::Number(if row == 7 {
            1e6
        } else {
            (row % 13) as f64
        })]
    };
    withheld(with(number("hidden")), &hidden, "information");
    let several = |row: i128| {
        vec![TermValue::Number(if row < 8 {
            1e6
        } else {
            (row % 13) as f64
        })]
    };
    withheld(with(number("several")), &several, "information");
}

#[test]
fn a_mean_in_the_disguise_of_a_model_keeps_the_rules_of_a_mean() {
    let design = linear(Vec::new());
    let mut rows: Vec<Row> = (0..100)
        .map(|r| (r, Some(10.0 + (r % 5) as f64), Vec::new()))
        .collect();
    let (verdict, _) = judged(&design, &rows, Protection::Subjects);
    assert_eq!(verdict.decision, Decision::Review, "{verdict:?}");
    rows[3].1 = Some(1e6);
    let (verdict, _) = judged(&design, &rows, Protection::Subjects);
    assert_eq!(verdict.decision, Decision::Withhold);
    let found = rules(&verdict);
    assert!(
        found.contains(&("(intercept)".to_owned(), "dominance".to_owned())),
        "{found:?}"
    );
}

#[test]
fn many_parameters_few_subjects_and_perfect_fits_are_withheld() {
    // Six subjects with a hundred rows each are six.
    let design = linear(vec![number("x")]);
    let rows: Vec<Row> = (0..600)
        .map(|r| {
            (
                r / 100,
                Some(((r * 31) % 17) as f64 + 1.0),
                vec![TermValue::Number((r % 7) as f64)],
            )
        })
        .collect();
    let (verdict, _) = judged(&design, &rows, Protection::Subjects);
    let found: Vec<_> = rules(&verdict).into_iter().map(|(_, rule)| rule).collect();
    for rule in ["threshold", "degrees-of-freedom"] {
        assert!(found.iter().any(|r| r == rule), "{rule}: {found:?}");
    }
    // Forty parameters over a hundred subjects.
    let design = linear((0..39).map(|t| number(&format!("x{t}"))).collect());
    let rows: Vec<Row> = (0..100_i32)
        .map(|r| {
            let value =
                |t: i32| TermValue::Number(f64::from((r * (t + 3) * 7919 + t * t * r * r) % 211));
            (
                i128::from(r),
                Some(f64::from((r * 37) % 101)),
                (0..39).map(value).collect(),
            )
        })
        .collect();
    let (verdict, _) = judged(&design, &rows, Protection::Subjects);
    assert!(
        rules(&verdict).iter().any(|(_, r)| r == "model-size"),
        "{verdict:?}"
    );
    // The response itself as a term.
    let design = linear(vec![number("x"), number("y")]);
    let rows: Vec<Row> = ordinary()
        .into_iter()
        .map(|(r, y, x)| (r, Some(y), vec![TermValue::Number(x), TermValue::Number(y)]))
        .collect();
    let (verdict, _) = judged(&design, &rows, Protection::Subjects);
    assert!(
        rules(&verdict).iter().any(|(_, r)| r == "perfect-fit"),
        "{verdict:?}"
    );
}

#[test]
fn what_cannot_be_fitted_is_withheld_with_the_fault() {
    let fault = |design: &Design, rows: &[Row]| {
        let fault = fitted(design, rows).unwrap_err();
        let (verdict, table) = judged(design, rows, Protection::Subjects);
        assert_eq!((verdict.decision, table), (Decision::Withhold, None));
        assert_eq!(verdict.reasons, [fault.to_string()]);
        fault
    };
    let twice = linear(vec![number("x"), number("z")]);
    let rows = plain(|row| vec![TermValue::Number((row % 17) as f64 * 3.0)]);
    assert_eq!(fault(&twice, &rows), RegressionFault::Dependent);
    // A class with nobody in it.
    let empty = linear(vec![number("x"), classes("g", 3)]);
    let rows = plain(|row| vec![TermValue::Class((row % 2) as u32)]);
    assert_eq!(fault(&empty, &rows), RegressionFault::Dependent);
    let line = linear(vec![number("x")]);
    assert_eq!(fault(&line, &[]), RegressionFault::Saturated);
    let mut rows = plain(|_| Vec::new());
    rows[5].2[0] = TermValue::Number(f64::NAN);
    assert_eq!(fault(&line, &rows), RegressionFault::NotFinite);
    rows[5].2[0] = TermValue::Absent;
    assert!(
        fitted(&line, &rows).is_ok(),
        "a row without a value is left out"
    );
    rows[6].1 = Some(f64::MAX);
    rows[7].1 = Some(f64::MAX);
    assert_eq!(fault(&line, &rows), RegressionFault::NotFinite);
    let constant: Vec<Row> = plain(|_| Vec::new())
        .into_iter()
        .map(|(r, _, t)| (r, Some(4.0), t))
        .collect();
    assert_eq!(fault(&line, &constant), RegressionFault::Constant);
    let logistic = Design::new(RegressionKind::Logistic, true, vec![number("x")]).unwrap();
    assert_eq!(
        fault(&logistic, &plain(|_| Vec::new())),
        RegressionFault::NotBinary
    );
    let apart: Vec<Row> = (0..100)
        .map(|r| {
            (
                r,
                Some(f64::from(u8::from(r > 50))),
                vec![TermValue::Number(r as f64)],
            )
        })
        .collect();
    assert_eq!(fault(&logistic, &apart), RegressionFault::Separated);
}

#[test]
fn rare_events_are_withheld() {
    let logistic = Design::new(RegressionKind::Logistic, true, vec![number("x")]).unwrap();
    let rows: Vec<Row> = ordinary()
        .into_iter()
        .map(|(r, _, x)| {
            (
                r,
                Some(f64::from(u8::from(r % 40 == 0))),
                vec![TermValue::Number(x)],
            )
        })
        .collect();
    let (verdict, _) = judged(&logistic, &rows, Protection::Subjects);
    assert_eq!(verdict.decision, Decision::Withhold);
    assert!(
        rules(&verdict).iter().any(|(_, r)| r == "events"),
        "{verdict:?}"
    );
}

#[test]
fn designs_are_checked_before_a_row_is_read() {
    let new = |intercept, terms| Design::new(RegressionKind::Linear, intercept, terms);
    assert!(matches!(
        new(false, Vec::new()),
        Err(DesignError::Parameters { count: 0 })
    ));
    assert!(matches!(
        new(true, vec![classes("g", 200)]),
        Err(DesignError::Parameters { count: 200 })
    ));
    assert!(matches!(
        new(true, vec![number("x"), number("x")]),
        Err(DesignError::TermTwice { .. })
    ));
    let double = Term::Classes {
        name: name("g"),
        labels: vec!["a".into(), "a".into()],
        reference: 0,
    };
    assert!(matches!(
        new(true, vec![double]),
        Err(DesignError::ClassTwice { .. })
    ));
    let none = Term::Classes {
        name: name("g"),
        labels: vec!["a".into()],
        reference: 1,
    };
    assert!(matches!(
        new(true, vec![none]),
        Err(DesignError::Reference { .. })
    ));
    assert_eq!(
        format!(
            "{:?}",
            fitted(
                &linear(Vec::new()),
                &plain(|_| Vec::new())
                    .into_iter()
                    .map(|(r, y, _)| (r, y, Vec::new()))
                    .collect::<Vec<_>>()
            )
            .unwrap()
        ),
        "Estimates(1 parameters)"
    );
}
