//! `yunei product`: what leaves again and again, over closed periods.

mod told;

use std::path::PathBuf;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;
use yunei_model::{
    Cadence, GrantId, ModuleId, Name, Parameters, ProductId, RandomIds, RequestId, ScheduleId,
    ScheduleTrigger, Text,
};

use crate::caller::Caller;
use crate::client::Client;
use crate::exit::Exit;
use crate::files;
use crate::lookup::{self, Named};
use crate::page::{self, Part};
use told::Shown;

/// Products.
#[derive(Debug, Subcommand)]
pub enum Products {
    /// Drafts a product
    Draft {
        /// What it is, as TOML; the module may stand by name
        file: PathBuf,
        /// The grant that it is made under
        #[arg(long, value_name = "ID")]
        grant: GrantId,
    },
    /// Lists products
    List(Part),
    /// Shows a product
    Show(Which),
    /// Sets up a schedule of a product
    Schedule(Schedule),
    /// Lists the schedules of a product
    Schedules {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        part: Part,
    },
    /// Ends a schedule of a product
    Unschedule {
        #[command(flatten)]
        which: Which,
        /// Id of the schedule
        #[arg(long, value_name = "ID")]
        schedule: ScheduleId,
    },
    /// Lists the editions of a product
    Editions {
        #[command(flatten)]
        which: Which,
        #[command(flatten)]
        part: Part,
    },
    /// Gives a product another module; people decide about its next edition again
    Change {
        #[command(flatten)]
        which: Which,
        /// Name or id of the module
        #[arg(long, value_name = "MODULE")]
        module: Named<ModuleId>,
    },
    /// Asks for the edition of a closed period, or for its revision once there is a newer snapshot
    Request {
        #[command(flatten)]
        which: Which,
        /// A day of the period, in Asia/Shanghai
        #[arg(long, value_name = "YYYY-MM-DD")]
        day: String,
    },
    /// Takes a product back; its schedules end
    Withdraw {
        #[command(flatten)]
        which: Which,
        /// Why; it goes onto the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// A product.
#[derive(Debug, Args)]
pub struct Which {
    /// Name or id of the product
    product: Named<ProductId>,
}

/// When a product's runs start.
#[derive(Debug, Args)]
pub struct Schedule {
    #[command(flatten)]
    which: Which,
    #[command(flatten)]
    trigger: Trigger,
}

/// One of the two.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub struct Trigger {
    /// Five cron fields in Asia/Shanghai: minute, hour, day, month, day of the week
    #[arg(long, value_name = "EXPRESSION")]
    cron: Option<String>,
    /// Each new snapshot of this resource
    #[arg(long, value_name = "RESOURCE")]
    on_snapshot: Option<Name>,
}

/// A product as a file has it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    name: Name,
    title: Text,
    module: Named<ModuleId>,
    #[serde(default)]
    parameters: Parameters,
    period: Name,
    cadence: Cadence,
    starts: String,
    #[serde(default)]
    lateness_days: u32,
    #[serde(default)]
    revision_days: Option<u32>,
}

impl Products {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let client = caller.client()?;
        let printer = caller.printer();
        let path = |which: &Which, rest: &str| -> anyhow::Result<String> {
            let product = lookup::product(&client, &which.product)?;
            Ok(format!("/products/{product}{rest}"))
        };
        match self {
            Self::Draft { file, grant } => {
                let ask = client.post("/products");
                let drafted = ask.json(&drafted(&client, &files::toml(&file)?, grant)?)?;
                printer.sheet(&drafted, |product: Shown| told::one(&product))?;
            }
            Self::List(part) => {
                page::show(printer, &part, || client.get("/products"), told::list_of)?;
            }
            Self::Show(which) => {
                let product = client.get(path(&which, "")?).send()?;
                printer.sheet(&product, |product: Shown| told::one(&product))?;
            }
            Self::Schedule(Schedule { which, trigger }) => {
                let trigger = trigger.trigger();
                let ask = client.post(path(&which, "/schedules")?);
                printer.show(&ask.json(&json!({ "trigger": trigger }))?, told::schedule)?;
            }
            Self::Schedules { which, part } => {
                let path = path(&which, "/schedules")?;
                page::show(printer, &part, || client.get(&path), told::schedules)?;
            }
            Self::Unschedule { which, schedule } => {
                let path = path(&which, &format!("/schedules/{schedule}/end"))?;
                printer.show(&client.post(path).empty()?, told::schedule)?;
            }
            Self::Editions { which, part } => {
                let path = path(&which, "/editions")?;
                page::show(printer, &part, || client.get(&path), told::editions)?;
            }
            Self::Change { which, module } => {
                let module = lookup::module(&client, &module)?;
                let ask = client.post(path(&which, "/module")?);
                let changed = ask.json(&json!({ "module": module }))?;
                printer.sheet(&changed, |product: Shown| told::one(&product))?;
            }
            Self::Request { which, day } => {
                let key = RequestId::new(&RandomIds).to_string();
                let ask = client.post(path(&which, "/editions")?);
                let queued = ask
                    .header("idempotency-key", &key)
                    .json(&json!({ "day": day }))?;
                printer.show(&queued, told::queued)?;
            }
            Self::Withdraw { which, reason } => {
                let ask = client.post(path(&which, "/withdraw")?);
                let withdrawn = ask.json(&json!({ "reason": reason }))?;
                printer.sheet(&withdrawn, |product: Shown| told::one(&product))?;
            }
        }
        Ok(Exit::Done)
    }
}

impl Trigger {
    /// As the interface has it: one of the two was given.
    fn trigger(self) -> Option<ScheduleTrigger> {
        let cron = self
            .cron
            .map(|expression| ScheduleTrigger::Cron { expression });
        let on_snapshot = self
            .on_snapshot
            .map(|resource| ScheduleTrigger::OnSnapshot { resource });
        cron.or(on_snapshot)
    }
}

/// A product as the interface takes it.
fn drafted(
    client: &Client,
    written: &Written,
    grant: GrantId,
) -> anyhow::Result<serde_json::Value> {
    Ok(json!({
        "name": written.name,
        "title": written.title,
        "grant": grant,
        "module": lookup::module(client, &written.module)?,
        "parameters": written.parameters,
        "period": written.period,
        "cadence": written.cadence,
        "starts": written.starts,
        "lateness_days": written.lateness_days,
        "revision_days": written.revision_days,
    }))
}
