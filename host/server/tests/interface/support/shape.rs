//! Holds JSON against the schemas of the document: those keywords that the document uses, and strictly: a property
//! that no schema names is an error.

use serde_json::Value;
use yunei_server::Route;

use super::Reply;

/// Holds an answer against what the document says of its route.
pub fn check(document: &Value, route: &Route, reply: &Reply) {
    let method = route.method().as_str().to_lowercase();
    let operation = &document["paths"][route.path()][&method];
    let status = reply.status.as_u16().to_string();
    let declared = &operation["responses"][&status];
    let name = format!("{method} {} → {status}", route.path());
    let response = if declared.is_null() {
        assert!(!reply.status.is_success(), "{name} is not in the document");
        &operation["responses"]["default"]
    } else {
        declared
    };
    let schema = &response["content"]["application/json"]["schema"];
    if !schema.is_null() {
        fits(document, schema, &reply.json()).unwrap_or_else(|fault| panic!("{name}: {fault}"));
    }
}

/// Whether `value` is as `schema` says.
pub fn fits(document: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    if let Some(place) = schema["$ref"].as_str() {
        let pointer = place.strip_prefix('#').ok_or("a reference to elsewhere")?;
        let named = document
            .pointer(pointer)
            .ok_or_else(|| format!("nothing at {place}"))?;
        return fits(document, named, value).map_err(|fault| format!("{place}: {fault}"));
    }
    if let Some(choices) = schema["anyOf"].as_array() {
        let faults: Vec<String> = choices
            .iter()
            .filter_map(|choice| fits(document, choice, value).err())
            .collect();
        return if faults.len() < choices.len() {
            Ok(())
        } else {
            Err(faults.join(" | "))
        };
    }
    if let Some(words) = schema["enum"].as_array() {
        return if words.contains(value) {
            Ok(())
        } else {
            Err(format!("{value} is no word of the set"))
        };
    }
    let types = match &schema["type"] {
        Value::Array(types) => types.clone(),
        one => vec![one.clone()],
    };
    let is = |kind: &Value| match kind.as_str() {
        Some("object") => value.is_object(),
        Some("array") => value.is_array(),
        Some("string") => value.is_string(),
        Some("boolean") => value.is_boolean(),
        Some("integer") => value.is_i64() || value.is_u64(),
        Some("number") => value.is_number(),
        Some("null") => value.is_null(),
        _ => false,
    };
    if !types.iter().any(is) {
        return Err(format!("{value} is none of {types:?}"));
    }
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                fits(document, &schema["items"], item)
                    .map_err(|fault| format!("[{index}] {fault}"))?;
            }
            Ok(())
        }
        Value::Object(fields) => object(document, schema, fields),
        _ => Ok(()),
    }
}

fn object(
    document: &Value,
    schema: &Value,
    fields: &serde_json::Map<String, Value>,
) -> Result<(), String> {
    let Some(properties) = schema["properties"].as_object() else {
        // An object that is shown as it is kept.
        return Ok(());
    };
    for required in schema["required"].as_array().into_iter().flatten() {
        let name = required.as_str().unwrap_or_default();
        if !fields.contains_key(name) {
            return Err(format!("`{name}` is missing"));
        }
    }
    for (name, value) in fields {
        let property = properties
            .get(name)
            .ok_or_else(|| format!("`{name}` is not declared"))?;
        fits(document, property, value).map_err(|fault| format!(".{name} {fault}"))?;
    }
    Ok(())
}
