//! Route private: records of the wrong number, length, or content.

use std::io::Write as _;

use yunei_model::{Contribution, ContributionMeasure, Mechanism, Value};
use yunei_privacy::charge;

use super::*;
use crate::PrivatePlan;

const PEOPLE: usize = 120;
/// Bytes of a record: a cell, and a value.
const RECORD_BYTES: usize = 12;

pub(super) fn plan(bench: &Bench) -> GatePlan {
    let contribution = Contribution {
        cells: ["x", "y"].map(str::to_owned).to_vec(),
        measures: vec![ContributionMeasure {
            name: name("figure"),
            min: -10.0,
            max: 10.0,
            default: 0.0,
            step: Some(1.0),
        }],
        cells_per_subject: 1,
        epsilon: 1.0,
        delta: 0.0,
        mechanism: Mechanism::default(),
        default_cell: None,
    };
    let mut plan = bench.plan(output(), Vec::new());
    plan.views[0].columns.truncate(1);
    plan.outputs.clear();
    plan.private = Some(PrivatePlan {
        output: name("shapes"),
        charge: charge(&contribution),
        contribution,
        groups: vec![false],
        exact_beside: false,
        draws: true,
    });
    plan
}

fn record(cell: u32, value: f64) -> Vec<u8> {
    [&cell.to_le_bytes()[..], &value.to_le_bytes()].concat()
}

/// A frame that says that it has records of so many subjects.
fn said(subjects: usize, records: Vec<u8>) -> Vec<u8> {
    frames(&[Frame::Contributions {
        subjects: u32::try_from(subjects).unwrap(),
        records,
    }])
}

fn same(cell: u32, value: f64) -> Vec<u8> {
    said(PEOPLE, record(cell, value).repeat(PEOPLE))
}

#[test]
fn records_are_those_of_the_subjects_or_nothing_leaves() {
    let bench = Bench::ordinary();
    let plan = plan(&bench);
    let one = || record(0, 1.0);
    let released = Comes::Of(Decision::Release, "");
    let number = Comes::Error("another number of subjects");
    let any = Comes::Error("not of the protocol");
    let mut unsaid = one().repeat(PEOPLE);
    unsaid.truncate(PEOPLE * RECORD_BYTES - 1);
    let cases: Vec<(&str, Vec<u8>, Comes)> = vec![
        ("one each", same(0, 1.0), released),
        ("the least", same(1, -10.0), released),
        ("nothing", Vec::new(), number),
        (
            "one too few",
            said(PEOPLE - 1, one().repeat(PEOPLE - 1)),
            number,
        ),
        (
            "one too many",
            said(PEOPLE + 1, one().repeat(PEOPLE + 1)),
            number,
        ),
        (
            "fewer than said",
            said(PEOPLE, one().repeat(PEOPLE - 1)),
            any,
        ),
        (
            "more than said",
            said(PEOPLE - 1, one().repeat(PEOPLE)),
            any,
        ),
        ("cut short", said(PEOPLE, unsaid), any),
        ("no number", same(0, f64::NAN), any),
        ("infinite", same(0, f64::INFINITY), any),
        ("above the greatest", same(0, 10.5), any),
        ("below the least", same(0, -1e300), any),
        ("a zero with a sign", same(0, -0.0), released),
        ("a cell that is not there", same(2, 1.0), any),
        ("no cell, and a value", same(u32::MAX, 1.0), any),
    ];
    for (case, written, comes) in cases {
        let judged = bench.judged(&plan, &written);
        hold(case, &judged, comes);
        if let Ok((_, Some(table))) = judged {
            let figures = &table.columns()[1].values;
            assert!(
                figures
                    .iter()
                    .all(|f| matches!(f, Value::Number(n) if n.is_finite())),
                "{case}: {figures:?}"
            );
        }
    }
}

#[test]
fn where_no_noise_is_drawn_nothing_leaves() {
    let bench = Bench::ordinary();
    let mut plan = plan(&bench);
    plan.private.as_mut().unwrap().draws = false;
    let (verdict, table) = bench.judged(&plan, &same(0, 1.0)).unwrap();
    assert_eq!((verdict.decision, table), (Decision::Release, None));
}

/// Noise is drawn once, so the table that it is in is kept although it leaves; a replay draws none, and keeps nothing.
#[test]
fn a_noisy_table_is_told_and_kept() {
    let bench = Bench::ordinary();
    let mut plan = plan(&bench);
    let module = same(0, 1.0);
    let outputs = vec![bench.judged(&plan, &module).unwrap()];
    let drawn = outputs[0].1.clone();
    assert!(drawn.is_some());
    let file = || -> File {
        rustix::fs::memfd_create("gate-test", rustix::fs::MemfdFlags::CLOEXEC)
            .unwrap()
            .into()
    };
    let (sealer, mut sealed) = (Sealer::new(&plan.key, &plan.digest_key), file());
    sealed.write_all(&sealer.seal(&module).unwrap()).unwrap();
    let (told, candidate) = review::set_aside(&plan, outputs, None, &mut sealed).unwrap();
    assert_eq!(told[0].1, drawn);
    let kept = crate::KeptPlan {
        digest: sealer.digest(&module).unwrap(),
        bytes: module.len() as u64,
        candidate: Some(candidate.unwrap()),
        salt: None,
    };
    let opened = review::open(&plan, &kept, sealed).unwrap();
    let tables: Vec<_> = opened.tables.into_iter().map(|t| Some(t.table)).collect();
    assert_eq!(tables, [drawn]);
    plan.private.as_mut().unwrap().draws = false;
    let outputs = vec![bench.judged(&plan, &module).unwrap()];
    let (_, candidate) = review::set_aside(&plan, outputs, None, &mut file()).unwrap();
    assert_eq!(candidate, None);
}
