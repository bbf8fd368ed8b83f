use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use yunei_model::Aggregate;

use crate::fixture::{count_and_sum, measure, shape};
use crate::*;

#[derive(Debug, Clone)]
struct Row {
    subject: u8,
    group: Option<u8>,
    codes: [usize; 2],
    value: Option<i16>,
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let row = (
        0_u8..12,
        prop::option::of(0_u8..4),
        0_usize..3,
        0_usize..2,
        prop::option::weighted(0.9, 0_i16..1000),
    );
    prop::collection::vec(row, 0..80).prop_map(|mut rows| {
        rows.sort_by_key(|row| row.0);
        rows.into_iter()
            .map(|(subject, group, a, b, value)| Row {
                subject,
                group,
                codes: [a, b],
                value,
            })
            .collect()
    })
}

fn key(number: Option<u8>) -> SubjectKey<'static> {
    number.map_or(SubjectKey::Absent, |n| SubjectKey::Integer(i128::from(n)))
}

fn accumulate(shape: &Shape, rows: &[Row], grouped: bool) -> Statistics {
    let mut accumulator = Accumulator::new(shape, Protection::Subjects).unwrap();
    for row in rows {
        let group = if grouped {
            key(row.group)
        } else {
            SubjectKey::Absent
        };
        let cell = shape.cell(&row.codes).unwrap();
        accumulator
            .row_in_group(
                key(Some(row.subject)),
                group,
                cell,
                &[row.value.map(f64::from)],
            )
            .unwrap();
    }
    accumulator.finish().unwrap()
}

/// What a cell of the table holds, worked out the slow way.
fn by_hand(
    shape: &Shape,
    rows: &[Row],
    cell: usize,
    grouped: bool,
) -> (u64, u64, u64, Vec<f64>, f64) {
    let lattice = shape.lattice();
    let inside = |row: &&Row| {
        (0..2).all(|axis| {
            lattice.is_margin(cell, axis) || lattice.coordinate(cell, axis) == row.codes[axis]
        })
    };
    let members: Vec<&Row> = rows.iter().filter(inside).collect();
    // The first group that a subject's rows name, wherever they lie.
    let unit = |row: &Row| {
        let own = rows.iter().filter(|r| r.subject == row.subject);
        match own.filter_map(|r| r.group).next() {
            Some(group) if grouped => (true, group),
            _ => (false, row.subject),
        }
    };
    let subjects: BTreeSet<u8> = members.iter().map(|r| r.subject).collect();
    let units: BTreeSet<(bool, u8)> = members.iter().map(|r| unit(r)).collect();
    let mut sums = BTreeMap::<(bool, u8), f64>::new();
    for row in &members {
        if let Some(value) = row.value {
            *sums.entry(unit(row)).or_default() += f64::from(value);
        }
    }
    let mut largest: Vec<f64> = sums.values().copied().collect();
    largest.sort_by(|a, b| b.total_cmp(a));
    let total = largest.iter().sum();
    largest.resize(3, 0.0);
    let n = (subjects.len() as u64).min(units.len() as u64);
    (
        members.len() as u64,
        subjects.len() as u64,
        n,
        largest,
        total,
    )
}

