//! Certificates: made with each release, in its transaction; signed when they are handed over, with the log's key of then.
//!
//! The record holds the digest of what is signed twice. The entry of the release has it, whose receipt is for those who may view that
//! entry. After the hour an entry of its own has it ([`gather`]), at a place that tells an operating unit nothing: its receipt is for
//! whoever may have the certificate.

mod figures;
mod gather;
mod open;

pub use open::LEAVES_OPENED_MAX;

use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use yunei_authority::{Action, ReleaseTarget, Target};
use yunei_disclosure::Profile;
use yunei_ledger::{
    CERTIFICATE_FORMAT, Certificate, CertificateFile, CertifiedCells, CertifiedColumn,
    CertifiedGate, CertifiedGrant, CertifiedModule, CertifiedRows, CertifiedTable, Commitments,
    CommittedFigures, Guarantee, Kind, Receipt, SALT_BYTES,
};
use yunei_model::{
    Basis, CoarseStatus, Code, Digest, Grant, Manifest, Module, Name, Release, ReleaseId, Resource,
    ReviewOutcome, Route, Run, Timestamp, Value, Verdict,
};
use yunei_store::{Change, EntryFilter, HeldCertificate, Page, Recorded};

use crate::coarse::visible_status;
use crate::product::period_of;
use crate::{Actor, Domain, LifecycleError, joins};

/// Bytes of the secret that the salts of one certificate are derived from.
const SECRET_BYTES: usize = 32;
/// Columns of a private table that tell what its guarantee rests on.
const CONDITIONS: [&str; 2] = ["conditions", "conditions_zh"];
/// What separates salts from other uses of such a secret.
const SALT_PURPOSE: &[u8] = b"yunei certificate salt v1\0";

const NO_MANIFEST: LifecycleError = LifecycleError::Impossible {
    detail: "an admitted module without manifest",
};
const NO_SNAPSHOT: LifecycleError = LifecycleError::Impossible {
    detail: "a run without its snapshot",
};

impl Domain {
    /// Makes the certificate of a release, as part of the change that writes the release. Gives the digest of what is signed.
    pub(crate) async fn certify(
        &self,
        change: &mut Change,
        run: &Run,
        grant: &Grant,
        release: &Release,
    ) -> Result<Digest, LifecycleError> {
        let verdicts = change.verdicts(run.id).await?;
        let verdict = verdicts.into_iter().find(|v| v.output == release.output);
        let reviews = change.release_reviews(run.id).await?;
        let leaves = figures::leaves(run, release, verdict.as_ref(), &reviews)?;
        let mut secret = [0_u8; SECRET_BYTES];
        getrandom::fill(&mut secret).map_err(|_| crate::KeyError::Random)?;
        let figures = serde_json::to_string(&leaves).map_err(|_| LifecycleError::Impossible {
            detail: "figures that are no JSON",
        })?;
        let checks = change.checks(run.id, &release.output).await?;
        let leaves = figures::with_checks(leaves, checks.as_ref())?;
        let commitments = committed(&leaves, &secret)?.commitments()?;
        let visible_from = self.visible_from(run).unwrap_or_else(|| self.clock.now());
        let mut certificate = self
            .certificate_of(change, run, grant, release, verdict.as_ref())
            .await?;
        certificate.visible_from = visible_from;
        certificate.commitments = commitments;
        certificate.gate.reviewers = reviews
            .iter()
            .filter(|review| review.outcome == ReviewOutcome::Approved)
            .count() as u64;
        let text = certificate.text()?;
        let digest = Digest::of(text.as_bytes());
        change
            .put_certificate(&HeldCertificate {
                release: release.id,
                operator: run.operator,
                visible_from,
                text,
                figures,
                secret: secret.to_vec(),
                gathered_by: None,
            })
            .await?;
        Ok(digest)
    }

    /// All but what depends on the moment and on secrets.
    async fn certificate_of(
        &self,
        change: &mut Change,
        run: &Run,
        grant: &Grant,
        release: &Release,
        verdict: Option<&Verdict>,
    ) -> Result<Certificate, LifecycleError> {
        let module = change.module(run.module).await?.ok_or(NO_MANIFEST)?;
        let manifest = module.manifest.as_ref().ok_or(NO_MANIFEST)?;
        let (data, guarantee, protected) =
            self.rows_of(change, run, grant, release, manifest).await?;
        Ok(Certificate {
            format: CERTIFICATE_FORMAT,
            log: self.log_key.name().to_owned(),
            release: release.id,
            run: run.id,
            visible_from: Timestamp::from_micros(0),
            table: table(release),
            module: certified_module(&module, manifest)?,
            parameters: run.parameters.clone(),
            data,
            grant: CertifiedGrant {
                id: grant.id,
                version: grant.version,
                purpose: run.purpose.clone(),
            },
            policy_set: self.claimed_under(run).await?,
            gate: self.gate(change, release, verdict, protected).await?,
            privacy: guarantee,
            commitments: Commitments {
                count: 0,
                root: Digest::of(b""),
            },
        })
    }

