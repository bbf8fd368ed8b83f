//! Scenarios and grants.

use yunei_model::{Binding, Comparison, GrantState, ScenarioState};

use super::{
    Described, count, flag, free, id, list, name, nullable, object, of, scalar, time, words,
};

pub(super) fn schemas() -> Vec<(&'static str, Described)> {
    vec![
        ("Scenario", scenario()),
        ("NewScenario", new_scenario()),
        ("Grant", grant()),
        ("NewGrant", new_grant()),
        ("GrantTerms", terms()),
        ("GrantedResource", granted()),
        ("Condition", condition()),
        ("Quota", quota("How much may be used in the whole term.")),
        ("Usage", quota("How much has been used.")),
        ("NewConsent", consent()),
    ]
}

fn scenario() -> Described {
    object(
        "An application scenario.",
        [
            ("id", id()),
            ("name", name()),
            ("title", of("Text")),
            ("purposes", list(name())),
            ("state", words!(ScenarioState)),
            ("proposer", nullable(id())),
        ],
    )
}

fn new_scenario() -> Described {
    object(
        "A scenario to be proposed.",
        [
            ("name", name()),
            ("title", of("Text")),
            ("purposes", list(name())),
        ],
    )
}

fn grant() -> Described {
    object(
        "One version of a grant.",
        [
            ("id", id()),
            ("version", count()),
            ("state", words!(GrantState)),
            ("terms", of("GrantTerms")),
        ],
    )
}

fn new_grant() -> Described {
    object(
        "A grant to be drafted, or an amendment of one.",
        [("amends?", nullable(id())), ("terms", of("GrantTerms"))],
    )
}

fn terms() -> Described {
    object(
        "The terms of a grant.",
        [
            ("operator", id()),
            ("scenario", id()),
            ("purpose", name()),
            ("resource", list(of("GrantedResource"))),
            ("products?", list(name())),
            ("join?", flag()),
            ("export?", flag()),
            (
                "parameter?",
                list(free(
                    "A narrower parameter than the manifest's: `name`, `type`, its range.",
                )),
            ),
            ("quota", of("Quota")),
            ("binding", words!(Binding)),
            ("as_of?", nullable(time())),
            ("from", time()),
            ("until", time()),
        ],
    )
}

fn granted() -> Described {
    object(
        "What is granted of one resource.",
        [
            ("name", name()),
            ("fields", list(name())),
            ("filter?", list(of("Condition"))),
            ("snapshot?", nullable(id())),
        ],
    )
}

fn condition() -> Described {
    object(
        "One condition on rows.",
        [
            ("field", name()),
            ("comparison", words!(Comparison)),
            ("value", scalar()),
        ],
    )
}

fn quota(about: &str) -> Described {
    object(
        about,
        [
            ("runs", count()),
            ("rows", count()),
            ("released_cells", count()),
        ],
    )
}

fn consent() -> Described {
    object(
        "A source unit's consent, for one of its resources.",
        [("resource", name())],
    )
}
