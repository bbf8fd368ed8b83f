//! Every route there is, by group: how it is called, who decides, what it leaves on the record, and its handler.

mod accounts;
mod alerts;
mod calls;
mod certificates;
mod choice;
mod emergency;
mod events;
mod exports;
mod grants;
mod live;
mod log;
mod modules;
mod organisations;
mod privacy;
mod products;
mod record;
mod releases;
mod resources;
mod retrievals;
mod reviews;
mod runs;
mod scenarios;
mod sessions;
mod snapshots;
mod standing;
mod stop_requests;
mod system;
mod tokens;
mod witnesses;
mod words;

use crate::route::Route;

/// Groups of the document.
pub(crate) const TAGS: &[(&str, &str)] = &[
    (system::TAG, "The server itself."),
    (live::TAG, "The live page."),
    (sessions::TAG, "Sign-in and API tokens."),
    (organisations::TAG, "Organisations, accounts, roles."),
    (
        resources::TAG,
        "The catalogue: resources and their snapshots.",
    ),
    (grants::TAG, "Scenarios, grants, consents."),
    (
        modules::TAG,
        "Modules: upload, admission, algorithm review.",
    ),
    (products::TAG, "Products, their schedules and editions."),
    (runs::TAG, "Runs."),
    (
        releases::TAG,
        "What leaves the domain, and the people who decide about it.",
    ),
    (
        privacy::TAG,
        "Privacy budgets of populations, and what is spent of them.",
    ),
    (
        record::TAG,
        "The record, alerts over it, and the emergency stop.",
    ),
    (log::TAG, "The transparency log, for whoever verifies it."),
];

/// The table of routes. There is no other way into the router.
#[must_use]
pub fn routes() -> Vec<Route> {
    let groups = [
        live::routes(),
        system::routes(),
        sessions::routes(),
        tokens::routes(),
        organisations::routes(),
        accounts::routes(),
        resources::routes(),
        snapshots::routes(),
        scenarios::routes(),
        grants::routes(),
        modules::routes(),
        products::routes(),
        runs::routes(),
        reviews::routes(),
        standing::routes(),
        releases::routes(),
        privacy::routes(),
        certificates::routes(),
        record::routes(),
        alerts::routes(),
        witnesses::routes(),
        exports::routes(),
        calls::routes(),
        events::routes(),
        retrievals::routes(),
        log::routes(),
        emergency::routes(),
        stop_requests::routes(),
    ];
    groups.into_iter().flatten().collect()
}
