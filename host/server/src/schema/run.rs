//! Runs, outputs, releases.

use yunei_model::{
    Blank, BracketOf, Cadence, CallDecision, CallKind, CoarseStatus, Decision, Hint, Notice,
    ReviewOutcome, Route, StandingState, Status,
};

use super::{
    Described, count, digest, figure, flag, free, id, list, name, nullable, object, of, text, time,
    words,
};

pub(super) fn schemas() -> Vec<(&'static str, Described)> {
    vec![
        ("RunRequest", request()),
        ("NewPeriod", new_period()),
        ("Run", run()),
        ("RunDetail", detail()),
        ("Checks", checks()),
        ("OutputOverlaps", output_overlaps()),
        ("OverlapSize", overlap_size()),
        ("CheckedCell", checked_cell()),
        ("RuleFigure", rule_figure()),
        ("CellBracket", cell_bracket()),
        ("FieldUse", field_use()),
        ("Replay", replay()),
        ("Basis", basis()),
        ("Call", call()),
        ("SealedForReviewer", sealed_for_reviewer()),
        ("ReviewerKey", reviewer_key()),
        ("Standing", standing()),
        ("NewStanding", new_standing()),
        ("NewReviewerKey", new_reviewer_key()),
        ("NewOutputReview", new_output_review()),
        ("Overtaken", overtaken()),
        ("Release", release()),
        ("CertificateOpening", opening()),
    ]
}

fn request() -> Described {
    object(
        "A run to be submitted.",
        [
            ("module", id()),
            ("grant", id()),
            ("purpose", name()),
            (
                "parameters?",
                free("Values by name, as the manifest declares them."),
            ),
            ("period?", nullable(of("NewPeriod"))),
        ],
    )
}

fn new_period() -> Described {
    object(
        "The one closed period whose rows a run is about, cut as the editions of a product of that cadence are: `field` is a date or timestamp, `day` one of its days, `YYYY-MM-DD` in Asia/Shanghai.",
        [
            ("field", name()),
            ("cadence", words!(Cadence)),
            ("day", text()),
        ],
    )
}

fn run() -> Described {
    object(
        "A run, as its operating unit sees it.",
        [
            ("id", id()),
            ("grant", id()),
            ("module", id()),
            ("purpose", name()),
            ("status", words!(CoarseStatus)),
            ("submitted_at", time()),
            ("releases", list(id())),
            ("hints", list(words!(Hint))),
            ("notices", list(words!(Notice))),
        ],
    )
}

fn detail() -> Described {
    object(
        "A run, as supervision sees it.",
        [
            (
                "run",
                free("State, snapshots, parameters, times, trace root, figures."),
            ),
            (
                "verdicts",
                list(free(
                    "What the gate says of one output, with the figures of its rules.",
                )),
            ),
            ("overlaps", list(of("OutputOverlaps"))),
            ("reviews", list(of("Review"))),
            ("releases", list(id())),
            ("use_of_fields", list(of("FieldUse"))),
            ("manifest_digest", nullable(digest())),
            ("algorithm_reviews", list(of("Review"))),
            ("judgement", nullable(count())),
            ("overtaken", list(of("Overtaken"))),
            ("asked_anew", nullable(of("Text"))),
        ],
    )
}

fn overtaken() -> Described {
    object(
        "A judgement that no longer holds, since something else left before two people had said yes; what was said about it no longer counts.",
        [
            ("judgement", count()),
            ("at", time()),
            ("left", count()),
            ("reviews", list(of("Review"))),
        ],
    )
}

fn new_output_review() -> Described {
    object(
        "A review of an output to be given. `judgement` is the number of the judgement that the reviewer looked at; without it, the first. A yes to one that no longer holds is refused.",
        [
            ("outcome", words!(ReviewOutcome)),
            ("reason?", text()),
            ("judgement?", nullable(count())),
        ],
    )
}

fn checks() -> Described {
    object(
        "A page of the cells of one output, with what the gate found in each.",
        [
            ("output", name()),
            ("dimensions", list(name())),
            ("cells", count()),
            ("overlaps", nullable(of("OutputOverlaps"))),
            (
                "words",
                list(free(
                    "A word of the checks, `word`, and its `title` in both languages.",
                )),
            ),
            ("items", list(of("CheckedCell"))),
            ("next", nullable(count())),
        ],
    )
}

fn output_overlaps() -> Described {
    object(
        "Earlier releases that lie across the rows of an output, so that people decide: about rows that overlap with these, or about the same rows and beyond the audit. Whose they are is not said.",
        [
            ("output", name()),
            ("overlapping", count()),
            ("beyond", count()),
            ("sizes", list(of("OverlapSize"))),
            ("texts", list(of("Text"))),
        ],
    )
}

fn overlap_size() -> Described {
    object(
        "By how much the rows differ from those of one of the newest overlapping releases, in the cells of the output, margins included: `subjects_min` are the fewest subjects by which a cell differs, `cells_held` differ by too few or by one too much.",
        [
            ("rows", count()),
            ("subjects", count()),
            ("cells", count()),
            ("subjects_min", nullable(count())),
            ("cells_held", count()),
        ],
    )
}

