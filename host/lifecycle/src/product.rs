//! Products: drafted by an operating unit under a grant that names them, given another module, and taken back.

mod fit;
mod view;

use serde::Deserialize;
use yunei_authority::{Action, ProductTarget, Target};
use yunei_ledger::{Draft, Kind};
use yunei_model::{
    Cadence, Code, Due, FieldType, GrantId, ModuleId, Name, Parameters, Period, Product, ProductId,
    ProductState, Refusal, Resource, Run, StandingEnd, State, Text,
};
use yunei_store::{Change, PAGE_ROWS_MAX, Page};

use crate::list::Listing;
use crate::stop::kept_reason;
use crate::{Actor, Domain, LifecycleError, Listed};
use fit::{Shape, fit};
pub(crate) use fit::{is_private, period_faults};
pub use view::{ProductView, StandingView};

/// Days after a period's end until it is closed, or until late rows are looked for, at most.
pub const LATENESS_DAYS_MAX: u32 = 366;

/// A product to be drafted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewProduct {
    /// Name: one that the grant names, and that no other product has.
    pub name: Name,
    /// What people read.
    pub title: Text,
    /// Grant.
    pub grant: GrantId,
    /// Module.
    pub module: ModuleId,
    /// Parameters of every run.
    #[serde(default)]
    pub parameters: Parameters,
    /// Date or timestamp field that tells the period.
    pub period: Name,
    /// Cadence of its editions.
    pub cadence: Cadence,
    /// A day of the first period, `YYYY-MM-DD` in Asia/Shanghai.
    pub starts: String,
    /// Days after a period's end until it is closed.
    #[serde(default)]
    pub lateness_days: u32,
    /// Days after that until late rows are looked for; never by itself without.
    #[serde(default)]
    pub revision_days: Option<u32>,
}

impl Domain {
    /// Drafts a product.
    ///
    /// # Errors
    /// Refused by policy; [`Code::ProductInvalid`] with every fault; the name is taken.
    pub async fn draft_product(
        &self,
        actor: &Actor,
        new: NewProduct,
    ) -> Result<ProductView, LifecycleError> {
        let (grant, target) = self.standing_with_target(new.grant).await?;
        self.permit(actor, Action::ViewGrant, &Target::Grant(Box::new(target)))
            .await?;
        let module = self.admitted(actor, new.module).await?.module;
        let manifest = module.manifest.as_ref().ok_or(Code::ModuleNotAdmitted)?;
        let resources = self.granted_resources(&grant.terms).await?;
        let first = fit(&Shape::from(&new), &grant, manifest, &resources).map_err(invalid)?;
        let product = Product {
            id: ProductId::new(&*self.ids),
            name: new.name,
            title: new.title,
            operator: grant.terms.operator,
            grant: grant.id,
            module: module.id,
            parameters: new.parameters,
            period: new.period,
            cadence: new.cadence,
            starts: first.from,
            lateness_days: new.lateness_days,
            revision_days: new.revision_days,
            state: ProductState::Drafted,
            first_reviewed: None,
            drafted_by: actor.principal.account,
            drafted_by_person: actor.principal.person,
            drafted_at: self.clock.now(),
        };
        let target = Target::Product(self.product_target(&product).await?);
        let permit = self.permit(actor, Action::DraftProduct, &target).await?;
        let notices = self.notices_of_product(&product).await?;
        let mut change = self.store.begin().await?;
        if change.product_by_name(&product.name).await?.is_some() {
            return Err(Code::NameTaken.into());
        }
        change.put_product(&product).await?;
        let draft = product_facts(permit.draft(Kind::ProductDrafted, actor), &product)
            .fact("name", &product.name)
            .fact("period", &product.period)
            .fact("cadence", product.cadence.as_str())
            .fact("starts", product.starts.as_micros())
            .fact("lateness_days", product.lateness_days)
            .fact("revision_days", product.revision_days);
        self.record(&mut change, draft).await?;
        let view = ProductView::drafted(product, notices);
        self.remember(&mut change, actor, &view).await?;
        self.commit(change).await?;
        Ok(view)
    }

    /// Gives a product another module: its next edition is decided about by people again, and no approval is carried over.
    ///
    /// # Errors
    /// Refused by policy; [`Code::ProductInvalid`] with every fault; [`Code::WrongState`] when it was taken back, or has that module.
    pub async fn change_product_module(
        &self,
        actor: &Actor,
        id: ProductId,
        module: ModuleId,
    ) -> Result<ProductView, LifecycleError> {
        let product = self.store.product(id).await?.ok_or(Code::NotFound)?;
        let permit = self.may_operate(actor, &product).await?;
        let module = self.admitted(actor, module).await?.module;
        let manifest = module.manifest.as_ref().ok_or(Code::ModuleNotAdmitted)?;
        let grant = self.standing_grant(product.grant).await?;
        let resources = self.granted_resources(&grant.terms).await?;
        fit(&Shape::from(&product), &grant, manifest, &resources).map_err(invalid)?;
        let mut change = self.store.begin().await?;
        let product = change.product(id).await?.ok_or(Code::NotFound)?;
        if product.module == module.id {
            return Err(Code::WrongState.into());
        }
        self.end_standings_of(&mut change, &product, StandingEnd::Module)
            .await?;
        // As it is without what stood for it.
        let mut product = change.product(id).await?.ok_or(Code::NotFound)?;
        let before = product.module;
        product.module = module.id;
        if product.state != ProductState::Drafted {
            product.state = product
                .state
                .step(ProductState::Drafted)
                .map_err(|_| Code::WrongState)?;
            product.first_reviewed = None;
        }
        change.put_product(&product).await?;
        let draft = product_facts(permit.draft(Kind::ProductChanged, actor), &product)
            .fact("module_before", before)
            .fact("module_digest", module.digest.to_string());
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        self.product_view(actor, product).await
    }

