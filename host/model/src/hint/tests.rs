//! Each hint follows from the manifest, and each has its words.

use super::*;
use crate::{RandomIds, ScheduleId};

const MANIFEST: &str = r#"
name = "rides"
version = "1"
world = "analysis"
purpose = "planning"
author = "a"
bias = "none"
title = { zh = "甲", en = "a" }
[[resource]]
name = "rides"
fields = ["line", "hour", "fare"]
[[output]]
name = "by-line"
resource = "rides"
"#;

fn manifest(more: &str) -> Manifest {
    Manifest::parse(&format!("{MANIFEST}{more}")).unwrap()
}

fn told(more: &str) -> Vec<Hint> {
    manifest(more).hints(&Trigger::Request, Decision::Withhold)
}

const COUNT: &str = "[[output.measure]]\nname = \"rides\"\naggregate = \"count\"\n";
const SUM: &str = "[[output.measure]]\nname = \"fares\"\naggregate = \"sum\"\nfield = \"fare\"\n";
const LINE: &str = "[[output.dimension]]\nfield = \"line\"\nbanding = \"line\"\n";
const HOUR: &str = "[[output.dimension]]\nfield = \"hour\"\nbanding = \"hour\"\n";

#[test]
fn hints_follow_from_the_manifest() {
    use Hint::*;
    assert_eq!(told(""), [StandardAggregate], "the guest's own figures");
    assert_eq!(told(COUNT), []);
    assert_eq!(told(&format!("{LINE}{COUNT}")), [CoarserBanding]);
    assert_eq!(
        told(&format!("totals = true\n{LINE}{HOUR}{COUNT}{SUM}")),
        [CoarserBanding, FewerDimensions, WithoutTotals, CountsAlone]
    );
    let second = format!("{COUNT}[[output]]\nname = \"again\"\nresource = \"rides\"\n{COUNT}");
    assert_eq!(told(&second), [FewerOutputs]);
    let schedule = ScheduleId::new(&RandomIds);
    let scheduled = manifest(COUNT).hints(&Trigger::Schedule { schedule }, Decision::Withhold);
    assert_eq!(scheduled, [LongerPeriod, WiderLateness]);
}

#[test]
fn what_is_released_or_reviewed_needs_no_advice() {
    let manifest = manifest(LINE);
    let of = |decision| manifest.hints(&Trigger::Request, decision);
    assert_eq!(of(Decision::Release), []);
    assert_eq!(of(Decision::Review), [Hint::AwaitReview]);
}

#[test]
fn every_hint_speaks_both_languages() {
    for hint in Hint::ALL {
        assert!(hint.sentence(Language::Zh).ends_with('。'), "{hint}");
        assert!(hint.sentence(Language::En).ends_with('.'), "{hint}");
    }
}
