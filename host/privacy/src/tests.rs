//! What must hold of bounds, noise and account.

mod audit;
mod filter;
mod noise;
mod sensitivity;
mod table;

use yunei_model::{Contribution, ContributionMeasure, Mechanism};

use crate::{Bounds, Calibration, charge};

/// Measures as (min, max, step).
fn contribution(
    cells: usize,
    cells_per_subject: u32,
    measures: &[(f64, f64, Option<f64>)],
) -> Contribution {
    let measures = measures.iter().enumerate();
    Contribution {
        cells: (0..cells).map(|cell| format!("cell {cell}")).collect(),
        measures: measures
            .map(|(n, (min, max, step))| ContributionMeasure {
                name: format!("m{n}").parse().unwrap(),
                min: *min,
                max: *max,
                default: 0.0,
                step: *step,
            })
            .collect(),
        cells_per_subject,
        default_cell: None,
        epsilon: 1.0,
        delta: 0.0,
        mechanism: Mechanism::Laplace,
    }
}

/// Counts of subjects, in whole steps: what an attacker sees best.
fn counts(cells: usize, epsilon: f64) -> Contribution {
    Contribution {
        epsilon,
        ..contribution(cells, 1, &[(0.0, 1.0, Some(1.0))])
    }
}

fn gaussian(contribution: Contribution, delta: f64) -> Contribution {
    Contribution {
        delta,
        mechanism: Mechanism::Gaussian,
        ..contribution
    }
}

fn calibrated(contribution: &Contribution) -> Calibration {
    assert_eq!(contribution.privacy_faults(), [""; 0]);
    Calibration::of(Bounds::of(contribution).unwrap(), charge(contribution)).unwrap()
}

/// So many figures of one measure over sums that are all the same.
fn samples(contribution: &Contribution, sum: i64, draws: usize) -> Vec<f64> {
    let calibration = calibrated(contribution);
    let sums = vec![sum; contribution.cells.len()];
    (0..draws)
        .flat_map(|_| calibration.draw(&sums).unwrap().remove(0))
        .collect()
}
