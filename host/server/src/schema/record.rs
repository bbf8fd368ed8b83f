//! The record, the emergency stop, the system.

use yunei_model::RetrievalState;

use super::{
    Described, count, digest, flag, free, id, list, name, nullable, object, of, text, time, words,
};

pub(super) fn schemas() -> Vec<(&'static str, Described)> {
    vec![
        ("Health", health()),
        ("LogKey", log_key()),
        ("Recorded", recorded()),
        ("Checkpoint", checkpoint()),
        ("Report", report()),
        ("FoundCall", found_call()),
        ("NewRetrieval", new_retrieval()),
        ("Retrieval", retrieval()),
        ("EvidenceRefusal", evidence_refusal()),
        ("EvidenceScope", scope()),
        ("Consistency", consistency()),
        ("EmergencyState", emergency_state()),
        ("Emergency", emergency()),
    ]
}

fn health() -> Described {
    object(
        "The server answers, and so does its store.",
        [("status", text()), ("version", text())],
    )
}

fn log_key() -> Described {
    object(
        "The public key of the transparency log, as a verifier line of signed notes.",
        [("key", text())],
    )
}

fn recorded() -> Described {
    object(
        "An entry, and its place in the record.",
        [
            ("position", count()),
            ("index", nullable(count())),
            (
                "entry",
                free("The entry: `kind`, `id`, `actor`, `operator`, `facts`, `observed`."),
            ),
        ],
    )
}

fn checkpoint() -> Described {
    object(
        "The newest signed checkpoint.",
        [("size", count()), ("note", text()), ("signed_at", time())],
    )
}

fn consistency() -> Described {
    object(
        "Hashes that prove that a log begins with an earlier one.",
        [
            ("from", count()),
            ("to", count()),
            ("proof", list(digest())),
        ],
    )
}

fn report() -> Described {
    object(
        "What a verification of the whole record found. Operating units are told no figure.",
        [
            ("holds", flag()),
            ("entries?", count()),
            ("pending?", count()),
            ("covered?", count()),
            ("checkpoints?", count()),
            ("runs?", count()),
            ("open_runs?", count()),
            ("calls?", count()),
            ("findings?", list(free("What is wrong, and where."))),
            ("findings_total?", count()),
        ],
    )
}

fn found_call() -> Described {
    object(
        "A call, and the run that it is of.",
        [("run", id()), ("call", of("Call"))],
    )
}

fn new_retrieval() -> Described {
    object(
        "What an authority asks for, under which approval.",
        [
            ("approval", text()),
            ("reason", text()),
            ("scope", of("EvidenceScope")),
        ],
    )
}

fn scope() -> Described {
    object(
        "Evidence of one run, or of a span between two times; narrowed by operating unit and resource.",
        [
            ("run?", id()),
            ("since?", time()),
            ("until?", time()),
            ("operator?", id()),
            ("resource?", name()),
        ],
    )
}

fn retrieval() -> Described {
    object(
        "A retrieval of evidence: who asked, who signed or refused.",
        [
            ("id", id()),
            ("organisation", id()),
            ("requested_by", id()),
            ("requested_by_person", id()),
            ("requested_at", time()),
            ("approval", text()),
            ("reason", text()),
            ("scope", of("EvidenceScope")),
            ("state", words!(RetrievalState)),
            ("signed_by", nullable(id())),
            ("signed_by_person", nullable(id())),
            ("signed_at", nullable(time())),
            ("refused", nullable(of("EvidenceRefusal"))),
        ],
    )
}

fn evidence_refusal() -> Described {
    object(
        "Who refused evidence, and why; whoever asked, where the request was taken back.",
        [
            ("by", id()),
            ("by_person", id()),
            ("at", time()),
            ("reason", text()),
        ],
    )
}

fn emergency_state() -> Described {
    object(
        "Whether everything is stopped.",
        [("emergency", nullable(of("Emergency")))],
    )
}

fn emergency() -> Described {
    object(
        "An emergency stop in force.",
        [("account", id()), ("reason", text()), ("at", time())],
    )
}
