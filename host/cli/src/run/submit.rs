//! `yunei run submit`.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use yunei_model::{
    Cadence, GrantId, IdSource as _, Manifest, ModuleId, Name, Parameters, RandomIds, Scalar,
};

use super::told;
use super::wait::{self, Patience};
use crate::caller::Caller;
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::{self, Input};
use crate::files;
use crate::lookup::{self, Named};
use crate::printer::read;

/// A run to be submitted: by a request file, by arguments, or by both, where arguments go first.
#[derive(Debug, Args)]
pub struct Submit {
    /// The request, in JSON: module, grant, purpose, parameters
    file: Option<PathBuf>,
    /// The module: its id, or its manifest's name for the newest that was admitted
    #[arg(long, value_name = "MODULE")]
    module: Option<Named<ModuleId>>,
    /// Id of the grant
    #[arg(long, value_name = "ID")]
    grant: Option<GrantId>,
    /// Purpose of use; by default the manifest's
    #[arg(long, value_name = "NAME")]
    purpose: Option<Name>,
    /// A parameter; several are possible
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = parameter)]
    parameters: Vec<(Name, Scalar)>,
    /// Date or timestamp field: the run is about one closed period of it, and not about all rows
    #[arg(long, value_name = "FIELD", requires = "day")]
    period: Option<Name>,
    /// How the period is cut, as editions of a product are: daily, weekly, monthly
    #[arg(
        long,
        value_name = "CADENCE",
        default_value = "daily",
        requires = "period"
    )]
    cadence: Cadence,
    /// A day of the period, in Asia/Shanghai
    #[arg(long, value_name = "YYYY-MM-DD", requires = "period")]
    day: Option<String>,
    /// Makes a repeated request count once, for a day; made up if it is not given
    #[arg(long, value_name = "KEY")]
    idempotency_key: Option<String>,
    /// Waits for the run's end
    #[arg(long)]
    wait: bool,
    #[command(flatten)]
    patience: Patience,
}

/// A request as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Written {
    module: Option<Named<ModuleId>>,
    grant: Option<String>,
    purpose: Option<Name>,
    #[serde(default)]
    parameters: Parameters,
    period: Option<serde_json::Value>,
}

impl Submit {
    /// Submits it.
    pub fn run(self, caller: &Caller, client: &Client) -> anyhow::Result<Exit> {
        let printer = caller.printer();
        let written = self.written()?;
        let named = written
            .module
            .as_ref()
            .ok_or_else(|| Input::new("say which module with --module"))?;
        let grant = grant_id(written.grant.as_deref())?;
        let module = lookup::module(client, named)?;
        let purpose = match written.purpose {
            Some(purpose) => purpose,
            None => purpose_of(client, module)?,
        };
        let request = json!({ "module": module, "grant": grant, "purpose": purpose, "parameters": written.parameters, "period": written.period });
        let key = self
            .idempotency_key
            .unwrap_or_else(|| RandomIds.next().to_string());
        let submitted = client
            .post("/runs")
            .header("idempotency-key", &key)
            .json(&request);
        let run = match submitted {
            // Whether it was accepted is not known: the same key makes sure that it is not submitted twice.
            Err(error) if failure::exit(&error) == Exit::Failed => {
                return Err(error).with_context(|| {
                    format!(
                        "the run may have been accepted; try again with --idempotency-key {key}"
                    )
                });
            }
            outcome => outcome?,
        };
        if self.wait {
            let id = read::<told::Shown>(&run)?.id;
            printer.aside(&format!("run {id} is queued"));
            for notice in read::<told::Shown>(&run)?.notices() {
                printer.aside(notice);
            }
            return wait::end_of(client, printer, id, &self.patience);
        }
        printer.show(&run, told::one)?;
        Ok(Exit::Done)
    }

    /// What the file says, with the arguments put over it.
    fn written(&self) -> Result<Written, Input> {
        let mut written: Written = self
            .file
            .as_ref()
            .map(|path| files::json(path))
            .transpose()?
            .unwrap_or_default();
        written.module = self.module.clone().or(written.module);
        written.grant = self.grant.map(|id| id.to_string()).or(written.grant);
        written.purpose = self.purpose.clone().or(written.purpose);
        written.parameters.extend(self.parameters.iter().cloned());
        if let (Some(field), Some(day)) = (&self.period, &self.day) {
            let period = json!({ "field": field, "cadence": self.cadence, "day": day });
            written.period = Some(period);
        }
        Ok(written)
    }
}

fn grant_id(written: Option<&str>) -> Result<GrantId, Input> {
    let written = written.ok_or_else(|| Input::new("say under which grant with --grant"))?;
    let hint = || {
        Input::new(format!(
            "`{written}` is no id of a grant, and grants have no names: say which with --grant"
        ))
    };
    written.parse().map_err(|error| hint().because(error))
}

#[derive(Debug, Deserialize)]
struct Purposed {
    manifest: Option<Manifest>,
}

fn purpose_of(client: &Client, module: ModuleId) -> anyhow::Result<Name> {
    let shown: Purposed = read(&client.get(format!("/modules/{module}")).send()?)?;
    let manifest = shown
        .manifest
        .ok_or_else(|| Input::new("the module has no manifest: say the purpose with --purpose"))?;
    Ok(manifest.purpose)
}

/// `NAME=VALUE`: a value in JSON is what it is, anything else is a text.
fn parameter(text: &str) -> Result<(Name, Scalar), String> {
    let (name, value) = text
        .split_once('=')
        .ok_or_else(|| "a parameter is written NAME=VALUE".to_owned())?;
    let name = Name::parse(name).map_err(|error| error.to_string())?;
    let value = serde_json::from_str(value).unwrap_or_else(|_| Scalar::Text(value.to_owned()));
    Ok((name, value))
}

#[cfg(test)]
mod tests;
