//! Products: drafted by an operating unit under a grant that names them, and taken back.

use serde::Deserialize;
use yunei_authority::{Action, ProductTarget, Target};
use yunei_ledger::{Draft, Kind};
use yunei_model::{
    Cadence, Code, Due, FieldType, Grant, GrantId, Manifest, Mask, ModuleId, Name, Parameter,
    Parameters, Period, Product, ProductId, ProductState, Refusal, Resource, Run, State, Text,
    day_start,
};
use yunei_store::{Change, PAGE_ROWS_MAX, Page};

use crate::list::Listing;
use crate::stop::kept_reason;
use crate::{Actor, Domain, LifecycleError, Listed};

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
    ) -> Result<Product, LifecycleError> {
        let (grant, target) = self.grant_with_target(new.grant).await?;
        self.permit(actor, Action::ViewGrant, &Target::Grant(Box::new(target)))
            .await?;
        let module = self.admitted(actor, new.module).await?.module;
        let manifest = module.manifest.as_ref().ok_or(Code::ModuleNotAdmitted)?;
        let resources = self.granted_resources(&grant.terms).await?;
        let first = fit(&new, &grant, manifest, &resources).map_err(|details| Refusal {
            code: Code::ProductInvalid,
            clause: None,
            details,
        })?;
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
            drafted_by: actor.principal.account,
            drafted_by_person: actor.principal.person,
            drafted_at: self.clock.now(),
        };
        let target = Target::Product(self.product_target(&product).await?);
        let permit = self.permit(actor, Action::DraftProduct, &target).await?;
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
        self.remember(&mut change, actor, &product).await?;
        self.commit(change).await?;
        Ok(product)
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
    ) -> Result<Product, LifecycleError> {
        let product = self.store.product(id).await?.ok_or(Code::NotFound)?;
        let target = Target::Product(self.product_target(&product).await?);
        let permit = self.permit(actor, Action::WithdrawProduct, &target).await?;
        let mut change = self.store.begin().await?;
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
        Ok(product)
    }

    /// Products that `actor` may see.
    ///
    /// # Errors
    /// Refused by policy.
    pub async fn products(
        &self,
        actor: &Actor,
        page: Page<ProductId>,
    ) -> Result<Listed<Product, ProductId>, LifecycleError> {
        self.permit(actor, Action::ViewProduct, &Target::Domain)
            .await?;
        let mut listing = Listing::new(page);
        while let Some(part) = listing.part() {
            let products = self.store.products(actor.operator(), part).await?;
            listing.read(products.len());
            for product in products {
                let target = Target::Product(self.product_target(&product).await?);
                let sees = self.may(actor, Action::ViewProduct, &target).await?;
                if !listing.look(product.id, sees.then_some(product)) {
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
    pub async fn product(&self, actor: &Actor, id: ProductId) -> Result<Product, LifecycleError> {
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
    let kind = resource.field(field)?.kind;
    matches!(kind, FieldType::Date | FieldType::Timestamp).then_some(kind)
}

/// The period whose rows alone a run sees of a resource: the run's, where the resource has its field.
pub(crate) fn period_of(run: &Run, resource: &Resource) -> Option<Period> {
    let period = run.period.as_ref();
    period
        .filter(|period| period_kind(resource, &period.field).is_some())
        .cloned()
}

/// The first period of a product that fits its grant and its module, or every reason why it does not fit.
fn fit(
    new: &NewProduct,
    grant: &Grant,
    manifest: &Manifest,
    resources: &[Resource],
) -> Result<Period, Vec<String>> {
    let mut faults = Vec::new();
    if !grant.terms.products.contains(&new.name) {
        faults.push(format!("the grant names no product `{}`", new.name));
    }
    if manifest.outputs.is_empty() {
        faults.push("the module declares no output".to_owned());
    }
    for output in &manifest.outputs {
        let resource = resources.iter().find(|r| r.name == output.resource);
        let granted = grant.terms.resource(&output.resource);
        let (Some(resource), Some(granted)) = (resource, granted) else {
            faults.push(format!("resource `{}` is not granted", output.resource));
            continue;
        };
        let (name, field) = (&resource.name, &new.period);
        if period_kind(resource, field).is_none() {
            faults.push(format!("`{field}` of `{name}` is no date and no timestamp"));
        } else if !granted.fields.contains(field) {
            faults.push(format!("field `{field}` of `{name}` is not granted"));
        } else if resource.field(field).is_some_and(|f| f.mask != Mask::None) {
            faults.push(format!("field `{field}` of `{name}` is masked"));
        }
    }
    if let Err(error) = Parameter::bind(&manifest.parameters, &new.parameters) {
        faults.push(error.to_string());
    }
    for (name, days) in [
        ("lateness_days", Some(new.lateness_days)),
        ("revision_days", new.revision_days),
    ] {
        if days.is_some_and(|days| days > LATENESS_DAYS_MAX) {
            faults.push(format!("`{name}` is {LATENESS_DAYS_MAX} at most"));
        }
    }
    if new.revision_days == Some(0) {
        faults.push("`revision_days` is at least 1".to_owned());
    }
    let first = day_start(&new.starts).and_then(|at| Period::around(&new.period, new.cadence, at));
    match first {
        Some(first) if faults.is_empty() => Ok(first),
        Some(_) => Err(faults),
        None => {
            faults.push(format!("`{}` is no day", new.starts));
            Err(faults)
        }
    }
}
