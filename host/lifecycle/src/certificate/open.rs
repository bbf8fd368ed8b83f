//! Opening: an authority sees figures that a certificate commits to, and can prove to others that it was these.

use serde_json::json;
use yunei_authority::{Action, ReleaseTarget, Target};
use yunei_ledger::{Certificate, Commitments, Kind, OPENING_FORMAT, OpenedLeaf, Opening};
use yunei_model::{Code, Digest, ReleaseId};
use yunei_store::HeldCertificate;

use super::committed;
use super::figures::{self, Leaf};
use crate::{Actor, Domain, LifecycleError};

/// Leaves of one opening at most.
pub const LEAVES_OPENED_MAX: u64 = 20_000;

impl Domain {
    /// Opens leaves of a release's certificate: those at `indexes`, or all of them. That is on the record before it is answered.
    ///
    /// # Errors
    /// Refused by policy; [`Code::NotFound`] when there is no such release or leaf; [`Code::CertificateMissing`];
    /// [`Code::TooLarge`] beyond [`LEAVES_OPENED_MAX`].
    pub async fn open_certificate(
        &self,
        actor: &Actor,
        id: ReleaseId,
        indexes: Option<&[u64]>,
    ) -> Result<Opening, LifecycleError> {
        let release = self.store.release(id).await?.ok_or(Code::NotFound)?;
        let run = self.store.run(release.run).await?.ok_or(Code::NotFound)?;
        let target = Target::Release(ReleaseTarget::of(&release, self.run_target(&run).await?));
        let permit = self.permit(actor, Action::OpenCertificate, &target).await?;
        let held = self.store.certificate(id).await?;
        let held = held.ok_or(Code::CertificateMissing)?;
        let leaves: Vec<Leaf> =
            serde_json::from_str(&held.figures).map_err(|_| LifecycleError::Impossible {
                detail: "figures of a certificate that are no JSON",
            })?;
        let count = leaves.len() as u64;
        let checks = self.store.checks(run.id, &release.output).await?;
        let leaves = figures::with_checks(leaves, checks.as_ref())?;
        let figures = committed(&leaves, &held.secret)?;
        if figures.commitments()? != promised(&held)? {
            return Err(LifecycleError::Impossible {
                detail: "figures that a certificate does not commit to",
            });
        }
        let wanted: Vec<u64> = indexes.map_or_else(|| (0..count).collect(), <[u64]>::to_vec);
        if wanted.len() as u64 > LEAVES_OPENED_MAX {
            return Err(Code::TooLarge.into());
        }
        if wanted.is_empty() || wanted.iter().any(|index| *index >= count) {
            return Err(Code::NotFound.into());
        }
        let opened: Result<Vec<OpenedLeaf>, _> =
            wanted.iter().map(|index| figures.open(*index)).collect();
        let certificate = Digest::of(held.text.as_bytes());
        let draft = permit
            .draft(Kind::CertificateOpened, actor)
            .operator(run.operator)
            .fact("release", id)
            .fact("run", run.id)
            .fact("certificate", certificate.to_string())
            .fact("leaves", told(&wanted, count));
        self.record_alone(draft).await?;
        Ok(Opening {
            format: OPENING_FORMAT,
            release: id,
            certificate,
            leaves: opened?,
        })
    }
}

/// What the text of a certificate commits to.
fn promised(held: &HeldCertificate) -> Result<Commitments, LifecycleError> {
    let certificate = held.text.lines().nth(1).map(serde_json::from_str);
    match certificate {
        Some(Ok(certificate)) => {
            let certificate: Certificate = certificate;
            Ok(certificate.commitments)
        }
        _ => Err(LifecycleError::Impossible {
            detail: "a certificate that is no JSON",
        }),
    }
}

/// Which leaves were opened, as the record tells: all of them, the first ones by number, and how many.
fn told(wanted: &[u64], count: u64) -> serde_json::Value {
    const LISTED_MAX: usize = 100;
    let listed: Vec<u64> = wanted.iter().copied().take(LISTED_MAX).collect();
    json!({ "opened": wanted.len(), "of": count, "first": listed })
}
