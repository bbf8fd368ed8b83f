use std::str::FromStr;

use proptest::prelude::*;

use crate::*;

fn every_step_is_in_the_table<S: State + std::fmt::Display + FromStr>(all: &[S]) {
    for from in all {
        for to in all {
            assert_eq!(
                from.step(*to).is_ok(),
                from.successors().contains(to),
                "{from} → {to}"
            );
        }
        assert_eq!(S::from_str(&from.to_string()).ok(), Some(*from));
    }
}

#[test]
fn states_step_by_their_tables_alone() {
    every_step_is_in_the_table(GrantState::ALL);
    every_step_is_in_the_table(ModuleState::ALL);
    every_step_is_in_the_table(RunState::ALL);
    every_step_is_in_the_table(ScenarioState::ALL);
    every_step_is_in_the_table(ProductState::ALL);
    assert!(RunState::Released.is_final());
    assert!(RunState::Queued.step(RunState::Released).is_err());
}

#[test]
fn names_refuse_what_is_no_name() {
    for bad in ["", "A", "1a", "a b", "..", "a/b", "a.b", "é"] {
        assert!(Name::parse(bad).is_err(), "{bad}");
    }
    assert!(Name::parse(&"a".repeat(64)).is_ok());
    assert!(Name::parse(&"a".repeat(65)).is_err());
}

#[test]
fn ids_are_version_seven_and_rise() {
    let ids = CountingIds::default();
    let first = RunId::new(&ids);
    let second = RunId::new(&ids);
    assert!(first < second);
    assert_eq!(RunId::new(&RandomIds).as_uuid().get_version_num(), 7);
    assert_eq!(RunId::from_str(&first.to_string()), Ok(first));
}

#[test]
fn a_limit_admits_its_value_and_not_one_more() {
    assert_eq!(LimitExceeded::check("handles_max", 10, 4, 6), Ok(10));
    let over = LimitExceeded::check("handles_max", 10, 4, 7);
    assert_eq!(
        over,
        Err(LimitExceeded {
            name: "handles_max".into(),
            limit: 10,
            current: 4,
            requested: 7
        })
    );
    assert!(LimitExceeded::check("handles_max", 10, u64::MAX, 1).is_err());
}

fn banding(text: &str) -> Banding {
    toml::from_str(text).expect("a banding")
}

#[test]
fn ranges_are_half_open_and_the_rest_is_other() {
    let ages = banding("name = 'ages'\nkind = 'ranges'\nedges = [0, 18, 65]");
    assert_eq!(ages.labels(), ["[0, 18)", "[18, 65)", "other"]);
    let codes: Vec<usize> = [-1.0, 0.0, 17.9, 18.0, 64.0, 65.0, f64::NAN]
        .iter()
        .map(|v| ages.code_of_number(*v))
        .collect();
    assert_eq!(codes, [2, 0, 0, 1, 1, 2, 2]);
}

#[test]
fn days_and_calendar_units_know_their_dates() {
    let week = banding("name = 'week'\nkind = 'calendar'\nunit = 'day-of-week'");
    assert_eq!(week.code_of_date(0), 3, "1970-01-01 was a Thursday");
    let days = banding("name = 'days'\nkind = 'days'\nfrom = '1970-01-02'\ndays = 2");
    assert_eq!(days.labels(), ["1970-01-02", "1970-01-03", "other"]);
    assert_eq!([0, 1, 2, 3].map(|d| days.code_of_date(d)), [2, 0, 1, 2]);
    let hours = banding("name = 'hours'\nkind = 'calendar'\nunit = 'hour-of-day'");
    assert_eq!(hours.code_of_timestamp(0), 8, "08:00 in Shanghai");
}

proptest! {
    #[test]
    fn a_code_is_always_a_label(value in any::<f64>(), text in ".*", days in any::<i32>(), micros in any::<i64>()) {
        for banding in [
            banding("name = 'a'\nkind = 'ranges'\nedges = [0, 1, 2]"),
            banding("name = 'a'\nkind = 'values'\nvalues = ['x', 'y']"),
            banding("name = 'a'\nkind = 'calendar'\nunit = 'month-of-year'"),
            banding("name = 'a'\nkind = 'calendar'\nunit = 'hour-of-day'"),
            banding("name = 'a'\nkind = 'days'\nfrom = '2026-01-01'\ndays = 30"),
        ] {
            let labels = banding.labels().len();
            prop_assert_eq!(labels, banding.other() + 1);
            prop_assert!(banding.code_of_number(value) < labels);
            prop_assert!(banding.code_of_text(&text) < labels);
            prop_assert!(banding.code_of_date(days) < labels);
            prop_assert!(banding.code_of_timestamp(micros) < labels);
        }
    }

    #[test]
    fn digests_survive_their_text(bytes in any::<[u8; 32]>()) {
        let digest = Digest::from_bytes(bytes);
        prop_assert_eq!(Digest::from_str(&digest.to_string()), Ok(digest));
    }
}

