//! Gathering: after each full hour, one entry for each operating unit names the certificates that it could see by then.
//!
//! The entry of a release stands where the release happened, so its place among all entries tells how much happened besides. These
//! entries stand at the hour, which everyone knows, so their place tells no more than the checkpoint that everyone gets.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use yunei_ledger::{CERTIFICATES, Draft, Kind};
use yunei_model::{Digest, OrganisationId, ReleaseId};
use yunei_telemetry::{chain, event};

use crate::{Domain, LifecycleError};

/// Time between two looks whether an hour is over.
const LOOK: Duration = Duration::from_secs(20);
/// Certificates that one entry names at most; each takes 74 bytes of the entry.
const NAMED_MAX: usize = 500;

impl Domain {
    /// Gathers after every full hour until `stop` turns true.
    pub(crate) async fn gather_certificates(&self, mut stop: watch::Receiver<bool>) {
        let mut looks = tokio::time::interval(LOOK);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                _ = looks.tick() => {}
                _ = stop.wait_for(|stop| *stop) => return,
            }
            if let Err(error) = self.gather_now().await {
                // They are gathered at the next look then.
                event!(ERROR, GATHER_FAILED, CAUSE = %chain(&error));
            }
        }
    }

    /// Gathers what could be seen before this hour.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn gather_now(&self) -> Result<(), LifecycleError> {
        loop {
            let waiting = self.store.certificates_waiting(self.hour()).await?;
            if waiting.is_empty() {
                return Ok(());
            }
            let mut by_unit: BTreeMap<OrganisationId, Vec<(Digest, ReleaseId)>> = BTreeMap::new();
            for held in &waiting {
                let digest = Digest::of(held.text.as_bytes());
                let unit = by_unit.entry(held.operator).or_default();
                unit.push((digest, held.release));
            }
            let mut groups: Vec<_> = by_unit.into_iter().collect();
            for (_, named) in &mut groups {
                named.sort_unstable();
            }
            // By digest: the order of the units among each other tells nothing either.
            groups.sort_unstable_by(|(_, a), (_, b)| a.cmp(b));
            let mut change = self.store.begin().await?;
            for (operator, named) in groups {
                for part in named.chunks(NAMED_MAX) {
                    let digests: Vec<String> = part.iter().map(|(d, _)| d.to_string()).collect();
                    let draft = Draft::new(Kind::CertificatesGathered)
                        .operator(operator)
                        .fact(CERTIFICATES, digests);
                    let entry = self.record_known(&mut change, draft).await?;
                    for (_, release) in part {
                        change.put_gathered(*release, entry).await?;
                    }
                }
            }
            self.commit(change).await?;
        }
    }
}
