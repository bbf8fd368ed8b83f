//! Scenarios, grants, consents.

use yunei_model::{
    Consent, Grant, GrantId, GrantState, Name, OrganisationId, Scenario, ScenarioId, Timestamp,
};

use crate::reading::{PAGE_ROWS_MAX, find, find_all, json, list, reads};
use crate::{Change, Page, StoreError};

/// The newest version of each grant, as a table.
const NEWEST_GRANTS: &str = "(SELECT * FROM grants WHERE version = \
    (SELECT MAX(version) FROM grants other WHERE other.id = grants.id)) AS newest";

reads! {
    /// The scenario of that id.
    fn scenario(id: ScenarioId) -> Option<Scenario> = |c| find(c, "scenario",
        sqlx::query("SELECT body FROM scenarios WHERE id = $1").bind(id.to_string())).await;

    /// The scenario of that name.
    fn scenario_by_name(name: &Name) -> Option<Scenario> = |c| find(c, "scenario",
        sqlx::query("SELECT body FROM scenarios WHERE name = $1").bind(name.to_string())).await;

    /// Scenarios.
    fn scenarios(page: Page<ScenarioId>) -> Vec<Scenario> = |c| list(c, "scenarios", &[], &page).await;

    /// The newest version of a grant, whatever its state.
    fn grant(id: GrantId) -> Option<Grant> = |c| find(c, "grant",
        sqlx::query("SELECT body FROM grants WHERE id = $1 ORDER BY version DESC LIMIT 1").bind(id.to_string())).await;

    /// One version of a grant.
    fn grant_version(id: GrantId, version: u32) -> Option<Grant> = |c| find(c, "grant",
        sqlx::query("SELECT body FROM grants WHERE id = $1 AND version = $2")
            .bind(id.to_string()).bind(i64::from(version))).await;

    /// The version of a grant that stands: the newest that was ever in force or that ended with the grant, be it now suspended or over.
    /// A draft or a version that waits for activation does not stand.
    fn grant_standing(id: GrantId) -> Option<Grant> = |c| find(c, "grant",
        sqlx::query("SELECT body FROM grants WHERE id = $1 AND state NOT IN ($2, $3) ORDER BY version DESC LIMIT 1")
            .bind(id.to_string()).bind(GrantState::Draft.as_str()).bind(GrantState::Consented.as_str())).await;

    /// All versions of a grant, the newest [`PAGE_ROWS_MAX`], newest first.
    fn grant_versions(id: GrantId) -> Vec<Grant> = |c| find_all(c, "grant",
        sqlx::query("SELECT body FROM grants WHERE id = $1 ORDER BY version DESC LIMIT $2")
            .bind(id.to_string()).bind(i64::from(PAGE_ROWS_MAX))).await;

    /// The newest versions of grants, of one operating unit or of all.
    fn grants(operator: Option<OrganisationId>, page: Page<GrantId>) -> Vec<Grant> = |c| list(c, NEWEST_GRANTS,
        &[("operator", operator.iter().map(ToString::to_string).collect())], &page).await;

    /// Grants in force or suspended whose term is over at `at`, by the versions that stand, the first [`PAGE_ROWS_MAX`]. The term of a
    /// version that another took the place of ends nothing.
    fn grants_overdue(at: Timestamp) -> Vec<Grant> = |c| find_all(c, "grant",
        sqlx::query("SELECT body FROM grants WHERE state IN ($1, $2) AND valid_until <= $3 AND NOT EXISTS \
            (SELECT 1 FROM grants newer WHERE newer.id = grants.id AND newer.version > grants.version AND newer.state NOT IN ($4, $5)) \
            ORDER BY id LIMIT $6")
            .bind(GrantState::Active.as_str()).bind(GrantState::Suspended.as_str()).bind(at.as_micros())
            .bind(GrantState::Draft.as_str()).bind(GrantState::Consented.as_str())
            .bind(i64::from(PAGE_ROWS_MAX))).await;

    /// The consents to one version of a grant, the first [`PAGE_ROWS_MAX`].
    fn consents(grant: GrantId, version: u32) -> Vec<Consent> = |c| find_all(c, "consent",
        sqlx::query("SELECT body FROM consents WHERE grant_id = $1 AND grant_version = $2 ORDER BY id LIMIT $3")
            .bind(grant.to_string()).bind(i64::from(version)).bind(i64::from(PAGE_ROWS_MAX))).await;
}

impl Change {
    /// Writes a scenario, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another has the name.
    pub async fn put_scenario(&mut self, scenario: &Scenario) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO scenarios (id, name, state, body) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (id) DO UPDATE SET name = excluded.name, state = excluded.state, body = excluded.body",
        )
        .bind(scenario.id.to_string())
        .bind(scenario.name.to_string())
        .bind(scenario.state.as_str())
        .bind(json(scenario, "scenario")?);
        self.write("scenario", query).await.map(drop)
    }

    /// Writes one version of a grant, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without its operating unit or scenario.
    pub async fn put_grant(&mut self, grant: &Grant) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO grants (id, version, state, operator, scenario, valid_until, body) \
             VALUES ($1, $2, $3, $4, $5, $6, $7) \
             ON CONFLICT (id, version) DO UPDATE SET state = excluded.state, operator = excluded.operator, \
             scenario = excluded.scenario, valid_until = excluded.valid_until, body = excluded.body",
        )
        .bind(grant.id.to_string())
        .bind(i64::from(grant.version))
        .bind(grant.state.as_str())
        .bind(grant.terms.operator.to_string())
        .bind(grant.terms.scenario.to_string())
        .bind(grant.terms.until.as_micros())
        .bind(json(grant, "grant")?);
        self.write("grant", query).await?;
        self.link_grant(grant).await
    }

    /// Writes a new consent.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when that resource of that version has one; [`StoreError::Dangling`] without the version.
    pub async fn put_consent(&mut self, consent: &Consent) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO consents (id, grant_id, grant_version, resource, body) \
             VALUES ($1, $2, $3, $4, $5)",
        )
        .bind(consent.id.to_string())
        .bind(consent.grant.to_string())
        .bind(i64::from(consent.grant_version))
        .bind(consent.resource.to_string())
        .bind(json(consent, "consent")?);
        self.write("consent", query).await.map(drop)
    }
}
