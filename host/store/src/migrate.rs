//! The schema, embedded. Migrations append only: a changed one is refused by its checksum.

use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::{SqlSafeStr as _, SqliteConnection, SqlitePool};

use crate::StoreError;

/// Number, name and text of each migration, in order.
const MIGRATIONS: &[(i64, &str, &str)] = &[
    (
        1,
        "foundation",
        include_str!("../migrations/0001_foundation.sql"),
    ),
    (
        2,
        "run ends",
        include_str!("../migrations/0002_run_ends.sql"),
    ),
    (
        3,
        "sign-in failures",
        include_str!("../migrations/0003_sign_in_failures.sql"),
    ),
    (
        4,
        "stop requests",
        include_str!("../migrations/0004_stop_requests.sql"),
    ),
    (
        10,
        "checkpoint-times",
        include_str!("../migrations/0010_checkpoint_times.sql"),
    ),
    (
        20,
        "witnesses",
        include_str!("../migrations/0020_witnesses.sql"),
    ),
    (
        30,
        "queries",
        include_str!("../migrations/0030_queries.sql"),
    ),
    (
        40,
        "collectors",
        include_str!("../migrations/0040_collectors.sql"),
    ),
    (
        50,
        "policy texts",
        include_str!("../migrations/0050_policy_texts.sql"),
    ),
    (51, "alerts", include_str!("../migrations/0051_alerts.sql")),
    (52, "decoys", include_str!("../migrations/0052_decoys.sql")),
    (
        60,
        "exact releases",
        include_str!("../migrations/0060_exact_releases.sql"),
    ),
    (
        61,
        "exact candidates",
        include_str!("../migrations/0061_exact_candidates.sql"),
    ),
    (
        70,
        "products",
        include_str!("../migrations/0070_products.sql"),
    ),
    (
        80,
        "privacy",
        include_str!("../migrations/0080_privacy.sql"),
    ),
    (
        90,
        "reviewers",
        include_str!("../migrations/0090_reviewers.sql"),
    ),
    (
        91,
        "standing approvals",
        include_str!("../migrations/0091_standing.sql"),
    ),
    (
        100,
        "certificates",
        include_str!("../migrations/0100_certificates.sql"),
    ),
    (110, "checks", include_str!("../migrations/0110_checks.sql")),
    (
        113,
        "judgements",
        include_str!("../migrations/0113_judgements.sql"),
    ),
    (
        116,
        "standing approvals of products",
        include_str!("../migrations/0116_standing_products.sql"),
    ),
    (
        117,
        "paused schedules",
        include_str!("../migrations/0117_paused_schedules.sql"),
    ),
];

/// Brings the schema up to date.
pub(crate) async fn run(pool: &SqlitePool) -> Result<(), StoreError> {
    let migrations = MIGRATIONS.iter().map(|&(number, name, text)| {
        let text = text.into_sql_str();
        Migration::new(number, name.into(), MigrationType::Simple, text, false)
    });
    Migrator::with_migrations(migrations.collect())
        .run(pool)
        .await
        .map_err(StoreError::Migration)
}

/// Checks that the schema is the one that this program knows.
pub(crate) async fn check(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let found: Option<i64> =
        sqlx::query_scalar("SELECT MAX(version) FROM _sqlx_migrations WHERE success")
            .fetch_one(connection)
            .await?;
    let found = found.unwrap_or(0);
    let expected = MIGRATIONS.iter().map(|(number, ..)| *number).max();
    let expected = expected.unwrap_or(0);
    if found == expected {
        Ok(())
    } else {
        Err(StoreError::Schema { found, expected })
    }
}
