//! Lists come in pages.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use yunei_store::{PAGE_ROWS_MAX, Page};

use crate::failure::Failure;

/// Items of a page that asks for no number.
const LIMIT_DEFAULT: u32 = 100;

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Part<I> {
    /// The `next` of the page before.
    #[param(value_type = Option<String>)]
    after: Option<I>,
    /// Items at most.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

impl<I> Part<I> {
    /// The page of the store.
    pub(crate) fn page(self) -> Result<Page<I>, Failure> {
        page(self.after, self.limit)
    }
}

/// The page after `after`.
pub(crate) fn page<I>(after: Option<I>, limit: Option<u32>) -> Result<Page<I>, Failure> {
    Ok(Page::first(rows(limit)?).after(after))
}

/// Items of a page.
pub(crate) fn rows(limit: Option<u32>) -> Result<u32, Failure> {
    match limit.unwrap_or(LIMIT_DEFAULT) {
        rows @ 1..=PAGE_ROWS_MAX => Ok(rows),
        _ => Err(Failure::malformed(format!(
            "`limit` is 1 to {PAGE_ROWS_MAX}"
        ))),
    }
}

/// One page of a list.
#[derive(Debug, Serialize)]
pub(crate) struct Listed<T, I> {
    items: Vec<T>,
    /// Where the next page begins. Absent when nothing came: a page with less than was asked for is not
    /// the last one, since what the asker may not see is left out.
    next: Option<I>,
}

impl<T, I> Listed<T, I> {
    /// A page of which each item has an id to go on after.
    pub(crate) fn new(items: Vec<T>, id: impl Fn(&T) -> I) -> Self {
        let next = items.last().map(id);
        Self { items, next }
    }

    /// The same page with only those items that `wanted` takes; the next one begins where it did.
    pub(crate) fn only(mut self, wanted: impl Fn(&T) -> bool) -> Self {
        self.items.retain(wanted);
        self
    }

    /// A list that has no further page.
    pub(crate) const fn whole(items: Vec<T>) -> Self {
        Self { items, next: None }
    }
}
