//! Releases from before the audit: what they told is taken from what is stored.

use yunei_model::Route;

use super::digest_of;
use crate::{Domain, LifecycleError};

impl Domain {
    /// Lists exact releases that left before they were listed. Once they are, there is nothing left to do.
    ///
    /// # Errors
    /// The store failed.
    pub async fn list_exact_releases(&self) -> Result<(), LifecycleError> {
        let mut after = None;
        loop {
            let page = self.store.releases_unlisted(after).await?;
            let Some(last) = page.last().map(|release| release.id) else {
                return Ok(());
            };
            after = Some(last);
            for release in page {
                if release.route == Route::Private {
                    continue;
                }
                let Some(run) = self.store.run(release.run).await? else {
                    continue;
                };
                let verdicts = self.store.verdicts(run.id).await?;
                let judged = verdicts.iter().find(|v| v.output == release.output);
                let profile = judged.map_or_else(|| self.profile.digest(), |v| v.profile_digest);
                let candidates = self.exact_candidates_of(&run, profile).await?;
                let table = digest_of(&release.table)?;
                let mut change = self.store.begin().await?;
                self.keep_exact(&mut change, &release, table, &candidates)
                    .await?;
                change.commit().await?;
            }
        }
    }
}
