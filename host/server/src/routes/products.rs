//! Products: drafted, scheduled, taken back; and their editions.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use http::StatusCode;
use serde::Deserialize;
use yunei_authority::Action;
use yunei_ledger::Kind;
use yunei_lifecycle::{Actor, Domain, EditionView, NewProduct, NewSchedule, ProductView};
use yunei_model::{EditionId, ModuleId, ProductId, Schedule, ScheduleId};

use super::words::Reasoned;
use crate::answer::{Answer, Answered};
use crate::body::Sent;
use crate::caller::Caller;
use crate::document::Description;
use crate::failure::Failure;
use crate::page::{Listed, Part};
use crate::query::Asked;
use crate::repeat::{Key, Repeatable, Repeats};
use crate::route::{Route, get, post};
use crate::segment::{Segment, Segments};

pub(super) const TAG: &str = "products";

const PRODUCTS: &str = "/api/v1/products";
const SCHEDULES: &str = "/api/v1/products/{id}/schedules";
const EDITIONS: &str = "/api/v1/products/{id}/editions";

pub(super) fn routes() -> Vec<Route> {
    let mut routes = products();
    routes.extend(schedules());
    routes.extend(editions());
    routes
}

fn products() -> Vec<Route> {
    vec![
        post(PRODUCTS, draft)
            .decided_by(&[Action::ViewGrant, Action::ViewModule, Action::DraftProduct])
            .writes(&[Kind::ProductDrafted])
            .described(
                Description::new(
                    TAG,
                    "draftProduct",
                    "Drafts a product: a module's outputs over closed periods.",
                )
                .repeatable()
                .takes("NewProduct")
                .gives_as(StatusCode::CREATED, "drafted", "Product"),
            ),
        get(PRODUCTS, list)
            .decided_by(&[Action::ViewProduct])
            .reads("which products there are, and no data")
            .described(
                Description::new(TAG, "products", "Products.")
                    .asks::<Part<ProductId>>()
                    .lists("Product"),
            ),
        get("/api/v1/products/{id}", one)
            .decided_by(&[Action::ViewProduct])
            .reads("what a product is, and no data")
            .described(Description::new(TAG, "product", "One product.").gives("Product")),
        post("/api/v1/products/{id}/module", change_module)
            .decided_by(&[Action::OperateProduct, Action::ViewModule])
            .writes(&[Kind::ProductChanged, Kind::StandingEnded])
            .described(
                Description::new(
                    TAG,
                    "changeProductModule",
                    "Gives a product another module; people decide about its next edition again.",
                )
                .takes("NewProductModule")
                .gives("Product"),
            ),
        post("/api/v1/products/{id}/withdraw", withdraw)
            .decided_by(&[Action::WithdrawProduct])
            .writes(&[Kind::ProductWithdrawn, Kind::StandingEnded])
            .described(
                Description::new(
                    TAG,
                    "withdrawProduct",
                    "Takes a product back; its schedules end.",
                )
                .takes("Reason")
                .gives("Product"),
            ),
    ]
}

fn schedules() -> Vec<Route> {
    vec![
        post(SCHEDULES, schedule)
            .decided_by(&[Action::OperateProduct])
            .writes(&[Kind::ScheduleSet])
            .described(
                Description::new(
                    TAG,
                    "setSchedule",
                    "Sets up a schedule of a product: five cron fields in Asia/Shanghai, or each new snapshot of a resource.",
                )
                .takes("NewSchedule")
                .gives_as(StatusCode::CREATED, "set up", "Schedule"),
            ),
        get(SCHEDULES, list_schedules)
            .decided_by(&[Action::ViewProduct])
            .reads("when runs are due, and no data")
            .described(
                Description::new(TAG, "schedules", "Schedules of a product, ended ones included.")
                    .asks::<Part<ScheduleId>>()
                    .lists("Schedule"),
            ),
        post("/api/v1/products/{id}/schedules/{schedule}/end", end)
            .decided_by(&[Action::OperateProduct])
            .writes(&[Kind::ScheduleEnded])
            .described(
                Description::new(TAG, "endSchedule", "Ends a schedule.").gives("Schedule"),
            ),
    ]
}