    /// The policies that the run was claimed and judged under: a run that waits outlasts a change of them.
    async fn claimed_under(&self, run: &Run) -> Result<Digest, LifecycleError> {
        let filter = EntryFilter {
            kinds: vec![Kind::RunClaimed],
            run: Some(run.id),
            ..EntryFilter::default()
        };
        let claimed = self.store.entries(&filter, Page::first(1)).await?;
        let told = claimed
            .first()
            .and_then(|c| c.entry.facts().get("policy_set")?.as_str());
        let told = told.and_then(|digest| digest.parse().ok());
        Ok(told.unwrap_or_else(|| self.authority.policy_set()))
    }

    /// The rows that the run could read, what ε bounds, and whether the output is about data subjects.
    async fn rows_of(
        &self,
        change: &mut Change,
        run: &Run,
        grant: &Grant,
        release: &Release,
        manifest: &Manifest,
    ) -> Result<(Vec<CertifiedRows>, Guarantee, bool), LifecycleError> {
        let about = manifest.outputs.iter().find(|o| o.name == release.output);
        let mut read = Vec::new();
        for id in &run.snapshots {
            let snapshot = change.snapshot(*id).await?.ok_or(NO_SNAPSHOT)?;
            let resource = change.resource(snapshot.resource).await?;
            read.push((snapshot, resource.ok_or(NO_SNAPSHOT)?));
        }
        let own = about.and_then(|output| read.iter().find(|(_, r)| r.name == output.resource));
        let looks_up = |resource: &Resource| {
            let own = about.zip(own);
            own.is_some_and(|(output, (_, own))| joins::looks_up(manifest, output, own, resource))
        };
        let mut rows = Vec::new();
        let mut populations: Vec<Name> = Vec::new();
        let (mut exact_beside, mut protected) = (false, about.is_none());
        for (snapshot, resource) in &read {
            let granted = grant.terms.resource(&resource.name);
            let filter = granted.map(|g| g.filter.as_slice()).unwrap_or_default();
            if !populations.contains(&resource.population.name) {
                populations.push(resource.population.name.clone());
            }
            exact_beside |= !resource.population.private_only;
            protected |= about.is_some_and(|output| output.resource == resource.name)
                && resource.basis != Basis::NonPersonal;
            rows.push(CertifiedRows {
                resource: resource.name.clone(),
                snapshot: snapshot.id,
                snapshot_digest: snapshot.digest(),
                filter_digest: canonical_digest(&filter)?,
                // What is looked up is seen whole.
                period: period_of(run, resource).filter(|_| !looks_up(resource)),
            });
        }
        let guarantee = guarantee(release, manifest, populations, exact_beside);
        Ok((rows, guarantee, protected))
    }

    async fn gate(
        &self,
        change: &mut Change,
        release: &Release,
        verdict: Option<&Verdict>,
        protected: bool,
    ) -> Result<CertifiedGate, LifecycleError> {
        let digest = verdict.map_or(self.profile.digest(), |v| v.profile_digest);
        let kept = if digest == self.profile.digest() {
            None
        } else {
            // Judged under another profile than the one in force: waiting for reviewers can take longer than a restart.
            change.policy_text(digest).await?
        };
        let kept = kept.and_then(|text| Profile::parse(&text).ok());
        let computed = protected && verdict.is_some_and(|v| v.cells_total > 0);
        let rules = if computed && release.route != Route::Private {
            kept.as_ref().unwrap_or(&self.profile).settings().rules()
        } else {
            Vec::new()
        };
        let blank = release.table.blank_rows() as u64;
        Ok(CertifiedGate {
            route: release.route,
            profile: verdict.map_or_else(|| self.profile.name().clone(), |v| v.profile.clone()),
            profile_digest: digest,
            rules,
            cells: CertifiedCells {
                passed: (release.table.rows() as u64).saturating_sub(blank),
                blank,
            },
            reviewers: 0,
        })
    }

    /// The certificate of a release, for whoever may see the release: signed, and with a receipt as soon as its asker may have one.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is no such release, or it is not `actor`'s to see yet; [`Code::CertificateMissing`] when it was
    /// made before there were certificates.
    pub async fn certificate(
        &self,
        actor: &Actor,
        id: ReleaseId,
    ) -> Result<CertificateFile, LifecycleError> {
        let release = self.store.release(id).await?.ok_or(Code::NotFound)?;
        let run = self.store.run(release.run).await?.ok_or(Code::NotFound)?;
        if actor.operator().is_some()
            && visible_status(&run, self.clock.now()) != CoarseStatus::Released
        {
            return Err(Code::NotFound.into());
        }
        let target = Target::Release(ReleaseTarget::of(&release, self.run_target(&run).await?));
        self.permit(actor, Action::ViewRelease, &target).await?;
        let held = self.store.certificate(id).await?;
        let held = held.ok_or(Code::CertificateMissing)?;
        let receipt = self.certificate_receipt(actor, &run, &held).await?;
        Ok(CertificateFile::sign(&held.text, &self.log_key)?.with(receipt))
    }

