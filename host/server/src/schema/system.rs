//! The system itself, and requests for stops.

use yunei_model::Role;

use super::{
    Described, count, flag, free, id, list, nullable, object, of, text, time, word, words,
};

pub(super) fn schemas() -> Vec<(&'static str, Described)> {
    vec![
        ("System", system()),
        ("Containment", containment()),
        ("Queue", queue()),
        ("StopTarget", stop_target()),
        ("NewStopRequest", new_stop_request()),
        ("StopRequest", stop_request()),
        ("Dismissal", dismissal()),
    ]
}

fn system() -> Described {
    object(
        "What runs here, and how it is.",
        [
            ("version", text()),
            ("policy_set", text()),
            ("profile", text()),
            ("containment", of("Containment")),
            ("limits", free("Limits of a run, by name.")),
            ("emergency", nullable(of("Emergency"))),
            ("queue", of("Queue")),
            ("entries", count()),
            ("covered", count()),
        ],
    )
}

fn containment() -> Described {
    object(
        "Layers of lock-down that a room gets on this machine, by a room that was tried.",
        [
            ("layers", list(text())),
            ("suffices", flag()),
            ("failed", nullable(text())),
        ],
    )
}

fn queue() -> Described {
    object(
        "Runs that are not at their end, by state.",
        [
            ("queued", count()),
            ("running", count()),
            ("sealed", count()),
            ("in_review", count()),
        ],
    )
}

fn stop_target() -> Described {
    object(
        "What is to be stopped: everything, a grant, or a run.",
        [
            ("kind", word(["domain", "grant", "run"])),
            ("grant?", id()),
            ("run?", id()),
        ],
    )
}

fn new_stop_request() -> Described {
    object(
        "A stop to be asked for.",
        [("target", of("StopTarget")), ("reason", text())],
    )
}

fn stop_request() -> Described {
    object(
        "An authority's request for a stop, and whether what it is about still goes on.",
        [
            ("id", id()),
            ("target", of("StopTarget")),
            ("reason", text()),
            ("account", id()),
            ("organisation", id()),
            ("at", time()),
            ("open", flag()),
        ],
    )
}

fn dismissal() -> Described {
    object(
        "A role to be ended, and why.",
        [("role", words!(Role)), ("reason", text())],
    )
}
