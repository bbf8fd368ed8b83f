use yunei_catalog::CatalogueEntry;
use yunei_model::{CountingIds, OrganisationId, ResourceId};

use super::*;

/// A resource whose fields `place` and `stop` have a banding of `places` values.
fn resource(places: usize) -> Resource {
    let values: Vec<String> = (0..places).map(|place| format!("\"p{place}\"")).collect();
    let entry = format!(
        r#"
name = "rides"
source_unit = "transport-bureau"
basis = "statistical"
subject = "card"
grade = "g2"
licence = "CC0-1.0"
synthetic = true
title = {{ zh = "记录", en = "Records" }}
description = {{ zh = "每次一行", en = "One row each" }}
population = {{ name = "riders", title = {{ zh = "乘客", en = "Riders" }} }}
[[field]]
name = "card"
title = {{ zh = "卡号", en = "Card" }}
type = "text"
class = "direct-identifier"
grade = "g3"
mask = {{ kind = "withhold" }}
[[field]]
name = "place"
title = {{ zh = "地点", en = "Place" }}
type = "text"
class = "ordinary"
grade = "g1"
banding = [{{ name = "places", kind = "values", values = [{0}] }}, {{ name = "few", kind = "values", values = ["total", "p1"] }}]
[[field]]
name = "stop"
title = {{ zh = "车站", en = "Stop" }}
type = "text"
class = "ordinary"
grade = "g1"
banding = [{{ name = "places", kind = "values", values = [{0}] }}]
[[field]]
name = "fare"
title = {{ zh = "票价", en = "Fare" }}
type = "float64"
class = "ordinary"
grade = "g1"
"#,
        values.join(", ")
    );
    let ids = CountingIds::default();
    CatalogueEntry::parse(&entry)
        .unwrap()
        .register(ResourceId::new(&ids), OrganisationId::new(&ids), 1)
        .unwrap()
}

/// What is wrong with an output of these lines, about a resource with so many places.
fn told(places: usize, lines: &str) -> Vec<String> {
    let text = format!(
        r#"
name = "shapes"
version = "1.0.0"
title = {{ zh = "形", en = "Shapes" }}
world = "analysis"
purpose = "drill"
author = "Nobody"
bias = "None known."
[[resource]]
name = "rides"
fields = ["place", "stop", "fare"]
[[output]]
name = "table"
resource = "rides"
{lines}
"#
    );
    faults(&Manifest::parse(&text).unwrap(), &[resource(places)])
}

const PLACES: &str = "[[output.dimension]]\nfield = \"place\"\nbanding = \"places\"\n\
                      [[output.dimension]]\nfield = \"stop\"\nbanding = \"places\"\n";
const COUNT: &str = "[[output.measure]]\nname = \"n\"\naggregate = \"count\"\n";

#[test]
fn a_frame_is_no_larger_than_the_gate_holds() {
    let sums: String = (0..10)
        .map(|n| {
            format!("[[output.measure]]\nname = \"s{n}\"\naggregate = \"sum\"\nfield = \"fare\"\n")
        })
        .collect();
    let counted = [PLACES, COUNT].concat();
    assert!(told(999, &counted).is_empty());
    assert_eq!(told(1_000, &counted).len(), 1, "with the rest");
    assert!(told(100, &[PLACES, &sums].concat()).is_empty());
    let held = told(500, &[PLACES, &sums].concat());
    assert!(held[0].contains("slots_max"), "{held:?}");
    let own = "[[output.own]]\nname = \"figure\"\nkind = \"custom\"\n";
    assert!(told(100, &[PLACES, own].concat()).is_empty());
    assert_eq!(told(1_000, &[PLACES, own].concat()).len(), 1);
    assert!(told(1_000, "").is_empty(), "people decide about it");
}

#[test]
fn a_model_has_no_more_parameters_than_the_gate_fits() {
    let model = |more: &str| {
        format!(
            "[output.model]\nkind = \"linear\"\nresponse = {{ field = \"fare\" }}\n{more}\
             [[output.model.term]]\nfield = \"place\"\nbanding = \"places\"\n"
        )
    };
    assert!(told(PARAMETERS_MAX, &model("")).is_empty());
    let over = told(PARAMETERS_MAX + 1, &model(""));
    assert!(over[0].contains("129"), "{over:?}");
    assert!(told(PARAMETERS_MAX + 1, &model("intercept = false\n")).is_empty());
}

#[test]
fn labels_of_a_catalogue_that_look_like_a_margin_are_told() {
    let few = "[[output.dimension]]\nfield = \"place\"\nbanding = \"few\"\n";
    assert!(told(3, &[few, COUNT].concat()).is_empty());
    let told = told(3, &["totals = true\n", few, COUNT].concat());
    assert!(told[0].contains("total"), "{told:?}");
}
