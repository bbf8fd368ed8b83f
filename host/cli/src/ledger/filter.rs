//! Which entries, as several commands ask for them.

use clap::Args;
use ureq::typestate::WithoutBody;
use yunei_model::{AccountId, CallDecision, GrantId, ModuleId, Name, OrganisationId, RunId};

use crate::client::Ask;

/// Which entries.
#[derive(Debug, Clone, Args)]
pub struct Filter {
    /// Of this kind, such as run-released; several are possible
    #[arg(long = "kind", value_name = "KIND")]
    kinds: Vec<yunei_ledger::Kind>,
    /// About this run
    #[arg(long, value_name = "ID")]
    run: Option<RunId>,
    /// About this operating unit
    #[arg(long, value_name = "ID")]
    operator: Option<OrganisationId>,
    /// About this grant
    #[arg(long, value_name = "ID")]
    grant: Option<GrantId>,
    /// About this module
    #[arg(long, value_name = "ID")]
    module: Option<ModuleId>,
    /// About this resource: naming it, or about a run, a grant or a module of it
    #[arg(long, value_name = "NAME")]
    resource: Option<Name>,
    /// Done by this account
    #[arg(long, value_name = "ID")]
    actor: Option<AccountId>,
    /// Where policy said so: allowed or denied
    #[arg(long, value_name = "ANSWER")]
    decision: Option<CallDecision>,
}

impl Filter {
    /// The same question, with this filter.
    pub fn narrow<'c>(&self, ask: Ask<'c, WithoutBody>) -> Ask<'c, WithoutBody> {
        let kinds: Vec<String> = self.kinds.iter().map(ToString::to_string).collect();
        ask.query("kind", (!kinds.is_empty()).then(|| kinds.join(",")))
            .query("run", self.run)
            .query("operator", self.operator)
            .query("grant", self.grant)
            .query("module", self.module)
            .query("resource", self.resource.as_ref())
            .query("actor", self.actor)
            .query("decision", self.decision)
    }
}
