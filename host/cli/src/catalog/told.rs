//! Resources and snapshots in words.

use yunei_model::{Field, Mask, Resource, Snapshot};

use crate::printer::text;
use crate::sheet::{Sheet, list, number, time};

/// Several resources.
pub fn list_of(resources: Vec<Resource>) -> Sheet {
    let mut sheet = Sheet::new(["name", "title", "grade", "basis", "subject", "fields"]);
    for resource in resources {
        let made_up = if resource.synthetic {
            ", synthetic"
        } else {
            ""
        };
        sheet.row([
            resource.name.to_string(),
            format!("{} · {}", resource.title.zh, resource.title.en),
            resource.grade.to_string(),
            format!("{}{made_up}", resource.basis),
            resource
                .subject
                .as_ref()
                .map(ToString::to_string)
                .unwrap_or_default(),
            resource.schema.fields.len().to_string(),
        ]);
    }
    sheet.numbers(5);
    sheet
}

/// One resource, field by field.
pub fn one(resource: &Resource) -> String {
    let mut facts = Sheet::facts();
    facts
        .fact("resource", &resource.name)
        .fact("id", resource.id)
        .fact(
            "title",
            format!("{} · {}", resource.title.zh, resource.title.en),
        )
        .fact("about", &resource.description.en)
        .fact("source unit", resource.source_unit)
        .fact("population", &resource.population.name)
        .fact("basis", resource.basis)
        .fact_if("subject", resource.subject.as_ref())
        .fact_if("subject group", resource.subject_group.as_ref())
        .fact("grade", resource.grade)
        .fact("licence", &resource.licence)
        .fact("synthetic", if resource.synthetic { "yes" } else { "no" })
        .fact("schema", format!("version {}", resource.schema.version));
    if !resource.schema.key.is_empty() {
        facts.fact("key", list(&resource.schema.key));
    }
    for reference in &resource.schema.references {
        let fields = reference.fields.iter();
        let fields = list(fields.map(|(name, of)| format!("{name} ({of})")));
        let by = list(&reference.by);
        facts.fact(
            "joined",
            format!("{fields} of {} by {by}", reference.resource),
        );
    }
    let mut fields = Sheet::new([
        "field", "title", "type", "class", "grade", "mask", "bandings",
    ]);
    for field in &resource.schema.fields {
        fields.row([
            field.name.to_string(),
            format!("{} · {}", field.title.zh, field.title.en),
            kind(field),
            field.class.to_string(),
            field.grade.to_string(),
            mask(&field.mask),
            list(field.bandings.iter().map(|banding| &banding.name)),
        ]);
    }
    format!("{}\n\n{}", text(&facts), text(&fields))
}

fn kind(field: &Field) -> String {
    let absent = if field.nullable { "?" } else { "" };
    let unit = field
        .unit
        .as_ref()
        .map(|unit| format!(" ({unit})"))
        .unwrap_or_default();
    format!("{}{absent}{unit}", field.kind)
}

fn mask(mask: &Mask) -> String {
    match mask {
        Mask::None => String::new(),
        Mask::Withhold => "never fed".to_owned(),
        Mask::Pseudonym => "pseudonym".to_owned(),
        Mask::Prefix { characters } => format!("first {characters} characters"),
        Mask::Month => "month".to_owned(),
    }
}

/// Several snapshots.
pub fn snapshots(snapshots: Vec<Snapshot>) -> Sheet {
    let mut sheet = Sheet::new(["id", "data as of", "imported", "rows", "parts"]);
    for snapshot in snapshots {
        sheet.row([
            snapshot.id.to_string(),
            time(snapshot.data_as_of),
            time(snapshot.imported_at),
            number(snapshot.rows()),
            snapshot.parts.len().to_string(),
        ]);
    }
    sheet.numbers(3);
    sheet.numbers(4);
    sheet
}

/// One snapshot.
pub fn snapshot(snapshot: &Snapshot) -> Sheet {
    let mut sheet = Sheet::facts();
    sheet
        .fact("snapshot", snapshot.id)
        .fact("data as of", time(snapshot.data_as_of))
        .fact("rows", number(snapshot.rows()))
        .fact("digest", snapshot.digest())
        .fact_if("supersedes", snapshot.supersedes)
        .fact_if("added to", snapshot.onto);
    sheet
}