fn editions() -> Vec<Route> {
    vec![
        post(EDITIONS, request)
            .decided_by(&[
                Action::OperateProduct,
                Action::ViewModule,
                Action::SubmitRun,
            ])
            .writes(&[Kind::RunSubmitted, Kind::RunRefused])
            .described(
                Description::new(
                    TAG,
                    "requestEdition",
                    "Submits a run for the edition of a closed period, or for its revision once there is a newer snapshot.",
                )
                .once()
                .takes("NewEdition")
                .gives_as(StatusCode::ACCEPTED, "queued", "Run"),
            ),
        get(EDITIONS, list_editions)
            .decided_by(&[Action::ViewProduct])
            .reads("which editions left, without a value of theirs")
            .described(
                Description::new(TAG, "editions", "Editions of a product.")
                    .asks::<Part<EditionId>>()
                    .lists("Edition"),
            ),
    ]
}

/// Which module a product is to have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewProductModule {
    module: ModuleId,
}

/// Which edition is asked for.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewEdition {
    day: String,
}

async fn draft(
    State(domain): State<Arc<Domain>>,
    State(repeats): State<Arc<Repeats>>,
    Caller(actor): Caller,
    key: Option<Key>,
    Sent { value, bytes }: Sent<NewProduct>,
) -> Result<Response, Failure> {
    let request = Repeatable {
        domain: &domain,
        repeats: &repeats,
        key,
        path: PRODUCTS,
        body: &bytes,
        status: StatusCode::CREATED,
    };
    let draft = async |actor: &Actor| domain.draft_product(actor, value).await;
    request.serve(actor, draft).await
}

async fn list(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Asked(part): Asked<Part<ProductId>>,
) -> Answered<Listed<ProductView, ProductId>> {
    let items = domain.products(&actor, part.page()?).await?;
    Ok(Answer::ok(items.into()))
}

async fn one(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(product): Segment<ProductId>,
) -> Answered<ProductView> {
    Ok(Answer::ok(domain.product(&actor, product).await?))
}

async fn change_module(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(product): Segment<ProductId>,
    Sent { value, .. }: Sent<NewProductModule>,
) -> Answered<ProductView> {
    let changed = domain
        .change_product_module(&actor, product, value.module)
        .await?;
    Ok(Answer::ok(changed))
}

async fn withdraw(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(product): Segment<ProductId>,
    Sent { value, .. }: Sent<Reasoned>,
) -> Answered<ProductView> {
    let product = domain
        .withdraw_product(&actor, product, &value.reason)
        .await?;
    Ok(Answer::ok(product))
}

async fn schedule(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(product): Segment<ProductId>,
    Sent { value, .. }: Sent<NewSchedule>,
) -> Answered<Schedule> {
    let schedule = domain.set_schedule(&actor, product, value).await?;
    Ok(Answer::created(schedule))
}

async fn list_schedules(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(product): Segment<ProductId>,
    Asked(part): Asked<Part<ScheduleId>>,
) -> Answered<Listed<Schedule, ScheduleId>> {
    let items = domain.schedules(&actor, product, part.page()?).await?;
    Ok(Answer::ok(items.into()))
}

async fn end(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segments(product, schedule): Segments<ProductId, ScheduleId>,
) -> Answered<Schedule> {
    let ended = domain.end_schedule(&actor, product, schedule).await?;
    Ok(Answer::ok(ended))
}

async fn request(
    State(domain): State<Arc<Domain>>,
    State(repeats): State<Arc<Repeats>>,
    Caller(actor): Caller,
    key: Key,
    Segment(product): Segment<ProductId>,
    Sent { value, bytes }: Sent<NewEdition>,
) -> Result<Response, Failure> {
    let path = EDITIONS.replace("{id}", &product.to_string());
    let request = Repeatable {
        domain: &domain,
        repeats: &repeats,
        key: Some(key),
        path: &path,
        body: &bytes,
        status: StatusCode::ACCEPTED,
    };
    let submit = async |actor: &Actor| domain.request_edition(actor, product, &value.day).await;
    request.serve(actor, submit).await
}

async fn list_editions(
    State(domain): State<Arc<Domain>>,
    Caller(actor): Caller,
    Segment(product): Segment<ProductId>,
    Asked(part): Asked<Part<EditionId>>,
) -> Answered<Listed<EditionView, EditionId>> {
    let items = domain.editions(&actor, product, part.page()?).await?;
    Ok(Answer::ok(items.into()))
}
