//! Delivery: a released table handed over.

use yunei_authority::{Action, ReleaseTarget, Target};
use yunei_catalog::export;
use yunei_ledger::Kind;
use yunei_model::{CoarseStatus, Code, Delivery, DeliveryId, Format, Language, ReleaseId};
use yunei_telemetry::span;

use crate::coarse::visible_status;
use crate::{Actor, Domain, LifecycleError};

/// A table as a file.
#[derive(Debug)]
pub struct Delivered {
    /// The file.
    pub bytes: Vec<u8>,
    /// Its media type.
    pub media_type: &'static str,
    /// A name for it.
    pub file_name: String,
}

impl Domain {
    /// Hands a released table over. That is on the record before it is answered.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, or it is not `actor`'s to fetch yet.
    pub async fn deliver(
        &self,
        actor: &Actor,
        id: ReleaseId,
        format: Format,
        titles: Language,
    ) -> Result<Delivered, LifecycleError> {
        let release = self.store.release(id).await?.ok_or(Code::NotFound)?;
        let run = self.store.run(release.run).await?.ok_or(Code::NotFound)?;
        if actor.operator().is_some()
            && visible_status(&run, self.clock.now()) != CoarseStatus::Released
        {
            return Err(Code::NotFound.into());
        }
        let target = Target::Release(ReleaseTarget::of(&release, self.run_target(&run).await?));
        let permit = self.permit(actor, Action::FetchRelease, &target).await?;
        let span = span!(STAGE, STAGE = "deliver", RELEASE_ID = %id, RUN_ID = %run.id);
        let exported = span.in_scope(|| match format {
            Format::Csv => export::csv(&release.table, titles),
            Format::Parquet => export::parquet(&release.table),
            Format::Xlsx => export::xlsx(&release.table, titles),
            Format::Json => export::json(&release.table, titles),
        });
        let bytes = exported.map_err(|_| LifecycleError::Impossible {
            detail: "a table that cannot be written",
        })?;
        let delivery = Delivery {
            id: DeliveryId::new(&*self.ids),
            release: id,
            format,
            account: actor.principal.account,
            at: self.clock.now(),
        };
        let mut change = self.store.begin().await?;
        change.put_delivery(&delivery).await?;
        let draft = permit
            .draft(Kind::Delivered, actor)
            .operator(run.operator)
            .fact("release", id)
            .fact("run", run.id)
            .fact("delivery", delivery.id)
            .fact("format", format.as_str());
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        let media_type = match format {
            Format::Csv => "text/csv; charset=utf-8",
            Format::Parquet => "application/vnd.apache.parquet",
            Format::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            Format::Json => "application/json",
        };
        Ok(Delivered {
            bytes,
            media_type,
            file_name: format!("{}.{format}", release.output),
        })
    }
}
