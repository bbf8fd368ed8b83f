//! Lists, page by page.

use clap::Args;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::client::Ask;
use crate::failure::Input;
use crate::printer::{Printer, read};
use crate::sheet::Sheet;

/// Items that the server gives at once.
const PAGE_ITEMS_MAX: u32 = 1000;
/// Pages that one list takes at most.
const PAGES_MAX: u32 = 1000;

/// Which part of a list.
#[derive(Debug, Clone, Args)]
pub struct Part {
    /// Items at most
    #[arg(long, value_name = "N", default_value_t = 100, value_parser = clap::value_parser!(u32).range(1..))]
    pub limit: u32,

    /// Begins after this one: the `next` of an earlier list
    #[arg(long, value_name = "ID")]
    pub after: Option<String>,
}

impl Part {
    /// All of it.
    pub const fn whole() -> Self {
        Self {
            limit: PAGE_ITEMS_MAX * PAGES_MAX,
            after: None,
        }
    }
}

/// A list, as far as it was asked for.
#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Value>,
    next: Option<Value>,
}

/// Name of the query's part that says where a page begins.
const AFTER: &str = "after";

/// Reads a list until `stop` says so of a page, or until there are as many as `part` wants.
pub fn pages<'c>(
    part: &Part,
    ask: impl Fn() -> Ask<'c, ureq::typestate::WithoutBody>,
    stop: impl FnMut(&[Value]) -> bool,
) -> anyhow::Result<Value> {
    pages_from(AFTER, part, ask, stop)
}

fn pages_from<'c>(
    cursor: &'static str,
    part: &Part,
    ask: impl Fn() -> Ask<'c, ureq::typestate::WithoutBody>,
    mut stop: impl FnMut(&[Value]) -> bool,
) -> anyhow::Result<Value> {
    let mut items: Vec<Value> = Vec::new();
    let mut after = part.after.clone();
    for _ in 0..PAGES_MAX {
        let missing = (part.limit as usize).saturating_sub(items.len());
        let limit = missing.min(PAGE_ITEMS_MAX as usize);
        let answer = ask()
            .query(cursor, after.as_ref())
            .query("limit", Some(limit))
            .send()?;
        let page: Page = read(&answer)?;
        let enough = stop(&page.items);
        items.extend(page.items);
        after = page.next.as_ref().map(words);
        if enough || after.is_none() || items.len() >= part.limit as usize {
            break;
        }
    }
    Ok(json!({ "items": items, "next": after }))
}

/// Shows a list.
pub fn show<'c, T: serde::de::DeserializeOwned>(
    printer: Printer,
    part: &Part,
    ask: impl Fn() -> Ask<'c, ureq::typestate::WithoutBody>,
    people: impl FnOnce(Vec<T>) -> Sheet,
) -> anyhow::Result<()> {
    show_from(AFTER, printer, part, ask, people)
}

/// Shows a list whose pages begin where `cursor` says.
pub fn show_from<'c, T: serde::de::DeserializeOwned>(
    cursor: &'static str,
    printer: Printer,
    part: &Part,
    ask: impl Fn() -> Ask<'c, ureq::typestate::WithoutBody>,
    people: impl FnOnce(Vec<T>) -> Sheet,
) -> anyhow::Result<()> {
    let list = pages_from(cursor, part, ask, |_| false)?;
    let items = list.get("items").cloned().unwrap_or_default();
    if printer.is_json() {
        return printer.say(&list, "");
    }
    printer.sheet(&items, people)?;
    let full = items
        .as_array()
        .is_some_and(|items| items.len() >= part.limit as usize);
    if let Some(next) = list
        .get("next")
        .filter(|next| full && !next.is_null())
        .map(words)
    {
        printer.aside(&format!("there may be more: --{cursor} {next}"));
    }
    Ok(())
}

/// The first item of a whole list that `fits`.
pub fn first<'c, T: serde::de::DeserializeOwned>(
    ask: impl Fn() -> Ask<'c, ureq::typestate::WithoutBody>,
    fits: impl Fn(&T) -> bool,
) -> anyhow::Result<Option<T>> {
    let mut found = None;
    pages(&Part::whole(), ask, |items| {
        found = items
            .iter()
            .filter_map(|item| T::deserialize(item).ok())
            .find(&fits);
        found.is_some()
    })?;
    Ok(found)
}

/// Refuses a reference to nothing.
pub fn must<T>(found: Option<T>, what: &str) -> Result<T, Input> {
    found.ok_or_else(|| Input::new(format!("there is no {what}, or it is not yours to see")))
}

/// A cursor as a query has it.
fn words(next: &Value) -> String {
    next.as_str()
        .map_or_else(|| next.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests;