fn checked_cell() -> Described {
    object(
        "What the gate found in one cell.",
        [
            ("row", count()),
            ("cell", list(text())),
            ("status", words!(Status)),
            ("blank", words!(Blank)),
            ("rules", list(of("RuleFigure"))),
            ("brackets", list(of("CellBracket"))),
        ],
    )
}

fn rule_figure() -> Described {
    object(
        "One rule's figure in one cell; without a measure where it is about the cell's support.",
        [
            ("rule", name()),
            ("measure", nullable(name())),
            ("status", words!(Status)),
            ("value", figure()),
            ("bound", figure()),
        ],
    )
}

fn cell_bracket() -> Described {
    object(
        "An interval of which nobody who knows all that is shown can rule out any value of a blank cell: both ends are proven over integers for counts, what really stays possible is at least as wide. Null is no end, or no end that is asked for.",
        [
            ("of", words!(BracketOf)),
            ("measure", nullable(name())),
            ("low", figure()),
            ("high", nullable(figure())),
            ("low_needed", nullable(figure())),
            ("high_needed", nullable(figure())),
        ],
    )
}

fn replay() -> Described {
    object(
        "What a replay of a run found.",
        [
            ("run", id()),
            ("same", flag()),
            ("position", count()),
            ("index", nullable(count())),
            ("policies", of("Basis")),
            ("profile", of("Basis")),
            ("calls", count()),
            ("trace_root", nullable(digest())),
            ("output_digest", nullable(digest())),
            ("decision", nullable(words!(Decision))),
            (
                "differences",
                list(free(
                    "One difference: `at` says where, with the names that it takes; `recorded` and `replayed` say what.",
                )),
            ),
        ],
    )
}

fn basis() -> Described {
    object(
        "What a decision rested on, when the run was claimed and now.",
        [
            ("recorded", text()),
            ("present", text()),
            ("under_recorded", flag()),
            ("changed", list(text())),
        ],
    )
}

fn field_use() -> Described {
    object(
        "Declared, granted, used: one field of one resource.",
        [
            ("resource", name()),
            ("field", name()),
            ("declared", flag()),
            ("granted", flag()),
            ("used", flag()),
        ],
    )
}

fn call() -> Described {
    object(
        "One host call of a run.",
        [
            ("index", count()),
            ("kind", words!(CallKind)),
            ("resource", nullable(name())),
            ("fields", list(name())),
            ("rows", count()),
            ("bytes", count()),
            ("decision", words!(CallDecision)),
            ("clause", nullable(text())),
            ("argument_digest", nullable(text())),
            ("at", time()),
            ("duration_us", count()),
        ],
    )
}

fn sealed_for_reviewer() -> Described {
    object(
        "A sealed output, encrypted to one reviewer: an armoured age file whose plaintext is JSON.",
        [("run", id()), ("recipient", text()), ("ciphertext", text())],
    )
}

fn reviewer_key() -> Described {
    object(
        "The key that an account opens sealed outputs with.",
        [
            ("account", id()),
            ("person", id()),
            ("recipient", text()),
            ("registered_at", time()),
            ("in_force", flag()),
            ("confirmed_by", nullable(id())),
        ],
    )
}

fn standing() -> Described {
    object(
        "A standing approval: later editions of a product under the same binding leave when they pass every check.",
        [
            ("id", id()),
            ("product", nullable(id())),
            ("first", id()),
            ("operator", id()),
            ("bound", bound()),
            ("state", words!(StandingState)),
            ("approvals", list(approval())),
            ("in_force_at", nullable(time())),
            ("until", nullable(time())),
            ("ended", nullable(ended())),
        ],
    )
}

pub(super) fn bound() -> Described {
    free("Grant, version, module, and digests of component, schema, frame and profile.")
}

pub(super) fn approval() -> Described {
    free("Account, person, reason, days and time of one approval.")
}

pub(super) fn ended() -> Described {
    free(
        "`cause` is `check`, `module`, `grant`, `schema`, `frame`, `profile`, `term` or `product`; with the run, where one was the cause, and the time.",
    )
}

fn new_standing() -> Described {
    object(
        "An approval that later editions leave; it holds for the fewest days that anybody names, 366 at most.",
        [("reason", text()), ("days?", nullable(count()))],
    )
}

fn opening() -> Described {
    object(
        "Leaves that the certificate of a release commits to, opened.",
        [
            ("format", count()),
            ("release", id()),
            ("certificate", digest()),
            (
                "leaves",
                list(free(
                    "One leaf: `index`, `content` as canonical JSON with its salt, and `proof`, its inclusion under the root.",
                )),
            ),
        ],
    )
}

fn new_reviewer_key() -> Described {
    object(
        "A reviewer's public key: an age recipient, `age1…`.",
        [("recipient", text())],
    )
}

fn release() -> Described {
    object(
        "A release, as a list shows it.",
        [
            ("id", id()),
            ("run", id()),
            ("output", name()),
            ("route", words!(Route)),
            ("at", time()),
            ("rows", count()),
        ],
    )
}
