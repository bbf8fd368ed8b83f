//! Whatever is done to one figure of a table that passes, no cell with a wrong figure passes the table.

use proptest::prelude::*;

use super::*;

const MEASURES: &str = "[[table.measure]]\nname = \"n\"\naggregate = \"count\"\n[[table.measure]]\nname = \"i\"\naggregate = \"sum\"\ncolumn = \"income\"\n";

/// A published table, its text cell by cell.
fn published() -> Vec<Vec<String>> {
    let made = review(
        &usual(),
        &spec(MEASURES),
        &profile("yunei"),
        &Tables::new(),
        &[],
    )
    .unwrap();
    assert_eq!(made.decision, Decision::Release);
    let table = &made.tables[0];
    table
        .cells
        .iter()
        .map(|cell| {
            let figures = cell
                .figures
                .iter()
                .map(|f| f.shown.map_or_else(String::new, |s| s.to_string()));
            cell.cell.iter().cloned().chain(figures).collect()
        })
        .collect()
}

fn table(rows: &[Vec<String>]) -> Tables {
    let names = ["region", "sex", "n", "i"];
    let named = names.iter().enumerate().map(|(place, name)| {
        let values = rows
            .iter()
            .map(|row| Some(row[place].clone()).filter(|t| !t.is_empty()));
        ((*name).to_owned(), Values::Text(values.collect()))
    });
    Tables::from([("t".to_owned(), Columns::new(named.collect()).unwrap())])
}

fn decision(rows: &[Vec<String>]) -> Decision {
    let report = review(
        &usual(),
        &spec(MEASURES),
        &profile("yunei"),
        &table(rows),
        &[],
    );
    report.unwrap().decision
}

fn odd() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<f64>().prop_map(|f| f.to_string()),
        (-1000_i64..100_000).prop_map(|i| i.to_string()),
        "[ -~]{1,8}",
        Just("1e400".to_owned()),
        Just("\u{664}\u{660}".to_owned()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_figure_that_was_changed_is_never_released(row in 0_usize..12, column in 2_usize..4, to in odd()) {
        let whole = published();
        let mut bent = whole.clone();
        let before = bent[row][column].parse::<f64>().ok();
        bent[row][column] = to.clone();
        let same = before.is_some() && before == to.trim().parse().ok();
        // To blank a figure is to publish less; what is blank is attacked once more.
        let blanked = to.trim().is_empty();
        prop_assume!(!same && !blanked);
        prop_assert_ne!(decision(&bent), Decision::Release, "{:?} -> {:?}", before, to);
    }

    #[test]
    fn rows_that_were_moved_about_are_never_released(from in 0_usize..12, to in 0_usize..12, how in 0..3) {
        let mut bent = published();
        // A row whose figures are blank takes nothing with it but what was shown: less is published.
        prop_assume!(from != to && bent[from][2..] != bent[to][2..] && !bent[from][2].is_empty());
        match how {
            0 => { bent.remove(from); }
            1 => { let row = bent[from].clone(); bent.push(row); }
            _ => { let figures = bent[from][2..].to_vec(); bent[to][2..].clone_from_slice(&figures); }
        }
        prop_assert_ne!(decision(&bent), Decision::Release);
    }
}

#[test]
fn what_is_bent_above_is_released_as_it_stands() {
    assert_eq!(decision(&published()), Decision::Release);
}
