//! The entity types of the schema, parsed once, and the facts that questions put to policies.

use std::collections::HashMap;

use cedar_policy::{EntityId, EntityTypeName, EntityUid, RestrictedExpression};

use crate::PolicyError;

macro_rules! vocabulary {
    ($($field:ident = $text:literal),+ $(,)?) => {
        /// Names of the schema's entity types.
        #[derive(Debug, Clone)]
        pub(crate) struct Vocabulary { $(pub(crate) $field: EntityTypeName),+ }

        impl Vocabulary {
            /// Parses the names.
            pub(crate) fn new() -> Result<Self, PolicyError> {
                Ok(Self { $($field: type_name($text)?),+ })
            }
        }
    };
}

vocabulary! {
    action = "Action",
    role = "Role",
    kind = "Kind",
    grade = "Grade",
    basis = "Basis",
    world = "World",
    scenario_state = "ScenarioState",
    grant_state = "GrantState",
    module_state = "ModuleState",
    run_state = "RunState",
    product_state = "ProductState",
    person = "Person",
    organisation = "Organisation",
    account = "Account",
    domain = "Domain",
    resource = "Resource",
    scenario = "Scenario",
    grant = "Grant",
    module = "Module",
    run = "Run",
    release = "Release",
    product = "Product",
    record = "Record",
}

fn type_name(text: &str) -> Result<EntityTypeName, PolicyError> {
    text.parse().map_err(|source| PolicyError::Vocabulary {
        source: Box::new(source),
    })
}

/// The entity of `kind` with that id.
pub(crate) fn uid(kind: &EntityTypeName, id: impl ToString) -> EntityUid {
    EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id.to_string()))
}

/// Attributes of an entity, or of the context.
#[derive(Debug, Default)]
pub(crate) struct Facts(HashMap<String, RestrictedExpression>);

impl Facts {
    fn put(mut self, key: &str, value: RestrictedExpression) -> Self {
        self.0.insert(key.to_owned(), value);
        self
    }

    /// A flag.
    pub(crate) fn flag(self, key: &str, value: bool) -> Self {
        self.put(key, RestrictedExpression::new_bool(value))
    }

    /// A number.
    pub(crate) fn long(self, key: &str, value: i64) -> Self {
        self.put(key, RestrictedExpression::new_long(value))
    }

    /// A count; one that does not fit is put as the largest number, which no quota covers.
    pub(crate) fn count(self, key: &str, value: u64) -> Self {
        self.long(key, i64::try_from(value).unwrap_or(i64::MAX))
    }

    /// A text.
    pub(crate) fn text(self, key: &str, value: impl ToString) -> Self {
        self.put(key, RestrictedExpression::new_string(value.to_string()))
    }

    /// A set of texts.
    pub(crate) fn texts(self, key: &str, values: impl IntoIterator<Item = impl ToString>) -> Self {
        let values = values
            .into_iter()
            .map(|v| RestrictedExpression::new_string(v.to_string()));
        self.put(key, RestrictedExpression::new_set(values))
    }

    /// A reference to an entity.
    pub(crate) fn one(self, key: &str, kind: &EntityTypeName, id: impl ToString) -> Self {
        self.put(key, RestrictedExpression::new_entity_uid(uid(kind, id)))
    }

    /// A set of references to entities.
    pub(crate) fn many(
        self,
        key: &str,
        kind: &EntityTypeName,
        ids: impl IntoIterator<Item = impl ToString>,
    ) -> Self {
        let ids = ids
            .into_iter()
            .map(|id| RestrictedExpression::new_entity_uid(uid(kind, id)));
        self.put(key, RestrictedExpression::new_set(ids))
    }

    /// The facts as Cedar takes them.
    pub(crate) fn into_inner(self) -> HashMap<String, RestrictedExpression> {
        self.0
    }
}
