//! Rows that would be told of twice, as far as it can be said beforehand; and runs over one closed period, which can not.
//!
//! Exact tables about rows that overlap go to two people, and whose they are makes no difference. What is told beforehand is of the
//! unit's own products and releases alone: what others released it must not learn, so the absence of a notice promises nothing.

use serde::{Deserialize, Serialize};
use yunei_model::{
    Cadence, Code, Grant, Manifest, Module, Name, Notice, Period, Product, ProductState, Refusal,
    day_start,
};
use yunei_store::{PAGE_ROWS_MAX, Page};

use crate::product::{is_private, period_faults, period_kind};
use crate::{Domain, LifecycleError};

/// The one closed period that a run is to be about.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct NewPeriod {
    /// Date or timestamp field that tells it.
    pub field: Name,
    /// How it is cut: as the editions of a product of that cadence are.
    pub cadence: Cadence,
    /// A day of it, `YYYY-MM-DD` in Asia/Shanghai.
    pub day: String,
}

impl Domain {
    /// The period that a run asks for, once it is closed.
    ///
    /// # Errors
    /// [`Code::PeriodInvalid`] with every fault; [`Code::PeriodOpen`] before its end, by the clock and by the data; [`Code::NoSnapshot`].
    pub(crate) async fn closed_period(
        &self,
        grant: &Grant,
        manifest: &Manifest,
        asked: &NewPeriod,
    ) -> Result<Period, LifecycleError> {
        let resources = self.granted_resources(&grant.terms).await?;
        let mut details = period_faults(&asked.field, grant, manifest, &resources);
        let at = day_start(&asked.day);
        let period = at.and_then(|at| Period::around(&asked.field, asked.cadence, at));
        if period.is_none() {
            details.push(format!("`{}` is no day", asked.day));
        }
        let Some(period) = period.filter(|_| details.is_empty()) else {
            let refusal = Refusal {
                code: Code::PeriodInvalid,
                clause: None,
                details,
            };
            return Err(refusal.into());
        };
        let mut known_until = self.clock.now();
        for required in &manifest.resources {
            let snapshot = self.bound_snapshot(grant, &required.name).await?;
            let snapshot = snapshot.ok_or(Code::NoSnapshot)?;
            let resource = resources.iter().find(|r| r.name == required.name);
            if resource.is_some_and(|r| period_kind(r, &period.field).is_some()) {
                known_until = known_until.min(snapshot.data_as_of);
            }
        }
        if known_until < period.until {
            return Err(Code::PeriodOpen.into());
        }
        Ok(period)
    }

    /// What is told to whoever submits a run that is no edition.
    pub(crate) async fn notices_of_run(
        &self,
        grant: &Grant,
        module: &Module,
        period: Option<&Period>,
    ) -> Result<Vec<Notice>, LifecycleError> {
        let Some(about) = exact_about(module) else {
            return Ok(Vec::new());
        };
        let mut page = Page::first(PAGE_ROWS_MAX);
        loop {
            let products = self
                .store
                .products(Some(grant.terms.operator), page)
                .await?;
            for product in &products {
                if self.is_told_twice(product, &about, period).await? {
                    return Ok(vec![Notice::OwnProducts]);
                }
            }
            match products.last() {
                Some(last) if products.len() >= PAGE_ROWS_MAX as usize => {
                    page = page.after(last.id);
                }
                _ => return Ok(Vec::new()),
            }
        }
    }

    /// Whether a run about these resources may overlap with editions of a product.
    async fn is_told_twice(
        &self,
        product: &Product,
        about: &[Name],
        period: Option<&Period>,
    ) -> Result<bool, LifecycleError> {
        if product.state == ProductState::Withdrawn || fits_between(period, product) {
            return Ok(false);
        }
        let module = self.store.module(product.module).await?;
        let told = module.as_ref().and_then(exact_about).unwrap_or_default();
        Ok(told.iter().any(|resource| about.contains(resource)))
    }

    /// What is told to the unit of a product.
    pub(crate) async fn notices_of_product(
        &self,
        product: &Product,
    ) -> Result<Vec<Notice>, LifecycleError> {
        let module = self.store.module(product.module).await?;
        for name in module.as_ref().and_then(exact_about).unwrap_or_default() {
            let Some(resource) = self.store.resource_by_name(&name).await? else {
                continue;
            };
            let released = self
                .store
                .exact_releases_beside_editions(product.operator, resource.id)
                .await?;
            for exact in released {
                if fits_between(exact.rows.period.as_ref(), product) {
                    continue;
                }
                let run = self.store.run(exact.run).await?;
                if run.is_some_and(|run| self.is_visible(&run)) {
                    return Ok(vec![Notice::OwnReleases]);
                }
            }
        }
        Ok(Vec::new())
    }
}

/// Whether a period is one of those that a product's editions are cut into: the same as one of them, and disjoint from all others.
fn fits_between(period: Option<&Period>, product: &Product) -> bool {
    let Some(period) = period else {
        return false;
    };
    let cut = Period::around(&product.period, product.cadence, period.from);
    cut.as_ref() == Some(period)
}

/// The resources that a module's exact tables are about; nothing where its figures are noisy.
fn exact_about(module: &Module) -> Option<Vec<Name>> {
    let manifest = module.manifest.as_ref()?;
    let outputs = manifest.outputs.iter();
    (!is_private(manifest)).then(|| outputs.map(|output| output.resource.clone()).collect())
}
