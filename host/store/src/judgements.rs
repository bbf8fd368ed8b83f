//! Judgements of outputs that wait for people: which one holds, and those that something overtook.

use sqlx::Row as _;
use yunei_model::{Digest, HeldJudgement, Overtaken, RunId, Verdict};

use crate::reading::{PAGE_ROWS_MAX, count, counted, find_all, json, number, reads};
use crate::{Change, StoreError};

const JUDGEMENT: &str = "judgement";

reads! {
    /// Which judgement of a run that waits for people holds; `None` when nothing was written of it.
    fn judgement(run: RunId) -> Option<HeldJudgement> = |c| {
        let row = sqlx::query("SELECT number, audited_to, salt FROM judgements WHERE run = $1").bind(run.to_string())
            .fetch_optional(c).await?;
        row.map(|row| {
            let salt: Option<String> = row.try_get("salt").map_err(|source| StoreError::corrupt(JUDGEMENT, source))?;
            let salt = salt.map(|salt| salt.parse()).transpose();
            Ok(HeldJudgement {
                number: counted(number(&row, "number", JUDGEMENT)?, JUDGEMENT)?,
                audited_to: counted(number(&row, "audited_to", JUDGEMENT)?, JUDGEMENT)?,
                salt: salt.map_err(|source| StoreError::corrupt(JUDGEMENT, source))?,
            })
        }).transpose()
    };

    /// Judgements of a run that no longer hold, the first first.
    fn overtaken_judgements(run: RunId) -> Vec<Overtaken> = |c| find_all(c, "overtaken judgement",
        sqlx::query("SELECT body FROM overtaken_judgements WHERE run = $1 ORDER BY number LIMIT $2")
            .bind(run.to_string()).bind(i64::from(PAGE_ROWS_MAX))).await;
}

impl Change {
    /// Writes which judgement of a run that waits for people holds.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without the run.
    pub async fn put_judgement(
        &mut self,
        run: RunId,
        judgement: &HeldJudgement,
    ) -> Result<(), StoreError> {
        let query = sqlx::query(
            "INSERT INTO judgements (run, number, audited_to, salt) VALUES ($1, $2, $3, $4) \
             ON CONFLICT (run) DO UPDATE SET number = excluded.number, audited_to = excluded.audited_to, salt = excluded.salt",
        )
        .bind(run.to_string())
        .bind(count(judgement.number, JUDGEMENT)?)
        .bind(count(judgement.audited_to, JUDGEMENT)?)
        .bind(judgement.salt.map(|salt| salt.to_string()));
        self.write(JUDGEMENT, query).await.map(drop)
    }

    /// Sets a judgement aside that no longer holds, with the reviews that it has: none of them is a review of the run any more.
    ///
    /// # Errors
    /// [`StoreError::Taken`] when it was set aside; [`StoreError::Dangling`] without the run.
    pub async fn set_judgement_aside(
        &mut self,
        run: RunId,
        overtaken: &Overtaken,
    ) -> Result<(), StoreError> {
        let query =
            sqlx::query("INSERT INTO overtaken_judgements (run, number, body) VALUES ($1, $2, $3)")
                .bind(run.to_string())
                .bind(count(overtaken.judgement, JUDGEMENT)?)
                .bind(json(overtaken, "overtaken judgement")?);
        self.write("overtaken judgement", query).await?;
        let reviews =
            sqlx::query("DELETE FROM release_reviews WHERE run = $1").bind(run.to_string());
        self.write("release review", reviews).await.map(drop)
    }

    /// Writes the verdicts of a run, with their checks, in place of those that it had.
    ///
    /// # Errors
    /// [`StoreError::Dangling`] without the run.
    pub async fn replace_verdicts(
        &mut self,
        run: RunId,
        verdicts: &[Verdict],
    ) -> Result<(), StoreError> {
        let checks = sqlx::query("DELETE FROM verdict_checks WHERE run = $1").bind(run.to_string());
        self.write("checks", checks).await?;
        let former = sqlx::query("DELETE FROM verdicts WHERE run = $1").bind(run.to_string());
        self.write("verdict", former).await?;
        for verdict in verdicts {
            self.put_verdict(run, verdict).await?;
        }
        Ok(())
    }

    /// Writes that a run's sealed output is in another file, followed there by another candidate.
    ///
    /// # Errors
    /// [`StoreError::Absent`] without a sealed output that has its key.
    pub async fn move_sealed_output(
        &mut self,
        run: RunId,
        file: &str,
        candidate: &Digest,
    ) -> Result<(), StoreError> {
        let moved = sqlx::query(
            "UPDATE sealed_outputs SET file = $2 WHERE run = $1 AND wrapped_key IS NOT NULL",
        )
        .bind(run.to_string())
        .bind(file.to_owned());
        if self.write("sealed output", moved).await? == 0 {
            return Err(StoreError::Absent {
                thing: "sealed output",
            });
        }
        let query = sqlx::query(
            "INSERT INTO candidates (run, digest) VALUES ($1, $2) \
             ON CONFLICT (run) DO UPDATE SET digest = excluded.digest",
        )
        .bind(run.to_string())
        .bind(candidate.to_string());
        self.write("candidate", query).await.map(drop)
    }
}