proptest! {
    #[test]
    fn every_cell_and_margin_is_what_counting_by_hand_gives(rows in rows(), grouped in any::<bool>()) {
        let shape = shape(&[3, 2], count_and_sum(), true);
        let statistics = accumulate(&shape, &rows, grouped);
        for cell in 0..shape.rows() {
            let (count, subjects, units, largest, total) = by_hand(&shape, &rows, cell, grouped);
            prop_assert_eq!(statistics.rows(cell), count);
            prop_assert_eq!(statistics.subjects(cell), subjects);
            prop_assert_eq!(statistics.units(cell), units);
            let found = statistics.contributions(cell, 1);
            prop_assert_eq!(found.largest.to_vec(), largest);
            prop_assert_eq!(found.total, total);
        }
    }

    #[test]
    fn a_margin_is_the_table_without_its_dimensions(rows in rows(), thirds in prop::collection::vec(0_usize..2, 80), grouped in any::<bool>()) {
        let sizes = [3, 2, 2];
        let full = shape(&sizes, count_and_sum(), true);
        let codes: Vec<[usize; 3]> = rows.iter().zip(&thirds).map(|(row, third)| [row.codes[0], row.codes[1], *third]).collect();
        let gather = |shape: &Shape, axes: &[usize]| {
            let mut accumulator = Accumulator::new(shape, Protection::Subjects).unwrap();
            for (row, codes) in rows.iter().zip(&codes) {
                let group = key(row.group.filter(|_| grouped));
                let kept: Vec<usize> = axes.iter().map(|axis| codes[*axis]).collect();
                let cell = shape.cell(&kept).unwrap();
                accumulator.row_in_group(key(Some(row.subject)), group, cell, &[row.value.map(f64::from)]).unwrap();
            }
            accumulator.finish().unwrap()
        };
        let whole = gather(&full, &[0, 1, 2]);
        for axes in [&[0, 1][..], &[0, 2], &[1, 2], &[0], &[1], &[2]] {
            let few = shape(&axes.iter().map(|axis| sizes[*axis]).collect::<Vec<_>>(), count_and_sum(), false);
            let alone = gather(&few, axes);
            for cell in 0..few.rows() {
                let mut margin = 0;
                for (axis, size) in sizes.iter().enumerate() {
                    let place = axes.iter().position(|kept| *kept == axis);
                    let coordinate = place.map_or(*size, |place| few.lattice().coordinate(cell, place));
                    margin = full.lattice().moved(margin, axis, coordinate);
                }
                prop_assert_eq!(whole.subjects(margin), alone.subjects(cell));
                for channel in 0..2 {
                    let (found, wanted) = (whole.slot(margin, channel).unwrap(), alone.slot(cell, channel).unwrap());
                    prop_assert_eq!(format!("{found:?}"), format!("{wanted:?}"), "{:?} {}", axes, cell);
                }
            }
        }
    }

    #[test]
    fn blocks_are_rows(rows in rows(), cut in 1_usize..9) {
        let shape = shape(&[3, 2], count_and_sum(), true);
        let single = accumulate(&shape, &rows, true);
        let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
        for part in rows.chunks(cut) {
            let subjects: Vec<_> = part
                .chunk_by(|a, b| a.subject == b.subject)
                .map(|rows| SubjectRows { key: key(Some(rows[0].subject)), rows: rows.len() })
                .collect();
            let groups: Vec<_> = part.iter().map(|r| key(r.group)).collect();
            let cells: Vec<u32> = part.iter().map(|r| shape.cell(&r.codes).unwrap() as u32).collect();
            let values: Vec<f64> = part.iter().map(|r| r.value.map_or(f64::NAN, f64::from)).collect();
            let mut bits = vec![0_u8; part.len() / 8 + 2];
            for (bit, row) in part.iter().enumerate() {
                bits[(bit + 3) / 8] |= u8::from(row.value.is_some()) << ((bit + 3) % 8);
            }
            let presence = Presence::Bits { bytes: &bits, offset: 3 };
            let inputs = [Input { values: &values, presence }];
            accumulator.block(&Block { subjects: &subjects, groups: &groups, cells: &cells, inputs: &inputs }).unwrap();
        }
        let blocks = accumulator.finish().unwrap();
        for cell in 0..shape.rows() {
            prop_assert_eq!(blocks.contributions(cell, 1), single.contributions(cell, 1));
            prop_assert_eq!(blocks.units(cell), single.units(cell));
        }
    }
}

