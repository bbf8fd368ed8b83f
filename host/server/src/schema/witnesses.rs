//! How the log is witnessed.

use yunei_model::Grade;

use super::{Described, count, flag, list, name, nullable, object, of, text, time, words};

pub(super) fn schemas() -> Vec<(&'static str, Described)> {
    vec![
        ("Witnessing", witnessing()),
        ("Cosigned", cosigned()),
        ("Witness", witness()),
    ]
}

fn witnessing() -> Described {
    object(
        "How far the log is witnessed. Without a quorum policy nobody outside holds the log to what it said. \
         `lag_s`: seconds since the oldest checkpoint was signed that is under no quorum; 0 when all are.",
        [
            ("configured", flag()),
            ("lag_s", nullable(count())),
            ("newest", nullable(of("Cosigned"))),
            ("witnessed", nullable(of("Cosigned"))),
            ("grade_from", nullable(words!(Grade))),
            ("wait_seconds_max", nullable(count())),
            ("witnesses", list(of("Witness"))),
        ],
    )
}

fn cosigned() -> Described {
    object(
        "How far one checkpoint is witnessed: `valid` of `known` witnesses, of whom `needed` make the quorum, one of them at least \
         outside bureau and host operator. Operating units are told neither size nor time.",
        [
            ("size", nullable(count())),
            ("signed_at", nullable(time())),
            ("valid", count()),
            ("known", count()),
            ("needed", count()),
            ("outside", flag()),
            ("reached", flag()),
        ],
    )
}

fn witness() -> Described {
    object(
        "How it stands with one witness. `fault` is a stable word, `explained` the same for people.",
        [
            ("name", name()),
            ("key", text()),
            ("outside", flag()),
            ("counted", flag()),
            ("answers", flag()),
            ("size", nullable(count())),
            ("cosigned_at", nullable(time())),
            ("failing_since", nullable(time())),
            ("fault", nullable(text())),
            ("explained", nullable(of("Text"))),
        ],
    )
}
