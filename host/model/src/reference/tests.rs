//! Worked examples of keys and references.

use crate::{
    Field, FieldClass, Grade, Name, OrganisationId, Population, Resource, ResourceError,
    ResourceId, SchemaVersion, Text,
};

fn name(text: &str) -> Name {
    Name::parse(text).unwrap()
}

fn text(text: &str) -> Text {
    Text {
        zh: text.to_owned(),
        en: text.to_owned(),
    }
}

fn field(called: &str, kind: &str, nullable: bool) -> String {
    format!(
        "[[field]]\nname = '{called}'\ntitle = {{ zh = '字段', en = 'field' }}\ntype = '{kind}'\nclass = 'ordinary'\n\
         grade = 'g1'\nnullable = {nullable}\n"
    )
}

fn resource(number: u8, called: &str, subject: Option<&str>, schema: &str) -> Resource {
    let id = format!("01890a5d-ac96-774b-bcce-b302099a80{number:02}");
    Resource {
        id: id.parse::<ResourceId>().unwrap(),
        name: name(called),
        title: text(called),
        description: text(called),
        source_unit: id.parse::<OrganisationId>().unwrap(),
        population: Population {
            name: name("riders"),
            title: text("riders"),
            private_only: false,
        },
        basis: match subject {
            Some(_) => crate::Basis::Statistical,
            None => crate::Basis::NonPersonal,
        },
        subject: subject.map(name),
        subject_group: None,
        grade: Grade::G2,
        licence: "CC0-1.0".to_owned(),
        synthetic: true,
        schema: toml::from_str::<SchemaVersion>(&format!("version = 1\n{schema}")).unwrap(),
    }
}

/// Rides, each by a card, on a line, in an hour.
fn rides(reference: &str) -> Resource {
    let fields = [
        field("card", "text", false),
        field("line", "text", true),
        field("hour", "timestamp", true),
        field("fare", "decimal", false),
    ]
    .concat();
    resource(1, "rides", Some("card"), &(fields + reference))
}

const BY_LINE: &str = "[[reference]]\nresource = 'lines'\nby = ['line']\nfields = { district = 'district', line-name = 'title' }\n";

fn lines() -> Resource {
    let fields = [
        field("number", "text", false),
        field("district", "text", false),
        field("title", "text", true),
    ];
    resource(
        2,
        "lines",
        None,
        &format!("key = ['number']\n{}", fields.concat()),
    )
}

fn cards(subject: Option<&str>) -> Resource {
    let fields = [field("card", "text", false), field("age", "int32", true)];
    resource(
        3,
        "cards",
        subject,
        &format!("key = ['card']\n{}", fields.concat()),
    )
}

#[test]
fn rows_get_fields_under_names_of_their_own() {
    let rides = rides(BY_LINE);
    assert_eq!(rides.check(), Ok(()));
    let lines = lines();
    assert_eq!(lines.check(), Ok(()));
    assert_eq!(rides.field(&name("district")), None);
    let (reference, of) = rides.origin(&name("line-name")).unwrap();
    assert_eq!(
        (reference.resource.as_str(), of.as_str()),
        ("lines", "title")
    );
    assert_eq!(rides.origin(&name("line")), None);

    let widened = rides.with_references([&lines, &cards(None)]);
    let district: &Field = widened.field(&name("district")).unwrap();
    // Where a line is not listed, its district is absent, whatever the list promises of lines.
    assert!(district.nullable);
    assert_eq!(district.grade, Grade::G2, "the greater grade of the two");
    let joined = district.joined.as_ref().unwrap();
    assert_eq!((&joined.name, joined.resource), (&lines.name, lines.id));
    assert_eq!(
        (&joined.by, &joined.key),
        (&vec![name("line")], &vec![name("number")])
    );
    assert_eq!((joined.field.as_str(), &joined.rows), ("district", &None));
    assert_eq!(widened.schema.fields.len(), 6);
    // Nobody registers what was joined.
    assert!(
        widened
            .check()
            .unwrap_err()
            .contains(&ResourceError::Joined)
    );
    assert_eq!(rides.with_references([&rides]), rides);
}

#[test]
fn what_is_about_somebody_else_is_not_joined() {
    let reference = "[[reference]]\nresource = 'cards'\nby = ['card']\nfields = { age = 'age' }\n";
    let fault = |rides: &Resource, cards: &Resource| {
        let reference = &rides.schema.references[0];
        rides.reference_fault(reference, cards)
    };
    let rides = rides(reference);
    assert_eq!(fault(&rides, &cards(None)), None);
    assert_eq!(
        fault(&rides, &cards(Some("card"))),
        None,
        "the same subjects"
    );
    let of_another_subject = fault(&rides, &cards(Some("age"))).unwrap();
    assert!(
        of_another_subject.contains("data subjects"),
        "{of_another_subject}"
    );
    let mut strangers = cards(Some("card"));
    strangers.population.name = name("drivers");
    assert!(fault(&rides, &strangers).is_some(), "another population");
    let mut unprotected = rides.clone();
    unprotected.basis = crate::Basis::NonPersonal;
    assert!(fault(&unprotected, &cards(Some("card"))).is_some());
    assert!(
        unprotected
            .with_references([&cards(Some("card"))])
            .field(&name("age"))
            .is_none()
    );
    let mut by_line = rides.clone();
    by_line.subject = Some(name("line"));
    assert!(
        fault(&by_line, &cards(Some("card"))).is_some(),
        "not by the subject"
    );
}

