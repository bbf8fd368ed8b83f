//! Differential privacy's words: mechanisms, charges, budgets of populations.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::transition::{names, states};
use crate::{
    AccountId, BudgetId, Contribution, ContributionMeasure, Name, PersonId, RunId, Timestamp,
};

/// Greatest ε of one run, or of a population's budget. Beyond it the promise is none.
pub const EPSILON_MAX: f64 = 1000.0;
/// Least ε of one run: a billionth is the unit of account.
pub const EPSILON_MIN: f64 = 1e-6;
/// Greatest δ. One in ten thousand is already a promise broken for some subject of a large population.
pub const DELTA_MAX: f64 = 1e-4;
/// Least δ other than zero.
pub const DELTA_MIN: f64 = 1e-18;
/// Steps between zero and the greater bound of a measure at most, so that sums over any snapshot stay whole numbers.
pub const STEPS_MAX: f64 = 2_147_483_648.0;

names! {
    /// Where a private figure's noise comes from.
    #[derive(Default)]
    Mechanism {
        /// Discrete Laplace: pure ε.
        #[default]
        Laplace = "laplace",
        /// Discrete Gaussian: (ε, δ), accounted as zero-concentrated differential privacy.
        Gaussian = "gaussian",
    }
}

/// What one run takes of its population's budget, in whole units of account. Exactly one of the two is above zero.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivacyCharge {
    /// Pure differential privacy: billionths of ε.
    pub epsilon_nano: u64,
    /// Zero-concentrated differential privacy: 10⁻¹² of ρ.
    pub rho_pico: u64,
}

impl PrivacyCharge {
    /// Both, one after the other.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self {
            epsilon_nano: self.epsilon_nano.saturating_add(more.epsilon_nano),
            rho_pico: self.rho_pico.saturating_add(more.rho_pico),
        }
    }
}

/// A charge as the account keeps it: for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrivacyCharged {
    /// The run.
    pub run: RunId,
    /// The population.
    pub population: Name,
    /// How much.
    pub charge: PrivacyCharge,
    /// When its run was claimed.
    pub at: Timestamp,
}

states! {
    /// The life of a population's budget.
    BudgetState {
        /// Asked for; waits for a second person, since it raises what was in force.
        Proposed = "proposed" => [InForce, Superseded],
        /// In force.
        InForce = "in-force" => [Superseded],
        /// Another one came after it.
        Superseded = "superseded" => [],
    }
}

/// How much of their privacy the subjects of a population may lose, over all resources, operating units and time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrivacyBudget {
    /// Id.
    pub id: BudgetId,
    /// The population.
    pub population: Name,
    /// Greatest ε.
    pub epsilon: f64,
    /// Greatest δ; zero allows no Gaussian noise.
    pub delta: f64,
    /// The reason given.
    pub reason: String,
    /// State.
    pub state: BudgetState,
    /// Account that set or proposed it.
    pub set_by: AccountId,
    /// Person behind it.
    pub set_by_person: PersonId,
    /// When.
    pub set_at: Timestamp,
    /// Account that signed as the second, where one had to.
    pub signed_by: Option<AccountId>,
    /// Person behind that.
    pub signed_by_person: Option<PersonId>,
    /// When.
    pub signed_at: Option<Timestamp>,
}

impl PrivacyBudget {
    /// Whether it allows anything that `other` does not.
    #[must_use]
    pub fn raises(&self, other: &Self) -> bool {
        self.epsilon > other.epsilon || self.delta > other.delta
    }

    /// What is wrong with the numbers, if anything.
    #[must_use]
    pub fn fault(&self) -> Option<String> {
        if !(0.0..=EPSILON_MAX).contains(&self.epsilon) {
            return Some(format!(
                "ε is from 0 to {EPSILON_MAX}, not {}",
                self.epsilon
            ));
        }
        delta_fault(self.delta)
    }
}

fn delta_fault(delta: f64) -> Option<String> {
    let fits = delta == 0.0 || (DELTA_MIN..=DELTA_MAX).contains(&delta);
    (!fits).then(|| format!("δ is 0, or from {DELTA_MIN:e} to {DELTA_MAX:e}, not {delta:e}"))
}

impl Contribution {
    /// What is wrong with ε, δ and the steps of the measures, each a sentence of its own.
    #[must_use]
    pub fn privacy_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !(EPSILON_MIN..=EPSILON_MAX).contains(&self.epsilon) {
            faults.push(format!(
                "ε of a run is from {EPSILON_MIN} to {EPSILON_MAX}, not {}",
                self.epsilon
            ));
        }
        faults.extend(delta_fault(self.delta));
        if (self.mechanism == Mechanism::Gaussian) != (self.delta > 0.0) {
            faults.push("Gaussian noise, and no other, has a δ above 0".to_owned());
        }
        faults.extend(self.measures.iter().filter_map(step_fault));
        faults.extend(self.column_fault());
        faults
    }

    /// Names of the released table's columns, in order: known before the run, so that no charged run fails for a name.
    #[must_use]
    pub fn column_names(&self) -> Vec<String> {
        let measures = self.measures.iter().flat_map(|measure| {
            let name = measure.name.as_str();
            [
                name.to_owned(),
                format!("{name}_noise_scale"),
                format!("{name}_error_95"),
            ]
        });
        let first = std::iter::once("cell".to_owned());
        let last = [
            "mechanism",
            "epsilon",
            "delta",
            "conditions",
            "conditions_zh",
        ];
        first
            .chain(measures)
            .chain(last.map(str::to_owned))
            .collect()
    }

    fn column_fault(&self) -> Option<String> {
        let names = self.column_names();
        let mut seen = BTreeSet::new();
        let odd = names
            .iter()
            .find(|name| Name::parse(name).is_err() || !seen.insert(*name));
        odd.map(|name| {
            format!("`{name}` would be a column of the table twice, or is too long for one")
        })
    }
}

fn step_fault(measure: &ContributionMeasure) -> Option<String> {
    let step = measure.step?;
    let reach = measure.min.abs().max(measure.max.abs());
    let fits = step > 0.0 && step.is_finite() && reach / step <= STEPS_MAX;
    (!fits).then(|| {
        format!(
            "measure `{}`: a step is above 0, and the bounds are {STEPS_MAX} steps from 0 at most",
            measure.name
        )
    })
}
