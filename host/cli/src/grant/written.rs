//! A grant as people write it: organisations and scenarios by name, times with their offset.

use serde::Deserialize;
use toml::Value;
use yunei_model::{
    Binding, GrantTerms, GrantedResource, Name, OrganisationId, Parameter, Quota, ScenarioId,
    Timestamp,
};

use crate::lookup::Named;

/// The keys of one narrowed parameter.
const PARAMETER_KEYS: [&str; 6] = ["name", "type", "values", "min", "max", "default"];

/// The terms of a grant, as written.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Written {
    /// The operating unit.
    pub operator: Named<OrganisationId>,
    /// The scenario.
    pub scenario: Named<ScenarioId>,
    purpose: Name,
    #[serde(rename = "resource")]
    resources: Vec<GrantedResource>,
    #[serde(default)]
    products: Vec<Name>,
    #[serde(default)]
    join: bool,
    #[serde(default)]
    export: bool,
    #[serde(default, rename = "parameter")]
    parameters: Vec<Parameter>,
    quota: Quota,
    binding: Binding,
    #[serde(default)]
    as_of: Option<Moment>,
    from: Moment,
    until: Moment,
}

/// A time with its offset.
#[derive(Debug, Clone, Copy)]
struct Moment(Timestamp);

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wrong = |_| {
            serde::de::Error::custom(format!(
                "`{text}` is no time with its offset, such as 2026-01-01T00:00:00+08:00"
            ))
        };
        text.parse().map(Self).map_err(wrong)
    }
}

/// Reads the terms of a grant.
pub fn parse(text: &str) -> Result<Written, toml::de::Error> {
    // Once as it is, for errors that say where; dates come as texts from here on, which is what filters and parameters hold.
    let mut table: toml::Table = toml::from_str(text)?;
    table.iter_mut().for_each(|(_, value)| undated(value));
    if let Some(key) = unknown_parameter_key(&table) {
        return Err(serde::de::Error::custom(format!(
            "unknown key `{key}` in a [[parameter]]"
        )));
    }
    Value::Table(table).try_into()
}

/// Turns dates and times into texts.
fn undated(value: &mut Value) {
    match value {
        Value::Datetime(at) => *value = Value::String(at.to_string()),
        Value::Array(values) => values.iter_mut().for_each(undated),
        Value::Table(table) => table.iter_mut().for_each(|(_, value)| undated(value)),
        _ => {}
    }
}

/// A parameter's type is flattened into it, so that serde cannot tell which of its keys are known.
fn unknown_parameter_key(table: &toml::Table) -> Option<&String> {
    let parameters = table.get("parameter")?.as_array()?;
    let keys = parameters
        .iter()
        .filter_map(Value::as_table)
        .flat_map(toml::Table::keys);
    keys.into_iter()
        .find(|key| !PARAMETER_KEYS.contains(&key.as_str()))
}

impl Written {
    /// The terms, with the ids of what stands by name.
    pub fn terms(self, operator: OrganisationId, scenario: ScenarioId) -> GrantTerms {
        GrantTerms {
            operator,
            scenario,
            purpose: self.purpose,
            resources: self.resources,
            products: self.products,
            join: self.join,
            export: self.export,
            parameters: self.parameters,
            quota: self.quota,
            binding: self.binding,
            as_of: self.as_of.map(|moment| moment.0),
            from: self.from.0,
            until: self.until.0,
        }
    }
}

#[cfg(test)]
mod tests;
