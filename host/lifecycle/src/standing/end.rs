//! How a standing approval comes to its end by itself: what it is bound to is not as it was, its time is over, or an edition did not
//! pass every check.
//!
//! INVARIANT: what an approval is bound to is compared for each edition that would leave under it, in the transaction that lets it leave.
//! The sweep only says earlier, and on the record, that nothing leaves under it any more.

use serde_json::json;
use yunei_ledger::{Draft, Kind};
use yunei_model::{
    Code, Digest, Grant, GrantState, ModuleId, ModuleState, Product, ProductState, Run, Standing,
    StandingBound, StandingEnd, StandingEnded, StandingState, State, Verdict,
};
use yunei_store::{Change, PAGE_ROWS_MAX, Page};

use super::{is_routine, product_without};
use crate::product::product_facts;
use crate::{Domain, LifecycleError};

impl Domain {
    /// Ends what is not as it was when it was approved. Gives how many came to their end.
    ///
    /// # Errors
    /// The store failed.
    pub(crate) async fn sweep_standing(&self) -> Result<u64, LifecycleError> {
        let mut ended = 0;
        let mut page = Page::first(PAGE_ROWS_MAX);
        loop {
            let open = self.store.standing_open(page).await?;
            let last = open.last().map(|standing| standing.id);
            let full = open.len() >= PAGE_ROWS_MAX as usize;
            for standing in open {
                if self.standing_over(&standing).await?.is_none() {
                    continue;
                }
                let mut change = self.store.begin().await?;
                let now = change.standing_approval(standing.id).await?;
                let Some(standing) = now.filter(Standing::is_open) else {
                    continue;
                };
                let Some(cause) = self.standing_over(&standing).await? else {
                    continue;
                };
                self.end_standing(&mut change, standing, cause, None)
                    .await?;
                self.commit(change).await?;
                ended += 1;
            }
            match last {
                Some(last) if full => page = page.after(last),
                _ => return Ok(ended),
            }
        }
    }

    /// Why a standing approval is over, if it is.
    async fn standing_over(
        &self,
        standing: &Standing,
    ) -> Result<Option<StandingEnd>, LifecycleError> {
        let product = match standing.product {
            Some(product) => self.store.product(product).await?,
            None => None,
        };
        let Some(product) = product.filter(|p| p.state != ProductState::Withdrawn) else {
            return Ok(Some(StandingEnd::Product));
        };
        let now = self.clock.now();
        if standing.until.is_some_and(|until| until <= now) {
            return Ok(Some(StandingEnd::Term));
        }
        Ok(match self.bound_now(&product).await? {
            Ok(bound) => standing.bound.differs(&bound),
            Err(end) => Some(end),
        })
    }

    /// An edition's output stays inside, or waits for people. An approval under which it might have left ends, unless nothing but the
    /// route asked for them. A revision ends none: that late rows wait is no failure of the product.
    pub(crate) async fn edition_kept_inside(
        &self,
        change: &mut Change,
        run: &Run,
        verdicts: &[&Verdict],
    ) -> Result<(), LifecycleError> {
        let verdicts: Vec<Verdict> = verdicts.iter().map(|verdict| (*verdict).clone()).collect();
        if is_routine(&verdicts) {
            return Ok(());
        }
        self.edition_failed(change, run).await
    }

    /// An edition came to nothing, or to people: what stood for its product stands no longer, whatever the reason was, so that its end
    /// tells no more than the run's status does.
    pub(crate) async fn edition_failed(
        &self,
        change: &mut Change,
        run: &Run,
    ) -> Result<(), LifecycleError> {
        let Some(edition) = run.edition.filter(|edition| edition.revises.is_none()) else {
            return Ok(());
        };
        for standing in change.standing_open_of(edition.product).await? {
            self.end_standing(change, standing, StandingEnd::Check, Some(run))
                .await?;
        }
        Ok(())
    }

