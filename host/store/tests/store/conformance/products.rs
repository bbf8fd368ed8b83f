//! Products, schedules, editions.

use yunei_model::*;
use yunei_store::{Page, Store, StoreError};

use crate::fixture::{NOON, Setting, World, text};

pub async fn cases(store: &Store, world: &World) {
    let setting = world.setting(store).await;
    let product = product(world, &setting);
    let mut change = store.begin().await.unwrap();
    change.put_product(&product).await.unwrap();
    world.commit(change).await.unwrap();
    a_product_is_kept(store, world, &product).await;
    a_schedule_is_due(store, world, &product).await;
    a_paused_schedule_is_not_due(store, world, &product).await;
    what_stands_is_found_by_its_product(store, world, &product).await;
    a_period_has_one_first_edition(store, world, &setting, &product).await;
}

fn product(world: &World, setting: &Setting) -> Product {
    Product {
        id: ProductId::new(&world.ids),
        name: world.name("product"),
        title: text("每日客流"),
        operator: setting.organisation.id,
        grant: setting.grant.id,
        module: setting.module.id,
        parameters: Parameters::new(),
        period: Name::parse("day").unwrap(),
        cadence: Cadence::Daily,
        starts: NOON,
        lateness_days: 2,
        revision_days: Some(7),
        state: ProductState::Drafted,
        first_reviewed: None,
        drafted_by: setting.account.id,
        drafted_by_person: setting.person.id,
        drafted_at: NOON,
    }
}

async fn a_product_is_kept(store: &Store, world: &World, product: &Product) {
    let found = store.product(product.id).await.unwrap();
    assert_eq!(found.as_ref(), Some(product));
    let found = store.product_by_name(&product.name).await.unwrap();
    assert_eq!(found.as_ref(), Some(product));
    let of = |operator| store.products(Some(operator), Page::first(9));
    assert_eq!(
        of(product.operator).await.unwrap(),
        std::slice::from_ref(product)
    );
    let nobody = OrganisationId::new(&world.ids);
    assert_eq!(of(nobody).await.unwrap(), []);
    let mut change = store.begin().await.unwrap();
    let namesake = Product {
        id: ProductId::new(&world.ids),
        ..product.clone()
    };
    let taken = change.put_product(&namesake).await;
    assert!(matches!(taken, Err(StoreError::Taken { .. })));
}

async fn a_schedule_is_due(store: &Store, world: &World, product: &Product) {
    let schedule = |trigger, due| Schedule {
        id: ScheduleId::new(&world.ids),
        product: product.id,
        trigger,
        due,
        paused: None,
        set_by: product.drafted_by,
        set_at: NOON,
    };
    let cron = ScheduleTrigger::Cron {
        expression: "0 6 * * *".into(),
    };
    let on_snapshot = ScheduleTrigger::OnSnapshot {
        resource: Name::parse("rides").unwrap(),
    };
    let mut late = schedule(cron.clone(), Due::At { at: NOON });
    let soon = schedule(
        cron.clone(),
        Due::At {
            at: NOON.plus_seconds(60),
        },
    );
    let ended = schedule(cron, Due::Never);
    let awaiting = schedule(on_snapshot, Due::After { snapshot: None });
    let mut change = store.begin().await.unwrap();
    for schedule in [&late, &soon, &ended, &awaiting] {
        change.put_schedule(schedule).await.unwrap();
    }
    world.commit(change).await.unwrap();
    let due = |seconds| store.schedules_due(NOON.plus_seconds(seconds));
    assert_eq!(due(-1).await.unwrap(), []);
    assert_eq!(due(0).await.unwrap(), std::slice::from_ref(&late));
    assert_eq!(due(60).await.unwrap(), [late.clone(), soon.clone()]);
    let waiting = store.schedules_awaiting(Page::first(9)).await.unwrap();
    assert_eq!(waiting, std::slice::from_ref(&awaiting));
    let after = Page::first(9).after(awaiting.id);
    assert_eq!(store.schedules_awaiting(after).await.unwrap(), []);
    late.due = Due::Never;
    let mut change = store.begin().await.unwrap();
    change.put_schedule(&late).await.unwrap();
    world.commit(change).await.unwrap();
    assert_eq!(due(60).await.unwrap(), std::slice::from_ref(&soon));
    assert_eq!(store.schedule(late.id).await.unwrap(), Some(late.clone()));
    let all = store.schedules(product.id, Page::first(9)).await.unwrap();
    assert_eq!(all, [late, soon, ended, awaiting]);
}

