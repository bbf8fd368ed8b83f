//! Rows leave in the order of the snapshot, with several parts, row groups and filters.

use std::num::NonZeroUsize;

use yunei_model::{Comparison, Condition, Scalar};

use crate::testing::{Desk, RIDES_CSV, drain, lines, name, query, rides, scan};
use crate::{ViewOptions, Views};

/// Parts of many rows, each sorted by card; `ride` counts through all of them.
fn parts(desk: &Desk, parts: usize, rows: usize) -> (crate::ViewPlan, Vec<std::fs::File>) {
    let mut plan = None;
    for part in 0..parts {
        let mut csv = RIDES_CSV.lines().next().unwrap().to_owned() + "\n";
        for row in part * rows..(part + 1) * rows {
            let age = if row % 7 == 0 {
                String::new()
            } else {
                (row % 90).to_string()
            };
            csv += &format!(
                "K{:08},{age},1,2024-02-29,,{}.5,,,{row}\n",
                row / 3,
                row % 11
            );
        }
        let snapshot = desk.csv(csv).unwrap();
        let (one, files) = desk.plan(&rides(), &snapshot);
        match &mut plan {
            None => plan = Some((one, files)),
            Some((all, all_files)) => {
                all.parts.extend(one.parts);
                all_files.extend(files);
            }
        }
    }
    plan.unwrap()
}

fn rides_in(lines: &[String]) -> Vec<usize> {
    lines
        .iter()
        .map(|l| l.rsplit('|').next().unwrap().parse().unwrap())
        .collect()
}

#[test]
fn every_scan_has_the_order_of_the_snapshot() {
    let desk = Desk::new();
    // More rows than one row group has, so that there are several in a part.
    let (plan, files) = parts(&desk, 3, 150_000);
    let views = Views::open(vec![(plan, files)]).unwrap();
    for columns in [&[8][..], &[0, 8], &[5, 1, 8]] {
        let seen = rides_in(&scan(&views, "rides", columns));
        assert!(seen.into_iter().eq(0..450_000), "{columns:?}");
    }
}

#[test]
fn a_filtered_scan_keeps_that_order_whatever_is_read() {
    let desk = Desk::new();
    let (mut plan, files) = parts(&desk, 2, 40_000);
    plan.filter = vec![Condition {
        field: name("age"),
        comparison: Comparison::Ge,
        value: Scalar::Integer(45),
    }];
    let views = Views::open(vec![(plan, files)]).unwrap();
    let expected: Vec<usize> = (0..80_000).filter(|r| r % 7 != 0 && r % 90 >= 45).collect();
    assert_eq!(rides_in(&scan(&views, "rides", &[8])), expected);
    assert_eq!(rides_in(&scan(&views, "rides", &[0, 1, 2, 3, 8])), expected);
}

#[test]
fn batches_have_at_most_the_rows_that_were_asked_for() {
    let desk = Desk::new();
    let (plan, files) = parts(&desk, 1, 10_000);
    let options = ViewOptions {
        batch_rows_max: NonZeroUsize::new(300).unwrap(),
        ..ViewOptions::default()
    };
    let views = Views::open_with(vec![(plan, files)], &options).unwrap();
    let batches = drain(views.scan(&name("rides"), &[8]).unwrap()).unwrap();
    assert!(batches.iter().all(|b| (1..=300).contains(&b.num_rows())));
    assert!(rides_in(&lines(&batches)).into_iter().eq(0..10_000));
}

#[test]
fn the_same_query_gives_the_same_bytes() {
    let desk = Desk::new();
    let text = "SELECT age, count(*) AS n, sum(speed) AS s, avg(fare) AS f FROM rides GROUP BY age";
    let once = || {
        let (plan, files) = parts(&desk, 2, 20_000);
        query(&Views::open(vec![(plan, files)]).unwrap(), text).unwrap()
    };
    let first = once();
    assert_eq!(first.len(), 91);
    assert_eq!(first, once());
}

#[test]
fn several_scans_may_be_open_at_once() {
    use futures::StreamExt;
    let desk = Desk::new();
    let (plan, files) = parts(&desk, 2, 30_000);
    let views = Views::open(vec![(plan, files)]).unwrap();
    let open = || views.scan(&name("rides"), &[8]).unwrap();
    let both = open().zip(open()).collect::<Vec<_>>();
    let pairs = futures::executor::block_on(both);
    assert!(!pairs.is_empty());
    assert!(
        pairs
            .iter()
            .all(|(a, b)| a.as_ref().unwrap() == b.as_ref().unwrap())
    );
}
