//! Alerts.

use yunei_model::{AlertLevel, MessageState};

use super::{Described, count, free, id, list, name, nullable, object, of, text, time, words};

pub(super) fn schemas() -> Vec<(&'static str, Described)> {
    vec![
        ("Alert", alert()),
        ("AlertSubject", subject()),
        ("Acknowledgement", acknowledgement()),
        ("WebhookMessage", message()),
    ]
}

fn alert() -> Described {
    object(
        "What a rule over the record raised, and what became of the messages about it.",
        [
            ("id", id()),
            ("rule", name()),
            ("level", words!(AlertLevel)),
            ("title", of("Text")),
            ("advice", of("Text")),
            ("subject", of("AlertSubject")),
            ("at", time()),
            ("position", nullable(count())),
            ("operator", nullable(id())),
            ("run", nullable(id())),
            ("resources", list(name())),
            (
                "figures",
                free("What was counted, and the bound that it was held against, by name."),
            ),
            ("acknowledged", nullable(of("Acknowledgement"))),
            ("messages", list(of("WebhookMessage"))),
        ],
    )
}

fn subject() -> Described {
    object(
        "What an alert is about: `account`, `operator`, `grant` and `run` with an id; `sign-in`, `log` and `record` without.",
        [("kind", text()), ("id?", id())],
    )
}

fn acknowledgement() -> Described {
    object(
        "Who took notice of an alert, and why.",
        [("account", id()), ("reason", text()), ("at", time())],
    )
}

fn message() -> Described {
    object(
        "What became of a message to a webhook.",
        [
            ("webhook", name()),
            ("state", words!(MessageState)),
            ("attempts", count()),
            ("answer", nullable(text())),
        ],
    )
}
