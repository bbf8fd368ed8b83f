//! Grants as people write them.

use std::path::Path;

use yunei_model::{
    Binding, CountingIds, GrantTerms, OrganisationId, ParameterType, Scalar, ScenarioId, Timestamp,
};

use super::parse;
use crate::lookup::Named;

const LEAST: &str = r#"
operator = "taihu-data-services"
scenario = "inclusive-finance"
purpose = "income-statistics"
binding = "latest"
from = 2026-01-01T00:00:00+08:00
until = 2027-01-01T00:00:00+08:00
quota = { runs = 1, rows = 2, released_cells = 3 }
[[resource]]
name = "census-income-1994"
fields = ["education"]
"#;

fn terms(text: &str) -> GrantTerms {
    let ids = CountingIds::default();
    parse(text)
        .unwrap()
        .terms(OrganisationId::new(&ids), ScenarioId::new(&ids))
}

fn wrong(text: &str) -> String {
    parse(text).unwrap_err().to_string()
}

#[test]
fn names_stay_names_and_times_become_microseconds() {
    let written = parse(LEAST).unwrap();
    assert_eq!(written.operator.to_string(), "taihu-data-services");
    assert!(matches!(written.scenario, Named::Name(_)));
    let terms = terms(LEAST);
    assert_eq!(terms.from, "2025-12-31T16:00:00Z".parse().unwrap());
    assert_eq!(
        terms.until.as_micros() - terms.from.as_micros(),
        365 * 86_400 * 1_000_000
    );
    assert_eq!(terms.binding, Binding::Latest);
    assert!(!terms.join && !terms.export && terms.products.is_empty() && terms.as_of.is_none());
    assert_eq!(terms.check(), Ok(()));
}

#[test]
fn every_example_is_a_grant_that_can_stand() {
    let examples = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples");
    let grants: Vec<_> = std::fs::read_dir(examples)
        .unwrap()
        .map(|entry| entry.unwrap().path().join("grant.toml"))
        .filter(|path| path.is_file())
        .collect();
    assert!(grants.len() >= 4, "{grants:?}");
    for path in grants {
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(terms(&text).check(), Ok(()), "{}", path.display());
    }
}

#[test]
fn filters_and_parameters_may_hold_dates() {
    let text = format!(
        "{LEAST}\n[[resource.filter]]\nfield = \"left_on\"\ncomparison = \"ge\"\nvalue = 2026-03-01\n\
         [[parameter]]\nname = \"day\"\ntype = \"date\"\nmin = 2026-03-01\nmax = 2026-03-31\n"
    );
    let terms = terms(&text);
    assert_eq!(
        terms.resources[0].filter[0].value,
        Scalar::Text("2026-03-01".to_owned())
    );
    let expected = ParameterType::Date {
        min: "2026-03-01".to_owned(),
        max: "2026-03-31".to_owned(),
    };
    assert_eq!(terms.parameters[0].kind, expected);
}

#[test]
fn unknown_keys_are_errors_wherever_they_stand() {
    let top = format!("resources = []\n{LEAST}");
    assert!(wrong(&top).contains("resources"), "{}", wrong(&top));
    let resource = format!("{LEAST}\nrows = 5\n");
    assert!(wrong(&resource).contains("rows"), "{}", wrong(&resource));
    let parameter = format!(
        "{LEAST}\n[[parameter]]\nname = \"a\"\ntype = \"integer\"\nmin = 1\nmax = 2\nstep = 1\n"
    );
    assert!(wrong(&parameter).contains("step"), "{}", wrong(&parameter));
}

#[test]
fn a_time_without_its_offset_is_no_time() {
    let text = LEAST.replace("2026-01-01T00:00:00+08:00", "2026-01-01T00:00:00");
    assert!(wrong(&text).contains("with its offset"), "{}", wrong(&text));
    let date = LEAST.replace("2027-01-01T00:00:00+08:00", "2027-01-01");
    assert!(
        wrong(&date).contains("`2027-01-01` is no time"),
        "{}",
        wrong(&date)
    );
}

#[test]
fn as_of_and_ids_are_taken_as_they_stand() {
    let text = LEAST
        .replace("\"latest\"", "\"as-of\"\nas_of = \"2026-02-01T00:00:00Z\"")
        .replace(
            "\"taihu-data-services\"",
            "\"0190b5d3-4a1e-7c3b-9f00-0123456789ab\"",
        );
    let written = parse(&text).unwrap();
    assert!(matches!(written.operator, Named::Id(_)));
    let at: Timestamp = "2026-02-01T00:00:00Z".parse().unwrap();
    assert_eq!(terms(&text).as_of, Some(at));
}
