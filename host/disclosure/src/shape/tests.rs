use proptest::prelude::*;
use yunei_model::Aggregate;

use crate::fixture::{count_and_sum, dimension, measure, name, shape};
use crate::*;

#[test]
fn cells_count_in_canonical_order_with_margins_last() {
    let shape = shape(&[2, 3], count_and_sum(), true);
    assert_eq!((shape.cells(), shape.rows()), (6, 12));
    assert_eq!(shape.cell(&[1, 2]), Some(5));
    assert_eq!((shape.cell(&[2, 0]), shape.cell(&[0])), (None, None));
    assert_eq!(shape.strides(), [3, 1]);
    let rows: Vec<String> = (0..12).map(|row| shape.labels(row).join(" ")).collect();
    assert_eq!(
        rows,
        [
            "a0 b0",
            "a0 b1",
            "a0 b2",
            "a0 total",
            "a1 b0",
            "a1 b1",
            "a1 b2",
            "a1 total",
            "total b0",
            "total b1",
            "total b2",
            "total total"
        ]
    );
}

#[test]
fn a_table_without_dimensions_is_one_cell() {
    let shape = shape(&[], count_and_sum(), true);
    assert_eq!((shape.cells(), shape.rows(), shape.totals()), (1, 1, false));
    assert_eq!(shape.cell(&[]), Some(0));
}

#[test]
fn inputs_follow_the_measures() {
    let weighted = |text, aggregate| Measure {
        weighted: true,
        ..measure(text, aggregate)
    };
    let shape = shape(
        &[2],
        vec![
            measure("n", Aggregate::Count),
            weighted("w", Aggregate::Count),
            measure("s", Aggregate::Sum),
            weighted("m", Aggregate::Mean),
            weighted("r", Aggregate::Ratio),
            measure("d", Aggregate::DistinctSubjects),
        ],
        false,
    );
    let inputs: Vec<_> = shape.inputs().iter().map(|i| (i.measure, i.role)).collect();
    use InputRole::{Denominator, Value, Weight};
    assert_eq!(
        inputs,
        [
            (1, Weight),
            (2, Value),
            (3, Value),
            (3, Weight),
            (4, Value),
            (4, Denominator),
            (4, Weight)
        ]
    );
}

#[test]
fn shapes_that_cannot_be_are_refused() {
    let count = || vec![measure("count", Aggregate::Count)];
    let refused =
        |dimensions, measures, totals| Shape::new(dimensions, measures, totals).unwrap_err();
    assert_eq!(
        refused(vec![], vec![], false),
        ShapeError::Measures { count: 0 }
    );
    assert_eq!(
        refused(vec![dimension("a", 0)], count(), false),
        ShapeError::NoLabels
    );
    assert_eq!(
        refused(vec![dimension("count", 1)], count(), false),
        ShapeError::NameTwice {
            name: name("count")
        }
    );
    let mut double = dimension("a", 2);
    double.labels = vec!["x".into(), "x".into()];
    assert!(matches!(
        refused(vec![double.clone()], count(), false),
        ShapeError::LabelTwice { .. }
    ));
    double.labels = vec!["x".into(), TOTAL.into()];
    assert!(Shape::new(vec![double.clone()], count(), false).is_ok());
    assert!(matches!(
        refused(vec![double], count(), true),
        ShapeError::LabelTwice { .. }
    ));
    let million = || vec![dimension("a", 1000), dimension("b", 1000)];
    assert!(Shape::new(million(), count(), false).is_ok());
    assert_eq!(refused(million(), count(), true), ShapeError::TooManyCells);
    let seven = ["a", "b", "c", "d", "e", "f", "g"]
        .map(|text| dimension(text, 1))
        .to_vec();
    assert_eq!(
        refused(seven, count(), false),
        ShapeError::Dimensions { count: 7 }
    );
    let weighted = Measure {
        weighted: true,
        ..measure("d", Aggregate::DistinctSubjects)
    };
    assert!(matches!(
        refused(vec![], vec![weighted], false),
        ShapeError::WeightedSubjects { .. }
    ));
}

proptest! {
    #[test]
    fn a_cell_lies_in_the_margins_of_its_coordinates(sizes in prop::collection::vec(1_usize..5, 1..4), pick in any::<prop::sample::Index>()) {
        let shape = shape(&sizes, count_and_sum(), true);
        let lattice = shape.lattice();
        let inner = lattice.inner_cells();
        let index = pick.index(inner.len());
        let cell = inner[index] as usize;
        let codes: Vec<usize> = (0..sizes.len()).map(|axis| lattice.coordinate(cell, axis)).collect();
        prop_assert_eq!(shape.cell(&codes), Some(index));
        prop_assert_eq!(codes.iter().zip(shape.strides()).map(|(c, s)| c * s).sum::<usize>(), index);
        let margins: Vec<usize> = lattice.margins_of(cell).collect();
        prop_assert_eq!(margins.len(), (1 << sizes.len()) - 1);
        for margin in margins {
            for (axis, code) in codes.iter().enumerate() {
                let there = lattice.coordinate(margin, axis);
                prop_assert!(there == *code || lattice.is_margin(margin, axis));
            }
        }
    }
}

const RESOURCE: &str = r#"
id = "01900000-0000-7000-8000-000000000001"
name = "clinic"
title = { zh = "诊所", en = "Clinic" }
description = { zh = "测试", en = "Made up" }
source_unit = "01900000-0000-7000-8000-000000000002"
population = { name = "patients", title = { zh = "患者", en = "Patients" } }
basis = "statistical"
subject = "person"
grade = "g3"
licence = "CC0-1.0"
synthetic = true
[schema]
version = 1
[[schema.field]]
name = "person"
title = { zh = "人", en = "Person" }
type = "text"
class = "direct-identifier"
grade = "g3"
[[schema.field]]
name = "illness"
title = { zh = "病", en = "Illness" }
type = "text"
class = "sensitive"
grade = "g3"
[[schema.field.banding]]
name = "kinds"
kind = "values"
values = ["flu", "gout"]
"#;

#[test]
fn an_output_has_the_labels_of_its_bandings_and_knows_what_is_sensitive() {
    let resource: yunei_model::Resource = toml::from_str(RESOURCE).unwrap();
    let derived: yunei_model::Derived =
        toml::from_str("name = 'risk'\ntype = 'category'\nlabels = ['low', 'high']").unwrap();
    let output = |banding: &str| -> yunei_model::Output {
        toml::from_str(&format!(
            "name = 'ills'\nresource = 'clinic'\ntotals = true\n\
             dimension = [{{ field = 'illness', banding = '{banding}' }}, {{ derived = 'risk' }}]\n\
             measure = [{{ name = 'cost', aggregate = 'mean', field = 'cost', weight = 'w' }}]"
        ))
        .unwrap()
    };
    let derived = [derived];
    let shape = Shape::of_output(&output("kinds"), &resource, &derived).unwrap();
    assert_eq!(shape.dimensions()[0].labels, ["flu", "gout", "other"]);
    assert_eq!(shape.dimensions()[1].labels, ["low", "high", "other"]);
    assert_eq!(
        [0, 1].map(|axis| shape.dimensions()[axis].sensitive),
        [true, true],
        "a category may be derived from the illness"
    );
    assert!(shape.measures()[0].weighted && shape.totals());
    assert_eq!((shape.cells(), shape.rows()), (9, 16));
    let unknown = Shape::of_output(&output("none"), &resource, &derived);
    assert_eq!(
        unknown,
        Err(ShapeError::Unknown {
            name: name("illness")
        })
    );
    assert!(Shape::of_output(&output("kinds"), &resource, &[]).is_err());
}
