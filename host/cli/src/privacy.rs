//! `yunei privacy`: budgets of populations, and what has been spent of them.

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::json;
use yunei_model::{BudgetId, BudgetState, GrantId, ModuleId, Name, PrivacyBudget, PrivacyCharged};

use crate::caller::Caller;
use crate::exit::Exit;
use crate::page::{self, Part};
use crate::sheet::{Sheet, time};

/// Privacy budgets of populations.
#[derive(Debug, Subcommand)]
pub enum Privacy {
    /// Lists what each population may lose of its privacy, and has lost
    List,
    /// Shows the account of one population
    Show {
        /// The population
        population: Name,
    },
    /// Sets a population's budget; one that raises it waits for a second person
    Set(Set),
    /// Puts a raised budget in force, as the second person
    Sign {
        /// Its id
        id: BudgetId,
        /// Why it may be raised
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Lists budgets as they were set
    Budgets(Part),
    /// Lists what each run was charged for a population
    Charges {
        /// The population
        population: Name,
        #[command(flatten)]
        part: Part,
    },
    /// Says whether a run of a module would fit now
    Fit {
        /// The grant
        #[arg(long, value_name = "ID")]
        grant: GrantId,
        /// The module
        #[arg(long, value_name = "ID")]
        module: ModuleId,
    },
}

/// A budget to be set.
#[derive(Debug, Args)]
pub struct Set {
    /// The population
    population: Name,
    /// Greatest ε over everyone and all time
    #[arg(long)]
    epsilon: f64,
    /// Greatest δ; zero allows no Gaussian noise
    #[arg(long, default_value_t = 0.0)]
    delta: f64,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// An account, as the server tells it.
#[derive(Debug, Deserialize)]
struct Account {
    population: Name,
    private_only: bool,
    budget: Option<PrivacyBudget>,
    spent_epsilon: f64,
    spent_rho: f64,
    spent_together: Option<f64>,
    within: bool,
}

#[derive(Debug, Deserialize)]
struct Accounts {
    items: Vec<Account>,
}

#[derive(Debug, Deserialize)]
struct Fit {
    fit: String,
}

impl Privacy {
    /// Does it.
    pub fn run(self, caller: &Caller) -> anyhow::Result<Exit> {
        let (client, printer) = (caller.client()?, caller.printer());
        match self {
            Self::List => {
                let accounts = client.get("/privacy/accounts").send()?;
                printer.sheet(&accounts, |accounts: Accounts| sheet(accounts.items))?;
            }
            Self::Show { population } => {
                let account = client
                    .get(format!("/privacy/accounts/{population}"))
                    .send()?;
                printer.sheet(&account, |account| sheet(vec![account]))?;
            }
            Self::Set(set) => {
                let new = json!({
                    "population": set.population, "epsilon": set.epsilon, "delta": set.delta, "reason": set.reason,
                });
                let budget = client.post("/privacy/budgets").json(&new)?;
                printer.show(&budget, words)?;
            }
            Self::Sign { id, reason } => {
                let path = format!("/privacy/budgets/{id}/signature");
                let signed = client.post(path).json(&json!({ "reason": reason }))?;
                printer.show(&signed, words)?;
            }
            Self::Budgets(part) => {
                page::show(printer, &part, || client.get("/privacy/budgets"), budgets)?;
            }
            Self::Charges { population, part } => {
                let path = format!("/privacy/accounts/{population}/charges");
                page::show(printer, &part, || client.get(path.clone()), charges)?;
            }
            Self::Fit { grant, module } => {
                let told = client
                    .get(format!("/grants/{grant}/privacy/{module}"))
                    .send()?;
                printer.show(&told, |told: Fit| told.fit)?;
            }
        }
        Ok(Exit::Done)
    }
}

fn words(budget: PrivacyBudget) -> String {
    let PrivacyBudget {
        id,
        population,
        epsilon,
        delta,
        state,
        ..
    } = budget;
    let waits = match state {
        BudgetState::Proposed => "; it raises what is in force, so a second person must sign",
        BudgetState::InForce | BudgetState::Superseded => "",
    };
    format!("{id}: ε = {epsilon}, δ = {delta:e} for `{population}` is {state}{waits}")
}

fn sheet(accounts: Vec<Account>) -> Sheet {
    let mut sheet = Sheet::new([
        "population",
        "private only",
        "budget ε",
        "δ",
        "spent ε",
        "spent ρ",
        "together",
        "within",
    ]);
    let number = |number: f64| number.to_string();
    for account in accounts {
        let budget = account.budget;
        sheet.row([
            account.population.to_string(),
            account.private_only.to_string(),
            budget
                .as_ref()
                .map_or_else(|| "not set".to_owned(), |b| number(b.epsilon)),
            budget
                .as_ref()
                .map(|b| format!("{:e}", b.delta))
                .unwrap_or_default(),
            number(account.spent_epsilon),
            number(account.spent_rho),
            account.spent_together.map(number).unwrap_or_default(),
            account.within.to_string(),
        ]);
    }
    sheet
}

fn budgets(budgets: Vec<PrivacyBudget>) -> Sheet {
    let mut sheet = Sheet::new([
        "id",
        "population",
        "ε",
        "δ",
        "state",
        "set",
        "signed",
        "reason",
    ]);
    for budget in budgets {
        sheet.row([
            budget.id.to_string(),
            budget.population.to_string(),
            budget.epsilon.to_string(),
            format!("{:e}", budget.delta),
            budget.state.to_string(),
            time(budget.set_at),
            budget.signed_at.map(time).unwrap_or_default(),
            budget.reason,
        ]);
    }
    sheet
}

fn charges(charges: Vec<PrivacyCharged>) -> Sheet {
    let mut sheet = Sheet::new(["run", "10⁻⁹ ε", "10⁻¹² ρ", "at"]);
    for charged in charges {
        sheet.row([
            charged.run.to_string(),
            charged.charge.epsilon_nano.to_string(),
            charged.charge.rho_pico.to_string(),
            time(charged.at),
        ]);
    }
    sheet
}
