//! Privacy budgets of populations, and what runs were charged.
//!
//! INVARIANT: a charge is added and never changed or taken away. What a population has spent is the sum of its charges, and is
//! kept nowhere else.

use yunei_model::{BudgetId, Name, PrivacyBudget, PrivacyCharge, PrivacyCharged, RunId, Timestamp};

use crate::reading::{Row, count, counted, find, find_all, json, list, number, reads, text};
use crate::{Change, PAGE_ROWS_MAX, Page, StoreError};

const CHARGE: &str = "privacy charge";
/// State of the one budget that counts.
const IN_FORCE: &str = "in-force";

reads! {
    /// The budget of that id.
    fn privacy_budget(id: BudgetId) -> Option<PrivacyBudget> = |c| find(c, "privacy budget",
        sqlx::query("SELECT body FROM privacy_budgets WHERE id = $1").bind(id.to_string())).await;

    /// The budget in force of a population, if it was ever set.
    fn privacy_budget_in_force(population: &Name) -> Option<PrivacyBudget> = |c| find(c, "privacy budget",
        sqlx::query("SELECT body FROM privacy_budgets WHERE population = $1 AND state = $2")
            .bind(population.to_string()).bind(IN_FORCE)).await;

    /// Budgets as they were set, of one population or of all.
    fn privacy_budgets(population: Option<&Name>, page: Page<BudgetId>) -> Vec<PrivacyBudget> = |c| list(c,
        "privacy_budgets", &[("population", population.iter().map(ToString::to_string).collect())], &page).await;

    /// Every budget in force, the first [`PAGE_ROWS_MAX`] by population.
    fn privacy_budgets_in_force() -> Vec<PrivacyBudget> = |c| find_all(c, "privacy budget",
        sqlx::query("SELECT body FROM privacy_budgets WHERE state = $1 ORDER BY population LIMIT $2")
            .bind(IN_FORCE).bind(i64::from(PAGE_ROWS_MAX))).await;

    /// What all runs on a population have been charged, by all operating units and of all time.
    fn privacy_spent(population: &Name) -> PrivacyCharge = |c| {
        let row = sqlx::query(
            "SELECT CAST(COALESCE(SUM(epsilon_nano), 0) AS BIGINT) AS epsilon_nano, \
             CAST(COALESCE(SUM(rho_pico), 0) AS BIGINT) AS rho_pico FROM privacy_charges WHERE population = $1")
            .bind(population.to_string()).fetch_one(c).await?;
        amount(&row)
    };

    /// What a run was charged, by population.
    fn privacy_charges_of_run(run: RunId) -> Vec<PrivacyCharged> = |c| {
        let rows = sqlx::query("SELECT * FROM privacy_charges WHERE run = $1 ORDER BY population LIMIT $2")
            .bind(run.to_string()).bind(i64::from(PAGE_ROWS_MAX)).fetch_all(c).await?;
        rows.iter().map(charged).collect()
    };

    /// Charges of a population after that run, oldest run first, [`PAGE_ROWS_MAX`] at most.
    fn privacy_charges(population: &Name, after: Option<RunId>, limit: u32) -> Vec<PrivacyCharged> = |c| {
        let after = after.map(|run| run.to_string()).unwrap_or_default();
        let rows = sqlx::query(
            "SELECT * FROM privacy_charges WHERE population = $1 AND run > $2 ORDER BY run LIMIT $3")
            .bind(population.to_string()).bind(after).bind(i64::from(limit.min(PAGE_ROWS_MAX))).fetch_all(c).await?;
        rows.iter().map(charged).collect()
    };
}

impl Change {
    /// Charges a run. Whether the population's budget covers it is decided before, in the same change.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when the run was charged before; [`StoreError::Dangling`] without the run;
    /// [`StoreError::Range`] for more than the database holds.
    pub async fn put_privacy_charge(&mut self, charged: &PrivacyCharged) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO privacy_charges (run, population, epsilon_nano, rho_pico, charged_at) VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(charged.run.to_string())
        .bind(charged.population.to_string())
        .bind(count(charged.charge.epsilon_nano, CHARGE)?)
        .bind(count(charged.charge.rho_pico, CHARGE)?)
        .bind(charged.at.as_micros());
        self.write(CHARGE, query).await.map(drop)
    }

    /// Writes a budget, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another one of the population is in force.
    pub async fn put_privacy_budget(&mut self, budget: &PrivacyBudget) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO privacy_budgets (id, population, state, body) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
        )
        .bind(budget.id.to_string())
        .bind(budget.population.to_string())
        .bind(budget.state.as_str())
        .bind(json(budget, "privacy budget")?);
        self.write("privacy budget", query).await.map(drop)
    }
}

fn amount(row: &Row) -> Result<PrivacyCharge, StoreError> {
    Ok(PrivacyCharge {
        epsilon_nano: counted(number(row, "epsilon_nano", CHARGE)?, CHARGE)?,
        rho_pico: counted(number(row, "rho_pico", CHARGE)?, CHARGE)?,
    })
}

fn charged(row: &Row) -> Result<PrivacyCharged, StoreError> {
    let corrupt =
        |source: Box<dyn std::error::Error + Send + Sync>| StoreError::corrupt(CHARGE, source);
    Ok(PrivacyCharged {
        run: text(row, "run", CHARGE)?
            .parse()
            .map_err(|e| corrupt(Box::new(e)))?,
        population: text(row, "population", CHARGE)?
            .parse()
            .map_err(|e| corrupt(Box::new(e)))?,
        charge: amount(row)?,
        at: Timestamp::from_micros(number(row, "charged_at", CHARGE)?),
    })
}
