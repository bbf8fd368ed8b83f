//! The catalogue, and modules.

use yunei_model::{Basis, FieldClass, FieldType, Grade, ModuleState, ReviewOutcome};

use super::{
    Described, count, digest, flag, free, id, list, name, nullable, object, of, text, time, words,
};

pub(super) fn schemas() -> Vec<(&'static str, Described)> {
    vec![
        ("Resource", resource()),
        ("Population", population()),
        ("Schema", schema()),
        ("Field", field()),
        ("Snapshot", snapshot()),
        ("Part", part()),
        ("Module", module()),
        ("Finding", finding()),
        ("Review", review()),
        ("NewReview", new_review()),
    ]
}

fn resource() -> Described {
    object(
        "A catalogued public data resource.",
        [
            ("id", id()),
            ("name", name()),
            ("title", of("Text")),
            ("description", of("Text")),
            ("source_unit", id()),
            ("population", of("Population")),
            ("basis", words!(Basis)),
            ("subject", nullable(name())),
            ("subject_group", nullable(name())),
            ("grade", words!(Grade)),
            ("licence", text()),
            ("synthetic", flag()),
            ("schema", of("Schema")),
        ],
    )
}

fn population() -> Described {
    object(
        "Whose data resources are about.",
        [
            ("name", name()),
            ("title", of("Text")),
            ("private_only", flag()),
        ],
    )
}

fn schema() -> Described {
    object(
        "One version of a resource's schema.",
        [
            ("version", count()),
            ("field", list(of("Field"))),
            (
                "frame?",
                list(free(
                    "Registered bandings whose cells nest: `name`, `axes`.",
                )),
            ),
            ("key?", list(name())),
            (
                "reference?",
                list(free(
                    "Another resource that rows are joined with: `resource`, `by` (fields here, in the order of its key), `fields` (names here to names there).",
                )),
            ),
        ],
    )
}

fn field() -> Described {
    object(
        "One field.",
        [
            ("name", name()),
            ("title", of("Text")),
            ("type", words!(FieldType)),
            ("unit?", text()),
            ("class", words!(FieldClass)),
            ("grade", words!(Grade)),
            (
                "mask",
                free("What is done to values before a module sees them: `kind`."),
            ),
            ("nullable", flag()),
            ("of_subject?", flag()),
            (
                "banding?",
                list(free(
                    "A registered way to coarsen the field: `name`, `kind`.",
                )),
            ),
        ],
    )
}

fn snapshot() -> Described {
    object(
        "An immutable snapshot of a resource.",
        [
            ("id", id()),
            ("resource", id()),
            ("schema_version", count()),
            ("parts", list(of("Part"))),
            ("data_as_of", time()),
            ("imported_at", time()),
            ("supersedes", nullable(id())),
            ("onto", nullable(id())),
            ("file", nullable(digest())),
            ("sorted_by_subject", flag()),
            ("key?", list(name())),
        ],
    )
}

fn part() -> Described {
    object(
        "One file of a snapshot.",
        [("digest", digest()), ("rows", count()), ("bytes", count())],
    )
}

fn module() -> Described {
    object(
        "A module, as its reader may see it.",
        [
            ("id", id()),
            ("digest", digest()),
            ("state", words!(ModuleState)),
            ("uploaded_at", time()),
            (
                "manifest",
                nullable(free("The module's `module.toml`, in JSON.")),
            ),
            ("findings", list(of("Finding"))),
            ("imports", list(text())),
            ("reviews_count", count()),
            ("reviews?", list(of("Review"))),
        ],
    )
}

fn finding() -> Described {
    object(
        "One reason why admission refused.",
        [("check", text()), ("detail", text())],
    )
}

fn review() -> Described {
    object(
        "One person's review.",
        [
            ("id", id()),
            ("reviewer", id()),
            ("person", id()),
            ("outcome", words!(ReviewOutcome)),
            ("reason", text()),
            ("at", time()),
        ],
    )
}

fn new_review() -> Described {
    object(
        "A review to be given.",
        [("outcome", words!(ReviewOutcome)), ("reason?", text())],
    )
}
