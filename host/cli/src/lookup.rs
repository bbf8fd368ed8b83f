//! Things by the names that people give them: the server wants their ids.

use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;
use yunei_model::{
    Account, AccountId, Manifest, ModuleId, ModuleState, Name, Organisation, OrganisationId,
    Product, ProductId, Scenario, ScenarioId,
};

use crate::client::Client;
use crate::page::{first, must};

/// A thing by its id, or by its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named<I> {
    /// By its id.
    Id(I),
    /// By its name.
    Name(Name),
}

impl<I: FromStr> FromStr for Named<I> {
    type Err = yunei_model::NameError;

    /// What has the form of an id is one.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            Ok(id) => Ok(Self::Id(id)),
            Err(_) => Name::parse(text).map(Self::Name),
        }
    }
}

impl<I: Display> Display for Named<I> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Name(name) => name.fmt(f),
        }
    }
}

impl<'de, I: FromStr> Deserialize<'de> for Named<I> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// The organisation's id.
pub fn organisation(
    client: &Client,
    named: &Named<OrganisationId>,
) -> anyhow::Result<OrganisationId> {
    let name = match named {
        Named::Id(id) => return Ok(*id),
        Named::Name(name) => name,
    };
    let found = first(
        || client.get("/organisations"),
        |organisation: &Organisation| &organisation.name == name,
    )?;
    Ok(must(found, &format!("organisation `{name}`"))?.id)
}

/// The scenario's id.
pub fn scenario(client: &Client, named: &Named<ScenarioId>) -> anyhow::Result<ScenarioId> {
    let name = match named {
        Named::Id(id) => return Ok(*id),
        Named::Name(name) => name,
    };
    let found = first(
        || client.get("/scenarios"),
        |scenario: &Scenario| &scenario.name == name,
    )?;
    Ok(must(found, &format!("scenario `{name}`"))?.id)
}

/// The product's id.
pub fn product(client: &Client, named: &Named<ProductId>) -> anyhow::Result<ProductId> {
    let name = match named {
        Named::Id(id) => return Ok(*id),
        Named::Name(name) => name,
    };
    let found = first(
        || client.get("/products"),
        |product: &Product| &product.name == name,
    )?;
    Ok(must(found, &format!("product `{name}`"))?.id)
}

/// The account's id.
pub fn account(client: &Client, named: &Named<AccountId>) -> anyhow::Result<AccountId> {
    let name = match named {
        Named::Id(id) => return Ok(*id),
        Named::Name(name) => name,
    };
    let found = first(
        || client.get("/accounts"),
        |account: &Account| &account.name == name,
    )?;
    Ok(must(found, &format!("account `{name}`"))?.id)
}

/// A module as a list has it.
#[derive(Debug, Deserialize)]
struct Listed {
    id: ModuleId,
    state: ModuleState,
    manifest: Option<Manifest>,
}

/// The id of the newest usable module whose manifest has that name.
pub fn module(client: &Client, named: &Named<ModuleId>) -> anyhow::Result<ModuleId> {
    let name = match named {
        Named::Id(id) => return Ok(*id),
        Named::Name(name) => name,
    };
    let usable = |listed: &Listed| {
        matches!(listed.state, ModuleState::Admitted | ModuleState::Approved)
            && listed
                .manifest
                .as_ref()
                .is_some_and(|manifest| &manifest.name == name)
    };
    let mut newest: Option<ModuleId> = None;
    crate::page::pages(
        &crate::page::Part::whole(),
        || client.get("/modules"),
        |items| {
            let found = items
                .iter()
                .filter_map(|item| Listed::deserialize(item).ok())
                .filter(usable);
            // Ids tell when they were made.
            newest = found.map(|listed| listed.id).chain(newest).max();
            false
        },
    )?;
    Ok(must(newest, &format!("admitted module `{name}`"))?)
}

#[cfg(test)]
mod tests;
