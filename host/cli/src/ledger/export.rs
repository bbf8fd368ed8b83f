//! `yunei ledger export`: the whole log as a directory that its owner verifies without anyone's help.

use std::path::PathBuf;

use anyhow::Context as _;
use clap::Args;
use yunei_ledger::Scope;

use super::key::Key;
use super::place::Served;
use super::verify::{self, show};
use crate::caller::Caller;
use crate::exit::Exit;
use crate::failure::Input;

/// Where to, and what of it.
#[derive(Debug, Args)]
pub struct Export {
    /// Directory to make: checkpoint, tiles, entries and calls
    #[arg(long, value_name = "DIR")]
    to: PathBuf,
    /// Leaves the calls of runs out, for whoever may see the record and not the runs
    #[arg(long)]
    without_calls: bool,
    #[command(flatten)]
    key: Key,
}

impl Export {
    /// Copies it, and verifies it on the way.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let client = caller.client()?;
        let told = self.key.given_or(|| verify::served_key(&client, caller))?;
        let empty =
            std::fs::read_dir(&self.to).map_or(true, |mut entries| entries.next().is_none());
        if !empty {
            let what = format!("`{}` is there already, and not empty", self.to.display());
            return Err(Input::new(what).into());
        }
        std::fs::create_dir_all(&self.to)
            .with_context(|| format!("cannot make `{}`", self.to.display()))?;
        let served = Served {
            client: &client,
            prefix: "/log".to_owned(),
            to: Some(&self.to),
        };
        let scope = Scope {
            traces: !self.without_calls,
            growing: true,
            ..Scope::COPY
        };
        let (report, _note) = verify::published(&told, scope, &[], |published| {
            served.hand_in(published, scope)
        })?;
        caller.printer().aside(&format!(
            "copied to `{0}`; verify it anywhere: yunei ledger verify --from {0} --key KEY",
            self.to.display()
        ));
        show(&report, caller)
    }
}