#[test]
fn a_reference_fits_the_key_that_it_names() {
    let fault = |reference: &str, other: &Resource| {
        let rides = rides(reference);
        assert_eq!(rides.check(), Ok(()), "{reference}");
        rides.reference_fault(&rides.schema.references[0], other)
    };
    let two =
        "[[reference]]\nresource = 'lines'\nby = ['line', 'hour']\nfields = { a = 'title' }\n";
    assert!(
        fault(two, &lines())
            .unwrap()
            .contains("by 2 fields, whose key has 1")
    );
    let other_type = "[[reference]]\nresource = 'lines'\nby = ['hour']\nfields = { a = 'title' }\n";
    assert!(
        fault(other_type, &lines())
            .unwrap()
            .contains("different types")
    );
    let absent = "[[reference]]\nresource = 'lines'\nby = ['line']\nfields = { a = 'colour' }\n";
    assert!(
        fault(absent, &lines())
            .unwrap()
            .contains("no field `colour`")
    );
    let mut unkeyed = lines();
    unkeyed.schema.key.clear();
    assert!(
        fault(BY_LINE, &unkeyed)
            .unwrap()
            .contains("whose key has 0")
    );
}

#[test]
fn keys_and_references_that_cannot_be_are_refused() {
    let keyed = |key: &str| {
        let schema = lines().schema;
        let mut lines = lines();
        lines.schema = SchemaVersion {
            key: key.split(' ').map(name).collect(),
            ..schema
        };
        lines.check().unwrap_err()
    };
    assert!(keyed("title")[0].to_string().contains("may be absent"));
    assert!(keyed("number number")[0].to_string().contains("twice"));
    assert!(keyed("colour")[0].to_string().contains("no field `colour`"));
    assert!(
        keyed("number number number number number")[0]
            .to_string()
            .contains("more than 4")
    );

    let refers = |reference: &str| {
        let errors = rides(reference).check().unwrap_err();
        errors
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("; ")
    };
    let with = |by: &str, fields: &str| {
        format!("[[reference]]\nresource = 'lines'\nby = [{by}]\nfields = {{ {fields} }}\n")
    };
    assert!(refers(&with("", "a = 'title'")).contains("1 to 4 fields"));
    assert!(refers(&with("'line'", "")).contains("takes no field"));
    assert!(refers(&with("'colour'", "a = 'title'")).contains("no field `colour`"));
    assert!(refers(&with("'line'", "fare = 'title'")).contains("as another one is named"));
    let twice = with("'line'", "a = 'title'").repeat(2);
    assert!(refers(&twice).contains("as another one is named"));
    let itself = with("'line'", "a = 'fare'").replace("'lines'", "'rides'");
    assert!(refers(&itself).contains("to the resource itself"));
    let reserved = field("joined-3", "text", true);
    assert!(refers(&reserved).contains("kept for joined fields"));
}

/// Diagnoses are sensitive, and so is the chapter that a public list tells of each; a subject's own key is no such field.
#[test]
fn what_is_found_by_a_sensitive_field_is_sensitive() {
    let mut visits = rides(BY_LINE);
    let line = visits
        .schema
        .fields
        .iter_mut()
        .find(|f| f.name == name("line"));
    let line = line.unwrap();
    (line.class, line.grade) = (FieldClass::Sensitive, Grade::G3);
    let widened = visits.with_references([&lines()]);
    let district = widened.field(&name("district")).unwrap();
    assert_eq!(
        (district.class, district.grade),
        (FieldClass::Sensitive, Grade::G3)
    );

    let mut rides =
        rides("[[reference]]\nresource = 'cards'\nby = ['card']\nfields = { age = 'age' }\n");
    let card = rides
        .schema
        .fields
        .iter_mut()
        .find(|f| f.name == name("card"));
    let card = card.unwrap();
    (card.class, card.grade) = (FieldClass::DirectIdentifier, Grade::G3);
    let widened = rides.with_references([&cards(Some("card"))]);
    let age = widened.field(&name("age")).unwrap();
    assert_eq!((age.class, age.grade), (FieldClass::Ordinary, Grade::G2));
    assert!(age.of_subject, "whoever is looked up is the subject");

    // Whoever is found in a register with a sensitive field is in that register.
    let mut register = cards(Some("card"));
    register.schema.fields[1].class = FieldClass::Sensitive;
    let mut other = register.schema.fields[1].clone();
    (other.name, other.class) = (name("since"), FieldClass::Ordinary);
    register.schema.fields.push(other);
    let mut since = rides.clone();
    since.schema.references[0].fields = [(name("since"), name("since"))].into();
    let widened = since.with_references([&register]);
    let found = widened.field(&name("since")).unwrap();
    assert_eq!(found.class, FieldClass::Sensitive);
}

#[test]
fn subjects_are_merged_alike_on_both_sides() {
    let rides =
        rides("[[reference]]\nresource = 'cards'\nby = ['card']\nfields = { age = 'age' }\n");
    let reference = &rides.schema.references[0];
    let fault = |own: &Resource, other: &Resource| own.reference_fault(reference, other);
    let cards = cards(Some("card"));
    assert_eq!(fault(&rides, &cards), None);
    let grouped = |resource: &Resource, group: &str| Resource {
        subject_group: Some(name(group)),
        ..resource.clone()
    };
    assert!(fault(&rides, &grouped(&cards, "household")).is_some());
    assert!(fault(&grouped(&rides, "firm"), &grouped(&cards, "household")).is_some());
    assert_eq!(fault(&grouped(&rides, "firm"), &cards), None);
    let both = [&rides, &cards].map(|resource| grouped(resource, "household"));
    assert_eq!(fault(&both[0], &both[1]), None);
}
