//! `yunei ledger query`: entries, or calls over all runs.

use clap::Args;
use serde::Deserialize;
use yunei_model::{Call, CallDecision, GrantId, ModuleId, Name, OrganisationId, RunId, Timestamp};

use super::filter::Filter;
use super::tail;
use crate::caller::Caller;
use crate::page::{self, Part};
use crate::sheet::{Sheet, list, number, time};

/// Which entries.
#[derive(Debug, Args)]
pub struct Query {
    #[command(flatten)]
    part: Part,
    #[command(flatten)]
    filter: Filter,
    /// Made at or after this time
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Made before this time
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

/// Which calls.
#[derive(Debug, Args)]
pub struct Calls {
    #[command(flatten)]
    part: Part,
    /// Of this run
    #[arg(long, value_name = "ID")]
    run: Option<RunId>,
    /// Of this operating unit's runs
    #[arg(long, value_name = "ID")]
    operator: Option<OrganisationId>,
    /// Under this grant
    #[arg(long, value_name = "ID")]
    grant: Option<GrantId>,
    /// By this module
    #[arg(long, value_name = "ID")]
    module: Option<ModuleId>,
    /// Of this resource
    #[arg(long, value_name = "NAME")]
    resource: Option<Name>,
    /// Answered so: allowed or denied
    #[arg(long, value_name = "ANSWER")]
    decision: Option<CallDecision>,
    /// Made at or after this time
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Made before this time
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

#[derive(Debug, Deserialize)]
struct Found {
    run: RunId,
    call: Call,
}

impl Query {
    /// Shows them.
    pub fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = caller.client()?;
        let ask = || {
            let ask = self.filter.narrow(client.get("/record"));
            ask.query("since", self.since).query("until", self.until)
        };
        page::show(caller.printer(), &self.part, ask, tail::sheet)
    }
}

impl Calls {
    /// Shows them.
    pub fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = caller.client()?;
        let ask = || {
            client
                .get("/calls")
                .query("run", self.run)
                .query("operator", self.operator)
                .query("grant", self.grant)
                .query("module", self.module)
                .query("resource", self.resource.as_ref())
                .query("decision", self.decision)
                .query("since", self.since)
                .query("until", self.until)
        };
        page::show(caller.printer(), &self.part, ask, sheet)
    }
}

fn sheet(found: Vec<Found>) -> Sheet {
    let mut sheet = Sheet::new([
        "run", "#", "time", "call", "resource", "fields", "rows", "answer",
    ]);
    for Found { run, call } in found {
        sheet.row([
            run.to_string(),
            call.index.to_string(),
            time(call.at),
            call.kind.to_string(),
            call.resource
                .map(|name| name.to_string())
                .unwrap_or_default(),
            list(&call.fields),
            number(call.rows),
            call.clause.unwrap_or_else(|| call.decision.to_string()),
        ]);
    }
    sheet.numbers(1);
    sheet.numbers(6);
    sheet
}