    /// Ends everything that stands for a product.
    pub(crate) async fn end_standings_of(
        &self,
        change: &mut Change,
        product: &Product,
        cause: StandingEnd,
    ) -> Result<(), LifecycleError> {
        for standing in change.standing_open_of(product.id).await? {
            self.end_standing(change, standing, cause, None).await?;
        }
        Ok(())
    }

    async fn end_standing(
        &self,
        change: &mut Change,
        mut standing: Standing,
        cause: StandingEnd,
        run: Option<&Run>,
    ) -> Result<(), LifecycleError> {
        standing.state = standing
            .state
            .step(StandingState::Ended)
            .map_err(|_| Code::WrongState)?;
        standing.ended = Some(StandingEnded {
            cause,
            run: run.map(|run| run.id),
            at: self.clock.now(),
        });
        change.put_standing(&standing).await?;
        let draft = match product_without(change, &standing).await? {
            Some(product) => product_facts(Draft::new(Kind::StandingEnded), &product),
            None => Draft::new(Kind::StandingEnded)
                .operator(standing.operator)
                .fact("grant", standing.bound.grant)
                .fact("module", standing.bound.module),
        };
        let draft = draft
            .fact("standing", standing.id)
            .fact("cause", cause.as_str())
            .fact("run", run.map(|run| run.id));
        self.record(change, draft).await
    }

    /// What a standing approval of a product is bound to, as its runs would be now; or what is missing for any run.
    pub(super) async fn bound_now(
        &self,
        product: &Product,
    ) -> Result<Result<StandingBound, StandingEnd>, LifecycleError> {
        let grant = self.store.grant_standing(product.grant).await?;
        let stands =
            |grant: &Grant| matches!(grant.state, GrantState::Active | GrantState::Suspended);
        let Some(grant) = grant.filter(stands) else {
            return Ok(Err(StandingEnd::Grant));
        };
        let module = self.store.module(product.module).await?;
        let Some(module) = module.filter(|m| m.state != ModuleState::Withdrawn) else {
            return Ok(Err(StandingEnd::Module));
        };
        let of = (product.module, module.digest, grant.version);
        let bound = self.bound_of(product, of, self.profile.digest()).await?;
        Ok(Ok(bound))
    }

    /// What a standing approval of a product is bound to, by one of its runs.
    pub(super) async fn bound_of_run(
        &self,
        product: &Product,
        run: &Run,
        verdicts: &[Verdict],
    ) -> Result<StandingBound, LifecycleError> {
        let profile = verdicts.first().map(|v| v.profile_digest);
        let of = (run.module, run.module_digest, run.grant_version);
        self.bound_of(product, of, profile.ok_or(Code::WrongState)?)
            .await
    }

    async fn bound_of(
        &self,
        product: &Product,
        (module, module_digest, grant_version): (ModuleId, Digest, u32),
        profile: Digest,
    ) -> Result<StandingBound, LifecycleError> {
        let found = self.store.module(module).await?.ok_or(Code::NotFound)?;
        let manifest = found.manifest.ok_or(LifecycleError::Impossible {
            detail: "an admitted module without manifest",
        })?;
        let mut resources = Vec::new();
        for required in &manifest.resources {
            let resource = self.store.resource_by_name(&required.name).await?;
            let resource = resource.ok_or(Code::NotFound)?;
            resources.push(json!([
                resource.name,
                resource.schema,
                resource.subject,
                resource.subject_group,
                resource.population,
                resource.basis,
            ]));
        }
        let digest = |value: serde_json::Value| Digest::of(value.to_string().as_bytes());
        Ok(StandingBound {
            grant: product.grant,
            grant_version,
            module,
            module_digest,
            schema: digest(json!([
                manifest.outputs,
                manifest.derived,
                manifest.parameters,
                product.parameters
            ])),
            frame: digest(json!(resources)),
            profile,
        })
    }
}
