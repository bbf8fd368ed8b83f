//! Deviations that do not stand are not taken for proofs.

use super::*;

/// Four cells of a square with all margins: rows 0 1 and 2 3, columns 0 2 and 1 3.
fn square(whole: bool, ends: (f64, f64)) -> Sector {
    let line = |unknowns: [u32; 2]| Line {
        unknowns: unknowns.to_vec(),
        low: ends.0,
        high: ends.1,
    };
    Sector::new(
        vec![3, 5, 8, 9],
        vec![-2.0, -4.0, -4.0, -3.0],
        vec![line([0, 1]), line([2, 3]), line([0, 2]), line([1, 3])],
        vec![vec![1], vec![0, 1]],
        (whole, true),
    )
}

#[test]
fn a_cycle_stands_as_often_as_its_cells_hold() {
    let sector = square(true, (0.0, 0.0));
    let cycle = sector.checked(&[-1.0, 1.0, 1.0, -1.0]).unwrap();
    // Twice one way, four times the other.
    assert_eq!(cycle.reach(&[0]), (2.0, 4.0));
    assert_eq!(cycle.reach(&[1]), (4.0, 2.0));
    assert_eq!(cycle.reach(&[0, 1]), (0.0, 0.0));
    assert!(cycle.is_noticed(0) && !cycle.is_noticed(1));
}

#[test]
fn what_changes_a_shown_figure_does_not_stand() {
    let sector = square(false, (0.0, 0.0));
    assert!(sector.checked(&[1.0, -1.0, 0.0, 0.0]).is_none());
    assert!(sector.checked(&[1.0, -1.0, -1.0, 1.0 + 1e-6]).is_none());
    assert!(sector.checked(&[1.0, -1.0, -1.0]).is_none());
    assert!(sector.checked(&[f64::NAN, -1.0, -1.0, 1.0]).is_none());
}

#[test]
fn what_takes_more_than_there_is_does_not_stand() {
    let sector = square(false, (0.0, 0.0));
    assert!(sector.checked(&[-2.5, 2.5, 2.5, -2.5]).is_none());
    let part = sector.checked(&[-1.5, 1.5, 1.5, -1.5]).unwrap();
    let (down, up) = part.reach(&[0]);
    assert!((down - 2.0).abs() < 1e-9 && (up - 4.0).abs() < 1e-9);
}

#[test]
fn counts_in_parts_do_not_stand() {
    let sector = square(true, (0.0, 0.0));
    assert!(sector.checked(&[-1.5, 1.5, 1.5, -1.5]).is_none());
}

#[test]
fn rounding_leaves_as_much_as_it_leaves() {
    let sector = square(true, (-2.0, 1.0));
    // One row gains one at most, and may lose two.
    let single = sector.checked(&[1.0, 0.0, 0.0, 0.0]).unwrap();
    assert_eq!(single.reach(&[0]), (2.0, 1.0));
    assert!(sector.checked(&[2.0, 0.0, 0.0, 0.0]).is_none());
}
