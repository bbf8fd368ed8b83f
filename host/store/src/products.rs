//! Products, their schedules, their editions, and the runs that were to become editions.

use yunei_model::{
    Due, Edition, EditionId, Name, OrganisationId, Product, ProductId, Run, RunId, Schedule,
    ScheduleId, ScheduleTrigger, Timestamp,
};

use crate::reading::{PAGE_ROWS_MAX, find, find_all, json, list, reads};
use crate::{Change, Page, StoreError};

reads! {
    /// The product of that id.
    fn product(id: ProductId) -> Option<Product> = |c| find(c, "product",
        sqlx::query("SELECT body FROM products WHERE id = $1").bind(id.to_string())).await;

    /// The product of that name.
    fn product_by_name(name: &Name) -> Option<Product> = |c| find(c, "product",
        sqlx::query("SELECT body FROM products WHERE name = $1").bind(name.to_string())).await;

    /// Products, of one operating unit or of all.
    fn products(operator: Option<OrganisationId>, page: Page<ProductId>) -> Vec<Product> = |c| list(c, "products",
        &[("operator", operator.iter().map(ToString::to_string).collect())], &page).await;

    /// The schedule of that id.
    fn schedule(id: ScheduleId) -> Option<Schedule> = |c| find(c, "schedule",
        sqlx::query("SELECT body FROM schedules WHERE id = $1").bind(id.to_string())).await;

    /// The schedules of a product, ended ones included.
    fn schedules(product: ProductId, page: Page<ScheduleId>) -> Vec<Schedule> = |c| list(c, "schedules",
        &[("product", vec![product.to_string()])], &page).await;

    /// Schedules whose moment is not later than `at`, the longest due first, [`PAGE_ROWS_MAX`] at most.
    fn schedules_due(at: Timestamp) -> Vec<Schedule> = |c| find_all(c, "schedule",
        sqlx::query("SELECT body FROM schedules WHERE due_at <= $1 ORDER BY due_at, id LIMIT $2")
            .bind(at.as_micros()).bind(i64::from(PAGE_ROWS_MAX))).await;

    /// Schedules that await a snapshot, by id; the order of the page is always rising.
    fn schedules_awaiting(page: Page<ScheduleId>) -> Vec<Schedule> = |c| find_all(c, "schedule",
        sqlx::query("SELECT body FROM schedules WHERE awaits IS NOT NULL AND id > $1 ORDER BY id LIMIT $2")
            .bind(page.after.map(|id| id.to_string()).unwrap_or_default()).bind(page.rows())).await;

    /// Schedules that are paused, by id; the order of the page is always rising.
    fn schedules_paused(page: Page<ScheduleId>) -> Vec<Schedule> = |c| find_all(c, "schedule",
        sqlx::query("SELECT body FROM schedules WHERE paused_at IS NOT NULL AND id > $1 ORDER BY id LIMIT $2")
            .bind(page.after.map(|id| id.to_string()).unwrap_or_default()).bind(page.rows())).await;

    /// The edition of that id.
    fn edition(id: EditionId) -> Option<Edition> = |c| find(c, "edition",
        sqlx::query("SELECT body FROM editions WHERE id = $1").bind(id.to_string())).await;

    /// The edition that a run became.
    fn edition_of_run(run: RunId) -> Option<Edition> = |c| find(c, "edition",
        sqlx::query("SELECT body FROM editions WHERE run = $1").bind(run.to_string())).await;

    /// The editions of a product.
    fn editions(product: ProductId, page: Page<EditionId>) -> Vec<Edition> = |c| list(c, "editions",
        &[("product", vec![product.to_string()])], &page).await;

    /// The editions of the period that begins at `from`: the first, and its revisions, oldest first.
    fn editions_of_period(product: ProductId, from: Timestamp) -> Vec<Edition> = |c| find_all(c, "edition",
        sqlx::query("SELECT body FROM editions WHERE product = $1 AND period_from = $2 ORDER BY revision LIMIT $3")
            .bind(product.to_string()).bind(from.as_micros()).bind(i64::from(PAGE_ROWS_MAX))).await;

    /// Runs that were to become an edition of the period that begins at `from`, newest first.
    fn runs_of_period(product: ProductId, from: Timestamp) -> Vec<Run> = |c| find_all(c, "run",
        sqlx::query("SELECT body FROM runs WHERE id IN (SELECT run FROM edition_runs WHERE product = $1 \
            AND period_from = $2) ORDER BY id DESC LIMIT $3")
            .bind(product.to_string()).bind(from.as_micros()).bind(i64::from(PAGE_ROWS_MAX))).await;
}

