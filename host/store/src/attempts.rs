//! Failed sign-ins, counted by what was typed.

use yunei_model::{Digest, Timestamp};

use crate::reading::{Row, count, counted, number, reads};
use crate::{Change, StoreError};

const THING: &str = "sign-in failures";

/// Failed sign-ins under one account name, known or not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SignInFailures {
    /// How many.
    pub failures: u64,
    /// When the first of them was.
    pub since: Timestamp,
    /// First moment when the name is no longer locked out; long ago when it is not.
    pub locked_until: Timestamp,
}

reads! {
    /// Failed sign-ins under the name with that digest.
    fn sign_in_failures(name: &Digest) -> Option<SignInFailures> = |c| {
        let row = sqlx::query("SELECT * FROM sign_in_failures WHERE name_digest = $1").bind(name.to_string())
            .fetch_optional(c).await?;
        row.map(|row| read(&row)).transpose()
    };
}

impl Change {
    /// Writes how often a name has failed.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn put_sign_in_failures(
        &mut self,
        name: &Digest,
        failures: &SignInFailures,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO sign_in_failures (name_digest, failures, since, locked_until) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (name_digest) DO UPDATE SET failures = excluded.failures, since = excluded.since, \
             locked_until = excluded.locked_until",
        )
        .bind(name.to_string())
        .bind(count(failures.failures, THING)?)
        .bind(failures.since.as_micros())
        .bind(failures.locked_until.as_micros());
        self.write(THING, query).await.map(drop)
    }

    /// Forgets the failures of a name. Gives how many rows that were.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn remove_sign_in_failures(&mut self, name: &Digest) -> Result<u64, StoreError> {
        let query = sqlx::query("DELETE FROM sign_in_failures WHERE name_digest = $1")
            .bind(name.to_string());
        self.write(THING, query).await
    }

    /// Forgets failures whose first was before `at` and that lock nobody out any more at `now`; housekeeping that needs no entry.
    ///
    /// # Errors
    /// [`StoreError::Database`] when the database fails.
    pub async fn remove_sign_in_failures_before(
        &mut self,
        at: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let query =
            sqlx::query("DELETE FROM sign_in_failures WHERE since < $1 AND locked_until <= $2")
                .bind(at.as_micros())
                .bind(now.as_micros());
        self.keep(THING, query).await
    }
}

fn read(row: &Row) -> Result<SignInFailures, StoreError> {
    Ok(SignInFailures {
        failures: counted(number(row, "failures", THING)?, THING)?,
        since: Timestamp::from_micros(number(row, "since", THING)?),
        locked_until: Timestamp::from_micros(number(row, "locked_until", THING)?),
    })
}
