//! Entries in the making.

use serde::Serialize;
use serde_json::{Map, Value};
use yunei_model::{AccountId, Name, OrganisationId};

use crate::{AT, Kind, LedgerError, value};

/// An entry before it has an id, a nonce and a time.
///
/// What is wrong with a fact is kept and told when the entry is sealed, so that the builder stays fluent.
#[derive(Debug)]
pub struct Draft {
    pub(crate) kind: Kind,
    pub(crate) actor: Option<AccountId>,
    pub(crate) operator: Option<OrganisationId>,
    pub(crate) facts: Map<String, Value>,
    pub(crate) observed: Map<String, Value>,
    pub(crate) fault: Option<LedgerError>,
}

impl Draft {
    /// A draft of that kind, about nobody and nothing yet.
    #[must_use]
    pub fn new(kind: Kind) -> Self {
        Self {
            kind,
            actor: None,
            operator: None,
            facts: Map::new(),
            observed: Map::new(),
            fault: None,
        }
    }

    /// The same, done by that account.
    #[must_use]
    pub fn actor(mut self, actor: impl Into<Option<AccountId>>) -> Self {
        self.actor = actor.into();
        self
    }

    /// The same, about that operating unit.
    #[must_use]
    pub fn operator(mut self, operator: impl Into<Option<OrganisationId>>) -> Self {
        self.operator = operator.into();
        self
    }

    /// The same, with one more fact: strings, integers, booleans, and lists and objects of those.
    /// `None` leaves the fact out. A floating-point number is an error when the entry is sealed.
    #[must_use]
    pub fn fact(mut self, name: &str, value: impl Serialize) -> Self {
        let kept = keep(&mut self.facts, name, value);
        self.fault = self.fault.or(kept.err());
        self
    }

    /// The same, with one more observation: what a second run of the same would not repeat.
    #[must_use]
    pub fn observed(mut self, name: &str, value: impl Serialize) -> Self {
        let kept = if name == AT {
            Err(LedgerError::FactTwice { name: name.into() })
        } else {
            keep(&mut self.observed, name, value)
        };
        self.fault = self.fault.or(kept.err());
        self
    }

    /// Its kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }
}

fn keep(
    into: &mut Map<String, Value>,
    name: &str,
    value: impl Serialize,
) -> Result<(), LedgerError> {
    if Name::parse(name).is_err() {
        return Err(LedgerError::FactName { name: name.into() });
    }
    if into.contains_key(name) {
        return Err(LedgerError::FactTwice { name: name.into() });
    }
    let value = serde_json::to_value(value).map_err(|source| LedgerError::Unserialisable {
        name: name.into(),
        source,
    })?;
    if let Some(value) = value::normalise(name, value)? {
        into.insert(name.to_owned(), value);
    }
    Ok(())
}