impl Change {
    /// Writes a product, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when another has the name; [`StoreError::Dangling`] without its operating unit.
    pub async fn put_product(&mut self, product: &Product) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO products (id, name, operator, grant_id, state, body) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (id) DO UPDATE SET state = excluded.state, body = excluded.body",
        )
        .bind(product.id.to_string())
        .bind(product.name.to_string())
        .bind(product.operator.to_string())
        .bind(product.grant.to_string())
        .bind(product.state.as_str())
        .bind(json(product, "product")?);
        self.write("product", query).await.map(drop)
    }

    /// Writes a schedule, new or as it now is.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without its product.
    pub async fn put_schedule(&mut self, schedule: &Schedule) -> Result<(), StoreError> {
        // INVARIANT: what is paused is not found by what is due.
        let steps = schedule.paused.is_none();
        let due_at = match schedule.due {
            Due::At { at } if steps => Some(at.as_micros()),
            Due::At { .. } | Due::After { .. } | Due::Never => None,
        };
        let awaits = match (schedule.due, &schedule.trigger) {
            (Due::After { .. }, ScheduleTrigger::OnSnapshot { resource }) if steps => {
                Some(resource.to_string())
            }
            _ => None,
        };
        let paused_at = schedule.paused.map(|paused| paused.at.as_micros());
        let query = sqlx::query(
            "INSERT INTO schedules (id, product, due_at, awaits, paused_at, body) VALUES ($1, $2, $3, $4, $5, $6) \
             ON CONFLICT (id) DO UPDATE SET due_at = excluded.due_at, awaits = excluded.awaits, \
             paused_at = excluded.paused_at, body = excluded.body",
        )
        .bind(schedule.id.to_string())
        .bind(schedule.product.to_string())
        .bind(due_at)
        .bind(awaits)
        .bind(paused_at)
        .bind(json(schedule, "schedule")?);
        self.write("schedule", query).await.map(drop)
    }

    /// Writes a new edition; editions never change.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when its period has that revision, or its run is an edition; [`StoreError::Dangling`] without product or run.
    pub async fn put_edition(&mut self, edition: &Edition) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO editions (id, product, period_from, revision, run, body) VALUES ($1, $2, $3, $4, $5, $6)",
        )
        .bind(edition.id.to_string())
        .bind(edition.product.to_string())
        .bind(edition.period.from.as_micros())
        .bind(i64::from(edition.revision))
        .bind(edition.run.to_string())
        .bind(json(edition, "edition")?);
        self.write("edition", query).await.map(drop)
    }

    /// A run that is to become an edition is found by product and period.
    pub(crate) async fn link_edition_run(&mut self, run: &Run) -> Result<(), StoreError> {
        let (Some(edition), Some(period)) = (run.edition, &run.period) else {
            return Ok(());
        };
        let query = sqlx::query(
            "INSERT INTO edition_runs (run, product, period_from) VALUES ($1, $2, $3) ON CONFLICT (run) DO NOTHING",
        )
        .bind(run.id.to_string())
        .bind(edition.product.to_string())
        .bind(period.from.as_micros());
        self.keep("edition run", query).await.map(drop)
    }
}