    /// Takes a product back: its schedules end, and no run of it becomes an edition any more.
    ///
    /// # Errors
    /// Refused by policy, or it was taken back before.
    pub async fn withdraw_product(
        &self,
        actor: &Actor,
        id: ProductId,
        reason: &str,
    ) -> Result<ProductView, LifecycleError> {
        let product = self.store.product(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Product(self.product_target(&product).await?);
        let permit = self.permit(actor, Action::WithdrawProduct, &target).await?;
        let mut change = self.store.begin().await?;
        self.end_standings_of(&mut change, &product, StandingEnd::Product)
            .await?;
        let mut product = change.product(id).await?.ok_or(Code::NotFound)?;
        product.state = product
            .state
            .step(ProductState::Withdrawn)
            .map_err(|_| Code::WrongState)?;
        change.put_product(&product).await?;
        let ended = end_schedules(&mut change, id).await?;
        let draft = product_facts(permit.draft(Kind::ProductWithdrawn, actor), &product)
            .fact("schedules_ended", ended)
            .fact("reason", kept_reason(reason));
        self.record(&mut change, draft).await?;
        self.commit(change).await?;
        self.product_view(actor, product).await
    }

    /// Products that `actor` may see.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn products(
        &self,
        actor: &Actor,
        page: Page<ProductId>,
    ) -> Result<Listed<ProductView, ProductId>, LifecycleError> {
        self.permit(actor, Action::ViewProduct, &Target::Domain)
            .await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let products = self.store.products(actor.operator(), part).await?;
            listing.read(products.len());
            for product in products {
                let target = Target::Product(self.product_target(&product).await?);
                let id = product.id;
                let seen = if self.may(actor, Action::ViewProduct, &target).await? {
                    Some(self.product_view(actor, product).await?)
                } else {
                    None
                };
                if !listing.look(id, seen) {
                    break;
                }
            }
        }
        Ok(listing.listed())
    }

    /// One product.
    ///
    /// # Errors
    /// [`Code::NotFound`] when there is none, or it is not `actor`'s to see.
    pub async fn product(
        &self,
        actor: &Actor,
        id: ProductId,
    ) -> Result<ProductView, LifecycleError> {
        let product = self.visible_product(actor, id).await?;
        let mut view = self.product_view(actor, product).await?;
        if actor.principal.organisation == view.product.operator {
            view.notices = self.notices_of_product(&view.product).await?;
        }
        Ok(view)
    }

    /// A product that is `actor`'s to see.
    pub(crate) async fn visible_product(
        &self,
        actor: &Actor,
        id: ProductId,
    ) -> Result<Product, LifecycleError> {
        let product = self.store.product(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Product(self.product_target(&product).await?);
        self.permit(actor, Action::ViewProduct, &target).await?;
        Ok(product)
    }

    /// A product as a target: it is about the resources that its module reads.
    pub(crate) async fn product_target(
        &self,
        product: &Product,
    ) -> Result<ProductTarget, LifecycleError> {
        let module = self.store.module(product.module).await?;
        let mut resources = Vec::new();
        for required in module
            .iter()
            .flat_map(|m| &m.manifest)
            .flat_map(|m| &m.resources)
        {
            resources.extend(self.store.resource_by_name(&required.name).await?);
        }
        Ok(ProductTarget::of(product, &resources))
    }
}

/// What every entry about a product says: the grant and the module tell which resources it is about.
pub(crate) fn product_facts(draft: Draft, product: &Product) -> Draft {
    draft
        .operator(product.operator)
        .fact("product", product.id)
        .fact("grant", product.grant)
        .fact("module", product.module)
        .fact("state", product.state.as_str())
}

/// Ends the schedules of a product that have not ended; gives how many.
async fn end_schedules(change: &mut Change, product: ProductId) -> Result<u64, LifecycleError> {
    let mut ended = 0;
    let mut page = Page::first(PAGE_ROWS_MAX);
    loop {
        let schedules = change.schedules(product, page).await?;
        for schedule in &schedules {
            if schedule.due == Due::Never {
                continue;
            }
            let mut schedule = schedule.clone();
            schedule.due = Due::Never;
            schedule.paused = None;
            change.put_schedule(&schedule).await?;
            ended += 1;
        }
        match schedules.last() {
            Some(last) if schedules.len() >= PAGE_ROWS_MAX as usize => page = page.after(last.id),
            _ => return Ok(ended),
        }
    }
}

/// Whether a resource has a date or timestamp field of that name that can tell a period, and of which type it is.
pub(crate) fn period_kind(resource: &Resource, field: &Name) -> Option<FieldType> {
    // A joined date is of what is looked up, and chooses no rows.
    let field = resource.field(field).filter(|field| field.joined.is_none());
    let kind = field?.kind;
    matches!(kind, FieldType::Date | FieldType::Timestamp).then_some(kind)
}

/// The period whose rows alone a run sees of a resource: the run's, where the resource has its field.
pub(crate) fn period_of(run: &Run, resource: &Resource) -> Option<Period> {
    let period = run.period.as_ref();
    period
        .filter(|period| period_kind(resource, &period.field).is_some())
        .cloned()
}

/// A product that does not fit, for these reasons.
fn invalid(details: Vec<String>) -> Refusal {
    Refusal {
        code: Code::ProductInvalid,
        clause: None,
        details,
    }
}
