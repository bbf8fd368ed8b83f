//! Products, what stands for them, schedules, editions.

use yunei_lifecycle::{EditionView, ProductView, StandingView};
use yunei_model::*;

use super::{AT, name, shown, text};

#[test]
fn products_are_as_the_document_tells() {
    let ids = RandomIds;
    let period = Period::around(&name("boarded_at"), Cadence::Weekly, AT).unwrap();
    let product = Product {
        id: ProductId::new(&ids),
        name: name("daily-fares"),
        title: text(),
        operator: OrganisationId::new(&ids),
        grant: GrantId::new(&ids),
        module: ModuleId::new(&ids),
        parameters: Parameters::new(),
        period: name("boarded_at"),
        cadence: Cadence::Weekly,
        starts: AT,
        lateness_days: 1,
        revision_days: None,
        state: ProductState::Standing,
        first_reviewed: Some(RunId::new(&ids)),
        drafted_by: AccountId::new(&ids),
        drafted_by_person: PersonId::new(&ids),
        drafted_at: AT,
    };
    let standing = standing(&product, &ids);
    shown("Standing", &standing);
    let view = StandingView::from(standing);
    shown("ProductStanding", &view);
    shown(
        "Product",
        &ProductView {
            product: product.clone(),
            standing: Some(view),
            notices: vec![Notice::OwnReleases],
        },
    );
    shown("Period", &period);
    shown(
        "Schedule",
        &Schedule {
            id: ScheduleId::new(&ids),
            product: product.id,
            trigger: ScheduleTrigger::OnSnapshot {
                resource: name("rides"),
            },
            due: Due::After { snapshot: None },
            paused: None,
            set_by: product.drafted_by,
            set_at: AT,
        },
    );
    shown(
        "Edition",
        &EditionView::from(Edition {
            id: EditionId::new(&ids),
            product: product.id,
            period,
            run: RunId::new(&ids),
            releases: vec![ReleaseId::new(&ids)],
            revision: 1,
            revises: Some(EditionId::new(&ids)),
            at: AT,
        }),
    );
}

/// One that an edition ended.
fn standing(product: &Product, ids: &RandomIds) -> Standing {
    Standing {
        id: StandingId::new(ids),
        product: Some(product.id),
        first: RunId::new(ids),
        operator: product.operator,
        bound: StandingBound {
            grant: product.grant,
            grant_version: 1,
            module: product.module,
            module_digest: Digest::of(b"component"),
            schema: Digest::of(b"schema"),
            frame: Digest::of(b"frame"),
            profile: Digest::of(b"profile"),
        },
        state: StandingState::Ended,
        approvals: vec![StandingYes {
            reviewer: product.drafted_by,
            person: product.drafted_by_person,
            reason: "as the first".into(),
            days: Some(30),
            at: AT,
        }],
        in_force_at: Some(AT),
        until: Some(AT),
        ended: Some(StandingEnded {
            cause: StandingEnd::Check,
            run: Some(RunId::new(ids)),
            at: AT,
        }),
    }
}