    /// The receipt that goes with a certificate: of the entry that gathered it, once its asker may see that far; for those who may
    /// view it, of the entry of the release.
    async fn certificate_receipt(
        &self,
        actor: &Actor,
        run: &Run,
        held: &HeldCertificate,
    ) -> Result<Option<Receipt>, LifecycleError> {
        let entitled = self.may(actor, Action::ViewRecord, &Target::Domain).await?;
        if let Some(entry) = held.gathered_by
            && let Some(gathered) = self.store.entry(entry).await?
        {
            return if entitled {
                self.receipt(gathered, None).await.map(Some)
            } else {
                self.strangers_receipt(gathered).await
            };
        }
        if !entitled {
            return Ok(None);
        }
        let filter = EntryFilter {
            kinds: vec![Kind::RunReleased],
            run: Some(run.id),
            ..EntryFilter::default()
        };
        let entries = self.store.entries(&filter, Page::first(1)).await?;
        let Some(released) = entries.into_iter().next() else {
            return Ok(None);
        };
        let target = Target::Record(self.record_target(&released).await?);
        if self.may(actor, Action::ViewRecord, &target).await? {
            self.receipt(released, None).await.map(Some)
        } else {
            Ok(None)
        }
    }

    /// A receipt under the checkpoint that strangers see, once that covers the entry.
    async fn strangers_receipt(
        &self,
        recorded: Recorded,
    ) -> Result<Option<Receipt>, LifecycleError> {
        let checkpoint = self.store.checkpoint_before(self.hour()).await?;
        let (Some(index), Some(checkpoint)) = (recorded.index, checkpoint) else {
            return Ok(None);
        };
        if checkpoint.size <= index {
            return Ok(None);
        }
        let proof = self.store.inclusion_proof(index, checkpoint.size).await?;
        Ok(Some(Receipt {
            entry: recorded.entry.canonical().to_vec(),
            call: None,
            index,
            proof,
            checkpoint: checkpoint.note,
        }))
    }
}

/// What ε bounds: by the manifest's contribution, under the conditions that the table itself tells, in both languages.
fn guarantee(
    release: &Release,
    manifest: &Manifest,
    populations: Vec<Name>,
    exact_beside: bool,
) -> Guarantee {
    let differential = release.route == Route::Private;
    let contribution = manifest.contribution.as_ref().filter(|_| differential);
    let told = release.table.columns().iter().filter(|column| {
        let name = column.name.as_str();
        differential && CONDITIONS.contains(&name)
    });
    let conditions = told.filter_map(|column| match column.values.first() {
        Some(Value::Text(text)) => Some(text.clone()),
        _ => None,
    });
    Guarantee {
        differential,
        epsilon: contribution.map(|c| c.epsilon.to_string()),
        delta: contribution.map(|c| c.delta.to_string()),
        mechanism: contribution.map(|c| c.mechanism.to_string()),
        conditions: conditions.collect(),
        populations,
        exact_beside,
    }
}

fn table(release: &Release) -> CertifiedTable {
    let columns = release.table.columns().iter();
    CertifiedTable {
        output: release.output.clone(),
        columns: columns
            .map(|column| CertifiedColumn {
                name: column.name.clone(),
                title: column.title.clone(),
            })
            .collect(),
        rows: release.table.rows() as u64,
        digest: release.table.digest(),
    }
}

fn certified_module(
    module: &Module,
    manifest: &Manifest,
) -> Result<CertifiedModule, LifecycleError> {
    Ok(CertifiedModule {
        id: module.id,
        name: manifest.name.clone(),
        version: manifest.version.clone(),
        digest: module.digest,
        manifest_digest: canonical_digest(manifest)?,
    })
}

/// Digest of canonical JSON (RFC 8785).
fn canonical_digest(value: &impl serde::Serialize) -> Result<Digest, LifecycleError> {
    Ok(yunei_ledger::canonical_digest(value)?)
}

/// The leaves with their salts.
fn committed(leaves: &[figures::Leaf], secret: &[u8]) -> Result<CommittedFigures, LifecycleError> {
    let mut figures = CommittedFigures::default();
    for (index, leaf) in (0_u64..).zip(leaves) {
        figures.push(leaf.clone(), salt(secret, index)?)?;
    }
    Ok(figures)
}

/// The salt of one leaf: HMAC-SHA-256 under the certificate's secret.
fn salt(secret: &[u8], index: u64) -> Result<[u8; SALT_BYTES], LifecycleError> {
    let mac = <Hmac<Sha256> as hmac::Mac>::new_from_slice(secret);
    let mut mac = mac.map_err(|_| crate::KeyError::Random)?;
    mac.update(SALT_PURPOSE);
    mac.update(&index.to_be_bytes());
    Ok(mac.finalize().into_bytes().into())
}

#[cfg(test)]
mod tests;
