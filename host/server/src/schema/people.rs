//! Organisations, accounts, tokens; and failures.

use yunei_model::{Code, OrganisationKind, Role};

use super::{Described, flag, id, list, name, nullable, object, of, text, time, words};

pub(super) fn schemas() -> Vec<(&'static str, Described)> {
    vec![
        ("Failure", failure()),
        ("Text", bilingual()),
        ("Organisation", organisation()),
        ("NewOrganisation", new_organisation()),
        ("Account", account()),
        ("NewAccount", new_account()),
        ("Appointment", appointment()),
        ("NewAppointment", new_appointment()),
        ("Remit", remit()),
        ("SignIn", sign_in()),
        ("NewToken", new_token()),
        ("IssuedToken", issued_token()),
        ("Reason", reason()),
        ("Note", note()),
    ]
}

fn failure() -> Described {
    object(
        "Why a request was not served.",
        [
            ("code", words!(Code)),
            ("message", text()),
            ("details", list(text())),
            ("clause", nullable(text())),
            ("request_id", id()),
            ("module?", of("Module")),
        ],
    )
}

fn bilingual() -> Described {
    object(
        "A text in both languages.",
        [("zh", text()), ("en", text())],
    )
}

fn organisation() -> Described {
    object(
        "An organisation.",
        [
            ("id", id()),
            ("name", name()),
            ("title", of("Text")),
            ("kind", words!(OrganisationKind)),
        ],
    )
}

fn new_organisation() -> Described {
    object(
        "An organisation to be registered.",
        [
            ("name", name()),
            ("title", of("Text")),
            ("kind", words!(OrganisationKind)),
        ],
    )
}

fn account() -> Described {
    object(
        "An account of a person.",
        [
            ("id", id()),
            ("name", name()),
            ("person", id()),
            ("organisation", id()),
            ("appointments", list(of("Appointment"))),
            ("active", flag()),
        ],
    )
}

fn new_account() -> Described {
    object(
        "An account to be opened, without a role.",
        [
            ("name", name()),
            ("organisation", name()),
            ("password", text()),
            ("same_person_as?", nullable(id())),
        ],
    )
}

fn appointment() -> Described {
    object(
        "A role held for a time.",
        [
            ("role", words!(Role)),
            ("from", time()),
            ("until", nullable(time())),
            ("remit", of("Remit")),
        ],
    )
}

fn new_appointment() -> Described {
    object(
        "A role to be given, from now on.",
        [
            ("role", words!(Role)),
            ("until?", nullable(time())),
            ("remit?", of("Remit")),
        ],
    )
}

fn remit() -> Described {
    object(
        "What a regulator may look at; no resources means all.",
        [("resources?", list(name()))],
    )
}

fn sign_in() -> Described {
    object(
        "Account and password.",
        [("account", name()), ("password", text())],
    )
}

fn new_token() -> Described {
    object("An API token to be issued.", [("label?", nullable(name()))])
}

fn issued_token() -> Described {
    object(
        "A token; the secret is shown this once.",
        [("id", id()), ("secret", text()), ("expires_at", time())],
    )
}

fn reason() -> Described {
    object("A reason, of 1 to 500 characters.", [("reason", text())])
}

fn note() -> Described {
    object(
        "A reason, where one is worth giving: 500 characters at most.",
        [("reason?", text())],
    )
}