async fn a_paused_schedule_is_not_due(store: &Store, world: &World, product: &Product) {
    let mut schedule = Schedule {
        id: ScheduleId::new(&world.ids),
        product: product.id,
        trigger: ScheduleTrigger::Cron {
            expression: "0 6 * * *".into(),
        },
        due: Due::At {
            at: NOON.plus_seconds(-60),
        },
        paused: Some(Paused {
            code: Code::PrivacyBudgetSpent,
            at: NOON,
        }),
        set_by: product.drafted_by,
        set_at: NOON,
    };
    for found in [0, 1] {
        let mut change = store.begin().await.unwrap();
        change.put_schedule(&schedule).await.unwrap();
        world.commit(change).await.unwrap();
        let due = store.schedules_due(NOON.plus_seconds(-1)).await.unwrap();
        assert_eq!(due.len(), found);
        let paused = store.schedules_paused(Page::first(9)).await.unwrap();
        assert_eq!(paused.len(), 1 - found);
        schedule.paused = None;
    }
}

async fn what_stands_is_found_by_its_product(store: &Store, world: &World, product: &Product) {
    let digest = Digest::of(b"anything");
    let mut standing = Standing {
        id: StandingId::new(&world.ids),
        product: Some(product.id),
        first: RunId::new(&world.ids),
        operator: product.operator,
        bound: StandingBound {
            grant: product.grant,
            grant_version: 1,
            module: product.module,
            module_digest: digest,
            schema: digest,
            frame: digest,
            profile: digest,
        },
        state: StandingState::InForce,
        approvals: Vec::new(),
        in_force_at: Some(NOON),
        until: Some(NOON),
        ended: None,
    };
    for open in [1, 0] {
        let mut change = store.begin().await.unwrap();
        change.put_standing(&standing).await.unwrap();
        world.commit(change).await.unwrap();
        let newest = store.standing_newest(product.id).await.unwrap();
        assert_eq!(newest.as_ref(), Some(&standing));
        let of = store.standing_open_of(product.id).await.unwrap();
        let all = store.standing_open(Page::first(9)).await.unwrap();
        assert_eq!((of.len(), all.len()), (open, open));
        standing.state = StandingState::Ended;
    }
}

async fn a_period_has_one_first_edition(
    store: &Store,
    world: &World,
    setting: &Setting,
    product: &Product,
) {
    let period = Period::around(&product.period, Cadence::Daily, NOON).unwrap();
    let mut runs = Vec::new();
    for seconds in 0..4 {
        let mut run = world.run(setting, RunState::Released, seconds);
        run.period = Some(period.clone());
        run.edition = Some(EditionOf {
            product: product.id,
            revises: None,
        });
        runs.push(run);
    }
    let edition = |run: &Run, revision, revises| Edition {
        id: EditionId::new(&world.ids),
        product: product.id,
        period: period.clone(),
        run: run.id,
        releases: Vec::new(),
        revision,
        revises,
        at: NOON,
    };
    let first = edition(&runs[0], 0, None);
    let revision = edition(&runs[1], 1, Some(first.id));
    let mut change = store.begin().await.unwrap();
    for run in &runs {
        change.put_run(run).await.unwrap();
    }
    change.put_edition(&first).await.unwrap();
    change.put_edition(&revision).await.unwrap();
    world.commit(change).await.unwrap();
    let of_period = store.editions_of_period(product.id, period.from);
    assert_eq!(of_period.await.unwrap(), [first.clone(), revision.clone()]);
    let next = store.editions_of_period(product.id, period.until);
    assert_eq!(next.await.unwrap(), []);
    let found = store.edition_of_run(runs[1].id).await.unwrap();
    assert_eq!(found.as_ref(), Some(&revision));
    assert_eq!(store.edition_of_run(runs[2].id).await.unwrap(), None);
    assert_eq!(store.edition(first.id).await.unwrap(), Some(first.clone()));
    let listed = store.editions(product.id, Page::first(9)).await.unwrap();
    assert_eq!(listed, [first.clone(), revision]);
    runs.reverse();
    let tried = store.runs_of_period(product.id, period.from).await.unwrap();
    assert_eq!(tried, runs);
    for twice in [
        edition(&runs[0], 0, None),
        edition(&runs[0], 1, Some(first.id)),
    ] {
        let mut change = store.begin().await.unwrap();
        let taken = change.put_edition(&twice).await;
        assert!(matches!(taken, Err(StoreError::Taken { .. })));
    }
}
