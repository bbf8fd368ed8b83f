//! The module as a plain function: no domain needed.

use super::*;

const HAULS: Hauls = Hauls {
    medium_from: 800.0,
    long_from: 2000.0,
};

#[test]
fn new_york_to_los_angeles_is_a_long_haul() {
    let (kilometres, haul) = derive(&HAULS, ("JFK", "LAX"));
    let kilometres = kilometres.expect("both airports are known");
    // 3,983 km on the ellipsoid; a sphere is half a per cent off at most.
    assert!((kilometres / 3_983.0 - 1.0).abs() < 0.005, "{kilometres}");
    assert_eq!(haul, Some(Haul::Long));
}

#[test]
fn an_unknown_airport_has_no_distance() {
    assert_eq!(derive(&HAULS, ("JFK", "WUX")), (None, None));
}

#[test]
fn the_labels_are_those_of_the_manifest() {
    let labels: Vec<String> = Haul::LABELS
        .iter()
        .map(|label| format!("\"{label}\""))
        .collect();
    assert!(include_str!("../../module.toml").contains(&labels.join(", ")));
}
