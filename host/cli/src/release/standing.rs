//! `yunei release standing`: editions that leave without being asked about, as long as nothing about them changes.

use clap::{Args, Subcommand};
use serde_json::json;
use yunei_model::{RunId, Standing, StandingId};

use crate::caller::Caller;
use crate::page::{self, Part};
use crate::sheet::{Sheet, list, time};

/// Standing approvals.
#[derive(Debug, Subcommand)]
pub enum StandingApprovals {
    /// Lists them, those over among them
    List(Part),
    /// Approves that later editions of a product leave when they pass every check; two people put it in force
    Approve {
        /// Id of the run of an edition that two reviewers released
        run: RunId,
        #[command(flatten)]
        why: Why,
        /// Days that it holds from then on at most; 366 when nobody names fewer
        #[arg(long, value_name = "DAYS")]
        days: Option<u32>,
    },
    /// Takes one back, at once
    Withdraw {
        /// Id of the standing approval
        standing: StandingId,
        #[command(flatten)]
        why: Why,
    },
}

/// Why.
#[derive(Debug, Args)]
pub struct Why {
    /// Why; it goes onto the record
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

impl StandingApprovals {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<()> {
        let client = caller.client()?;
        let printer = caller.printer();
        let (path, body) = match self {
            Self::List(part) => {
                return page::show(printer, &part, || client.get("/standing"), sheet);
            }
            Self::Approve { run, why, days } => (
                format!("/runs/{run}/standing"),
                json!({ "reason": why.reason, "days": days }),
            ),
            Self::Withdraw { standing, why } => (
                format!("/standing/{standing}/withdraw"),
                json!({ "reason": why.reason }),
            ),
        };
        let standing = client.post(path).json(&body)?;
        printer.sheet(&standing, |standing: Standing| one(&standing))
    }
}

fn one(standing: &Standing) -> Sheet {
    let bound = &standing.bound;
    let mut sheet = Sheet::facts();
    sheet
        .fact("standing approval", standing.id)
        .fact("state", standing.state)
        .fact_if("product", standing.product)
        .fact_if("until", standing.until.map(time))
        .fact_if("ended because of", standing.ended.map(|e| e.cause))
        .fact("first run", standing.first)
        .fact("module", bound.module)
        .fact(
            "grant",
            format!("{} version {}", bound.grant, bound.grant_version),
        );
    for yes in &standing.approvals {
        sheet.fact(
            "approved",
            format!("by {} at {}: {}", yes.reviewer, time(yes.at), yes.reason),
        );
    }
    sheet
}

fn sheet(approvals: Vec<Standing>) -> Sheet {
    let mut sheet = Sheet::new(["id", "state", "product", "until", "approved by"]);
    for standing in approvals {
        sheet.row([
            standing.id.to_string(),
            standing.state.to_string(),
            standing
                .product
                .map(|id| id.to_string())
                .unwrap_or_default(),
            standing.until.map(time).unwrap_or_default(),
            list(standing.approvals.iter().map(|a| a.reviewer)),
        ]);
    }
    sheet
}