fn feed(
    arrangement: Arrangement,
    subjects: &[SubjectKey<'_>],
) -> Result<Statistics, AccumulateError> {
    let shape = shape(&[1], vec![measure("n", Aggregate::Count)], false);
    let mut accumulator = Accumulator::arranged(&shape, Protection::Subjects, arrangement)?;
    for subject in subjects {
        accumulator.row(*subject, 0, &[])?;
    }
    accumulator.finish()
}

#[test]
fn a_block_whose_subjects_do_not_fit_its_rows_is_an_error() {
    let shape = shape(&[1], vec![measure("n", Aggregate::Count)], false);
    let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
    let key = SubjectKey::Integer(1);
    for rows in [0, 1, 3, usize::MAX] {
        let subjects = [SubjectRows { key, rows }, SubjectRows { key, rows: 0 }];
        let ragged = accumulator.block(&Block {
            subjects: &subjects,
            groups: &[],
            cells: &[0, 0],
            inputs: &[],
        });
        assert_eq!(ragged, Err(AccumulateError::Ragged { rows: 2 }));
    }
}

#[test]
fn rows_that_are_not_grouped_by_subject_are_an_error() {
    use SubjectKey::{Absent, Integer, Text};
    let again = [Integer(1), Integer(2), Integer(1)];
    for arrangement in [Arrangement::Rising, Arrangement::Grouped] {
        assert!(matches!(
            feed(arrangement, &again),
            Err(AccumulateError::NotGrouped { .. })
        ));
        let absent_twice = [Absent, Text("x"), Absent];
        assert!(matches!(
            feed(arrangement, &absent_twice),
            Err(AccumulateError::NotGrouped { .. })
        ));
        let good = [Absent, Absent, Text("a"), Text("b"), Text("b"), Text("é")];
        assert_eq!(feed(arrangement, &good).unwrap().subjects(0), 4);
    }
    let falling = [Text("b"), Text("a")];
    assert!(feed(Arrangement::Rising, &falling).is_err());
    assert_eq!(feed(Arrangement::Grouped, &falling).unwrap().subjects(0), 2);
    assert!(
        feed(Arrangement::Rising, &[Integer(1), Text("a")]).is_err(),
        "keys of two kinds"
    );
}

#[test]
fn duplicated_rows_do_not_hide_a_dominant_subject() {
    let shape = shape(&[1], count_and_sum(), false);
    let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
    for subject in 0..10 {
        for _ in 0..if subject == 0 { 100 } else { 1 } {
            accumulator
                .row(SubjectKey::Integer(subject), 0, &[Some(5.0)])
                .unwrap();
        }
    }
    let statistics = accumulator.finish().unwrap();
    assert_eq!((statistics.rows(0), statistics.subjects(0)), (109, 10));
    assert_eq!(statistics.contributions(0, 1).largest, [500.0, 5.0, 5.0]);
    assert_eq!(
        statistics.contributions(0, 0).largest,
        [100.0, 1.0, 1.0],
        "rows are contributions too"
    );
}

#[test]
fn sums_are_compensated() {
    let shape = shape(&[1], vec![measure("s", Aggregate::Sum)], false);
    let mut accumulator = Accumulator::new(&shape, Protection::None).unwrap();
    for value in [1e100, 1.0, -1e100] {
        accumulator
            .row(SubjectKey::Absent, 0, &[Some(value)])
            .unwrap();
    }
    for _ in 0..1000 {
        accumulator
            .row(SubjectKey::Absent, 0, &[Some(0.1)])
            .unwrap();
    }
    let total = accumulator.finish().unwrap().contributions(0, 1).total;
    assert!((total - 101.0).abs() < 1e-12, "{total}");
}

#[test]
fn bad_rows_are_errors() {
    let shape = shape(&[2], count_and_sum(), false);
    let mut accumulator = Accumulator::new(&shape, Protection::None).unwrap();
    assert_eq!(
        accumulator.row(SubjectKey::Absent, 2, &[None]),
        Err(AccumulateError::NoCell { cell: 2 })
    );
    assert_eq!(
        accumulator.row(SubjectKey::Absent, 0, &[]),
        Err(AccumulateError::Columns {
            expected: 1,
            given: 0
        })
    );
    let ragged = Block {
        subjects: &[],
        groups: &[],
        cells: &[0, 1],
        inputs: &[Input {
            values: &[1.0],
            presence: Presence::All,
        }],
    };
    assert_eq!(
        accumulator.block(&ragged),
        Err(AccumulateError::Ragged { rows: 2 })
    );
    let wide = crate::fixture::shape(
        &[1000, 900],
        [
            count_and_sum(),
            vec![measure("t", Aggregate::Sum), measure("u", Aggregate::Sum)],
        ]
        .concat(),
        false,
    );
    assert!(matches!(
        Accumulator::new(&wide, Protection::None),
        Err(AccumulateError::TooLarge {
            name: "slots_max",
            ..
        })
    ));
}

#[test]
fn weights_ratios_and_missing_values() {
    let weighted = |text, aggregate| Measure {
        weighted: true,
        ..measure(text, aggregate)
    };
    let measures = vec![
        weighted("m", Aggregate::Mean),
        measure("r", Aggregate::Ratio),
    ];
    let shape = shape(&[1], measures, false);
    let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
    let rows = [
        [Some(2.0), Some(3.0), Some(10.0), Some(4.0)],
        [Some(4.0), None, Some(10.0), Some(6.0)],
        [None, Some(5.0), Some(10.0), None],
    ];
    for (subject, row) in rows.iter().enumerate() {
        accumulator
            .row(SubjectKey::Integer(subject as i128), 0, row)
            .unwrap();
    }
    let statistics = accumulator.finish().unwrap();
    let totals: Vec<f64> = (0..5)
        .map(|channel| statistics.contributions(0, channel).total)
        .collect();
    assert_eq!(
        totals,
        [3.0, 6.0, 3.0, 20.0, 10.0],
        "rows, Σwx, Σw, numerators, denominators of complete rows"
    );
}

#[test]
fn units_that_are_elsewhere_too_are_told_apart() {
    let shape = shape(&[3], vec![measure("n", Aggregate::Count)], true);
    let mut accumulator = Accumulator::new(&shape, Protection::Subjects).unwrap();
    // Subject 1 in cells 0 and 1; 2 and 3 in cell 0 alone; 4 and 5, of one group, in cells 1 and 2; 6 of a group of its own in cell 2.
    let rows = [
        (1, None, 0),
        (1, None, 1),
        (2, None, 0),
        (3, None, 0),
        (4, Some(7), 1),
        (5, Some(7), 2),
        (6, Some(8), 2),
    ];
    for (subject, group, cell) in rows {
        let group = group.map_or(SubjectKey::Absent, SubjectKey::Integer);
        accumulator
            .row_in_group(SubjectKey::Integer(subject), group, cell, &[])
            .unwrap();
    }
    let statistics = accumulator.finish().unwrap();
    let exclusive: Vec<u64> = (0..3)
        .map(|cell| statistics.exclusive_units(cell))
        .collect();
    assert_eq!(exclusive, [2, 0, 1]);
    assert_eq!(
        (0..4)
            .map(|cell| statistics.units(cell))
            .collect::<Vec<_>>(),
        [3, 2, 2, 5]
    );
}