const MANIFEST: &str = r#"
name = "delays"
version = "0.1.0"
title = { zh = "延误", en = "Delays" }
world = "analysis"
purpose = "transport-planning"
author = "Example"
bias = "none known"
[[resource]]
name = "flights"
fields = ["carrier", "delay"]
[[parameter]]
name = "year"
type = "integer"
min = 2012
max = 2014
default = 2013
[[output]]
name = "delays"
resource = "flights"
dimension = [{ field = "carrier", banding = "carrier" }]
measure = [{ name = "flights", aggregate = "count" }, { name = "delay", aggregate = "mean", field = "delay" }]
"#;

#[test]
fn a_manifest_is_parsed_and_its_route_known() {
    let manifest = Manifest::parse(MANIFEST).expect("valid");
    assert!(manifest.is_recomputable(&manifest.outputs[0]));
    let bound = Parameter::bind(&manifest.parameters, &Parameters::new()).expect("the default");
    assert_eq!(bound.len(), 1);
    let wrong = Parameters::from([(Name::parse("year").unwrap(), Scalar::Integer(2015))]);
    assert!(matches!(
        Parameter::bind(&manifest.parameters, &wrong),
        Err(ParameterError::OutOfRange { .. })
    ));
}

#[test]
fn a_manifest_tells_every_broken_rule_at_once() {
    let text = MANIFEST
        .replace("resource = \"flights\"\n", "resource = \"trains\"\n")
        .replace(", field = \"delay\"", "");
    let Err(ManifestError::Rules { broken }) = Manifest::parse(&text) else {
        panic!("must break rules")
    };
    assert_eq!(broken.len(), 2, "{broken:?}");
    assert!(matches!(
        Manifest::parse("name = 1"),
        Err(ManifestError::Syntax { .. })
    ));
    assert!(matches!(
        Manifest::parse(&format!("sudo = true\n{MANIFEST}")),
        Err(ManifestError::Syntax { .. })
    ));
}

fn terms(from: &str, until: &str) -> GrantTerms {
    toml::from_str(&format!(
        r#"
operator = "01900000-0000-7000-8000-000000000001"
scenario = "01900000-0000-7000-8000-000000000002"
purpose = "transport-planning"
quota = {{ runs = 1, rows = 1, released_cells = 1 }}
binding = "latest"
from = {}
until = {}
[[resource]]
name = "flights"
fields = ["carrier"]
"#,
        Timestamp::from_str(from).unwrap().as_micros(),
        Timestamp::from_str(until).unwrap().as_micros()
    ))
    .expect("terms")
}

#[test]
fn a_term_is_neither_inverted_nor_over_five_years() {
    assert_eq!(
        terms("2026-01-01T00:00:00Z", "2031-01-01T00:00:00Z").check(),
        Ok(())
    );
    let long = terms("2026-01-01T00:00:00Z", "2031-02-01T00:00:00Z").check();
    assert_eq!(long, Err(vec![GrantError::TermTooLong]));
    let inverted = terms("2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z").check();
    assert_eq!(inverted, Err(vec![GrantError::InvertedTerm]));
}

#[test]
fn codes_are_distinct_and_speak_both_languages() {
    let mut texts: Vec<&str> = Code::ALL.iter().map(|c| c.as_str()).collect();
    texts.sort_unstable();
    texts.dedup();
    assert_eq!(texts.len(), Code::ALL.len());
    for code in Code::ALL {
        assert!(
            code.sentence(Language::Zh).ends_with('。')
                && code.sentence(Language::En).ends_with('.')
        );
        assert!((400..600).contains(&code.status()));
    }
}

#[test]
fn an_id_that_tells_a_moment_tells_no_other() {
    let at = Timestamp::from_micros(1_700_000_000_123_456);
    let ids: Vec<ReleaseId> = (0..3).map(|_| ReleaseId::telling(at, &RandomIds)).collect();
    for id in &ids {
        assert_eq!(id.as_uuid().get_version_num(), 7);
        let millis = &id.as_uuid().simple().to_string()[..12];
        assert_eq!(u64::from_str_radix(millis, 16).unwrap(), 1_700_000_000_123);
    }
    assert!(ids[0] != ids[1] && ids[1] != ids[2]);
    let counting = CountingIds::default();
    assert_ne!(
        ReleaseId::telling(at, &counting),
        ReleaseId::telling(at, &counting)
    );
}
