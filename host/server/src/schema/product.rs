//! Products, schedules, editions.

use yunei_model::{Cadence, Notice, ProductState, StandingState};

use super::run::{approval, bound, ended};

use super::{Described, count, free, id, list, name, nullable, object, of, text, time, words};

pub(super) fn schemas() -> Vec<(&'static str, Described)> {
    vec![
        ("Product", product()),
        ("NewProduct", new_product()),
        ("NewProductModule", new_module()),
        ("ProductStanding", standing()),
        ("Schedule", schedule()),
        ("NewSchedule", new_schedule()),
        ("Period", period()),
        ("Edition", edition()),
        ("NewEdition", new_edition()),
    ]
}

fn product() -> Described {
    object(
        "A module's outputs, again and again, over closed periods.",
        [
            ("id", id()),
            ("name", name()),
            ("title", of("Text")),
            ("operator", id()),
            ("grant", id()),
            ("module", id()),
            ("parameters", parameters()),
            ("period", name()),
            ("cadence", words!(Cadence)),
            ("starts", time()),
            ("lateness_days", count()),
            ("revision_days", nullable(count())),
            ("state", words!(ProductState)),
            ("first_reviewed", nullable(id())),
            ("drafted_by", id()),
            ("drafted_by_person", id()),
            ("drafted_at", time()),
            ("standing", nullable(of("ProductStanding"))),
            ("notices", list(words!(Notice))),
        ],
    )
}

fn standing() -> Described {
    object(
        "The newest standing approval of a product, whatever became of it. Who gave it is for the domain's own people.",
        [
            ("id", id()),
            ("state", words!(StandingState)),
            ("first", id()),
            ("bound", bound()),
            ("approvals_count", count()),
            ("approvals?", list(approval())),
            ("in_force_at", nullable(time())),
            ("until", nullable(time())),
            ("ended", nullable(ended())),
        ],
    )
}

fn new_module() -> Described {
    object("Another module for a product.", [("module", id())])
}

fn new_product() -> Described {
    object(
        "A product to be drafted: `period` names a date or timestamp field, `starts` a day of the first period.",
        [
            ("name", name()),
            ("title", of("Text")),
            ("grant", id()),
            ("module", id()),
            ("parameters?", parameters()),
            ("period", name()),
            ("cadence", words!(Cadence)),
            ("starts", text()),
            ("lateness_days?", count()),
            ("revision_days?", nullable(count())),
        ],
    )
}

fn parameters() -> Described {
    free("Values by name, as the manifest declares them.")
}

fn schedule() -> Described {
    object(
        "What starts a product's runs, and when it does so next.",
        [
            ("id", id()),
            ("product", id()),
            ("trigger", trigger()),
            (
                "due",
                free(
                    "`kind` is `at` with a time, `after` with the newest snapshot of the last step, or `never`.",
                ),
            ),
            (
                "paused",
                nullable(free(
                    "`code` that its next run was refused with, and since when; what is due stays due until a privacy budget covers it.",
                )),
            ),
            ("set_by", id()),
            ("set_at", time()),
        ],
    )
}

fn new_schedule() -> Described {
    object("A schedule to be set up.", [("trigger", trigger())])
}

fn trigger() -> Described {
    free(
        "`kind` is `cron` with an `expression` of five fields in Asia/Shanghai, or `on-snapshot` with a `resource`.",
    )
}

fn period() -> Described {
    object(
        "The rows whose field lies in [from, until).",
        [("field", name()), ("from", time()), ("until", time())],
    )
}

fn edition() -> Described {
    object(
        "One edition of a product, over a closed period.",
        [
            ("id", id()),
            ("product", id()),
            ("first_day", text()),
            ("period", of("Period")),
            ("run", id()),
            ("releases", list(id())),
            ("revision", count()),
            ("revises", nullable(id())),
        ],
    )
}

fn new_edition() -> Described {
    object(
        "The edition that is asked for: that of the period in which the day lies, `YYYY-MM-DD` in Asia/Shanghai.",
        [("day", text())],
    )
}
