//! Schemas of what goes over the wire, by hand: the model's types know nothing of HTTP. Tests hold them against the types.

mod alert;
mod contract;
mod data;
mod people;
mod privacy;
mod product;
mod record;
mod run;
mod system;
mod witnesses;

use utoipa::openapi::schema::{AnyOfBuilder, ArrayBuilder, ObjectBuilder, SchemaType, Type};
use utoipa::openapi::{
    ContentBuilder, KnownFormat, Ref, RefOr, Response, ResponseBuilder, Schema, SchemaFormat,
};

/// A schema, or the name of one.
pub(crate) type Described = RefOr<Schema>;

/// Every schema that has a name.
pub(crate) fn all() -> Vec<(&'static str, Described)> {
    let groups = [
        people::schemas(),
        data::schemas(),
        contract::schemas(),
        product::schemas(),
        run::schemas(),
        privacy::schemas(),
        record::schemas(),
        alert::schemas(),
        witnesses::schemas(),
        system::schemas(),
    ];
    groups.into_iter().flatten().collect()
}

/// The schema of that name.
pub(crate) fn of(name: &str) -> Described {
    Ref::from_schema_name(name).into()
}

/// An object of these properties; a name that ends with `?` may be absent.
pub(crate) fn object<const N: usize>(about: &str, properties: [(&str, Described); N]) -> Described {
    let mut object = ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(about));
    for (name, schema) in properties {
        object = match name.strip_suffix('?') {
            Some(name) => object.property(name, schema),
            None => object.property(name, schema).required(name),
        };
    }
    object.into()
}

/// An object that is shown as it is kept; `about` says where its shape is told.
pub(crate) fn free(about: &str) -> Described {
    ObjectBuilder::new()
        .schema_type(Type::Object)
        .description(Some(about))
        .into()
}

/// A list.
pub(crate) fn list(items: Described) -> Described {
    ArrayBuilder::new().items(items).into()
}

/// One page of a list.
pub(crate) fn page_of(name: &str) -> Described {
    let next = "What to pass as `after` for the next page; null at the end of the list. A page with fewer items than were asked for and a `next` is not the last one.";
    let next = ObjectBuilder::new()
        .schema_type(SchemaType::from_iter([
            Type::String,
            Type::Integer,
            Type::Null,
        ]))
        .description(Some(next));
    object(
        "One page of a list.",
        [("items", list(of(name))), ("next", next.into())],
    )
}

/// Something that may be null.
pub(crate) fn nullable(schema: Described) -> Described {
    let null = ObjectBuilder::new().schema_type(Type::Null);
    AnyOfBuilder::new().item(schema).item(null).into()
}

/// One of these words.
pub(crate) fn word<'a>(words: impl IntoIterator<Item = &'a str>) -> Described {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .enum_values(Some(words))
        .into()
}

/// A text.
pub(crate) fn text() -> Described {
    ObjectBuilder::new().schema_type(Type::String).into()
}

/// A name: `[a-z][a-z0-9_-]*`.
pub(crate) fn name() -> Described {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^[a-z][a-z0-9_-]*$"))
        .max_length(Some(64))
        .into()
}

/// An id.
pub(crate) fn id() -> Described {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::Custom("uuid".to_owned())))
        .into()
}

/// A digest.
pub(crate) fn digest() -> Described {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .pattern(Some("^sha256:[0-9a-f]{64}$"))
        .into()
}

/// A time.
pub(crate) fn time() -> Described {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .description(Some("Microseconds since 1970-01-01T00:00:00Z."))
        .into()
}

/// A whole number, not below zero.
pub(crate) fn count() -> Described {
    ObjectBuilder::new()
        .schema_type(Type::Integer)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Int64)))
        .minimum(Some(0))
        .into()
}

/// A number.
pub(crate) fn figure() -> Described {
    ObjectBuilder::new().schema_type(Type::Number).into()
}

/// Yes or no.
pub(crate) fn flag() -> Described {
    ObjectBuilder::new().schema_type(Type::Boolean).into()
}

/// A constant: true or false, a number, a text.
pub(crate) fn scalar() -> Described {
    let types = [Type::Boolean, Type::Integer, Type::Number, Type::String];
    ObjectBuilder::new()
        .schema_type(SchemaType::from_iter(types))
        .into()
}

/// Bytes.
pub(crate) fn bytes() -> Described {
    ObjectBuilder::new()
        .schema_type(Type::String)
        .format(Some(SchemaFormat::KnownFormat(KnownFormat::Binary)))
        .into()
}

/// A response in JSON.
pub(crate) fn json_response(about: &str, schema: Described) -> Response {
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(about)
        .content("application/json", content)
        .build()
}

/// The words of a closed set of the model.
macro_rules! words {
    ($set:ty) => {
        $crate::schema::word(<$set>::ALL.iter().map(|member| member.as_str()))
    };
}
pub(crate) use words;
