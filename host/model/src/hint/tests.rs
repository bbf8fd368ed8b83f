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
    manifest(more).hints(&Trigger::Request, Decision::Withhold, &[])
}

/// The catalogue entry of the rides; `line` has a fine banding, and a coarse one that it nests in where `nested` says so.
fn rides(nested: bool) -> Resource {
    let within = if nested { "within = \"all\"\n" } else { "" };
    let schema = format!(
        "version = 1\n[[field]]\nname = \"line\"\ntitle = {{ zh = \"线\", en = \"line\" }}\ntype = \"text\"\nclass = \"ordinary\"\n\
         grade = \"g1\"\nnullable = false\n\
         [[field.banding]]\nname = \"line\"\n{within}kind = \"values\"\nvalues = [\"1\", \"2\"]\n\
         [[field.banding]]\nname = \"all\"\nkind = \"groups\"\ngroups = [{{ label = \"all\", values = [\"1\", \"2\"] }}]\n"
    );
    let text = |words: &str| crate::Text {
        zh: words.to_owned(),
        en: words.to_owned(),
    };
    let name = |name: &str| crate::Name::parse(name).unwrap();
    Resource {
        id: crate::ResourceId::new(&RandomIds),
        name: name("rides"),
        title: text("rides"),
        description: text("rides"),
        source_unit: crate::OrganisationId::new(&RandomIds),
        population: crate::Population {
            name: name("riders"),
            title: text("riders"),
            private_only: false,
        },
        basis: crate::Basis::NonPersonal,
        subject: None,
        subject_group: None,
        grade: crate::Grade::G2,
        licence: "CC0-1.0".to_owned(),
        synthetic: true,
        schema: toml::from_str::<crate::SchemaVersion>(&schema).unwrap(),
    }
}

const COUNT: &str = "[[output.measure]]\nname = \"rides\"\naggregate = \"count\"\n";
const SUM: &str = "[[output.measure]]\nname = \"fares\"\naggregate = \"sum\"\nfield = \"fare\"\n";
const LINE: &str = "[[output.dimension]]\nfield = \"line\"\nbanding = \"line\"\n";
const HOUR: &str = "[[output.dimension]]\nfield = \"hour\"\nbanding = \"hour\"\n";

#[test]
fn hints_follow_from_the_manifest() {
    use Hint::*;
    assert_eq!(told(""), [StandardAggregate], "the guest's own figures");
    assert_eq!(told(COUNT), [Rounding]);
    assert_eq!(told(&format!("{LINE}{COUNT}")), [CoarserBanding, Rounding]);
    assert_eq!(
        told(&format!("totals = true\n{LINE}{HOUR}{COUNT}{SUM}")),
        [CoarserBanding, FewerDimensions, WithoutTotals, CountsAlone]
    );
    let second = format!("{COUNT}[[output]]\nname = \"again\"\nresource = \"rides\"\n{COUNT}");
    assert_eq!(told(&second), [FewerOutputs]);
    let schedule = ScheduleId::new(&RandomIds);
    let trigger = Trigger::Schedule { schedule };
    let scheduled = manifest(SUM).hints(&trigger, Decision::Withhold, &[]);
    assert_eq!(scheduled, [CountsAlone, LongerPeriod, WiderLateness]);
}

#[test]
fn what_a_manifest_may_ask_for_instead_of_blanks_is_named_where_it_can_have_it() {
    let told = |more: &str, nested: bool| {
        let catalogue = [rides(nested)];
        manifest(more).hints(&Trigger::Request, Decision::Withhold, &catalogue)
    };
    let has = |hint: Hint, more: &str| told(more, true).contains(&hint);
    let weighted = COUNT.replace("\"count\"", "\"count\"\nweight = \"fare\"");
    // Rounding: counts without a weight, in one table by itself, that are blank or stay where a cell fails.
    assert!(has(Hint::Rounding, &format!("{LINE}{COUNT}")));
    assert!(has(
        Hint::Rounding,
        &format!("on_failure = \"refuse\"\n{LINE}{COUNT}")
    ));
    let second = format!("{COUNT}[[output]]\nname = \"again\"\nresource = \"rides\"\n{COUNT}");
    for cannot in [
        format!("{LINE}{SUM}"),
        format!("{LINE}{weighted}"),
        format!("on_failure = \"round\"\n{LINE}{COUNT}"),
        format!("on_failure = \"perturb\"\n{LINE}{COUNT}"),
        format!("on_failure = \"merge\"\n{LINE}{COUNT}"),
        second,
        String::new(),
    ] {
        assert!(!has(Hint::Rounding, &cannot), "{cannot}");
    }
    // Merging: a dimension whose banding nests in a coarser one, whatever is measured.
    for measures in [COUNT, SUM] {
        let plain = format!("{LINE}{measures}");
        assert!(has(Hint::Merging, &plain), "{plain}");
        assert!(!told(&plain, false).contains(&Hint::Merging), "not nested");
        let none = manifest(&plain).hints(&Trigger::Request, Decision::Withhold, &[]);
        assert!(!none.contains(&Hint::Merging), "no entry");
        let merged = format!("on_failure = \"merge\"\n{plain}");
        assert!(!has(Hint::Merging, &merged), "it merges already");
    }
    let other = LINE.replace(
        "\"line\"\nbanding = \"line\"",
        "\"line\"\nbanding = \"all\"",
    );
    assert!(
        !has(Hint::Merging, &format!("{other}{COUNT}")),
        "the coarsest"
    );
}

#[test]
fn what_is_released_or_reviewed_needs_no_advice() {
    let manifest = manifest(LINE);
    let of = |decision| manifest.hints(&Trigger::Request, decision, &[rides(true)]);
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
