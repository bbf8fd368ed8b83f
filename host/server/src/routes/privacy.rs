//! Privacy budgets of populations, and what has been spent of them.

use std::sync::Arc;

use axum::extract::State;
use http::StatusCode;
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa::openapi::path::{Parameter, ParameterIn};
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Domain, NewPrivacyBudget, PrivacyAccount, PrivacyFitView};
use yunei_model::{BudgetId, GrantId, ModuleId, Name, PrivacyBudget, PrivacyCharged, RunId};

use super::words::Reasoned;
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::page::{Listed, Part, page};
use crate::query::Asked;
use crate::route::{Route, get, post};
use crate::segment::{Segment, Segments};

pub(super) const TAG: &str = "privacy";

pub(super) fn routes() -> Vec<Route> {
    vec![
        get("/api/v1/privacy/accounts", accounts)
            .decided_by(&[Action::ViewPrivacyAccount])
            .reads("sums of charges that are on the record already; authorities' reading is `queried`")
            .described(
                Description::new(TAG, "privacyAccounts", "The privacy accounts of all populations.")
                    .lists("PrivacyAccount"),
            ),
        get("/api/v1/privacy/accounts/{population}", account)
            .decided_by(&[Action::ViewPrivacyAccount])
            .reads("sums of charges that are on the record already; authorities' reading is `queried`")
            .described(
                Description::new(TAG, "privacyAccount", "The privacy account of one population.")
                    .gives("PrivacyAccount"),
            ),
        get("/api/v1/privacy/accounts/{population}/charges", charges)
            .decided_by(&[Action::ViewPrivacyAccount])
            .reads("charges that are on the record already; authorities' reading is `queried`")
            .described(
                Description::new(TAG, "privacyCharges", "What each run was charged for a population, by run.")
                    .asks::<Part<RunId>>()
                    .lists("PrivacyCharged"),
            ),
        post("/api/v1/privacy/budgets", set)
            .decided_by(&[Action::SetPrivacyBudget])
            .writes(&[Kind::PrivacyBudgetSet, Kind::PrivacyBudgetProposed])
            .described(
                Description::new(TAG, "setPrivacyBudget", "Sets a population's privacy budget; one that raises it waits for a second person.")
                    .takes("NewPrivacyBudget")
                    .gives_as(StatusCode::CREATED, "in force, or waiting for a second person", "PrivacyBudget"),
            ),
        get("/api/v1/privacy/budgets", budgets)
            .decided_by(&[Action::ViewPrivacyAccount])
            .reads("budgets that are on the record already; authorities' reading is `queried`")
            .described(
                Description::new(TAG, "privacyBudgets", "Privacy budgets as they were set, of one population or of all.")
                    .asks::<BudgetPart>()
                    .lists("PrivacyBudget"),
            ),
        post("/api/v1/privacy/budgets/{id}/signature", sign)
            .decided_by(&[Action::SignPrivacyBudget])
            .writes(&[Kind::PrivacyBudgetSet])
            .described(
                Description::new(TAG, "signPrivacyBudget", "Puts a raised privacy budget in force, as the second person.")
                    .takes("Reason")
                    .gives("PrivacyBudget"),
            ),
        get("/api/v1/grants/{id}/privacy/{module}", fit)
            .decided_by(&[Action::ViewUsage, Action::ViewModule])
            .reads("no more than a submission would be told")
            .described(
                Description::new(TAG, "privacyFit", "Whether a run of the module would fit the privacy budget now.")
                    .gives("PrivacyFit"),
            ),
    ]
}

/// Which budgets.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct BudgetPart {
    population: Option<Name>,
    after: Option<BudgetId>,
    limit: Option<u32>,
}

impl IntoParams for BudgetPart {
    fn into_params(place: impl Fn() -> Option<ParameterIn>) -> Vec<Parameter> {
        let mut parameters = Part::<BudgetId>::into_params(place);
        parameters.push(
            utoipa::openapi::path::ParameterBuilder::new()
                .name("population")
                .parameter_in(ParameterIn::Query)
                .description(Some("Of this population alone."))
                .schema(Some(crate::schema::name()))
                .build(),
        );
        parameters
    }
}

async fn accounts(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
) -> Answered<Listed<PrivacyAccount, Name>> {
    let items = domain.privacy_accounts(&actor).await?;
    Ok(Answer::ok(
        yunei_lifecycle::Listed { items, next: None }.into(),
    ))
}

async fn account(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(population): Segment<Name>,
) -> Answered<PrivacyAccount> {
    Ok(Answer::ok(
        domain.privacy_account(&actor, &population).await?,
    ))
}

async fn charges(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(population): Segment<Name>,
    Asked(part): Asked<Part<RunId>>,
) -> Answered<Listed<PrivacyCharged, RunId>> {
    let items = domain
        .privacy_charges(&actor, &population, part.page()?)
        .await?;
    Ok(Answer::ok(items.into()))
}

async fn set(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Sent { value, .. }: Sent<NewPrivacyBudget>,
) -> Answered<PrivacyBudget> {
    Ok(Answer::created(
        domain.set_privacy_budget(&actor, value).await?,
    ))
}

async fn budgets(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<BudgetPart>,
) -> Answered<Listed<PrivacyBudget, BudgetId>> {
    let page = page(part.after, part.limit)?;
    let items = domain
        .privacy_budgets(&actor, part.population.as_ref(), page)
        .await?;
    Ok(Answer::ok(items.into()))
}

async fn sign(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(budget): Segment<BudgetId>,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<PrivacyBudget> {
    let signed = domain.sign_privacy_budget(&actor, budget, &value.reason);
    Ok(Answer::ok(signed.await?))
}

async fn fit(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segments(grant, module): Segments<GrantId, ModuleId>,
) -> Answered<PrivacyFitView> {
    Ok(Answer::ok(domain.privacy_fit(&actor, grant, module).await?))
}
