//! The table says with every figure what it promises.

use yunei_model::{Table, Value};

use super::{calibrated, contribution, gaussian};
use crate::{Beside, Unit, table};

fn released(unit: Unit, beside: Beside) -> Table {
    let manifest = gaussian(
        contribution(3, 1, &[(0.0, 1.0, Some(1.0)), (-2.0, 9.0, None)]),
        1e-6,
    );
    let calibration = calibrated(&manifest);
    let figures = calibration.draw(&[0; 6]).unwrap();
    table(&manifest, &calibration, figures, unit, beside).unwrap()
}

fn texts(table: &Table, name: &str) -> Vec<String> {
    let column = table
        .columns()
        .iter()
        .find(|c| c.name.as_str() == name)
        .unwrap();
    let text = |value: &Value| match value {
        Value::Text(text) => text.clone(),
        other => panic!("{other:?} is no text"),
    };
    column.values.iter().map(text).collect()
}

#[test]
fn every_cell_is_a_row_with_its_noise_and_its_conditions() {
    let table = released(Unit::Subject, Beside::Exact);
    let names: Vec<&str> = table.columns().iter().map(|c| c.name.as_str()).collect();
    let wanted = "cell m0 m0_noise_scale m0_error_95 m1 m1_noise_scale m1_error_95 mechanism epsilon delta conditions conditions_zh";
    assert_eq!(names.join(" "), wanted);
    assert_eq!(table.rows(), 3);
    assert_eq!(texts(&table, "cell"), ["cell 0", "cell 1", "cell 2"]);
    for conditions in texts(&table, "conditions") {
        assert!(
            conditions.contains("For any module")
                && conditions.contains("as long as the isolation holds")
        );
        assert!(conditions.contains("does not cover exact releases about the same population"));
        assert!(conditions.contains("ε = 1 and δ = 1e-6"));
    }
    for conditions in texts(&table, "conditions_zh") {
        assert!(conditions.contains("不涵盖关于同一群体的精确发布结果"));
    }
    assert!(
        table.columns().iter().all(|c| c.title.is_some()),
        "people read both languages"
    );
}

#[test]
fn a_private_only_population_and_groups_are_told_as_such() {
    let table = released(Unit::Group, Beside::Nothing);
    let conditions = texts(&table, "conditions").remove(0);
    assert!(conditions.contains("household or enterprise group"));
    // The unit is the group: of one among several of it, twice ε holds.
    assert!(conditions.contains("one data subject among several of the same"));
    assert!(conditions.contains("ε = 2 "), "{conditions}");
    let alone = texts(&released(Unit::Subject, Beside::Nothing), "conditions").remove(0);
    assert!(!alone.contains("among several"), "{alone}");
    assert!(conditions.contains("No exact release about this population is allowed"));
}

#[test]
fn names_that_would_clash_are_refused_in_the_manifest() {
    let mut manifest = contribution(1, 1, &[(0.0, 1.0, None), (0.0, 1.0, None)]);
    manifest.measures[1].name = "m0_error_95".parse().unwrap();
    assert_eq!(manifest.privacy_faults().len(), 1);
    manifest.measures[1].name = "epsilon".parse().unwrap();
    assert_eq!(manifest.privacy_faults().len(), 1);
    manifest.measures[1].name = "x".repeat(60).parse().unwrap();
    assert_eq!(manifest.privacy_faults().len(), 1);
}
