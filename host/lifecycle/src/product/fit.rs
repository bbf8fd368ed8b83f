//! Whether a product fits its grant and its module.

use yunei_model::{
    Cadence, Grant, Manifest, Mask, Name, Parameter, Parameters, Period, Product, Resource, World,
    day_start,
};

use super::{LATENESS_DAYS_MAX, NewProduct, period_kind};

/// What of a product must fit.
pub(super) struct Shape<'a> {
    name: &'a Name,
    parameters: &'a Parameters,
    period: &'a Name,
    cadence: Cadence,
    /// A day of its first period.
    starts: String,
    lateness_days: u32,
    revision_days: Option<u32>,
}

impl<'a> From<&'a NewProduct> for Shape<'a> {
    fn from(new: &'a NewProduct) -> Self {
        Self {
            name: &new.name,
            parameters: &new.parameters,
            period: &new.period,
            cadence: new.cadence,
            starts: new.starts.clone(),
            lateness_days: new.lateness_days,
            revision_days: new.revision_days,
        }
    }
}

impl<'a> From<&'a Product> for Shape<'a> {
    fn from(product: &'a Product) -> Self {
        let first = Period::around(&product.period, product.cadence, product.starts);
        Self {
            name: &product.name,
            parameters: &product.parameters,
            period: &product.period,
            cadence: product.cadence,
            starts: first.and_then(|p| p.first_day()).unwrap_or_default(),
            lateness_days: product.lateness_days,
            revision_days: product.revision_days,
        }
    }
}

/// The first period of a product that fits its grant and its module, or every reason why it does not fit.
pub(super) fn fit(
    new: &Shape<'_>,
    grant: &Grant,
    manifest: &Manifest,
    resources: &[Resource],
) -> Result<Period, Vec<String>> {
    let mut faults = Vec::new();
    if !grant.terms.products.contains(new.name) {
        faults.push(format!("the grant names no product `{}`", new.name));
    }
    faults.extend(period_faults(new.period, grant, manifest, resources));
    if let Err(error) = Parameter::bind(&manifest.parameters, new.parameters) {
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
    if new.revision_days.is_some() && is_private(manifest) {
        faults.push("editions of a `per-subject` module are never revised".to_owned());
    }
    let first = day_start(&new.starts).and_then(|at| Period::around(new.period, new.cadence, at));
    match first {
        Some(first) if faults.is_empty() => Ok(first),
        Some(_) => Err(faults),
        None => {
            faults.push(format!("`{}` is no day", new.starts));
            Err(faults)
        }
    }
}

/// Whether a module's figures are noisy sums of what each data subject contributes.
pub(crate) fn is_private(manifest: &Manifest) -> bool {
    manifest.world == World::PerSubject
}

/// Why a field cannot tell the period of what a module makes.
///
/// Each resource that an output is about must have it; of those that a `per-subject` module reads at least one, since it has no
/// outputs of its own. A resource without the field is read whole.
pub(crate) fn period_faults(
    field: &Name,
    grant: &Grant,
    manifest: &Manifest,
    resources: &[Resource],
) -> Vec<String> {
    let mut faults = Vec::new();
    let private = is_private(manifest);
    let read: Vec<&Name> = if private {
        manifest.resources.iter().map(|r| &r.name).collect()
    } else {
        manifest.outputs.iter().map(|o| &o.resource).collect()
    };
    if read.is_empty() {
        faults.push("the module declares no output".to_owned());
    }
    let mut told = false;
    for name in read {
        let resource = resources.iter().find(|r| &r.name == name);
        let granted = grant.terms.resource(name);
        let (Some(resource), Some(granted)) = (resource, granted) else {
            faults.push(format!("resource `{name}` is not granted"));
            continue;
        };
        if period_kind(resource, field).is_none() {
            if !private {
                faults.push(format!("`{field}` of `{name}` is no date and no timestamp"));
            }
            continue;
        }
        told = true;
        if !granted.fields.contains(field) {
            faults.push(format!("field `{field}` of `{name}` is not granted"));
        } else if resource.field(field).is_some_and(|f| f.mask != Mask::None) {
            faults.push(format!("field `{field}` of `{name}` is masked"));
        }
    }
    if private && !told {
        faults.push(format!("no resource has a date or timestamp `{field}`"));
    }
    faults
}
