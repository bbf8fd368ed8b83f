//! Lists come in pages.

use serde::{Deserialize, Serialize};
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterBuilder, ParameterIn};
use yunei_store::{PAGE_ROWS_MAX, Page};

use crate::failure::Failure;
use crate::schema::{self, Described};

/// Items of a page that asks for no number.
const LIMIT_DEFAULT: u32 = 100;

/// Which part of a list.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Part<I> {
    after: Option<I>,
    limit: Option<u32>,
}

impl<I> IntoParams for Part<I> {
    fn into_params(_place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let parameter = |name: &str, about: String, schema: Described| {
            ParameterBuilder::new()
                .name(name)
                .parameter_in(ParameterIn::Query)
                .description(Some(about))
                .schema(Some(schema))
                .build()
        };
        let limit =
            format!("Items, 1 to {PAGE_ROWS_MAX}; {LIMIT_DEFAULT} unless it says otherwise.");
        vec![
            parameter(
                "after",
                "The `next` of the page before.".to_owned(),
                schema::id(),
            ),
            parameter("limit", limit, schema::count()),
        ]
    }
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

/// One page of a list, as `yunei_lifecycle::Listed` fills it.
#[derive(Debug, Serialize)]
pub(crate) struct Listed<T, I> {
    items: Vec<T>,
    /// Where the next page begins; absent at the end of the list alone.
    next: Option<I>,
}

impl<T, I> From<yunei_lifecycle::Listed<T, I>> for Listed<T, I> {
    fn from(listed: yunei_lifecycle::Listed<T, I>) -> Self {
        let yunei_lifecycle::Listed { items, next } = listed;
        Self { items, next }
    }
}
