use proptest::prelude::*;
use yunei_model::{ContributionMeasure, Name};

use super::*;

fn contribution(default_cell: Option<&str>) -> Contribution {
    let measure = |name: &str, min, max, default| ContributionMeasure {
        name: Name::parse(name).expect("a name"),
        min,
        max,
        default,
        step: None,
    };
    Contribution {
        cells: ["none", "few", "many"].map(str::to_owned).to_vec(),
        measures: vec![
            measure("persons", 0.0, 1.0, 1.0),
            measure("visits", -2.0, 50.0, 0.0),
        ],
        cells_per_subject: 2,
        default_cell: default_cell.map(str::to_owned),
        epsilon: 0.1,
        delta: 0.0,
        mechanism: yunei_model::Mechanism::Laplace,
    }
}

fn form(default_cell: Option<&str>) -> Arc<RecordForm> {
    Arc::new(RecordForm::of(&contribution(default_cell)))
}

const fn given(cell: u32, measure: u32, value: f64) -> Given {
    Given {
        cell,
        measure,
        value,
    }
}

fn told(contributions: &Contributions) -> Vec<Vec<(u32, Vec<f64>)>> {
    contributions
        .records()
        .map(|record| {
            record
                .cells()
                .map(|(cell, values)| (cell, values.collect()))
                .collect()
        })
        .collect()
}

fn pushed(one: &[Given]) -> Vec<(u32, Vec<f64>)> {
    let mut contributions = Contributions::new(form(Some("many")));
    contributions.push(one);
    assert_eq!(contributions.as_bytes().len(), 2 * (4 + 2 * 8));
    told(&contributions).remove(0)
}

const DEFAULT: [(u32, [f64; 2]); 1] = [(2, [1.0, 0.0])];

fn is_default(one: &[Given]) -> bool {
    pushed(one) == DEFAULT.map(|(cell, values)| (cell, values.to_vec()))
}

#[test]
fn cells_rise_and_measures_that_are_left_out_are_zero() {
    let told = pushed(&[given(1, 1, 3.0), given(0, 0, 1.0)]);
    assert_eq!(told, [(0, vec![1.0, 0.0]), (1, vec![0.0, 3.0])]);
    assert_eq!(pushed(&[]), []);
}

#[test]
fn contributions_to_one_measure_add_up_and_are_clamped() {
    let told = pushed(&[given(1, 1, 30.0), given(1, 1, 30.0), given(1, 0, -1.0)]);
    assert_eq!(told, [(1, vec![0.0, 50.0])]);
    let told = pushed(&[given(1, 1, -0.0), given(1, 0, 0.5)]);
    let sign = told
        .iter()
        .all(|(_, v)| v.iter().all(|v| v.is_sign_positive()));
    assert!(sign, "{told:?}");
}

#[test]
fn what_is_malformed_is_the_default() {
    assert!(is_default(&[given(3, 0, 1.0)]));
    assert!(is_default(&[given(NO_CELL, 0, 1.0)]));
    assert!(is_default(&[given(0, 2, 1.0)]));
    assert!(is_default(&[given(0, u32::MAX, 1.0)]));
    assert!(is_default(&[given(0, 0, f64::NAN)]));
    assert!(is_default(&[given(0, 0, f64::INFINITY)]));
    assert!(is_default(&[given(0, 0, f64::MAX), given(0, 0, f64::MAX)]));
    let three = [given(0, 0, 1.0), given(1, 0, 1.0), given(2, 0, 1.0)];
    assert!(is_default(&three));
    let most = vec![given(0, 1, 0.001); CONTRIBUTIONS_MAX];
    assert!(!is_default(&most));
    let more = vec![given(0, 1, 0.001); CONTRIBUTIONS_MAX + 1];
    assert!(is_default(&more));
}

#[test]
fn without_a_default_cell_the_default_touches_nothing() {
    let mut contributions = Contributions::new(form(None));
    contributions.push_default();
    contributions.push(&[given(9, 9, 9.0)]);
    assert_eq!(told(&contributions), [vec![], vec![]]);
    assert_eq!(contributions.len(), 2);
}

#[test]
fn records_that_no_cell_of_ours_wrote_are_refused() {
    let slot = |cell: u32, values: [f64; 2]| {
        let mut bytes = cell.to_le_bytes().to_vec();
        bytes.extend(values.iter().flat_map(|v| v.to_le_bytes()));
        bytes
    };
    let read = |slots: &[Vec<u8>]| {
        Contributions::from_bytes(form(None), slots.concat()).map(|read| read.len())
    };
    let unused = || slot(NO_CELL, [0.0; 2]);
    let used = |cell| slot(cell, [1.0, 50.0]);
    assert_eq!(read(&[]), Ok(0));
    assert_eq!(read(&[used(0), used(2), used(1), unused()]), Ok(2));
    for wrong in [
        vec![used(0)],
        vec![used(0), vec![0; 19]],
        vec![used(3), unused()],
        vec![used(1), used(1)],
        vec![used(1), used(0)],
        vec![unused(), used(0)],
        vec![slot(NO_CELL, [0.0, 1.0]), unused()],
        vec![slot(0, [1.5, 0.0]), unused()],
        vec![slot(0, [0.0, f64::NAN]), unused()],
        vec![slot(0, [0.0, f64::NEG_INFINITY]), unused()],
    ] {
        assert_eq!(read(&wrong), Err(NoRecords), "{wrong:?}");
    }
}

proptest! {
    #[test]
    fn whatever_is_given_becomes_a_record_of_the_form(
        subjects in prop::collection::vec(
            prop::collection::vec((0_u32..5, 0_u32..4, any::<f64>()), 0..8),
            0..6,
        )
    ) {
        let form = form(Some("few"));
        let mut contributions = Contributions::new(Arc::clone(&form));
        for subject in &subjects {
            let given: Vec<Given> = subject.iter().map(|(c, m, v)| given(*c, *m, *v)).collect();
            contributions.push(&given);
        }
        prop_assert_eq!(contributions.len(), subjects.len());
        let read = Contributions::from_bytes(form, contributions.as_bytes().to_vec());
        prop_assert_eq!(read, Ok(contributions));
    }
}
